//! Authenticity: a certificate of the chain is trusted, and the leaf is one of the identities.

use super::{CheckFailure, Context};
use crate::envelope::{Intact, Scheme};
use crate::plugin::Capability;
use crate::trust::StoreType;

pub(super) fn check(intact: &Intact, context: &Context<'_>) -> Result<(), CheckFailure> {
    trusted(intact, context)?;
    match context.judge {
        Some(judge) if judge.decides(Capability::TrustedIdentity) => Ok(()),
        _ => identified(intact, context),
    }
}

/// As far as the trust store goes.
pub(super) fn trusted(intact: &Intact, context: &Context<'_>) -> Result<(), CheckFailure> {
    // a store of one type never serves the other scheme (trust-store-trust-policy.md, "Trust Store")
    let kind = match intact.scheme() {
        Scheme::X509 { .. } => StoreType::Ca,
        Scheme::SigningAuthority { .. } => StoreType::SigningAuthority,
    };
    let trusted = context.stores.certificates(kind)?;
    if trusted.is_empty() {
        return Err(CheckFailure::NoTrustedCertificates);
    }
    let chain = intact.chain();
    // byte equality: neither a subject nor a key alone makes a certificate trusted
    if !chain.certificates().iter().any(|c| trusted.contains(c)) {
        return Err(CheckFailure::NotTrusted { leaf: chain.leaf().subject().to_string() });
    }
    Ok(())
}

fn identified(intact: &Intact, context: &Context<'_>) -> Result<(), CheckFailure> {
    let (leaf, statement) = (intact.chain().leaf(), context.statement);
    statement
        .identities()
        .check(leaf, statement.name())
        .map_err(|error| CheckFailure::Identity { error, leaf: leaf.subject().to_string() })
}
