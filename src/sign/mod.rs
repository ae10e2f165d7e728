//! Signing: resolve → payload → envelope → timestamp → push → read back.

mod metadata;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::join;
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::crypto::Digest;
use crate::envelope::{
    Countersigner, Format, Intact, Payload, SealError, SealRequest, Sealed, Signer, TargetArtifact,
    seal_with,
};
use crate::fault::{BoxFault, Fault};
use crate::registry::{PushPermission, Reference, ReferrersMode, Registry, SignaturePush};
use crate::timestamp::Parsed;
use crate::x509::{Certificate, ValidityError};

pub use metadata::MetadataError;

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

#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("error adding user metadata: {0}")]
    Metadata(#[from] MetadataError),
    #[error("failed to get manifest descriptor: {0}")]
    Resolve(BoxFault),
    #[error("{0}")]
    Signer(BoxFault),
    #[error("{0}")]
    Seal(#[from] SealError),
    #[error("{0}")]
    Validity(#[from] ValidityError),
    /// The signatures that are there already could not be listed.
    #[error("failed to list signatures: {0}")]
    List(BoxFault),
    #[error("failed to push signature to registry with error: {0}")]
    Push(BoxFault),
}

impl Fault for SignError {
    fn code(&self) -> &'static str {
        match self {
            SignError::Metadata(_) => "sign-metadata",
            SignError::Validity(_) => "sign-certificate-validity",
            SignError::Resolve(fault)
            | SignError::Signer(fault)
            | SignError::List(fault)
            | SignError::Push(fault) => fault.code(),
            SignError::Seal(error) => error.code(),
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            SignError::Resolve(fault)
            | SignError::Signer(fault)
            | SignError::List(fault)
            | SignError::Push(fault) => fault.because(),
            SignError::Seal(error) => error.because(),
            SignError::Metadata(_) | SignError::Validity(_) => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            SignError::Resolve(fault)
            | SignError::Signer(fault)
            | SignError::List(fault)
            | SignError::Push(fault) => fault.hint(),
            SignError::Seal(error) => error.hint(),
            SignError::Metadata(_) => None,
            SignError::Validity(error) => error.hint(),
        }
    }
}

/// Signs one artifact. Nothing is pushed unless the envelope passed every check of the verifier.
///
/// The artifact, the signer and the upload session are asked for side by side; of several failures
/// the artifact's is reported before the signer's, and that before the session's.
pub async fn sign(
    registry: &dyn Registry,
    signer: OpenSigner<'_>,
    clock: &dyn Clock,
    request: &SignRequest<'_>,
) -> Result<Signed, SignError> {
    metadata::check(&request.user_metadata)?;
    let (target, signer, prepared) =
        join!(registry.resolve(request.reference), signer, registry.prepare_push());
    let target = target.map_err(SignError::Resolve)?;
    let signer = signer.map_err(SignError::Signer)?;
    prepared.map_err(SignError::Push)?;

    let now = clock.now();
    let sealing = seal_request(&target, request, now);
    let sealed = seal_with(&sealing, signer.as_ref(), request.countersigner).await?;
    let pushed = registry
        .push_signature(SignaturePush {
            subject: &target,
            format: request.format,
            envelope: &sealed.bytes,
            annotations: annotations(&sealed, now),
            mode: request.mode,
        })
        .await
        .map_err(SignError::Push)?;

    let mut warnings = signer.chain().advice();
    warnings.extend(pushed.warnings);
    Ok(Signed {
        reference: request.reference.at(&target.digest),
        target,
        signature: pushed.manifest_digest,
        signer: SignerSummary::from(signer.chain().leaf()),
        expiry: sealed.intact.expiry(),
        timestamp: stamped(&sealed.intact),
        user_metadata: request.user_metadata.clone(),
        warnings,
    })
}

/// The time in a token that the countersigner verified.
fn stamped(intact: &Intact) -> Option<OffsetDateTime> {
    let claims = Parsed::read(intact.timestamp_token()?).ok()?.claims(intact.signature()).ok()?;
    Some(claims.interval.gen_time())
}

/// What a dry run learned, part by part; nothing was signed and nothing pushed.
#[derive(Debug)]
pub struct Rehearsal {
    pub target: Result<TargetArtifact, SignError>,
    /// The signer, its chain valid now, and advice on the chain.
    pub signer: Result<(SignerSummary, Vec<String>), SignError>,
    pub push: Result<PushPermission, SignError>,
}

/// Everything `sign` checks before it signs, and the right to push; nothing is written.
pub async fn rehearse(
    registry: &dyn Registry,
    signer: OpenSigner<'_>,
    clock: &dyn Clock,
    request: &SignRequest<'_>,
) -> Result<Rehearsal, SignError> {
    metadata::check(&request.user_metadata)?;
    let (target, signer, push) =
        join!(registry.resolve(request.reference), signer, registry.check_push());
    let signer = signer.map_err(SignError::Signer).and_then(|signer| {
        signer.chain().check_valid_at(clock.now())?;
        Ok((SignerSummary::from(signer.chain().leaf()), signer.chain().advice()))
    });
    Ok(Rehearsal {
        target: target.map_err(SignError::Resolve),
        signer,
        push: push.map_err(SignError::Push),
    })
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

fn annotations(sealed: &Sealed, now: OffsetDateTime) -> BTreeMap<String, String> {
    let thumbprints: Vec<String> =
        sealed.intact.chain().certificates().iter().map(|c| c.thumbprint()).collect();
    let created = now
        .to_offset(time::UtcOffset::UTC)
        .replace_nanosecond(0)
        .expect("zero is a valid nanosecond")
        .format(&time::format_description::well_known::Rfc3339)
        .expect("a time within four-digit years");
    BTreeMap::from([
        (
            THUMBPRINTS.to_owned(),
            serde_json::to_string(&thumbprints).expect("a list of texts is JSON"),
        ),
        (CREATED.to_owned(), created),
    ])
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
