//! Redirects, followed behind a proxy: it resolves names, so that names which nobody has can be asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use sealwright::lab::{LabOptions, Revocation};
use serde_json::Value;

use crate::program::Program;
use crate::{World, servers};

/// What a host answers, from the path.
type Hosts = fn(host: &str, path: &str) -> Step;

enum Step {
    Redirect(String),
    /// The path begins with the server that has it.
    Forward,
}

/// A chain whose CRLs are at `crl.example`, in a path that begins with the lab's own server; a proxy
/// stands before every name.
async fn world(hosts: Hosts) -> World {
    let mut program = Program::start_now(LabOptions::default()).await;
    program.set("HTTP_PROXY", &start(hosts));
    let crl = Some("http://crl.example/{host}/crl/{name}/{issuer}".to_owned());
    let world = World::unsigned(program, Revocation { crl, ocsp: None });
    world.program.spawn(&format!("sign {}", world.image)).await.succeeds();
    world
}

/// What the leaf's server said, and its problem.
async fn told(world: &World) -> (String, String) {
    let line = format!("verify --output json {}", world.image);
    let answer = world.program.spawn(&line).await;
    let report: Value = serde_json::from_str(&answer.stdout).expect("JSON");
    let leaf = &report["signatures"][0]["revocation"][0];
    let said = servers(leaf).remove(0);
    let problem = leaf["servers"][0]["problem"].as_str().unwrap_or_default().to_owned();
    (said.rsplit(' ').next().unwrap_or_default().to_owned(), problem)
}

#[tokio::test(flavor = "multi_thread")]
async fn harmless_redirects_are_followed_three_times() {
    let world = world(|host, path| match host {
        "crl.example" => Step::Redirect(format!("http://one.example/{path}")),
        "one.example" => Step::Redirect(format!("//two.example/{path}")),
        "two.example" => Step::Redirect(format!("http://three.example/{path}")),
        _ => Step::Forward,
    });
    let world = world.await;
    assert_eq!(told(&world).await, ("good".to_owned(), String::new()));
    assert!(world.asked() >= 2, "each authority's CRL");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_too_many_is_not_followed() {
    let world = world(|_, path| Step::Redirect(format!("http://again.example/{path}"))).await;
    let (status, problem) = told(&world).await;
    assert_eq!(status, "unknown");
    assert!(problem.ends_with("redirects too often"), "{problem}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_numbers_is_judged_behind_a_proxy_as_well() {
    for (hosts, place) in [
        ((|_, _| Step::Redirect("http://169.254.169.254/".into())) as Hosts, "link-local"),
        (|_, _| Step::Redirect("http://2130706433/".into()), "an address of this machine"),
        (|_, _| Step::Redirect("http://localhost./".into()), "an address of this machine"),
        (|_, _| Step::Redirect("http://[::ffff:10.0.0.1]/".into()), "a private address"),
    ] {
        let world = world(hosts).await;
        let (status, problem) = told(&world).await;
        assert_eq!(status, "unknown");
        assert!(problem.contains("a redirect leads to") && problem.contains(place), "{problem}");
        assert_eq!(world.asked(), 0);
    }
}

/// The proxy's address. It ends with the test's process.
fn start(hosts: Hosts) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(&stream, hosts));
        }
    });
    format!("http://{address}")
}

/// One request in absolute form: `GET http://host/path HTTP/1.1`.
fn serve(mut stream: &TcpStream, hosts: Hosts) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut header = String::new();
    while reader.read_line(&mut header).ok()? > 2 {
        header.clear();
    }
    let (host, path) = line.strip_prefix("GET http://")?.split(' ').next()?.split_once('/')?;
    match hosts(host, path) {
        Step::Redirect(to) => {
            let head = format!("HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n");
            stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).ok()
        }
        Step::Forward => {
            let (server, path) = path.split_once('/')?;
            let mut upstream = TcpStream::connect(server).ok()?;
            let head =
                format!("GET /{path} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\n\r\n");
            upstream.write_all(head.as_bytes()).ok()?;
            let mut answer = Vec::new();
            upstream.read_to_end(&mut answer).ok()?;
            stream.write_all(&answer).ok()
        }
    }
}
