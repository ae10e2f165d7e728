//! `export kyverno`

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{documents, home, rich, short, statement};

#[test]
fn kyverno_has_one_policy_for_each_statement() {
    let line = "export kyverno";
    assert_snapshot!(home(rich()).run(line), @r#"
    [stderr]
    Error: Kyverno would be looser than the trust policy in 1 way
    because statement "pinned": looser: trusted identities are not looked at: any signer under the certificates is accepted
    hint: sealwright export ratify
    [exit] 1
    "#);
    let home = home(rich());
    assert_snapshot!(short(&home.run(&format!("{line} --accept-looser"))), @r#"
    [stdout]
    # Written by sealwright export from the local trust policy and trust stores.
    # For Kyverno v1.13 and later, as long as it has ClusterPolicy: kubectl apply -f <this file>
    # Registries that need credentials: kyverno.io/docs, "Verify Images Rules", "Using private registries"
    # statement "free": level skip, no rule for registry.example.com/free
    # stricter: at most 10 signatures of an image are looked at; a good one behind them is not found
    ---
    # trust policy statement "pinned"
    # statement "pinned": looser: trusted identities are not looked at: any signer under the certificates is accepted
    # statement "pinned": stricter: its stores of type signingAuthority are left out; signatures under them fail
    # statement "pinned": stricter: timestamps are not verified: its stores of type tsa are left out, and a signature fails once its certificate has expired
    # statement "pinned": stricter: level custom becomes strict: revocation must hold
    # ca:two: CN=root, until 2126-10-29, SHA-256 0e8c6aa6a401bcdd6796ca954089a43bcbc68fd854ed638d02c34a0a02ebd894
    # ca:two: CN=root,O=Example,ST=WA,C=US, until 2126-10-29, SHA-256 85c48336a40cdb0e1a6e4b844d763d69e20c6ce00b566e49e31ed96cdb762311
    apiVersion: kyverno.io/v1
    kind: ClusterPolicy
    metadata:
      name: sealwright-pinned
    spec:
      webhookConfiguration:
        failurePolicy: Fail
        timeoutSeconds: 30
      rules:
      - name: signed
        match:
          any:
          - resources:
              kinds:
              - Pod
        verifyImages:
        - type: Notary
          imageReferences:
          - registry.example.com/app:*
          - registry.example.com/app@*
          - registry.example.com/web:*
          - registry.example.com/web@*
          failureAction: Enforce
          mutateDigest: true
          verifyDigest: true
          required: true
          attestors:
          - count: 1
            entries:
            - certificates:
                cert: |
                  -----BEGIN CERTIFICATE-----
                  -----END CERTIFICATE-----
                  -----BEGIN CERTIFICATE-----
                  -----END CERTIFICATE-----
    ---
    # trust policy statement "others"
    # statement "others": stricter: level permissive becomes strict: authenticTimestamp, expiry, revocation must hold
    # ca:wabbit: CN=root,O=Example,ST=WA,C=US, until 2126-10-29, SHA-256 85c48336a40cdb0e1a6e4b844d763d69e20c6ce00b566e49e31ed96cdb762311
    apiVersion: kyverno.io/v1
    kind: ClusterPolicy
    metadata:
      name: sealwright-others
    spec:
      webhookConfiguration:
        failurePolicy: Fail
        timeoutSeconds: 30
      rules:
      - name: signed
        match:
          any:
          - resources:
              kinds:
              - Pod
        verifyImages:
        - type: Notary
          imageReferences:
          - '*'
          skipImageReferences:
          - registry.example.com/app:*
          - registry.example.com/app@*
          - registry.example.com/web:*
          - registry.example.com/web@*
          - registry.example.com/free:*
          - registry.example.com/free@*
          failureAction: Enforce
          mutateDigest: true
          verifyDigest: true
          required: true
          attestors:
          - count: 1
            entries:
            - certificates:
                cert: |
                  -----BEGIN CERTIFICATE-----
                  -----END CERTIFICATE-----
    [stderr]
    Warning: Kyverno: stricter: at most 10 signatures of an image are looked at; a good one behind them is not found
    Warning: Kyverno: statement "pinned": looser: trusted identities are not looked at: any signer under the certificates is accepted
    Warning: Kyverno: statement "pinned": stricter: its stores of type signingAuthority are left out; signatures under them fail
    Warning: Kyverno: statement "pinned": stricter: timestamps are not verified: its stores of type tsa are left out, and a signature fails once its certificate has expired
    Warning: Kyverno: statement "pinned": stricter: level custom becomes strict: revocation must hold
    Warning: Kyverno: statement "others": stricter: level permissive becomes strict: authenticTimestamp, expiry, revocation must hold
    Warning: Kyverno: statement "free": level skip: no rule; its images run unverified, as the policy says
    [exit] 0
    "#);
}

#[test]
fn kyverno_keeps_out_what_no_statement_speaks_for() {
    let home = home(json!([
        statement("p", "registry.example.com/app", json!({})),
        json!({
            "name": "free", "registryScopes": ["registry.example.com/free"],
            "signatureVerification": { "level": "skip" }
        }),
    ]));
    let text = home.stdout("export kyverno");
    let last = documents(&text).pop().expect("documents");
    let images = "registry.example.com/app:* | registry.example.com/app@* | registry.example.com/free:* | registry.example.com/free@*";
    assert_eq!(
        last["spec"]["rules"][0]["validate"]["pattern"]["spec"],
        json!({
            "containers": [{ "image": images }],
            "=(initContainers)": [{ "image": images }],
            "=(ephemeralContainers)": [{ "image": images }],
        })
    );
    assert_eq!(last["spec"]["rules"][0]["validate"]["failureAction"], "Enforce");
}

#[test]
fn a_kyverno_that_audits_is_looser_than_level_audit() {
    let audit = json!({ "signatureVerification": { "level": "audit" } });
    let home = home(json!([statement("p", "*", audit)]));
    assert_snapshot!(home.run("export kyverno"), @r#"
    [stderr]
    Error: Kyverno would be looser than the trust policy in 1 way
    because statement "p": looser: level audit: what fails is reported and runs, an image without any signature too; the policy refuses that one
    hint: sealwright export ratify
    [exit] 1
    "#);
    let text = home.stdout("export kyverno --accept-looser");
    let images = &documents(&text)[0]["spec"]["rules"][0]["verifyImages"][0];
    // kyverno: "mutateDigest must be set to false for 'Audit' failure action"
    assert_eq!(json!([images["failureAction"], images["mutateDigest"]]), json!(["Audit", false]));
}

#[test]
fn a_signature_without_the_timestamp_that_the_policy_asks_for_is_looser() {
    let stamped = |verification: Value| {
        let more = json!({ "signatureVerification": verification, "trustStores": ["ca:wabbit", "tsa:clock"] });
        home(json!([statement("p", "*", more)])).run("export kyverno")
    };
    let asked = "looser: a signature without a timestamp is accepted";
    assert!(stamped(json!({ "level": "strict" })).contains(asked));
    for verification in [
        json!({ "level": "strict", "verifyTimestamp": "afterCertExpiry" }),
        json!({ "level": "permissive" }),
    ] {
        let shown = stamped(verification);
        assert!(!shown.contains(asked) && shown.contains("stricter: timestamps are not verified"));
    }
}

#[test]
fn kyverno_knows_an_official_image_by_its_short_name() {
    let home = home(json!([
        statement("official", "docker.io/library/nginx", json!({})),
        statement("others", "*", json!({ "signatureVerification": { "level": "permissive" } })),
    ]));
    let documents = documents(&home.stdout("export kyverno"));
    let rule = |at: usize, member: &str| {
        documents[at]["spec"]["rules"][0]["verifyImages"][0][member].clone()
    };
    let names = json!([
        "docker.io/library/nginx:*",
        "docker.io/library/nginx@*",
        "docker.io/nginx:*",
        "docker.io/nginx@*",
        "index.docker.io/library/nginx:*",
        "index.docker.io/library/nginx@*",
        "index.docker.io/nginx:*",
        "index.docker.io/nginx@*",
    ]);
    assert_eq!(rule(0, "imageReferences"), names);
    assert_eq!(rule(1, "skipImageReferences"), names);
}
