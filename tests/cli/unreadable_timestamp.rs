//! What `inspect` shows of a timestamp that cannot be read.

use sealwright::clock::{Clock as _, SystemClock};
use sealwright::crypto::{Digest, PrivateKey};
use sealwright::envelope::{
    Countersigner, Format, LocalSigner, Payload, SealRequest, TargetArtifact, seal_with,
};
use sealwright::fault::BoxFault;
use sealwright::lab::{IssueRequest, LabOptions};
use sealwright::x509::{Chain, certificates_from_pem_or_der};
use time::OffsetDateTime;

use super::world::World;

/// Makes a token that is none.
struct Junk;

#[async_trait::async_trait]
impl Countersigner for Junk {
    async fn countersign(&self, _: &[u8], _: &Chain) -> Result<Vec<u8>, BoxFault> {
        Ok(b"\x30\x03\x02\x01\x01".to_vec())
    }

    fn accept(&self, _: &[u8], _: &[u8], _: &Chain) -> Result<OffsetDateTime, BoxFault> {
        unreachable!("nothing was signed before")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timestamp_that_cannot_be_read_is_shown_with_the_reason() {
    let world = World::start(LabOptions::default()).await;
    let (_, digest) = world.image.split_once('@').expect("by digest");
    let (media_type, manifest) = world.lab.manifest("net-monitor", digest).expect("there");
    let issued = world.lab.issue(&IssueRequest::named("junk")).expect("issued");
    let pem = [issued.leaf_pem.as_str(), &issued.ca_bundle_pem].concat();
    let key = PrivateKey::from_pem(&issued.key.private_key_pem().into()).expect("a key");
    let signer = LocalSigner::new(key, certificates_from_pem_or_der(pem.as_bytes()).expect("PEM"))
        .expect("a chain");
    let target = TargetArtifact {
        media_type: media_type.clone(),
        digest: Digest::sha256(&manifest),
        size: manifest.len() as u64,
        annotations: Default::default(),
    };
    let now = SystemClock::new().now();
    let request =
        SealRequest { format: Format::Jws, payload: Payload { target }, now, expiry: None };
    let envelope = seal_with(&request, &signer, Some(&Junk)).await.expect("sealed").bytes;
    let described = |media_type: &str, bytes: &[u8]| {
        let stored = world.lab.put_blob("net-monitor", bytes).expect("stored");
        serde_json::json!({ "mediaType": media_type, "digest": stored, "size": bytes.len() })
    };
    let signature = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type,
        "config": described("application/vnd.cncf.notary.signature", b"{}"),
        "layers": [described("application/jose+json", &envelope)],
        "subject": { "mediaType": media_type, "digest": digest, "size": manifest.len() },
    });
    let signature = signature.to_string();
    world
        .lab
        .put_manifest("net-monitor", "junk", &media_type, signature.as_bytes())
        .expect("stored");
    let words = "failed to parse timestamp countersignature: ";
    let shown = world.run("inspect $IMAGE");
    assert!(shown.contains("── timestamp signature\n") && shown.contains(words), "{shown}");
    let shown = world.run("inspect --output json $IMAGE");
    assert!(shown.contains(&format!("\"error\": \"{words}")), "{shown}");
}
