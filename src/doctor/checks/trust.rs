//! Trust policy and trust store against each other, and whether this image by this signer would verify.

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Line};
use crate::verify::Verdict;

pub(super) fn policy(line: Line, facts: &Facts) -> Finding {
    line.judged("trust policy", &facts.trust.policy, |policy| {
        let names: Vec<&str> = policy.statements().iter().map(|s| s.name()).collect();
        line.passed(format!("the trust policy is valid; statements: {}", names.join(", ")))
    })
}

pub(super) fn statement(line: Line, facts: &Facts) -> Finding {
    line.judged("statement for the image", &facts.trust.statement, |name| {
        line.passed(format!("the statement {name:?} applies to the image"))
    })
}

pub(super) fn stores(line: Line, facts: &Facts) -> Finding {
    if facts.trust.policy.answer().is_none() {
        return line.not_asked("trust stores", "the trust policy comes first");
    }
    let named = &facts.trust.stores.named;
    let refused: Vec<_> =
        named.iter().filter_map(|store| store.certificates.as_ref().err()).collect();
    if let [first, others @ ..] = refused.as_slice() {
        let mut finding = line.failed(first);
        finding.because.extend(others.iter().map(|told| format!("also: {}", told.text)));
        return finding;
    }
    if named.is_empty() {
        return line.passed("the trust policy names no trust store");
    }
    let texts: Vec<String> = named
        .iter()
        .map(|store| {
            let count = store.certificates.as_ref().copied().unwrap_or_default();
            format!("{}:{} ({count})", store.kind.name(), store.name)
        })
        .collect();
    line.passed(format!("trust stores and their certificates: {}", texts.join(", ")))
}

pub(super) fn unnamed(line: Line, facts: &Facts) -> Finding {
    let unnamed = &facts.trust.stores.unnamed;
    if facts.trust.policy.answer().is_none() {
        return line.not_asked("unused trust stores", "the trust policy comes first");
    }
    if unnamed.is_empty() {
        return line.passed("the trust policy names every trust store there is");
    }
    line.noted(format!("no statement of the trust policy names these trust stores: {}", unnamed.join(", ")))
        .hint("if they are meant to be trusted, add them to a statement's trustStores: sealwright policy import <trustpolicy.json>")
}

pub(super) fn verification(line: Line, facts: &Facts) -> Finding {
    let subject = "whether a signature by this signer would verify";
    line.judged(subject, &facts.trust.verdict, |outcome| {
        if outcome.verdict == Verdict::Skipped {
            return line.noted(format!(
                "the statement {:?} skips verification: nothing is verified for this image",
                outcome.policy
            ));
        }
        let (policy, level) = (&outcome.policy, outcome.level);
        let warnings = outcome.warnings();
        match warnings.is_empty() {
            true => line.passed(format!(
                "a signature by this signer would verify for this image (statement {policy:?}, level {level})"
            )),
            false => line
                .noted(format!("a signature by this signer would verify, but only because level {level} lets pass what fails"))
                .because(warnings),
        }
    })
}
