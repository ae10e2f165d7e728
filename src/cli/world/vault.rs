//! A command's certificate in a vault.

use super::World;
use crate::azure::{AzureError, Certificates, ChainMode, Cloud, KeyId, TokenSource};

/// How a command names a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedCertificate<'a> {
    /// `https://<vault>/certificates/<name>[/<version>]`
    Id(&'a str),
    In {
        /// A name, a host or an address.
        vault: &'a str,
        name: &'a str,
    },
}

impl World {
    /// The certificate, with this command's identity. `mode` says which roles a refusal names.
    pub fn certificates(
        &self,
        named: NamedCertificate<'_>,
        mode: ChainMode,
    ) -> Result<Certificates, AzureError> {
        let extra = &self.options.extra_hosts;
        let id = match named {
            NamedCertificate::Id(id) => KeyId::parse(id, extra)?,
            NamedCertificate::In { vault, name } => {
                KeyId::latest(vault, name, Cloud::Public, extra)?
            }
        };
        let tokens: std::sync::Arc<dyn TokenSource> = self.identity(self.options.credential_type);
        Ok(Certificates::new(self.http.clone(), tokens, &id, mode))
    }
}
