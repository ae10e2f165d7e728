//! `login` and `logout` with helpers and files: where a credential goes, where it is found again.

use std::os::unix::fs::symlink;

use insta::assert_snapshot;
use sealwright::lab::{Auth, LabOptions};

use super::world::World;

const FAKE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bin/docker-credential-fake");

/// A world whose registry wants a user, with a folder for programs and the fake helper's keychain.
async fn world(auth: Auth) -> World {
    let mut world = World::start(LabOptions { auth, ..Default::default() }).await;
    for folder in ["bin", "keychain"] {
        std::fs::create_dir(world.home.path(folder)).expect("made");
    }
    let path = format!("{}:/usr/bin:/bin", world.home.path("bin").display());
    world.home.set("PATH", &path);
    let keychain = world.home.path("keychain").display().to_string();
    world.home.set("FAKE_HELPER_STORE", &keychain);
    world
}

/// The fake helper under this name on the path.
fn helper(world: &World, name: &str) {
    symlink(FAKE, world.home.path("bin").join(name)).expect("linked");
}

/// `login` with the password on the standard input.
fn login(world: &World, flags: &str, secret: &str) -> String {
    let line = format!("login {} {flags} --password-stdin", world.lab.registry_host());
    tokio::task::block_in_place(|| world.home.run_with(&line, secret))
}

fn log_in(world: &World) -> String {
    login(world, &format!("-u {}", world.lab.username()), world.lab.password().expose())
}

/// What the helper's keychain holds: one file per server.
fn kept(world: &World) -> Vec<String> {
    let folder = std::fs::read_dir(world.home.path("keychain")).expect("there");
    folder.map(|file| std::fs::read_to_string(file.expect("there").path()).expect("text")).collect()
}

/// What the registry's token server answers to the user.
async fn token(world: &World, query: &str, member: &str) -> String {
    let host = world.lab.registry_host();
    let client = reqwest::Client::builder().build().expect("a client");
    let get = client.get(format!("http://{host}/token?service={host}&{query}"));
    let user = get.basic_auth(world.lab.username(), Some(world.lab.password().expose()));
    let answer: serde_json::Value = user.send().await.expect("sent").json().await.expect("JSON");
    answer[member].as_str().expect("granted").to_owned()
}

fn finds_it(world: &World) -> bool {
    world.run("list $IMAGE").ends_with("[exit] 0")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helper_keeps_what_login_was_given_and_logout_erases_it() {
    let world = world(Auth::Basic).await;
    helper(&world, "docker-credential-fake");
    const CONFIG: &str = r#"{"credsStore":"fake","auths":{"other.io":{}},"psFormat":"x"}"#;
    world.home.write(".docker/config.json", CONFIG);
    assert!(!finds_it(&world));
    assert_snapshot!(log_in(&world), @r"
    [stdout]
    Login Succeeded
    [exit] 0
    ");
    let host = world.lab.registry_host();
    let (user, password) = (world.lab.username(), world.lab.password().expose());
    let sent = serde_json::json!({ "ServerURL": host, "Username": user, "Secret": password });
    assert_eq!(kept(&world), [sent.to_string()]);
    assert!(finds_it(&world));
    let gone = world.run("logout $REGISTRY");
    assert_snapshot!(gone, @r"
    [stdout]
    Logout Succeeded
    [exit] 0
    ");
    // once more: nothing is there, and that is well
    assert_eq!(world.run("logout $REGISTRY"), gone);
    assert!(kept(&world).is_empty() && !finds_it(&world));
    let config = std::fs::read_to_string(world.home.path(".docker/config.json")).expect("there");
    assert_eq!(config, CONFIG);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_kept_under_the_user_name_that_marks_one() {
    let world = world(Auth::Bearer).await;
    helper(&world, "docker-credential-fake");
    world.home.write(".config/notation/config.json", r#"{"credsStore":"fake"}"#);
    let host = world.lab.registry_host();
    let token = &token(&world, "offline_token=true", "refresh_token").await;
    assert!(login(&world, "", token).ends_with("[exit] 0"));
    let sent = serde_json::json!({ "ServerURL": host, "Username": "<token>", "Secret": token });
    assert_eq!(kept(&world), [sent.to_string()]);
    assert!(finds_it(&world));
    // as a token it is exchanged, never sent as a password
    assert!(!login(&world, "-u x", token).ends_with("[exit] 0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn notations_configuration_goes_before_dockers_and_a_servers_helper_before_the_store() {
    let world = world(Auth::Basic).await;
    helper(&world, "docker-credential-own");
    let host = world.lab.registry_host();
    let config = format!(r#"{{"credsStore":"none","credHelpers":{{"{host}":"own"}}}}"#);
    world.home.write(".config/notation/config.json", config);
    world.home.write(".docker/config.json", r#"{"credsStore":"absent"}"#);
    assert!(log_in(&world).ends_with("[exit] 0"));
    assert_eq!(kept(&world).len(), 1);
    assert!(finds_it(&world));
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_systems_own_helper_is_used_where_nothing_is_configured() {
    let world = world(Auth::Basic).await;
    // `pass` decides; its helper alone is not looked for
    helper(&world, "docker-credential-secretservice");
    assert!(log_in(&world).ends_with("[exit] 0"));
    assert_eq!(kept(&world).len(), 1);
    helper(&world, "pass");
    assert!(!finds_it(&world));
    helper(&world, "docker-credential-pass");
    assert!(finds_it(&world));
    assert!(!world.home.path(".docker/config.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helper_that_fails_is_told_and_no_file_takes_its_place() {
    let mut world = world(Auth::Basic).await;
    helper(&world, "docker-credential-fake");
    world.home.write(".docker/config.json", r#"{"credsStore":"fake"}"#);
    world.home.set("FAKE_HELPER_MODE", "locked");
    assert_snapshot!(log_in(&world), @r"
    [stderr]
    Error: failed to log in to localhost:5000: failed to store the credentials for localhost:5000: `docker-credential-fake store` failed: the keychain is locked
    [exit] 1
    ");
    assert_snapshot!(world.run("logout $REGISTRY"), @r"
    [stderr]
    Error: failed to log out of localhost:5000: failed to delete the credential for localhost:5000: `docker-credential-fake erase` failed: the keychain is locked
    [exit] 1
    ");
    let config = std::fs::read_to_string(world.home.path(".docker/config.json")).expect("there");
    assert_eq!(config, r#"{"credsStore":"fake"}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_credential_in_a_file_is_left_there() {
    let world = world(Auth::Basic).await;
    assert!(log_in(&world).contains("written unencrypted"));
    let path = world.home.path(".docker/config.json");
    let before = std::fs::read(&path).expect("there");
    assert_snapshot!(log_in(&world), @r"
    [stdout]
    Authenticated with existing credentials
    Login Succeeded
    [stderr]
    Warning: The credentials store is not set up. It is recommended to configure the credentials store to securely store your credentials. See https://notaryproject.dev/docs/how-to/registry-authentication/.
    [exit] 0
    ");
    assert_eq!(std::fs::read(&path).expect("there"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_the_host_is_its_key_too_and_other_members_stay() {
    let world = world(Auth::Basic).await;
    let host = world.lab.registry_host().to_owned();
    assert!(log_in(&world).ends_with("[exit] 0"));
    let path = world.home.path(".docker/config.json");
    let written = std::fs::read_to_string(&path).expect("there");
    let address = written.replace(&host, &format!("https://{host}/v2/"));
    let address = address.replacen('{', "{\"HttpHeaders\": {\"a\": \"b\"},", 1);
    std::fs::write(&path, address).expect("written");
    assert!(finds_it(&world));
    assert!(world.run("logout $REGISTRY").ends_with("[exit] 0"));
    let left = std::fs::read_to_string(&path).expect("there");
    assert!(left.contains("HttpHeaders") && !left.contains(&host), "{left}");
    assert!(!finds_it(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bearer_token_in_a_file_is_used_as_it_is() {
    let world = world(Auth::Bearer).await;
    let host = world.lab.registry_host();
    let scope = "scope=repository:net-monitor:pull";
    let token = token(&world, scope, "access_token").await;
    let config = format!(r#"{{"auths":{{"{host}":{{"registrytoken":"{token}"}}}}}}"#);
    world.home.write(".docker/config.json", config);
    assert!(finds_it(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_stands_on_standard_output() {
    let world = world(Auth::Basic).await;
    let (user, password) = (world.lab.username(), world.lab.password().expose());
    let line = format!("login {}", world.lab.registry_host());
    let typed = format!("{user}\r\n{password}\r\n");
    let shown = tokio::task::block_in_place(|| world.home.run_with(&line, &typed));
    assert_snapshot!(shown, @r"
    [stdout]
    Username: Password:·
    Login Succeeded
    [stderr]
    Warning: no credential helper is configured: the credential was written unencrypted to $HOME/.docker/config.json, mode 0600
    [exit] 0
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn user_name_and_password_stand_in_the_environment() {
    let mut world = world(Auth::Basic).await;
    helper(&world, "docker-credential-fake");
    world.home.write(".docker/config.json", r#"{"credsStore":"fake"}"#);
    let (user, password) =
        (world.lab.username().to_owned(), world.lab.password().expose().to_owned());
    world.home.set("NOTATION_USERNAME", &user);
    world.home.set("NOTATION_PASSWORD", &password);
    assert_snapshot!(world.run("login $REGISTRY"), @r"
    [stdout]
    Login Succeeded
    [exit] 0
    ");
    assert_eq!(kept(&world).len(), 1);
}
