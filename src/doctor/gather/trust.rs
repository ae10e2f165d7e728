//! A trial signature, stamped and held against trust policy and trust store.

use std::sync::Arc;

use super::Patient;
use crate::doctor::facts::{StoreFact, Stores, Timestamped, Trust};
use crate::doctor::{Asked, Told, trial};
use crate::envelope::{SealError, Sealed, Signer, seal_with};
use crate::fault::Fault;
use crate::registry::Reference;
use crate::timestamp::Parsed;
use crate::trust::{Policy, STORE_TYPES, Statement, StoreType, TrustStore};
use crate::verify::{CheckFailure, Trial, VerifyError, verify_trial};

/// What the timestamp and the verdict came to, and what they rest on.
pub(super) async fn trust(
    patient: &Patient<'_>,
    signer: &Asked<Arc<dyn Signer>>,
    bytes: Option<&[u8]>,
) -> (Asked<Timestamped>, Trust) {
    let reference = patient.repository.answer().map(|repository| repository.reference());
    let statement = statement(&patient.policy, reference);
    let stores = stores(patient, statement.answer().copied());
    let wanted = patient.countersigner.answer().is_some() || statement.answer().is_some();
    let sealed = match (signer, bytes) {
        (Asked::Answered(signer), Some(bytes)) if wanted => {
            let request = trial::request(bytes, patient.clock.now(), patient.format);
            let countersigner = patient.countersigner.answer().copied();
            Some(seal_with(&request, signer.as_ref(), countersigner).await)
        }
        _ => None,
    };
    let timestamp = timestamp(patient, sealed.as_ref(), &statement);
    let verdict = match (&sealed, reference, patient.policy.answer()) {
        (_, None, _) => Asked::not("no image is named"),
        (_, _, None) => Asked::not("the trust policy comes first"),
        _ if statement.refusal().is_some() => {
            Asked::not("the trust policy must have a statement for the image first")
        }
        (Some(Ok(sealed)), Some(reference), Some(policy)) => {
            let signature = trial::fetched(sealed, patient.format);
            let target = &sealed.intact.payload().target;
            let trial = Trial { signature: &signature, target, reference };
            let Patient { store, revocation, plugins, clock, .. } = *patient;
            match verify_trial(trial, policy, store, revocation, plugins, clock).await {
                Ok(outcome) => Asked::Answered(outcome),
                Err(error) => Asked::Refused(of_one(error)),
            }
        }
        _ => Asked::not("signing comes first"),
    };
    let statement = statement.map(|statement: &Statement| statement.name().to_owned());
    (timestamp, Trust { policy: patient.policy.clone(), statement, stores, verdict })
}

/// There is one signature: what it lacks says more than that it lacks something.
fn of_one(error: VerifyError) -> Told {
    match error.tried().first().and_then(|tried| tried.failure.as_ref()) {
        Some(failure) => Told::from(failure as &dyn Fault),
        None => error.into(),
    }
}

fn statement<'a>(policy: &'a Asked<Policy>, reference: Option<&Reference>) -> Asked<&'a Statement> {
    match (policy, reference) {
        (Asked::Answered(policy), Some(reference)) => match policy.applicable(&reference.scope()) {
            Some(statement) => Asked::Answered(statement),
            None => {
                let reference = reference.clone();
                Asked::Refused(VerifyError::NoStatement { reference }.into())
            }
        },
        (Asked::Answered(_), None) => Asked::not("no image is named"),
        _ => Asked::not("the trust policy comes first"),
    }
}

/// Of the image's statement, else of all.
fn stores(patient: &Patient<'_>, statement: Option<&Statement>) -> Stores {
    let Some(policy) = patient.policy.answer() else { return Stores::default() };
    let of = |statements: &[&Statement]| {
        let mut named: Vec<(StoreType, String)> = Vec::new();
        for kind in STORE_TYPES {
            for name in statements.iter().flat_map(|statement| statement.stores(kind)) {
                if !named.iter().any(|(k, n)| *k == kind && n == name) {
                    named.push((kind, name.to_owned()));
                }
            }
        }
        named
    };
    let all: Vec<&Statement> = policy.statements().iter().collect();
    let everywhere = of(&all);
    let wanted = statement.map_or_else(|| everywhere.clone(), |statement| of(&[statement]));
    let named = wanted.into_iter().map(|(kind, name)| {
        let certificates = patient.store.certificates(kind, &name);
        StoreFact { kind, certificates: certificates.map(|c| c.len()).map_err(Told::from), name }
    });
    let unnamed = patient.present.iter().filter(|store| !everywhere.contains(store));
    Stores {
        named: named.collect(),
        unnamed: unnamed.map(|(kind, name)| format!("{}:{name}", kind.name())).collect(),
    }
}

fn timestamp(
    patient: &Patient<'_>,
    sealed: Option<&Result<Sealed, SealError>>,
    statement: &Asked<&Statement>,
) -> Asked<Timestamped> {
    match &patient.countersigner {
        Asked::Not(why) => return Asked::Not(why.clone()),
        Asked::Refused(told) => return Asked::Refused(told.clone()),
        Asked::Answered(_) => {}
    }
    let sealed = match sealed {
        Some(Ok(sealed)) => sealed,
        Some(Err(error)) if error.is_timestamps() => {
            return Asked::Refused(Told::from(error as &dyn Fault));
        }
        _ => return Asked::not("signing comes first"),
    };
    let trusted = match statement {
        Asked::Answered(statement) if statement.stores(StoreType::Tsa).is_empty() => Asked::not(
            "the trust policy's statement names no tsa store, so verifying does not look at timestamps",
        ),
        Asked::Answered(statement) => match trusts(patient.store, statement, sealed) {
            Ok(()) => Asked::Answered(()),
            Err(failure) => Asked::Refused(failure.into()),
        },
        Asked::Not(why) => Asked::Not(why.clone()),
        Asked::Refused(_) => {
            Asked::not("the trust policy must have a statement for the image first")
        }
    };
    Asked::Answered(Timestamped { trusted })
}

fn trusts(
    store: &dyn TrustStore,
    statement: &Statement,
    sealed: &Sealed,
) -> Result<(), CheckFailure> {
    let mut roots = Vec::new();
    for name in statement.stores(StoreType::Tsa) {
        let found = store.certificates(StoreType::Tsa, name);
        roots.extend(found.map_err(CheckFailure::TimestampStore)?);
    }
    let missing = CheckFailure::TimestampMissing { ended: None };
    let token = sealed.intact.timestamp_token().ok_or(missing)?;
    let token = Parsed::read(token).map_err(CheckFailure::TimestampUnreadable)?;
    let verified = token.verify(sealed.intact.signature(), &roots);
    verified.map(drop).map_err(CheckFailure::TimestampUntrusted)
}
