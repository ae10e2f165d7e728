//! Envelopes built by hand, byte by byte: what an attacker, or another signer, could write.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sealwright::crypto::{PrivateKey, Suite};
use sealwright::envelope::{EnvelopeError, Format, Intact, Parsed};
use sealwright::fault::Fault as _;
use serde_json::{Value, json};

use crate::pki::{self, Length};

pub const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

pub fn payload() -> String {
    format!(
        r#"{{"targetArtifact":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{DIGEST}","size":942}}}}"#
    )
}

pub fn read(format: Format, bytes: &[u8]) -> Result<Intact, EnvelopeError> {
    Parsed::read(format, bytes)?.check_integrity()
}

/// The envelope is refused with this code.
#[track_caller]
pub fn refused(format: Format, bytes: &[u8], code: &str, why: &str) {
    match read(format, bytes) {
        Ok(_) => panic!("{why}: taken for good"),
        Err(error) => assert_eq!(error.code(), code, "{why}: {error}"),
    }
}

/// A JWS in pieces.
pub struct Jws {
    pub key: PrivateKey,
    pub protected: String,
    pub payload: String,
    pub header: String,
}

impl Jws {
    pub fn good() -> Self {
        let chain = pki::chain(Suite::EcdsaP256, Length::Two);
        Self {
            key: pki::key(Suite::EcdsaP256),
            protected: jws_protected().to_string(),
            payload: payload(),
            header: json!({ "x5c": x5c(&chain), "io.cncf.notary.signingAgent": "other/1" })
                .to_string(),
        }
    }

    /// Sets one member of the protected header; `null` removes it.
    pub fn with(name: &str, value: Value) -> Self {
        Self::with_all([(name, value)])
    }

    pub fn with_all<const N: usize>(changes: [(&str, Value); N]) -> Self {
        let mut protected = jws_protected();
        for (name, value) in changes {
            let object = protected.as_object_mut().unwrap();
            match value {
                Value::Null => object.remove(name),
                value => object.insert(name.into(), value),
            };
        }
        Self { protected: protected.to_string(), ..Self::good() }
    }

    pub fn signing_input(&self) -> String {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}", encode(&self.protected), encode(&self.payload))
    }

    pub fn seal(&self) -> String {
        let input = self.signing_input();
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(input.as_bytes()).unwrap());
        let (protected, payload) = input.split_once('.').unwrap();
        let header = &self.header;
        format!(
            r#"{{"payload":"{payload}","protected":"{protected}","header":{header},"signature":"{signature}"}}"#
        )
    }

    #[track_caller]
    pub fn refused(&self, code: &str, why: &str) {
        refused(Format::Jws, self.seal().as_bytes(), code, why);
    }

    #[track_caller]
    pub fn accepted(&self) -> Intact {
        read(Format::Jws, self.seal().as_bytes()).unwrap()
    }
}

pub fn jws_protected() -> Value {
    json!({
        "alg": "ES256",
        "crit": ["io.cncf.notary.signingScheme"],
        "cty": "application/vnd.cncf.notary.payload.v1+json",
        "io.cncf.notary.signingScheme": "notary.x509",
        "io.cncf.notary.signingTime": "2025-01-01T00:00:00Z",
    })
}

pub fn x5c(chain: &[Vec<u8>]) -> Vec<String> {
    chain.iter().map(|der| STANDARD.encode(der)).collect()
}

/// A COSE_Sign1 in pieces; every value is encoded CBOR.
pub struct Cose {
    pub key: PrivateKey,
    pub protected: Pairs,
    pub unprotected: Pairs,
    pub payload: Vec<u8>,
}

pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

impl Cose {
    pub fn good() -> Self {
        let chain = pki::chain(Suite::EcdsaP256, Length::Two);
        Self {
            key: pki::key(Suite::EcdsaP256),
            protected: cose_protected(),
            unprotected: vec![
                (int(33), array(chain.iter().map(|der| bytes(der)).collect())),
                (text("io.cncf.notary.signingAgent"), text("other/1")),
            ],
            payload: bytes(payload().as_bytes()),
        }
    }

    /// Sets one label of the protected header; an empty value removes it.
    pub fn with(label: Vec<u8>, value: Vec<u8>) -> Self {
        Self::with_all([(label, value)])
    }

    pub fn with_all<const N: usize>(changes: [(Vec<u8>, Vec<u8>); N]) -> Self {
        let mut good = Self::good();
        for (label, value) in changes {
            set(&mut good.protected, label, value);
        }
        good
    }

    /// Sets one label of the unprotected header.
    pub fn with_unprotected(label: Vec<u8>, value: Vec<u8>) -> Self {
        let mut good = Self::good();
        set(&mut good.unprotected, label, value);
        good
    }

    pub fn seal(&self) -> Vec<u8> {
        let protected = bytes(&map(&self.protected));
        let message =
            array(vec![text("Signature1"), protected.clone(), bytes(&[]), self.payload.clone()]);
        let signature = bytes(&self.key.sign(&message).unwrap());
        let items = vec![protected, map(&self.unprotected), self.payload.clone(), signature];
        [vec![0xd2], array(items)].concat()
    }

    #[track_caller]
    pub fn refused(&self, code: &str, why: &str) {
        refused(Format::Cose, &self.seal(), code, why);
    }

    #[track_caller]
    pub fn accepted(&self) -> Intact {
        read(Format::Cose, &self.seal()).unwrap()
    }
}

fn set(pairs: &mut Pairs, label: Vec<u8>, value: Vec<u8>) {
    let at = pairs.iter().position(|(present, _)| *present == label);
    match (at, value.is_empty()) {
        (Some(at), true) => drop(pairs.remove(at)),
        (Some(at), false) => pairs[at].1 = value,
        (None, true) => {}
        (None, false) => pairs.push((label, value)),
    }
}

fn cose_protected() -> Pairs {
    vec![
        (int(1), int(-7)),
        (int(2), array(vec![text("io.cncf.notary.signingScheme")])),
        (int(3), text("application/vnd.cncf.notary.payload.v1+json")),
        (text("io.cncf.notary.signingTime"), tag(1, int(1_735_689_600))),
        (text("io.cncf.notary.signingScheme"), text("notary.x509")),
    ]
}

pub fn int(n: i64) -> Vec<u8> {
    if n < 0 { head(1, (-1 - n) as u64) } else { head(0, n as u64) }
}

pub fn text(value: &str) -> Vec<u8> {
    [head(3, value.len() as u64), value.into()].concat()
}

pub fn bytes(value: &[u8]) -> Vec<u8> {
    [head(2, value.len() as u64), value.into()].concat()
}

pub fn array(items: Vec<Vec<u8>>) -> Vec<u8> {
    [head(4, items.len() as u64), items.concat()].concat()
}

pub fn tag(number: u64, value: Vec<u8>) -> Vec<u8> {
    [head(6, number), value].concat()
}

pub fn float(value: f64) -> Vec<u8> {
    [vec![0xfb], value.to_be_bytes().to_vec()].concat()
}

pub fn map(pairs: &Pairs) -> Vec<u8> {
    let items = pairs.iter().flat_map(|(label, value)| [label.clone(), value.clone()]);
    [head(5, pairs.len() as u64), items.collect::<Vec<_>>().concat()].concat()
}

fn head(major: u8, argument: u64) -> Vec<u8> {
    let major = major << 5;
    match argument {
        0..=23 => vec![major | argument as u8],
        24..=0xff => vec![major | 24, argument as u8],
        0x100..=0xffff => [vec![major | 25], (argument as u16).to_be_bytes().into()].concat(),
        0x1_0000..=0xffff_ffff => {
            [vec![major | 26], (argument as u32).to_be_bytes().into()].concat()
        }
        _ => [vec![major | 27], argument.to_be_bytes().into()].concat(),
    }
}
