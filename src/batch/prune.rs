//! Which own signatures are of no use any more, and removing them.

mod judge;
mod timestamps;

use std::collections::{BTreeSet, HashSet};

use futures_util::{StreamExt as _, stream};
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::crypto::Digest;
use crate::envelope::{Format, Intact, Parsed, TargetArtifact};
use crate::fault::{BoxFault, Fault, excerpt};
use crate::registry::{FetchedSignature, Reference, Registry, SignatureDescriptor};
use crate::sign::SignerSummary;
use judge::{Facts, Timestamp};
pub use timestamps::TimestampTrust;
use timestamps::{Authorities, Proof};

/// most signatures of one artifact that are looked at
const LIMIT: usize = 1_000;
/// signatures fetched side by side
const LOOK_AHEAD: usize = 4;
/// most characters quoted of a digest as listed; `sha512:` and its digits are 135
const DIGEST_LIMIT: usize = 200;

/// Whose signatures may go, and which.
#[derive(Debug, Clone)]
pub struct PruneRequest<'a> {
    pub reference: &'a Reference,
    /// SHA-256 thumbprints of signing certificates, lower-case hex. No other signature is touched.
    pub own: &'a BTreeSet<String>,
    pub ended: Ended,
}

/// What becomes of signatures whose signing certificate is no longer valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    Keep,
    /// They go, unless they carry a timestamp.
    Remove,
}

/// What would become of each signature of an artifact.
#[derive(Debug)]
pub struct Plan {
    /// By digest.
    pub reference: Reference,
    pub target: TargetArtifact,
    /// In the order they are listed.
    pub judged: Vec<Judged>,
    /// More than the 1,000 looked at exist.
    pub exceeded: bool,
    /// Sentences for `Warning: …`.
    pub warnings: Vec<String>,
}

/// A signature and its verdict.
#[derive(Debug)]
pub struct Judged {
    /// The signature manifest's digest, as listed.
    pub digest: String,
    /// Who signed, once the envelope's integrity held.
    pub signer: Option<SignerSummary>,
    /// The signer's claim.
    pub signed: Option<OffsetDateTime>,
    pub expiry: Option<OffsetDateTime>,
    pub verdict: Verdict,
}

#[derive(Debug)]
pub enum Verdict {
    /// The manifest's digest, parsed, and why it is of no use any more.
    Remove(Digest, Reason),
    Keep(Kept),
}

/// Why a signature is of no use any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("expired")]
    Expired,
    /// The newer one covers whatever this one does.
    #[error("superseded by {by}")]
    Superseded { by: Digest },
    #[error("its certificate has ended")]
    CertificateEnded,
}

/// Why a signature stays.
#[derive(Debug, thiserror::Error)]
pub enum Kept {
    #[error("still good")]
    Good,
    /// `--expired-certificates` was not given.
    #[error("its certificate has ended; --expired-certificates removes it")]
    CertificateEnded,
    /// What was signed before a certificate ended stays good where a timestamp proves it.
    #[error("its certificate has ended, but it carries a timestamp")]
    Timestamped,
    /// Another one would supersede it, if its timestamp were proven good.
    #[error("{by} is later, but no `tsa` store of the trust policy proves its timestamp")]
    Unproven { by: Digest },
    #[error("of another signer")]
    OtherSigner,
    #[error("signs another artifact")]
    OtherArtifact,
    #[error("cannot be read: {0}")]
    Unreadable(BoxFault),
}

#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    #[error("failed to get manifest descriptor: {0}")]
    Resolve(BoxFault),
    #[error("failed to list signatures: {0}")]
    List(BoxFault),
}

impl Fault for PruneError {
    fn code(&self) -> &'static str {
        self.fault().code()
    }
    fn because(&self) -> Vec<String> {
        self.fault().because()
    }
    fn hint(&self) -> Option<String> {
        self.fault().hint()
    }
}

impl PruneError {
    fn fault(&self) -> &BoxFault {
        match self {
            PruneError::Resolve(fault) | PruneError::List(fault) => fault,
        }
    }
}

/// What was removed of one artifact.
#[derive(Debug)]
pub struct Removal {
    /// Each signature that was to go, and why it could not.
    pub signatures: Vec<(Digest, Option<BoxFault>)>,
    /// Why the tag index still lists what was removed.
    pub index: Option<BoxFault>,
    /// Sentences for `Warning: …`.
    pub warnings: Vec<String>,
}

/// Looks at the signatures of an artifact. Nothing a signature says counts before its envelope is
/// intact, it is about this very artifact, and its certificate is one of `own`.
///
/// - Expired: its own expiry is over. This alone also takes the last one of a signer.
/// - Superseded: another own one of the same certificate, or of the same subject below the same
///   root, was signed later, is good now, and ends no earlier; has its format, scheme, attributes
///   and all its user metadata; and has a timestamp that `trust` proves good, or has none and neither
///   has the earlier one. Without proof both stay.
/// - Its certificate has ended: only when asked for, and never with a timestamp.
pub async fn plan(
    registry: &dyn Registry,
    trust: Option<&TimestampTrust<'_>>,
    clock: &dyn Clock,
    request: &PruneRequest<'_>,
) -> Result<Plan, PruneError> {
    let target = registry.resolve(request.reference).await.map_err(PruneError::Resolve)?;
    let listing = registry.signatures(&target.digest, LIMIT).await.map_err(PruneError::List)?;
    let mut warnings = Vec::new();
    let authorities = Authorities::of(trust, request.reference).unwrap_or_else(|error| {
        warnings.push(format!("no timestamp counts as proven: {error}"));
        Authorities::none()
    });
    let now = clock.now();
    let looking = Looking { registry, target: &target, own: request.own, authorities, now };
    let mut seen = HashSet::new();
    let listed = listing.signatures.into_iter().filter(|s| seen.insert(s.digest.clone()));
    let mut judged = Vec::new();
    // envelopes are not kept: each may be of 32 MiB
    let mut own = Vec::new();
    let mut read = stream::iter(listed.take(LIMIT))
        .map(|signature| looking.read(signature))
        .buffered(LOOK_AHEAD)
        .boxed();
    while let Some((listed, found)) = read.next().await {
        let digest = excerpt(&listed, DIGEST_LIMIT);
        let (signer, signed, expiry, verdict) = match found {
            Ok(facts) => {
                let signer = Some(facts.signer.clone());
                let (signed, expiry) = (Some(facts.signed), facts.expiry);
                let kept = match request.own.contains(&facts.signer.thumbprint) {
                    true if !facts.fits => Kept::OtherArtifact,
                    true => {
                        own.push((judged.len(), facts));
                        Kept::Good
                    }
                    false => Kept::OtherSigner,
                };
                (signer, signed, expiry, kept)
            }
            Err(fault) => (None, None, None, Kept::Unreadable(fault)),
        };
        judged.push(Judged { digest, signer, signed, expiry, verdict: Verdict::Keep(verdict) });
    }
    drop(read);
    drop(looking);
    let facts: Vec<&Facts> = own.iter().map(|(_, facts)| facts).collect();
    for ((at, _), verdict) in own.iter().zip(judge::judge(&facts, request.ended, now)) {
        judged[*at].verdict = verdict;
    }
    let reference = request.reference.at(&target.digest);
    Ok(Plan { reference, target, judged, exceeded: listing.exceeded, warnings })
}

impl Plan {
    /// The signatures that would go.
    pub fn removable(&self) -> Vec<Digest> {
        let verdicts = self.judged.iter().map(|judged| &judged.verdict);
        verdicts
            .filter_map(|verdict| match verdict {
                Verdict::Remove(digest, _) => Some(digest.clone()),
                Verdict::Keep(_) => None,
            })
            .collect()
    }
}

/// Deletes what a plan found to be of no use, one after the other and each by its digest, then takes
/// what was deleted out of the tag index. One failure is one failure.
pub async fn remove(registry: &dyn Registry, plan: &Plan) -> Removal {
    let mut signatures = Vec::new();
    let mut gone = Vec::new();
    for digest in plan.removable() {
        let fault = registry.delete_signature(&digest).await.err();
        if fault.is_none() {
            gone.push(digest.clone());
        }
        signatures.push((digest, fault));
    }
    let (mut index, mut warnings) = (None, Vec::new());
    if !gone.is_empty() {
        match registry.unlist_signatures(&plan.target.digest, &gone).await {
            Ok(said) => warnings = said,
            Err(fault) => index = Some(fault),
        }
    }
    Removal { signatures, index, warnings }
}

/// What one signature is read with.
struct Looking<'a> {
    registry: &'a dyn Registry,
    target: &'a TargetArtifact,
    own: &'a BTreeSet<String>,
    authorities: Authorities<'a>,
    now: OffsetDateTime,
}

impl Looking<'_> {
    async fn read(&self, signature: SignatureDescriptor) -> (String, Result<Facts, BoxFault>) {
        let found = match self.registry.fetch_signature(&self.target.digest, &signature).await {
            Ok(fetched) => match intact(&fetched) {
                Ok(intact) => Ok(self.facts(&fetched, &intact).await),
                Err(fault) => Err(fault),
            },
            Err(fault) => Err(fault),
        };
        (signature.digest, found)
    }

    /// For the timestamps of others nobody is asked.
    async fn facts(&self, fetched: &FetchedSignature, intact: &Intact) -> Facts {
        let mut facts = Facts::of(fetched, intact, self.target);
        if facts.fits && self.own.contains(&facts.signer.thumbprint) {
            let proof = self.authorities.prove(intact, self.now).await;
            facts.timestamp = facts.timestamp.map(|timestamp| Timestamp { proof, ..timestamp });
        }
        facts
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the envelope is of type {0:?}")]
struct EnvelopeType(String);

impl Fault for EnvelopeType {
    fn code(&self) -> &'static str {
        "batch-envelope-type"
    }
}

fn intact(fetched: &FetchedSignature) -> Result<Intact, BoxFault> {
    let named = &fetched.envelope_media_type;
    let format =
        Format::from_media_type(named).ok_or_else(|| EnvelopeType(excerpt(named, DIGEST_LIMIT)))?;
    Ok(Parsed::read(format, &fetched.envelope)?.check_integrity()?)
}
