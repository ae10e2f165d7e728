//! `blob verify`

use insta::assert_snapshot;

use super::{POLICY, World};
use crate::support::Home;

fn signed() -> World {
    let world = World::new();
    world.ok("blob sign $HOME/file.bin");
    world.ok("blob sign --signature-format cose -m k=v --media-type text/plain $HOME/file.bin");
    world
}

#[test]
fn a_file_and_a_signature_are_wanted() {
    let home = Home::new();
    assert_snapshot!(home.run("blob verify"), @r"
    [stderr]
    Error: missing path to the blob artifact: use `sealwright blob verify --help` to see what parameters are required
    [exit] 1
    ");
    assert_snapshot!(home.run("blob verify $HOME/file.bin"), @r"
    [stderr]
    Error: filepath of the signature cannot be empty
    [exit] 1
    ");
    assert_eq!(
        home.run("blob verify -s '' $HOME/file.bin"),
        home.run("blob verify $HOME/file.bin")
    );
    assert_snapshot!(home.run("blob verify -s $HOME/x.jws.sig --media-type= $HOME/file.bin"), @r"
    [stderr]
    Error: --media-type is set but with empty value
    [exit] 1
    ");
}

#[test]
fn a_good_signature_is_said_with_its_metadata() {
    let world = signed();
    assert_snapshot!(world.verify("file.bin.jws.sig", ""), @r"
    [stdout]
    Successfully verified signature for $HOME/file.bin
    [exit] 0
    ");
    assert_snapshot!(world.verify("file.bin.cose.sig", "-m k=v --media-type text/plain"), @r"
    [stdout]
    Successfully verified signature for $HOME/file.bin

    The artifact was signed with the following user metadata.

    KEY   VALUE···
    k     v·······
    [exit] 0
    ");
}

#[test]
fn a_file_or_a_media_type_of_another_signature_is_refused() {
    let world = signed();
    let mismatch = "[stderr]\nError: signature verification failed: integrity check failed. signature does not match the given blob\n";
    let other_type = world.verify("file.bin.cose.sig", "--media-type text/html");
    assert!(other_type.starts_with(mismatch), "{other_type}");
    world.home.write("file.bin", "hell0\n");
    assert_snapshot!(world.verify("file.bin.jws.sig", ""), @r"
    [stderr]
    Error: signature verification failed: integrity check failed. signature does not match the given blob
    because signed: application/octet-stream sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03 6 bytes
    because found in the file: application/octet-stream sha256:d882cd056d540d634e068d66fdeb31fbfd85a6dd80f1ead460b1986d5fa36d95 6 bytes
    [exit] 1
    ");
    world.home.write("file.bin", "hello\nmore");
    assert!(world.verify("file.bin.cose.sig", "").starts_with(mismatch));
}

#[test]
fn missing_metadata_is_named() {
    let world = signed();
    assert_snapshot!(world.verify("file.bin.cose.sig", "-m k=w"), @r"
    [stderr]
    Error: signature verification failed: unable to find specified metadata in the signature
    because missing: k=w
    [exit] 1
    ");
}

#[test]
fn a_tampered_envelope_is_refused_in_both_formats() {
    let world = signed();
    for name in ["file.bin.jws.sig", "file.bin.cose.sig"] {
        let mut bytes = std::fs::read(world.home.path(name)).expect("written");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        world.home.write(name, bytes);
        let shown = world.verify(name, "");
        assert!(shown.starts_with("[stderr]\nError: signature verification failed: "), "{shown}");
        assert!(shown.ends_with("[exit] 1"), "{shown}");
    }
}

#[test]
fn a_signature_is_found_by_its_name_and_read_as_it_says() {
    let world = signed();
    assert_snapshot!(world.verify("missing.jws.sig", ""), @r"
    [stderr]
    Error: open $HOME/missing.jws.sig: no such file or directory
    [exit] 1
    ");
    assert_snapshot!(world.verify("file.bin", ""), @r"
    [stderr]
    Error: invalid signature filename file.bin. The file extension must be .sig
    hint: a signature's name is <blob name>.<jws|cose>.sig
    [exit] 1
    ");
    world.home.write("x.sig", "");
    assert_snapshot!(world.verify("x.sig", ""), @r"
    [stderr]
    Error: invalid signature filename x.sig. A valid signature file name must contain signature format and .sig file extension
    hint: a signature's name is <blob name>.<jws|cose>.sig
    [exit] 1
    ");
    world.home.write("x.pem.sig", "");
    assert_snapshot!(world.verify("x.pem.sig", ""), @r#"
    [stderr]
    Error: signature format "pem" not supported
    Supported signature envelope formats are "jws" and "cose"
    [exit] 1
    "#);
    let jws = std::fs::read(world.home.path("file.bin.jws.sig")).expect("written");
    world.home.write("x.COSE.SIG", jws);
    assert!(world.verify("x.COSE.SIG", "").contains("Error: signature verification failed: "));
}

#[test]
fn the_statement_is_the_named_one_else_the_global_one() {
    let world = signed();
    assert_snapshot!(world.verify("file.bin.jws.sig", "--policy-name nope"), @r#"
    [stderr]
    Error: signature verification failed: no applicable blob trust policy with name "nope"
    because the policy's statements are "p"
    hint: sealwright blob policy show
    [exit] 1
    "#);
    assert!(world.verify("file.bin.jws.sig", "--policy-name p").ends_with("[exit] 0"));
    world.policy(&POLICY.replace("true", "false"));
    assert_snapshot!(world.verify("file.bin.jws.sig", ""), @r#"
    [stderr]
    Error: signature verification failed: no global blob trust policy
    because the policy's statements are "p"
    hint: name the statement: sealwright blob verify --policy-name <name> --signature <signature_path> <blob_path>
    [exit] 1
    "#);
    assert!(world.verify("file.bin.jws.sig", "--policy-name p").ends_with("[exit] 0"));
    world.policy(
        r#"{"version": "1.0", "trustPolicies": [{"name": "s", "signatureVerification": {"level": "skip"}}]}"#,
    );
    world.home.write("file.bin", "anything");
    assert_snapshot!(world.verify("file.bin.jws.sig", "--policy-name s"), @r"
    [stdout]
    Trust policy is configured to skip signature verification for $HOME/file.bin
    [exit] 0
    ");
}

#[test]
fn without_a_policy_nothing_is_verified() {
    let world = signed();
    std::fs::remove_file(world.home.config("trustpolicy.blob.json")).expect("there");
    assert_snapshot!(world.verify("file.bin.jws.sig", ""), @r"
    [stderr]
    Error: blob trust policy is not present. To create a trust policy, see: https://notaryproject.dev/docs/quickstart/#create-a-trust-policy
    hint: sealwright blob policy init --global --name <name> --trust-store ca:<store> --trusted-identity 'x509.subject: C=US, ST=WA, O=acme-rockets.io'
    [exit] 1
    ");
    world.policy(&POLICY.replace(
        "globalPolicy\": true, \"signatureVerification\": {\"level\": \"strict",
        "globalPolicy\": true, \"signatureVerification\": {\"level\": \"skip",
    ));
    let shown = world.verify("file.bin.jws.sig", "");
    assert!(shown.starts_with("[stderr]\nError: blob trust policy: "), "{shown}");
}

#[test]
fn the_signer_must_be_trusted_as_for_images() {
    let world = signed();
    world.policy(&POLICY.replace("ca:wabbit", "ca:nobody"));
    assert_snapshot!(world.verify("file.bin.jws.sig", ""), @r#"
    [stderr]
    Error: the trust store "nobody" of type "ca" does not exist. Use command 'notation cert add' to create and add trusted certificates to the trust store
    because lstat $HOME/.config/notation/truststore/x509/ca/nobody: no such file or directory
    hint: sealwright cert add --type ca --store nobody <root.crt>
    [exit] 1
    "#);
    world.policy(&POLICY.replace("\"*\"", "\"x509.subject: C=US, ST=WA, O=Other\""));
    let shown = world.verify("file.bin.jws.sig", "");
    assert!(shown.contains("Error: signature verification failed: signing certificate from the digital signature does not match"), "{shown}");
    assert!(shown.contains("sealwright blob policy import <trustpolicy.blob.json>"), "{shown}");
    world.policy(
        &POLICY
            .replace("strict", "audit")
            .replace("\"*\"", "\"x509.subject: C=US, ST=WA, O=Other\""),
    );
    let shown = world.verify("file.bin.jws.sig", "");
    assert!(
        shown.contains("Warning: authenticity was set to \"log\" and failed with error: "),
        "{shown}"
    );
    assert!(shown.ends_with("[exit] 0"), "{shown}");
}

#[test]
fn json_says_which_checks_were_made() {
    let world = signed();
    let line = "blob verify -o json -s $HOME/file.bin.cose.sig $HOME/file.bin";
    let report: serde_json::Value =
        serde_json::from_str(&world.home.stdout(line)).expect("one document");
    assert_eq!(report["outcome"], "verified");
    assert_eq!(report["policy"]["level"], "strict");
    assert_eq!(report["userMetadata"]["k"], "v");
    assert_eq!(report["mediaType"], "text/plain");
    assert_eq!(report["checks"].as_array().map(Vec::len), Some(5));
    world.home.write("file.bin", "other");
    let report: serde_json::Value =
        serde_json::from_str(&world.home.stdout(line)).expect("one document");
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["error"]["code"], "verify-blob-mismatch");
}
