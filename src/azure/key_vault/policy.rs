//! The policy that a certificate for signing images is made with.

use serde_json::{Value, json};

use crate::crypto::Suite;
use crate::trust::{DistinguishedName, DistinguishedNameError};
use crate::x509::Name;

/// What a new certificate is to be. The rest is the same for every certificate that signs images: key
/// usage DigitalSignature only, extended key usage code signing, a key that cannot be exported and is
/// new with each version, content type PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificatePolicy {
    pub subject: SubjectName,
    pub suite: Suite,
    pub protection: Protection,
    pub issuer: Issuer,
}

/// Where the private key is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    Software,
    /// A hardware security module, which vaults of the premium tier have.
    Hsm,
}

/// Who signs the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuer {
    /// A CA outside of the vault, which is given the request.
    Ca,
    /// The certificate's own key, for so many months.
    Itself { months: u32 },
}

/// A subject with CN, O, ST and C, and OU and L where wanted, each once, as Key Vault writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectName {
    text: String,
    name: DistinguishedName,
}

/// Why a subject is not that of a certificate that signs images.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    #[error(transparent)]
    Name(#[from] DistinguishedNameError),
    #[error("the subject {subject:?} has no common name (CN)")]
    CommonName { subject: String },
    #[error("the country (C) of the subject is two letters, not {found:?}")]
    Country { found: String },
    #[error("the subject {subject:?} has another part than CN, OU, O, L, ST and C: {part}")]
    Part { subject: String, part: String },
}

/// The parts a subject may have, in the order they are written.
const PARTS: [&str; 6] = ["CN", "OU", "O", "L", "ST", "C"];

/// id-kp-codeSigning (RFC 5280, 4.2.1.12).
pub(super) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";

impl SubjectName {
    /// Reads `CN=…,O=…,L=…,ST=…,C=US` (RFC 4514), in any order.
    pub fn parse(text: &str) -> Result<Self, SubjectError> {
        let name = DistinguishedName::parse(text)?;
        let subject = || text.to_owned();
        if let Some((part, _)) = name.attributes().find(|(part, _)| !PARTS.contains(part)) {
            return Err(SubjectError::Part { subject: subject(), part: part.to_owned() });
        }
        let value = |part| name.attributes().find(|(found, _)| *found == part).map(|(_, v)| v);
        if value("CN").is_none() {
            return Err(SubjectError::CommonName { subject: subject() });
        }
        // X.520: two letters of ISO 3166
        if let Some(found) = value("C").filter(|c| !is_country(c)) {
            return Err(SubjectError::Country { found: found.to_owned() });
        }
        let parts =
            PARTS.iter().filter_map(|part| Some(format!("{part}={}", quoted(value(part)?))));
        let text = parts.collect::<Vec<_>>().join(", ");
        Ok(Self { text, name })
    }

    /// Whether a certificate or a request is of this subject.
    pub fn is(&self, subject: &Name) -> bool {
        DistinguishedName::of_subject(subject).is_ok_and(|found| found == self.name)
    }

    /// `CN=…, O="A, Inc.", …`: values with special characters stand between quotation marks.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl CertificatePolicy {
    /// The `policy` of `certificates/create`.
    pub(super) fn to_json(&self) -> Value {
        let mut x509 = json!({
            "subject": self.subject.as_str(),
            "ekus": [CODE_SIGNING],
            "key_usage": ["digitalSignature"],
        });
        let issuer = match self.issuer {
            Issuer::Ca => "Unknown",
            Issuer::Itself { months } => {
                x509["validity_months"] = months.into();
                "Self"
            }
        };
        json!({
            "key_props": key_properties(self.suite, self.protection),
            "secret_props": { "contentType": PEM },
            "x509_props": x509,
            "issuer": { "name": issuer },
            // a version that came by itself would not be trusted by anybody
            "lifetime_actions": [{
                "trigger": { "lifetime_percentage": 80 },
                "action": { "action_type": "EmailContacts" },
            }],
        })
    }
}

/// The `policy` of `certificates/import`.
pub(super) fn imported(suite: Suite) -> Value {
    json!({
        "key_props": key_properties(suite, Protection::Software),
        "secret_props": { "contentType": PEM },
        "issuer": { "name": "Unknown" },
    })
}

/// The content type that Image Integrity on AKS needs.
pub(super) const PEM: &str = "application/x-pem-file";

fn key_properties(suite: Suite, protection: Protection) -> Value {
    let (kind, size, curve) = match suite {
        Suite::RsaPss2048 => ("RSA", 2048, None),
        Suite::RsaPss3072 => ("RSA", 3072, None),
        Suite::RsaPss4096 => ("RSA", 4096, None),
        Suite::EcdsaP256 => ("EC", 256, Some("P-256")),
        Suite::EcdsaP384 => ("EC", 384, Some("P-384")),
        Suite::EcdsaP521 => ("EC", 521, Some("P-521")),
    };
    let kind = match protection {
        Protection::Software => kind.to_owned(),
        Protection::Hsm => format!("{kind}-HSM"),
    };
    let mut properties =
        json!({ "exportable": false, "kty": kind, "key_size": size, "reuse_key": false });
    if let Some(curve) = curve {
        properties["crv"] = curve.into();
    }
    properties
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// As X.500 names are written on Windows, and so in Key Vault: quotation marks are doubled, and nothing
/// is escaped by a backslash.
fn quoted(value: &str) -> String {
    let special = value.contains([',', '+', '"', '\\', '<', '>', ';', '=', '#', '\n'])
        || value.starts_with(' ')
        || value.ends_with(' ');
    if special { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "C=US,ST=WA,L=Seattle,O=Notation,CN=wabbit-networks.io";

    #[test]
    fn a_subject_is_written_as_key_vault_reads_it() {
        for (text, written) in [
            (SUBJECT, "CN=wabbit-networks.io, O=Notation, L=Seattle, ST=WA, C=US"),
            ("CN=a,OU=b,O=Wabbit\\, Inc.,S=WA,C=US", "CN=a, OU=b, O=\"Wabbit, Inc.\", ST=WA, C=US"),
            ("CN=a \\\"b\\\",O=c,ST=WA,C=US", "CN=\"a \"\"b\"\"\", O=c, ST=WA, C=US"),
        ] {
            assert_eq!(SubjectName::parse(text).unwrap().as_str(), written);
        }
    }

    #[test]
    fn a_subject_that_the_rules_do_not_take_is_refused() {
        for (text, part) in [
            ("CN=a,O=b,ST=c", "\"C\""),
            ("CN=a,ST=c,C=US", "\"O\""),
            ("O=b,ST=c,C=US", "common name (CN)"),
            ("CN=a,O=b,ST=c,C=USA", "two letters, not \"USA\""),
            ("CN=a,O=b,ST=c,C=us", "two letters, not \"us\""),
            ("CN=a,O=b,ST=c,C=US,DC=d", "CN, OU, O, L, ST and C: DC"),
            ("CN=a,CN=b,O=b,ST=c,C=US", "duplicate"),
            ("wabbit", "parsing distinguished name"),
        ] {
            let error = SubjectName::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_policy_keeps_every_rule() {
        let policy = CertificatePolicy {
            subject: SubjectName::parse(SUBJECT).unwrap(),
            suite: Suite::EcdsaP384,
            protection: Protection::Hsm,
            issuer: Issuer::Ca,
        };
        let written = policy.to_json();
        let key = json!({ "exportable": false, "kty": "EC-HSM", "key_size": 384, "crv": "P-384", "reuse_key": false });
        assert_eq!(written["key_props"], key);
        assert_eq!(written["secret_props"]["contentType"], "application/x-pem-file");
        assert_eq!(written["x509_props"]["key_usage"], json!(["digitalSignature"]));
        assert_eq!(written["x509_props"]["ekus"], json!(["1.3.6.1.5.5.7.3.3"]));
        assert_eq!(written["x509_props"]["validity_months"], Value::Null);
        assert_eq!(written["issuer"]["name"], "Unknown");
        let own = CertificatePolicy {
            suite: Suite::RsaPss2048,
            protection: Protection::Software,
            issuer: Issuer::Itself { months: 3 },
            ..policy
        };
        let written = own.to_json();
        let key =
            json!({ "exportable": false, "kty": "RSA", "key_size": 2048, "reuse_key": false });
        assert_eq!(written["key_props"], key);
        assert_eq!(written["x509_props"]["validity_months"], 3);
        assert_eq!(written["issuer"]["name"], "Self");
        assert_eq!(written["lifetime_actions"][0]["action"]["action_type"], "EmailContacts");
    }
}
