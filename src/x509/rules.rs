//! The rules for code-signing chains, one function each
//! (signature-specification.md, "Certificate Requirements").

mod survey;

pub use survey::{CHAIN_RULES, ChainRule, RuleOf};

use super::chain::{CHAIN_LIMIT, ChainError};
use super::{Certificate, SignatureAlgorithm};
use crate::crypto::Suite;

/// What the leaf of a chain signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Code,
    Timestamps,
}

/// All rules on certificates in order leaf → root.
pub(super) fn check(chain: &[Certificate], purpose: Purpose) -> Result<Suite, ChainError> {
    walk(chain, purpose, |leaf| check_leaf(leaf, purpose))
}

/// The rules for everything but the leaf's own use.
pub(super) fn check_issuance(chain: &[Certificate]) -> Result<(), ChainError> {
    walk(chain, Purpose::Code, |_| Ok(()))
}

/// Extensions other than basic constraints, key usage and extended key usage are not looked at, critical or
/// not: the specification wants them neither evaluated nor honored ("Other requirements").
fn walk<T>(
    chain: &[Certificate],
    purpose: Purpose,
    check_leaf: impl Fn(&Certificate) -> Result<T, ChainError>,
) -> Result<T, ChainError> {
    let (leaf, issuers) = chain.split_first().ok_or(ChainError::Empty)?;
    length(chain)?;
    chain.iter().try_for_each(secure_signature)?;
    let Some((root, intermediates)) = issuers.split_last() else {
        self_signed_alone(leaf)?;
        return check_leaf(leaf);
    };
    leaf_is_issued(leaf)?;
    issued_by(leaf, &issuers[0])?;
    let told = check_leaf(leaf)?;
    for ((below, intermediate), issuer) in (0..).zip(intermediates).zip(&issuers[1..]) {
        intermediate_is_issued(intermediate)?;
        issued_by(intermediate, issuer)?;
        check_ca(intermediate, below, purpose)?;
    }
    root_is_self_signed(root)?;
    check_ca(root, intermediates.len() as u64, purpose)?;
    Ok(told)
}

fn check_leaf(leaf: &Certificate, purpose: Purpose) -> Result<Suite, ChainError> {
    leaf_is_no_ca(leaf)?;
    key_usage_is_there(leaf, purpose)?;
    leaf_signs(leaf)?;
    leaf_does_nothing_else(leaf)?;
    match purpose {
        Purpose::Code => leaf_extended_key_usage(leaf)?,
        Purpose::Timestamps => leaf_timestamps_only(leaf)?,
    }
    leaf_key(leaf)
}

/// `below`: how many intermediate certificates stand between this one and the leaf.
fn check_ca(ca: &Certificate, below: u64, purpose: Purpose) -> Result<(), ChainError> {
    ca_is_ca(ca)?;
    ca_path_length(ca, below)?;
    key_usage_is_there(ca, purpose)?;
    ca_signs_certificates(ca)
}

fn length(chain: &[Certificate]) -> Result<(), ChainError> {
    if chain.len() > CHAIN_LIMIT {
        return Err(ChainError::TooLong { found: chain.len(), limit: CHAIN_LIMIT });
    }
    Ok(())
}

/// SHA-1 and MD5 signatures count nowhere, also not on a single self-signed certificate.
fn secure_signature(certificate: &Certificate) -> Result<(), ChainError> {
    match certificate.signature_algorithm() {
        SignatureAlgorithm::Insecure(name) => Err(ChainError::InsecureSignature {
            subject: subject(certificate),
            algorithm: (*name).to_owned(),
        }),
        _ => Ok(()),
    }
}

/// A chain of one: the signing certificate signed itself. It need not be a CA, and must not be one.
fn self_signed_alone(leaf: &Certificate) -> Result<(), ChainError> {
    leaf.verify_signed_by(leaf).map_err(|_| ChainError::SelfSignature {
        subject: subject(leaf),
        reason: signature_reason(leaf),
    })?;
    if leaf.raw_subject() != leaf.raw_issuer() {
        return Err(ChainError::SelfIssued {
            subject: subject(leaf),
            issuer: leaf.issuer().to_string(),
        });
    }
    Ok(())
}

/// A root right behind a self-signed CA would be superfluous.
fn leaf_is_issued(leaf: &Certificate) -> Result<(), ChainError> {
    if is_self_signed_ca(leaf) {
        return Err(ChainError::LeafSelfSigned { subject: subject(leaf) });
    }
    Ok(())
}

fn intermediate_is_issued(intermediate: &Certificate) -> Result<(), ChainError> {
    if is_self_signed_ca(intermediate) {
        return Err(ChainError::IntermediateSelfSigned { subject: subject(intermediate) });
    }
    Ok(())
}

fn issued_by(certificate: &Certificate, issuer: &Certificate) -> Result<(), ChainError> {
    signed_by_ca(certificate, issuer).map_err(|reason| ChainError::IssuerSignature {
        subject: subject(certificate),
        issuer: subject(issuer),
        reason,
    })?;
    if certificate.raw_issuer() != issuer.raw_subject() {
        return Err(ChainError::IssuerName {
            subject: subject(certificate),
            issuer: subject(issuer),
        });
    }
    Ok(())
}

fn root_is_self_signed(root: &Certificate) -> Result<(), ChainError> {
    if root.raw_issuer() != root.raw_subject() {
        return Err(ChainError::RootNotSelfSigned { subject: subject(root) });
    }
    signed_by_ca(root, root)
        .map_err(|reason| ChainError::RootSignature { subject: subject(root), reason })
}

fn leaf_is_no_ca(leaf: &Certificate) -> Result<(), ChainError> {
    if leaf.is_ca() {
        return Err(ChainError::LeafIsCa { subject: subject(leaf) });
    }
    Ok(())
}

/// Critical, except in the chains of time-stamping authorities.
fn key_usage_is_there(certificate: &Certificate, purpose: Purpose) -> Result<(), ChainError> {
    match certificate.key_usage() {
        None => Err(ChainError::KeyUsageMissing { subject: subject(certificate) }),
        Some(usage) if !usage.critical && purpose == Purpose::Code => {
            Err(ChainError::KeyUsageNotCritical { subject: subject(certificate) })
        }
        Some(_) => Ok(()),
    }
}

fn leaf_signs(leaf: &Certificate) -> Result<(), ChainError> {
    if !leaf.key_usage().is_some_and(|usage| usage.digital_signature()) {
        return Err(ChainError::LeafNotForSignatures { subject: subject(leaf) });
    }
    Ok(())
}

/// contentCommitment (nonRepudiation) may stand beside digitalSignature, nothing else.
fn leaf_does_nothing_else(leaf: &Certificate) -> Result<(), ChainError> {
    let mut found =
        leaf.key_usage().map(|usage| usage.beside_digital_signature()).unwrap_or_default();
    found.retain(|usage| *usage != "ContentCommitment");
    if !found.is_empty() {
        return Err(ChainError::LeafKeyUsage { subject: subject(leaf), found });
    }
    Ok(())
}

/// The specification names five usages and anyExtendedKeyUsage; others are allowed, code signing is not
/// required.
fn leaf_extended_key_usage(leaf: &Certificate) -> Result<(), ChainError> {
    const REFUSED: [&str; 6] =
        ["Any", "ServerAuth", "ClientAuth", "EmailProtection", "Timestamping", "OCSPSigning"];
    let usages = leaf.extended_key_usage().map(|usage| usage.names()).unwrap_or_default();
    match usages.into_iter().find(|usage| REFUSED.contains(&usage.as_str())) {
        Some(usage) => Err(ChainError::LeafExtendedKeyUsage { subject: subject(leaf), usage }),
        None => Ok(()),
    }
}

/// RFC 3161, 2.3: one usage, critical.
fn leaf_timestamps_only(leaf: &Certificate) -> Result<(), ChainError> {
    match leaf.extended_key_usage() {
        Some(usage) if usage.names() == ["Timestamping"] && usage.critical => Ok(()),
        Some(usage) if usage.names() == ["Timestamping"] => {
            Err(ChainError::TimestampingUsageNotCritical { subject: subject(leaf) })
        }
        _ => Err(ChainError::TimestampingUsage { subject: subject(leaf) }),
    }
}

/// Only the leaf's key is bound to the six suites; CAs may have other sizes.
fn leaf_key(leaf: &Certificate) -> Result<Suite, ChainError> {
    leaf.suite().map_err(|reason| ChainError::LeafKey { subject: subject(leaf), reason })
}

/// Criticality is advice only: [`super::advice`].
fn ca_is_ca(ca: &Certificate) -> Result<(), ChainError> {
    if !ca.is_ca() {
        return Err(ChainError::CaBasicConstraints { subject: subject(ca) });
    }
    Ok(())
}

fn ca_path_length(ca: &Certificate, below: u64) -> Result<(), ChainError> {
    match ca.basic_constraints().and_then(|constraints| constraints.path_length) {
        Some(found) if found < below => {
            Err(ChainError::CaPathLength { subject: subject(ca), expected: below, found })
        }
        _ => Ok(()),
    }
}

fn ca_signs_certificates(ca: &Certificate) -> Result<(), ChainError> {
    if !ca.key_usage().is_some_and(|usage| usage.cert_sign()) {
        return Err(ChainError::CaKeyUsage { subject: subject(ca) });
    }
    Ok(())
}

fn is_self_signed_ca(certificate: &Certificate) -> bool {
    certificate.raw_subject() == certificate.raw_issuer()
        && signed_by_ca(certificate, certificate).is_ok()
}

/// The signature, and the issuer's right to make it (RFC 5280, 4.2.1.9 and 4.2.1.3).
fn signed_by_ca(certificate: &Certificate, issuer: &Certificate) -> Result<(), String> {
    let constraints = issuer.basic_constraints();
    let denied = match constraints {
        Some(constraints) => !constraints.ca,
        None => issuer.is_version_3(),
    };
    let other_usage =
        issuer.key_usage().is_some_and(|usage| !usage.is_empty() && !usage.cert_sign());
    if denied || other_usage {
        return Err(
            "invalid signature: parent certificate cannot sign this kind of certificate".into()
        );
    }
    certificate.verify_signed_by(issuer).map_err(|_| signature_reason(certificate))
}

fn signature_reason(certificate: &Certificate) -> String {
    match certificate.signature_algorithm() {
        SignatureAlgorithm::Unknown(oid) => {
            format!("cannot verify signature: algorithm {oid} is not supported")
        }
        algorithm => format!("the {algorithm} signature does not verify"),
    }
}

fn subject(certificate: &Certificate) -> String {
    certificate.subject().to_string()
}

#[cfg(test)]
mod tests;
