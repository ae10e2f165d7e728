//! Certificates being made: requests that wait for a CA, and what the vault signs itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::store::{ChainInVault, Export};
use crate::lab::pki::{LabKey, pem};

/// What one certificate is made from.
pub(in crate::lab) struct Operation {
    pub name: String,
    pub subject: String,
    pub key: Arc<LabKey>,
    pub export: Export,
    pub content: ChainInVault,
    pub signer: Signer,
    /// The policy's own, as it was given.
    pub key_usage: Vec<String>,
    pub ekus: Vec<String>,
    /// PKCS#10 in DER.
    pub request: Vec<u8>,
}

/// Who signs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lab) enum Signer {
    /// A CA that the vault does not know.
    Unknown,
    /// The own key, for so many months.
    Itself { months: u16 },
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
}

/// The latest operation of each name.
#[derive(Default)]
pub(in crate::lab) struct Pending {
    by_name: Mutex<BTreeMap<String, (Arc<Operation>, Status)>>,
}

impl Pending {
    pub(super) fn begin(&self, operation: Operation) -> Arc<Operation> {
        let operation = Arc::new(operation);
        let mut by_name = self.by_name.lock().expect("no panic holds this lock");
        by_name.insert(operation.name.clone(), (operation.clone(), Status::InProgress));
        operation
    }

    pub(super) fn find(&self, name: &str) -> Option<(Arc<Operation>, Status)> {
        self.by_name.lock().expect("no panic holds this lock").get(name).cloned()
    }

    /// The one that still waits.
    pub(super) fn in_progress(&self, name: &str) -> Option<Arc<Operation>> {
        self.find(name).filter(|(_, status)| *status == Status::InProgress).map(|(found, _)| found)
    }

    pub(super) fn complete(&self, name: &str) {
        let mut by_name = self.by_name.lock().expect("no panic holds this lock");
        if let Some((_, status)) = by_name.get_mut(name) {
            *status = Status::Completed;
        }
    }

    pub(super) fn remove(&self, name: &str) -> Option<(Arc<Operation>, Status)> {
        self.by_name.lock().expect("no panic holds this lock").remove(name)
    }

    /// The operation whose request this text holds, byte by byte.
    pub(in crate::lab) fn of_request(&self, text: &str) -> Option<Arc<Operation>> {
        let by_name = self.by_name.lock().expect("no panic holds this lock");
        let mut waiting = by_name.values().map(|(operation, _)| operation);
        let same = |o: &&Arc<Operation>| {
            text.replace("\r\n", "\n").contains(&pem("CERTIFICATE REQUEST", &o.request))
        };
        waiting.find(same).cloned()
    }
}

impl Operation {
    /// The certificate's policy while this waits.
    pub(super) fn policy(&self) -> Value {
        let (kty, bits, curve) = self.key.spec.properties();
        let content_type = match self.content {
            ChainInVault::Pfx => "application/x-pkcs12",
            ChainInVault::Pem | ChainInVault::LeafOnly => "application/x-pem-file",
        };
        json!({
            "key_props": {
                "exportable": self.export == Export::Yes,
                "kty": kty, "key_size": bits, "crv": curve, "reuse_key": false,
            },
            "secret_props": { "contentType": content_type },
            "x509_props": {
                "subject": self.subject, "ekus": self.ekus, "key_usage": self.key_usage,
            },
        })
    }

    pub(super) fn to_json(&self, host: &str, status: Status) -> Value {
        let issuer = match self.signer {
            Signer::Unknown => "Unknown",
            Signer::Itself { .. } => "Self",
        };
        let mut json = json!({
            "id": format!("https://{host}/certificates/{}/pending", self.name),
            "issuer": { "name": issuer },
            "csr": STANDARD.encode(&self.request),
            "cancellation_requested": false,
            "status": "completed",
            "request_id": "a76827a18b63421c917da80f28e9913d",
        });
        match (status, self.signer) {
            (Status::InProgress, signer) => {
                json["status"] = "inProgress".into();
                let details = match signer {
                    Signer::Unknown => {
                        "Pending certificate created. Please Perform Merge to complete the request."
                    }
                    Signer::Itself { .. } => {
                        "Pending certificate created. Certificate request is in progress. This may \
                         take some time based on the issuer provider. Please check again later."
                    }
                };
                json["status_details"] = details.into();
            }
            (Status::Completed, _) => {
                json["target"] = format!("https://{host}/certificates/{}", self.name).into();
            }
        }
        json
    }
}
