//! A registry whose CA the input `ca-file` names.

use crate::job::{Job, REPOSITORY};

#[test]
fn a_registry_with_a_ca_of_its_own_is_signed_to_and_verified() {
    let mut job = Job::with_basic_registry();
    job.local_key();
    job.trust();
    job.runner.set("SSL_CERT_FILE", "");
    job.runner.write("certs/ca.pem", job.lab.ca_pem());
    let image = format!("{}/{REPOSITORY}@{}", job.lab.registry_https_host(), job.digest);
    let password = job.lab.password().expose().to_owned();
    let run = |inputs: &[(&str, &str)]| {
        let mut all = vec![
            ("images", image.as_str()),
            ("registry-username", job.lab.username()),
            ("registry-password", password.as_str()),
        ];
        all.extend_from_slice(inputs);
        job.runner.uses(&all).done()
    };
    let refused = run(&[("key", "local")]);
    assert_eq!(refused.status, 1, "{}", refused.stdout);
    assert!(refused.stdout.contains("ca-file"), "{}", refused.stdout);
    assert_eq!(job.signatures(), 0);

    run(&[("key", "local"), ("ca-file", "certs/ca.pem")]).succeeded();
    assert_eq!(job.signatures(), 1);
    let trusted = [("trust-policy", "trust/trustpolicy.json"), ("trust-store", "trust/store")];
    run(&[("command", "verify"), ("ca-file", "certs/ca.pem"), trusted[0], trusted[1]]).succeeded();

    let missing = run(&[("key", "local"), ("ca-file", "certs/none.pem")]);
    assert!(missing.stdout.contains("certs/none.pem"), "{}", missing.stdout);
}
