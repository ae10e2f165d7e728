//! Certificates for tests, written byte by byte so that any rule can be broken.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair as _};

use super::Certificate;

/// A P-256 key that signs certificates.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
}

impl Key {
    pub(crate) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_ASN1_SIGNING);
        Self { pair: pair.unwrap() }
    }

    pub(crate) fn public_key(&self) -> Vec<u8> {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        let der: PublicKeyX509Der<'_> = self.pair.public_key().as_der().unwrap();
        der.as_ref().to_vec()
    }

    /// ECDSA with SHA-256, ASN.1.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }
}

/// One extension: how its criticality is written, identifier content, value.
#[derive(Clone)]
pub(crate) struct Ext {
    pub id: &'static [u8],
    pub critical: Critical,
    pub value: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Critical {
    Yes,
    Absent,
    /// `FALSE` written out, as DER forbids and software does.
    ExplicitNo,
}

/// What to write into a certificate.
#[derive(Clone)]
pub(crate) struct Draft {
    pub subject: Vec<u8>,
    pub version: Option<u8>,
    pub serial: Vec<u8>,
    pub not_before: Vec<u8>,
    pub not_after: Vec<u8>,
    pub extensions: Vec<Ext>,
    pub inner_algorithm: Vec<u8>,
    pub outer_algorithm: Vec<u8>,
    /// In place of the issuer's name.
    pub issuer: Option<Vec<u8>>,
    /// In place of the key's own SubjectPublicKeyInfo.
    pub public_key: Option<Vec<u8>>,
}

pub(crate) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
pub(crate) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
pub(crate) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
pub(crate) const AUTHORITY_INFO_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
pub(crate) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
pub(crate) const CODE_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];
pub(crate) const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

impl Draft {
    /// `CN=<cn>,O=Example,ST=WA,C=US`, digitalSignature, code signing.
    pub(crate) fn leaf(cn: &str) -> Self {
        Self::new(cn, vec![key_usage(&[0]), extended_key_usage(&[CODE_SIGNING])])
    }

    /// A CA without path length.
    pub(crate) fn ca(cn: &str) -> Self {
        Self::new(cn, vec![key_usage(&[5, 6]), basic_constraints(Some(true), None)])
    }

    fn new(cn: &str, extensions: Vec<Ext>) -> Self {
        let algorithm = tlv(0x30, &tlv(0x06, ECDSA_WITH_SHA256));
        Self {
            subject: name(cn),
            version: Some(2),
            serial: vec![1],
            not_before: tlv(0x17, b"240101000000Z"),
            not_after: tlv(0x18, b"20990101000000Z"),
            extensions,
            inner_algorithm: algorithm.clone(),
            outer_algorithm: algorithm,
            issuer: None,
            public_key: None,
        }
    }

    pub(crate) fn with(mut self, extension: Ext) -> Self {
        self.extensions.retain(|e| e.id != extension.id);
        self.extensions.push(extension);
        self
    }

    pub(crate) fn without(mut self, id: &[u8]) -> Self {
        self.extensions.retain(|e| e.id != id);
        self
    }

    pub(crate) fn self_signed(&self, key: &Key) -> Certificate {
        self.issued_by(key, &self.subject.clone(), key)
    }

    pub(crate) fn issued_by(&self, own: &Key, issuer: &[u8], key: &Key) -> Certificate {
        Certificate::from_der(&self.der(own, issuer, key)).unwrap()
    }

    pub(crate) fn der(&self, own: &Key, issuer: &[u8], key: &Key) -> Vec<u8> {
        let mut tbs = Vec::new();
        if let Some(version) = self.version {
            tbs.extend(tlv(0xa0, &tlv(0x02, &[version])));
        }
        tbs.extend(tlv(0x02, &self.serial));
        tbs.extend(&self.inner_algorithm);
        tbs.extend(self.issuer.as_deref().unwrap_or(issuer));
        tbs.extend(tlv(0x30, &[&self.not_before[..], &self.not_after].concat()));
        tbs.extend(&self.subject);
        tbs.extend(self.public_key.clone().unwrap_or_else(|| own.public_key()));
        if !self.extensions.is_empty() {
            let all: Vec<u8> = self.extensions.iter().flat_map(Ext::der).collect();
            tbs.extend(tlv(0xa3, &tlv(0x30, &all)));
        }
        let tbs = tlv(0x30, &tbs);
        let signature = [&[0][..], &key.sign(&tbs)].concat();
        tlv(0x30, &[tbs, self.outer_algorithm.clone(), tlv(0x03, &signature)].concat())
    }
}

impl Ext {
    pub(crate) fn der(&self) -> Vec<u8> {
        let mut content = tlv(0x06, self.id);
        match self.critical {
            Critical::Yes => content.extend([0x01, 0x01, 0xff]),
            Critical::ExplicitNo => content.extend([0x01, 0x01, 0x00]),
            Critical::Absent => {}
        }
        content.extend(tlv(0x04, &self.value));
        tlv(0x30, &content)
    }
}

/// A chain leaf → root with the usual extensions; `length` certificates, at least two.
pub(crate) fn chain(length: usize) -> Vec<Certificate> {
    let drafts: Vec<_> = std::iter::once(Draft::leaf("leaf"))
        .chain((1..length).map(|i| Draft::ca(&format!("ca {i}"))))
        .collect();
    issue(&drafts)
}

/// Issues drafts in order leaf → root, each with its own key.
pub(crate) fn issue(drafts: &[Draft]) -> Vec<Certificate> {
    let keys: Vec<_> = drafts.iter().map(|_| Key::new()).collect();
    let last = drafts.len() - 1;
    (0..drafts.len())
        .map(|i| {
            let above = (i + 1).min(last);
            drafts[i].issued_by(&keys[i], &drafts[above].subject, &keys[above])
        })
        .collect()
}

/// Critical; `bits` as RFC 5280, 4.2.1.3 numbers them.
pub(crate) fn key_usage(bits: &[u8]) -> Ext {
    let mut flags = [0u8; 2];
    for bit in bits {
        flags[usize::from(bit / 8)] |= 0x80 >> (bit % 8);
    }
    let length = if flags[1] == 0 { 1 } else { 2 };
    let unused = flags[length - 1].trailing_zeros().min(7).try_into().unwrap();
    let content = [&[unused][..], &flags[..length]].concat();
    Ext { id: KEY_USAGE, critical: Critical::Yes, value: tlv(0x03, &content) }
}

pub(crate) fn extended_key_usage(usages: &[&[u8]]) -> Ext {
    let all: Vec<u8> = usages.iter().flat_map(|usage| tlv(0x06, usage)).collect();
    Ext { id: EXTENDED_KEY_USAGE, critical: Critical::Absent, value: tlv(0x30, &all) }
}

/// Critical; `ca` of `Some(false)` is written out.
pub(crate) fn basic_constraints(ca: Option<bool>, path_length: Option<&[u8]>) -> Ext {
    let mut content = Vec::new();
    if let Some(ca) = ca {
        content.extend([0x01, 0x01, if ca { 0xff } else { 0 }]);
    }
    if let Some(length) = path_length {
        content.extend(tlv(0x02, length));
    }
    Ext { id: BASIC_CONSTRAINTS, critical: Critical::Yes, value: tlv(0x30, &content) }
}

/// `CN=<cn>,O=Example,ST=WA,C=US` in DER.
pub(crate) fn name(cn: &str) -> Vec<u8> {
    let attribute = |kind: u8, value: &str| {
        let content = [tlv(0x06, &[0x55, 0x04, kind]), tlv(0x0c, value.as_bytes())].concat();
        tlv(0x31, &tlv(0x30, &content))
    };
    let rdns = [attribute(6, "US"), attribute(8, "WA"), attribute(10, "Example"), attribute(3, cn)];
    tlv(0x30, &rdns.concat())
}

pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..=0x7f => vec![tag, length as u8],
        0x80..=0xff => vec![tag, 0x81, length as u8],
        0x100..=0xffff => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        _ => vec![tag, 0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8],
    };
    [&head[..], content].concat()
}
