//! What the vault refuses, and what is said of it.

use super::*;

#[tokio::test]
async fn a_refused_permission_names_what_grants_it() {
    let certificates = chain(2);
    let rbac = r#"{"error":{"code":"Forbidden","message":"Caller is not authorized to perform action on resource.\r\nCaller: x","innererror":{"code":"ForbiddenByRbac"}}}"#;
    let policy = r#"{"error":{"code":"Forbidden","message":"The user, group or application 'x' does not have secrets get permission on key vault 'y'."}}"#;
    let closed = r#"{"error":{"code":"Forbidden","message":"Client address: 192.0.2.7\r\nCaller: x","innererror":{"code":"ForbiddenByFirewall"}}}"#;
    let vault = |body| Vault::pem(&certificates).with("GET /secrets/c", 403, body);

    let error = refused(vault(rbac), ChainSource::Secret).await;
    assert_eq!((error.code(), error.service_code()), ("azure-vault-forbidden", "Forbidden"));
    assert_eq!(
        error.to_string(),
        "the vault refuses secrets/get: Forbidden: Caller is not authorized to perform action on resource. Caller: x"
    );
    let hint = error.hint().unwrap();
    assert!(hint.contains("--role \"Key Vault Secrets User\"") && hint.contains(OBJECT), "{hint}");
    assert!(!hint.contains("set-policy"), "{hint}");

    let hint = refused(vault(policy), ChainSource::Secret).await.hint().unwrap();
    assert!(hint.contains("--secret-permissions get") && !hint.contains("role"), "{hint}");
    let hint = refused(vault(closed), ChainSource::Secret).await.hint().unwrap();
    assert!(hint.contains("--ip-address 192.0.2.7/32\n"), "{hint}");

    let azure = Vault::pem(&certificates).with("POST /keys/c/{v}/sign", 403, rbac).start().await;
    let ca_certs = ChainSource::CaCerts(bundle(certificates[1..].iter()).into());
    let signer = open(&azure, latest(&azure), ca_certs).await.unwrap();
    let hint = signer.sign(b"m").await.unwrap_err().hint().unwrap();
    assert!(hint.lines().nth(1).unwrap().contains("Key Vault Crypto User"), "{hint}");
    assert!(!hint.contains("Secrets User"), "{hint}");
}

#[tokio::test]
async fn a_missing_certificate_or_version_names_how_to_find_it() {
    let certificates = chain(2);
    let vault = Vault::pem(&certificates).with("GET /certificates/c", 404, NOT_FOUND);
    let error = refused(vault, ChainSource::Secret).await;
    assert_eq!(
        (error.code(), error.service_code()),
        ("azure-vault-not-found", "CertificateNotFound")
    );
    assert_eq!(
        error.hint().unwrap(),
        "az keyvault certificate list --vault-name <vault-name> -o table"
    );
    let azure = Vault::pem(&certificates).start().await;
    let error = open(&azure, latest(&azure).pinned("ffff"), ChainSource::Secret).await.unwrap_err();
    assert!(error.hint().unwrap().contains("list-versions"));
}

/// A proxy that transforms answers sends 203; the secret's value holds the private key.
#[tokio::test]
async fn an_answer_that_is_no_refusal_is_never_quoted() {
    let secret = r#"{"value":"-----BEGIN PRIVATE KEY-----"}"#;
    let azure = Vault::pem(&chain(2)).with("GET /secrets/c/{v}", 203, secret).start().await;
    let error = open(&azure, versioned(&azure), ChainSource::Secret).await.unwrap_err();
    assert!(!error.to_string().contains("PRIVATE KEY"), "{error}");
}

#[tokio::test]
async fn a_challenge_of_the_vaults_cloud_is_answered_once() {
    let certificates = chain(2);
    for (resource, code, requests) in [
        ("https://vault.azure.net", "azure-vault-unauthorized", 2),
        ("https://vault.azure.cn", "azure-vault-challenge", 1),
        ("https://attacker.example", "azure-vault-challenge", 1),
    ] {
        let mut vault = Vault::pem(&certificates).with(
            "GET /certificates/c",
            401,
            r#"{"error":{"code":"Unauthorized","message":"AKV10032: Invalid issuer."}}"#,
        );
        let other = TENANT.replace('7', "8");
        let challenge = format!(
            "Bearer authorization=\"https://login.microsoftonline.com/{other}\", resource=\"{resource}\""
        );
        vault.headers = vec![("WWW-Authenticate", challenge)];
        let azure = vault.start().await;
        let tokens = Arc::new(CannedTokens::default());
        let options = KeyVaultOptions {
            http: azure.http(),
            tokens: tokens.clone(),
            key: latest(&azure),
            chain: ChainSource::SelfSigned,
        };
        let error = KeyVaultSigner::open(options).await.unwrap_err();
        assert_eq!(error.code(), code);
        assert_eq!(azure.requests().len(), requests);
        assert_eq!(tokens.renewals.load(Ordering::SeqCst), requests - 1);
        if requests == 2 {
            let hint = error.hint().unwrap();
            assert!(hint.contains(&format!("az login --tenant {other}")), "{hint}");
        }
    }
    let bare = Vault::pem(&certificates).with("GET /certificates/c", 401, "");
    assert_eq!(refused(bare, ChainSource::SelfSigned).await.code(), "azure-vault-unauthorized");
}
