//! Trust that is refused: each code, and that nothing is installed then.

use std::os::unix::fs::symlink;

use sealwright::lab::{Fault, Permission, Wording};
use serde_json::Value;

use crate::job::Job;
use crate::trust::{POLICY, checksum};

/// `command: setup` with these inputs fails and installs nothing; its error.
fn refused(job: &Job, inputs: &[(&str, &str)]) -> Value {
    let mut all = vec![("command", "setup")];
    all.extend_from_slice(inputs);
    let done = job.uses(&all).done().failed();
    assert_eq!((done.paths.len(), done.variables.len()), (0, 0), "{}", done.log());
    assert!(!job.runner.temp().join("sealwright").exists(), "{}", done.log());
    assert!(!done.log().contains("PRIVATE KEY"), "{}", done.log());
    done.report()["error"].clone()
}

/// The same for a certificate of the store `ca:lab`, beside a good policy.
fn refused_certificate(job: &Job, source: &str) -> Value {
    let certificates = format!("ca:lab={source}");
    refused(job, &[("trust-policy", POLICY), ("trusted-certificates", &certificates)])
}

fn says(error: &Value, code: &str, parts: &[&str]) {
    assert_eq!(error["code"], code, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn an_address_that_does_not_hold_what_the_checksum_says() {
    let job = Job::start();
    let sum = checksum(POLICY);
    let other = POLICY.replace("strict", "skip");
    let url = job.serves("/files/other.json", &other, 2);
    let policy = format!("{url}#sha256={sum}");
    says(
        &refused(&job, &[("trust-policy", &policy)]),
        "ci-trust-checksum",
        &["`trust-policy`", &url, &sum, &checksum(&other), "sha256sum"],
    );
    let error = refused_certificate(&job, &policy);
    says(&error, "ci-trust-checksum", &["`trusted-certificates`", &url]);

    let gone = job.answers("/files/gone.json", Fault::Status(404, Vec::new()), 1);
    let error = refused(&job, &[("trust-policy", &format!("{gone}#sha256={sum}"))]);
    says(&error, "ci-trust-status", &[&gone, "answered 404; expected 200"]);

    let huge = job.answers("/files/huge.json", Fault::Huge, 1);
    let error = refused(&job, &[("trust-policy", &format!("{huge}#sha256={sum}"))]);
    says(&error, "http-too-large", &[&huge]);

    let plain = vec![("Location".to_owned(), "http://localhost:1/p.json".to_owned())];
    let moved = job.answers("/files/moved.json", Fault::Status(302, plain), 1);
    let error = refused(&job, &[("trust-policy", &format!("{moved}#sha256={sum}"))]);
    says(&error, "http-redirect", &["https to http://localhost:1"]);

    // the checksum is looked at before the text
    let bad = job.serves("/files/bad.json", "{}", 1);
    let error = refused(&job, &[("trust-policy", &format!("{bad}#sha256={}", checksum("{}")))]);
    says(&error, "ci-trust-policy", &[&bad]);
    job.lab.control().forget();
    for (name, value) in [
        ("trust-policy", "https://localhost/p.json?sig=s3cret"),
        ("trust-policy", "http://localhost/p.json"),
        ("trusted-certificates", "ca:lab=https://me:s3cret@localhost/root.crt"),
        ("trusted-certificates", "lab=root.crt"),
        ("trusted-certificates", "ca:../lab=root.crt"),
    ] {
        let error = refused(&job, &[(name, value)]);
        says(&error, "ci-input-invalid", &[&format!("`{name}`")]);
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    assert_eq!(job.lab.control().requests().len(), 0);
}

#[test]
fn a_certificate_that_cannot_be_trusted() {
    let job = Job::start();
    let (root, leaf) = (&job.issued.root_pem, &job.issued.leaf_pem);
    let key = job.issued.key.private_key_pem();
    let both = job.runner.write("both.pem", format!("{root}{key}"));
    let error = refused_certificate(&job, &both);
    says(&error, "ci-trust-private-key", &["both.pem", "openssl x509 -in"]);
    let error = refused_certificate(&job, &format!("\n{root}{key}"));
    says(&error, "ci-trust-private-key", &["the inline text of ca:lab"]);

    let error = refused_certificate(&job, &job.runner.write("leaf.pem", leaf));
    says(&error, "ci-trust-unfit", &["leaf.pem", "as ca:lab", "not a CA certificate"]);
    let tsa = format!("tsa:lab=\n{leaf}");
    let error = refused(&job, &[("trusted-certificates", &tsa)]);
    says(&error, "ci-trust-unfit", &["as tsa:lab"]);

    for (text, problem) in [("", "holds no certificate"), ("README", "")] {
        let error = refused_certificate(&job, &job.runner.write("text.pem", text));
        says(&error, "ci-trust-malformed", &["text.pem", problem, "PEM or DER"]);
    }
    let block = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    says(&refused_certificate(&job, block), "ci-trust-malformed", &["the inline text of ca:lab"]);
    says(&refused_certificate(&job, "gone.crt"), "ci-trust-unreadable", &["no such file"]);
    says(&refused_certificate(&job, "."), "ci-trust-unreadable", &["not a regular file"]);
    let large = job.runner.write("large.pem", "x".repeat(1024 * 1024 + 1));
    says(&refused_certificate(&job, &large), "ci-trust-too-large", &["1048576 bytes"]);
}

#[test]
fn more_certificates_than_anyone_needs() {
    let job = Job::start();
    let half = job.runner.write("half.pem", job.issued.root_pem.repeat(501));
    let twice = format!("ca:lab={half}\nca:lab={half}");
    let error = refused(&job, &[("trusted-certificates", &twice)]);
    says(&error, "ci-trust-too-many", &["more than 1000 certificates"]);
    for name in ["a.pem", "b.pem"] {
        let path = format!("trust/store/x509/ca/lab/{name}");
        job.runner.write(&path, job.issued.root_pem.repeat(501));
    }
    let error = refused(&job, &[("trust-store", "trust/store")]);
    says(&error, "ci-trust-too-many", &["more than 1000 certificates", "b.pem"]);
    let padded = format!("{}{}", job.issued.root_pem, "\n".repeat(1024 * 1024 - 4096));
    for number in 0..17 {
        job.runner.write(&format!("wide/x509/ca/lab/{number}.pem"), &padded);
    }
    let error = refused(&job, &[("trust-store", "wide")]);
    says(&error, "ci-trust-too-large", &["wide", "16777216 bytes"]);
    for number in 0..1001 {
        job.runner.write(&format!("many/x509/ca/lab/{number}.pem"), "");
    }
    let error = refused(&job, &[("trust-store", "many")]);
    says(&error, "ci-trust-too-many", &["more than 1000 files"]);
}

#[test]
fn a_vault_certificate_that_is_no_root_or_cannot_be_read() {
    let job = Job::start();
    let id = &job.issued.certificate_id;
    let error = refused_certificate(&job, id);
    says(&error, "ci-trust-unfit", &[id, "root certificate of its CA", "ca:lab=<path"]);
    let error = refused_certificate(&job, "https://vault.example/certificates/wabbit");
    says(&error, "azure-vault-host", &["vault.example"]);
    let gone = id.replace("wabbit", "nobody");
    says(&refused_certificate(&job, &gone), "azure-vault-not-found", &["`trusted-certificates`"]);
    job.lab.deny(Permission::CertificateGet, Wording::Rbac);
    let error = refused_certificate(&job, id);
    says(&error, "azure-vault-forbidden", &["Key Vault Certificate User"]);
    // reading is all that is needed
    assert!(!error.to_string().contains("Crypto"), "{error}");
}

#[test]
fn a_folder_that_holds_anything_else() {
    let job = Job::start();
    let good = &job.issued.root_pem;
    job.runner.write("odd/x509/ca/a b/root.pem", good);
    job.runner.write("text/x509/ca/lab/README", "how to");
    job.runner.write("real/ca/lab/root.pem", good);
    std::fs::create_dir(job.runner.folder().join("work/linked")).unwrap();
    symlink("../real", job.runner.folder().join("work/linked/x509")).unwrap();
    for (store, code) in [
        ("odd", "ci-trust-misplaced"),
        ("text", "ci-trust-malformed"),
        ("linked", "ci-trust-not-a-file"),
        ("real", "ci-trust-no-x509"),
    ] {
        says(&refused(&job, &[("trust-store", store)]), code, &[store]);
    }
}

#[test]
fn a_link_below_github_and_a_choice_of_policies() {
    let job = Job::start();
    let work = job.runner.folder().join("work");
    let found = || {
        let workspace = work.to_str().unwrap();
        let done = job.uses(&[("command", "setup")]).env("GITHUB_WORKSPACE", workspace).done();
        let done = done.failed();
        assert!(!job.runner.temp().join("sealwright").exists(), "{}", done.log());
        done.report()["error"].clone()
    };
    for name in ["a.json", "b.json"] {
        job.runner.write(&format!(".github/trustpolicy/{name}"), POLICY);
    }
    let parts = ["a.json, b.json", "trust-policy: .github/trustpolicy/a.json"];
    says(&found(), "ci-trust-ambiguous", &parts);

    let elsewhere = job.runner.home("elsewhere");
    std::fs::create_dir_all(elsewhere.join("x509/ca/lab")).unwrap();
    std::fs::write(elsewhere.join("trustpolicy.json"), POLICY).unwrap();
    symlink(elsewhere.join("trustpolicy.json"), work.join(".github/trustpolicy/trustpolicy.json"))
        .unwrap();
    says(&found(), "ci-trust-not-a-file", &[".github/trustpolicy/trustpolicy.json"]);
    std::fs::remove_dir_all(work.join(".github/trustpolicy")).unwrap();
    symlink(&elsewhere, work.join(".github/truststore")).unwrap();
    says(&found(), "ci-trust-not-a-file", &[".github/truststore"]);
}

#[test]
fn what_is_missing_is_named_by_its_input() {
    let job = Job::start();
    job.signs(&[]).done().succeeded();
    let error = job.verifies_by(&[]).failed().report()["error"].clone();
    says(&error, "config-trust-policy-missing", &["give `trust-policy`", ".github/trustpolicy"]);
    let other = format!("ca:other={}", job.issued.root_pem);
    let inputs = [("trust-policy", POLICY), ("trusted-certificates", other.as_str())];
    let done = job.verifies_by(&inputs).failed();
    let error = &done.report()["images"][0]["error"];
    says(error, "verify-none-good", &["give `trusted-certificates` a line"]);
    assert!(!done.log().contains("hint: sealwright cert add"), "{}", done.log());
}

#[test]
fn a_service_connection_is_not_for_github() {
    let job = Job::start();
    let done = job.signs(&[("azure-subscription", "mine")]).done().failed();
    let error = &done.report()["error"];
    says(error, "azure-connection-not-given", &["`azure-client-id` and `azure-tenant-id`"]);
}
