//! What Azure's article on signing with Key Vault asks of certificates beyond the specification.

use super::Certificate;

/// One sentence per wish that is not met, leaf first.
pub(super) fn on(chain: &[Certificate]) -> Vec<String> {
    let wishes = [on_subject, on_key_usage, on_extended_key_usage, on_basic_constraints];
    wishes.into_iter().flat_map(|wish| wish(chain)).collect()
}

/// CN, C, ST and O in the leaf's subject.
pub(super) fn on_subject(chain: &[Certificate]) -> Vec<String> {
    let Some(leaf) = chain.first() else { return Vec::new() };
    let missing: Vec<_> = SUBJECT
        .into_iter()
        .filter(|(_, kind)| !leaf.subject().values(kind).any(|value| !value.is_empty()))
        .map(|(name, _)| name)
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "the subject {:?} of the signing certificate should contain {}",
        leaf.subject().to_string(),
        missing.join(", ")
    )]
}

/// Digital signature alone.
pub(super) fn on_key_usage(chain: &[Certificate]) -> Vec<String> {
    let Some(leaf) = chain.first() else { return Vec::new() };
    let others = leaf.key_usage().map(|usage| usage.beside_digital_signature()).unwrap_or_default();
    if others.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "the key usage of {:?} should be digital signature only, and has {}",
        leaf.subject().to_string(),
        others.join(", ")
    )]
}

/// None, or code signing alone.
pub(super) fn on_extended_key_usage(chain: &[Certificate]) -> Vec<String> {
    let Some(leaf) = chain.first() else { return Vec::new() };
    match leaf.extended_key_usage() {
        Some(usage) if usage.names() != ["CodeSigning"] => vec![format!(
            "the extended key usage of {:?} should be absent or code signing only, and has {usage}",
            leaf.subject().to_string()
        )],
        _ => Vec::new(),
    }
}

/// Critical on every CA.
pub(super) fn on_basic_constraints(chain: &[Certificate]) -> Vec<String> {
    let soft = |ca: &&Certificate| !ca.basic_constraints().is_some_and(|found| found.critical);
    let issuers = chain.iter().skip(1);
    issuers
        .filter(soft)
        .map(|ca| {
            let subject = ca.subject().to_string();
            format!("the basic constraints of {subject:?} should be marked critical")
        })
        .collect()
}

const SUBJECT: [(&str, &str); 4] =
    [("CN", "2.5.4.3"), ("C", "2.5.4.6"), ("ST", "2.5.4.8"), ("O", "2.5.4.10")];
