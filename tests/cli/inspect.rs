//! `inspect`

use insta::assert_snapshot;
use sealwright::lab::LabOptions;

use super::world::World;

/// Times and fingerprints replaced.
fn cleaned(shown: &str) -> String {
    let lines: Vec<String> = shown
        .lines()
        .map(|line| {
            for (label, name) in [
                ("signingTime: ", "<signing time>"),
                ("expiry: ", "<expiry>"),
                ("SHA256 fingerprint: ", "<fingerprint>"),
                ("\"SHA256Fingerprint\": ", "\"<fingerprint>\","),
                ("\"signingTime\": ", "\"<signing time>\""),
                ("\"expiry\": ", "\"<expiry>\""),
                ("size: ", "<size>"),
                ("\"size\": ", "<size>"),
            ] {
                if let Some((before, _)) = line.split_once(label) {
                    let comma = if line.ends_with(',') && !name.ends_with(',') { "," } else { "" };
                    return format!("{before}{label}{name}{comma}");
                }
            }
            line.to_owned()
        })
        .collect();
    lines.join("\n").replace(env!("CARGO_PKG_VERSION"), "<version>")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_shown_as_a_tree() {
    let mut world = World::start(LabOptions::default()).await;
    world.sign("-m k=v -e 24h --signature-format cose", "signature");
    assert_snapshot!(cleaned(&world.run("inspect $IMAGE")), @r"
    [stdout]
    Inspecting all signatures for signed artifact
    localhost:5000/net-monitor@sha256:<image>
    └── application/vnd.cncf.notary.signature
        └── sha256:<signature>
            ├── media type: application/cose
            ├── signature algorithm: RSASSA-PSS-SHA-256
            ├── signed attributes
            │   ├── expiry: <expiry>
            │   ├── signingScheme: notary.x509
            │   └── signingTime: <signing time>
            ├── user defined attributes
            │   └── k: v
            ├── unsigned attributes
            │   └── signingAgent: sealwright/<version>
            ├── certificates
            │   └── SHA256 fingerprint: <fingerprint>
            │       ├── issued to: CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US
            │       ├── issued by: CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US
            │       └── expiry: <expiry>
            └── signed artifact
                ├── media type: application/vnd.oci.image.manifest.v1+json
                ├── digest: sha256:<image>
                └── size: <size>
    [exit] 0
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_shown_as_json() {
    let mut world = World::start(LabOptions::default()).await;
    assert_snapshot!(world.run("inspect -o json $IMAGE"), @r#"
    [stdout]
    {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "Signatures": []
    }
    [exit] 0
    "#);
    assert_snapshot!(world.run("inspect $IMAGE"), @r"
    [stdout]
    localhost:5000/net-monitor@sha256:<image> has no associated signature
    [exit] 0
    ");
    world.sign("-e 24h", "first");
    world.sign("", "second");
    assert_snapshot!(cleaned(&world.run("inspect -o json --max-signatures 1 $IMAGE")), @r#"
    [stdout]
    {
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "Signatures": [
            {
                "mediaType": "application/jose+json",
                "digest": "sha256:<first>",
                "signatureAlgorithm": "RSASSA-PSS-SHA-256",
                "signedAttributes": {
                    "expiry": "<expiry>",
                    "signingScheme": "notary.x509",
                    "signingTime": "<signing time>"
                },
                "userDefinedAttributes": null,
                "unsignedAttributes": {
                    "signingAgent": "sealwright/<version>"
                },
                "certificates": [
                    {
                        "SHA256Fingerprint": "<fingerprint>",
                        "issuedTo": "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US",
                        "issuedBy": "CN=wabbit,O=Notary,L=Seattle,ST=WA,C=US",
                        "expiry": "<expiry>"
                    }
                ],
                "signedArtifact": {
                    "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "digest": "sha256:<image>",
                    "size": <size>
                }
            }
        ]
    }
    [stderr]
    Warning: exceeded configured limit of max signatures 1 to examine
    [exit] 0
    "#);
}
