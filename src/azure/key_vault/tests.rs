//! The signer against a vault that answers from a table; requests are counted.

mod refusals;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::{ChainSource, KeyId, KeyVaultOptions, KeyVaultSigner};
use crate::azure::AzureError;
use crate::azure::testing::{Azure, CannedTokens, OBJECT, TENANT};
use crate::crypto::Hash;
use crate::envelope::Signer as _;
use crate::fault::Fault;
use crate::http::test_server::{Reply, Seen};
use crate::x509::testing::{Draft, Key, chain};
use crate::x509::{Certificate, ChainError};

const VERSION: &str = "0123456789abcdef0123456789abcdef";

/// What the vault holds and how it answers; `{base}` in answers is its own address.
#[derive(Clone)]
struct Vault {
    routes: BTreeMap<String, (u16, String)>,
    headers: Vec<(&'static str, String)>,
}

impl Vault {
    /// The certificate `c` at `VERSION`, with a secret of this value.
    fn new(leaf: &Certificate, content_type: &str, value: &str) -> Self {
        let mut routes = BTreeMap::new();
        let certificate = serde_json::json!({
            "id": format!("{{base}}/certificates/c/{VERSION}"),
            "kid": format!("{{base}}/keys/c/{VERSION}"),
            "sid": format!("{{base}}/secrets/c/{VERSION}"),
            "cer": STANDARD.encode(leaf.der()),
        });
        let secret = serde_json::json!({
            "id": format!("{{base}}/secrets/c/{VERSION}"),
            "kid": format!("{{base}}/keys/c/{VERSION}"),
            "contentType": content_type,
            "value": value,
        });
        let signature = serde_json::json!({
            "kid": format!("{{base}}/keys/c/{VERSION}"),
            "value": URL_SAFE_NO_PAD.encode([7; 64]),
        });
        routes.insert("GET /certificates/c".into(), (200, certificate.to_string()));
        routes.insert(format!("GET /certificates/c/{VERSION}"), (200, certificate.to_string()));
        routes.insert("GET /secrets/c".into(), (200, secret.to_string()));
        routes.insert(format!("GET /secrets/c/{VERSION}"), (200, secret.to_string()));
        routes.insert(format!("POST /keys/c/{VERSION}/sign"), (200, signature.to_string()));
        Self { routes, headers: Vec::new() }
    }

    fn pem(certificates: &[Certificate]) -> Self {
        let key = "-----BEGIN PRIVATE KEY-----\nbm90IGEga2V5\n-----END PRIVATE KEY-----\n";
        Self::new(&certificates[0], PEM, &format!("{key}{}", bundle(certificates.iter().rev())))
    }

    fn with(mut self, route: &str, status: u16, body: &str) -> Self {
        let route = route.replace("{v}", VERSION);
        self.routes.insert(route, (status, body.replace("{v}", VERSION)));
        self
    }

    fn replacing(mut self, from: &str, to: &str) -> Self {
        let value = self.routes.values_mut();
        value.for_each(|(_, body)| *body = body.replace(from, to));
        self
    }

    async fn start(self) -> Azure {
        Azure::start(move |seen: &Seen| {
            let base = format!("https://{}", seen.header("host").unwrap());
            if seen.query("api-version").as_deref() != Some("7.4") {
                return Reply::status(400);
            }
            let route = format!("{} {}", seen.method, seen.path());
            let (status, body) =
                self.routes.get(&route).cloned().unwrap_or((404, NOT_FOUND.into()));
            let reply = Reply::body(status, body.replace("{base}", &base));
            self.headers.iter().fold(reply, |reply, (name, value)| reply.with(name, value.clone()))
        })
        .await
    }
}

const PEM: &str = "application/x-pem-file";
const PFX: &str = "application/x-pkcs12";
const NOT_FOUND: &str = r#"{"error":{"code":"CertificateNotFound","message":"A certificate with (name/id) c was not found in this key vault."}}"#;

fn bundle<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> String {
    certificates
        .map(|c| {
            format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                STANDARD.encode(c.der())
            )
        })
        .collect()
}

fn latest(azure: &Azure) -> KeyId {
    KeyId::parse(&format!("https://{}/keys/c", azure.host), &azure.extra_hosts()).unwrap()
}

fn versioned(azure: &Azure) -> KeyId {
    latest(azure).pinned(VERSION)
}

async fn open(azure: &Azure, key: KeyId, chain: ChainSource) -> Result<KeyVaultSigner, AzureError> {
    let tokens = Arc::new(CannedTokens::default());
    KeyVaultSigner::open(KeyVaultOptions { http: azure.http(), tokens, key, chain }).await
}

async fn refused(vault: Vault, source: ChainSource) -> AzureError {
    let azure = vault.start().await;
    open(&azure, latest(&azure), source).await.unwrap_err()
}

#[tokio::test]
async fn the_latest_version_takes_three_requests_pinned_by_the_certificate() {
    let certificates = chain(3);
    let azure = Vault::pem(&certificates).start().await;
    let signer = open(&azure, latest(&azure), ChainSource::Secret).await.unwrap();
    assert_eq!(signer.chain().certificates(), certificates);
    assert_eq!(signer.key_id().version(), Some(VERSION));
    assert_eq!(signer.agent(), Some("azure-kv"));
    assert_eq!(signer.sign(b"message").await.unwrap(), [7; 64]);
    let mut requests = azure.requests();
    requests[..2].sort();
    let signed = format!("POST /keys/c/{VERSION}/sign");
    assert_eq!(requests, ["GET /certificates/c", "GET /secrets/c", &signed]);
    let seen = azure.server.seen();
    assert!(seen.iter().all(|seen| seen.header("authorization").is_some()), "no 401 probing");
    let body: serde_json::Value = serde_json::from_slice(&seen[2].body).unwrap();
    let digest = URL_SAFE_NO_PAD.encode(Hash::Sha256.of(b"message"));
    assert_eq!(body, serde_json::json!({"alg": "ES256", "value": digest}));
}

#[tokio::test]
async fn a_secret_of_another_version_is_read_again_at_the_certificates() {
    let certificates = chain(2);
    let mut vault = Vault::pem(&certificates);
    let newer = vault.routes["GET /secrets/c"].1.replace(VERSION, &"f".repeat(32));
    vault = vault.with("GET /secrets/c", 200, &newer);
    let azure = vault.start().await;
    let signer = open(&azure, latest(&azure), ChainSource::Secret).await.unwrap();
    assert_eq!(signer.key_id().version(), Some(VERSION));
    assert_eq!(signer.chain().certificates(), certificates);
    assert_eq!(azure.requests()[2..], [format!("GET /secrets/c/{VERSION}")]);
}

#[tokio::test]
async fn a_version_or_a_given_chain_takes_two_requests() {
    let certificates = chain(3);
    let ca_certs = || ChainSource::CaCerts(bundle(certificates[1..].iter().rev()).into());
    let own = Draft::leaf("self").self_signed(&Key::new());
    let alone = std::slice::from_ref(&own);
    let of_version = |object: &str| format!("GET /{object}/c/{VERSION}");
    for (vault, pinned, source, first, expected) in [
        (
            Vault::pem(&certificates),
            true,
            ChainSource::Secret,
            of_version("secrets"),
            &certificates[..],
        ),
        (Vault::pem(&certificates), true, ca_certs(), of_version("certificates"), &certificates),
        (Vault::pem(&certificates), false, ca_certs(), "GET /certificates/c".into(), &certificates),
        (Vault::pem(alone), true, ChainSource::SelfSigned, of_version("certificates"), alone),
        (Vault::pem(alone), false, ChainSource::SelfSigned, "GET /certificates/c".into(), alone),
        (Vault::pem(alone), true, ChainSource::Secret, of_version("secrets"), alone),
    ] {
        let azure = vault.start().await;
        let key = if pinned { versioned(&azure) } else { latest(&azure) };
        let signer = open(&azure, key, source).await.unwrap();
        assert_eq!(signer.chain().certificates(), expected);
        signer.sign(b"message").await.unwrap();
        assert_eq!(azure.requests(), [first, format!("POST /keys/c/{VERSION}/sign")]);
    }
}

#[tokio::test]
async fn a_pfx_may_hold_certificates_only() {
    let certificates = chain(3);
    let mut store = p12_keystore::KeyStore::new();
    for (i, certificate) in certificates.iter().enumerate() {
        let entry = p12_keystore::Certificate::from_der(certificate.der()).unwrap();
        store.add_entry(&i.to_string(), p12_keystore::KeyStoreEntry::Certificate(entry));
    }
    let pfx = store.writer("").encryption_iterations(10).mac_iterations(10).write().unwrap();
    let vault = Vault::new(&certificates[0], PFX, &STANDARD.encode(pfx));
    for pinned in [true, false] {
        let azure = vault.clone().start().await;
        let key = if pinned { versioned(&azure) } else { latest(&azure) };
        let signer = open(&azure, key, ChainSource::Secret).await.unwrap();
        assert_eq!(signer.chain().certificates(), certificates);
    }
}

#[tokio::test]
async fn secrets_that_are_no_certificates_are_refused() {
    let certificates = chain(2);
    let leaf = &certificates[0];
    for (content_type, value, code) in [
        ("text/plain", "x", "azure-secret-content-type"),
        ("", "x", "azure-secret-content-type"),
        (PEM, "x", "azure-no-certificate"),
        (PEM, "-----BEGIN CERTIFICATE-----\n*", "azure-secret-malformed"),
        (PFX, "*", "azure-secret-malformed"),
        (PFX, "AQID", "azure-secret-malformed"),
    ] {
        let error = refused(Vault::new(leaf, content_type, value), ChainSource::Secret).await;
        assert_eq!(error.code(), code, "{content_type} {value}");
        assert!(!format!("{error} {error:?}").contains("AQID"));
    }
}

#[tokio::test]
async fn incomplete_or_unclear_chains_are_refused() {
    let certificates = chain(3);
    let leaf_alone = Vault::pem(&certificates[..1]);
    let error = refused(leaf_alone.clone(), ChainSource::Secret).await;
    assert_eq!(error.code(), "azure-chain-missing");
    assert!(error.hint().unwrap().contains("ca_certs"));

    let without_root = Vault::pem(&certificates[..2]);
    let error = refused(without_root, ChainSource::Secret).await;
    assert!(matches!(error, AzureError::Chain(ChainError::IssuerNotFound { .. })), "{error}");

    let stranger = Vault::new(&chain(2)[0], PEM, &bundle(certificates.iter()));
    let error = refused(stranger, ChainSource::Secret).await;
    assert_eq!(error.code(), "azure-leaf-not-in-secret");

    let two = [chain(2), chain(2)].concat();
    let azure = Vault::pem(&two).start().await;
    let error = open(&azure, versioned(&azure), ChainSource::Secret).await.unwrap_err();
    assert!(matches!(error, AzureError::Leaf { found: 2, .. }));
    assert_eq!(error.code(), "azure-leaf-unclear");

    let empty = ChainSource::CaCerts(Vec::new());
    assert_eq!(refused(leaf_alone, empty).await.code(), "azure-no-certificate");
    let both = ChainSource::from_config(true, Some(Vec::new())).unwrap_err();
    assert_eq!(both.code(), "azure-self-signed-with-ca-certs");
    let many: Vec<_> =
        (0..65).map(|i| Draft::ca(&i.to_string()).self_signed(&Key::new())).collect();
    let error = refused(Vault::pem(&many), ChainSource::Secret).await;
    assert!(matches!(error, AzureError::Chain(ChainError::BagTooLarge { found: 65, .. })));
}

#[tokio::test]
async fn an_answer_for_another_key_is_refused() {
    let certificates = chain(2);
    let mismatch = |vault: Vault| async move {
        let azure = vault.start().await;
        match open(&azure, versioned(&azure), ChainSource::Secret).await {
            Ok(signer) => signer.sign(b"m").await.unwrap_err().code(),
            Err(error) => error.code(),
        }
    };
    let vault = || Vault::pem(&certificates);
    for (from, to) in [
        ("{base}/keys/c/", "{base}/keys/other/"),
        ("{base}/keys/c/", "https://attacker.vault.azure.net/keys/c/"),
        ("/keys/c/0123", "/keys/c/4567"),
    ] {
        assert_eq!(mismatch(vault().replacing(from, to)).await, "azure-key-mismatch", "{to}");
    }
    let signed = format!(r#"{{"kid":"{{base}}/keys/c/{}","value":""}}"#, "f".repeat(32));
    let vault_signing = vault().with("POST /keys/c/{v}/sign", 200, &signed);
    assert_eq!(mismatch(vault_signing).await, "azure-key-mismatch");
    let sid = vault().replacing("{base}/secrets/", "https://attacker.example/secrets/");
    assert_eq!(refused(sid, ChainSource::Secret).await.code(), "azure-key-mismatch");
}

#[tokio::test]
async fn signatures_of_the_wrong_length_and_odd_answers_are_refused() {
    let certificates = chain(2);
    let good = format!("{{base}}/keys/c/{VERSION}");
    for (value, fits) in [("AAAA", false), ("*", false), (&URL_SAFE_NO_PAD.encode([7; 64]), true)] {
        let body = serde_json::json!({"kid": good, "value": value}).to_string();
        let azure =
            Vault::pem(&certificates).with("POST /keys/c/{v}/sign", 200, &body).start().await;
        let signer = open(&azure, versioned(&azure), ChainSource::Secret).await.unwrap();
        match signer.sign(b"m").await {
            Ok(_) => assert!(fits),
            Err(error) => assert_eq!((fits, error.code()), (false, "azure-vault-answer")),
        }
    }
    for (status, body, code) in [
        (200, "not json", "azure-vault-answer"),
        (200, r#"{"kid":7}"#, "azure-vault-answer"),
        (302, "", "azure-vault-request"),
        (400, "", "azure-vault-request"),
    ] {
        let vault = Vault::pem(&certificates).with("GET /certificates/c", status, body);
        assert_eq!(refused(vault, ChainSource::SelfSigned).await.code(), code);
    }
    let huge = Vault::pem(&certificates).with("GET /certificates/c", 200, &" ".repeat(300_000));
    assert_eq!(refused(huge, ChainSource::SelfSigned).await.code(), "http-too-large");
}
