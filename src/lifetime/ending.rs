//! One thing that ends, and what is lost by it.

use std::fmt;

use time::{OffsetDateTime, UtcOffset};

use super::{Servers, Span};
use crate::clock;
use crate::fault::{LINE_LIMIT, excerpt};

/// Shown as a sentence for `Warning: …`; alike for all signatures it concerns, except where it is the
/// signature itself that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Stable, kebab-case.
    pub code: &'static str,
    /// The kind of thing: `signing certificate`, `CRL` and so on.
    pub what: &'static str,
    /// A certificate's subject, a CRL's address, the digest of a signature manifest.
    pub subject: String,
    pub ends: OffsetDateTime,
    message: String,
}

/// The code of a signature's own expiry.
pub const SIGNATURE_ENDS: &str = "signature-ends";

const CERTIFICATE: &str = "signing certificate";
const CA: &str = "CA certificate";
const SIGNATURE: &str = "signature";
const TIMESTAMPING: &str = "timestamping certificate";
const CRL: &str = "CRL";

/// Every kind of thing that ends.
pub const KINDS: [&str; 5] = [CERTIFICATE, CA, SIGNATURE, TIMESTAMPING, CRL];

/// Every code.
pub const CODES: [&str; 6] = [
    "certificate-ends",
    SIGNATURE_ENDS,
    "signature-ends-with-certificate",
    "timestamp-certificate-ends",
    "certificate-outlives-timestamp",
    "crl-ends",
];

impl Ending {
    pub(super) fn signing_certificate(leaf: &Span) -> Self {
        let lost = "nothing can be signed with it after that";
        Self::of_certificate("certificate-ends", CERTIFICATE, leaf, lost)
    }

    pub(super) fn ca_certificate(ca: &Span) -> Self {
        let lost = "nothing can be signed with a certificate below it after that";
        Self::of_certificate("certificate-ends", CA, ca, lost)
    }

    pub(super) fn signature(signature: &Span) -> Self {
        let message = format!(
            "the signature {} expires at {}: sign the image again before that",
            signature.of,
            utc(signature.to)
        );
        Self::new(SIGNATURE_ENDS, SIGNATURE, signature, message)
    }

    /// `first` ends first of its chain; `signature` says that it lasts longer.
    pub(super) fn with_certificate(first: &Span, signature: Option<&Span>) -> Self {
        let expiry = match signature {
            Some(signature) => format!(", before it expires at {}", utc(signature.to)),
            None => String::new(),
        };
        let message = format!(
            "without a timestamp that counts, the signature verifies no longer than the certificate \
             with subject {:?} is valid, which ends at {}{expiry}",
            first.of,
            utc(first.to)
        );
        Self::new("signature-ends-with-certificate", SIGNATURE, first, message)
    }

    pub(super) fn timestamp_certificate(certificate: &Span, servers: Servers) -> Self {
        let lost = match servers {
            Servers::Named => {
                "timestamps made before that still count, but only as long as its CA tells whether it \
                 was revoked, which it need not do for an ended one"
            }
            Servers::None => {
                "timestamps made before that still count; later ones need another certificate"
            }
        };
        Self::of_certificate("timestamp-certificate-ends", TIMESTAMPING, certificate, lost)
    }

    /// `signing` is the first of the signing chain to end, and ends after `stamping`.
    pub(super) fn outlives_timestamp(stamping: &Span, signing: &Span) -> Self {
        let lost = format!(
            "the certificate with subject {:?} of the signing chain lasts until {}. When the \
             authority's CA no longer tells whether its certificate was revoked, the timestamp fails, \
             and with it the signature where a trust policy always wants a timestamp",
            signing.of,
            utc(signing.to)
        );
        Self::of_certificate("certificate-outlives-timestamp", TIMESTAMPING, stamping, &lost)
    }

    pub(super) fn crl(crl: &Span) -> Self {
        let message = format!(
            "the kept CRL of {} is good until {}, and no server is asked: bring a newer one into the \
             CRL cache before that",
            excerpt(&crl.of, LINE_LIMIT),
            utc(crl.to)
        );
        Self::new("crl-ends", CRL, crl, message)
    }

    fn of_certificate(code: &'static str, what: &'static str, span: &Span, lost: &str) -> Self {
        let end = utc(span.to);
        let message = format!("the {what} with subject {:?} ends at {end}: {lost}", span.of);
        Self::new(code, what, span, message)
    }

    fn new(code: &'static str, what: &'static str, span: &Span, message: String) -> Self {
        let subject = excerpt(&span.of, LINE_LIMIT);
        Self { code, what, subject, ends: span.to, message }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

fn utc(time: OffsetDateTime) -> String {
    clock::rfc3339(&time.to_offset(UtcOffset::UTC))
}
