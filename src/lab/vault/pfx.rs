//! The PKCS#12 files a vault gives out: empty password, with or without the private key.

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};

use crate::lab::LabError;

/// Rounds of key derivation, as few as are usual: the password is empty anyway.
const ITERATIONS: u32 = 2_000;

/// A file with the certificates in this order, beside the key if there is one.
pub(super) fn write(key: Option<&[u8]>, certificates: &[&[u8]]) -> Result<Vec<u8>, LabError> {
    let failed = |error: p12_keystore::error::Error| LabError::Pfx(error.to_string());
    let certificates = certificates
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    let mut store = KeyStore::new();
    match key {
        Some(der) => {
            let key = PrivateKey::from_der(der).map_err(failed)?;
            let chain = PrivateKeyChain::new(vec![1], key, certificates);
            store.add_entry("lab", KeyStoreEntry::PrivateKeyChain(chain));
        }
        None => {
            for (index, certificate) in certificates.into_iter().enumerate() {
                let name = format!("certificate {index}");
                store.add_entry(&name, KeyStoreEntry::Certificate(certificate));
            }
        }
    }
    let writer = store.writer("").encryption_iterations(ITERATIONS).mac_iterations(ITERATIONS);
    writer.write().map_err(failed)
}

#[cfg(test)]
mod tests {
    use p12_keystore::Pkcs12ImportPolicy;
    use time::macros::datetime;

    use super::*;
    use crate::lab::pki::{Chain, IssueRequest, Pki};

    #[test]
    fn a_file_without_a_key_holds_every_certificate() {
        let request = IssueRequest::named("a").chain(Chain::Three);
        let issued = Pki::default().issue(&request, datetime!(2030-01-01 00:00 UTC)).unwrap();
        let chain: Vec<&[u8]> = issued.chain.iter().map(Vec::as_slice).collect();
        let file = write(None, &chain).unwrap();
        let store = KeyStore::from_pkcs12(&file, "", Pkcs12ImportPolicy::Raw).unwrap();
        let mut read: Vec<Vec<u8>> = store
            .entries()
            .filter_map(|(_, entry)| match entry {
                KeyStoreEntry::Certificate(certificate) => Some(certificate.as_der().to_vec()),
                _ => None,
            })
            .collect();
        read.sort();
        let mut written = issued.chain.clone();
        written.sort();
        assert_eq!(read, written);
    }

    #[test]
    fn a_file_with_a_key_holds_key_and_chain() {
        let issued = Pki::default()
            .issue(&IssueRequest::named("a"), datetime!(2030-01-01 00:00 UTC))
            .unwrap();
        let chain: Vec<&[u8]> = issued.chain.iter().map(Vec::as_slice).collect();
        let file = write(Some(issued.key.private_key_der()), &chain).unwrap();
        let store = KeyStore::from_pkcs12(&file, "", Pkcs12ImportPolicy::Strict).unwrap();
        let (_, read) = store.private_key_chain().unwrap();
        assert_eq!((read.certs().len(), read.certs()[0].as_der()), (2, chain[0]));
        assert_eq!(read.key().as_der(), issued.key.private_key_der());
    }
}
