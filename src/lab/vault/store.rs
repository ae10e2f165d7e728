//! The vault's certificates, each with its versions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::pfx;
use crate::lab::LabError;
use crate::lab::pki::{Chain, IssueRequest, IssuedChain, LabKey, hex, pem, random};

/// What the certificate's secret holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ChainInVault {
    /// The whole chain as PEM.
    Pem,
    /// The whole chain as PKCS#12 with an empty password.
    Pfx,
    /// The leaf alone, as PEM: the chain was never merged into the vault.
    LeafOnly,
}

/// In which order the secret holds the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ChainOrder {
    LeafFirst,
    /// Root first, then the leaf, then the issuing authority.
    Shuffled,
}

/// Whether the private key leaves the vault with the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Export {
    No,
    Yes,
}

/// One version of a certificate, with its key and secret.
pub(in crate::lab) struct Version {
    /// 32 hexadecimal digits.
    pub id: String,
    pub subject: String,
    /// `Unknown` or `Self`.
    pub issuer: &'static str,
    pub key: Arc<LabKey>,
    pub export: Export,
    /// The value of the secret.
    pub secret: String,
    content_type: &'static str,
    leaf: Vec<u8>,
    not_before: i64,
    not_after: i64,
}

/// What a version is made from.
pub(super) struct Content<'a> {
    pub subject: String,
    pub issuer: &'static str,
    pub key: Arc<LabKey>,
    pub export: Export,
    pub form: ChainInVault,
    /// What the secret holds, in this order.
    pub certificates: Vec<&'a [u8]>,
    pub leaf: Vec<u8>,
    pub not_before: i64,
    pub not_after: i64,
}

impl Version {
    pub(in crate::lab) fn new(
        request: &IssueRequest,
        issued: &IssuedChain,
    ) -> Result<Self, LabError> {
        let mut certificates: Vec<&[u8]> = issued.chain.iter().map(Vec::as_slice).collect();
        if request.chain_in_vault == ChainInVault::LeafOnly {
            certificates.truncate(1);
        }
        if request.chain_order == ChainOrder::Shuffled {
            certificates.rotate_right(1);
        }
        Self::of(Content {
            subject: request.subject.clone(),
            issuer: if request.chain == Chain::SelfSigned { "Self" } else { "Unknown" },
            key: issued.key.clone(),
            export: request.export,
            form: request.chain_in_vault,
            certificates,
            leaf: issued.chain[0].clone(),
            not_before: issued.not_before.unix_timestamp(),
            not_after: issued.not_after.unix_timestamp(),
        })
    }

    pub(super) fn of(content: Content<'_>) -> Result<Self, LabError> {
        let Content { subject, issuer, key, export, form, certificates, .. } = content;
        let private = (export == Export::Yes).then(|| key.private_key_der());
        let (secret, content_type) = match form {
            ChainInVault::Pfx => {
                let file = pfx::write(private, &certificates)?;
                (STANDARD.encode(file), "application/x-pkcs12")
            }
            ChainInVault::Pem | ChainInVault::LeafOnly => {
                let private = private.map(|der| pem("PRIVATE KEY", der));
                let certificates = certificates.iter().map(|der| pem("CERTIFICATE", der));
                (private.into_iter().chain(certificates).collect(), "application/x-pem-file")
            }
        };
        Ok(Self {
            id: hex(&random::<16>()?),
            subject,
            issuer,
            key,
            export,
            secret,
            content_type,
            leaf: content.leaf,
            not_before: content.not_before,
            not_after: content.not_after,
        })
    }

    pub(super) fn content_type(&self) -> &'static str {
        self.content_type
    }

    pub(super) fn leaf_base64(&self) -> String {
        STANDARD.encode(&self.leaf)
    }

    /// SHA-1 of the leaf, as the service defines `x5t`.
    pub(super) fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.leaf))
    }

    pub(super) fn attributes(&self, enabled: bool) -> Value {
        json!({
            "enabled": enabled,
            "nbf": self.not_before,
            "exp": self.not_after,
            "created": self.not_before,
            "updated": self.not_before,
            "recoveryLevel": "Recoverable+Purgeable",
        })
    }
}

/// Names with their versions, oldest first.
#[derive(Default)]
pub(in crate::lab) struct Certificates {
    by_name: Mutex<BTreeMap<String, Vec<Arc<Version>>>>,
    /// Names that were deleted and can be recovered.
    deleted: Mutex<BTreeSet<String>>,
    /// Identifiers of versions.
    disabled: Mutex<BTreeSet<String>>,
    /// Secrets that are no certificate's.
    strangers: Mutex<Vec<String>>,
}

impl Certificates {
    pub(in crate::lab) fn add(&self, name: &str, version: Version) {
        let mut by_name = self.by_name.lock().expect("no panic holds this lock");
        by_name.entry(name.to_owned()).or_default().push(Arc::new(version));
    }

    /// The versions go, and the name cannot be used again.
    pub(in crate::lab) fn delete(&self, name: &str) {
        self.by_name.lock().expect("no panic holds this lock").remove(name);
        self.deleted.lock().expect("no panic holds this lock").insert(name.to_owned());
    }

    pub(super) fn is_deleted(&self, name: &str) -> bool {
        self.deleted.lock().expect("no panic holds this lock").contains(name)
    }

    pub(in crate::lab) fn disable(&self, version: &str) {
        self.disabled.lock().expect("no panic holds this lock").insert(version.to_owned());
    }

    pub(super) fn is_enabled(&self, version: &Version) -> bool {
        !self.disabled.lock().expect("no panic holds this lock").contains(&version.id)
    }

    pub(in crate::lab) fn put_stranger(&self, name: &str) {
        self.strangers.lock().expect("no panic holds this lock").push(name.to_owned());
    }

    pub(super) fn strangers(&self) -> Vec<String> {
        self.strangers.lock().expect("no panic holds this lock").clone()
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.by_name.lock().expect("no panic holds this lock").keys().cloned().collect()
    }

    /// That version, or the latest.
    pub(super) fn version(&self, name: &str, version: Option<&str>) -> Option<Arc<Version>> {
        let versions = self.versions(name);
        match version {
            None => versions.last().cloned(),
            Some(wanted) => versions.iter().find(|v| v.id == wanted).cloned(),
        }
    }

    /// Oldest first; none of a name that is not there.
    pub(super) fn versions(&self, name: &str) -> Vec<Arc<Version>> {
        let by_name = self.by_name.lock().expect("no panic holds this lock");
        by_name.get(name).cloned().unwrap_or_default()
    }
}
