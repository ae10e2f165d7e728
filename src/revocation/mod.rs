//! Whether a certificate is revoked: OCSP, then CRL (RFC 6960; RFC 5280, 5 and 6.3;
//! trust-store-trust-policy.md, "Certificate Revocation Evaluation").

mod address;
mod advice;
mod asked_once;
mod cache;
mod checker;
mod crl;
mod crl_source;
mod error;
mod fetch;
mod fields;
mod ocsp;
mod settings;
mod status;

pub use address::{ChainTrust, Hop, Loopback, check_address};
pub use asked_once::AskedOnce;
pub use cache::{CacheError, CachedCrl, CrlCache};
pub use checker::{Asked, Checker, CheckerOptions, Reach, RevocationCheck, SourceRule};
pub use crl::{CheckedCrl, Crl};
pub use error::RevocationError;
pub use fetch::{Fetch, HttpFetch, Timeouts, Wanted};
pub use ocsp::{OcspAnswer, request as ocsp_request};
pub use settings::RevocationSettings;
pub use status::{
    Answers, CertificateStatus, Method, RevocationReason, Revoked, ServerAnswer, Standing, Status,
};

/// largest CRL accepted: under 32 MiB; the largest public ones are under 16 MiB.
pub const CRL_LIMIT: usize = 32 * 1024 * 1024 - 1;
/// largest OCSP answer accepted, as notation: 20 480 bytes; real ones are under 5 KiB.
pub const OCSP_LIMIT: usize = 20_480;
