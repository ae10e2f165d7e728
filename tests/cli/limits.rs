//! Time limits, streams that end, logs, and what children may see.

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use sealwright::cli::{Streams, run_at};
use sealwright::clock::ManualClock;
use sealwright::env::Env;
use sealwright::lab::{Auth, Fault, LabOptions, Role, Route};
use time::macros::datetime;

use super::support::Home;
use super::world::World;

/// What a command wrote.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic holds this lock").clone()).expect("text")
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic holds this lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A stream whose disk is full, or whose reader is gone.
struct Broken(std::io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn in_process(home: &Home, line: &str, stdout: impl Write + Send + 'static) -> (u8, String) {
    let stderr = Kept::default();
    let streams = Streams::piped(Cursor::new(Vec::new()), stdout, stderr.clone());
    let env = Env::default().with("HOME", &home.path("").display().to_string());
    let clock = Arc::new(ManualClock::at(datetime!(2026-01-01 0:00 UTC)));
    let words = line.split_whitespace().map(str::to_owned).collect();
    let code = run_at(words, env, streams, clock).await;
    (code, stderr.text())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_ends_when_its_time_is_over() {
    let home = Home::new();
    // whoever connects waits: nobody accepts
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let host = silent.local_addr().expect("an address");
    // On this clock all of the time passes while the registry is waited for.
    let line = format!("list --timeout 90s {host}/app@sha256:{}", "0".repeat(64));
    let (code, stderr) = in_process(&home, &line, Kept::default()).await;
    assert_eq!(code, 1);
    assert_eq!(
        stderr,
        "Error: the time limit of 90 seconds is over\nhint: give it longer: --timeout 30m\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_asks_for_more_patience_than_there_is_is_not_waited_for() {
    let world = World::start(LabOptions::default()).await;
    world.lab.control().fault(Route::on(Role::Registry), Fault::throttled(3600), 100);
    let shown = world.run("list --timeout 60s $IMAGE");
    assert!(shown.contains("429"), "{shown}");
    assert!(shown.ends_with("[exit] 1"), "{shown}");
}

#[tokio::test]
async fn output_that_cannot_be_written_is_an_error_and_a_reader_that_left_is_not() {
    let home = Home::new();
    let full = Broken(std::io::ErrorKind::StorageFull);
    let (code, stderr) = in_process(&home, "key list", full).await;
    assert_eq!(code, 1);
    assert!(stderr.starts_with("Error: error writing the output: "), "{stderr}");
    let gone = Broken(std::io::ErrorKind::BrokenPipe);
    assert_eq!(in_process(&home, "key list", gone).await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_debug_log_has_requests_and_no_secrets() {
    let world = World::start(LabOptions { auth: Auth::Bearer, ..Default::default() }).await;
    let password = world.lab.password().expose();
    let line = format!("list -d -u {} -p {password} $IMAGE", world.lab.username());
    let shown = world.run(&line);
    assert!(shown.contains("level=debug msg="), "{shown}");
    assert!(shown.contains("net-monitor"), "{shown}");
    assert!(!shown.contains(password), "{shown}");
    assert!(!shown.contains("Bearer "), "{shown}");
    assert!(shown.ends_with("[exit] 0"));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn children_do_not_see_the_credentials_of_the_environment() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut world = World::start(LabOptions::default()).await;
    let script = format!(
        "#!/bin/sh\nset > '{}'\necho 'credentials not found in native keychain'\nexit 1\n",
        world.home.path("seen").display()
    );
    let helper = world.home.write("bin/docker-credential-spy", script);
    let allowed = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(helper, allowed).expect("changed");
    world.home.write(".docker/config.json", r#"{"credsStore": "spy"}"#);
    world.home.set("NOTATION_USERNAME", "somebody");
    world.home.set("NOTATION_PASSWORD", "hunter2");
    assert_snapshot!(world.run("logout $REGISTRY"), @r"
    [stdout]
    Logout Succeeded
    [exit] 0
    ");
    let seen = std::fs::read_to_string(world.home.path("seen")).expect("the helper ran");
    assert!(!seen.contains("hunter2") && !seen.contains("somebody"), "{seen}");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let home = Home::new();
    home.write(".docker/config.json", "{");
    let shown = home.run("logout localhost:1");
    assert!(shown.starts_with("[stderr]\nError: failed to log out of localhost:1: "), "{shown}");
    home.write(
        ".config/notation/signingkeys.json",
        r#"{"default": "bare", "keys": [{"name": "bare"}, {"name": "gone", "keyPath": "/nowhere.key", "certPath": "/nowhere.crt"}]}"#,
    );
    assert_snapshot!(home.run("sign localhost:1/a:v1"), @r#"
    [stderr]
    Error: unsupported key "bare": signingkeys.json names neither a key file and a certificate file nor a plugin
    [exit] 1
    "#);
    home.write(".config/notation/config.json", "[");
    let shown = home.run("list localhost:1/a:v1");
    assert!(
        shown.starts_with("[stderr]\nError: malformed $HOME/.config/notation/config.json: "),
        "{shown}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_cannot_be_read_is_skipped_and_said_so() {
    let mut world = World::start(LabOptions::default()).await;
    world.sign("", "first");
    world.sign("", "second");
    let (_, digest) = world.image.split_once('@').expect("by digest");
    let [first, _] = &world.lab.referrers("net-monitor", digest)[..] else { panic!("two") };
    let (_, manifest) = world.lab.manifest("net-monitor", first).expect("there");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    let layer = manifest["layers"][0]["digest"].as_str().expect("a digest");
    assert!(world.lab.lose_blob("net-monitor", layer));
    let shown = world.run("inspect $IMAGE");
    assert!(shown.contains("Warning: unable to fetch signature sha256:<"), "{shown}");
    assert!(
        shown.ends_with("Error: at least one signature was skipped and not displayed\n[exit] 1"),
        "{shown}"
    );
    assert_eq!(shown.matches("├── media type: application/jose+json").count(), 1);
    assert!(world.run("verify $IMAGE").ends_with("[exit] 0"));
}
