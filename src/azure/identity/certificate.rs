//! `environment` with AZURE_CLIENT_CERTIFICATE_PATH: an assertion signed with the application's key
//! (learn.microsoft.com, "Application certificate credentials", "Assertion format").

use std::path::Path;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::entra::{Entra, read_limited};
use super::{Audience, Credential, Token};
use crate::azure::{AzureError, pem};
use crate::crypto::Hash;
use crate::secret::Secret;
use crate::x509::Certificate;

pub(super) struct ClientCertificate {
    entra: Entra,
    path: String,
    key: RsaKeyPair,
    certificate: Certificate,
}

/// largest key and certificate file accepted; real ones are under 20 KiB
const FILE_LIMIT: u64 = 1024 * 1024;
/// Entra takes assertions that live at most 10 minutes; clocks differ by up to a minute.
const LIFETIME: i64 = 9 * 60;
const SKEW: i64 = 60;

impl ClientCertificate {
    /// Reads a PEM file (key and certificates, in any order) or a PFX file, which may have a password.
    pub async fn read(
        entra: Entra,
        path: &str,
        password: Option<Secret>,
    ) -> Result<Self, AzureError> {
        let failed = |problem: String| AzureError::ClientCertificate { path: path.into(), problem };
        let bytes = read_limited(Path::new(path), FILE_LIMIT)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let material = Material::read(&Zeroizing::new(bytes), password).map_err(failed)?;
        let (key, certificate) = material.pair().map_err(failed)?;
        Ok(Self { entra, path: path.to_owned(), key, certificate })
    }

    /// Takes PEM text that came from `place`, which stands in messages.
    pub fn from_pem(entra: Entra, place: String, text: &str) -> Result<Self, AzureError> {
        let failed =
            |problem: String| AzureError::ClientCertificate { path: place.clone(), problem };
        let (key, certificate) =
            Material::from_pem(text).and_then(Material::pair).map_err(failed)?;
        Ok(Self { entra, path: place, key, certificate })
    }

    fn assertion(&self, audience: Audience) -> Result<Secret, AzureError> {
        let now = self.entra.http().clock().now().unix_timestamp();
        let thumbprint = URL_SAFE_NO_PAD.encode(Hash::Sha256.of(self.certificate.der()));
        let header = serde_json::json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint});
        let mut id = [0; 16];
        let random = |_| self.failed("the random numbers ran out");
        aws_lc_rs::rand::fill(&mut id).map_err(random)?;
        let claims = serde_json::json!({
            "aud": self.entra.token_endpoint(audience),
            "iss": self.entra.client(),
            "sub": self.entra.client(),
            "jti": URL_SAFE_NO_PAD.encode(id),
            "iat": now - SKEW,
            "nbf": now - SKEW,
            "exp": now + LIFETIME,
        });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .map_err(|_| self.failed("its key could not sign"))?;
        Ok(Secret::new(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }

    fn failed(&self, problem: &str) -> AzureError {
        AzureError::ClientCertificate { path: self.path.clone(), problem: problem.to_owned() }
    }
}

#[async_trait::async_trait]
impl Credential for ClientCertificate {
    async fn exchange(&self, audience: Audience) -> Result<Token, AzureError> {
        self.entra.with_assertion(self.assertion(audience)?, audience).await
    }

    fn describe(&self) -> String {
        "environment (client certificate)".into()
    }
}

/// Keys and certificates of a file, before they are matched.
struct Material {
    /// PKCS#8 or PKCS#1.
    keys: Vec<Zeroizing<Vec<u8>>>,
    certificates: Vec<Vec<u8>>,
}

const KEY_LABELS: [&str; 2] = ["PRIVATE KEY", "RSA PRIVATE KEY"];

impl Material {
    fn read(bytes: &[u8], password: Option<Secret>) -> Result<Self, String> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains("-----BEGIN ") => Self::from_pem(text),
            _ => Self::from_pfx(bytes, password),
        }
    }

    fn from_pem(text: &str) -> Result<Self, String> {
        if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----")
            || text.contains("Proc-Type: 4,ENCRYPTED")
        {
            return Err("its key is encrypted; give an unencrypted PEM key or a PFX file".into());
        }
        let blocks = pem::blocks(text, |l| l == pem::CERTIFICATE || KEY_LABELS.contains(&l))
            .ok_or("its PEM is malformed")?;
        let (mut keys, mut certificates) = (Vec::new(), Vec::new());
        for block in blocks {
            match block.label == pem::CERTIFICATE {
                true => certificates.push(block.der.to_vec()),
                false => keys.push(block.der),
            }
        }
        Ok(Self { keys, certificates })
    }

    fn from_pfx(bytes: &[u8], password: Option<Secret>) -> Result<Self, String> {
        let password = password.unwrap_or_else(|| Secret::new(""));
        let archive = p12_keystore::Pkcs12Archive::from_pkcs12(bytes, password.expose())
            .map_err(|error| format!("it is neither PEM nor a readable PFX: {error}"))?;
        Ok(Self {
            keys: archive.keys.iter().map(|k| Zeroizing::new(k.key.as_der().to_vec())).collect(),
            certificates: archive.certs.iter().map(|c| c.cert.as_der().to_vec()).collect(),
        })
    }

    /// The one key, and the certificate that belongs to it.
    fn pair(self) -> Result<(RsaKeyPair, Certificate), String> {
        let [key] = &self.keys[..] else {
            return Err(format!("it holds {} private keys; one is needed", self.keys.len()));
        };
        let key = RsaKeyPair::from_pkcs8(key)
            .or_else(|_| RsaKeyPair::from_der(key))
            .map_err(|_| "its key is no RSA key, the only kind that Entra takes".to_owned())?;
        let spki: PublicKeyX509Der<'_> =
            key.public_key().as_der().map_err(|_| "its key is malformed".to_owned())?;
        for der in &self.certificates {
            let certificate = Certificate::from_der(der).map_err(|error| error.to_string())?;
            if certificate.public_key() == spki.as_ref() {
                return Ok((key, certificate));
            }
        }
        Err(format!(
            "none of its {} certificates belongs to its private key",
            self.certificates.len()
        ))
    }
}
