//! `export connaisseur`

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{documents, home, rich, short, statement};

#[test]
fn connaisseur_has_a_validator_for_each_statement() {
    assert_snapshot!(home(rich()).run("export connaisseur"), @r#"
    [stderr]
    Error: Connaisseur would be looser than the trust policy in 3 ways
    because statement "pinned": looser: a pattern fits the end of a name: images of a registry or path that ends like its scopes are taken for its own
    because statement "pinned": looser: trusted identities are not looked at: any signer under the certificates is accepted
    because statement "free": looser: a pattern fits the end of a name: images of a registry or path that ends like its scopes are taken for its own
    hint: sealwright export ratify
    [exit] 1
    "#);
    assert_snapshot!(short(&home(rich()).run("export connaisseur --accept-looser")), @r#"
    [stdout]
    # Written by sealwright export from the local trust policy and trust stores.
    # For the chart of Connaisseur 3.10 and later: helm upgrade connaisseur connaisseur/connaisseur -n connaisseur -f <this file>
    # Both lists take the place of the chart's. Add to them what the cluster itself runs, Connaisseur's
    # own image among it, as the chart's values.yaml does; what no rule names is denied.
    # Registries that need credentials: `auth.secretName` of each validator.
    # stricter: at most 10 signatures of an image are looked at; a good one behind them is not found
    # statement "pinned": looser: a pattern fits the end of a name: images of a registry or path that ends like its scopes are taken for its own
    # statement "pinned": looser: trusted identities are not looked at: any signer under the certificates is accepted
    # statement "pinned": stricter: its stores of type signingAuthority are left out; signatures under them fail
    # statement "pinned": stricter: overrides are not known; level strict, which differs in revocation
    # statement "free": looser: a pattern fits the end of a name: images of a registry or path that ends like its scopes are taken for its own
    ---
    application:
      validators:
      - name: sealwright-pinned
        type: notation
        trustRoots:
        - name: two-1
          cert: |
            -----BEGIN CERTIFICATE-----
            -----END CERTIFICATE-----
          tsCert: |
            -----BEGIN CERTIFICATE-----
            -----END CERTIFICATE-----
        - name: two-2
          cert: |
            -----BEGIN CERTIFICATE-----
            -----END CERTIFICATE-----
      - name: sealwright-others
        type: notation
        trustRoots:
        - name: wabbit-1
          cert: |
            -----BEGIN CERTIFICATE-----
            -----END CERTIFICATE-----
      - name: sealwright-allow
        type: static
        approve: true
      policy:
      - pattern: registry.example.com/app:*
        validator: sealwright-pinned
        with:
          trustRoot: '*'
          verificationLevel: strict
          verifyTimestamp: afterCertExpiry
      - pattern: registry.example.com/app@*
        validator: sealwright-pinned
        with:
          trustRoot: '*'
          verificationLevel: strict
          verifyTimestamp: afterCertExpiry
      - pattern: registry.example.com/web:*
        validator: sealwright-pinned
        with:
          trustRoot: '*'
          verificationLevel: strict
          verifyTimestamp: afterCertExpiry
      - pattern: registry.example.com/web@*
        validator: sealwright-pinned
        with:
          trustRoot: '*'
          verificationLevel: strict
          verifyTimestamp: afterCertExpiry
      - pattern: '*:*'
        validator: sealwright-others
        with:
          trustRoot: '*'
          verificationLevel: permissive
      - pattern: registry.example.com/free:*
        validator: sealwright-allow
      - pattern: registry.example.com/free@*
        validator: sealwright-allow
    [stderr]
    Warning: Connaisseur: stricter: at most 10 signatures of an image are looked at; a good one behind them is not found
    Warning: Connaisseur: statement "pinned": looser: a pattern fits the end of a name: images of a registry or path that ends like its scopes are taken for its own
    Warning: Connaisseur: statement "pinned": looser: trusted identities are not looked at: any signer under the certificates is accepted
    Warning: Connaisseur: statement "pinned": stricter: its stores of type signingAuthority are left out; signatures under them fail
    Warning: Connaisseur: statement "pinned": stricter: overrides are not known; level strict, which differs in revocation
    Warning: Connaisseur: statement "free": looser: a pattern fits the end of a name: images of a registry or path that ends like its scopes are taken for its own
    [exit] 0
    "#);
}

#[test]
fn connaisseur_is_given_the_level_that_is_nowhere_looser() {
    let level_for = |verification: Value| {
        let more = json!({ "signatureVerification": verification });
        let text = home(json!([statement("p", "*", more)])).stdout("export connaisseur");
        documents(&text)[0]["application"]["policy"][0]["with"]["verificationLevel"].clone()
    };
    for (level, overrides, exported) in [
        ("strict", json!({}), "strict"),
        ("permissive", json!({}), "permissive"),
        ("audit", json!({}), "audit"),
        ("strict", json!({ "revocation": "skip" }), "strict"),
        ("permissive", json!({ "revocation": "skip" }), "permissive"),
        ("permissive", json!({ "expiry": "enforce" }), "strict"),
        ("audit", json!({ "authenticity": "enforce" }), "permissive"),
        ("audit", json!({ "expiry": "enforce" }), "strict"),
    ] {
        let verification = json!({ "level": level, "override": overrides });
        assert_eq!(level_for(verification), exported, "{level} {overrides}");
    }
}

#[test]
fn connaisseur_holds_every_timestamp_authority_beside_a_root() {
    let home =
        home(json!([statement("p", "*", json!({ "trustStores": ["ca:wabbit", "tsa:clock"] }))]));
    let clock = home.config("truststore/x509/tsa/clock");
    std::fs::copy(clock.join("root.pem"), clock.join("second.pem")).expect("copied");
    let text = home.stdout("export connaisseur");
    let roots = &documents(&text)[0]["application"]["validators"][0]["trustRoots"];
    let names = [0, 1].map(|at| roots[at]["name"].clone());
    assert_eq!(names, ["wabbit-1", "wabbit-2"]);
    assert!([0, 1].iter().all(|at| roots[at]["tsCert"].is_string()), "{roots}");
}
