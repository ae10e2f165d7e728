//! Every bit of a good envelope flipped in turn: nothing panics, and what still verifies differs in
//! the unsigned signing agent alone.

use std::collections::BTreeSet;
use std::ops::Range;

use sealwright::crypto::{Digest, Suite};
use sealwright::envelope::{Format, Intact, Payload, SealRequest, Sealed, TargetArtifact, seal};

use crate::forge::{DIGEST, read};
use crate::pki::{self, Length, NOW};

const NAME: &str = "io.cncf.notary.signingAgent";
const VALUE: &str = concat!("sealwright/", env!("CARGO_PKG_VERSION"));

#[tokio::main(flavor = "current_thread")]
async fn good(format: Format) -> Sealed {
    let annotations = [("build".to_string(), "1".to_string())].into();
    let target = TargetArtifact {
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        digest: Digest::parse(DIGEST).unwrap(),
        size: 942,
        annotations,
    };
    let request = SealRequest {
        format,
        payload: Payload { target },
        now: NOW,
        expiry: Some(std::time::Duration::from_secs(3600)),
    };
    seal(&request, &pki::signer(Suite::EcdsaP256, Length::Three)).await.unwrap()
}

/// The offsets at which some flipped bit still verifies.
fn tolerant_offsets(format: Format, good: &Sealed) -> BTreeSet<usize> {
    let mut offsets = BTreeSet::new();
    let mut bytes = good.bytes.clone();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            if let Ok(intact) = read(format, &bytes) {
                assert_differs_in_agent_alone(&intact, &good.intact, at, bit);
                offsets.insert(at);
            }
            bytes[at] ^= 1 << bit;
        }
    }
    offsets
}

fn assert_differs_in_agent_alone(flipped: &Intact, good: &Intact, at: usize, bit: u8) {
    let what = format!("byte {at}, bit {bit}");
    assert_ne!(flipped.signing_agent(), good.signing_agent(), "{what}");
    assert_eq!(flipped.format(), good.format(), "{what}");
    assert_eq!(flipped.chain(), good.chain(), "{what}");
    assert_eq!(flipped.payload(), good.payload(), "{what}");
    assert_eq!(flipped.scheme(), good.scheme(), "{what}");
    assert_eq!(flipped.expiry(), good.expiry(), "{what}");
    assert_eq!(flipped.attributes(), good.attributes(), "{what}");
    assert_eq!(flipped.signature(), good.signature(), "{what}");
    assert_eq!(flipped.timestamp_token(), None, "{what}");
}

fn find(bytes: &[u8], text: &str) -> Range<usize> {
    let found: Vec<usize> = (0..=bytes.len() - text.len())
        .filter(|at| bytes[*at..].starts_with(text.as_bytes()))
        .collect();
    assert_eq!(found.len(), 1, "{text:?} stands once in the envelope");
    found[0]..found[0] + text.len()
}

#[test]
fn of_a_cose_envelope_only_the_signing_agent_may_change() {
    let good = good(Format::Cose);
    let (name, value) = (find(&good.bytes, NAME), find(&good.bytes, VALUE));
    // Type and length of name and value: which of their bits still fit depends on the text beside
    // them, so they may be among the offsets. They belong to the agent as well.
    let heads: BTreeSet<usize> = (name.start - 2..name.start).chain([value.start - 1]).collect();
    let offsets = tolerant_offsets(Format::Cose, &good);
    let expected: BTreeSet<usize> = name.chain(value).collect();
    assert_eq!(&offsets - &heads, expected);
}

#[test]
fn of_a_jws_envelope_only_the_signing_agent_may_change() {
    let good = good(Format::Jws);
    let expected: BTreeSet<usize> =
        find(&good.bytes, NAME).chain(find(&good.bytes, VALUE)).collect();
    assert_eq!(tolerant_offsets(Format::Jws, &good), expected);
}
