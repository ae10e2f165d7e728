//! Kyverno: one ClusterPolicy for each statement (kyverno.io/docs, "Verify Images Rules", "Notary").
//!
//! Its Notary verifier is fixed: level strict, one trust store of type ca, every identity, at most ten
//! signatures of an image (`pkg/image/verifiers/cpol/notary` of kyverno v1.19).

use serde::Serialize;

use super::error::ExportError;
use super::notes::{Effect, Note};
use super::ratify::without_timestamps;
use super::target::Export;
use super::trusted::{Trusted, about, pem_of};
use super::yaml::{Document, Names};
use crate::trust::{Action, CHECKS, Statement, StoreType};

pub const NAME: &str = "Kyverno";

/// One policy for each statement, and one that keeps out what no statement speaks for.
pub fn export(trusted: &Trusted) -> Result<Export, ExportError> {
    let statements = trusted.policy.statements();
    let mut notes = vec![Note::of_all(
        Effect::Stricter,
        "at most 10 signatures of an image are looked at; a good one behind them is not found",
    )];
    let mut names = Names::default();
    let mut documents = Vec::new();
    for statement in statements {
        if statement.level().is_skip() {
            let text = "level skip: no rule; its images run unverified, as the policy says";
            notes.push(Note::of(Effect::Different, statement.name(), text));
            continue;
        }
        let differences = differences(statement);
        let name = names.name("sealwright", statement.name());
        documents.push(policy(&name, statement, trusted, &differences)?);
        notes.extend(differences);
    }
    if !statements.iter().any(is_for_all) {
        documents.push(known_only(names.name("sealwright", "known repositories"), statements)?);
        let text = "images are compared as they are written in the pod: one without its registry, or \
                    with neither tag nor digest, is refused";
        notes.push(Note::of_all(Effect::Stricter, text));
    }
    let mut about = vec![
        "For Kyverno v1.13 and later, as long as it has ClusterPolicy: kubectl apply -f <this file>"
            .to_owned(),
        "Registries that need credentials: kyverno.io/docs, \"Verify Images Rules\", \"Using private registries\""
            .to_owned(),
    ];
    about.extend(statements.iter().filter(|s| s.level().is_skip()).map(|statement| {
        format!(
            "statement {:?}: level skip, no rule for {}",
            statement.name(),
            statement.scopes().join(", ")
        )
    }));
    about.extend(notes.iter().filter(|note| note.statement.is_none()).map(Note::to_string));
    Ok(Export { target: NAME, elsewhere: "ratify", about, documents, notes })
}

/// What becomes of a statement under the fixed verifier.
fn differences(statement: &Statement) -> Vec<Note> {
    let name = statement.name();
    let level = statement.level();
    let mut notes = Vec::new();
    if !statement.identities().is_any() {
        let text = "trusted identities are not looked at: any signer under the certificates is \
                    accepted";
        notes.push(Note::of(Effect::Looser, name, text));
    }
    if !statement.stores(StoreType::SigningAuthority).is_empty() {
        let text = "its stores of type signingAuthority are left out; signatures under them fail";
        notes.push(Note::of(Effect::Stricter, name, text));
    }
    notes.extend(without_timestamps(statement));
    if level.name() == "audit" {
        let text = "level audit: what fails is reported and runs, an image without any signature too; \
                    the policy refuses that one";
        notes.push(Note::of(Effect::Looser, name, text));
    } else {
        let tolerated = CHECKS.iter().filter(|check| level.action(**check) != Action::Enforce);
        let tolerated: Vec<&str> = tolerated.map(|check| check.name()).collect();
        if !tolerated.is_empty() {
            let (level, tolerated) = (level.name(), tolerated.join(", "));
            let text = format!("level {level} becomes strict: {tolerated} must hold");
            notes.push(Note::of(Effect::Stricter, name, text));
        }
    }
    notes
}

fn policy(
    name: &str,
    statement: &Statement,
    trusted: &Trusted,
    differences: &[Note],
) -> Result<Document, ExportError> {
    let certificates = trusted.stores.of(statement, StoreType::Ca);
    if certificates.is_empty() {
        return Err(ExportError::NoAuthority {
            target: NAME,
            statement: statement.name().to_owned(),
            elsewhere: "ratify",
        });
    }
    let mut comments = vec![format!("trust policy statement {:?}", statement.name())];
    comments.extend(differences.iter().map(Note::to_string));
    comments.extend(certificates.iter().map(|(store, one)| format!("ca:{store}: {}", about(one))));
    let certificates = certificates.iter().map(|(_, certificate)| pem_of(certificate));
    let audits = statement.level().name() == "audit";
    let others = || trusted.policy.statements().iter().filter(|other| !is_for_all(other));
    let images = VerifyImages {
        r#type: "Notary",
        image_references: patterns(statement),
        // the statement with the exact scope goes first
        skip_image_references: match is_for_all(statement) {
            true => others().flat_map(patterns).collect(),
            false => Vec::new(),
        },
        failure_action: if audits { "Audit" } else { "Enforce" },
        // a tag is replaced by the digest that was verified; Audit does not allow it
        mutate_digest: !audits,
        verify_digest: !audits,
        required: true,
        attestors: [AttestorSet {
            count: 1,
            entries: [Attestor { certificates: Certificates { cert: certificates.collect() } }],
        }],
    };
    let rule = Rule {
        name: "signed",
        r#match: Match::pods(),
        verify_images: Some([images]),
        validate: None,
    };
    Document::new(&format!("ClusterPolicy {name}"), comments, &cluster_policy(name, rule))
}

/// Without a statement for `*`, notation refuses every other repository; a rule that verifies images
/// passes over those it does not match.
fn known_only(name: String, statements: &[Statement]) -> Result<Document, ExportError> {
    let comments = vec![
        "The policy refuses images that no statement speaks for. Where the cluster's own pods run in".to_owned(),
        "namespaces that Kyverno does not leave out (kube-system and its own), exclude those here.".to_owned(),
    ];
    let image = statements.iter().flat_map(patterns).collect::<Vec<_>>().join(" | ");
    let only = || [Image { image: image.clone() }];
    let spec = PodSpec { containers: only(), init: only(), ephemeral: only() };
    let rule = Rule {
        name: "known-repository",
        r#match: Match::pods(),
        verify_images: None,
        validate: Some(Validate {
            failure_action: "Enforce",
            message: "the trust policy has no statement for the repository of this image",
            pattern: Pattern { spec },
        }),
    };
    Document::new(&format!("ClusterPolicy {name}"), comments, &cluster_policy(&name, rule))
}

fn is_for_all(statement: &Statement) -> bool {
    statement.scopes() == ["*"]
}

/// A scope is one repository: whatever its tag or digest, and nothing below it.
fn patterns(statement: &Statement) -> Vec<String> {
    let of_scope = |scope: &String| match scope.as_str() {
        "*" => vec!["*".to_owned()],
        scope => {
            let both = |name: String| [format!("{name}:*"), format!("{name}@*")];
            spellings(scope).into_iter().flat_map(both).collect()
        }
    };
    statement.scopes().iter().flat_map(of_scope).collect()
}

/// Kyverno puts `docker.io/` before `nginx` and leaves it at that, while a node pulls
/// `docker.io/library/nginx`; without the shorter name the statement for `*` would speak for it.
fn spellings(scope: &str) -> Vec<String> {
    let mut names = vec![scope.to_owned()];
    if let Some(repository) = scope.strip_prefix("docker.io/") {
        let short = repository.strip_prefix("library/");
        names.extend(short.map(|name| format!("docker.io/{name}")));
        let index = std::iter::once(repository).chain(short);
        names.extend(index.map(|name| format!("index.docker.io/{name}")));
    }
    names
}

fn cluster_policy(name: &str, rule: Rule) -> ClusterPolicy {
    ClusterPolicy {
        api_version: "kyverno.io/v1",
        kind: "ClusterPolicy",
        metadata: Metadata { name: name.to_owned() },
        spec: Spec {
            // signatures are looked for in a registry: longer than the usual 10 seconds
            webhook_configuration: Webhook { failure_policy: "Fail", timeout_seconds: 30 },
            rules: [rule],
        },
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClusterPolicy {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Serialize)]
struct Metadata {
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    webhook_configuration: Webhook,
    rules: [Rule; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    failure_policy: &'static str,
    timeout_seconds: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    name: &'static str,
    r#match: Match,
    #[serde(skip_serializing_if = "Option::is_none")]
    verify_images: Option<[VerifyImages; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validate: Option<Validate>,
}

#[derive(Serialize)]
struct Match {
    any: [Resources; 1],
}

impl Match {
    fn pods() -> Self {
        Match { any: [Resources { resources: Kinds { kinds: ["Pod"] } }] }
    }
}

#[derive(Serialize)]
struct Resources {
    resources: Kinds,
}

#[derive(Serialize)]
struct Kinds {
    kinds: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerifyImages {
    r#type: &'static str,
    image_references: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skip_image_references: Vec<String>,
    failure_action: &'static str,
    mutate_digest: bool,
    verify_digest: bool,
    required: bool,
    attestors: [AttestorSet; 1],
}

#[derive(Serialize)]
struct AttestorSet {
    count: u8,
    entries: [Attestor; 1],
}

#[derive(Serialize)]
struct Attestor {
    certificates: Certificates,
}

#[derive(Serialize)]
struct Certificates {
    cert: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Validate {
    failure_action: &'static str,
    message: &'static str,
    pattern: Pattern,
}

#[derive(Serialize)]
struct Pattern {
    spec: PodSpec,
}

/// `=(…)`: only where the pod has the member.
#[derive(Serialize)]
struct PodSpec {
    containers: [Image; 1],
    #[serde(rename = "=(initContainers)")]
    init: [Image; 1],
    #[serde(rename = "=(ephemeralContainers)")]
    ephemeral: [Image; 1],
}

#[derive(Serialize)]
struct Image {
    image: String,
}
