//! Certificate revocation lists, base and delta: parsed → checked (RFC 5280, 5 and 6.3).

mod checked;
mod entries;
mod parsed;
#[cfg(test)]
mod tests;

pub use checked::CheckedCrl;
pub(in crate::revocation) use entries::reason;
pub use parsed::Crl;

/// The word for it in errors.
const CRL: &str = "CRL";
