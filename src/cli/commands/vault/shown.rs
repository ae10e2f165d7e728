//! What `vault show` tells of a certificate, as text and as JSON.

use serde::Serialize;
use time::OffsetDateTime;

use crate::azure::{CertificateState, VersionState};
use crate::cli::parse::PROGRAM;
use crate::cli::render::table::table;
use crate::cli::render::text::rfc3339;
use crate::fault::printable;
use crate::x509::{Certificate, Chain};

/// What was found out; the parts that were refused are none.
pub struct Facts<'a> {
    pub state: &'a CertificateState,
    pub leaf: &'a Certificate,
    /// Leaf first; none where it could not be read.
    pub chain: Option<&'a [Certificate]>,
    pub chain_in_vault: ChainPlace,
    pub versions: Option<&'a [VersionState]>,
    /// A request for the next version waits for its CA.
    pub request_waits: bool,
    pub now: OffsetDateTime,
}

/// Where the certificates above the leaf are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainPlace {
    /// In the vault's secret.
    Vault,
    /// The vault holds the leaf alone.
    Elsewhere,
    /// It could not be looked at.
    NotSeen,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// With the version.
    id: String,
    key_id: String,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exportable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// `RSA-3072`, `EC-256` …; what is not supported in words.
    key: String,
    #[serde(flatten)]
    leaf: Link,
    /// Whole days from now until the leaf ends; negative after that.
    days_left: i64,
    /// Leaf first, root last.
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<Vec<Link>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    versions: Option<Vec<Version>>,
    request_waits: bool,
    warnings: Vec<String>,
    /// The command that signs with it.
    sign: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    subject: String,
    issuer: String,
    /// SHA-256, as `cert show` and trust policies have it.
    thumbprint: String,
    not_before: String,
    not_after: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    version: String,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
}

const PEM: &str = "application/x-pem-file";

/// warned of from so many days before the end: CAs take some of them
const SOON: i64 = 30;

impl Shown {
    pub fn of(facts: &Facts<'_>) -> Self {
        let Facts { state, leaf, .. } = facts;
        let links = |chain: &[Certificate]| chain.iter().map(Link::of).collect();
        let version = |v: &VersionState| Version {
            version: v.version.clone(),
            enabled: v.enabled,
            created: v.created.map(rfc3339),
            not_after: v.not_after.map(rfc3339),
        };
        Self {
            id: state.id.certificate_id(),
            key_id: state.id.to_string(),
            enabled: state.enabled,
            exportable: state.exportable,
            content_type: state.content_type.clone(),
            key: leaf.suite().map_or_else(|problem| problem, |suite| suite.key_spec().to_owned()),
            leaf: Link::of(leaf),
            days_left: facts.days_left(),
            chain: facts.chain.map(links),
            versions: facts.versions.map(|versions| versions.iter().map(version).collect()),
            request_waits: facts.request_waits,
            warnings: facts.warnings(),
            sign: facts.sign(),
        }
    }

    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub fn text(&self) -> String {
        let yes_no = |yes| if yes { "yes" } else { "no" };
        let left = match self.days_left {
            0.. => format!("{} days left", self.days_left),
            _ => "over".to_owned(),
        };
        let mut lines = vec![
            format!("Certificate:  {}", self.id),
            format!("Key id:       {}", self.key_id),
            format!("Key:          {}", self.key),
            format!("Subject:      {}", self.leaf.subject),
            format!("Valid:        {} to {}, {left}", self.leaf.not_before, self.leaf.not_after),
            format!("Enabled:      {}", yes_no(self.enabled)),
        ];
        lines.extend(self.exportable.map(|yes| format!("Exportable:   {}", yes_no(yes))));
        lines.extend(self.content_type.iter().map(|kind| format!("Content type: {kind}")));
        if let Some(chain) = &self.chain {
            lines.push("Chain:".to_owned());
            for (place, link) in (1..).zip(chain) {
                lines.push(format!("  {place}. {}", link.subject));
                lines.push(format!("     SHA-256 {}", link.thumbprint));
            }
        }
        let mut text: String = lines.iter().map(|line| format!("{}\n", printable(line))).collect();
        if let Some(versions) = &self.versions {
            let rows: Vec<[String; 4]> = versions.iter().map(Version::row).collect();
            text.push_str("Versions:\n");
            for line in table(["VERSION", "ENABLED", "CREATED", "VALID UNTIL"], &rows).lines() {
                text.push_str(&format!("  {}\n", line.trim_end()));
            }
        }
        text.push_str(&format!("Sign with it:\n  {}\n", printable(&self.sign)));
        text
    }
}

impl Facts<'_> {
    fn days_left(&self) -> i64 {
        let left = self.leaf.not_after() - self.now;
        if left.is_negative() { left.whole_days().min(-1) } else { left.whole_days() }
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |when: bool, text: &str| {
            if when {
                warnings.push(text.to_owned());
            }
        };
        warn(!self.state.enabled, "this version is disabled: it neither signs nor shows its chain");
        warn(
            self.state.exportable == Some(true),
            "the private key can be exported from the vault; make a new certificate with a key that cannot: sealwright vault csr",
        );
        let kind = self.state.content_type.as_deref();
        warn(
            kind.is_some_and(|kind| kind != PEM),
            "the content type is not PEM (application/x-pem-file), which Image Integrity on AKS needs",
        );
        let days = self.days_left();
        warn(days < 0, "the certificate is over: what it signs now is not verified");
        warn(
            (0..SOON).contains(&days),
            "the certificate ends soon; begin the next version: sealwright vault csr",
        );
        warn(self.now < self.leaf.not_before(), "the certificate is not valid yet");
        warn(
            self.request_waits,
            "a request for the next version waits for its CA: sealwright vault merge puts the answer in place",
        );
        warn(
            self.chain_in_vault == ChainPlace::Elsewhere,
            "the vault holds this certificate alone, without the CA's: give them when signing, with ca_certs",
        );
        if let Some(chain) = self.chain {
            match Chain::check(chain.to_vec()) {
                Ok(chain) => warnings.extend(chain.advice()),
                Err(error) => warnings.push(error.to_string()),
            }
        }
        warnings
    }

    fn sign(&self) -> String {
        let id = self.state.id.unpinned().certificate_id();
        let config = match self.chain_in_vault {
            _ if self.leaf.is_self_signed() => " --plugin-config self_signed=true",
            ChainPlace::Elsewhere => " --plugin-config ca_certs=<file>",
            ChainPlace::Vault | ChainPlace::NotSeen => "",
        };
        format!(
            "{PROGRAM} sign --signature-format cose --plugin azure-kv --id {id}{config} <registry>/<repository>@<digest>"
        )
    }
}

impl Link {
    fn of(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            thumbprint: certificate.thumbprint(),
            not_before: rfc3339(certificate.not_before()),
            not_after: rfc3339(certificate.not_after()),
        }
    }
}

impl Version {
    fn row(&self) -> [String; 4] {
        let when = |at: &Option<String>| at.clone().unwrap_or_else(|| "-".to_owned());
        let enabled = if self.enabled { "yes" } else { "no" };
        [self.version.clone(), enabled.to_owned(), when(&self.created), when(&self.not_after)]
    }
}

/// One PEM block, with line feeds.
pub fn pem(certificate: &Certificate) -> String {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new("CERTIFICATE", certificate.der()), config)
}

/// SHA-256 as CAs publish it: `AB:CD:…`.
pub fn fingerprint(certificate: &Certificate) -> String {
    let hex = certificate.thumbprint().to_ascii_uppercase();
    let pairs: Vec<&str> = (0..hex.len()).step_by(2).filter_map(|at| hex.get(at..at + 2)).collect();
    pairs.join(":")
}
