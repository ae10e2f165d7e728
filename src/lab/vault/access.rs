//! Who may do what in the vault, refused in the words of role assignments or of access policies.

use std::collections::BTreeMap;
use std::sync::Mutex;

use http::StatusCode;
use serde_json::json;

use crate::lab::Identity;
use crate::lab::entra::Principal;
use crate::lab::message::Answer;

/// An operation that can be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    CertificateGet,
    CertificateList,
    /// Creating and merging.
    CertificateCreate,
    CertificateImport,
    /// Deleting a pending request.
    CertificateUpdate,
    SecretGet,
    KeySign,
    /// Keys and secrets, by name alone.
    List,
    /// Never needed for signing, so refused from the start.
    KeyGet,
}

/// How a vault words a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// `ForbiddenByRbac`: the vault uses Azure roles.
    Rbac,
    /// `does not have secrets get permission on key vault`: legacy access policies.
    AccessPolicy,
}

/// The vault's name in refusals.
const VAULT_NAME: &str = "lab";

/// What is refused, and how.
pub(in crate::lab) struct Access {
    refused: Mutex<BTreeMap<Permission, Wording>>,
}

impl Default for Access {
    fn default() -> Self {
        Self { refused: Mutex::new(BTreeMap::from([(Permission::KeyGet, Wording::Rbac)])) }
    }
}

impl Access {
    pub(in crate::lab) fn deny(&self, permission: Permission, wording: Wording) {
        self.refused.lock().expect("no panic holds this lock").insert(permission, wording);
    }

    pub(in crate::lab) fn allow(&self, permission: Permission) {
        self.refused.lock().expect("no panic holds this lock").remove(&permission);
    }

    pub(super) fn check(
        &self,
        permission: Permission,
        name: &str,
        identity: &Identity,
        principal: Principal,
    ) -> Result<(), Answer> {
        let refused = self.refused.lock().expect("no panic holds this lock");
        match refused.get(&permission) {
            None => Ok(()),
            Some(wording) => Err(refusal(*wording, permission, name, identity, principal)),
        }
    }
}

fn refusal(
    wording: Wording,
    permission: Permission,
    name: &str,
    identity: &Identity,
    principal: Principal,
) -> Answer {
    // kind, verb of an access policy, data action of a role
    let (kind, verb, action) = match permission {
        Permission::CertificateGet => ("certificates", "get", "read"),
        Permission::CertificateList => ("certificates", "list", "read"),
        Permission::CertificateCreate => ("certificates", "create", "create/action"),
        Permission::CertificateImport => ("certificates", "import", "import/action"),
        Permission::CertificateUpdate => ("certificates", "update", "update/action"),
        Permission::SecretGet => ("secrets", "get", "getSecret/action"),
        Permission::KeySign => ("keys", "sign", "sign/action"),
        Permission::List => ("secrets", "list", "readMetadata/action"),
        Permission::KeyGet => ("keys", "get", "read"),
    };
    let caller = format!(
        "appid={};oid={};iss=https://sts.windows.net/{}/",
        identity.client_id,
        principal.object_id(),
        identity.tenant_id
    );
    let (inner, message) = match wording {
        Wording::Rbac => (
            "ForbiddenByRbac",
            format!(
                "Caller is not authorized to perform action on resource.\r\nIf role assignments, \
                 deny assignments or role definitions were changed recently, please observe \
                 propagation time.\r\nCaller: {caller}\r\nAction: \
                 'Microsoft.KeyVault/vaults/{kind}/{action}'\r\nResource: \
                 '/subscriptions/00000000-0000-4000-8000-000000000000/resourcegroups/lab/providers/\
                 microsoft.keyvault/vaults/{VAULT_NAME}/{kind}/{name}'\r\nAssignment: (not \
                 found)\r\nDenyAssignmentId: null\r\nDecisionReason: null \r\nVault: \
                 {VAULT_NAME};location=westeurope\r\n"
            ),
        ),
        Wording::AccessPolicy => (
            "AccessDenied",
            format!(
                "The user, group or application '{caller}' does not have {kind} {verb} permission \
                 on key vault '{VAULT_NAME};location=westeurope'. For help resolving this issue, \
                 please see https://go.microsoft.com/fwlink/?linkid=2125287"
            ),
        ),
    };
    let error = json!({ "code": "Forbidden", "message": message, "innererror": { "code": inner } });
    Answer::json(StatusCode::FORBIDDEN, &json!({ "error": error }))
}
