//! Signing what is not signed yet: a signature by the same certificate, intact and not ending soon.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, join, stream};
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::crypto::Digest;
use crate::envelope::{Format, Intact, Parsed, Signer, TargetArtifact};
use crate::registry::{FetchedSignature, Reference, Registry, SignatureDescriptor, Version};
use crate::sign::{
    OpenSigner, SignError, SignRequest, Signed, SignerSummary, THUMBPRINTS, sign, stamped,
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
}

/// Signs one artifact unless it carries, among the first 100 signatures listed, one that is intact,
/// by the signer's own leaf certificate (of a service that renews it, with a timestamp, by an earlier
/// one), about this very artifact, with the user metadata asked for,
/// and without an expiry within the time given. No trust policy is involved.
///
/// A signature that cannot be fetched or is not intact does not count. A certificate that is not
/// valid now is an error, since the signatures made with it are of no use any more.
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
    let (target, signer, early) = join!(registry.resolve(request.reference), signer, async {
        match request.reference.version() {
            Version::Digest(digest) => Some(registry.signatures(digest, LIMIT).await),
            Version::Tag(_) => None,
        }
    });
    let target = target.map_err(SignError::Resolve)?;
    let signer = signer.map_err(SignError::Signer)?;
    let now = clock.now();
    signer.chain().check_valid_at(now)?;
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
        user_metadata: &request.user_metadata,
        after: time::Duration::try_from(ahead).ok().and_then(|ahead| now.checked_add(ahead)),
    };
    let reference = request.reference.at(&target.digest);
    match wanted.find(registry, listing.signatures).await {
        Some((signature, intact)) => Ok(Once::Already(AlreadySigned {
            reference,
            signature,
            signer: SignerSummary::from(intact.chain().leaf()),
            expiry: intact.expiry(),
            target,
        })),
        None => {
            // what was looked at is what is signed, wherever the tag points by now
            let request = SignRequest { reference: &reference, ..request.clone() };
            let opened: Arc<dyn Signer> = signer;
            let signed = sign(registry, async { Ok(opened) }.boxed(), clock, &request).await;
            signed.map(Once::Signed)
        }
    }
}

/// The signature that makes another one needless.
struct Wanted<'a> {
    target: &'a TargetArtifact,
    signer: &'a dyn Signer,
    user_metadata: &'a BTreeMap<String, String>,
    /// It ends later than this; at the end of all time only what never ends does.
    after: Option<OffsetDateTime>,
}

impl Wanted<'_> {
    /// The first that will do; those that claim our certificate are tried first.
    async fn find(
        &self,
        registry: &dyn Registry,
        mut listed: Vec<SignatureDescriptor>,
    ) -> Option<(Digest, Intact)> {
        let thumbprint = self.signer.chain().leaf().thumbprint();
        // only an order: whatever the annotations claim, each signature is checked
        listed.sort_by_cached_key(|signature| !claims(signature, &thumbprint));
        listed.truncate(LIMIT);
        let mut fetched = stream::iter(listed)
            .map(|signature| async move {
                registry.fetch_signature(&self.target.digest, &signature).await
            })
            .buffered(LOOK_AHEAD)
            .boxed();
        while let Some(answer) = fetched.next().await {
            let Ok(signature) = answer else { continue };
            if let Some(intact) = intact(&signature).filter(|intact| self.is_met_by(intact)) {
                return Some((signature.manifest_digest, intact));
            }
        }
        None
    }

    fn is_met_by(&self, intact: &Intact) -> bool {
        let signed = &intact.payload().target;
        let same_artifact = signed.media_type == self.target.media_type
            && signed.digest == self.target.digest
            && signed.size == self.target.size;
        let metadata = self.user_metadata.iter();
        let same_metadata =
            metadata.into_iter().all(|(key, value)| signed.annotations.get(key) == Some(value));
        let lasts =
            intact.expiry().is_none_or(|expiry| self.after.is_some_and(|after| expiry > after));
        same_artifact && same_metadata && lasts && self.is_ours(intact)
    }

    /// By the signer's own certificate; or by an earlier one of the same subscriber, within its time as
    /// far as the timestamp beside it says.
    fn is_ours(&self, intact: &Intact) -> bool {
        let leaf = intact.chain().leaf();
        leaf == self.signer.chain().leaf()
            || (self.signer.is_maker_of(intact.chain())
                && stamped(intact)
                    .is_some_and(|time| leaf.not_before() <= time && time <= leaf.not_after()))
    }
}

fn intact(fetched: &FetchedSignature) -> Option<Intact> {
    let format = Format::from_media_type(&fetched.envelope_media_type)?;
    Parsed::read(format, &fetched.envelope).ok()?.check_integrity().ok()
}

fn claims(signature: &SignatureDescriptor, thumbprint: &str) -> bool {
    let claimed = signature.annotations.as_ref().and_then(|a| a.get(THUMBPRINTS));
    claimed.is_some_and(|text| text.to_ascii_lowercase().contains(thumbprint))
}
