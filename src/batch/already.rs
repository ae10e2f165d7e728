//! Signing what is not signed yet: a signature by the same certificate, intact and not ending soon.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, join, stream};
use time::{OffsetDateTime, UtcOffset};

use crate::clock::{Clock, rfc3339};
use crate::crypto::Digest;
use crate::envelope::{Format, Intact, Parsed, Signer, TargetArtifact};
use crate::fault::{BoxFault, LINE_LIMIT, excerpt};
use crate::lifetime::Lifetime;
use crate::registry::{FetchedSignature, Reference, Registry, SignatureDescriptor, Version};
use crate::revocation::Answers;
use crate::sign::{
    OpenSigner, OwnRevocation, SignError, SignRequest, Signed, SignerSummary, THUMBPRINTS, Told,
    learn_chain, open, sign, stamped,
};

/// most signatures of one artifact that are looked at, as notation's default when verifying
const LIMIT: usize = 100;
/// signatures fetched side by side
const LOOK_AHEAD: usize = 4;

/// Whether a signature that is there already is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Sign in any case.
    Always,
    /// Only when no good signature of the same certificate lasts longer than this.
    WhenEndingWithin(Duration),
}

/// What became of an artifact that is to be signed.
#[derive(Debug, Clone)]
pub enum Once {
    Signed(Signed),
    /// Signed although a signature by the same certificate is there.
    Again(Signed, Insufficient),
    Already(AlreadySigned),
}

/// An artifact that was left alone, and the signature that is good enough.
#[derive(Debug, Clone)]
pub struct AlreadySigned {
    /// The artifact by digest.
    pub reference: Reference,
    pub target: TargetArtifact,
    /// Digest of the signature manifest.
    pub signature: Digest,
    pub signer: SignerSummary,
    pub expiry: Option<OffsetDateTime>,
    /// The time of its timestamp, where one was wanted and holds.
    pub timestamp: Option<OffsetDateTime>,
    /// What was told of its chain's revocation.
    pub revocation: Option<Answers>,
    /// Its timestamp is taken at its word.
    pub lifetime: Lifetime,
    /// Sentences for `Warning: …`.
    pub warnings: Vec<String>,
}

impl Once {
    /// Of the signature made or found.
    pub fn lifetime(&self) -> &Lifetime {
        match self {
            Once::Signed(signed) | Once::Again(signed, _) => &signed.lifetime,
            Once::Already(already) => &already.lifetime,
        }
    }
}

/// A signature by the same certificate, about the same artifact, that is not enough.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the signature {signature} {shortfall}")]
pub struct Insufficient {
    /// Digest of its manifest.
    pub signature: Digest,
    pub shortfall: Shortfall,
}

/// What a signature lacks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Shortfall {
    #[error("lacks the user metadata asked for")]
    Metadata,
    #[error("expires on {}", rfc3339(&.0.to_offset(UtcOffset::UTC)))]
    Expiry(OffsetDateTime),
    #[error("has no timestamp")]
    NoTimestamp,
    #[error("has no timestamp that holds: {0}")]
    Timestamp(String),
}

/// Signs one artifact unless it carries, among the first 100 signatures listed, one that is intact,
/// by the signer's own leaf certificate (of a service that renews it, with a timestamp, by an earlier
/// one), about this very artifact, with the user metadata asked for, and without an expiry within the
/// time given; where a timestamp is to be made, with one that its maker accepts. No trust policy is
/// involved.
///
/// A signature that cannot be fetched or is not intact does not count. A certificate that is not
/// valid now is an error, since the signatures made with it are of no use any more; the same goes for
/// its revocation, which is asked about where the request says so.
///
/// A signer that tells its certificate only with a signature makes one that is thrown away, the first
/// time a signature would do but for who made it.
pub async fn sign_once(
    registry: &dyn Registry,
    signer: OpenSigner<'_>,
    clock: &dyn Clock,
    request: &SignRequest<'_>,
    renewal: Renewal,
) -> Result<Once, SignError> {
    let Renewal::WhenEndingWithin(ahead) = renewal else {
        return sign(registry, signer, clock, request).await.map(Once::Signed);
    };
    let (target, signer, early) =
        join!(registry.resolve(request.reference), open(signer, clock, request), async {
            match request.reference.version() {
                Version::Digest(digest) => Some(registry.signatures(digest, LIMIT).await),
                Version::Tag(_) => None,
            }
        });
    let target = target.map_err(SignError::Resolve)?;
    let signer = signer?;
    let now = clock.now();
    if let Some(chain) = signer.known_chain() {
        chain.check_valid_at(now)?;
    }
    let listing = match early {
        Some(listing) if request.reference.version() == &Version::Digest(target.digest.clone()) => {
            listing
        }
        _ => registry.signatures(&target.digest, LIMIT).await,
    };
    let listing = listing.map_err(SignError::List)?;
    let wanted = Wanted {
        target: &target,
        signer: &*signer,
        clock,
        request,
        after: time::Duration::try_from(ahead).ok().and_then(|ahead| now.checked_add(ahead)),
    };
    let reference = request.reference.at(&target.digest);
    match wanted.find(registry, listing.signatures).await? {
        Found::Good(good) => {
            let told = told_of(&good, &*signer, request.own_revocation, now).await?;
            Ok(Once::Already(AlreadySigned {
                reference,
                lifetime: Lifetime::of_signature(&good.intact, &good.signature.to_string()),
                signature: good.signature,
                signer: SignerSummary::from(good.intact.chain().leaf()),
                expiry: good.intact.expiry(),
                timestamp: good.timestamp,
                target,
                revocation: told.answers,
                warnings: told.warnings,
            }))
        }
        Found::None(insufficient) => {
            // what was looked at is what is signed, wherever the tag points by now
            let request = SignRequest { reference: &reference, ..request.clone() };
            let opened: Arc<dyn Signer> = signer;
            let signed = sign(registry, async { Ok(opened) }.boxed(), clock, &request).await;
            signed.map(|signed| match insufficient {
                Some(insufficient) => Once::Again(signed, insufficient),
                None => Once::Signed(signed),
            })
        }
    }
}

/// The signature that makes another one needless.
struct Wanted<'a> {
    target: &'a TargetArtifact,
    signer: &'a dyn Signer,
    clock: &'a dyn Clock,
    /// The user metadata it has, and who accepts the timestamp it has.
    request: &'a SignRequest<'a>,
    /// It ends later than this; at the end of all time only what never ends does.
    after: Option<OffsetDateTime>,
}

/// A signature that will do.
struct Good {
    signature: Digest,
    intact: Intact,
    timestamp: Option<OffsetDateTime>,
}

/// What looking for it came to.
enum Found {
    Good(Box<Good>),
    /// With the first of the signer's own that falls short.
    None(Option<Insufficient>),
}

impl Wanted<'_> {
    /// The first that will do; those that claim our certificate are tried first.
    async fn find(
        &self,
        registry: &dyn Registry,
        mut listed: Vec<SignatureDescriptor>,
    ) -> Result<Found, SignError> {
        if let Some(chain) = self.signer.known_chain() {
            let thumbprint = chain.leaf().thumbprint();
            // only an order: whatever the annotations claim, each signature is checked
            listed.sort_by_cached_key(|signature| !claims(signature, &thumbprint));
        }
        listed.truncate(LIMIT);
        let mut fetched = stream::iter(listed)
            .map(|signature| async move {
                registry.fetch_signature(&self.target.digest, &signature).await
            })
            .buffered(LOOK_AHEAD)
            .boxed();
        let mut insufficient = None;
        while let Some(answer) = fetched.next().await {
            let Ok(found) = answer else { continue };
            let Some(intact) = intact(&found).filter(|intact| self.is_its_subject(intact)) else {
                continue;
            };
            let signature = found.manifest_digest;
            let met = self.is_met_by(&intact);
            if met.is_ok() {
                learn_chain(self.signer, self.target, self.clock, self.request).await?;
            }
            if !self.is_own_leaf(&intact) {
                continue;
            }
            match met {
                Ok(timestamp) => {
                    return Ok(Found::Good(Box::new(Good { signature, intact, timestamp })));
                }
                Err(shortfall) => {
                    insufficient.get_or_insert(Insufficient { signature, shortfall });
                }
            }
        }
        Ok(Found::None(insufficient))
    }

    /// It is about the artifact.
    fn is_its_subject(&self, intact: &Intact) -> bool {
        let signed = &intact.payload().target;
        signed.media_type == self.target.media_type
            && signed.digest == self.target.digest
            && signed.size == self.target.size
    }

    /// The signer's own certificate; or an earlier one of the same subscriber, within its time as far as the
    /// timestamp beside it says, which the countersigner is asked about.
    fn is_own_leaf(&self, intact: &Intact) -> bool {
        let leaf = intact.chain().leaf();
        self.signer.known_chain().is_some_and(|chain| chain.leaf() == leaf)
            || (self.request.countersigner.is_some()
                && self.signer.is_maker_of(intact.chain())
                && stamped(intact)
                    .is_some_and(|time| leaf.not_before() <= time && time <= leaf.not_after()))
    }

    /// The time of its timestamp, where one is wanted.
    fn is_met_by(&self, intact: &Intact) -> Result<Option<OffsetDateTime>, Shortfall> {
        let signed = &intact.payload().target.annotations;
        if self.request.user_metadata.iter().any(|(key, value)| signed.get(key) != Some(value)) {
            return Err(Shortfall::Metadata);
        }
        if let Some(expiry) = intact.expiry()
            && self.after.is_none_or(|after| expiry <= after)
        {
            return Err(Shortfall::Expiry(expiry));
        }
        let Some(countersigner) = self.request.countersigner else { return Ok(None) };
        let token = intact.timestamp_token().ok_or(Shortfall::NoTimestamp)?;
        let accepted = countersigner.accept(token, intact.signature(), intact.chain());
        let refused =
            |fault: BoxFault| Shortfall::Timestamp(excerpt(&fault.to_string(), LINE_LIMIT));
        accepted.map(Some).map_err(refused)
    }
}

/// What is told of the certificate that signed: the signer's own, or an earlier one, whose revocation
/// nobody has asked about yet.
async fn told_of(
    good: &Good,
    signer: &dyn Signer,
    own: Option<&OwnRevocation>,
    now: OffsetDateTime,
) -> Result<Told, SignError> {
    let found = good.intact.chain();
    if let Some(chain) = signer.known_chain().filter(|chain| chain.leaf() == found.leaf()) {
        // its chain beside the signature is whoever's that may push
        return Ok(Told::of(own, chain, now).await);
    }
    Ok(Told::of_earlier(own, found, now).await.map_err(Box::new)?)
}

fn intact(fetched: &FetchedSignature) -> Option<Intact> {
    let format = Format::from_media_type(&fetched.envelope_media_type)?;
    Parsed::read(format, &fetched.envelope).ok()?.check_integrity().ok()
}

fn claims(signature: &SignatureDescriptor, thumbprint: &str) -> bool {
    let claimed = signature.annotations.as_ref().and_then(|a| a.get(THUMBPRINTS));
    claimed.is_some_and(|text| text.to_ascii_lowercase().contains(thumbprint))
}
