//! What to type when a certificate's name is taken.

use crate::azure::KeyId;

/// A deleted certificate keeps its name until it is purged.
pub fn deleted_name(key: &KeyId) -> String {
    let (vault, name) = (key.vault().name().unwrap_or("<vault-name>"), key.name());
    format!(
        "take it back, versions and keys included: az keyvault certificate recover --vault-name {vault} -n {name}\n\
         or give the name free, and lose them: az keyvault certificate purge --vault-name {vault} -n {name}\n\
         or choose another name"
    )
}

/// A request that waits for its CA is answered, written again or thrown away.
pub fn pending_request(key: &KeyId) -> String {
    let id = key.certificate_id();
    format!(
        "write the request again, for the CA: sealwright vault csr --resume --id {id}\n\
         when the CA has answered: sealwright vault merge --id {id} <file>...\n\
         to throw the request away with its key, and begin anew: sealwright vault csr --force --subject <subject> --id {id}"
    )
}
