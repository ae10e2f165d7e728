//! Certification paths whatever the leaf is for: leaf first, root last
//! (signature-specification.md, "Certificate Requirements"; RFC 5280, 6).

use time::OffsetDateTime;

use super::{Certificate, ChainError, ValidityError, chain, rules};

/// Certificates each of which was issued by the next, which had the right to; the last is a root. What the
/// leaf may be used for is not looked at: that is [`super::Chain`]'s. Validity in time is separate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationPath {
    certificates: Vec<Certificate>,
}

impl CertificationPath {
    /// Checks signatures, names, and the issuers' rules on certificates in order leaf → root.
    pub fn check(certificates: Vec<Certificate>) -> Result<Self, ChainError> {
        rules::check_issuance(&certificates)?;
        Ok(Self { certificates })
    }
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
    /// Every certificate contains `at` (inclusive both ends).
    pub fn check_valid_at(&self, at: OffsetDateTime) -> Result<(), ValidityError> {
        chain::check_valid_at(&self.certificates, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Fault as _;
    use crate::x509::testing::{Draft, issue, key_usage};

    #[test]
    fn any_leaf_may_end_a_path_and_only_a_ca_may_issue() {
        let encrypts = || Draft::leaf("mail").with(key_usage(&[2]));
        assert!(CertificationPath::check(issue(&[encrypts(), Draft::ca("root")])).is_ok());
        assert!(CertificationPath::check(issue(&[Draft::ca("sub"), Draft::ca("root")])).is_ok());
        let no_ca = Draft::ca("root").with(key_usage(&[0]));
        let error = CertificationPath::check(issue(&[encrypts(), no_ca])).unwrap_err();
        assert_eq!(error.code(), "x509-issuer-signature");
    }
}
