//! Certificates, chains and the specification's rules for them.

mod advice;
mod bundle;
mod certificate;
mod chain;
mod extensions;
mod name;
mod order;
mod path;
mod pem;
mod pkcs7;
mod purpose;
pub mod remedy;
mod request;
mod revocation_sources;
mod rules;
mod signature;
#[cfg(test)]
pub(crate) mod testing;
mod timestamping;

pub use bundle::certificates_from_bundle;
pub use certificate::{CERTIFICATE_LIMIT, Certificate, CertificateError};
pub use chain::{CHAIN_LIMIT, Chain, ChainError, ValidityError};
pub use extensions::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
pub use name::Name;
pub use order::{BAG_LIMIT, order};
pub use path::CertificationPath;
pub use pem::certificates_from_pem_or_der;
pub use pkcs7::certificates_from_pkcs7;
pub use request::{CertificationRequest, RequestError};
pub(crate) use revocation_sources::crl_urls;
pub use revocation_sources::{CrlPoint, RevocationSources};
pub use rules::{CHAIN_RULES, ChainRule, RuleOf};
pub use signature::SignatureAlgorithm;
pub use timestamping::TimestampingChain;
