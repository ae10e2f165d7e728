//! The request for one certificate (RFC 6960, 4.1).

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY};

use crate::x509::Certificate;

/// The DER of an OCSPRequest with one CertID, without nonce and signature, so that responders may
/// answer with what they keep (RFC 5019, 2.1.1: the issuer's hashes are SHA-1).
pub fn request(certificate: &Certificate, issuer: &Certificate) -> Vec<u8> {
    let name = sha1(issuer.raw_subject());
    let key = sha1(&issuer.key_bits());
    let algorithm = element(0x30, &[&element(0x06, SHA_1)[..], &[0x05, 0x00]].concat());
    let id = [
        algorithm,
        element(0x04, &name),
        element(0x04, &key),
        element(0x02, certificate.serial_number()),
    ];
    let single = element(0x30, &element(0x30, &id.concat()));
    element(0x30, &element(0x30, &element(0x30, &single)))
}

/// An object identifier's content: 1.3.14.3.2.26.
const SHA_1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];

/// Names an issuer; nothing is trusted for it.
pub(super) fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

/// One DER element of less than 64 KiB; serial numbers come from certificates no larger than that.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = &length[length.iter().take_while(|b| **b == 0).count()..];
    let mut der = vec![tag];
    match content.len() {
        short @ 0..0x80 => der.push(short as u8),
        _ => {
            der.push(0x80 | length.len() as u8);
            der.extend(length);
        }
    }
    der.extend(content);
    der
}
