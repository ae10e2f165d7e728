//! Signing: resolve → payload → envelope → timestamp → push → read back; a file is measured, and not pushed.

mod blob;
mod error;
mod metadata;
mod own_revocation;
mod rehearsal;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{join, try_join};
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::crypto::Digest;
use crate::envelope::{
    Countersigner, Format, Intact, Payload, SealRequest, Sealed, Signer, TargetArtifact, seal_with,
};
use crate::fault::BoxFault;
use crate::lifetime::Lifetime;
use crate::registry::{Reference, ReferrersMode, Registry, SignaturePush};
use crate::revocation::Answers;
use crate::timestamp::Parsed;
use crate::x509::Certificate;

pub use blob::{BlobSignError, BlobSignRequest, Manifests, SignedBlob, sign_blob};
pub use error::SignError;
pub use metadata::MetadataError;
pub use own_revocation::{OwnRevocation, OwnRevocationError, OwnRule, Told};
pub use rehearsal::{Rehearsal, rehearse};

/// signature-specification.md, "Signature Manifest": thumbprints of the chain, leaf first.
pub const THUMBPRINTS: &str = "io.cncf.notary.x509chain.thumbprint#S256";
/// OCI image-spec, "Pre-Defined Annotation Keys".
const CREATED: &str = "org.opencontainers.image.created";

/// Opens the signer while the registry is asked for the artifact: a key vault's round trips run
/// beside the registry's.
pub type OpenSigner<'a> = BoxFuture<'a, Result<Arc<dyn Signer>, BoxFault>>;

/// What to sign, and how.
#[derive(Debug, Clone)]
pub struct SignRequest<'a> {
    pub reference: &'a Reference,
    pub format: Format,
    /// Counted from the signing time.
    pub expiry: Option<Duration>,
    pub user_metadata: BTreeMap<String, String>,
    pub mode: ReferrersMode,
    /// Makes the timestamp; without it the signature has none.
    pub countersigner: Option<&'a dyn Countersigner>,
    /// Asks whether the signing chain is revoked; without it nobody is asked.
    pub own_revocation: Option<&'a OwnRevocation>,
}

/// A signature that is in the registry.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The artifact by digest.
    pub reference: Reference,
    pub target: TargetArtifact,
    /// Digest of the signature manifest.
    pub signature: Digest,
    pub signer: SignerSummary,
    pub expiry: Option<OffsetDateTime>,
    /// The time of its timestamp, which was verified before it was attached.
    pub timestamp: Option<OffsetDateTime>,
    /// What the signature says besides the artifact.
    pub user_metadata: BTreeMap<String, String>,
    /// What was told of the signing chain's revocation.
    pub revocation: Option<Answers>,
    pub lifetime: Lifetime,
    /// Sentences for `Warning: …`.
    pub warnings: Vec<String>,
}

/// Who signs, for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerSummary {
    /// The leaf's subject, as Go prints names.
    pub subject: String,
    /// SHA-256 over the leaf's DER, lower-case hex.
    pub thumbprint: String,
    pub not_after: OffsetDateTime,
}

/// Signs one artifact. Nothing is pushed unless the envelope passed every check of the verifier.
///
/// The artifact, the signer and the upload session are asked for side by side; of several failures
/// the artifact's is reported before the signer's, and that before the session's. The signing chain's
/// revocation is asked about beside them where doubt is to fail, else beside the signing itself; of a signer
/// that tells its chain with the signature, before that is pushed or beside the push.
pub async fn sign(
    registry: &dyn Registry,
    signer: OpenSigner<'_>,
    clock: &dyn Clock,
    request: &SignRequest<'_>,
) -> Result<Signed, SignError> {
    metadata::check(&request.user_metadata)?;
    let (target, signer, prepared) = join!(
        registry.resolve(request.reference),
        open(signer, clock, request),
        registry.prepare_push()
    );
    let target = target.map_err(SignError::Resolve)?;
    let signer = signer?;
    prepared.map_err(SignError::Push)?;

    let now = clock.now();
    let known = signer.known_chain();
    let signing = async {
        let sealing = seal_request(&target, request, now);
        let sealed = seal_with(&sealing, signer.as_ref(), request.countersigner).await?;
        let chain = sealed.intact.chain();
        if let Some(own) = request.own_revocation.filter(|_| Some(chain) != known) {
            // told with the signature, or renewed since it was opened
            own.gate(chain, now).await.map_err(Box::new)?;
        }
        let push = registry.push_signature(SignaturePush {
            subject: &target,
            format: request.format,
            envelope: &sealed.bytes,
            annotations: annotations(&sealed),
            mode: request.mode,
        });
        let late = async {
            match known {
                Some(_) => Ok(Told::default()),
                None => Ok(Told::of(request.own_revocation, chain, now).await),
            }
        };
        let (pushed, late) = try_join!(async { push.await.map_err(SignError::Push) }, late)?;
        Ok::<_, SignError>((sealed, pushed, late))
    };
    let asking = async {
        match known {
            Some(chain) => Ok(Told::of(request.own_revocation, chain, now).await),
            None => Ok(Told::default()),
        }
    };
    let ((sealed, pushed, late), early) = try_join!(signing, asking)?;
    let told = if known.is_some() { early } else { late };

    let mut warnings = told.warnings;
    warnings.extend(signer.advice(known.unwrap_or_else(|| sealed.intact.chain())));
    warnings.extend(pushed.warnings);
    Ok(Signed {
        reference: request.reference.at(&target.digest),
        target,
        lifetime: Lifetime::of_signature(&sealed.intact, &pushed.manifest_digest.to_string()),
        signature: pushed.manifest_digest,
        signer: SignerSummary::from(sealed.intact.chain().leaf()),
        expiry: sealed.intact.expiry(),
        timestamp: request.countersigner.and(stamped(&sealed.intact)),
        user_metadata: request.user_metadata.clone(),
        revocation: told.answers,
        warnings,
    })
}

/// Opens the signer; where doubt about its revocation is to fail, its chain is asked about first, if it
/// is known.
pub async fn open(
    signer: OpenSigner<'_>,
    clock: &dyn Clock,
    request: &SignRequest<'_>,
) -> Result<Arc<dyn Signer>, SignError> {
    open_asked(signer, clock, request.own_revocation).await
}

async fn open_asked(
    signer: OpenSigner<'_>,
    clock: &dyn Clock,
    own_revocation: Option<&OwnRevocation>,
) -> Result<Arc<dyn Signer>, SignError> {
    let signer = signer.await.map_err(SignError::Signer)?;
    if let (Some(own), Some(chain)) = (own_revocation, signer.known_chain()) {
        own.gate(chain, clock.now()).await.map_err(Box::new)?;
    }
    Ok(signer)
}

/// Has the signer sign the artifact where only that tells its chain, and throws the signature away. Where
/// doubt about its revocation is to fail, the chain is asked about then.
pub async fn learn_chain(
    signer: &dyn Signer,
    target: &TargetArtifact,
    clock: &dyn Clock,
    request: &SignRequest<'_>,
) -> Result<(), SignError> {
    if signer.known_chain().is_some() {
        return Ok(());
    }
    let now = clock.now();
    let sealed = seal_with(&seal_request(target, request, now), signer, None).await?;
    if let Some(own) = request.own_revocation {
        own.gate(sealed.intact.chain(), now).await.map_err(Box::new)?;
    }
    Ok(())
}

/// The time that the token beside the signature says, when it is about this signature; who stamped it
/// is not looked at.
pub fn stamped(intact: &Intact) -> Option<OffsetDateTime> {
    let claims = Parsed::read(intact.timestamp_token()?).ok()?.claims(intact.signature()).ok()?;
    Some(claims.interval.gen_time())
}

fn seal_request(
    target: &TargetArtifact,
    request: &SignRequest<'_>,
    now: OffsetDateTime,
) -> SealRequest {
    let mut target = target.clone();
    target.annotations = request.user_metadata.clone();
    SealRequest { format: request.format, payload: Payload { target }, now, expiry: request.expiry }
}

/// What a plugin wants beside its envelope, and over it what is the specification's.
fn annotations(sealed: &Sealed) -> BTreeMap<String, String> {
    let thumbprints: Vec<String> =
        sealed.intact.chain().certificates().iter().map(|c| c.thumbprint()).collect();
    let signing_time = sealed.intact.scheme().time();
    let created = signing_time
        .to_offset(time::UtcOffset::UTC)
        .replace_nanosecond(0)
        .expect("zero is a valid nanosecond")
        .format(&time::format_description::well_known::Rfc3339)
        .expect("a time within four-digit years");
    let mut annotations = sealed.annotations.clone();
    let thumbprints = serde_json::to_string(&thumbprints).expect("a list of texts is JSON");
    annotations.insert(THUMBPRINTS.to_owned(), thumbprints);
    annotations.insert(CREATED.to_owned(), created);
    annotations
}

impl From<&Certificate> for SignerSummary {
    fn from(leaf: &Certificate) -> Self {
        Self {
            subject: leaf.subject().to_string(),
            thumbprint: leaf.thumbprint(),
            not_after: leaf.not_after(),
        }
    }
}
