//! CRLs of `openssl ca -gencrl`, served to `verify`.

use crate::authority::{Authority, CA, P256, Wanted};
use crate::world::World;

/// The first and the last second that every CRL here is good for.
const TIMES: &str = "-crl_lastupdate 20200101000000Z -crl_nextupdate 20491231235959Z";

async fn world(title: &str) -> Option<World> {
    let world = World::open(title).await?;
    let source = format!("crlDistributionPoints = URI:{}", world.server.url("crl"));
    world.signer("leaf", P256, &source);
    world.sign("").await.succeeds();
    Some(world)
}

/// A CRL in DER with these flags; `extensions` are lines of OpenSSL's configuration.
fn crl(authority: &Authority, flags: &str, extensions: &str) -> Vec<u8> {
    let configuration = [&authority.text("ca.cnf"), "[crl]\n", extensions].concat();
    authority.write("crl.cnf", configuration);
    let exts = if extensions.is_empty() { "" } else { "-crlexts crl" };
    authority.run(&format!("ca -config crl.cnf -gencrl -out crl.pem {flags} {exts}"));
    authority.run("crl -in crl.pem -outform DER -out crl.der");
    authority.read("crl.der")
}

fn serve(world: &World, place: &str, crl: Vec<u8>) {
    world.server.at(place, move |_| Some(("application/pkix-crl", crl.clone())));
}

fn revoke(authority: &Authority, flags: &str) {
    authority.run(&format!("ca -config ca.cnf -revoke leaf.pem {flags}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_good_revoked_or_held_as_the_crl_says() {
    let Some(mut world) = world("the entries of CRLs").await else { return };
    let good = world.authority.text("index.txt");
    for (flags, expected) in [
        (None, "good"),
        (Some(""), "revoked"),
        (Some("-crl_reason affiliationChanged"), "revoked: affiliationChanged"),
        (Some("-crl_hold holdInstructionReject"), "revoked: certificateHold"),
        (Some("-crl_compromise 20200101000000Z"), "revoked: keyCompromise"),
        (Some("-crl_CA_compromise 20200101000000Z"), "revoked: cACompromise"),
    ] {
        world.authority.write("index.txt", &good);
        if let Some(flags) = flags {
            revoke(&world.authority, flags);
        }
        serve(&world, "crl", crl(&world.authority, TIMES, ""));
        assert_eq!(world.status().await, expected, "{flags:?}");
    }
    let answer = world.verify("").await;
    let words = "reason: cACompromise";
    assert!(answer.code == 1 && answer.stderr.contains(words), "{}", answer.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crl_that_is_no_proof_leaves_the_status_unknown() {
    let Some(mut world) = world("refused CRLs").await else { return };
    let authority = world.authority.clone();
    for name in ["other", "plain"] {
        let extensions = if name == "other" { CA } else { "keyUsage = critical,digitalSignature" };
        authority.issue(Wanted { issuer: name, extensions, ..Wanted::named(name) });
    }
    let here = world.server.url("crl");
    let fullname = format!("fullname = URI:{here}\n");
    let scope =
        |lines: &str| format!("issuingDistributionPoint = critical,@scope\n[scope]\n{lines}");
    let users = scope(&format!("{fullname}onlyuser = TRUE"));
    let authorities = scope(&format!("{fullname}onlyCA = TRUE"));
    let attributes = scope(&format!("{fullname}onlyAA = TRUE"));
    let indirect = scope(&format!("{fullname}indirectCRL = TRUE"));
    let some = scope(&format!("{fullname}onlysomereasons = keyCompromise"));
    let elsewhere = scope("fullname = URI:http://crl.example/other.crl");
    let relative = scope("relativename = relative\n[relative]\nCN = a");
    let stale = "-crl_lastupdate 20200101000000Z -crl_nextupdate 20200201000000Z";
    let future = "-crl_lastupdate 20480101000000Z -crl_nextupdate 20491231235959Z";
    let sha1 = format!("{TIMES} -md sha1");
    let other = format!("{TIMES} -cert other.pem -keyfile other.key");
    for (flags, extensions, words) in [
        (TIMES, users.as_str(), "good"),
        (TIMES, &scope(&fullname), "good"),
        (TIMES, "authorityKeyIdentifier = keyid", "good"),
        (stale, "", "unknown: the CRL was good until 2020-02-01"),
        (future, "", "unknown: the CRL is from 2048-01-01"),
        (&sha1, "", "unknown: the signature of the CRL does not verify"),
        (&other, "", "unknown: the signature of the CRL does not verify"),
        (TIMES, &authorities, "unknown: the CRL is not for this certificate: it is for CA cert"),
        (TIMES, &attributes, "unknown: the CRL is not for this certificate: it is for attribute"),
        (TIMES, &indirect, "unknown: the CRL is not for this certificate: it is an indirect CRL"),
        (TIMES, &some, "unknown: the CRL is not for this certificate: it covers some reasons only"),
        (TIMES, &elsewhere, "unknown: the CRL is not for this certificate: it belongs to another"),
        (TIMES, &relative, "unknown: the CRL is not for this certificate: its distribution point"),
        (
            TIMES,
            "1.2.3.4 = critical,ASN1:NULL",
            "unknown: the CRL has the critical extension 1.2.3.4",
        ),
        (
            TIMES,
            "2.5.29.27 = critical,ASN1:INTEGER:1",
            "unknown: the CRL is not for this certificate: it is a delta",
        ),
    ] {
        serve(&world, "crl", crl(&authority, flags, extensions));
        let status = world.status().await;
        assert!(status.starts_with(words), "{flags} {extensions}: {status}");
        assert!(words != "good" || status == "good", "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crl_for_some_reasons_revokes_all_the_same() {
    let Some(mut world) = world("a CRL for some reasons").await else { return };
    revoke(&world.authority, "-crl_reason keyCompromise");
    let extensions =
        "issuingDistributionPoint = critical,@scope\n[scope]\nonlysomereasons = keyCompromise";
    serve(&world, "crl", crl(&world.authority, TIMES, extensions));
    assert_eq!(world.status().await, "revoked: keyCompromise");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delta_crl_goes_before_its_base() {
    let Some(mut world) = world("delta CRLs").await else { return };
    let authority = world.authority.clone();
    let delta = world.server.url("delta");
    let (freshest, mark) =
        (format!("freshestCRL = URI:{delta}"), "2.5.29.27 = critical,ASN1:INTEGER:1");
    serve(&world, "crl", crl(&authority, TIMES, &freshest));
    let status = world.status().await;
    assert!(status.starts_with("unknown: ") && status.contains("404"), "{status}");
    serve(&world, "delta", crl(&authority, TIMES, mark));
    assert_eq!(world.status().await, "good");
    revoke(&authority, "-crl_hold holdInstructionReject");
    serve(&world, "delta", crl(&authority, TIMES, mark));
    assert_eq!(world.status().await, "revoked: certificateHold");
    // what is kept is both, and told again without a server
    let kept = world.verify("").await;
    assert!(kept.stderr.contains("certificateHold"), "{}", kept.stderr);
    let offline = format!("verify --revocation offline {}", world.image);
    let told = world.program.spawn(&offline).await;
    assert!(told.stderr.contains("certificateHold"), "{}", told.stderr);
    let later = "2.5.29.27 = critical,ASN1:INTEGER:9";
    serve(&world, "delta", crl(&authority, TIMES, later));
    let status = world.status().await;
    let words = "unknown: the delta CRL does not continue its base: it starts from a later base";
    assert_eq!(status, words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crl_answers_where_no_responder_does() {
    let Some(mut world) = World::open("OCSP, then CRL").await else { return };
    let (ocsp, list) = (world.server.url("ocsp"), world.server.url("crl"));
    let sources =
        format!("authorityInfoAccess = OCSP;URI:{ocsp}\ncrlDistributionPoints = URI:{list}");
    world.signer("leaf", P256, &sources);
    world.sign("").await.succeeds();
    serve(&world, "crl", crl(&world.authority, TIMES, ""));
    world.server.at("ocsp", |_| None);
    assert_eq!(world.status().await, "good");
    revoke(&world.authority, "");
    serve(&world, "crl", crl(&world.authority, TIMES, ""));
    assert_eq!(world.status().await, "revoked");
}
