//! `command: sign`

use insta::assert_snapshot;
use sealwright::lab::{Chain, ChainInVault, IssueRequest, LabOptions, Permission, Wording};
use serde_json::Value;

use crate::job::Job;

#[test]
fn a_key_id_signs_and_the_outputs_say_what_is_in_the_registry() {
    let job = Job::start();
    let done = job.signs(&[]).done().succeeded();
    assert_eq!(done.output("outcome"), "signed");
    assert_eq!(done.output("image"), job.image());
    assert_eq!(done.output("digest"), job.digest);
    assert_eq!(job.lab.referrers("app", &job.digest), [done.output("signature")]);
    assert!(done.output("report").starts_with(job.runner.temp().to_str().unwrap()));
    // a masked user name or host would empty outputs of the job that contain it
    assert_eq!(done.commands("add-mask"), [""; 0]);
    let signature = done.output("signature").to_owned();
    let log = job.redacted(&done.log()).replace(&signature, "sha256:<signature>");
    assert_snapshot!(log, @r"
    Azure credentials in order: environment, workloadid, managedid, azurecli
    Successfully signed r.azurecr.io/app@sha256:<image>
    Pushed the signature to r.azurecr.io/app@sha256:<signature>
    key: https://v.vault.azure.net/keys/wabbit/<version> (environment (client secret))
    registry credential: Entra exchange, environment (client secret)
    [exit] 0
    ");
}

#[test]
fn the_report_names_signer_key_and_credentials() {
    let job = Job::start();
    let metadata = "build=7\ncommit=a<b>&é";
    let inputs = [("user-metadata", metadata), ("expiry", "24h"), ("signature-format", "jws")];
    let done = job.signs(&inputs).done().succeeded();
    let mut report = done.report();
    let image = &mut report["images"][0];
    let signer = &mut image["signer"];
    assert_eq!(signer["thumbprint"].as_str().map(str::len), Some(64));
    signer["thumbprint"] = "<thumbprint>".into();
    signer["notAfter"] = time(&signer["notAfter"]);
    image["expiry"] = time(&image["expiry"]);
    image["signature"] = "sha256:<signature>".into();
    let text = serde_json::to_string_pretty(&report).unwrap();
    assert_snapshot!(job.redacted(&text), @r#"
    {
      "command": "sign",
      "images": [
        {
          "credentials": {
            "registry": "Entra exchange, environment (client secret)",
            "vault": "environment (client secret)"
          },
          "digest": "sha256:<image>",
          "expiry": "<time>",
          "image": "r.azurecr.io/app@sha256:<image>",
          "key": "https://v.vault.azure.net/keys/wabbit/<version>",
          "outcome": "signed",
          "revocation": [
            {
              "status": "non-revokable",
              "subject": "CN=wabbit,O=Sealwright Lab,L=Seattle,ST=WA,C=US"
            },
            {
              "status": "non-revokable",
              "subject": "CN=wabbit Root CA,O=Sealwright Lab,ST=WA,C=US"
            }
          ],
          "signature": "sha256:<signature>",
          "signer": {
            "notAfter": "<time>",
            "subject": "CN=wabbit,O=Sealwright Lab,L=Seattle,ST=WA,C=US",
            "thumbprint": "<thumbprint>"
          },
          "userMetadata": {
            "build": "7",
            "commit": "a<b>&é"
          }
        }
      ],
      "outcome": "signed",
      "version": 1
    }
    "#);
}

#[test]
fn a_vault_and_a_certificate_name_the_latest_version() {
    let job = Job::start();
    let later = job.lab.issue(&IssueRequest::named("wabbit")).unwrap();
    let inputs = [
        ("images", job.image()),
        ("vault", job.lab.vault_host().to_owned()),
        ("certificate", "wabbit".to_owned()),
    ];
    let inputs: Vec<(&str, &str)> = inputs.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let done = job.uses(&inputs).done().succeeded();
    assert_eq!(done.report()["images"][0]["key"], later.key_id);
    assert!(done.stdout.contains(&later.key_id), "{}", done.stdout);
}

#[test]
fn ca_certs_complete_a_chain_whose_secret_may_not_be_read() {
    let request = IssueRequest::named("leaf").chain_in_vault(ChainInVault::LeafOnly);
    let job = Job::with(LabOptions::default(), request);
    job.lab.deny(Permission::SecretGet, Wording::Rbac);
    job.runner.write("ca-certs.pem", &job.issued.ca_bundle_pem);
    job.signs(&[("ca-certs", "ca-certs.pem")]).done().succeeded();
    // the same without the file names the role that is missing
    let done = job.signs(&[]).done().failed();
    let errors = done.commands("error");
    assert_eq!(errors.len(), 1, "{}", done.log());
    assert!(errors[0].contains("%0Ahint: "), "{}", errors[0]);
    assert!(errors[0].contains("az role assignment create"), "{}", errors[0]);
    assert!(done.summary.contains("az role assignment create"), "{}", done.summary);
    assert_eq!(job.signatures(), 1);
}

#[test]
fn a_self_signed_certificate_needs_no_secret() {
    let request = IssueRequest::named("alone").chain(Chain::SelfSigned);
    let job = Job::with(LabOptions::default(), request);
    job.lab.deny(Permission::SecretGet, Wording::AccessPolicy);
    job.signs(&[("self-signed", "true")]).done().succeeded();
    assert_eq!(job.signatures(), 1);
}

#[test]
fn a_name_is_a_key_of_signingkeys_json() {
    let job = Job::start();
    job.local_key();
    let image = job.image();
    let done = job.uses(&[("images", &image), ("key", "local")]).done().succeeded();
    let report = done.report();
    assert_eq!(report["images"][0]["key"], "local");
    assert_eq!(report["images"][0]["credentials"].get("vault"), None);
    let done = job.uses(&[("images", &image), ("key", "other")]).done().failed();
    assert!(done.commands("error")[0].contains("other"), "{}", done.log());
}

#[test]
fn one_failing_image_of_several_is_one_failure() {
    let job = Job::start();
    job.lab.push_image("web", "v1").unwrap();
    let missing = job.named(&format!("gone@sha256:{}", "0".repeat(64)));
    let web = job.named("web:v1");
    let images = format!("{missing}, {}\n{web}", job.image());
    let done = job.uses(&[("images", &images), ("key", &job.issued.key_id)]).done().failed();
    assert_eq!(job.signatures(), 1);
    let report = done.report();
    let outcomes: Vec<&Value> =
        report["images"].as_array().unwrap().iter().map(|i| &i["outcome"]).collect();
    assert_eq!(outcomes, ["failed", "signed", "signed"]);
    assert_eq!(report["images"][0]["error"]["code"], "registry-not-found");
    // outputs are of the first image in input order
    assert_eq!((done.output("image"), done.output("signature")), (missing.as_str(), ""));
    assert_eq!(done.commands("error").len(), 1, "{}", done.log());
    assert!(done.summary.starts_with("## ❌ 1 of 3 not signed\n"), "{}", done.summary);
    // a tag may move
    let warnings = done.commands("warning");
    assert_eq!(warnings.len(), 1, "{}", done.log());
    assert!(warnings[0].contains(&format!("{web} is a tag")), "{warnings:?}");
}

fn time(value: &Value) -> Value {
    let text = value.as_str().expect("a time");
    assert!(text.len() >= 20 && text.ends_with('Z'), "{text}");
    "<time>".into()
}
