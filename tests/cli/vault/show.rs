//! `vault show`: what it tells, what it warns of, and what it does without.

use sealwright::lab::{ChainInVault, Export, Permission, Wording};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn json_holds_all_that_the_text_tells() {
    let (world, issued) =
        with_certificate(&IssueRequest::named("wabbit").chain(Chain::Three)).await;
    let shown = done(&world, "show --output json");
    let json = shown.trim_start_matches("[stdout]\n").trim_end_matches("[exit] 0");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(json["id"], "https://v.vault.azure.net/certificates/wabbit/<version>");
    assert_eq!(json["keyId"], "https://v.vault.azure.net/keys/wabbit/<version>");
    assert_eq!(json["key"], "EC-256");
    assert_eq!((&json["enabled"], &json["exportable"]), (&true.into(), &false.into()));
    assert_eq!(json["daysLeft"], 89);
    assert_eq!(json["chain"].as_array().expect("a chain").len(), issued.chain.len());
    assert_eq!(json["chain"][0]["thumbprint"], json["thumbprint"]);
    assert_eq!(json["versions"][0]["version"], "<version>");
    assert_eq!(json["warnings"], serde_json::json!([]));
    assert_eq!(json["requestWaits"], false);
    assert!(json["sign"].as_str().expect("text").starts_with("sealwright sign "), "{json}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hinders_signing_or_image_integrity_is_warned_of() {
    let request = IssueRequest::named("wabbit");
    for (request, warning) in [
        (request.clone().chain_in_vault(ChainInVault::Pfx), "the content type is not PEM"),
        (
            IssueRequest { export: Export::Yes, ..request.clone() },
            "the private key can be exported from the vault",
        ),
        (
            request.clone().chain_in_vault(ChainInVault::LeafOnly),
            "the vault holds this certificate alone, without the CA's",
        ),
        (
            IssueRequest { validity: Validity::expired(), ..request.clone() },
            "the certificate is over: what it signs now is not verified",
        ),
        (
            IssueRequest { validity: Validity::future(), ..request.clone() },
            "the certificate is not valid yet",
        ),
    ] {
        let (world, _) = with_certificate(&request).await;
        let shown = done(&world, "show");
        assert!(shown.contains(&format!("Warning: {warning}")), "{warning}\n{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_outside_of_the_vault_is_in_the_command_that_signs() {
    let request = IssueRequest::named("wabbit").chain_in_vault(ChainInVault::LeafOnly);
    let (world, _) = with_certificate(&request).await;
    let shown = done(&world, "show");
    assert!(shown.contains("--plugin-config ca_certs=<file> <registry>"), "{shown}");
    fails(&world, "show --root", &["Only obtained one certificate"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_version_is_shown_without_its_chain() {
    let (world, issued) = with_certificate(&IssueRequest::named("wabbit")).await;
    world.lab.disable_version(&issued.version);
    let shown = done(&world, "show");
    assert!(shown.contains("Enabled:      no\n"), "{shown}");
    assert!(shown.contains("Warning: this version is disabled"), "{shown}");
    assert!(shown.contains("Operation get is not allowed on a disabled secret."), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_is_left_out_with_the_role_that_is_missing() {
    let (world, _) = with_certificate(&IssueRequest::named("wabbit")).await;
    world.lab.deny(Permission::SecretGet, Wording::Rbac);
    world.lab.deny(Permission::CertificateList, Wording::AccessPolicy);
    let shown = done(&world, "show");
    for part in [
        "Warning: the chain is not shown: the vault refuses secrets/get",
        "--role \"Key Vault Secrets User\"",
        "Warning: the versions are not shown: the vault refuses certificates/list",
        "--certificate-permissions list get --secret-permissions get --object-id",
        "Key:          EC-256\n",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("ca_certs"), "showing needs no chain from elsewhere\n{shown}");
    let shown = fails(&world, "show --root", &["the vault refuses secrets/get"]);
    assert!(shown.contains("Key Vault Secrets User"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_goes_to_the_standard_output_with_its_fingerprint_beside() {
    let (world, issued) =
        with_certificate(&IssueRequest::named("wabbit").chain(Chain::Three)).await;
    let shown = done(&world, "show --root");
    let (stdout, stderr) = shown.split_once("[stderr]\n").expect("notes");
    assert_eq!(stdout, format!("[stdout]\n{}", issued.root_pem));
    let digest = sealwright::crypto::Digest::sha256(&der(&issued.root_pem));
    let found = stderr.lines().find_map(|line| line.strip_prefix("SHA-256: ")).expect("a line");
    assert_eq!(found.replace(':', "").to_lowercase(), digest.hex());
    assert!(stderr.contains("Compare this SHA-256 fingerprint with the one that the CA publishes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_of_versions_is_read_to_its_end() {
    let (world, _) = with_certificate(&IssueRequest::named("wabbit")).await;
    for _ in 0..29 {
        world.lab.issue(&IssueRequest::named("wabbit")).expect("issued");
    }
    let shown = done(&world, "show --output json");
    let json = shown.trim_start_matches("[stdout]\n").trim_end_matches("[exit] 0");
    let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(json["versions"].as_array().expect("a list").len(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_there_is_looked_up_in_the_list() {
    let world = empty().await;
    fails(
        &world,
        "show",
        &["the vault has no certificate wabbit", "hint: az keyvault certificate list --vault-name"],
    );
}
