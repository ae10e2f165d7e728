//! A key in a vault, a registry behind the Entra exchange.

use insta::assert_snapshot;
use sealwright::lab::{
    Auth, IssueRequest, Issued, LabOptions, Permission, Pushes, Role, Validity, Wording,
};

use super::world::World;

/// An Azure registry and a vault with the certificate `wabbit`, Entra credentials in the
/// environment.
pub async fn azure(options: LabOptions) -> (World, Issued) {
    let mut world = World::start(LabOptions { auth: Auth::Acr, ..options }).await;
    for line in world.lab.env_lines(&world.home.path("")).expect("written") {
        let (name, value) = line.split_once('=').expect("a variable");
        world.home.set(name, value);
    }
    let issued = world.lab.issue(&IssueRequest::named("wabbit")).expect("issued");
    world.home.replace(world.lab.vault_host(), "v.vault.azure.net");
    world.home.replace(&issued.version, "<version>");
    world.home.write("ca_certs.pem", &issued.ca_bundle_pem);
    world.home.write("root.crt", &issued.root_pem);
    (world, issued)
}

pub fn command(world: &World, issued: &Issued, line: &str) -> String {
    let line = line
        .replace("$KEY_ID", &issued.key_id)
        .replace("$EXTRA", &format!("--azure-extra-hosts {}", world.lab.extra_hosts()));
    world.run(&line)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_articles_commands_run_as_they_are() {
    let (world, issued) = azure(LabOptions::default()).await;
    let run = |line: &str| command(&world, &issued, line);
    for line in [
        "plugin ls",
        "login $EXTRA $REGISTRY",
        "sign $EXTRA --signature-format cose $IMAGE --id $KEY_ID --plugin azure-kv",
        "sign $EXTRA --signature-format cose $IMAGE --id $KEY_ID --plugin azure-kv --plugin-config ca_certs=$HOME/ca_certs.pem",
        "sign $EXTRA --signature-format cose --id $KEY_ID --plugin azure-kv --plugin-config credential_type=environment $IMAGE",
        "ls $EXTRA $IMAGE",
        "cert delete --type ca --store wabbit --all -y",
        "cert add --type ca --store wabbit $HOME/root.crt",
        "cert ls",
        "policy show",
        "verify $EXTRA $IMAGE",
    ] {
        let shown = run(line);
        assert!(shown.ends_with("[exit] 0"), "{line}\n{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_that_azure_kv_does_not_know_is_warned_about() {
    let (world, issued) = azure(LabOptions::default()).await;
    let sign = "sign $EXTRA --id $KEY_ID --plugin azure-kv";
    let line = format!("{sign} --plugin-config ca_cert=x --plugin-config Self-Signed=y $IMAGE");
    let shown = command(&world, &issued, &line);
    for part in [
        "Warning: azure-kv has no setting \"Self-Signed\": it has no effect; the nearest is \"self_signed\"\n",
        "Warning: azure-kv has no setting \"ca_cert\": it has no effect; the nearest is \"ca_certs\"\n",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    let line = "key add --plugin azure-kv --id $KEY_ID --plugin-config credential=azurecli mine";
    let shown = command(&world, &issued, line);
    assert!(shown.contains("the nearest is \"credential_type\""), "{shown}");
    let line = format!("{sign} --plugin-config credential_type=environment $IMAGE");
    assert!(!command(&world, &issued, &line).contains("Warning"));
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_asks_entra_once_for_each_audience_and_the_vault_twice() {
    let (world, issued) = azure(LabOptions::default()).await;
    world.lab.control().reset();
    let shown = command(
        &world,
        &issued,
        "sign $EXTRA --signature-format cose --id $KEY_ID --plugin azure-kv --output json $IMAGE",
    );
    assert!(shown.ends_with("[exit] 0"), "{shown}");
    assert!(
        shown.contains(r#""key": "https://v.vault.azure.net/keys/wabbit/<version>""#),
        "{shown}"
    );
    let counts = world.lab.control().counts();
    assert_eq!(counts.get(&Role::Entra), Some(&2), "{counts:?}");
    assert_eq!(counts.get(&Role::Vault), Some(&2), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_key_keeps_its_settings() {
    let (world, issued) = azure(LabOptions::default()).await;
    let run = |line: &str| command(&world, &issued, line);
    let line = "key add --default --plugin azure-kv --id $KEY_ID --plugin-config ca_certs=$HOME/ca_certs.pem viavault";
    assert_snapshot!(run(line), @r"
    [stdout]
    viavault: marked as default
    [exit] 0
    ");
    world.lab.deny(Permission::SecretGet, Wording::Rbac);
    assert!(run("sign $EXTRA $IMAGE").ends_with("[exit] 0"));
    assert!(run("sign $EXTRA --key viavault $IMAGE").ends_with("[exit] 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_settings_of_a_vault_key_are_refused_before_anything_is_asked() {
    let (world, issued) = azure(LabOptions::default()).await;
    world.lab.control().reset();
    for (settings, refusal) in [
        ("--plugin-config credential_type=magic", "Invalid credential type: magic"),
        (
            "--plugin-config self_signed=true --plugin-config ca_certs=$HOME/ca_certs.pem",
            "Self-signed certificate is specified. Please do not specify the `ca_certs` parameter if it is a self-signed certificate.",
        ),
        (
            "--plugin-config ca_certs=$HOME/nowhere.pem",
            "open $HOME/nowhere.pem: no such file or directory",
        ),
    ] {
        let line = format!("sign $EXTRA --id $KEY_ID --plugin azure-kv {settings} $IMAGE");
        let shown = command(&world, &issued, &line);
        assert!(shown.contains(&format!("Error: {refusal}\n")), "{shown}");
        assert!(shown.ends_with("[exit] 1"), "{shown}");
    }
    assert_eq!(world.lab.control().requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn login_without_a_user_exchanges_the_entra_token() {
    let (world, issued) = azure(LabOptions::default()).await;
    assert_snapshot!(command(&world, &issued, "login $EXTRA $REGISTRY"), @r"
    [stdout]
    Login Succeeded
    [stderr]
    Warning: no credential helper is configured: the credential was written unencrypted to $HOME/.docker/config.json, mode 0600
    [exit] 0
    ");
    let file = std::fs::read_to_string(world.home.path(".docker/config.json")).expect("written");
    let config: serde_json::Value = serde_json::from_str(&file).expect("JSON");
    let entry = &config["auths"][world.lab.registry_host()];
    assert!(entry["identitytoken"].is_string(), "{file}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_doubted_before_the_roles_are() {
    let (world, issued) = azure(LabOptions::default()).await;
    let line = "sign $EXTRA --id $KEY_ID --plugin azure-kv -u lab -p wrong $IMAGE";
    let shown = command(&world, &issued, line);
    assert!(shown.contains("hint: the registry's credential came from flags"), "{shown}");
    assert!(shown.contains("sealwright login localhost:5000\n"), "{shown}");
    assert!(shown.contains("if it is right, assign the roles"), "{shown}");
    let shown = command(&world, &issued, "login $EXTRA $REGISTRY -u lab -p wrong");
    assert!(shown.contains("hint: check the user name and the password"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ca_certs_that_are_no_certificates_are_named() {
    let (world, issued) = azure(LabOptions::default()).await;
    world.home.write("junk.pem", "junk");
    let line =
        "sign $EXTRA --id $KEY_ID --plugin azure-kv --plugin-config ca_certs=$HOME/junk.pem $IMAGE";
    let shown = command(&world, &issued, line);
    assert!(shown.contains("Error: ca_certs: x509: malformed certificate\n"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_push_names_the_roles() {
    let (world, issued) = azure(LabOptions { pushes: Pushes::Refused, ..Default::default() }).await;
    let shown = command(&world, &issued, "sign $EXTRA --id $KEY_ID --plugin azure-kv $IMAGE");
    assert!(shown.contains("hint: assign the roles"), "{shown}");
    assert!(shown.contains("Container Registry Repository Writer"), "{shown}");
    assert!(shown.contains("AcrPush"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_out_of_its_time_signs_nothing() {
    let (world, _) = azure(LabOptions::default()).await;
    for (name, validity) in [("old", Validity::expired()), ("new", Validity::future())] {
        let request = IssueRequest { validity, ..IssueRequest::named(name) };
        let issued = world.lab.issue(&request).expect("issued");
        let shown = command(&world, &issued, "sign $EXTRA --id $KEY_ID --plugin azure-kv $IMAGE");
        assert!(shown.contains("; it is valid from "), "{shown}");
        assert!(shown.ends_with("[exit] 1"), "{shown}");
    }
    let listed = world.run(&format!("ls --azure-extra-hosts {} $IMAGE", world.lab.extra_hosts()));
    assert!(!listed.contains("vnd.cncf.notary.signature\n    "), "{listed}");
}
