//! The lab's public key infrastructure: keys, and certificates issued with them.

mod certificate;
mod extension;
mod key;

pub use certificate::{Chain, IssueRequest, Revocation, Validity};
pub(super) use certificate::{IssuedChain, Pki, subject};
pub use key::{KeySpec, LabKey};
pub(super) use key::{hex, pem, random};
