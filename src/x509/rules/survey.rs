//! The rules one by one, for whoever asks about all of them and not about the first that is broken.

use super::*;
use crate::x509::advice;

/// A rule for code-signing chains, with what Azure's article on signing with Key Vault asks beyond it.
pub struct ChainRule {
    /// Stable: `certificate-key-usage`.
    pub name: &'static str,
    pub of: RuleOf,
    /// What is true of a chain that keeps it.
    pub kept: &'static str,
    keeps: fn(&[Certificate]) -> Result<(), ChainError>,
    advises: fn(&[Certificate]) -> Vec<String>,
}

/// Which certificates a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleOf {
    /// The first.
    Leaf,
    /// All of them: it says nothing of a chain that is not complete.
    Chain,
    /// Those above the first.
    Authorities,
}

/// Every rule of [`crate::x509::Chain::check`]: a chain passes there when it keeps all of these.
pub const CHAIN_RULES: [ChainRule; 9] = [
    ChainRule {
        name: "certificate-subject",
        of: RuleOf::Leaf,
        kept: "the subject contains CN, C, ST and O",
        keeps: |_| Ok(()),
        advises: advice::on_subject,
    },
    ChainRule {
        name: "certificate-basic-constraints",
        of: RuleOf::Leaf,
        kept: "the basic constraints make it no CA",
        keeps: |chain| of_leaf(chain, leaf_is_no_ca),
        advises: nothing,
    },
    ChainRule {
        name: "certificate-key-usage",
        of: RuleOf::Leaf,
        kept: "the key usage is critical and digital signature only",
        keeps: |chain| {
            of_leaf(chain, |leaf| {
                key_usage_is_there(leaf, Purpose::Code)?;
                leaf_signs(leaf)?;
                leaf_does_nothing_else(leaf)
            })
        },
        advises: advice::on_key_usage,
    },
    ChainRule {
        name: "certificate-extended-key-usage",
        of: RuleOf::Leaf,
        kept: "the extended key usage is absent or code signing",
        keeps: |chain| of_leaf(chain, leaf_extended_key_usage),
        advises: advice::on_extended_key_usage,
    },
    ChainRule {
        name: "certificate-key-type",
        of: RuleOf::Leaf,
        kept: "the key's type and size are among the six that are supported",
        keeps: |chain| of_leaf(chain, |leaf| leaf_key(leaf).map(drop)),
        advises: nothing,
    },
    ChainRule {
        name: "chain-complete",
        of: RuleOf::Chain,
        kept: "the chain is complete up to a self-signed root",
        keeps: complete,
        advises: nothing,
    },
    ChainRule {
        name: "chain-signatures",
        of: RuleOf::Chain,
        kept: "no certificate of the chain is signed with SHA-1 or MD5",
        keeps: |chain| chain.iter().try_for_each(secure_signature),
        advises: nothing,
    },
    ChainRule {
        name: "authority-basic-constraints",
        of: RuleOf::Authorities,
        kept: "the basic constraints of root and intermediates are critical and say CA",
        keeps: |chain| {
            let authorities = (0..).zip(chain.iter().skip(1));
            authorities.into_iter().try_for_each(|(below, ca)| {
                ca_is_ca(ca)?;
                ca_path_length(ca, below)
            })
        },
        advises: advice::on_basic_constraints,
    },
    ChainRule {
        name: "authority-key-usage",
        of: RuleOf::Authorities,
        kept: "the key usage of root and intermediates is critical and has keyCertSign",
        keeps: |chain| {
            chain.iter().skip(1).try_for_each(|ca| {
                key_usage_is_there(ca, Purpose::Code)?;
                ca_signs_certificates(ca)
            })
        },
        advises: nothing,
    },
];

impl ChainRule {
    /// Whether certificates in order leaf → root keep this rule, whatever they make of the others.
    pub fn check(&self, chain: &[Certificate]) -> Result<(), ChainError> {
        (self.keeps)(chain)
    }

    /// What the article asks beyond it and the chain does not meet, as sentences.
    pub fn advice(&self, chain: &[Certificate]) -> Vec<String> {
        (self.advises)(chain)
    }
}

fn nothing(_: &[Certificate]) -> Vec<String> {
    Vec::new()
}

fn of_leaf(
    chain: &[Certificate],
    rule: impl Fn(&Certificate) -> Result<(), ChainError>,
) -> Result<(), ChainError> {
    rule(chain.first().ok_or(ChainError::Empty)?)
}

/// Each certificate is issued by the next, and the last by itself.
fn complete(chain: &[Certificate]) -> Result<(), ChainError> {
    let (leaf, issuers) = chain.split_first().ok_or(ChainError::Empty)?;
    length(chain)?;
    let Some((root, intermediates)) = issuers.split_last() else {
        return self_signed_alone(leaf);
    };
    leaf_is_issued(leaf)?;
    issued_by(leaf, &issuers[0])?;
    for (intermediate, issuer) in intermediates.iter().zip(&issuers[1..]) {
        intermediate_is_issued(intermediate)?;
        issued_by(intermediate, issuer)?;
    }
    root_is_self_signed(root)
}
