//! The vault, each permission refused alone.

use sealwright::lab::{IssueRequest, Permission, Wording};
use serde_json::Value;

use super::{Clinic, DOCTOR, SIGN};

#[tokio::test(flavor = "multi_thread")]
async fn each_permission_of_the_vault_is_named_with_its_role_or_policy() {
    for (permission, check, role, policy) in [
        (
            Permission::CertificateGet,
            "vault-certificate-get",
            "Key Vault Certificate User",
            "--certificate-permissions get",
        ),
        (
            Permission::SecretGet,
            "vault-secret-get",
            "Key Vault Secrets User",
            "--secret-permissions get",
        ),
        (Permission::KeySign, "vault-key-sign", "Key Vault Crypto User", "--key-permissions sign"),
    ] {
        for (wording, mends, other) in [
            (Wording::Rbac, format!("--role \"{role}\""), "set-policy"),
            (Wording::AccessPolicy, policy.to_owned(), "role assignment"),
        ] {
            let clinic = Clinic::open().await;
            clinic.world.lab.deny(permission, wording);
            let found = clinic.same_words(&[check], DOCTOR, SIGN);
            let hint = found["hint"].as_str().expect("a command");
            assert!(hint.contains(&mends) && hint.contains("0b1ec700"), "{hint}");
            assert!(!hint.contains(other), "{hint}");
        }
    }
    // with a version the secret alone tells all
    let clinic = Clinic::open().await;
    clinic.world.lab.deny(Permission::CertificateGet, Wording::Rbac);
    clinic.noted("vault-certificate-get", "--key $VERSION $IMAGE");
    let signed = clinic.run("sign --plugin azure-kv --id $VERSION $IMAGE");
    assert!(signed.ends_with("[exit] 0"), "{signed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_secrets_and_newer_versions_are_noted() {
    let clinic = Clinic::open().await;
    clinic.world.lab.put_secret("database-password");
    let found = clinic.noted("vault-contents", DOCTOR);
    assert!(found["message"].as_str().unwrap().contains("1 keys or secrets"), "{found}");
    clinic.world.lab.deny(Permission::List, Wording::Rbac);
    let (checks, _) = clinic.examined(DOCTOR);
    assert!(checks.iter().any(|c| c["check"] == "vault-contents" && c["outcome"] == "not-asked"));
    let newer = clinic.world.lab.issue(&IssueRequest::named("wabbit")).expect("issued");
    let found = clinic.noted("vault-versions", "--key $VERSION $IMAGE");
    assert!(found["message"].as_str().unwrap().contains(&newer.version), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_is_not_there_is_told_from_one_that_refuses() {
    let mut clinic = Clinic::open().await;
    let elsewhere = "localhost:9";
    clinic.issued.key_id = clinic.issued.key_id.replace(clinic.world.lab.vault_host(), elsewhere);
    let hosts = clinic.world.lab.extra_hosts().replace(clinic.world.lab.vault_host(), elsewhere);
    clinic.extra_hosts = hosts;
    let (checks, shown) = clinic.examined(DOCTOR);
    let failed: Vec<&Value> = checks.iter().filter(|c| c["outcome"] == "failed").collect();
    let [vault] = failed.as_slice() else { panic!("{shown}") };
    assert_eq!(vault["check"], "vault-reachable");
    assert_eq!(vault["code"], "http-transport");
    assert!(vault["hint"].as_str().expect("a command").contains("az keyvault show -n"), "{vault}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_version_is_told_with_the_command_that_enables_it() {
    let clinic = Clinic::open().await;
    clinic.world.lab.disable_version(&clinic.issued.version);
    let found = clinic.same_words(&["vault-secret-get", "vault-key-sign"], DOCTOR, SIGN);
    let hint = found["hint"].as_str().expect("a command");
    assert!(hint.contains("az keyvault certificate set-attributes --vault-name "), "{hint}");
    assert!(hint.ends_with(" --enabled true") && !hint.contains("role"), "{hint}");
}
