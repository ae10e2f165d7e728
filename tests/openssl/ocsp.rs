//! `openssl ocsp` as responder: behind the test's server, and by itself.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealwright::clock::{Clock, SystemClock};
use time::OffsetDateTime;

use crate::authority::{Authority, P256, P384, P521, RSA, Wanted};
use crate::server::{Answer, Question};
use crate::world::{PATIENT, World, said};

const RESPONDER: &str = "keyUsage = critical,digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored";

const BY_ROOT: &str = "-rsigner root.pem -rkey root.key -ndays 7";

async fn world(title: &str) -> Option<World> {
    let world = World::open(title).await?;
    let source = format!("authorityInfoAccess = OCSP;URI:{}", world.server.url("ocsp"));
    world.signer("leaf", P256, &source);
    respond(&world, BY_ROOT);
    world.sign("").await.succeeds();
    Some(world)
}

/// From now on the responder answers with these flags.
fn respond(world: &World, flags: &str) {
    let (authority, flags) = (world.authority.clone(), flags.to_owned());
    world.server.at("ocsp", move |question| reply(&authority, &flags, question));
}

fn reply(authority: &Authority, flags: &str, question: &Question) -> Answer {
    let request = match question.body.is_empty() {
        true => STANDARD.decode(&question.rest).ok()?,
        false => question.body.clone(),
    };
    authority.write("request.der", request);
    let command = "ocsp -index index.txt -CA root.pem -reqin request.der -respout answer.der";
    authority.attempt(&format!("{command} {flags}")).ok()?;
    Some(("application/ocsp-response", authority.read("answer.der")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_certificate_verifies_by_issuer_and_delegate_named_either_way() {
    let Some(mut world) = world("good by OCSP").await else { return };
    for (name, key, issuer) in [
        ("p256", P256, "root"),
        ("p384", P384, "root"),
        ("p521", P521, "root"),
        ("rsa", RSA, "root"),
    ] {
        let wanted = Wanted { key, issuer, extensions: RESPONDER, ..Wanted::named(name) };
        world.authority.issue(wanted);
    }
    for flags in [
        BY_ROOT,
        "-rsigner root.pem -rkey root.key -ndays 7 -resp_key_id",
        "-rsigner root.pem -rkey root.key -ndays 7 -rmd sha512",
        "-rsigner p256.pem -rkey p256.key -nmin 5",
        "-rsigner p256.pem -rkey p256.key -nmin 5 -resp_key_id",
        "-rsigner p384.pem -rkey p384.key -nmin 5 -rmd sha384",
        "-rsigner p521.pem -rkey p521.key -nmin 5 -rmd sha512",
        "-rsigner rsa.pem -rkey rsa.key -nmin 5",
        "-rsigner rsa.pem -rkey rsa.key -nmin 5 -rmd sha384 -rsigopt rsa_padding_mode:pss -rsigopt rsa_pss_saltlen:digest",
        "-rsigner p256.pem -rkey p256.key -nmin 5 -rother rsa.pem",
    ] {
        respond(&world, flags);
        assert_eq!(world.status().await, "good", "{flags}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_may_give_leaves_the_status_unknown() {
    let Some(mut world) = world("refused OCSP answers").await else { return };
    let past = ("20000101000000Z", "20010101000000Z");
    let plain = "keyUsage = critical,digitalSignature";
    for (name, extensions, validity) in [
        ("expired", RESPONDER, Some(past)),
        ("sibling", plain, None),
        ("delegate", RESPONDER, None),
    ] {
        let wanted = Wanted { extensions, ..Wanted::named(name) };
        world.authority.issue(Wanted { validity: validity.unwrap_or(wanted.validity), ..wanted });
    }
    let other = Wanted { extensions: crate::authority::CA, ..Wanted::named("other") };
    world.authority.issue(Wanted { issuer: "other", ..other });
    let stranger = Wanted { issuer: "other", extensions: RESPONDER, ..Wanted::named("stranger") };
    world.authority.issue(stranger);
    for (flags, words) in [
        ("-rsigner root.pem -rkey root.key -ndays 7 -rmd sha1", "the signature of the OCSP answer"),
        ("-rsigner root.pem -rkey root.key -ndays 7 -badsig", "the signature of the OCSP answer"),
        ("-rsigner root.pem -rkey root.key", "does not say until when it is good"),
        (
            "-rsigner sibling.pem -rkey sibling.key -ndays 7",
            "lacks the extended key usage OCSPSigning",
        ),
        ("-rsigner expired.pem -rkey expired.key -ndays 7", "is valid from 2000-01-01"),
        ("-rsigner stranger.pem -rkey stranger.key -ndays 7", "is not issued by"),
        (
            "-rsigner delegate.pem -rkey delegate.key -ndays 7 -resp_no_certs",
            "the certificate that its responder id names is not in it",
        ),
        // the hashes of another issuer
        ("-rsigner other.pem -rkey other.key -ndays 7 -CA other.pem", "is signed by none who may"),
    ] {
        respond(&world, flags);
        let status = world.status().await;
        assert!(status.starts_with("unknown: ") && status.contains(words), "{flags}: {status}");
    }
    world.server.at("ocsp", |_| Some(("application/ocsp-response", vec![0x30, 3, 0x0a, 1, 3])));
    assert_eq!(world.status().await, "unknown: the OCSP server answered tryLater");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_fails_with_its_reason_and_one_not_known_is_unknown() {
    let Some(mut world) = world("revoked by OCSP").await else { return };
    let good = world.authority.text("index.txt");
    for (flags, reason) in [
        ("", None),
        ("-crl_reason superseded", Some("superseded")),
        ("-crl_reason cessationOfOperation", Some("cessationOfOperation")),
        ("-crl_hold holdInstructionReject", Some("certificateHold")),
        ("-crl_compromise 20200101000000Z", Some("keyCompromise")),
        ("-crl_CA_compromise 20200101000000Z", Some("cACompromise")),
    ] {
        world.authority.write("index.txt", &good);
        world.authority.run(&format!("ca -config ca.cnf -revoke leaf.pem {flags}"));
        let expected = reason.map_or("revoked".to_owned(), |reason| format!("revoked: {reason}"));
        assert_eq!(world.status().await, expected, "{flags}");
    }
    let answer = world.verify("").await;
    assert!(answer.stderr.contains("is revoked (revoked on \""), "{}", answer.stderr);
    world
        .authority
        .write("index.txt", good.replace("CN=leaf", "CN=gone").replace("\t1001\t", "\t9999\t"));
    let expected = "unknown: the OCSP server does not know the certificate";
    assert_eq!(world.status().await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_good_until_its_end() {
    let Some(mut world) = world("OCSP answers that end").await else { return };
    respond(&world, "-rsigner root.pem -rkey root.key -nmin 30");
    assert_eq!(world.status().await, "good");
    // in this process, whose clock is the test's
    for (ahead, words) in [
        (time::Duration::minutes(20), "good"),
        (time::Duration::minutes(40), "unknown: the OCSP answer was good until "),
        (time::Duration::minutes(-40), "unknown: the OCSP answer is from "),
    ] {
        world.program.clock = Arc::new(Ahead(SystemClock::new(), ahead));
        let line = format!("verify {PATIENT} --output json {}", world.image);
        let answer = world.program.run(&line).await;
        let status = said(&answer);
        assert!(status.starts_with(words), "{status}");
    }
}

/// This machine's clock, set wrong.
struct Ahead(SystemClock, time::Duration);

#[async_trait::async_trait]
impl Clock for Ahead {
    fn now(&self) -> OffsetDateTime {
        self.0.now() + self.1
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_whose_address_has_a_query_gets_the_request_as_its_body() {
    let Some(mut world) = World::open("OCSP by POST").await else { return };
    let place = "ocsp?by=body";
    let source = format!("authorityInfoAccess = OCSP;URI:{}", world.server.url(place));
    world.signer("leaf", P256, &source);
    let authority = world.authority.clone();
    world.server.at(place, move |question| {
        assert!(question.rest.is_empty());
        reply(&authority, BY_ROOT, question)
    });
    world.sign("").await.succeeds();
    assert_eq!(world.status().await, "good");
}

#[tokio::test(flavor = "multi_thread")]
async fn openssls_own_server_is_asked_as_well() {
    let Some(mut world) = World::open("openssl ocsp -port").await else { return };
    let responder = Responder::start(&world.authority);
    let url = format!("http://127.0.0.1:{}/", responder.port);
    world.signer("leaf", P256, &format!("authorityInfoAccess = OCSP;URI:{url}"));
    responder.wake();
    world.sign("").await.succeeds();
    assert_eq!(world.status().await, "good");
}

/// The program's own HTTP server, which ends with this value.
struct Responder {
    process: Child,
    port: u16,
}

impl Responder {
    fn start(authority: &Authority) -> Self {
        let mut process = authority
            .command(&format!("ocsp -port 0 -ignore_err -index index.txt -CA root.pem {BY_ROOT}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("OpenSSL starts");
        let stdout = process.stdout.take().expect("piped");
        // ACCEPT [::]:43287 PID=32038
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let place = line.split_whitespace().nth(1).unwrap_or_default();
        let port = place.rsplit(':').next().and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("no port in {line:?}"));
        Self { process, port }
    }

    /// A request that is none. It looks for changes of its index before it waits for the next one.
    fn wake(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").expect("sent");
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
