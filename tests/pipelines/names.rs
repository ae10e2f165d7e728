//! The inputs of the task Notation@0, as a pipeline written for it has them.

use sealwright::lab::{ChainInVault, IssueRequest, LabOptions, Role, Stamp};

use crate::job::Job;

#[test]
fn a_pipeline_written_for_notation_signs() {
    let request = IssueRequest::named("wabbit").chain_in_vault(ChainInVault::LeafOnly);
    let job = Job::with(LabOptions::default(), request);
    job.runner.write("ca-certs.pem", &job.issued.ca_bundle_pem);
    let image = job.image();
    let inputs = [
        ("artifactRefs", image.as_str()),
        ("plugin", "azureKeyVault"),
        ("akvPluginVersion", "1.2.1"),
        ("keyid", &job.issued.key_id),
        ("caCertBundle", "ca-certs.pem"),
        ("selfSigned", "false"),
        ("signatureFormat", "jws"),
        ("allowReferrersAPI", "true"),
        ("timestampURL", ""),
        ("timestampRootCert", ""),
    ];
    let done = job.uses(&inputs).done().warned();
    assert_eq!(done.output("outcome"), "signed");
    assert_eq!(job.signatures(), 1);
    assert_eq!(
        done.warnings,
        [
            "Deprecated input: input `allowReferrersAPI` is deprecated; its name is `forceReferrersTag`",
            "Deprecated input: input `artifactRefs` is deprecated; its name is `images`",
            "Deprecated input: input `caCertBundle` is deprecated; its name is `caCerts`",
            "Deprecated input: input `keyid` is deprecated; its name is `key`",
        ]
    );
    let said = "Input without effect: input `akvPluginVersion` has no effect: ";
    assert!(done.shown.contains(said), "{}", done.shown);
}

#[test]
fn a_pipeline_written_for_notation_verifies() {
    let job = Job::start();
    job.trust();
    job.signs(&[]).done().succeeded();
    let image = job.image();
    let inputs = [
        ("command", "verify"),
        ("artifactRefs", image.as_str()),
        ("trustPolicy", "trust/trustpolicy.json"),
        ("trustStore", "trust/store"),
        ("allowReferrersAPI", "false"),
    ];
    let done = job.uses(&inputs).done().warned();
    assert_eq!(done.output("outcome"), "verified");
    assert_eq!(done.warnings.len(), 1, "{:?}", done.warnings);
}

#[test]
fn what_installed_notation_has_no_effect_and_is_said() {
    let job = Job::start();
    let inputs = [
        ("command", "install"),
        ("isCustomVersion", "true"),
        ("version", "1.3.2"),
        ("url", "https://example.com/notation.tar.gz"),
        ("checksum", "00"),
    ];
    let done = job.uses(&inputs).done().succeeded();
    assert_eq!(done.shown.matches("has no effect: ").count(), 4, "{}", done.shown);
    // nothing to install is no failure: the program is on PATH
    assert_eq!(done.paths.len(), 1, "{}", done.raw);
}

#[test]
fn a_pipeline_written_for_notation_signs_with_a_timestamp() {
    let job = Job::start();
    job.runner.write("tsa.pem", job.lab.timestamp_root_pem());
    let url = job.lab.timestamp_url(Stamp::Good);
    let inputs = [("timestampURL", url.as_str()), ("timestampRootCert", "tsa.pem")];
    job.signs(&inputs).done().succeeded();
    assert_eq!(job.lab.control().counts()[&Role::Tsa], 1);
}

#[test]
fn what_this_version_cannot_do_is_refused_by_name() {
    let job = Job::start();
    for (name, value, code) in [
        ("plugin", "../another", "ci-input-invalid"),
        ("pluginConfig", "ca_cert=x", "ci-input-invalid"),
        ("keyid", "https://v.vault.azure.net/keys/k", "ci-input-together"),
    ] {
        let done = job.signs(&[(name, value)]).done().failed();
        assert_eq!(done.report()["error"]["code"], code, "{}", done.raw);
        assert!(done.errors[0].contains(&format!("`{name}`")), "{:?}", done.errors);
    }
    assert_eq!(job.signatures(), 0);
}
