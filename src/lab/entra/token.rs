//! Tokens that look like Entra's, and which of them are good where.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::clock::Clock;
use crate::lab::Identity;
use crate::lab::pki::{hex, random};

/// An Entra access token of a service principal lives about an hour.
pub(super) const LIFETIME: Duration = Duration::hours(1);

/// Tokens remembered; beyond that the oldest are forgotten.
const LIMIT: usize = 10_000;

/// Who a token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lab) enum Principal {
    Application,
    ManagedIdentity,
}

impl Principal {
    /// The object in the directory that roles are assigned to.
    pub(in crate::lab) fn object_id(self) -> &'static str {
        match self {
            Principal::Application => "0b1ec700-0000-4000-8000-00000000a991",
            Principal::ManagedIdentity => "0b1ec700-0000-4000-8000-0000000000d1",
        }
    }
}

/// A token given out.
#[derive(Clone)]
pub(in crate::lab) struct Token {
    pub text: String,
    pub audience: &'static str,
    pub principal: Principal,
    pub expires: OffsetDateTime,
}

/// Every token given out.
pub(in crate::lab) struct Issued {
    clock: Arc<dyn Clock>,
    tokens: Mutex<BTreeMap<u64, Token>>,
}

impl Issued {
    pub(in crate::lab) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, tokens: Mutex::default() }
    }

    pub(in crate::lab) fn issue(
        &self,
        identity: &Identity,
        principal: Principal,
        audience: &'static str,
    ) -> Token {
        let now = self.clock.now();
        let expires = now + LIFETIME;
        let claims = json!({
            "aud": audience,
            "iss": format!("https://sts.windows.net/{}/", identity.tenant_id),
            "iat": now.unix_timestamp(),
            "nbf": now.unix_timestamp(),
            "exp": expires.unix_timestamp(),
            "appid": identity.client_id,
            "idtyp": "app",
            "oid": principal.object_id(),
            "sub": principal.object_id(),
            "tid": identity.tenant_id,
            "ver": "1.0",
        });
        let token = Token { text: jwt(&claims), audience, principal, expires };
        let mut tokens = self.tokens.lock().expect("no panic holds this lock");
        let number = tokens.last_key_value().map_or(0, |(number, _)| number + 1);
        if tokens.len() >= LIMIT {
            tokens.pop_first();
        }
        tokens.insert(number, token.clone());
        token
    }

    /// The token, if it was given out for this audience and has not ended.
    pub(in crate::lab) fn find(&self, text: &str, audience: &str) -> Option<Token> {
        let now = self.clock.now();
        let tokens = self.tokens.lock().expect("no panic holds this lock");
        tokens
            .values()
            .rev()
            .find(|token| token.text == text)
            .filter(|token| token.audience == audience && now < token.expires)
            .cloned()
    }
}

/// A JWT's shape. Its signature is random: the lab knows its tokens by their text.
pub(in crate::lab) fn jwt(claims: &Value) -> String {
    let part = |text: String| URL_SAFE_NO_PAD.encode(text);
    // Without random bytes the token would only be guessable by who reads the lab's memory anyway.
    let signature = random::<32>().unwrap_or_default();
    format!(
        "{}.{}.{}",
        part(json!({ "typ": "JWT", "alg": "RS256", "kid": hex(&signature[..4]) }).to_string()),
        part(claims.to_string()),
        URL_SAFE_NO_PAD.encode(signature)
    )
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn a_token_is_good_for_its_audience_until_it_ends() {
        let clock = Arc::new(ManualClock::at(datetime!(2030-01-01 00:00 UTC)));
        let issued = Issued::new(clock.clone());
        let token =
            issued.issue(&Identity::lab(), Principal::Application, "https://vault.azure.net");
        let good = |audience| issued.find(&token.text, audience).is_some();
        assert!(good("https://vault.azure.net"));
        assert!(!good("https://containerregistry.azure.net"));
        clock.advance(std::time::Duration::from_secs(3600));
        assert!(!good("https://vault.azure.net"));
    }
}
