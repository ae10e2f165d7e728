//! `blob inspect`

use insta::assert_snapshot;

use super::World;
use crate::support::Home;

/// Times and fingerprints replaced.
fn cleaned(shown: &str) -> String {
    let replaced = |line: &str| {
        for (label, end) in [
            ("signing time: ", ""),
            ("expiry: ", ""),
            ("SHA256 fingerprint: ", ""),
            ("\"SHA256Fingerprint\": ", ","),
            ("\"signingTime\": ", ""),
            ("\"expiry\": ", ""),
        ] {
            if let Some((before, _)) = line.split_once(label) {
                let comma = if line.ends_with(',') { "," } else { end };
                return format!("{before}{label}<…>{comma}");
            }
        }
        line.to_owned()
    };
    let lines: Vec<String> = shown.lines().map(replaced).collect();
    lines.join("\n").replace(env!("CARGO_PKG_VERSION"), "<version>")
}

#[test]
fn a_signature_is_shown_as_a_tree() {
    let world = World::new();
    world.ok("blob sign $HOME/file.bin");
    assert_snapshot!(cleaned(&world.home.run("blob inspect $HOME/file.bin.jws.sig")), @r"
    [stdout]
    $HOME/file.bin.jws.sig
    ├── signature algorithm: RSASSA-PSS-SHA-256
    ├── signature envelope type: application/jose+json
    ├── signed attributes
    │   ├── content type: application/vnd.cncf.notary.payload.v1+json
    │   ├── signing scheme: notary.x509
    │   └── signing time: <…>
    ├── user defined attributes
    │   └── (empty)
    ├── unsigned attributes
    │   └── signing agent: sealwright/<version>
    ├── certificates
    │   └── SHA256 fingerprint: <…>
    │       ├── issued to: CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US
    │       ├── issued by: CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US
    │       └── expiry: <…>
    └── signed artifact
        ├── media type: application/octet-stream
        ├── digest: sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
        └── size: 6
    [exit] 0
    ");
    assert_eq!(
        world.home.run("blob inspect -o tree $HOME/file.bin.jws.sig"),
        world.home.run("blob inspect $HOME/file.bin.jws.sig")
    );
}

#[test]
fn json_has_notations_names_and_indentation() {
    let world = World::new();
    world.ok(
        "blob sign --signature-format cose -e 1h -m k=v --media-type text/plain $HOME/file.bin",
    );
    assert_snapshot!(cleaned(&world.home.run("blob inspect --output json $HOME/file.bin.cose.sig")), @r#"
    [stdout]
    {
      "signatureAlgorithm": "RSASSA-PSS-SHA-256",
      "signatureEnvelopeType": "application/cose",
      "signedAttributes": {
        "contentType": "application/vnd.cncf.notary.payload.v1+json",
        "expiry": <…>,
        "signingScheme": "notary.x509",
        "signingTime": <…>
      },
      "userDefinedAttributes": {
        "k": "v"
      },
      "unsignedAttributes": {
        "signingAgent": "sealwright/<version>"
      },
      "certificates": [
        {
          "SHA256Fingerprint": <…>,
          "issuedTo": "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US",
          "issuedBy": "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US",
          "expiry": <…>
        }
      ],
      "signedArtifact": {
        "mediaType": "text/plain",
        "digest": "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        "size": 6
      }
    }
    [exit] 0
    "#);
}

#[test]
fn what_is_no_signature_file_is_not_shown() {
    let home = Home::new();
    assert_snapshot!(home.run("blob inspect"), @r"
    [stderr]
    Error: missing signature path: use `sealwright blob inspect --help` to see what parameters are required
    [exit] 1
    ");
    assert_snapshot!(home.run("blob inspect $HOME/file.bin"), @r"
    [stderr]
    Error: invalid signature filename file.bin. The file extension must be .sig
    hint: a signature's name is <blob name>.<jws|cose>.sig
    [exit] 1
    ");
    assert_snapshot!(home.run("blob inspect $HOME/missing.jws.sig"), @r"
    [stderr]
    Error: failed to read signature file: open $HOME/missing.jws.sig: no such file or directory
    [exit] 1
    ");
    assert_snapshot!(home.run("blob inspect -o text $HOME/missing.jws.sig"), @r"
    [stderr]
    Error: unrecognized output format text
    [exit] 1
    ");
    home.write("x.jws.sig", "{");
    let shown = home.run("blob inspect $HOME/x.jws.sig");
    assert!(shown.starts_with("[stderr]\nError: failed to parse signature: "), "{shown}");
}

#[test]
fn a_signature_that_does_not_hold_is_shown_with_a_warning() {
    let world = World::new();
    world.ok("blob sign $HOME/file.bin");
    let text = std::fs::read_to_string(world.home.path("file.bin.jws.sig")).expect("written");
    let mut envelope: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let signature = envelope["signature"].as_str().expect("a text").to_owned();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    envelope["signature"] = format!("{first}{}", &signature[1..]).into();
    world.home.write("file.bin.jws.sig", envelope.to_string());
    let shown = world.home.run("blob inspect $HOME/file.bin.jws.sig");
    assert!(
        shown.contains("└── size: 6\n[stderr]\nWarning: what is shown is not what was signed: "),
        "{shown}"
    );
}

#[test]
fn hostile_text_is_made_printable() {
    let world = World::new();
    world.ok("blob sign -m 'k=\u{1b}[2J\n::error::x' $HOME/file.bin");
    let shown = world.home.run("blob inspect $HOME/file.bin.jws.sig");
    assert!(shown.contains("k: \u{fffd}[2J\u{fffd}::error::x\n"), "{shown}");
    let shown = world.home.stdout("blob inspect -o json $HOME/file.bin.jws.sig");
    assert!(shown.contains(r#""k": "\u001b[2J\n::error::x""#), "{shown}");
    let shown = world.verify("file.bin.jws.sig", "");
    assert!(shown.contains("k     \u{fffd}[2J\u{fffd}::error::x"), "{shown}");
}
