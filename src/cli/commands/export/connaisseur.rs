//! Connaisseur: validators and rules for its Helm chart (sse-secure-systems.github.io/connaisseur,
//! "Validators", "Notation"; "Basics", "Image policy").

use serde::Serialize;

use super::error::ExportError;
use super::notes::{Effect, Note};
use super::target::Export;
use super::trusted::{Trusted, pem_of};
use super::yaml::{Document, Names};
use crate::trust::{Action, CHECKS, Level, Statement, StoreType, TimestampRule};

pub const NAME: &str = "Connaisseur";

const DENY: &str = "sealwright-deny";
const ALLOW: &str = "sealwright-allow";

/// The `application.validators` and `application.policy` of its values.yaml.
pub fn export(trusted: &Trusted) -> Result<Export, ExportError> {
    let statements = trusted.policy.statements();
    let mut notes = vec![Note::of_all(
        Effect::Stricter,
        "at most 10 signatures of an image are looked at; a good one behind them is not found",
    )];
    let mut names = Names::default();
    let mut validators = Vec::new();
    let mut policy = Vec::new();
    for reserved in [DENY, ALLOW] {
        names.name("sealwright", reserved.trim_start_matches("sealwright-"));
    }
    for statement in statements {
        notes.extend(differences(statement));
        let (validator, with) = match statement.level().is_skip() {
            true => (ALLOW.to_owned(), None),
            false => {
                let name = names.name("sealwright", statement.name());
                validators.push(validator(&name, statement, trusted)?);
                (name, Some(options(statement)))
            }
        };
        for pattern in statement.scopes().iter().flat_map(|scope| patterns(scope)) {
            policy.push(Rule { pattern, validator: validator.clone(), with: with.clone() });
        }
    }
    if !statements.iter().any(|statement| statement.scopes() == ["*"]) {
        let (pattern, validator) = ("*:*".to_owned(), DENY.to_owned());
        policy.push(Rule { pattern, validator, with: None });
        validators.push(Validator::Static { name: DENY, r#type: "static", approve: false });
    }
    if statements.iter().any(|statement| statement.level().is_skip()) {
        validators.push(Validator::Static { name: ALLOW, r#type: "static", approve: true });
    }
    let mut about = [
        "For the chart of Connaisseur 3.10 and later: helm upgrade connaisseur connaisseur/connaisseur -n connaisseur -f <this file>",
        "Both lists take the place of the chart's. Add to them what the cluster itself runs, Connaisseur's",
        "own image among it, as the chart's values.yaml does; what no rule names is denied.",
        "Registries that need credentials: `auth.secretName` of each validator.",
    ]
    .map(str::to_owned)
    .to_vec();
    about.extend(notes.iter().map(Note::to_string));
    let values = Values { application: Application { validators, policy } };
    let documents = vec![Document::new("values.yaml", Vec::new(), &values)?];
    Ok(Export { target: NAME, elsewhere: "ratify", about, documents, notes })
}

fn differences(statement: &Statement) -> Vec<Note> {
    let name = statement.name();
    let level = statement.level();
    let mut notes = Vec::new();
    if statement.scopes() != ["*"] {
        let text = "a pattern fits the end of a name: images of a registry or path that ends like its \
                    scopes are taken for its own";
        notes.push(Note::of(Effect::Looser, name, text));
    }
    if level.is_skip() {
        return notes;
    }
    if !statement.identities().is_any() {
        let text =
            "trusted identities are not looked at: any signer under the certificates is accepted";
        notes.push(Note::of(Effect::Looser, name, text));
    }
    if !statement.stores(StoreType::SigningAuthority).is_empty() {
        let text = "its stores of type signingAuthority are left out; signatures under them fail";
        notes.push(Note::of(Effect::Stricter, name, text));
    }
    let named = named(level);
    if level.name() != named.name {
        let enforced = CHECKS.iter().zip(named.actions);
        let enforced = enforced.filter(|(check, action)| level.action(**check) != *action);
        let enforced: Vec<&str> = enforced.map(|(check, _)| check.name()).collect();
        let text = format!(
            "overrides are not known; level {}, which differs in {}",
            named.name,
            enforced.join(", ")
        );
        if !enforced.is_empty() {
            notes.push(Note::of(Effect::Stricter, name, text));
        }
    }
    notes
}

/// A level that Connaisseur knows.
struct Named {
    name: &'static str,
    actions: [Action; 5],
}

/// The loosest level that is nowhere looser than this one.
fn named(level: &Level) -> Named {
    use Action::{Enforce, Log};
    const AUDIT: Named = Named { name: "audit", actions: [Enforce, Log, Log, Log, Log] };
    const PERMISSIVE: Named =
        Named { name: "permissive", actions: [Enforce, Enforce, Log, Log, Log] };
    const STRICT: Named = Named { name: "strict", actions: [Enforce; 5] };
    let holds = |named: &Named| {
        let mut pairs = CHECKS.iter().zip(named.actions);
        pairs.all(|(check, action)| action == Enforce || level.action(*check) != Enforce)
    };
    [AUDIT, PERMISSIVE].into_iter().find(holds).unwrap_or(STRICT)
}

/// A pattern without a star at its ends is given one; a scope is one repository, whatever its tag or
/// digest.
fn patterns(scope: &str) -> Vec<String> {
    match scope {
        "*" => vec!["*:*".to_owned()],
        scope => vec![format!("{scope}:*"), format!("{scope}@*")],
    }
}

fn options(statement: &Statement) -> Options {
    let stamped = !statement.stores(StoreType::Tsa).is_empty();
    let rule = match statement.timestamp_rule() {
        TimestampRule::Always => "always",
        TimestampRule::AfterCertExpiry => "afterCertExpiry",
    };
    Options {
        trust_root: "*",
        verification_level: named(statement.level()).name,
        verify_timestamp: stamped.then_some(rule),
    }
}

/// A trust root holds one certificate, and beside it one of a timestamp authority.
fn validator(
    name: &str,
    statement: &Statement,
    trusted: &Trusted,
) -> Result<Validator, ExportError> {
    let roots = trusted.stores.of(statement, StoreType::Ca);
    let stamps = trusted.stores.of(statement, StoreType::Tsa);
    let Some(first) = roots.first() else {
        return Err(ExportError::NoAuthority {
            target: NAME,
            statement: statement.name().to_owned(),
            elsewhere: "ratify",
        });
    };
    let count = roots.len().max(stamps.len());
    let trust_roots = (0..count).map(|at| {
        let (store, certificate) = roots.get(at).unwrap_or(first);
        TrustRoot {
            name: format!("{store}-{}", at + 1),
            cert: pem_of(certificate),
            ts_cert: stamps.get(at).map(|(_, certificate)| pem_of(certificate)),
        }
    });
    let (name, trust_roots) = (name.to_owned(), trust_roots.collect());
    Ok(Validator::Notation { name, r#type: "notation", trust_roots })
}

#[derive(Serialize)]
struct Values {
    application: Application,
}

#[derive(Serialize)]
struct Application {
    validators: Vec<Validator>,
    policy: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Validator {
    Notation {
        name: String,
        r#type: &'static str,
        #[serde(rename = "trustRoots")]
        trust_roots: Vec<TrustRoot>,
    },
    Static {
        name: &'static str,
        r#type: &'static str,
        approve: bool,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TrustRoot {
    name: String,
    cert: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts_cert: Option<String>,
}

#[derive(Serialize)]
struct Rule {
    pattern: String,
    validator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<Options>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    trust_root: &'static str,
    verification_level: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    verify_timestamp: Option<&'static str>,
}
