//! What Azure's article on signing with Key Vault asks of certificates beyond the specification.

use super::Certificate;

/// One sentence per wish that is not met, leaf first.
pub(super) fn on(chain: &[Certificate]) -> Vec<String> {
    let mut advice = Vec::new();
    let Some((leaf, issuers)) = chain.split_first() else { return advice };
    let subject = leaf.subject().to_string();
    let missing: Vec<_> = SUBJECT
        .into_iter()
        .filter(|(_, kind)| !leaf.subject().values(kind).any(|value| !value.is_empty()))
        .map(|(name, _)| name)
        .collect();
    if !missing.is_empty() {
        advice.push(format!(
            "the subject {subject:?} of the signing certificate should contain {}",
            missing.join(", ")
        ));
    }
    let others = leaf.key_usage().map(|usage| usage.beside_digital_signature()).unwrap_or_default();
    if !others.is_empty() {
        advice.push(format!(
            "the key usage of {subject:?} should be digital signature only, and has {}",
            others.join(", ")
        ));
    }
    if let Some(usage) = leaf.extended_key_usage()
        && usage.names() != ["CodeSigning"]
    {
        advice.push(format!(
            "the extended key usage of {subject:?} should be absent or code signing only, and has {usage}"
        ));
    }
    for ca in issuers {
        if !ca.basic_constraints().is_some_and(|constraints| constraints.critical) {
            advice.push(format!(
                "the basic constraints of {:?} should be marked critical",
                ca.subject().to_string()
            ));
        }
    }
    advice
}

const SUBJECT: [(&str, &str); 4] =
    [("CN", "2.5.4.3"), ("C", "2.5.4.6"), ("ST", "2.5.4.8"), ("O", "2.5.4.10")];
