//! The local trust policy with the certificates of every store it names.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize};

use crate::cli::session::Session;
use crate::config::trust_policy;
use crate::fault::BoxFault;
use crate::trust::{Policy, STORE_TYPES, Statement, StoreType, TrustStore as _};
use crate::x509::Certificate;

/// What is exported.
#[derive(Debug)]
pub struct Trusted {
    pub policy: Policy,
    /// The same policy as it was written.
    pub document: PolicyDocument,
    pub stores: Stores,
}

/// The certificates of the stores that the policy names.
#[derive(Debug, Default)]
pub struct Stores(BTreeMap<(StoreType, String), Vec<Certificate>>);

/// trustpolicy.json: its known members with their values as given.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyDocument {
    pub version: String,
    pub trust_policies: Vec<PolicyStatement>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyStatement {
    pub name: String,
    pub registry_scopes: Vec<String>,
    pub signature_verification: PolicyVerification,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust_stores: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_identities: Option<Vec<String>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyVerification {
    pub level: String,
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub overrides: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify_timestamp: Option<String>,
}

impl Trusted {
    /// Reads the policy and every store it names; a store that is missing, empty or unreadable is
    /// an error.
    pub fn read(session: &Session) -> Result<Self, BoxFault> {
        let (policy, bytes) = trust_policy::load_with_bytes(&session.dirs()?)?;
        let document = serde_json::from_slice(&bytes)
            .expect("a valid policy has these members of these types");
        let store = session.trust_store()?;
        let mut stores = BTreeMap::new();
        for statement in policy.statements() {
            for kind in STORE_TYPES {
                for name in statement.stores(kind) {
                    if let Entry::Vacant(unread) = stores.entry((kind, name.to_owned())) {
                        unread.insert(store.certificates(kind, name)?);
                    }
                }
            }
        }
        Ok(Self { policy, document, stores: Stores(stores) })
    }
}

impl Stores {
    /// Every store: type, name, certificates.
    pub fn all(&self) -> impl Iterator<Item = (StoreType, &str, &[Certificate])> {
        self.0.iter().map(|((kind, name), found)| (*kind, name.as_str(), found.as_slice()))
    }

    /// The certificates of a statement's stores of one type, with the name of their store.
    pub fn of<'a>(
        &'a self,
        statement: &'a Statement,
        kind: StoreType,
    ) -> Vec<(&'a str, &'a Certificate)> {
        let mut found = Vec::new();
        for name in statement.stores(kind) {
            let certificates = self.0.get(&(kind, name.to_owned()));
            found.extend(certificates.into_iter().flatten().map(|certificate| (name, certificate)));
        }
        found
    }
}

/// PEM, ending in a newline.
pub fn pem_of(certificate: &Certificate) -> String {
    let block = pem::Pem::new("CERTIFICATE", certificate.der());
    pem::encode_config(&block, pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF))
}

/// `CN=…, until 2027-01-31, SHA-256 …`, to compare with what the authority publishes.
pub fn about(certificate: &Certificate) -> String {
    let (subject, until) = (certificate.subject(), certificate.not_after().date());
    format!("{subject}, until {until}, SHA-256 {}", certificate.thumbprint())
}
