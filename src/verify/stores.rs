//! The trusted certificates of one statement, loaded once per artifact.

use crate::registry::SignatureDescriptor;
use crate::trust::{Statement, StoreError, StoreType, TrustStore};
use crate::x509::Certificate;

/// Certificates of the statement's stores by type; a store that does not load is an answer too, and
/// counts when a signature asks for its type.
pub(super) struct Stores {
    ca: Result<Vec<Certificate>, StoreError>,
    signing_authority: Result<Vec<Certificate>, StoreError>,
    tsa: Result<Vec<Certificate>, StoreError>,
    thumbprints: Vec<String>,
}

impl Stores {
    pub(super) fn load(store: &dyn TrustStore, statement: &Statement) -> Self {
        let ca = load(store, statement, StoreType::Ca);
        let signing_authority = load(store, statement, StoreType::SigningAuthority);
        let tsa = load(store, statement, StoreType::Tsa);
        let thumbprints = [&ca, &signing_authority]
            .into_iter()
            .flatten()
            .flatten()
            .map(Certificate::thumbprint)
            .collect();
        Self { ca, signing_authority, tsa, thumbprints }
    }

    /// Trusted certificates of one type.
    pub(super) fn certificates(&self, kind: StoreType) -> Result<&[Certificate], StoreError> {
        let loaded = match kind {
            StoreType::Ca => &self.ca,
            StoreType::SigningAuthority => &self.signing_authority,
            StoreType::Tsa => &self.tsa,
        };
        loaded.as_deref().map_err(Clone::clone)
    }

    /// The listing claims a chain with a trusted certificate in it.
    pub(super) fn recognise(&self, listed: &SignatureDescriptor) -> bool {
        let claimed = listed
            .annotations
            .as_ref()
            .and_then(|a| a.get("io.cncf.notary.x509chain.thumbprint#S256"))
            .map(|text| text.to_ascii_lowercase());
        claimed.is_some_and(|text| self.thumbprints.iter().any(|t| text.contains(t.as_str())))
    }
}

fn load(
    store: &dyn TrustStore,
    statement: &Statement,
    kind: StoreType,
) -> Result<Vec<Certificate>, StoreError> {
    let mut certificates = Vec::new();
    for name in statement.stores(kind) {
        certificates.extend(store.certificates(kind, name)?);
    }
    Ok(certificates)
}
