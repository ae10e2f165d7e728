//! The certificate, its key and its chain, rule by rule.

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Line};
use crate::doctor::{Asked, Told};
use crate::sign::SignError;
use crate::x509::{CHAIN_RULES, Certificate, RuleOf, ValidityError};

/// A certificate with fewer days is to be renewed now: a CA takes days.
const FEW_DAYS: i64 = 30;

const PEM: &str = "application/x-pem-file";

/// The chain rule of the check's own name.
pub(super) fn rule(line: Line, facts: &Facts) -> Finding {
    let rule = CHAIN_RULES.iter().find(|rule| rule.name == line.check).expect("a test holds this");
    let chain = match &facts.signing.chain {
        Asked::Answered(chain) => chain,
        Asked::Not(why) => return line.not_asked(rule.kept, why),
        Asked::Refused(told) => return line.failed(told),
    };
    let incomplete = !chain.last().is_some_and(Certificate::is_self_signed);
    match rule.of {
        RuleOf::Authorities | RuleOf::Chain
            if incomplete && facts.vault.secret.refusal().is_some() =>
        {
            return line.not_asked(rule.kept, "the secret that holds the chain comes first");
        }
        RuleOf::Authorities if incomplete => {
            return line.not_asked(rule.kept, "the chain must be complete first");
        }
        RuleOf::Authorities if chain.len() == 1 => {
            return line.not_asked(rule.kept, "the certificate is self-signed");
        }
        // what signing says of a chain that ends too early
        RuleOf::Chain if incomplete => {
            if let Some(told) = facts.signing.signer.refusal() {
                return match rule.name {
                    "chain-complete" => line.failed(told),
                    _ => line.not_asked(rule.kept, "the chain must be complete first"),
                };
            }
        }
        _ => {}
    }
    if let Err(error) = rule.check(chain) {
        return line.failed(&error.into());
    }
    match rule.advice(chain).as_slice() {
        [] => line.passed(rule.kept),
        [first, others @ ..] => line.noted(first.clone()).because(others.to_vec()),
    }
}

pub(super) fn exportable(line: Line, facts: &Facts) -> Finding {
    let found = facts.vault.certificate.as_ref().map(|certificate| certificate.exportable);
    let subject = "whether the key can be exported";
    line.judged(subject, &found, |found| match found {
        Some(false) => line.passed("the key cannot be exported"),
        Some(true) => line
            .noted("the key can be exported: whoever may read the secret has it")
            .hint(anew(facts)),
        None => line.not_asked(subject, "the vault does not tell"),
    })
    .softened(facts)
}

/// Image Integrity reads PEM alone.
pub(super) fn content_type(line: Line, facts: &Facts) -> Finding {
    let by_policy = facts.vault.certificate.answer().and_then(|found| found.content_type.clone());
    let found = match (&facts.vault.secret, by_policy) {
        (Asked::Answered(secret), _) => Asked::Answered(secret.content_type.clone()),
        (_, Some(by_policy)) => Asked::Answered(by_policy),
        (secret, None) => secret.as_ref().map(|secret| secret.content_type.clone()),
    };
    line.judged("content type", &found, |found| match found.as_str() {
        PEM => line.passed("the content type is PEM"),
        other => line
            .noted(format!("the content type is {other}; Image Integrity on AKS needs {PEM}"))
            .hint(anew(facts)),
    })
    .softened(facts)
}

pub(super) fn days_left(line: Line, facts: &Facts) -> Finding {
    line.judged("days left", &facts.signing.chain, |chain| {
        let now = facts.now;
        if let Some(outside) = chain.iter().find(|c| now < c.not_before() || now > c.not_after()) {
            let error = ValidityError {
                subject: outside.subject().to_string(),
                at: now,
                not_before: outside.not_before(),
                not_after: outside.not_after(),
            };
            return line.failed(&SignError::Validity(error).into());
        }
        let Some(leaf) = chain.first() else {
            return line.not_asked("days left", "no certificate");
        };
        let days = (leaf.not_after() - now).whole_days();
        let text = format!("{days} days left, until {}", leaf.not_after().date());
        match days < FEW_DAYS {
            true => {
                let hint = "obtain a new certificate with a new key from the CA";
                line.noted(text).hint(match &facts.vault.names {
                    Some((vault, name)) => format!(
                        "{hint}: sealwright vault csr --vault {vault} --name {name} --out request.csr"
                    ),
                    None => hint.to_owned(),
                })
            }
            false => line.passed(text),
        }
    })
}

/// Whatever else opening the signer says.
pub(super) fn signing_key(line: Line, facts: &Facts) -> Finding {
    match (&facts.signing.key, &facts.signing.signer) {
        (Asked::Refused(told), _) => line.failed(told),
        (Asked::Not(why), _) => line.not_asked("signing key", why),
        (Asked::Answered(key), Asked::Answered(())) => {
            line.passed(format!("{key} is ready to sign"))
        }
        (Asked::Answered(key), Asked::Refused(told)) if is_explained(facts, told) => {
            line.not_asked(key, "what failed above comes first")
        }
        (_, Asked::Refused(told)) => line.failed(told),
        (Asked::Answered(key), Asked::Not(why)) => line.not_asked(key, why),
    }
}

/// Another check says the same.
fn is_explained(facts: &Facts, told: &Told) -> bool {
    let vault = &facts.vault;
    let asked = [
        facts.identity.refusal(),
        vault.certificate.refusal(),
        vault.secret.refusal(),
        vault.sign.refusal(),
    ];
    let chain = facts.signing.chain.answer();
    let incomplete =
        chain.is_some_and(|chain| !chain.last().is_some_and(Certificate::is_self_signed));
    let broken = chain.is_some_and(|chain| {
        let errors = CHAIN_RULES.iter().filter_map(|rule| rule.check(chain).err());
        errors.into_iter().any(|error| error.to_string() == told.text)
    });
    incomplete || broken || asked.into_iter().flatten().any(|other| other.text == told.text)
}

/// Both are set when a version is made and stay with it.
fn anew(facts: &Facts) -> String {
    let (vault, name) = facts.vault.names.clone().unwrap_or_default();
    format!(
        "make a new version, with a new key: sealwright vault csr --vault {vault} --name {name} --out request.csr\n\
         or, where key and certificate are in a file: sealwright vault import --vault {vault} --name {name} <file>..."
    )
}

impl Finding {
    /// A permission that was refused is another check's finding.
    fn softened(self, facts: &Facts) -> Self {
        use crate::doctor::Mark;
        match self.mark {
            Mark::Failed => {
                let line = Line { check: self.check, group: self.group };
                let subject = match facts.vault.names {
                    Some(_) => "the vault's answer",
                    None => "a key of a vault",
                };
                line.not_asked(subject, "the permission comes first")
            }
            _ => self,
        }
    }
}
