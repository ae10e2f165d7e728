//! Chains of time-stamping authorities: leaf first, root last
//! (signature-specification.md, "Certificate Requirements"; RFC 3161, 2.3).

use time::OffsetDateTime;

use super::rules::{self, Purpose};
use super::{Certificate, ChainError, ValidityError, chain};

/// A chain that satisfies the rules for time-stamping certificates. Validity in time is separate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampingChain {
    certificates: Vec<Certificate>,
}

impl TimestampingChain {
    /// Checks the rules on certificates in order leaf → root: those for code signing, except that key
    /// usage need not be critical and the leaf's extended key usage is time stamping alone, critical.
    pub fn check(certificates: Vec<Certificate>) -> Result<Self, ChainError> {
        rules::check(&certificates, Purpose::Timestamps)?;
        Ok(Self { certificates })
    }
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
    pub fn leaf(&self) -> &Certificate {
        &self.certificates[0]
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
    use crate::x509::testing::{
        CODE_SIGNING, Critical, Draft, Ext, extended_key_usage, issue, key_usage,
    };

    const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

    fn usage(usages: &[&[u8]], critical: Critical) -> Ext {
        Ext { critical, ..extended_key_usage(usages) }
    }

    fn chain(extensions: Vec<Ext>, ca_usage: Ext) -> Result<TimestampingChain, ChainError> {
        let leaf = Draft { extensions, ..Draft::leaf("tsa") };
        let mut ca = Draft::ca("root");
        ca.extensions[0] = ca_usage;
        TimestampingChain::check(issue(&[leaf, ca]))
    }

    #[test]
    fn an_authority_stamps_time_and_does_nothing_else() {
        let stamping = || usage(&[TIME_STAMPING], Critical::Yes);
        let signs = || key_usage(&[0]);
        let ca = || key_usage(&[5]);
        assert!(chain(vec![signs(), stamping()], ca()).is_ok());
        for (leaf, expected) in [
            (vec![signs()], "x509-timestamping-usage"),
            (vec![signs(), usage(&[CODE_SIGNING], Critical::Yes)], "x509-timestamping-usage"),
            (
                vec![signs(), usage(&[TIME_STAMPING, CODE_SIGNING], Critical::Yes)],
                "x509-timestamping-usage",
            ),
            (
                vec![signs(), usage(&[TIME_STAMPING], Critical::Absent)],
                "x509-timestamping-usage-not-critical",
            ),
            (vec![stamping()], "x509-key-usage-missing"),
            (vec![key_usage(&[0, 2]), stamping()], "x509-leaf-key-usage"),
            (vec![key_usage(&[1]), stamping()], "x509-leaf-not-for-signatures"),
        ] {
            assert_eq!(chain(leaf, ca()).unwrap_err().code(), expected);
        }
        let other = chain(vec![signs(), stamping()], key_usage(&[0])).unwrap_err();
        assert_eq!(other.code(), "x509-issuer-signature");
    }

    #[test]
    fn key_usage_need_not_be_critical() {
        let soft = |usage: Ext| Ext { critical: Critical::Absent, ..usage };
        let leaf = vec![soft(key_usage(&[0])), usage(&[TIME_STAMPING], Critical::Yes)];
        assert!(chain(leaf, soft(key_usage(&[5]))).is_ok());
    }
}
