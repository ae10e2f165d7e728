//! `blob sign`

use insta::assert_snapshot;

use super::World;
use crate::support::{Home, mode};

#[test]
fn a_file_and_a_key_are_wanted() {
    let home = Home::new();
    assert_snapshot!(home.run("blob sign"), @r"
    [stderr]
    Error: missing file path to the blob artifact: use `sealwright blob sign --help` to see what parameters are required
    [exit] 1
    ");
    home.write("file.bin", "hello\n");
    assert!(home.run("blob sign $HOME/file.bin").starts_with(
        "[stderr]\nError: default signing key not set. Please set default signing key or specify a key name\n"
    ));
    let world = World::new();
    assert_snapshot!(world.home.run("blob sign $HOME/missing"), @r"
    [stderr]
    Error: open $HOME/missing: no such file or directory
    [exit] 1
    ");
}

#[test]
fn the_signature_is_a_private_file_beside_the_blob() {
    let world = World::new();
    assert_snapshot!(world.home.run("blob sign $HOME/file.bin"), @r"
    [stdout]
    Successfully signed $HOME/file.bin
     Signature file written to $HOME/file.bin.jws.sig
    [exit] 0
    ");
    assert_eq!(mode(&world.home.path("file.bin.jws.sig")), 0o600);
    assert_snapshot!(world.home.run("blob sign --signature-format cose -m k=v --media-type text/plain ./file.bin"), @r"
    [stdout]
    Successfully signed ./file.bin
     Signature file written to file.bin.cose.sig
    [exit] 0
    ");
    assert_eq!(mode(&world.home.path("file.bin.cose.sig")), 0o600);
}

#[test]
fn an_existing_signature_is_overwritten_when_it_may_be() {
    let world = World::new();
    let line = "blob sign $HOME/file.bin";
    world.ok(line);
    let signature = world.home.path("file.bin.jws.sig");
    let first = std::fs::read(&signature).expect("written");
    assert_snapshot!(world.home.run_with(line, "n\n"), @r"
    [stdout]
    The signature file already exists, do you want to overwrite it? [y/N] Operation cancelled.
    [exit] 0
    ");
    assert_snapshot!(world.home.run_with(line, ""), @r"
    [stdout]
    The signature file already exists, do you want to overwrite it? [y/N] ⏎
    [exit] 0
    ");
    assert_eq!(std::fs::read(&signature).expect("there"), first);
    assert_snapshot!(world.home.run_with(line, "yes\n"), @r"
    [stdout]
    The signature file already exists, do you want to overwrite it? [y/N] Successfully signed $HOME/file.bin
     Signature file written to $HOME/file.bin.jws.sig
    [exit] 0
    ");
    assert_ne!(std::fs::read(&signature).expect("there"), first);
    assert_snapshot!(world.home.run("blob sign --force $HOME/file.bin"), @r"
    [stdout]
    Successfully signed $HOME/file.bin
     Signature file written to $HOME/file.bin.jws.sig
    [stderr]
    Warning: existing signature file will be overwritten
    [exit] 0
    ");
}

#[test]
fn a_directory_for_signatures_is_made() {
    let world = World::new();
    assert_snapshot!(world.home.run("blob sign --signature-directory $HOME/a/b $HOME/file.bin"), @r"
    [stdout]
    Successfully signed $HOME/file.bin
     Signature file written to $HOME/a/b/file.bin.jws.sig
    [exit] 0
    ");
    assert!(world.verify("a/b/file.bin.jws.sig", "").ends_with("[exit] 0"));
    assert_snapshot!(world.home.run("blob sign --signature-directory $HOME/file.bin/x $HOME/file.bin"), @r"
    [stderr]
    Error: failed to write signature to file: mkdir $HOME/file.bin/x: not a directory
    hint: name a directory that may be written to: --signature-directory <directory>
    [exit] 1
    ");
}

#[test]
fn a_directory_is_no_file_to_sign() {
    let world = World::new();
    assert_snapshot!(world.home.run("blob sign $HOME/.config"), @r"
    [stderr]
    Error: $HOME/.config is not a regular file but a directory
    hint: name one file, such as an archive of it: tar -cf $HOME/.config.tar $HOME/.config
    [exit] 1
    ");
    assert!(!world.home.path(".config.jws.sig").exists());
}

#[cfg(unix)]
#[test]
fn nobody_is_waited_for_at_a_pipe() {
    let world = World::new();
    let pipe = world.home.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    for line in [
        "blob sign $HOME/pipe",
        "blob verify -s $HOME/pipe $HOME/file.bin",
        "blob verify -s $HOME/file.bin $HOME/pipe",
    ] {
        said_of_a_pipe(&world.home.run(line));
    }
}

fn said_of_a_pipe(shown: &str) {
    let line = "Error: $HOME/pipe is not a regular file but a pipe, a device or a socket\n";
    assert!(shown.starts_with(&format!("[stderr]\n{line}")), "{shown}");
    assert!(shown.ends_with("[exit] 1"), "{shown}");
}

#[test]
fn what_the_envelope_cannot_say_is_refused() {
    let world = World::new();
    for (flags, line) in [
        (
            "-m io.cncf.notary.x=y",
            "error adding user metadata: metadata key io.cncf.notary.x has reserved prefix io.cncf.notary",
        ),
        ("--media-type plain", "invalid content media-type \"plain\""),
        ("--media-type ''", "invalid content media-type \"\""),
        ("--signature-format pem", "signature format \"pem\" not supported"),
        ("--expiry -1h", "expiry duration cannot be a negative value"),
        ("-m k", "could not parse flag user-metadata: key-value pair requires \"=\" as separator"),
        (
            "--timestamp-url http://localhost",
            "if any flags in the group [timestamp-url timestamp-root-cert] are set they must all be set; missing [timestamp-root-cert]",
        ),
        ("-k nobody", "signing key nobody not found"),
        (
            "--id x",
            "if any flags in the group [id plugin] are set they must all be set; missing [plugin]",
        ),
    ] {
        let shown = world.home.run(&format!("blob sign {flags} $HOME/file.bin"));
        assert!(shown.starts_with(&format!("[stderr]\nError: {line}\n")), "{flags}\n{shown}");
        assert!(shown.ends_with("[exit] 1"), "{shown}");
    }
    assert!(!world.home.path("file.bin.jws.sig").exists());
}

#[test]
fn an_empty_file_and_a_large_one_are_signed() {
    let world = World::new();
    world.home.write("file.bin", "");
    world.ok("blob sign $HOME/file.bin");
    assert!(world.verify("file.bin.jws.sig", "").ends_with("[exit] 0"));
    world.home.write("file.bin", vec![7; 3 << 20]);
    world.ok("blob sign --force $HOME/file.bin");
    assert!(world.verify("file.bin.jws.sig", "").ends_with("[exit] 0"));
}

#[test]
fn the_digest_is_of_the_keys_own_hash() {
    let world = World::new();
    for (bits, algorithm) in [("3072", "sha384:"), ("4096", "sha512:")] {
        let name = format!("rsa{bits}");
        world.ok(&format!("cert generate-test --bits {bits} {name}"));
        let printed =
            world.home.stdout(&format!("blob sign --force -o json --key {name} $HOME/file.bin"));
        let report: serde_json::Value = serde_json::from_str(&printed).expect("one document");
        assert!(report["digest"].as_str().is_some_and(|d| d.starts_with(algorithm)), "{report}");
        world.policy(&super::POLICY.replace("wabbit", &name));
        assert!(world.verify("file.bin.jws.sig", "").ends_with("[exit] 0"));
    }
}

#[test]
fn json_says_what_was_signed_or_why_not() {
    let world = World::new();
    let line = "blob sign -o json -m k=v -e 1h $HOME/file.bin";
    let report: serde_json::Value =
        serde_json::from_str(&world.home.stdout(line)).expect("one document");
    assert_eq!(report["outcome"], "signed");
    assert_eq!(report["size"], 6);
    assert_eq!(report["mediaType"], "application/octet-stream");
    assert_eq!(report["userMetadata"]["k"], "v");
    assert!(report["signature"].as_str().is_some_and(|path| path.ends_with("/file.bin.jws.sig")));
    assert!(report["signer"]["thumbprint"].is_string() && report["expiry"].is_string());
    assert_eq!(
        report["digest"],
        "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
    );
    // nobody is asked where standard output is a document
    assert_eq!(world.code(line), "cli-blob-signature-exists");
    assert!(world.home.run(line).contains("hint: overwrite it: --force\n[exit] 1"));
    let missing = world.home.stdout("blob sign -o json $HOME/missing");
    let report: serde_json::Value = serde_json::from_str(&missing).expect("one document");
    assert_eq!(report["outcome"], "failed");
    assert_eq!(report["error"]["code"], "cli-blob-file");
}
