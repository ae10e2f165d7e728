//! Certificates, chains and the specification's rules for them.

mod certificate;
mod chain;
mod name;
mod pem;

pub use certificate::{Certificate, CertificateError};
pub use chain::{Chain, ChainError, ValidityError, order};
pub use name::Name;
pub use pem::certificates_from_pem_or_der;
