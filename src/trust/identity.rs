//! Trusted identities: `*`, or `x509.subject` distinguished names (trust-store-trust-policy.md, "Trusted identities").

use super::distinguished_name::{DistinguishedName, DistinguishedNameError};
use super::policy_error::PolicyError;
use crate::fault::Fault;
use crate::x509::{Certificate, Name};

/// A statement's valid identities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identities {
    kind: Kind,
    texts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    /// `*`: every subject a trusted certificate vouches for.
    Any,
    /// The `x509.subject` names; other prefixes are left to verification plugins.
    Subjects(Vec<DistinguishedName>),
}

/// Why a signing certificate is not a trusted identity; worded as notation words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("no x509 trusted identities are configured in the trust policy {statement:?}")]
    NoneConfigured { statement: String },
    #[error(
        "error while parsing the certificate subject from the digital signature. error : {:?}",
        reason.to_string()
    )]
    Subject { reason: DistinguishedNameError },
    #[error(
        "signing certificate from the digital signature does not match the X.509 trusted identities [{identities}] defined in the trust policy {statement:?}"
    )]
    NoMatch { identities: String, statement: String },
}

impl Fault for IdentityError {
    fn code(&self) -> &'static str {
        match self {
            IdentityError::NoneConfigured { .. } => "trust-identity-none",
            IdentityError::Subject { .. } => "trust-identity-subject",
            IdentityError::NoMatch { .. } => "trust-identity-mismatch",
        }
    }
}

/// most identities in one statement: 1,000; each is compared with each for overlaps.
pub const IDENTITIES_LIMIT: usize = 1000;

const WILDCARD: &str = "*";
const X509_SUBJECT: &str = "x509.subject";

impl Identities {
    /// Checks a statement's `trustedIdentities` in notation's order.
    pub(super) fn validate(statement: &str, identities: &[String]) -> Result<Self, PolicyError> {
        let statement = || statement.to_owned();
        let any = identities.iter().any(|identity| identity == WILDCARD);
        if any && identities.len() > 1 {
            return Err(PolicyError::IdentityWildcard { statement: statement() });
        }
        if identities.len() > IDENTITIES_LIMIT {
            return Err(PolicyError::IdentityCount {
                statement: statement(),
                found: identities.len(),
                limit: IDENTITIES_LIMIT,
            });
        }
        if any {
            return Ok(Self { kind: Kind::Any, texts: identities.to_vec() });
        }
        let mut subjects = Vec::new();
        for identity in identities {
            if identity.is_empty() {
                return Err(PolicyError::IdentityEmpty { statement: statement() });
            }
            let identity = || identity.clone();
            let text = identity();
            let Some((prefix, value)) = text.split_once(':') else {
                let (statement, identity) = (statement(), identity());
                return Err(PolicyError::IdentitySeparator { statement, identity });
            };
            if prefix != X509_SUBJECT {
                continue;
            }
            if value.is_empty() {
                let (statement, identity) = (statement(), identity());
                return Err(PolicyError::IdentityValue { statement, identity });
            }
            let name = DistinguishedName::parse(value).map_err(|reason| {
                let reason = Box::new(reason);
                PolicyError::IdentityName { statement: statement(), identity: identity(), reason }
            })?;
            subjects.push((identity(), name));
        }
        check_overlaps(&statement(), &subjects)?;
        let subjects = subjects.into_iter().map(|(_, name)| name).collect();
        Ok(Self { kind: Kind::Subjects(subjects), texts: identities.to_vec() })
    }

    /// A statement of level `skip` has none.
    pub(super) fn none() -> Self {
        Self { kind: Kind::Subjects(Vec::new()), texts: Vec::new() }
    }

    /// The leaf's subject against the statement; the error text is notation's.
    pub fn check(&self, leaf: &Certificate, statement_name: &str) -> Result<(), IdentityError> {
        self.check_subject(leaf.subject(), statement_name)
    }

    /// As the policy has them, with those of other prefixes, which are for verification plugins.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// `*`: identities are not compared.
    pub fn is_any(&self) -> bool {
        self.kind == Kind::Any
    }

    fn check_subject(&self, subject: &Name, statement: &str) -> Result<(), IdentityError> {
        let Kind::Subjects(trusted) = &self.kind else { return Ok(()) };
        let statement = statement.to_owned();
        if trusted.is_empty() {
            return Err(IdentityError::NoneConfigured { statement });
        }
        let subject = DistinguishedName::of_subject(subject)
            .map_err(|reason| IdentityError::Subject { reason })?;
        if trusted.iter().any(|name| name.is_subset_of(&subject)) {
            return Ok(());
        }
        let names: Vec<String> = trusted.iter().map(|name| format!("{name:?}")).collect();
        Err(IdentityError::NoMatch { identities: names.join(" "), statement })
    }
}

/// trust-store-trust-policy.md: identities must not overlap; a name that is part of another does.
fn check_overlaps(
    statement: &str,
    subjects: &[(String, DistinguishedName)],
) -> Result<(), PolicyError> {
    for (i, (text, name)) in subjects.iter().enumerate() {
        for (j, (other_text, other)) in subjects.iter().enumerate() {
            if i != j && name.is_subset_of(other) {
                return Err(PolicyError::IdentityOverlap {
                    statement: statement.to_owned(),
                    identity: text.clone(),
                    other: other_text.clone(),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::testing::{Draft, Key, tlv};

    fn identities(values: &[&str]) -> Identities {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        Identities::validate("p", &values).expect("valid")
    }

    /// `CN=leaf,O=Example,ST=WA,C=US`.
    fn leaf() -> Certificate {
        Draft::leaf("leaf").self_signed(&Key::new())
    }

    /// A leaf whose subject has the given attributes, identifier content and value.
    fn leaf_named(attributes: &[(&[u8], &str)]) -> Certificate {
        let rdn = |(id, value): &(&[u8], &str)| {
            let content = [tlv(0x06, id), tlv(0x0c, value.as_bytes())].concat();
            tlv(0x31, &tlv(0x30, &content))
        };
        let rdns: Vec<u8> = attributes.iter().flat_map(rdn).collect();
        let mut draft = Draft::leaf("leaf");
        draft.subject = tlv(0x30, &rdns);
        draft.self_signed(&Key::new())
    }

    const COUNTRY: (&[u8], &str) = (&[0x55, 4, 6], "US");
    const STATE: (&[u8], &str) = (&[0x55, 4, 8], "WA");
    const ORGANIZATION: (&[u8], &str) = (&[0x55, 4, 10], "Example");

    #[test]
    fn a_part_of_the_subject_in_any_order_is_trusted() {
        for value in [
            "*",
            "x509.subject: C=US, ST=WA, O=Example",
            "x509.subject:O=Example,CN=leaf,S=WA,C=US",
        ] {
            assert_eq!(identities(&[value]).check(&leaf(), "p"), Ok(()));
        }
    }

    #[test]
    fn another_subject_is_refused_in_notations_words() {
        let trusted = identities(&[
            "x509.subject: C=US, ST=WA, O=Other",
            "x509.subject: C=US, ST=WA, O=Example, CN=other",
        ]);
        let error = trusted.check(&leaf(), "p").expect_err("refused");
        assert_eq!(error.code(), "trust-identity-mismatch");
        assert_eq!(
            error.to_string(),
            r#"signing certificate from the digital signature does not match the X.509 trusted identities [map["C":"US" "O":"Other" "ST":"WA"] map["C":"US" "CN":"other" "O":"Example" "ST":"WA"]] defined in the trust policy "p""#
        );
    }

    #[test]
    fn a_subject_that_cannot_be_compared_fails_the_check() {
        let email: (&[u8], &str) = (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "a@b.c");
        let unit: (&[u8], &str) = (&[0x55, 4, 11], "x");
        let trusted = identities(&["x509.subject: C=US, ST=WA, O=Example"]);
        for subject in [
            vec![COUNTRY, STATE],
            vec![COUNTRY, STATE, ORGANIZATION, email],
            vec![COUNTRY, STATE, ORGANIZATION, unit, unit],
        ] {
            let error = trusted.check(&leaf_named(&subject), "p").expect_err("refused");
            assert_eq!(error.code(), "trust-identity-subject");
        }
        let error = trusted.check(&leaf_named(&[COUNTRY, STATE]), "p").expect_err("refused");
        assert_eq!(
            error.to_string(),
            r#"error while parsing the certificate subject from the digital signature. error : "distinguished name (DN) \"ST=WA,C=US\" has no mandatory RDN attribute for \"O\", it must contain 'C', 'ST' or 'S', and 'O' RDN attributes at a minimum""#
        );
        assert_eq!(identities(&["*"]).check(&leaf_named(&[COUNTRY]), "p"), Ok(()));
    }

    #[test]
    fn identities_of_plugins_alone_trust_nobody() {
        let error = identities(&["my.plugin:x"]).check(&leaf(), "p").expect_err("refused");
        assert_eq!(error.code(), "trust-identity-none");
        assert_eq!(
            error.to_string(),
            r#"no x509 trusted identities are configured in the trust policy "p""#
        );
    }
}
