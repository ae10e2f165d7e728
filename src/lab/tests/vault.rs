//! The key vault: certificates, secrets, signing, refusals.

use aws_lc_rs::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use serde_json::json;

use super::*;

/// The vault with a token for it.
pub(super) struct Caller {
    client: Client,
    pub(super) base: String,
    token: String,
}

impl Caller {
    async fn new(lab: &Lab, client: Client) -> Self {
        let token = entra_token(lab, &client, "https://vault.azure.net").await;
        Self { client, base: format!("https://{}", lab.vault_host()), token }
    }

    pub(super) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let url = format!("{}{path}?api-version=7.4", self.base);
        send(self.client.get(url).bearer_auth(&self.token)).await
    }

    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> (StatusCode, Value) {
        let url = format!("{}{path}?api-version=7.4", self.base);
        send(self.client.request(method, url).bearer_auth(&self.token).json(body)).await
    }

    async fn sign(&self, path: &str, alg: &str, value: &[u8]) -> (StatusCode, Value) {
        let url = format!("{}{path}/sign?api-version=7.4", self.base);
        let body = json!({ "alg": alg, "value": URL_SAFE_NO_PAD.encode(value) });
        send(self.client.post(url).bearer_auth(&self.token).json(&body)).await
    }
}

pub(super) async fn vault() -> (Lab, Caller) {
    let (lab, client) = lab().await;
    let caller = Caller::new(&lab, client).await;
    (lab, caller)
}

fn path(id: &str) -> &str {
    &id["https://".len() + id["https://".len()..].find('/').unwrap()..]
}

/// The SubjectPublicKeyInfo: by RFC 5280 section 4.1 the seventh member of a v3 TBSCertificate.
fn spki(certificate: &[u8]) -> Vec<u8> {
    fn split(der: &[u8]) -> (usize, usize) {
        match der[1] {
            0x82 => (4, 4 + (usize::from(der[2]) << 8 | usize::from(der[3]))),
            0x81 => (3, 3 + usize::from(der[2])),
            short => (2, 2 + usize::from(short)),
        }
    }
    let tbs = &certificate[split(certificate).0..];
    let mut rest = &tbs[split(tbs).0..];
    for _ in 0..6 {
        rest = &rest[split(rest).1..];
    }
    rest[..split(rest).1].to_vec()
}

#[tokio::test]
async fn every_suite_signs_digests_that_verify_under_the_certificate() {
    let (lab, caller) = vault().await;
    let suites: [(KeySpec, &str, &'static Algorithm, &'static dyn VerificationAlgorithm); 6] = [
        (KeySpec::Rsa2048, "PS256", &SHA256, &RSA_PSS_2048_8192_SHA256),
        (KeySpec::Rsa3072, "PS384", &SHA384, &RSA_PSS_2048_8192_SHA384),
        (KeySpec::Rsa4096, "PS512", &SHA512, &RSA_PSS_2048_8192_SHA512),
        (KeySpec::EcP256, "ES256", &SHA256, &ECDSA_P256_SHA256_FIXED),
        (KeySpec::EcP384, "ES384", &SHA384, &ECDSA_P384_SHA384_FIXED),
        (KeySpec::EcP521, "ES512", &SHA512, &ECDSA_P521_SHA512_FIXED),
    ];
    for (key, alg, hash, verification) in suites {
        let issued = lab.issue(&IssueRequest::named(key.name()).key(key)).unwrap();
        let hashed = digest(hash, b"message");
        let (status, answer) = caller.sign(path(&issued.key_id), alg, hashed.as_ref()).await;
        assert_eq!(
            (status, answer["kid"].as_str()),
            (StatusCode::OK, Some(issued.key_id.as_str()))
        );
        let signature = URL_SAFE_NO_PAD.decode(answer["value"].as_str().unwrap()).unwrap();
        let public = UnparsedPublicKey::new(verification, spki(&issued.chain[0]));
        public.verify(b"message", &signature).unwrap();
    }
}

#[tokio::test]
async fn a_certificate_names_its_key_and_secret_and_holds_the_leaf() {
    let (lab, caller) = vault().await;
    let issued = lab.issue(&IssueRequest::named("app").chain(Chain::Three)).unwrap();
    let version = &issued.version;
    let base = &caller.base;
    for wanted in [
        "/certificates/app".to_owned(),
        format!("/certificates/app/{version}"),
        "/certificates/app/".to_owned(),
    ] {
        let (_, answer) = caller.get(&wanted).await;
        assert_eq!(answer["kid"], issued.key_id);
        assert_eq!(answer["id"], issued.certificate_id);
        assert_eq!(answer["sid"], format!("{base}/secrets/app/{version}"));
        assert_eq!(STANDARD.decode(answer["cer"].as_str().unwrap()).unwrap(), issued.chain[0]);
        assert_eq!(answer["policy"]["key_props"]["crv"], "P-256");
        assert_eq!(answer["attributes"]["enabled"], true);
    }
}

#[tokio::test]
async fn a_secret_holds_the_chain_as_it_was_asked_for() {
    let (lab, caller) = vault().await;
    let secret = async |request: IssueRequest| {
        let issued = lab.issue(&request).unwrap();
        let (status, answer) = caller.get(&format!("/secrets/{}", issued.name)).await;
        assert_eq!((status, &answer["kid"]), (StatusCode::OK, &json!(issued.key_id)));
        let content_type = answer["contentType"].as_str().unwrap().to_owned();
        (issued, answer["value"].as_str().unwrap().to_owned(), content_type)
    };
    let three = |name| IssueRequest::named(name).chain(Chain::Three);

    let (issued, value, kind) = secret(three("pem")).await;
    assert_eq!(
        (value, kind.as_str()),
        (format!("{}{}", issued.leaf_pem, issued.ca_bundle_pem), "application/x-pem-file")
    );

    let (issued, value, _) = secret(three("leaf").chain_in_vault(ChainInVault::LeafOnly)).await;
    assert_eq!(value, issued.leaf_pem);

    let shuffled = IssueRequest { chain_order: ChainOrder::Shuffled, ..three("shuffled") };
    let (issued, value, _) = secret(shuffled).await;
    assert!(value.starts_with(&issued.root_pem) && value.contains(&issued.leaf_pem));

    let exportable = IssueRequest { export: Export::Yes, ..three("exportable") };
    let (issued, value, _) = secret(exportable).await;
    assert!(value.starts_with(&issued.key.private_key_pem()) && value.ends_with(&issued.root_pem));

    let (_, value, kind) = secret(three("pfx").chain_in_vault(ChainInVault::Pfx)).await;
    assert_eq!(kind, "application/x-pkcs12");
    let file = STANDARD.decode(value).unwrap();
    let store = KeyStore::from_pkcs12(&file, "", Pkcs12ImportPolicy::Raw).unwrap();
    assert_eq!(store.entries_len(), 3);
}

#[tokio::test]
async fn a_renewed_certificate_is_a_second_version() {
    let (lab, caller) = vault().await;
    let [old, new] = [(); 2].map(|()| lab.issue(&IssueRequest::named("app")).unwrap());
    assert_eq!(caller.get("/certificates/app").await.1["kid"], new.key_id);
    assert_eq!(caller.get(path(&old.certificate_id)).await.1["kid"], old.key_id);
    let (_, answer) = caller.sign(path(&old.key_id), "ES256", &[1; 32]).await;
    assert_eq!(answer["kid"], old.key_id);
    let (_, answer) = caller.sign("/keys/app", "ES256", &[1; 32]).await;
    assert_eq!(answer["kid"], new.key_id);
    assert_eq!(old.root_pem, new.root_pem);
}

#[tokio::test]
async fn no_token_or_one_for_another_audience_is_challenged() {
    let (lab, client) = lab().await;
    lab.issue(&IssueRequest::named("app")).unwrap();
    let url = format!("https://{}/certificates/app?api-version=7.4", lab.vault_host());
    let registry = entra_token(&lab, &client, "https://containerregistry.azure.net").await;
    for request in [client.get(&url), client.get(&url).bearer_auth(registry)] {
        let answer = request.send().await.unwrap();
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
        let tenant = &lab.identity().tenant_id;
        let wanted = format!(
            "Bearer authorization=\"https://{}/{tenant}\", resource=\"https://vault.azure.net\"",
            lab.authority_host()
        );
        assert_eq!((answer.status(), challenge), (StatusCode::UNAUTHORIZED, wanted.as_str()));
    }
}

#[tokio::test]
async fn what_is_absent_or_wrong_has_the_services_code() {
    let (lab, caller) = vault().await;
    lab.issue(&IssueRequest::named("app")).unwrap();
    for (wanted, code) in [
        ("/certificates/none", "CertificateNotFound"),
        ("/certificates/app/0000", "CertificateNotFound"),
        ("/secrets/none", "SecretNotFound"),
    ] {
        let (status, answer) = caller.get(wanted).await;
        assert_eq!((status, answer["error"]["code"].as_str()), (StatusCode::NOT_FOUND, Some(code)));
    }
    assert_eq!(
        caller.sign("/keys/none", "ES256", &[0; 32]).await.1["error"]["code"],
        "KeyNotFound"
    );
    for (alg, length) in [("ES384", 48), ("PS256", 32), ("ES256", 31)] {
        let (status, answer) = caller.sign("/keys/app", alg, &vec![0; length]).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("BadParameter"))
        );
    }
    let bare = caller.client.get(format!("{}/certificates/app", caller.base));
    assert_eq!(send(bare.bearer_auth(&caller.token)).await.0, StatusCode::BAD_REQUEST);
    let url = format!("{}/keys/app/sign?api-version=7.4", caller.base);
    let garbage = caller.client.post(url).bearer_auth(&caller.token).body("{\"alg\":1}");
    assert_eq!(send(garbage).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(caller.get("/").await.0, StatusCode::NOT_FOUND);
    assert_eq!(caller.get("/certificates/a/b/c").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_refused_operation_is_worded_by_role_or_by_policy() {
    let (lab, caller) = vault().await;
    lab.issue(&IssueRequest::named("app")).unwrap();
    let ask = async |permission| match permission {
        Permission::CertificateGet => caller.get("/certificates/app").await,
        Permission::SecretGet => caller.get("/secrets/app").await,
        Permission::KeySign => caller.sign("/keys/app", "ES256", &[0; 32]).await,
        Permission::KeyGet => caller.get("/keys/app").await,
        Permission::List => caller.get("/secrets").await,
        // vault_managed.rs has these
        _ => unreachable!("{permission:?}"),
    };
    for (permission, action, policy) in [
        (
            Permission::CertificateGet,
            "vaults/certificates/read",
            "does not have certificates get permission",
        ),
        (
            Permission::SecretGet,
            "vaults/secrets/getSecret/action",
            "does not have secrets get permission on key vault",
        ),
        (Permission::KeySign, "vaults/keys/sign/action", "does not have keys sign permission"),
        (
            Permission::List,
            "vaults/secrets/readMetadata/action",
            "does not have secrets list permission",
        ),
    ] {
        for (wording, inner, text) in [
            (Wording::Rbac, "ForbiddenByRbac", action),
            (Wording::AccessPolicy, "AccessDenied", policy),
        ] {
            lab.deny(permission, wording);
            let (status, answer) = ask(permission).await;
            let error = &answer["error"];
            assert_eq!(
                (status, error["code"].as_str()),
                (StatusCode::FORBIDDEN, Some("Forbidden"))
            );
            assert_eq!(error["innererror"]["code"], inner);
            assert!(error["message"].as_str().unwrap().contains(text), "{error}");
        }
        lab.allow(permission);
        assert_eq!(ask(permission).await.0, StatusCode::OK);
    }
    assert_eq!(ask(Permission::KeyGet).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn what_a_certificate_brings_is_listed_as_managed() {
    let (lab, caller) = vault().await;
    lab.issue(&IssueRequest::named("app")).unwrap();
    lab.put_secret("password");
    let managed = |answer: &Value| -> Vec<Value> {
        answer["value"].as_array().unwrap().iter().map(|item| item["managed"].clone()).collect()
    };
    assert_eq!(managed(&caller.get("/keys").await.1), [json!(true)]);
    assert_eq!(managed(&caller.get("/secrets").await.1), [json!(true), Value::Null]);
}

#[tokio::test]
async fn only_names_the_service_allows_are_issued() {
    let (lab, _) = lab().await;
    for name in ["", "a/b", "a_b", &"a".repeat(128)] {
        assert!(matches!(lab.issue(&IssueRequest::named(name)), Err(LabError::Name(_))), "{name}");
    }
}
