//! Verifying a file by a signature beside it: the checks of images, and the file in place of a manifest.

use std::collections::BTreeMap;

use super::checks::{self, Candidate, CheckFailure, Context, check_integrity};
use super::outcome::{store_error, store_line, warnings};
use super::stores::Stores;
use super::{Tried, VerificationPlugins, lifetime};
use crate::clock::Clock;
use crate::envelope::{Blob, Format, Intact, TargetArtifact, is_manifest_type};
use crate::fault::{BoxFault, Fault, LINE_LIMIT, excerpt};
use crate::lifetime::Lifetime;
use crate::revocation::RevocationCheck;
use crate::trust::{BlobPolicy, NoBlobStatement, TrustStore};

/// What to verify a file by.
#[derive(Debug, Clone)]
pub struct BlobVerifyRequest<'a> {
    /// The signature's name in reports: its file.
    pub name: &'a str,
    pub format: Format,
    pub envelope: &'a [u8],
    /// The statement of the policy; without a name the global one.
    pub policy_name: Option<&'a str>,
    /// What the file must be signed as; without it anything but an image's manifest.
    pub media_type: Option<&'a str>,
    /// Each pair must be in the payload's annotations.
    pub user_metadata: BTreeMap<String, String>,
}

/// A file that may be used.
#[derive(Debug)]
pub struct BlobOutcome {
    /// The statement's name and effective level.
    pub policy: String,
    pub level: &'static str,
    /// The good signature; `None` where the policy says not to look.
    pub good: Option<Tried>,
    /// Of the good signature.
    pub lifetime: Option<Lifetime>,
}

/// A file that must not be used; worded as notation words it.
#[derive(Debug, thiserror::Error)]
pub enum BlobVerifyError {
    #[error("signature verification failed: {0}")]
    NoStatement(#[from] NoBlobStatement),
    /// The file could not be read.
    #[error("{0}")]
    Blob(BoxFault),
    #[error(
        "signature verification failed: the signature is for an image's manifest: its media type is {media_type:?}"
    )]
    Manifest { media_type: String },
    #[error(
        "signature verification failed: integrity check failed. signature does not match the given blob"
    )]
    Mismatch { signed: String, found: String },
    #[error("{}", failed(.0))]
    Failed(Box<Tried>),
}

/// Verifies a file by one signature. The file is read once the envelope's integrity holds, since its
/// key says under which hash.
pub async fn verify_blob(
    blob: &dyn Blob,
    policy: &BlobPolicy,
    store: &dyn TrustStore,
    revocation: &dyn RevocationCheck,
    plugins: &VerificationPlugins,
    clock: &dyn Clock,
    request: &BlobVerifyRequest<'_>,
) -> Result<BlobOutcome, BlobVerifyError> {
    let statement = policy.applicable(request.policy_name)?;
    let outcome = |good, lifetime| BlobOutcome {
        policy: statement.name().to_owned(),
        level: statement.level().name(),
        good,
        lifetime,
    };
    if statement.level().is_skip() {
        return Ok(outcome(None, None));
    }
    let candidate = Candidate {
        name: request.name,
        media_type: request.format.media_type(),
        envelope: request.envelope,
    };
    let target = match check_integrity(candidate) {
        Ok(intact) => measured(blob, &intact, request).await?,
        Err(failure) => {
            let tried = Tried::failed(request.name, failure);
            return Err(BlobVerifyError::Failed(Box::new(tried)));
        }
    };
    let stores = Stores::load(store, statement);
    let context = Context {
        statement,
        stores: &stores,
        now: clock.now(),
        target: &target,
        user_metadata: &request.user_metadata,
        revocation,
        plugins,
        judge: None,
    };
    let mut tried = checks::run(candidate, context).await;
    match tried.failure.take() {
        None => {
            let lifetime = lifetime::of(&tried, statement, revocation.reach());
            Ok(outcome(Some(tried), lifetime))
        }
        Some(CheckFailure::Descriptor { signed, resolved: found }) => {
            Err(BlobVerifyError::Mismatch { signed, found })
        }
        failure => {
            tried.failure = failure;
            Err(BlobVerifyError::Failed(Box::new(tried)))
        }
    }
}

impl BlobOutcome {
    /// notation's sentences for stderr, as those of an image.
    pub fn warnings(&self) -> Vec<String> {
        let good = self.good.iter();
        good.flat_map(|good| warnings(good, std::slice::from_ref(good))).collect()
    }
}

impl BlobVerifyError {
    /// The signature that failed, for reports.
    pub fn tried(&self) -> Option<&Tried> {
        match self {
            BlobVerifyError::Failed(tried) => Some(tried),
            _ => None,
        }
    }
}

/// The file as the signature's key measures it.
async fn measured(
    blob: &dyn Blob,
    intact: &Intact,
    request: &BlobVerifyRequest<'_>,
) -> Result<TargetArtifact, BlobVerifyError> {
    let signed = &intact.payload().target.media_type;
    // what an image was signed by proves nothing about a file, unless this is asked for
    if is_manifest_type(signed) && request.media_type != Some(signed) {
        return Err(BlobVerifyError::Manifest { media_type: excerpt(signed, LINE_LIMIT) });
    }
    let measured = blob.measure(intact.suite().hash()).await.map_err(BlobVerifyError::Blob)?;
    Ok(measured.target(request.media_type.unwrap_or(signed), BTreeMap::new()))
}

/// notation's first line: a trust store that does not load is named by itself.
fn failed(tried: &Tried) -> String {
    match (store_error(tried), &tried.failure) {
        (Some(error), _) => store_line(error),
        (None, Some(failure)) => {
            excerpt(&format!("signature verification failed: {failure}"), LINE_LIMIT)
        }
        (None, None) => "signature verification failed".to_owned(),
    }
}

/// A check's advice is about images; the same for files.
fn for_files(hint: &str) -> String {
    [
        ("sealwright sign ", "sealwright blob sign "),
        (
            "sealwright policy import <trustpolicy.json>",
            "sealwright blob policy import <trustpolicy.blob.json>",
        ),
        ("<reference>", "<blob_path>"),
        ("new image", "new file"),
        ("the image", "the file"),
        ("the artifact", "the file"),
    ]
    .into_iter()
    .fold(hint.to_owned(), |text, (of_images, of_files)| text.replace(of_images, of_files))
}

impl Fault for BlobVerifyError {
    fn code(&self) -> &'static str {
        match self {
            BlobVerifyError::NoStatement(error) => error.code(),
            BlobVerifyError::Blob(fault) => fault.code(),
            BlobVerifyError::Manifest { .. } => "verify-blob-manifest",
            BlobVerifyError::Mismatch { .. } => "verify-blob-mismatch",
            BlobVerifyError::Failed(tried) => {
                tried.failure.as_ref().map_or("verify-blob", Fault::code)
            }
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            BlobVerifyError::NoStatement(error) => error.because(),
            BlobVerifyError::Blob(fault) => fault.because(),
            BlobVerifyError::Manifest { .. } => Vec::new(),
            BlobVerifyError::Mismatch { signed, found } => {
                vec![format!("signed: {signed}"), format!("found in the file: {found}")]
            }
            BlobVerifyError::Failed(tried) => {
                tried.failure.as_ref().map(Fault::because).unwrap_or_default()
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            BlobVerifyError::NoStatement(error) => error.hint(),
            BlobVerifyError::Blob(fault) => fault.hint(),
            BlobVerifyError::Manifest { .. } => Some(
                "verify the image: sealwright verify <registry>/<repository>@<digest>".to_owned(),
            ),
            BlobVerifyError::Mismatch { .. } => None,
            BlobVerifyError::Failed(tried) => {
                tried.failure.as_ref().and_then(Fault::hint).map(|hint| for_files(&hint))
            }
        }
    }
}
