//! Files with certificates and private keys: PEM, DER, P7B and PFX.

use std::path::Path;

use p12_keystore::Pkcs12Archive;
use zeroize::Zeroizing;

use super::error::VaultError;
use crate::cli::local_key::read;
use crate::crypto::{KeyError, PrivateKey};
use crate::fault::BoxFault;
use crate::secret::Secret;
use crate::x509::{Certificate, certificates_from_bundle};

/// What files hold together.
#[derive(Default)]
pub struct Found {
    pub certificates: Vec<Certificate>,
    /// With the file each was in.
    pub keys: Vec<(String, PrivateKey)>,
}

/// The certificates of the CA's files, at least one.
pub fn certificates(paths: &[&str]) -> Result<Vec<Certificate>, BoxFault> {
    let mut found = Vec::new();
    for path in paths {
        found.extend(of_file(path, &read(Path::new(path))?)?);
    }
    if found.is_empty() {
        return Err(VaultError::NoCertificate { files: paths.join(", ") }.into());
    }
    Ok(found)
}

impl Found {
    /// Adds what a file holds. `password` is asked for where a PFX does not open without one.
    pub fn add(
        &mut self,
        path: &str,
        password: &mut dyn FnMut(&str) -> Result<Secret, BoxFault>,
    ) -> Result<(), BoxFault> {
        let bytes = Zeroizing::new(read(Path::new(path))?);
        match is_pfx(&bytes) {
            true => self.add_pfx(path, &bytes, password),
            false => self.add_pem(path, &bytes),
        }
    }

    /// The one private key.
    pub fn key(
        mut self,
        paths: &[&str],
    ) -> Result<(String, PrivateKey, Vec<Certificate>), VaultError> {
        let files = || paths.join(", ");
        let found = self.keys.len();
        match self.keys.pop() {
            None => Err(VaultError::NoKey { file: files() }),
            Some(_) if found > 1 => Err(VaultError::Keys { files: files(), found }),
            Some((file, key)) => Ok((file, key, self.certificates)),
        }
    }

    fn add_pem(&mut self, path: &str, bytes: &[u8]) -> Result<(), BoxFault> {
        if let Ok(text) = std::str::from_utf8(bytes) {
            self.add_key(path, &Secret::new(text))?;
        }
        self.certificates.extend(of_file(path, bytes)?);
        Ok(())
    }

    fn add_pfx(
        &mut self,
        path: &str,
        bytes: &[u8],
        password: &mut dyn FnMut(&str) -> Result<Secret, BoxFault>,
    ) -> Result<(), BoxFault> {
        let archive =
            match Pkcs12Archive::from_pkcs12(bytes, "") {
                Ok(archive) => archive,
                Err(_) => Pkcs12Archive::from_pkcs12(bytes, password(path)?.expose()).map_err(
                    |error| VaultError::Pfx { file: path.to_owned(), reason: error.to_string() },
                )?,
            };
        for bag in archive.certs {
            self.certificates.push(Certificate::from_der(bag.cert.as_der())?);
        }
        for bag in archive.keys {
            self.add_key(path, &pem_of_key(bag.key.as_der()))?;
        }
        Ok(())
    }

    fn add_key(&mut self, path: &str, pem: &Secret) -> Result<(), VaultError> {
        match PrivateKey::from_pem(pem) {
            Ok(key) => self.keys.push((path.to_owned(), key)),
            // certificates alone; what is malformed is told by those who read certificates
            Err(KeyError::Missing) => {}
            Err(KeyError::Encrypted) => {
                return Err(VaultError::EncryptedKey { file: path.to_owned() });
            }
            Err(error) => return Err(VaultError::Key { file: path.to_owned(), error }),
        }
        Ok(())
    }
}

fn of_file(path: &str, bytes: &[u8]) -> Result<Vec<Certificate>, BoxFault> {
    certificates_from_bundle(bytes).map_err(|error| {
        crate::cli::error::CliError::File { what: path.to_owned(), reason: error.to_string() }
            .into()
    })
}

/// PFX (RFC 7292, 4): a sequence that begins with the number 3.
fn is_pfx(bytes: &[u8]) -> bool {
    let length_bytes = match bytes.get(1) {
        Some(short) if *short <= 0x80 => 0,
        Some(long) => usize::from(long & 0x7f),
        None => return false,
    };
    bytes.first() == Some(&0x30)
        && bytes.get(2 + length_bytes..5 + length_bytes) == Some(&[2, 1, 3])
}

fn pem_of_key(pkcs8: &[u8]) -> Secret {
    let block = pem::Pem::new("PRIVATE KEY", pkcs8);
    let text = pem::encode(&block);
    drop(Zeroizing::new(block.into_contents()));
    Secret::new(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pfx_is_known_by_its_first_bytes() {
        assert!(is_pfx(&[0x30, 0x82, 0x10, 0x00, 2, 1, 3, 0x30]));
        assert!(is_pfx(&[0x30, 0x80, 2, 1, 3, 0x30]));
        assert!(is_pfx(&[0x30, 0x20, 2, 1, 3, 0x30]));
        for other in [&b""[..], b"0", b"-----BEGIN", &[0x30, 0x82, 1, 0, 0x30, 0x82, 1]] {
            assert!(!is_pfx(other));
        }
    }
}
