//! Trusted identities: `*` or `x509.subject` distinguished names (reference 3.4).

use crate::x509::Certificate;

/// A statement's valid identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identities {
    _private: (),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("placeholder: the owner words each refusal")]
    Placeholder,
}

impl Identities {
    /// The leaf's subject against the statement; the error text is notation's.
    pub fn check(&self, _leaf: &Certificate, _statement_name: &str) -> Result<(), IdentityError> {
        todo!()
    }
}
