//! Plugins that are built in, and those of the same name in the plugins folder.

use insta::assert_snapshot;
use sealwright::lab::{Auth, IssueRequest, Issued, LabOptions, Stamp};

use super::world::World;

/// An Azure registry, a vault with the certificate `wabbit`, and Entra credentials in the environment.
async fn azure() -> (World, Issued) {
    let mut world = World::start(LabOptions { auth: Auth::Acr, ..LabOptions::default() }).await;
    for line in world.lab.env_lines(&world.home.path("")).expect("written") {
        let (name, value) = line.split_once('=').expect("a variable");
        world.home.set(name, value);
    }
    let issued = world.lab.issue(&IssueRequest::named("wabbit")).expect("issued");
    world.home.replace(world.lab.vault_host(), "v.vault.azure.net");
    world.home.replace(&issued.version, "<version>");
    (world, issued)
}

/// This program, as the plugin that notation would find.
fn install_as_azure_kv(world: &World) {
    let name = format!("notation-azure-kv{}", std::env::consts::EXE_SUFFIX);
    let path = world.home.config("plugins/azure-kv").join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    std::fs::copy(env!("CARGO_BIN_EXE_sealwright"), &path).expect("installed");
}

fn sign(world: &World, issued: &Issued, settings: &str) -> String {
    let hosts = world.lab.extra_hosts();
    world.run(&format!(
        "sign --azure-extra-hosts {hosts} --id {} --plugin azure-kv {settings} --output json $IMAGE",
        issued.key_id
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installed_azure_kv_signs_only_where_the_settings_say_so() {
    let (world, issued) = azure().await;
    let hosts = format!("--plugin-config azure_extra_hosts={}", world.lab.extra_hosts());
    let missing = sign(&world, &issued, "--plugin-config native=false");
    assert!(missing.contains("Error: plugin executable file is either not found"), "{missing}");

    install_as_azure_kv(&world);
    for settings in ["", "--plugin-config native=true"] {
        let shown = sign(&world, &issued, settings);
        assert!(shown.contains("\"vault\": \"environment (client secret)\""), "{shown}");
    }
    let shown = sign(&world, &issued, &format!("{hosts} --plugin-config native=false"));
    assert!(shown.contains("\"vault\": \"plugin azure-kv\""), "{shown}");
    assert!(shown.ends_with("[exit] 0"), "{shown}");

    let shown = sign(&world, &issued, "--plugin-config native=no");
    assert_snapshot!(shown, @r#"
    [stderr]
    Error: plugin-config native="no" is neither true nor false
    hint: --plugin-config native=false uses the installed plugin in place of the built-in one
    [exit] 1
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_key_remembers_which_one_signs() {
    let (world, issued) = azure().await;
    install_as_azure_kv(&world);
    let hosts = world.lab.extra_hosts();
    let added = world.run(&format!(
        "key add --plugin azure-kv --id {} --plugin-config native=false --plugin-config azure_extra_hosts={hosts} own",
        issued.key_id
    ));
    assert!(added.ends_with("own\n[exit] 0"), "{added}");
    let sign = |settings: &str| {
        world.run(&format!(
            "sign --azure-extra-hosts {hosts} --key own {settings} --output json $IMAGE"
        ))
    };
    let shown = sign("");
    assert!(shown.contains("\"vault\": \"plugin azure-kv\""), "{shown}");
    let shown = sign("--plugin-config credential_type=environment");
    assert!(shown.contains("\"vault\": \"plugin azure-kv\""), "{shown}");
    let shown = sign("--plugin-config native=true");
    assert!(shown.contains("\"vault\": \"environment (client secret)\""), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_plugin_is_not_installed_is_not_added() {
    let (world, _) = azure().await;
    let line = "key add --plugin azure-kv --id https://v.vault.azure.net/keys/k --plugin-config native=false own";
    let shown = world.run(line);
    assert!(shown.contains("Error: plugin executable file is either not found"), "{shown}");
    let keys = std::fs::read_to_string(world.home.config("signingkeys.json")).expect("there");
    assert!(!keys.contains("\"own\""), "{keys}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_plugins_of_artifact_signing_are_built_in_by_their_settings() {
    let (world, _) = azure().await;
    world.home.write("tsa.crt", world.lab.timestamp_root_pem());
    let stamped = format!(
        "--timestamp-url {} --timestamp-root-cert $HOME/tsa.crt",
        world.lab.timestamp_url(Stamp::Good)
    );
    let hosts = format!("--azure-extra-hosts {}", world.lab.extra_hosts());
    let endpoint = format!("--plugin-config baseUrl={}", world.lab.signing_endpoint());
    let account = format!("--plugin-config accountName={}", world.lab.signing_account());
    let profile = "--plugin-config certProfile=working";
    for plugin in ["azure-artifactsigning", "azure-trustedsigning"] {
        let shown = world.run(&format!(
            "sign {hosts} --id any --plugin {plugin} {account} {profile} {endpoint} {stamped} --output json $IMAGE"
        ));
        assert!(shown.contains("/certificateprofiles/working\""), "{shown}");
        assert!(shown.ends_with("[exit] 0"), "{shown}");
    }
    let added = world.run(&format!(
        "key add --plugin azure-artifactsigning --id any {account} {profile} {endpoint} trusted"
    ));
    assert!(added.ends_with("trusted\n[exit] 0"), "{added}");
    let other = "--plugin-config certProfile=published";
    let shown =
        world.run(&format!("sign {hosts} --key trusted {other} {stamped} --output json $IMAGE"));
    assert!(shown.contains("/certificateprofiles/published\""), "{shown}");
    let shown = world.run(&format!("sign {hosts} --key trusted $IMAGE"));
    assert!(
        shown.contains("Error: certificates of Artifact Signing end after 72 hours"),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_settings_do_not_name_is_refused() {
    let (world, _) = azure().await;
    let sign = "sign --id any --plugin azure-artifactsigning";
    assert_snapshot!(world.run(&format!("{sign} --plugin-config accountName=a $IMAGE")), @"
    [stderr]
    Error: the built-in plugin azure-artifactsigning needs the setting baseUrl
    hint: --plugin-config native=false uses the installed plugin in place of the built-in one
    [exit] 1
    ");
    let excluded = "--plugin-config excludeCredentials=AzureCliCredential";
    assert_snapshot!(world.run(&format!("{sign} {excluded} $IMAGE")), @r#"
    [stderr]
    Error: the built-in plugin azure-artifactsigning has no setting "excludeCredentials"
    hint: --plugin-config native=false uses the installed plugin in place of the built-in one
    [exit] 1
    "#);
}
