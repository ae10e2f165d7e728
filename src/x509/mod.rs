//! Certificates, chains and the specification's rules for them.

mod advice;
mod certificate;
mod chain;
mod extensions;
mod name;
mod order;
mod pem;
mod revocation_sources;
mod rules;
mod signature;
#[cfg(test)]
pub(crate) mod testing;
mod timestamping;

pub use certificate::{CERTIFICATE_LIMIT, Certificate, CertificateError};
pub use chain::{CHAIN_LIMIT, Chain, ChainError, ValidityError};
pub use extensions::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
pub use name::Name;
pub use order::{BAG_LIMIT, order};
pub use pem::certificates_from_pem_or_der;
pub(crate) use revocation_sources::crl_urls;
pub use revocation_sources::{CrlPoint, RevocationSources};
pub use rules::{CHAIN_RULES, ChainRule, RuleOf};
pub use signature::SignatureAlgorithm;
pub use timestamping::TimestampingChain;
