//! Client assertions: accepted as they come, until a certificate is registered.

use std::sync::Mutex;

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::lab::Identity;

/// Public keys whose assertions are accepted; none means any assertion is.
#[derive(Default)]
pub(in crate::lab) struct ClientKeys {
    keys: Mutex<Vec<Vec<u8>>>,
}

impl ClientKeys {
    /// Registers a SubjectPublicKeyInfo.
    pub(in crate::lab) fn register(&self, spki: &[u8]) {
        self.keys.lock().expect("no panic holds this lock").push(spki.to_vec());
    }

    /// Checks signature, issuer, subject and audience; not the dates, which a client takes from the
    /// machine's clock.
    pub(super) fn check(&self, assertion: &str, identity: &Identity) -> Result<(), String> {
        let keys = self.keys.lock().expect("no panic holds this lock");
        if keys.is_empty() {
            return Ok(());
        }
        let wrong = |what: &str| format!("AADSTS700027: Client assertion contains {what}.");
        let parts: Vec<&str> = assertion.splitn(4, '.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return Err("AADSTS50027: JWT token is invalid or malformed.".to_owned());
        };
        let decoded = |part: &str| -> Option<Value> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
        };
        let header = decoded(header).ok_or_else(|| wrong("an unreadable header"))?;
        let claims_value = decoded(claims).ok_or_else(|| wrong("unreadable claims"))?;
        let algorithm: &'static dyn VerificationAlgorithm = match header["alg"].as_str() {
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            Some("PS256") => &RSA_PSS_2048_8192_SHA256,
            _ => return Err(wrong("an unsupported algorithm")),
        };
        let signature =
            URL_SAFE_NO_PAD.decode(signature).map_err(|_| wrong("an unreadable signature"))?;
        let signed = &assertion[..assertion.len() - parts[2].len() - 1];
        let good = |spki: &Vec<u8>| {
            UnparsedPublicKey::new(algorithm, spki).verify(signed.as_bytes(), &signature).is_ok()
        };
        if !keys.iter().any(good) {
            return Err(wrong("an invalid signature"));
        }
        for claim in ["iss", "sub"] {
            if claims_value[claim].as_str() != Some(&identity.client_id) {
                return Err(wrong(&format!("a wrong {claim}")));
            }
        }
        let tail = format!("/{}/oauth2/v2.0/token", identity.tenant_id);
        if !claims_value["aud"].as_str().is_some_and(|audience| audience.ends_with(&tail)) {
            return Err("AADSTS700023: Client assertion audience claim is wrong.".to_owned());
        }
        Ok(())
    }
}
