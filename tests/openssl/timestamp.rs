//! `openssl ts -reply` as time-stamping authority, and tokens of `openssl cms -sign` over its answers.

use std::sync::Arc;

use serde_json::json;

use crate::authority::{ALWAYS, Authority, CA, P256, P384, P521, RSA, Wanted};
use crate::server::{Answer, Question};
use crate::world::World;

const STAMPING: &str = "keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
";

/// `openssl ts`'s section for the authority.
const CLOCK: &str = "
[clock]
serial = clock-serial
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
signer_digest = sha256
accuracy = secs:1, millisecs:500
ess_cert_id_alg = sha256
";

/// The root of the time-stamping authorities is the signers' own; a policy asks for a timestamp always.
async fn world(title: &str) -> Option<World> {
    let world = World::open(title).await?;
    let authority = &world.authority;
    authority.write("clock-serial", "01");
    authority.write("clock.cnf", CLOCK);
    world.signer("leaf", P256, "");
    authority.issue(Wanted { extensions: CA, key: P384, ..Wanted::named("between") });
    let root = authority.text("root.pem");
    world.program.write(".config/notation/truststore/x509/tsa/clock/root.pem", &root);
    world.program.write("root.pem", &root);
    let policy = json!({ "version": "1.0", "trustPolicies": [{
        "name": "always",
        "registryScopes": ["*"],
        "signatureVerification": { "level": "strict", "verifyTimestamp": "always" },
        "trustStores": ["ca:lab", "tsa:clock"],
        "trustedIdentities": ["*"],
    }] });
    world.program.write(".config/notation/trustpolicy.json", &policy.to_string());
    Some(world)
}

/// From now on the authority makes its answer from the request like this.
fn stamp(world: &World, answer: impl Fn(&Authority) -> Result<(), String> + Send + Sync + 'static) {
    let authority = world.authority.clone();
    world.server.at("tsa", move |question| served(&authority, question, &answer));
}

fn served(
    authority: &Arc<Authority>,
    question: &Question,
    answer: &(impl Fn(&Authority) -> Result<(), String> + ?Sized),
) -> Answer {
    authority.write("query.tsq", &question.body);
    if let Err(problem) = answer(authority) {
        println!("{problem}");
        return None;
    }
    Some(("application/timestamp-reply", authority.read("answer.tsr")))
}

/// `openssl ts -reply`, by this certificate.
fn reply(authority: &Authority, name: &str, flags: &str) -> Result<(), String> {
    let command = "ts -reply -config clock.cnf -section clock -queryfile query.tsq -out answer.tsr";
    authority.attempt(&format!("{command} -signer {name}.pem -inkey {name}.key {flags}")).map(drop)
}

/// The TSTInfo of `openssl ts`, signed anew with these flags of `openssl cms -sign`.
fn signed_anew(authority: &Authority, name: &str, flags: &str) -> Result<(), String> {
    const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
    reply(authority, "honest", "")?;
    for command in [
        "ts -reply -in answer.tsr -token_out -out token.der",
        "cms -verify -noverify -inform DER -in token.der -out tst.der",
        &format!(
            "cms -sign -binary -nodetach -econtent_type {TST_INFO} -in tst.der -outform DER \
             -out token.der -signer {name}.pem -inkey {name}.key {flags}"
        ),
        "ts -reply -token_in -in token.der -out answer.tsr",
    ] {
        authority.attempt(command)?;
    }
    Ok(())
}

async fn sign(world: &World, flags: &str) -> crate::program::Answer {
    let (url, root) = (world.server.url("tsa"), world.program.path("root.pem"));
    let root = root.display();
    world.sign(&format!("{flags} --timestamp-url {url} --timestamp-root-cert {root}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timestamp_of_openssl_is_attached_and_verifies() {
    let Some(mut world) = world("openssl ts").await else { return };
    for (name, key, issuer) in [
        ("p256", P256, "root"),
        ("p384", P384, "root"),
        ("p521", P521, "between"),
        ("rsa", RSA, "root"),
        ("honest", RSA, "between"),
    ] {
        let wanted = Wanted { key, issuer, extensions: STAMPING, ..Wanted::named(name) };
        world.authority.issue(wanted);
    }
    for (format, name, flags) in [
        ("jws", "p256", ""),
        ("cose", "p256", "-sha512"),
        ("jws", "p384", "-sha384 -chain between.pem"),
        ("cose", "p521", "-sha512 -chain between.pem"),
        ("jws", "rsa", "-sha256"),
        ("cose", "rsa", "-sha384"),
        ("jws", "honest", "-sha512 -chain between.pem"),
    ] {
        stamp(&world, move |authority| reply(authority, name, flags));
        world.image = world.program.image(&format!("{format}-{name}{}", flags.len()));
        sign(&world, &format!("--signature-format {format}")).await.succeeds();
        world.verify("").await.succeeds();
    }
    let shown = world.program.spawn(&format!("inspect {}", world.image)).await.succeeds();
    assert!(shown.stdout.contains("issued to: CN=honest,O=Peer,ST=WA,C=US"), "{}", shown.stdout);
    // 1.5 s on either side
    assert!(shown.stdout.contains("timestamp: ["), "{}", shown.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hash_of_a_signers_suite_is_stamped() {
    let Some(mut world) = world("openssl ts, hashes").await else { return };
    world.authority.issue(Wanted { extensions: STAMPING, ..Wanted::named("honest") });
    stamp(&world, |authority| reply(authority, "honest", ""));
    for (name, key) in [("leaf384", P384), ("leaf521", P521), ("leaf-rsa", RSA)] {
        world.signer(name, key, "");
        world.image = world.program.image(name);
        sign(&world, "").await.succeeds();
        world.verify("").await.succeeds();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_signed_with_openssl_cms_verify_as_long_as_they_keep_the_rules() {
    let Some(mut world) = world("openssl cms").await else { return };
    let authority = world.authority.clone();
    let not_critical = STAMPING.replace("= critical,timeStamping", "= timeStamping");
    let two = STAMPING.replace("timeStamping", "timeStamping,codeSigning");
    let code = STAMPING.replace("critical,timeStamping", "codeSigning");
    let past = ("20000101000000Z", "20010101000000Z");
    let listed = format!("{STAMPING}crlDistributionPoints = URI:{}", world.server.url("gone"));
    let named = Wanted { extensions: STAMPING, ..Wanted::named("honest") };
    for (name, issuer, extensions, validity) in [
        ("honest", "root", STAMPING, ALWAYS),
        ("below", "between", STAMPING, ALWAYS),
        ("soft", "root", &not_critical, ALWAYS),
        ("two", "root", &two, ALWAYS),
        ("code", "root", &code, ALWAYS),
        ("over", "root", STAMPING, past),
        ("listed", "root", &listed, ALWAYS),
        ("stranger", "stranger", STAMPING, ALWAYS),
    ] {
        authority.issue(Wanted { name, issuer, extensions, validity, ..named });
    }
    authority.issue(Wanted { key: RSA, name: "rsa", ..named });
    for (name, flags) in [
        ("honest", "-cades -md sha256"),
        ("honest", "-cades -md sha512 -nosmimecap"),
        ("below", "-cades -md sha384 -certfile between.pem"),
        ("rsa", "-cades -md sha256"),
        ("rsa", "-cades -md sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:digest"),
    ] {
        stamp(&world, move |authority| signed_anew(authority, name, flags));
        world.image = world.program.image(&format!("{name}{}", flags.len()));
        sign(&world, "").await.succeeds();
        world.verify("").await.succeeds();
    }
    world.image = world.program.image("refused");
    for (name, flags, words) in [
        ("soft", "-cades -md sha256", "invalid timestamping certificate chain"),
        ("two", "-cades -md sha256", "invalid timestamping certificate chain"),
        ("code", "-cades -md sha256", "invalid timestamping certificate chain"),
        ("over", "-cades -md sha256", "CN=over,O=Peer,ST=WA,C=US\" was invalid at"),
        ("listed", "-cades -md sha256", "revocation status is unknown"),
        ("below", "-cades -md sha256", "no chain leads from the timestamping certificate"),
        ("stranger", "-cades -md sha256", "no chain leads from the timestamping certificate"),
        ("honest", "-md sha256", "missing signed attribute signingCertificateV2"),
        ("honest", "-md sha256 -noattr", "missing signed attribute"),
        ("honest", "-cades -md sha256 -nocerts", "signing certificate not found"),
        // the older attribute, by SHA-1
        ("honest", "-cades -md sha1", "missing signed attribute signingCertificateV2"),
        // a salt of another length than the hash's
        (
            "rsa",
            "-cades -md sha256 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:20",
            "is not supported",
        ),
    ] {
        stamp(&world, move |authority| signed_anew(authority, name, flags));
        let answer = sign(&world, "").await;
        assert_eq!(answer.code, 1, "{name} {flags}: {}", answer.stderr);
        assert!(answer.stderr.contains(words), "{name} {flags}: {}", answer.stderr);
    }
    assert!(world.program.signatures(&world.image).is_empty(), "nothing was pushed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_another_request_or_none_is_refused() {
    let Some(world) = world("other answers of openssl ts").await else { return };
    let authority = world.authority.clone();
    authority.issue(Wanted { extensions: STAMPING, ..Wanted::named("honest") });
    authority.write("sha512.cnf", CLOCK.replace("sha256, sha384, sha512", "sha512"));
    let digest = "00".repeat(32);
    authority.run(&format!("ts -query -sha256 -digest {digest} -cert -out other.tsq"));
    let own = "ts -reply -section clock -out answer.tsr -signer honest.pem -inkey honest.key";
    for (flags, words) in [
        ("-config clock.cnf -queryfile other.tsq", "invalid TSTInfo: mismatched message"),
        (
            "-config sha512.cnf -queryfile query.tsq",
            "the timestamping authority refused: rejection",
        ),
        ("-config clock.cnf -queryfile root.pem", "the timestamping authority refused: rejection"),
        // OpenSSL refuses to serve with it
        ("-config clock.cnf -queryfile query.tsq -signer leaf.pem", "authority answered 400"),
    ] {
        let command = format!("{own} {flags}");
        stamp(&world, move |authority| authority.attempt(&command).map(drop));
        let answer = sign(&world, "").await;
        assert_eq!(answer.code, 1, "{flags}: {}", answer.stderr);
        assert!(answer.stderr.contains(words), "{flags}: {}", answer.stderr);
    }
    // the same imprint under another nonce
    stamp(&world, |authority| {
        let text =
            String::from_utf8_lossy(&authority.run("ts -query -in query.tsq -text")).into_owned();
        let rows = text.lines().filter(|line| line.starts_with("    ") && line.contains(" - "));
        let hex = rows
            .map(|row| row.split(" - ").nth(1).unwrap_or_default().get(..47).unwrap_or_default());
        let digest = hex.collect::<String>().replace([' ', '-'], "");
        authority.attempt(&format!("ts -query -sha256 -digest {digest} -cert -out query.tsq"))?;
        reply(authority, "honest", "")
    });
    let answer = sign(&world, "").await;
    let words = "nonce in response does not match nonce in request";
    assert!(answer.code == 1 && answer.stderr.contains(words), "{}", answer.stderr);
    assert!(world.program.signatures(&world.image).is_empty(), "nothing was pushed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authoritys_own_revocation_is_asked_at_sign_and_verify() {
    let Some(mut world) = world("openssl ts, revoked").await else { return };
    let authority = world.authority.clone();
    let listed = format!("{STAMPING}crlDistributionPoints = URI:{}", world.server.url("crl"));
    authority.issue(Wanted { extensions: &listed, ..Wanted::named("honest") });
    stamp(&world, |authority| reply(authority, "honest", ""));
    let list = |authority: &Authority| {
        let times = "-crl_lastupdate 20200101000000Z -crl_nextupdate 20491231235959Z";
        authority.run(&format!("ca -config ca.cnf -gencrl {times} -out crl.pem"));
        authority.run("crl -in crl.pem -outform DER -out crl.der");
        authority.read("crl.der")
    };
    let good = list(&authority);
    world.server.at("crl", move |_| Some(("application/pkix-crl", good.clone())));
    sign(&world, "").await.succeeds();
    world.verify("").await.succeeds();
    authority.run("ca -config ca.cnf -revoke honest.pem -crl_reason keyCompromise");
    let revoked = list(&authority);
    world.server.at("crl", move |_| Some(("application/pkix-crl", revoked.clone())));
    let answer = world.verify("").await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("CN=honest,O=Peer,ST=WA,C=US"), "{}", answer.stderr);
    assert!(answer.stderr.contains("is revoked"), "{}", answer.stderr);
    world.image = world.program.image("later");
    world.program.set("NOTATION_CACHE", &world.program.path("empty").display().to_string());
    let answer = sign(&world, "").await;
    assert_eq!(answer.code, 1);
    assert!(answer.stderr.contains("is revoked"), "{}", answer.stderr);
    assert!(world.program.signatures(&world.image).is_empty(), "nothing was pushed");
}
