//! A dry run: everything `sign` checks before it signs.

use futures_util::join;

use super::{OpenSigner, SignError, SignRequest, SignerSummary, Told, metadata, open};
use crate::clock::Clock;
use crate::envelope::TargetArtifact;
use crate::lifetime::{Lifetime, Proof};
use crate::registry::{PushPermission, Registry};
use crate::revocation::Answers;

/// What a dry run learned, part by part; nothing was signed and nothing pushed.
#[derive(Debug)]
pub struct Rehearsal {
    pub target: Result<TargetArtifact, SignError>,
    /// The signer, its chain valid now, and advice on the chain; none that only a signature would tell.
    pub signer: Result<(Option<SignerSummary>, Vec<String>), SignError>,
    /// What was told of the signing chain's revocation.
    pub revocation: Option<Answers>,
    pub push: Result<PushPermission, SignError>,
    /// Of the signer's chain, where there is one.
    pub lifetime: Lifetime,
}

/// Everything `sign` checks before it signs, and the right to push; nothing is written.
pub async fn rehearse(
    registry: &dyn Registry,
    signer: OpenSigner<'_>,
    clock: &dyn Clock,
    request: &SignRequest<'_>,
) -> Result<Rehearsal, SignError> {
    metadata::check(&request.user_metadata)?;
    let signer = async {
        let signer = open(signer, clock, request).await?;
        let Some(chain) = signer.known_chain() else {
            return Ok((None, Vec::new(), Told::default(), Lifetime::default()));
        };
        let now = clock.now();
        chain.check_valid_at(now)?;
        let told = Told::of(request.own_revocation, chain, now).await;
        // nobody has stamped anything yet
        let proof = request.countersigner.map_or(Proof::Absent, |_| Proof::by(&[]));
        let lifetime = Lifetime::of_chain(chain.certificates(), proof);
        let summary = SignerSummary::from(chain.leaf());
        Ok::<_, SignError>((Some(summary), signer.advice(chain), told, lifetime))
    };
    let (target, signer, push) =
        join!(registry.resolve(request.reference), signer, registry.check_push());
    let (signer, revocation, lifetime) = match signer {
        Ok((summary, advice, Told { answers, mut warnings }, lifetime)) => {
            warnings.extend(advice);
            (Ok((summary, warnings)), answers, lifetime)
        }
        Err(error) => {
            let answers = error.revocation().cloned();
            (Err(error), answers, Lifetime::default())
        }
    };
    Ok(Rehearsal {
        target: target.map_err(SignError::Resolve),
        signer,
        revocation,
        push: push.map_err(SignError::Push),
        lifetime,
    })
}
