//! `-d` and `-v`

use insta::assert_snapshot;
use sealwright::lab::{Auth, Blobs, Fault, LabOptions, Role, Route};

use super::program::{Answer, Program};

/// The log of one command without its times: hosts, digests and numbers by name, each line once, in order
/// of the alphabet, since requests run side by side.
fn log(program: &Program, answer: &Answer) -> String {
    let mut lines: Vec<String> = answer.stderr.lines().map(|l| cleaned(program, l)).collect();
    lines.sort();
    lines.dedup();
    lines.join("\n")
}

fn cleaned(program: &Program, line: &str) -> String {
    let host = program.lab.registry_host();
    let port = host.rsplit_once(':').expect("a port").1;
    let line = line.split_once(" level=").map_or(line, |(_, rest)| rest);
    let line = line
        .replace(host, "registry")
        .replace(&host.replace(':', "%3A"), "registry")
        .replace(&format!("127.0.0.1:{port}"), "storage");
    // how a cut connection shows depends on the moment
    let line = match line.rsplit_once(": ") {
        Some((before, after)) if after.contains(", after ") => format!("{before}: <broken>"),
        _ => line,
    };
    let hex = |text: &str| text.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(text.len());
    let mut parts = line.split("sha256:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("<digest>");
        shown.push_str(&part[hex(part)..]);
    }
    let mut words: Vec<&str> = shown.split(' ').collect();
    // a number behind a colon is a status, any other a size or a time
    for at in 1..words.len() {
        if words[at].parse::<u64>().is_ok() && !words[at - 1].ends_with(':') {
            words[at] = "<n>";
        }
    }
    words.join(" ")
}

/// None of what was secret on the wire is in what was printed.
fn kept_quiet(program: &Program, answer: &Answer) -> usize {
    let said = format!("{}{}", answer.stdout, answer.stderr);
    let secrets = program.lab.control().secrets();
    for secret in &secrets {
        assert!(!said.contains(secret.expose()), "{} is in:\n{said}", secret.expose());
    }
    secrets.len()
}

#[tokio::test]
async fn debug_has_a_line_for_each_request_retries_and_redirects_included() {
    let options = LabOptions { auth: Auth::Bearer, blobs: Blobs::Redirected, ..Default::default() };
    let program = Program::start(options).await;
    let image = program.image("v1");
    let login = format!("-u {} -p {}", program.lab.username(), program.lab.password().expose());
    program.run(&format!("sign {login} {image}")).await.succeeds();
    let route = Route::on(Role::Registry).path("/referrers/");
    program.lab.control().fault(route.clone(), Fault::throttled(1), 1);
    program.lab.control().fault(route, Fault::Reset, 1);
    let answer = program.run(&format!("verify -d {login} {image}")).await.succeeds();
    assert_snapshot!(log(&program, &answer), @r"
    debug msg=GET http://registry/token?service=registry&scope=repository%3Anet-monitor%3Apull: 200 OK, <n> bytes in <n> ms
    debug msg=GET http://registry/v2/net-monitor/blobs/<digest>: 307 Temporary Redirect, <n> bytes in <n> ms
    debug msg=GET http://registry/v2/net-monitor/blobs/<digest>: redirected to http://storage/storage/net-monitor/<digest>
    debug msg=GET http://registry/v2/net-monitor/manifests/<digest>: 200 OK, <n> bytes in <n> ms
    debug msg=GET http://registry/v2/net-monitor/manifests/<digest>: 401 Unauthorized, <n> bytes in <n> ms
    debug msg=GET http://registry/v2/net-monitor/referrers/<digest>: <broken>
    debug msg=GET http://registry/v2/net-monitor/referrers/<digest>?artifactType=application%2Fvnd.cncf.notary.signature: 200 OK, <n> bytes in <n> ms
    debug msg=GET http://registry/v2/net-monitor/referrers/<digest>?artifactType=application%2Fvnd.cncf.notary.signature: 401 Unauthorized, <n> bytes in <n> ms
    debug msg=GET http://registry/v2/net-monitor/referrers/<digest>?artifactType=application%2Fvnd.cncf.notary.signature: 429 Too Many Requests, <n> bytes in <n> ms
    debug msg=GET http://registry/v2/net-monitor/referrers/<digest>?artifactType=application%2Fvnd.cncf.notary.signature: again in <n> ms
    debug msg=GET http://storage/storage/net-monitor/<digest>: 200 OK, <n> bytes in <n> ms
    ");
    assert!(kept_quiet(&program, &answer) >= 2);
}

#[tokio::test]
async fn verbose_has_no_requests_and_no_times() {
    let program = Program::start(LabOptions { auth: Auth::Acr, ..Default::default() }).await;
    let key = program.issue("wabbit");
    let sign = format!(
        "sign {{}} --azure-extra-hosts {} --plugin azure-kv --id {} {}",
        program.lab.extra_hosts(),
        key.key_id,
        program.image("v1")
    );
    let quiet = program.run(&sign.replace("{}", "")).await.succeeds();
    assert_eq!(quiet.stderr, "");
    let verbose = program.run(&sign.replace("{}", "-v")).await.succeeds();
    assert_eq!(verbose.stderr, format!("level=info msg=signing with {}\n", key.key_id));
    let debug = program.run(&sign.replace("{}", "-d")).await.succeeds();
    for line in debug.stderr.lines() {
        assert!(line.starts_with("time=2026-06-01T12:00:00Z level="), "{line}");
    }
    // Entra's tokens for both audiences, the client's secret, the registry's tokens, the vault's secret
    for part in ["/oauth2/v2.0/token: 200 OK", "/oauth2/exchange: 200 OK", "/keys/wabbit/"] {
        assert!(debug.stderr.contains(part), "{part} in {}", debug.stderr);
    }
    assert!(kept_quiet(&program, &debug) >= 6);
    let extra = program.lab.extra_hosts();
    let host = program.lab.registry_host();
    let login = program.run(&format!("login -d --azure-extra-hosts {extra} {host}")).await;
    kept_quiet(&program, &login.succeeds());
}

#[tokio::test]
async fn a_redirects_signature_and_a_hostile_address_stay_out_of_the_log() {
    let program = Program::start(LabOptions::default()).await;
    let image = program.image("v1");
    program.run(&format!("sign {image}")).await.succeeds();
    for (to, shown) in [
        ("/b?se=2026&sig=s3cret%2F#s3cret", "/b?se=*****&sig=*****"),
        ("/b?s3cret", "/b?*****"),
        ("/b%0a::error::x%1b[31m?n=%0a##[error]s3cret", "/b%0a::error::x%1b[31m?n=%0a"),
    ] {
        let location = format!("http://127.0.0.1:1{to}");
        let fault = Fault::Status(307, vec![("Location".to_owned(), location)]);
        program.lab.control().fault(Route::on(Role::Registry).path("/blobs/"), fault, 1);
        let answer = program.run(&format!("verify -d {image}")).await;
        let redirect = format!(": redirected to http://127.0.0.1:1{shown}\n");
        assert!(answer.stderr.contains(&redirect), "{redirect} in {}", answer.stderr);
        assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
        let breaks = |c: char| c.is_control() && c != '\n';
        assert!(!answer.stderr.contains(breaks), "{:?}", answer.stderr);
    }
    let moved = vec![("Location".to_owned(), "http://me:s3cret@127.0.0.1:1/?t=s3cret".to_owned())];
    let route = Route::on(Role::Registry).path("/blobs/");
    program.lab.control().fault(route, Fault::Status(307, moved), 1);
    let answer = program.run(&format!("verify -d {image}")).await;
    assert!(!answer.stderr.contains("s3cret"), "{}", answer.stderr);
}
