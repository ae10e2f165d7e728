//! Ratify v1: a verifier that holds images against the trust policy as it is written, the
//! certificates inline (ratify.dev/docs, "Verifier", "Notation"; "Key Management Providers", "Inline").

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::ExportError;
use super::gatekeeper;
use super::notes::{Effect, Note};
use super::target::Export;
use super::trusted::{PolicyDocument, Trusted, about, pem_of};
use super::yaml::{Document, Names};
use crate::trust::{Action, Check, Policy, Statement, StoreType, TimestampRule};
use crate::x509::Certificate;

/// What asks Ratify, and acts on its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Gatekeeper with a constraint of its own.
    Gatekeeper,
    /// Gatekeeper of the Azure Policy add-on with a custom policy definition.
    AzurePolicy,
    /// The preview add-on of AKS, with its own Ratify.
    ImageIntegrity,
}

impl Variant {
    /// `gatekeeper`, `azure-policy`, `image-integrity`.
    pub fn parse(name: &str) -> Result<Self, ExportError> {
        match name {
            "gatekeeper" => Ok(Variant::Gatekeeper),
            "azure-policy" => Ok(Variant::AzurePolicy),
            "image-integrity" => Ok(Variant::ImageIntegrity),
            other => Err(ExportError::Variant(other.to_owned())),
        }
    }
}

pub const NAME: &str = "Ratify";

const API: &str = "config.ratify.deislabs.io/v1beta1";
const SIGNATURE: &str = "application/vnd.cncf.notary.signature";

/// Everything one cluster needs to hold its images against `trusted`.
pub fn export(trusted: &Trusted, variant: Variant) -> Result<Export, ExportError> {
    let mut notes = notes(&trusted.policy, variant);
    let mut names = Names::default();
    let mut documents = Vec::new();
    let mut certificates: CertificateStores = BTreeMap::new();
    for (kind, store, found) in trusted.stores.all() {
        if !variant.takes(kind) {
            continue;
        }
        let name = names.name("sealwright", &format!("{}-{store}", kind.name()));
        documents.push(provider(&name, kind, store, found)?);
        let of_kind = certificates.entry(kind.name()).or_default();
        of_kind.insert(variant.store_name(store), vec![name]);
    }
    documents.push(store()?);
    if variant != Variant::ImageIntegrity {
        documents.push(policy()?);
    }
    let document = document_for(trusted, variant)?;
    documents.push(verifier(variant, certificates, document, &notes)?);
    match variant {
        Variant::Gatekeeper => documents.extend(gatekeeper::documents()?),
        Variant::AzurePolicy => {}
        Variant::ImageIntegrity => notes.extend(preview_notes()),
    }
    let mut about = about_variant(variant);
    let of_all = notes.iter().filter(|note| note.statement.is_none());
    about.extend(of_all.map(Note::to_string));
    let elsewhere = "ratify --variant azure-policy";
    Ok(Export { target: variant.target(), elsewhere, about, documents, notes })
}

type CertificateStores = BTreeMap<&'static str, BTreeMap<String, Vec<String>>>;

impl Variant {
    fn target(self) -> &'static str {
        match self {
            Variant::ImageIntegrity => "Image Integrity",
            Variant::Gatekeeper | Variant::AzurePolicy => NAME,
        }
    }

    /// Stores by type came with Ratify v1.2, type tsa with v1.3; which Ratify the preview runs is not
    /// published, and its documentation knows stores of type ca only (learn.microsoft.com, "Use Image
    /// Integrity to validate signed images", "Set up verification configurations").
    fn takes(self, kind: StoreType) -> bool {
        self != Variant::ImageIntegrity || kind == StoreType::Ca
    }

    /// In the form without types a store named like a type would be taken for one.
    fn store_name(self, store: &str) -> String {
        match self {
            Variant::ImageIntegrity => format!("certs-{store}"),
            Variant::Gatekeeper | Variant::AzurePolicy => store.to_owned(),
        }
    }
}

fn notes(policy: &Policy, variant: Variant) -> Vec<Note> {
    let mut notes = Vec::new();
    for statement in policy.statements() {
        let name = statement.name();
        if statement.level().is_skip() {
            let text = "images without any signature are refused: Ratify asks for at least one \
                        report, and level skip makes none of nothing";
            notes.push(Note::of(Effect::Stricter, name, text));
        }
        if variant == Variant::ImageIntegrity {
            notes.extend(left_out(statement));
        }
    }
    notes
}

/// The stores of a statement that the preview does not take.
fn left_out(statement: &Statement) -> Vec<Note> {
    let name = statement.name();
    let mut notes = Vec::new();
    if !statement.stores(StoreType::SigningAuthority).is_empty() {
        let text = "its stores of type signingAuthority are left out; signatures under them fail";
        notes.push(Note::of(Effect::Stricter, name, text));
    }
    notes.extend(without_timestamps(statement));
    notes
}

/// What becomes of a statement where its stores of type tsa are left out.
pub fn without_timestamps(statement: &Statement) -> Vec<Note> {
    let name = statement.name();
    if statement.stores(StoreType::Tsa).is_empty() {
        return Vec::new();
    }
    let text = "timestamps are not verified: its stores of type tsa are left out, and a signature \
                fails once its certificate has expired";
    let mut notes = vec![Note::of(Effect::Stricter, name, text)];
    // trust-store-trust-policy.md, "verifyTimestamp": always asks every signature for a timestamp
    let asked = statement.timestamp_rule() == TimestampRule::Always;
    if asked && statement.level().action(Check::AuthenticTimestamp) == Action::Enforce {
        let text = "a signature without a timestamp is accepted; the policy asks for one";
        notes.push(Note::of(Effect::Looser, name, text));
    }
    notes
}

/// learn.microsoft.com, "Use Image Integrity to validate signed images", "Considerations and
/// limitations".
fn preview_notes() -> Vec<Note> {
    vec![
        Note::of_all(
            Effect::Looser,
            "the preview audits only: an image that fails is reported and runs all the same",
        ),
        Note::of_all(
            Effect::Different,
            "the preview holds at most 200 unique signatures at a time in a cluster, and is not \
             meant for registries in production",
        ),
        Note::of_all(
            Effect::Different,
            "whether one good signature among several suffices is decided by the preview's own policy",
        ),
    ]
}

fn about_variant(variant: Variant) -> Vec<String> {
    let lines: &[&str] = match variant {
        Variant::Gatekeeper => &[
            "For Ratify v1.3 and later of v1 (ratify.dev) with Gatekeeper: kubectl apply -f <this file>",
        ],
        Variant::AzurePolicy => &[
            "For Ratify v1.3 and later of v1 (ratify.dev) with the Azure Policy add-on of AKS: kubectl apply -f <this file>",
            "What asks Ratify is a custom policy definition, whose effect is Deny by default",
            "(learn.microsoft.com, \"Verify container image signatures by using Ratify and Azure Policy\"):",
            "  custom=$(curl -fsSL https://raw.githubusercontent.com/ratify-project/ratify/v1.4.0/library/default/customazurepolicy.json)",
            "  definition=$(az policy definition create --name ratify-verification --mode Microsoft.Kubernetes.Data --rules \"$(jq .policyRule <<<\"$custom\")\" --params \"$(jq .parameters <<<\"$custom\")\" --query id -o tsv)",
            "  az policy assignment create --name ratify-verification --policy \"$definition\" --scope <id of the cluster>",
        ],
        Variant::ImageIntegrity => &[
            "For the Image Integrity preview of AKS: kubectl apply -f <this file>",
            "(learn.microsoft.com, \"Use Image Integrity to validate signed images before deploying them to your AKS clusters (Preview)\")",
        ],
    };
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// The policy as written; for the preview with the stores it takes.
fn document_for(trusted: &Trusted, variant: Variant) -> Result<PolicyDocument, ExportError> {
    let mut document = trusted.document.clone();
    if variant != Variant::ImageIntegrity {
        return Ok(document);
    }
    for (statement, written) in trusted.policy.statements().iter().zip(&mut document.trust_policies)
    {
        written.signature_verification.verify_timestamp = None;
        if statement.level().is_skip() {
            continue;
        }
        let names = statement.stores(StoreType::Ca);
        if names.is_empty() {
            return Err(ExportError::NoAuthority {
                target: variant.target(),
                statement: statement.name().to_owned(),
                elsewhere: "ratify --variant azure-policy",
            });
        }
        let stores = names.iter().map(|name| format!("ca:{}", variant.store_name(name)));
        written.trust_stores = Some(stores.collect());
    }
    Ok(document)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<Spec: Serialize> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
}

fn object<Spec: Serialize>(kind: &'static str, name: &str, spec: Spec) -> Object<Spec> {
    Object { api_version: API, kind, metadata: Metadata { name: name.to_owned() }, spec }
}

#[derive(Serialize)]
struct ProviderSpec {
    r#type: &'static str,
    parameters: ProviderParameters,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProviderParameters {
    content_type: &'static str,
    value: String,
}

/// One store's certificates.
fn provider(
    name: &str,
    kind: StoreType,
    store: &str,
    certificates: &[Certificate],
) -> Result<Document, ExportError> {
    let mut comments = vec![format!("trust store {}:{store}", kind.name())];
    comments.extend(certificates.iter().map(about));
    let value = certificates.iter().map(pem_of).collect();
    let parameters = ProviderParameters { content_type: "certificate", value };
    let spec = ProviderSpec { r#type: "inline", parameters };
    let title = format!("KeyManagementProvider {name}");
    Document::new(&title, comments, &object("KeyManagementProvider", name, spec))
}

#[derive(Serialize)]
struct StoreSpec {
    name: &'static str,
}

/// Where images and signatures are read.
fn store() -> Result<Document, ExportError> {
    let comments = [
        "Registries are read without credentials. For private ones add, with the values of your cluster",
        "(ratify.dev/docs, \"Auth Providers\"), or leave this document out where Ratify's chart has set it:",
        "  parameters:",
        "    authProvider:",
        "      name: azureWorkloadIdentity",
        "      clientID: <client id>",
    ];
    let comments = comments.map(str::to_owned).to_vec();
    Document::new(
        "Store store-oras",
        comments,
        &object("Store", "store-oras", StoreSpec { name: "oras" }),
    )
}

#[derive(Serialize)]
struct PolicySpec {
    r#type: &'static str,
    parameters: PolicyParameters,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyParameters {
    artifact_verification_policies: BTreeMap<&'static str, &'static str>,
}

/// ratify.dev/docs, "Policy Provider", "Config Policy": `any` passes where one of the kind passes and
/// fails where there is none. Ratify takes no other name for it.
fn policy() -> Result<Document, ExportError> {
    let comments = [
        "One good signature is enough, as for notation. Takes the place of the chart's policy, which asks",
        "for all; what other verifiers look at must still pass.",
    ];
    let policies = BTreeMap::from([(SIGNATURE, "any"), ("default", "all")]);
    let parameters = PolicyParameters { artifact_verification_policies: policies };
    let spec = PolicySpec { r#type: "config-policy", parameters };
    let comments = comments.map(str::to_owned).to_vec();
    Document::new("Policy ratify-policy", comments, &object("Policy", "ratify-policy", spec))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerifierSpec {
    name: &'static str,
    version: &'static str,
    artifact_types: &'static str,
    parameters: VerifierParameters,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerifierParameters {
    verification_cert_stores: StoresForm,
    trust_policy_doc: PolicyDocument,
}

/// Stores by type, and the older form, in which all are of type ca.
#[derive(Serialize)]
#[serde(untagged)]
enum StoresForm {
    Typed(CertificateStores),
    Untyped(BTreeMap<String, Vec<String>>),
}

fn verifier(
    variant: Variant,
    mut stores: CertificateStores,
    trust_policy_doc: PolicyDocument,
    notes: &[Note],
) -> Result<Document, ExportError> {
    let mut comments = vec![
        "Has the name of the chart's verifier and takes its place. No other verifier of this"
            .to_owned(),
        "artifactType may stand beside it: kubectl get verifiers.config.ratify.deislabs.io"
            .to_owned(),
    ];
    comments.extend(notes.iter().filter(|note| note.statement.is_some()).map(Note::to_string));
    let verification_cert_stores = match variant {
        Variant::ImageIntegrity => {
            StoresForm::Untyped(stores.remove(StoreType::Ca.name()).unwrap_or_default())
        }
        Variant::Gatekeeper | Variant::AzurePolicy => StoresForm::Typed(stores),
    };
    let spec = VerifierSpec {
        name: "notation",
        version: "1.0.0",
        artifact_types: SIGNATURE,
        parameters: VerifierParameters { verification_cert_stores, trust_policy_doc },
    };
    let name = "verifier-notation";
    Document::new(&format!("Verifier {name}"), comments, &object("Verifier", name, spec))
}
