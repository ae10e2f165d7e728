//! `timestamp-url` and `timestamp-root-cert`

use sealwright::lab::{Role, Stamp};

use crate::job::Job;

#[test]
fn a_step_signs_with_a_timestamp_that_verify_takes() {
    let job = Job::start();
    job.trust();
    job.runner.write("tsa.pem", job.lab.timestamp_root_pem());
    job.runner.write("trust/store/x509/tsa/clock/root.pem", job.lab.timestamp_root_pem());
    let policy = r#"{"version":"1.0","trustPolicies":[{"name":"lab","registryScopes":["*"],"signatureVerification":{"level":"strict","verifyTimestamp":"always"},"trustStores":["ca:lab","tsa:clock"],"trustedIdentities":["*"]}]}"#;
    job.runner.write("trust/trustpolicy.json", policy);
    let plain = job.signs(&[]).done();
    assert_eq!(plain.output("outcome"), "signed");
    assert_eq!(job.verifies(&[]).done().output("outcome"), "failed");

    let urls = [Stamp::WrongNonce, Stamp::Good].map(|stamp| job.lab.timestamp_url(stamp));
    let urls = urls.join("\n");
    let inputs = [("timestamp-url", urls.as_str()), ("timestamp-root-cert", "tsa.pem")];
    // what is there has no timestamp, and so does not count
    let done = job.signs(&inputs).done().succeeded();
    assert_eq!(done.output("outcome"), "signed");
    let again = done.report()["images"][0]["signedAgain"].clone();
    let expected = format!("the signature {} has no timestamp", plain.output("signature"));
    assert_eq!(again, expected.as_str());
    assert!(done.stdout.contains(&format!("Signing again: {expected}")), "{}", done.log());
    assert_eq!(job.lab.control().counts()[&Role::Tsa], 2);
    let verified = job.verifies(&[]).done().succeeded();
    for done in [done, verified] {
        let time = done.report()["images"][0]["timestamp"].clone();
        let day = time.as_str().and_then(|time| time.split_once('T')).expect("RFC 3339").0;
        assert!(done.summary.contains("| Timestamp |"), "{}", done.summary);
        assert!(done.summary.contains(&format!("| {day} |")), "{}", done.summary);
    }
}

#[test]
fn both_inputs_are_needed_and_the_root_is_read_before_anything_is_asked() {
    let job = Job::start();
    for (inputs, words) in [
        (&[("timestamp-url", "http://a")][..], "input `timestamp-root-cert` is missing"),
        (&[("timestamp-root-cert", "tsa.pem")], "input `timestamp-url` is missing"),
        (
            &[("timestamp-url", "http://a"), ("timestamp-root-cert", "missing.pem")],
            "open missing.pem: no such file or directory",
        ),
    ] {
        let done = job.signs(inputs).done();
        assert!(done.log().contains(words), "{}", done.log());
        assert_eq!(done.output("outcome"), "failed");
    }
    assert!(job.lab.control().requests().is_empty());
}

#[test]
fn what_mends_a_timestamp_is_said_in_inputs() {
    let job = Job::start();
    let root = "give `timestamp-root-cert` a file with the root that issued ";
    job.runner.write("tsa.pem", job.lab.timestamp_root_pem());
    job.runner.write("other.pem", &job.issued.root_pem);
    job.runner.write("two.pem", [&*job.issued.root_pem, &job.lab.timestamp_root_pem()].concat());
    let good = job.lab.timestamp_url(Stamp::Good);
    let nowhere = good.replace("/good", "/nowhere");
    for (url, file, words) in [
        ("timestamp.example", "tsa.pem", "give `timestamp-url` the authority's address"),
        (good.as_str(), "two.pem", "the self-signed root of the timestamping authority, and"),
        (good.as_str(), "other.pem", root),
        (nowhere.as_str(), "tsa.pem", "give `timestamp-url` a line with another authority"),
        (&format!("{nowhere}\n{nowhere}"), "tsa.pem", "a line with another authority"),
    ] {
        let done = job.signs(&[("timestamp-url", url), ("timestamp-root-cert", file)]).done();
        let log = done.failed().log();
        assert!(log.contains("hint: ") && log.contains(words), "{log}");
        assert!(!log.contains("--timestamp"), "{log}");
        assert!(!log.contains(&format!("{nowhere}: {nowhere}")), "each is named once: {log}");
    }
    job.trust();
    job.runner.write("trust/store/x509/tsa/clock/root.pem", &job.issued.root_pem);
    let policy = r#"{"version":"1.0","trustPolicies":[{"name":"lab","registryScopes":["*"],"signatureVerification":{"level":"strict"},"trustStores":["ca:lab","tsa:clock"],"trustedIdentities":["*"]}]}"#;
    job.runner.write("trust/trustpolicy.json", policy);
    let inputs = [("timestamp-url", good.as_str()), ("timestamp-root-cert", "tsa.pem")];
    job.signs(&inputs).done().succeeded();
    let log = job.verifies(&[]).done().failed().log();
    assert!(log.contains("such as `tsa:<store>=certs/tsa-root.crt`"), "{log}");
}
