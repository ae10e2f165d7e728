//! Whole envelopes of another's making: proven to be what was ordered, and stamped where they are not
//! (plugin-extensibility.md, "Signing workflow using plugin": the envelope generator).

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

use super::error::excerpt;
use super::write::{expiry_of, whole_seconds};
use super::{
    Countersigner, EnvelopeMaker, EnvelopeOrder, Format, Intact, MadeEnvelope, Parsed, Payload,
    Scheme, SealError, SealRequest, Sealed, TargetArtifact, cose, jws,
};
use crate::clock::rfc3339;
use crate::fault::Fault;

/// how far an expiry may be from the one ordered: its maker may count from another moment than the
/// signing time it writes
const EXPIRY_SLACK: time::Duration = time::Duration::MINUTE;
/// most bytes of annotations for the signature manifest; a tag's index holds those of every signature
const ANNOTATIONS_LIMIT: usize = 16 * 1024;

/// An envelope that holds, but is not what was ordered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MadeError {
    #[error("during signing descriptor subject has changed from {asked} to {found}")]
    Subject { asked: String, found: String },
    #[error("during signing descriptor subject has changed: its annotation {key:?} was {change}")]
    Annotation { key: String, change: &'static str },
    #[error(
        "during signing, following unknown attributes were added to subject descriptor: [{}]",
        quoted(names)
    )]
    Members { names: Vec<String> },
    #[error(
        "the envelope expires {}, {} after its signing time was asked for",
        at(found),
        seconds(asked)
    )]
    Expiry { asked: Duration, found: Option<OffsetDateTime> },
    #[error(
        "a timestamp was asked for, but the envelope's signing scheme {scheme} has an authentic signing time in its place"
    )]
    Scheme { scheme: &'static str },
    #[error(
        "the annotations for the signature manifest have {found} bytes; at most {limit} are taken"
    )]
    Annotations { found: usize, limit: usize },
}

impl Fault for MadeError {
    fn code(&self) -> &'static str {
        match self {
            Self::Subject { .. } => "envelope-made-subject",
            Self::Annotation { .. } => "envelope-made-annotation",
            Self::Members { .. } => "envelope-made-members",
            Self::Expiry { .. } => "envelope-made-expiry",
            Self::Scheme { .. } => "envelope-made-scheme",
            Self::Annotations { .. } => "envelope-made-annotations",
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Expiry { .. } => {
                Some("leave out --expiry where the signing service sets its own".to_owned())
            }
            Self::Scheme { .. } => Some(
                "leave out --timestamp-url and --timestamp-root-cert: verifiers of this scheme read no timestamp"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// Orders an envelope and proves it. Without a timestamp of its own it gets the countersigner's.
pub(super) async fn seal(
    request: &SealRequest,
    maker: &dyn EnvelopeMaker,
    countersigner: Option<&dyn Countersigner>,
) -> Result<Sealed, SealError> {
    let now = whole_seconds(request.now).ok_or(SealError::SigningTime(request.now))?;
    // an expiry that cannot be is refused before anybody is asked
    let expiry = expiry_of(request, now)?.and(request.expiry);
    let payload = request.payload.bytes(Format::Cose);
    let order = EnvelopeOrder { format: request.format, payload: &payload, expiry };
    let MadeEnvelope { bytes, annotations } =
        maker.make(&order).await.map_err(SealError::Signer)?;
    check_size(&annotations)?;
    let intact = prove(request, &bytes, expiry)?;
    intact.chain().check_valid_at(now)?;
    maker.proven(intact.chain());
    let (bytes, intact) = match countersigner {
        Some(countersigner) => stamped(bytes, intact, countersigner).await?,
        None => (bytes, intact),
    };
    Ok(Sealed { bytes, intact, annotations })
}

fn check_size(annotations: &BTreeMap<String, String>) -> Result<(), MadeError> {
    let found = annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    match found <= ANNOTATIONS_LIMIT {
        true => Ok(()),
        false => Err(MadeError::Annotations { found, limit: ANNOTATIONS_LIMIT }),
    }
}

fn prove(
    request: &SealRequest,
    bytes: &[u8],
    expiry: Option<Duration>,
) -> Result<Intact, SealError> {
    let parsed = Parsed::read(request.format, bytes)?;
    let payload = parsed.payload().to_vec();
    let intact = parsed.check_integrity()?;
    check_subject(&request.payload.target, &intact.payload().target)?;
    let names = Payload::unknown_members(&payload)?;
    if !names.is_empty() {
        return Err(MadeError::Members { names }.into());
    }
    let signing_time = intact.scheme().time();
    intact.chain().check_valid_at(signing_time)?;
    if let Some(asked) = expiry {
        let wanted = expiry_of(request, signing_time)?;
        let found = intact.expiry();
        let near = wanted.zip(found).is_some_and(|(a, b)| (a - b).abs() <= EXPIRY_SLACK);
        if !near {
            return Err(MadeError::Expiry { asked, found }.into());
        }
    }
    Ok(intact)
}

/// The same artifact, with every annotation ordered; it may have more.
fn check_subject(asked: &TargetArtifact, found: &TargetArtifact) -> Result<(), MadeError> {
    let same = asked.media_type == found.media_type
        && asked.digest == found.digest
        && asked.size == found.size;
    if !same {
        return Err(MadeError::Subject { asked: named(asked), found: named(found) });
    }
    for (key, value) in &asked.annotations {
        let change = match found.annotations.get(key) {
            Some(kept) if kept == value => continue,
            Some(_) => "changed",
            None => "removed",
        };
        return Err(MadeError::Annotation { key: excerpt(key), change });
    }
    Ok(())
}

/// With a timestamp that the countersigner made, or would have attached too.
async fn stamped(
    bytes: Vec<u8>,
    intact: Intact,
    countersigner: &dyn Countersigner,
) -> Result<(Vec<u8>, Intact), SealError> {
    if let Scheme::SigningAuthority { .. } = intact.scheme() {
        return Err(MadeError::Scheme { scheme: intact.scheme().name() }.into());
    }
    let (signature, chain) = (intact.signature(), intact.chain());
    if let Some(token) = intact.timestamp_token() {
        countersigner.accept(token, signature, chain).map_err(SealError::Timestamp)?;
        return Ok((bytes, intact));
    }
    let token = countersigner.countersign(signature, chain).await.map_err(SealError::Timestamp)?;
    let bytes = match intact.format() {
        Format::Jws => jws::with_timestamp(&bytes, &token),
        Format::Cose => cose::with_timestamp(&bytes, &token),
    }?;
    let stamped = Parsed::read(intact.format(), &bytes)?.check_integrity()?;
    let differs = [
        ("timestamp", stamped.timestamp_token() != Some(&token)),
        ("signature", stamped.signature() != signature),
        ("certificate chain", stamped.chain() != chain),
    ];
    match differs.into_iter().find(|(_, differs)| *differs) {
        Some((part, _)) => Err(SealError::Altered { part }),
        None => Ok((bytes, stamped)),
    }
}

fn named(target: &TargetArtifact) -> String {
    let TargetArtifact { media_type, digest, size, .. } = target;
    format!("{} {digest} of {size} bytes", excerpt(media_type))
}

fn quoted(names: &[String]) -> String {
    let shown: Vec<String> =
        names.iter().take(8).map(|name| format!("{:?}", excerpt(name))).collect();
    shown.join(" ")
}

fn at(found: &Option<OffsetDateTime>) -> String {
    found.map_or_else(|| "never".to_owned(), |found| format!("on {}", rfc3339(&found)))
}

fn seconds(asked: &Duration) -> String {
    format!("{} s", asked.as_secs())
}
