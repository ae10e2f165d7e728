//! `login`, `logout`

use insta::assert_snapshot;
use sealwright::lab::{Auth, LabOptions};

use super::support::{Home, mode};
use super::world::World;

#[test]
fn a_server_must_be_named() {
    let home = Home::new();
    for command in ["login", "logout"] {
        assert_eq!(home.run(command), "[stderr]\nError: no hostname specified\n[exit] 1");
    }
}

#[test]
fn what_is_missing_is_asked_for() {
    let home = Home::new();
    assert_snapshot!(home.run_with("login localhost:1", ""), @r"
    [stdout]
    Username: ⏎
    [stderr]
    Error: error reading username: EOF
    [exit] 1
    ");
    assert_snapshot!(home.run_with("login localhost:1", "\n"), @r"
    [stdout]
    Username: Token:·
    [stderr]
    Error: token required
    [exit] 1
    ");
    assert_snapshot!(home.run_with("login localhost:1 -u a", ""), @r"
    [stdout]
    Password:·
    [stderr]
    Error: password required
    [exit] 1
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_works_is_written_where_docker_looks_and_said_so() {
    let mut world = World::start(LabOptions { auth: Auth::Basic, ..Default::default() }).await;
    let password = world.lab.password().expose().to_owned();
    let line = format!("login {} -u {}", world.lab.registry_host(), world.lab.username());
    let shown = tokio::task::block_in_place(|| {
        world.home.run_with(&format!("{line} --password-stdin"), &format!("{password}\n"))
    });
    assert_snapshot!(shown, @r"
    [stdout]
    Login Succeeded
    [stderr]
    Warning: no credential helper is configured: the credential was written unencrypted to $HOME/.docker/config.json, mode 0600
    [exit] 0
    ");
    assert_eq!(mode(&world.home.path(".docker/config.json")), 0o600);
    world.sign("", "signature");
    assert!(world.run("verify $IMAGE").ends_with("[exit] 0"));
    assert_snapshot!(world.run("logout $REGISTRY"), @r"
    [stdout]
    Logout Succeeded
    [exit] 0
    ");
    assert!(world.run("verify $IMAGE").ends_with("[exit] 1"));
    assert_snapshot!(world.run("logout $REGISTRY"), @r"
    [stdout]
    Logout Succeeded
    [exit] 0
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_does_not_work_is_not_written() {
    let world = World::start(LabOptions { auth: Auth::Basic, ..Default::default() }).await;
    let shown = world.run("login $REGISTRY -u a -p wrong");
    assert!(shown.starts_with("[stderr]\nError: failed to log in to localhost:5000: "), "{shown}");
    assert!(shown.ends_with("[exit] 1"));
    assert!(!shown.contains("wrong"), "{shown}");
    assert!(!world.home.path(".docker/config.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn user_name_and_password_come_from_the_environment_too() {
    let mut world = World::start(LabOptions { auth: Auth::Bearer, ..Default::default() }).await;
    let (username, password) =
        (world.lab.username().to_owned(), world.lab.password().expose().to_owned());
    assert!(world.run("list $IMAGE").ends_with("[exit] 1"));
    world.home.set("NOTATION_USERNAME", &username);
    world.home.set("NOTATION_PASSWORD", &password);
    assert!(world.run("list $IMAGE").ends_with("[exit] 0"));
    // Flags win over the environment.
    assert!(world.run("list -p wrong $IMAGE").ends_with("[exit] 1"));
}
