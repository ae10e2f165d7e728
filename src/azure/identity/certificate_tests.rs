//! Client certificates: files that can and cannot be used, and the assertion made with them.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::chain::{Identity, IdentityOptions};
use super::{Audience, CredentialType, NamedIdentity, TokenSource};
use crate::azure::testing::{Azure, TENANT, entra_answer};
use crate::azure::{AzureError, Cloud};
use crate::clock::Clock as _;
use crate::crypto::Hash;
use crate::env::Env;
use crate::fault::Fault;
use crate::x509::Certificate;
use crate::x509::testing::{Draft, Key, chain};

struct Application {
    key: RsaKeyPair,
    certificate: Certificate,
}

impl Application {
    fn new() -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let spki: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
        let draft =
            Draft { public_key: Some(spki.as_ref().to_vec()), ..Draft::leaf("application") };
        let ca = Key::new();
        let certificate = draft.issued_by(&ca, &Draft::ca("ca").subject, &ca);
        Self { key, certificate }
    }

    fn pkcs8(&self) -> Vec<u8> {
        let der: Pkcs8V1Der<'_> = self.key.as_der().unwrap();
        der.as_ref().to_vec()
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

async fn sign_in(azure: &Azure, file: &[u8], password: Option<&str>) -> Result<String, AzureError> {
    let stored = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(stored.path(), file).unwrap();
    let mut env = Env::default()
        .with("AZURE_AUTHORITY_HOST", &format!("https://{}", azure.host))
        .with("AZURE_TENANT_ID", TENANT)
        .with("AZURE_CLIENT_ID", "client")
        .with("AZURE_CLIENT_CERTIFICATE_PATH", stored.path().to_str().unwrap());
    if let Some(password) = password {
        env = env.with("AZURE_CLIENT_CERTIFICATE_PASSWORD", password);
    }
    let identity = Identity::new(IdentityOptions {
        http: azure.http(),
        env,
        credential_type: Some(CredentialType::Environment),
        named: NamedIdentity::default(),
        extra_hosts: azure.extra_hosts(),
    });
    identity.token(Audience::vault(Cloud::Public)).await?;
    assert_eq!(identity.describe(), "environment (client certificate)");
    let body = azure.server.seen().pop().unwrap().body;
    let assertion = url::form_urlencoded::parse(&body).find(|(k, _)| k == "client_assertion");
    Ok(assertion.unwrap().1.into_owned())
}

#[tokio::test]
async fn the_assertion_is_signed_and_bound_to_the_certificate() {
    let azure = Azure::start(|_| entra_answer("x")).await;
    let application = Application::new();
    let stranger = chain(2);
    let file = format!(
        "Bag Attributes: none\n{}{}{}",
        pem("CERTIFICATE", stranger[1].der()),
        pem("PRIVATE KEY", &application.pkcs8()),
        pem("CERTIFICATE", application.certificate.der()),
    );
    let assertion = sign_in(&azure, file.as_bytes(), None).await.unwrap();
    let (message, signature) = assertion.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let json = |part: &str| -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let thumbprint = URL_SAFE_NO_PAD.encode(Hash::Sha256.of(application.certificate.der()));
    assert_eq!(
        json(header),
        serde_json::json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint})
    );
    let claims = json(claims);
    assert_eq!(claims["aud"], format!("https://{}/{TENANT}/oauth2/v2.0/token", azure.host));
    assert_eq!((&claims["iss"], &claims["sub"]), (&"client".into(), &"client".into()));
    let now = azure.clock.now().unix_timestamp();
    assert_eq!(claims["nbf"], now - 60);
    assert_eq!(claims["exp"], now + 540);
    assert_eq!(claims["jti"].as_str().unwrap().len(), 22);
    let key = signature::UnparsedPublicKey::new(
        &signature::RSA_PSS_2048_8192_SHA256,
        application.key.public_key().as_ref(),
    );
    key.verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();

    let again = sign_in(&azure, file.as_bytes(), None).await.unwrap();
    assert_ne!(assertion, again);
}

#[tokio::test]
async fn pfx_files_may_have_a_password() {
    let azure = Azure::start(|_| entra_answer("x")).await;
    let application = Application::new();
    let certificate = p12_keystore::Certificate::from_der(application.certificate.der()).unwrap();
    let key = p12_keystore::PrivateKey::from_der(&application.pkcs8()).unwrap();
    let mut store = p12_keystore::KeyStore::new();
    let entry = p12_keystore::PrivateKeyChain::new(vec![1u8], key, [certificate]);
    store.add_entry("application", p12_keystore::KeyStoreEntry::PrivateKeyChain(entry));
    let pfx = store.writer("open sesame").encryption_iterations(10).mac_iterations(10).write();
    let pfx = pfx.unwrap();
    sign_in(&azure, &pfx, Some("open sesame")).await.unwrap();
    let error = sign_in(&azure, &pfx, Some("wrong")).await.unwrap_err();
    assert_eq!(error.code(), "azure-client-certificate");
    assert!(!error.to_string().contains("wrong"), "{error}");
}

#[tokio::test]
async fn files_that_do_not_hold_one_rsa_key_and_its_certificate_are_refused() {
    let azure = Azure::start(|_| entra_answer("x")).await;
    let application = Application::new();
    let key = pem("PRIVATE KEY", &application.pkcs8());
    let certificate = pem("CERTIFICATE", application.certificate.der());
    let other = pem("CERTIFICATE", chain(2)[0].der());
    let curve = aws_lc_rs::signature::EcdsaKeyPair::generate_pkcs8(
        &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
        &aws_lc_rs::rand::SystemRandom::new(),
    );
    let curve = pem("PRIVATE KEY", curve.unwrap().as_ref());
    for (file, problem) in [
        (String::new(), "neither PEM nor a readable PFX"),
        (certificate.clone(), "it holds 0 private keys"),
        (format!("{key}{key}{certificate}"), "it holds 2 private keys"),
        (format!("{key}{other}"), "none of its 1 certificates"),
        (key.clone(), "none of its 0 certificates"),
        (format!("{curve}{certificate}"), "no RSA key"),
        (format!("{certificate}-----BEGIN ENCRYPTED PRIVATE KEY-----\n"), "its key is encrypted"),
        (format!("{key}-----BEGIN CERTIFICATE-----\n*\n-----END CERTIFICATE-----"), "malformed"),
    ] {
        let error = sign_in(&azure, file.as_bytes(), None).await.unwrap_err();
        assert_eq!(error.code(), "azure-client-certificate");
        assert!(error.to_string().contains(problem), "{error}");
    }
    assert!(azure.requests().is_empty());
}
