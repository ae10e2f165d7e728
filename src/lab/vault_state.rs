//! What a test or a user changes in the lab's vault, and the CA that answers its requests.

use super::pki::{Chain, IssueRequest, Validity, pem};
use super::vault::{Permission, Wording};
use super::{Lab, LabError};

impl Lab {
    /// Refuses an operation in the vault from now on.
    pub fn deny(&self, permission: Permission, wording: Wording) {
        self.vault.access.deny(permission, wording);
    }

    /// Takes that back.
    pub fn allow(&self, permission: Permission) {
        self.vault.access.allow(permission);
    }

    /// Puts a secret into the vault that is no certificate's.
    pub fn put_secret(&self, name: &str) {
        self.vault.certificates.put_stranger(name);
    }

    /// Deletes a certificate; the name can be recovered, and not be used.
    pub fn delete_certificate(&self, name: &str) {
        self.vault.certificates.delete(name);
    }

    /// Disables one version of a certificate, with its key and secret.
    pub fn disable_version(&self, version: &str) {
        self.vault.certificates.disable(version);
    }

    /// What a CA outside of the vault answers to a certificate request in PEM: the certificates of the
    /// chain, leaf first, root last, as PEM. The request must be one that this vault is waiting with.
    pub fn answer_request(
        &self,
        request: &str,
        chain: Chain,
        validity: Validity,
    ) -> Result<Vec<String>, LabError> {
        let waiting = self.vault.pending.of_request(request).ok_or(LabError::Request)?;
        let wanted = IssueRequest {
            subject: waiting.subject.clone(),
            chain,
            validity,
            ..IssueRequest::named(&waiting.name).key(waiting.key.spec)
        };
        let issued = self.pki.issue_for(waiting.key.clone(), &wanted, self.clock.now())?;
        Ok(issued.chain.iter().map(|der| pem("CERTIFICATE", der)).collect())
    }
}
