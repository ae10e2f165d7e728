//! The lab's public key infrastructure: keys, and certificates issued with them.

mod certificate;
mod extension;
mod flaw;
mod key;
mod subject;
mod validity;

pub(super) use certificate::{AuthorityKey, IssuedChain, Pki};
pub use certificate::{Chain, IssueRequest, Revocation, Validity};
pub use flaw::Flaw;
pub use key::{KeySpec, LabKey};
pub(super) use key::{hex, pem, random};
pub(super) use subject::subject;
pub(super) use validity::validity;
