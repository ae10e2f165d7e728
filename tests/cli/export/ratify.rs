//! `export ratify`

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{documents, home, rich, short, statement};

#[test]
fn ratify_takes_the_policy_as_it_is() {
    assert_snapshot!(short(&home(rich()).run("export ratify")), @r#"
    [stdout]
    # Written by sealwright export from the local trust policy and trust stores.
    # For Ratify v1.3 and later of v1 (ratify.dev) with Gatekeeper: kubectl apply -f <this file>
    ---
    # trust store ca:two
    # CN=root, until 2126-10-29, SHA-256 0e8c6aa6a401bcdd6796ca954089a43bcbc68fd854ed638d02c34a0a02ebd894
    # CN=root,O=Example,ST=WA,C=US, until 2126-10-29, SHA-256 85c48336a40cdb0e1a6e4b844d763d69e20c6ce00b566e49e31ed96cdb762311
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: KeyManagementProvider
    metadata:
      name: sealwright-ca-two
    spec:
      type: inline
      parameters:
        contentType: certificate
        value: |
          -----BEGIN CERTIFICATE-----
          -----END CERTIFICATE-----
          -----BEGIN CERTIFICATE-----
          -----END CERTIFICATE-----
    ---
    # trust store ca:wabbit
    # CN=root,O=Example,ST=WA,C=US, until 2126-10-29, SHA-256 85c48336a40cdb0e1a6e4b844d763d69e20c6ce00b566e49e31ed96cdb762311
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: KeyManagementProvider
    metadata:
      name: sealwright-ca-wabbit
    spec:
      type: inline
      parameters:
        contentType: certificate
        value: |
          -----BEGIN CERTIFICATE-----
          -----END CERTIFICATE-----
    ---
    # trust store signingAuthority:house
    # CN=root, until 2126-10-29, SHA-256 0e8c6aa6a401bcdd6796ca954089a43bcbc68fd854ed638d02c34a0a02ebd894
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: KeyManagementProvider
    metadata:
      name: sealwright-signingauthority-house
    spec:
      type: inline
      parameters:
        contentType: certificate
        value: |
          -----BEGIN CERTIFICATE-----
          -----END CERTIFICATE-----
    ---
    # trust store tsa:clock
    # CN=root,O=Example,ST=WA,C=US, until 2126-10-29, SHA-256 85c48336a40cdb0e1a6e4b844d763d69e20c6ce00b566e49e31ed96cdb762311
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: KeyManagementProvider
    metadata:
      name: sealwright-tsa-clock
    spec:
      type: inline
      parameters:
        contentType: certificate
        value: |
          -----BEGIN CERTIFICATE-----
          -----END CERTIFICATE-----
    ---
    # Registries are read without credentials. For private ones add, with the values of your cluster
    # (ratify.dev/docs, "Auth Providers"), or leave this document out where Ratify's chart has set it:
    #   parameters:
    #     authProvider:
    #       name: azureWorkloadIdentity
    #       clientID: <client id>
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: Store
    metadata:
      name: store-oras
    spec:
      name: oras
    ---
    # One good signature is enough, as for notation. Takes the place of the chart's policy, which asks
    # for all; what other verifiers look at must still pass.
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: Policy
    metadata:
      name: ratify-policy
    spec:
      type: config-policy
      parameters:
        artifactVerificationPolicies:
          application/vnd.cncf.notary.signature: any
          default: all
    ---
    # Has the name of the chart's verifier and takes its place. No other verifier of this
    # artifactType may stand beside it: kubectl get verifiers.config.ratify.deislabs.io
    # statement "free": stricter: images without any signature are refused: Ratify asks for at least one report, and level skip makes none of nothing
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: Verifier
    metadata:
      name: verifier-notation
    spec:
      name: notation
      version: 1.0.0
      artifactTypes: application/vnd.cncf.notary.signature
      parameters:
        verificationCertStores:
          ca:
            two:
            - sealwright-ca-two
            wabbit:
            - sealwright-ca-wabbit
          signingAuthority:
            house:
            - sealwright-signingauthority-house
          tsa:
            clock:
            - sealwright-tsa-clock
        trustPolicyDoc:
          version: '1.0'
          trustPolicies:
          - name: pinned
            registryScopes:
            - registry.example.com/app
            - registry.example.com/web
            signatureVerification:
              level: strict
              override:
                revocation: skip
              verifyTimestamp: afterCertExpiry
            trustStores:
            - ca:two
            - signingAuthority:house
            - tsa:clock
            trustedIdentities:
            - 'x509.subject: C=US, ST=WA, O=Example'
          - name: others
            registryScopes:
            - '*'
            signatureVerification:
              level: permissive
            trustStores:
            - ca:wabbit
            trustedIdentities:
            - '*'
          - name: free
            registryScopes:
            - registry.example.com/free
            signatureVerification:
              level: skip
    ---
    # Refuses a pod when Ratify cannot be asked, when it cannot answer for one of its images, and when
    # one of them is not said to have passed.
    apiVersion: templates.gatekeeper.sh/v1beta1
    kind: ConstraintTemplate
    metadata:
      name: ratifyverification
    spec:
      crd:
        spec:
          names:
            kind: RatifyVerification
      targets:
      - target: admission.k8s.gatekeeper.sh
        rego: |
          package ratifyverification

          images := all_images {
            containers := [c.image | c = input.review.object.spec.containers[_]]
            init := [c.image | c = input.review.object.spec.initContainers[_]]
            ephemeral := [c.image | c = input.review.object.spec.ephemeralContainers[_]]
            all_images := array.concat(containers, array.concat(init, ephemeral))
          }

          answer := reply {
            reply := external_data({"provider": "ratify-provider", "keys": images})
          }

          passed[image] {
            response := answer.responses[_]
            response[1].isSuccess == true
            image := response[0]
          }

          violation[{"msg": msg}] {
            answer.system_error != ""
            msg := sprintf("Ratify cannot be asked: %s", [answer.system_error])
          }

          violation[{"msg": msg}] {
            count(answer.errors) > 0
            msg := sprintf("Ratify cannot answer: %v", [answer.errors])
          }

          violation[{"msg": msg}] {
            image := images[_]
            not passed[image]
            msg := sprintf("the signatures of %s do not hold against the trust policy", [image])
          }
    ---
    # Pods of all namespaces but those that a cluster cannot start without.
    apiVersion: constraints.gatekeeper.sh/v1beta1
    kind: RatifyVerification
    metadata:
      name: ratify-constraint
    spec:
      enforcementAction: deny
      match:
        kinds:
        - apiGroups:
          - ''
          kinds:
          - Pod
        excludedNamespaces:
        - kube-system
        - gatekeeper-system
    [stderr]
    Warning: Ratify: statement "free": stricter: images without any signature are refused: Ratify asks for at least one report, and level skip makes none of nothing
    [exit] 0
    "#);
}

#[test]
fn a_ratify_for_azure_policy_has_no_constraint_but_the_commands() {
    let home = home(json!([statement("p", "*", json!({}))]));
    let text = home.stdout("export ratify --variant azure-policy");
    let kinds: Vec<Value> = documents(&text).iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(kinds, ["KeyManagementProvider", "Store", "Policy", "Verifier"]);
    assert!(text.contains("az policy assignment create"), "{text}");
}

#[test]
fn the_preview_is_looser_and_says_so_before_anything_is_written() {
    let home = home(json!([statement(
        "p",
        "registry.example.com/app",
        json!({
            "trustStores": ["ca:wabbit", "tsa:clock", "signingAuthority:house"],
        })
    )]));
    let line = "export ratify --variant image-integrity -o $HOME/out.yaml";
    assert_snapshot!(home.run(line), @r#"
    [stderr]
    Error: Image Integrity would be looser than the trust policy in 2 ways
    because statement "p": looser: a signature without a timestamp is accepted; the policy asks for one
    because looser: the preview audits only: an image that fails is reported and runs all the same
    hint: sealwright export ratify --variant azure-policy
    [exit] 1
    "#);
    assert!(!home.path("out.yaml").exists());
    assert_snapshot!(home.run(&format!("{line} --accept-looser")), @r#"
    [stderr]
    Warning: Image Integrity: statement "p": stricter: its stores of type signingAuthority are left out; signatures under them fail
    Warning: Image Integrity: statement "p": stricter: timestamps are not verified: its stores of type tsa are left out, and a signature fails once its certificate has expired
    Warning: Image Integrity: statement "p": looser: a signature without a timestamp is accepted; the policy asks for one
    Warning: Image Integrity: looser: the preview audits only: an image that fails is reported and runs all the same
    Warning: Image Integrity: the preview holds at most 200 unique signatures at a time in a cluster, and is not meant for registries in production
    Warning: Image Integrity: whether one good signature among several suffices is decided by the preview's own policy
    [exit] 0
    "#);
    let text = std::fs::read_to_string(home.path("out.yaml")).expect("written");
    assert_snapshot!(short(&text), @r#"
    # Written by sealwright export from the local trust policy and trust stores.
    # For the Image Integrity preview of AKS: kubectl apply -f <this file>
    # (learn.microsoft.com, "Use Image Integrity to validate signed images before deploying them to your AKS clusters (Preview)")
    # looser: the preview audits only: an image that fails is reported and runs all the same
    # the preview holds at most 200 unique signatures at a time in a cluster, and is not meant for registries in production
    # whether one good signature among several suffices is decided by the preview's own policy
    ---
    # trust store ca:wabbit
    # CN=root,O=Example,ST=WA,C=US, until 2126-10-29, SHA-256 85c48336a40cdb0e1a6e4b844d763d69e20c6ce00b566e49e31ed96cdb762311
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: KeyManagementProvider
    metadata:
      name: sealwright-ca-wabbit
    spec:
      type: inline
      parameters:
        contentType: certificate
        value: |
          -----BEGIN CERTIFICATE-----
          -----END CERTIFICATE-----
    ---
    # Registries are read without credentials. For private ones add, with the values of your cluster
    # (ratify.dev/docs, "Auth Providers"), or leave this document out where Ratify's chart has set it:
    #   parameters:
    #     authProvider:
    #       name: azureWorkloadIdentity
    #       clientID: <client id>
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: Store
    metadata:
      name: store-oras
    spec:
      name: oras
    ---
    # Has the name of the chart's verifier and takes its place. No other verifier of this
    # artifactType may stand beside it: kubectl get verifiers.config.ratify.deislabs.io
    # statement "p": stricter: its stores of type signingAuthority are left out; signatures under them fail
    # statement "p": stricter: timestamps are not verified: its stores of type tsa are left out, and a signature fails once its certificate has expired
    # statement "p": looser: a signature without a timestamp is accepted; the policy asks for one
    apiVersion: config.ratify.deislabs.io/v1beta1
    kind: Verifier
    metadata:
      name: verifier-notation
    spec:
      name: notation
      version: 1.0.0
      artifactTypes: application/vnd.cncf.notary.signature
      parameters:
        verificationCertStores:
          certs-wabbit:
          - sealwright-ca-wabbit
        trustPolicyDoc:
          version: '1.0'
          trustPolicies:
          - name: p
            registryScopes:
            - registry.example.com/app
            signatureVerification:
              level: strict
            trustStores:
            - ca:certs-wabbit
            trustedIdentities:
            - '*'
    "#);
}
