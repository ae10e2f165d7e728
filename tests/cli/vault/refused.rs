//! What the service refuses, told with the role or the permission that is missing.

use sealwright::lab::{Fault, Permission, Role, Route, Wording};

use super::*;

/// Each operation that can be refused, and the command that meets it.
const OPERATIONS: [(Permission, &str, &str); 5] = [
    (Permission::CertificateGet, "show", "certificates/get"),
    (
        Permission::CertificateCreate,
        "csr --key-type ec-p256 --subject $SUBJECT",
        "certificates/create",
    ),
    (
        Permission::CertificateUpdate,
        "csr --force --key-type ec-p256 --subject $SUBJECT",
        "certificates/update",
    ),
    (Permission::CertificateCreate, "merge $HOME/answer.pem", "certificates/create"),
    (Permission::CertificateImport, "import $HOME/key.pem", "certificates/import"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_names_the_role_or_the_permission() {
    let world = empty().await;
    let issued = world.lab.issue(&IssueRequest::named("other")).expect("issued");
    let key = issued.key.private_key_pem();
    world.home.write("key.pem", format!("{key}{}{}", issued.leaf_pem, issued.ca_bundle_pem));
    for (permission, line, name) in OPERATIONS {
        let line = line.replace("$SUBJECT", &format!("'{SUBJECT}'"));
        if line.starts_with("merge") || line.contains("--force") {
            // something must wait
            let _ = run(
                &world,
                &format!("csr --key-type ec-p256 --subject '{SUBJECT}' --out $HOME/wabbit.csr"),
            );
            world.home.write("answer.pem", answer(&world).concat());
        }
        let verb = name.split_once('/').expect("two words").1;
        let role = match permission {
            Permission::CertificateGet => "--role \"Key Vault Certificate User\"",
            _ => "--role \"Key Vault Certificates Officer\"",
        };
        world.lab.deny(permission, Wording::Rbac);
        let shown = fails(&world, &line, &[&format!("the vault refuses {name}"), role]);
        assert!(!shown.contains("set-policy"), "{shown}");
        world.lab.deny(permission, Wording::AccessPolicy);
        let policy = format!("--certificate-permissions {verb} ");
        let shown = fails(&world, &line, &[&format!("the vault refuses {name}"), &policy]);
        assert!(!shown.contains("role assignment"), "{shown}");
        world.lab.allow(permission);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_named_once_and_a_policy_whole() {
    let world = empty().await;
    let line = format!("csr --subject '{SUBJECT}'");
    world.lab.deny(Permission::CertificateCreate, Wording::Rbac);
    let shown = run(&world, &line);
    assert_eq!(shown.matches("az role assignment create").count(), 1, "{shown}");
    world.lab.deny(Permission::CertificateCreate, Wording::AccessPolicy);
    let whole = "az keyvault set-policy -n <vault-name> --certificate-permissions create get import update --object-id ";
    fails(&world, &line, &[whole]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_name_is_recovered_or_purged() {
    let (world, issued) = with_certificate(&IssueRequest::named("wabbit")).await;
    let key = issued.key.private_key_pem();
    world.home.write("key.pem", format!("{key}{}{}", issued.leaf_pem, issued.ca_bundle_pem));
    world.lab.delete_certificate("wabbit");
    for line in [
        format!("csr --subject '{SUBJECT}'"),
        format!("self-signed --subject '{SUBJECT}'"),
        "import $HOME/key.pem".to_owned(),
    ] {
        fails(
            &world,
            &line,
            &[
                "the vault holds a deleted certificate of this name: Certificate wabbit is currently in a deleted but recoverable state",
                "az keyvault certificate recover --vault-name <vault-name> -n wabbit",
                "az keyvault certificate purge --vault-name <vault-name> -n wabbit",
            ],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_came_between_serves_if_it_is_what_was_asked_for() {
    let world = empty().await;
    let lost = || Route::on(Role::Vault).method("POST").path("/create");
    // the answer to the first attempt is lost, and the second finds its request
    world.lab.control().fault(lost(), Fault::LostAnswer, 1);
    requested(&world);
    answer(&world);
    // another's, with other rules
    let policy = r#"{"key_props":{"exportable":true,"kty":"EC","crv":"P-256"},
        "secret_props":{"contentType":"application/x-pkcs12"},
        "x509_props":{"key_usage":["digitalSignature","keyEncipherment"],"ekus":["1.3.6.1.5.5.7.3.1"]}}"#;
    let route = Route::on(Role::Vault).path("/certificates/wabbit/policy");
    world.lab.control().fault(route.clone(), Fault::Body(policy.into()), 1);
    world.lab.control().fault(lost(), Fault::LostAnswer, 1);
    fails(
        &world,
        &format!("csr --force --key-type ec-p256 --subject '{SUBJECT}'"),
        &[
            "a certificate request of this name waits for its CA",
            "sealwright vault csr --resume --id ",
        ],
    );
    world.lab.control().fault(route, Fault::Body(policy.into()), 1);
    let shown = done(&world, "csr --resume");
    for rule in [
        "Warning: the private key can be exported from the vault; throw the request away",
        "Warning: the content type is not PEM; ",
        "Warning: the key usage is not digitalSignature alone: \"digitalSignature, keyEncipherment\"; ",
        "Warning: the extended key usage is not code signing alone: \"1.3.6.1.5.5.7.3.1\"; ",
    ] {
        assert!(shown.contains(rule), "{rule}\n{shown}");
    }
    let issued = world.lab.issue(&IssueRequest::named("other")).expect("issued");
    let key = issued.key.private_key_pem();
    world.home.write("key.pem", format!("{key}{}{}", issued.leaf_pem, issued.ca_bundle_pem));
    fails(&world, "import $HOME/key.pem", &["waits for its CA", "sealwright vault merge --id "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_waited_for() {
    let world = empty().await;
    for path in ["/pending", "/create", "/certificates/wabbit"] {
        let asked = Fault::Status(429, vec![("Retry-After".to_owned(), "0".to_owned())]);
        world.lab.control().fault(Route::on(Role::Vault).path(path), asked, 1);
    }
    requested(&world);
    assert_eq!(world.lab.control().faults_left(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_the_vault_makes_itself_is_nobodys_to_merge() {
    let world = empty().await;
    let route = Route::on(Role::Vault).method("GET").path("/pending");
    let body = r#"{"id":"x","status":"inProgress","issuer":{"name":"DigiCert"},"csr":"MAA="}"#;
    for line in ["csr --resume", "merge $HOME/root.crt"] {
        world.home.write("root.crt", world.lab.ca_pem());
        world.lab.control().fault(route.clone(), Fault::Error(200, body.to_owned()), 1);
        fails(&world, line, &["comes from the issuer \"DigiCert\", not from a request"]);
    }
}
