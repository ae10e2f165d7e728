//! Signing a file: open the signer → measure → envelope → timestamp. Nothing is pushed.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use super::{
    OpenSigner, OwnRevocation, SignError, SignerSummary, Told, metadata, open_asked, stamped,
};
use crate::clock::Clock;
use crate::envelope::{
    Blob, Countersigner, Format, Payload, SealRequest, TargetArtifact, is_manifest_type, seal_with,
};
use crate::fault::{BoxFault, Fault};
use crate::lifetime::Lifetime;
use crate::plugin::Capability;
use crate::revocation::Answers;

/// What to sign a file as, and how.
#[derive(Debug)]
pub struct BlobSignRequest<'a> {
    /// The file's name in reports.
    pub name: &'a str,
    /// `application/octet-stream`
    pub media_type: &'a str,
    pub manifests: Manifests,
    pub format: Format,
    /// Counted from the signing time.
    pub expiry: Option<Duration>,
    pub user_metadata: BTreeMap<String, String>,
    /// Makes the timestamp; without it the signature has none.
    pub countersigner: Option<&'a dyn Countersigner>,
    /// Asks whether the signing chain is revoked; without it nobody is asked.
    pub own_revocation: Option<&'a OwnRevocation>,
}

/// Whether a file may be signed as an image's manifest: what comes of it may pass for the image's own
/// signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manifests {
    Refused,
    Allowed,
}

/// A signature about a file, and nothing pushed.
#[derive(Debug, Clone)]
pub struct SignedBlob {
    pub envelope: Vec<u8>,
    pub target: TargetArtifact,
    pub signer: SignerSummary,
    pub expiry: Option<OffsetDateTime>,
    /// The time of its timestamp, which was verified before it was attached.
    pub timestamp: Option<OffsetDateTime>,
    /// What was told of the signing chain's revocation.
    pub revocation: Option<Answers>,
    pub lifetime: Lifetime,
    /// Sentences for `Warning: …`.
    pub warnings: Vec<String>,
}

/// Why a file is not signed.
#[derive(Debug, thiserror::Error)]
pub enum BlobSignError {
    #[error("invalid content media-type {0:?}")]
    MediaType(String),
    #[error(
        "media type {0:?} is that of an image's manifest: such a signature may pass for the image's own"
    )]
    Manifest(String),
    /// The file could not be read.
    #[error("{0}")]
    Blob(BoxFault),
    /// The digest in the payload has the hash of a key that only the plugin knows.
    #[error("a file is signed by a plugin with the capability {}; this one makes whole envelopes", Capability::RawSignature.as_str())]
    EnvelopesOnly,
    #[error("{0}")]
    Sign(#[from] SignError),
}

/// Signs a file. What is returned passed every check of the verifier on its envelope.
pub async fn sign_blob(
    blob: &dyn Blob,
    signer: OpenSigner<'_>,
    clock: &dyn Clock,
    request: &BlobSignRequest<'_>,
) -> Result<SignedBlob, BlobSignError> {
    check_media_type(request)?;
    metadata::check(&request.user_metadata).map_err(SignError::from)?;
    let signer = open_asked(signer, clock, request.own_revocation).await?;
    let suite = signer.suite().ok_or(BlobSignError::EnvelopesOnly)?;
    let measured = blob.measure(suite.hash()).await.map_err(BlobSignError::Blob)?;
    let target = measured.target(request.media_type, request.user_metadata.clone());
    // after the file was read: reading takes as long as the file is
    let now = clock.now();
    let (format, expiry) = (request.format, request.expiry);
    let sealing = SealRequest { format, payload: Payload { target: target.clone() }, now, expiry };
    let sealed = seal_with(&sealing, signer.as_ref(), request.countersigner);
    let sealed = sealed.await.map_err(SignError::from)?;
    let chain = sealed.intact.chain();
    if let Some(own) = request.own_revocation {
        // renewed since it was opened, perhaps; what was asked about is not asked again
        own.gate(chain, now).await.map_err(|error| SignError::from(Box::new(error)))?;
    }
    let told = Told::of(request.own_revocation, chain, now).await;
    let mut warnings = told.warnings;
    warnings.extend(signer.advice(chain));
    Ok(SignedBlob {
        target,
        lifetime: Lifetime::of_signature(&sealed.intact, request.name),
        signer: SignerSummary::from(chain.leaf()),
        expiry: sealed.intact.expiry(),
        timestamp: stamped(&sealed.intact),
        revocation: told.answers,
        warnings,
        envelope: sealed.bytes,
    })
}

/// RFC 6838, 4.2: a type and a subtype of restricted characters; parameters may follow.
fn check_media_type(request: &BlobSignRequest<'_>) -> Result<(), BlobSignError> {
    let given = request.media_type;
    let restricted = |name: &str| {
        let letter = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
        (1..=127).contains(&name.len()) && name.bytes().all(letter)
    };
    let (bare, parameters) = given.split_once(';').unwrap_or((given, ""));
    let names = bare.trim_end().split_once('/');
    let plain = parameters.bytes().all(|b| (b' '..=b'~').contains(&b));
    if !plain || !names.is_some_and(|(kind, of)| restricted(kind) && restricted(of)) {
        return Err(BlobSignError::MediaType(given.to_owned()));
    }
    match request.manifests {
        Manifests::Refused if is_manifest_type(given) => {
            Err(BlobSignError::Manifest(given.to_owned()))
        }
        Manifests::Refused | Manifests::Allowed => Ok(()),
    }
}

impl BlobSignError {
    /// What was told of the signing chain's revocation, where that is why nothing was signed.
    pub fn revocation(&self) -> Option<&Answers> {
        match self {
            BlobSignError::Sign(error) => error.revocation(),
            _ => None,
        }
    }
}

impl Fault for BlobSignError {
    fn code(&self) -> &'static str {
        match self {
            BlobSignError::MediaType(_) => "sign-blob-media-type",
            BlobSignError::Manifest(_) => "sign-blob-manifest-type",
            BlobSignError::EnvelopesOnly => "sign-blob-envelopes-only",
            BlobSignError::Blob(fault) => fault.code(),
            BlobSignError::Sign(error) => error.code(),
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            BlobSignError::MediaType(_)
            | BlobSignError::Manifest(_)
            | BlobSignError::EnvelopesOnly => Vec::new(),
            BlobSignError::Blob(fault) => fault.because(),
            BlobSignError::Sign(error) => error.because(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            BlobSignError::MediaType(_) => {
                Some("a media type is like application/octet-stream or text/plain".to_owned())
            }
            BlobSignError::Manifest(_) => Some(
                "sign the image itself: sealwright sign <registry>/<repository>@<digest>; \
                 or say that this is meant: --allow-manifest-media-type"
                    .to_owned(),
            ),
            BlobSignError::EnvelopesOnly => {
                Some("see what plugins can do: sealwright plugin list".to_owned())
            }
            BlobSignError::Blob(fault) => fault.hint(),
            BlobSignError::Sign(error) => error.hint(),
        }
    }
}
