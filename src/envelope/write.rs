//! Writing: payload and attributes → signed envelope, verified again before it leaves.

use std::collections::BTreeMap;
use std::time::Duration;

use time::{OffsetDateTime, UtcOffset};

use super::attributes::{check_time_order, in_range};
use super::{
    ChainedSignature, Countersigner, EnvelopeError, Format, Intact, MadeError, Parsed, Payload,
    Scheme, Signer, cose, jws, made,
};
use crate::clock::rfc3339;
use crate::crypto::Suite;
use crate::fault::{BoxFault, Fault};
use crate::x509::{Chain, ValidityError};

pub struct SealRequest {
    pub format: Format,
    pub payload: Payload,
    /// Truncated to whole seconds when written.
    pub now: OffsetDateTime,
    /// Added to `now`; zero means none.
    pub expiry: Option<Duration>,
}

/// A finished envelope and its reading.
pub struct Sealed {
    pub bytes: Vec<u8>,
    pub intact: Intact,
    /// What the maker of a whole envelope wants in the signature manifest.
    pub annotations: BTreeMap<String, String>,
}

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("generated signature failed verification: {0}")]
    SelfVerification(#[from] EnvelopeError),
    /// The envelope verifies, but says something else than was asked for.
    #[error("generated signature failed verification: its {part} is not what was asked for")]
    Altered { part: &'static str },
    #[error(transparent)]
    Validity(#[from] ValidityError),
    #[error("expiry of {0:?} is too short (under one second) or past the year 9999")]
    Expiry(Duration),
    #[error("the signing time {} is outside the years 1 to 9999", rfc3339(.0))]
    SigningTime(OffsetDateTime),
    #[error("the signing key refused: {0}")]
    Signer(BoxFault),
    #[error("timestamp: {0}")]
    Timestamp(BoxFault),
    /// A whole envelope is not what was ordered.
    #[error(transparent)]
    Made(#[from] MadeError),
    /// The failure of a signer that has its own words for it.
    #[error("{preface}: {}", unprefaced(.error))]
    Prefaced { preface: String, error: Box<SealError> },
}

impl SealError {
    /// Whether it is a timestamp that could not be had.
    pub fn is_timestamps(&self) -> bool {
        match self {
            Self::Prefaced { error, .. } => error.is_timestamps(),
            error => matches!(error, Self::Timestamp(_)),
        }
    }
}

/// A signer's refusal in its own words.
fn unprefaced(error: &SealError) -> String {
    match error {
        SealError::Signer(fault) => fault.to_string(),
        error => error.to_string(),
    }
}

impl Fault for SealError {
    fn code(&self) -> &'static str {
        match self {
            Self::SelfVerification(_) => "envelope-self-verification",
            Self::Altered { .. } => "envelope-self-verification-altered",
            Self::Validity(error) => error.code(),
            Self::Expiry(_) => "envelope-expiry-range",
            Self::SigningTime(_) => "envelope-signing-time-range",
            Self::Signer(fault) | Self::Timestamp(fault) => fault.code(),
            Self::Made(error) => error.code(),
            Self::Prefaced { error, .. } => error.code(),
        }
    }

    fn because(&self) -> Vec<String> {
        match self {
            // The facts below are part of the first line already.
            Self::SelfVerification(error) => error.because(),
            Self::Signer(fault) | Self::Timestamp(fault) => fault.because(),
            Self::Prefaced { error, .. } => error.because(),
            _ => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::SelfVerification(EnvelopeError::SignatureInvalid) => Some(
                "check that the key and its certificate belong together: sealwright key list"
                    .into(),
            ),
            Self::SelfVerification(error) => error.hint(),
            Self::Validity(error) => error.hint(),
            Self::Signer(fault) | Self::Timestamp(fault) => fault.hint(),
            Self::Made(error) => error.hint(),
            Self::Prefaced { error, .. } => match &**error {
                // its own keys are nothing this program lists
                Self::SelfVerification(EnvelopeError::SignatureInvalid) => None,
                error => error.hint(),
            },
            _ => None,
        }
    }

    fn exit(&self) -> u8 {
        match self {
            Self::Signer(fault) | Self::Timestamp(fault) => fault.exit(),
            Self::Prefaced { error, .. } => error.exit(),
            _ => 1,
        }
    }
}

/// Signs (scheme `notary.x509`), then reads the envelope back with every check of the verifier
/// (signing-and-verification-workflow.md, "Signing Steps").
pub async fn seal(request: &SealRequest, signer: &dyn Signer) -> Result<Sealed, SealError> {
    seal_with(request, signer, None).await
}

/// The same with a timestamp from the countersigner, which is asked only for a signature that the
/// leaf's key verifies.
pub async fn seal_with(
    request: &SealRequest,
    signer: &dyn Signer,
    countersigner: Option<&dyn Countersigner>,
) -> Result<Sealed, SealError> {
    let sealed = match (signer.envelopes(), signer.suite()) {
        (Some(maker), _) => made::seal(request, maker, countersigner).await,
        (None, Some(suite)) => laid_out(request, suite, signer, countersigner).await,
        (None, None) => Err(SealError::Altered { part: "suite" }),
    };
    sealed.map_err(|error| match signer.preface() {
        Some(preface) => SealError::Prefaced { preface, error: Box::new(error) },
        None => error,
    })
}

/// Laid out here, signed there.
async fn laid_out(
    request: &SealRequest,
    suite: Suite,
    signer: &dyn Signer,
    countersigner: Option<&dyn Countersigner>,
) -> Result<Sealed, SealError> {
    let signing = Signing::of(request, suite)?;
    let known = signer.known_chain();
    if let Some(chain) = known {
        chain.check_valid_at(signing.scheme.time())?;
    }
    let payload = request.payload.bytes(request.format);
    let unsigned = match request.format {
        Format::Jws => Unsigned::Jws(jws::Unsigned::new(&signing, &payload)),
        Format::Cose => Unsigned::Cose(Box::new(cose::Unsigned::new(&signing, &payload))),
    };
    let message = unsigned.message();
    let ChainedSignature { signature, renewed } =
        signer.sign_with_chain(&message).await.map_err(SealError::Signer)?;
    let told = || renewed.as_ref().or_else(|| signer.known_chain());
    let chain = renewed.as_ref().or(known).or_else(told).ok_or(EnvelopeError::ChainMissing)?;
    chain.check_valid_at(signing.scheme.time())?;
    let token = match countersigner {
        Some(countersigner) => {
            chain
                .suite()
                .verify(chain.leaf().public_key(), &message, &signature)
                .map_err(|_| EnvelopeError::SignatureInvalid)?;
            let token = countersigner.countersign(&signature, chain).await;
            Some(token.map_err(SealError::Timestamp)?)
        }
        None => None,
    };
    let agent = signing_agent(signer.agent());
    let attributes = UnsignedAttributes { chain, agent: &agent, timestamp: token.as_deref() };
    let bytes = match unsigned {
        Unsigned::Jws(unsigned) => unsigned.finish(&signature, &attributes),
        Unsigned::Cose(unsigned) => unsigned.finish(&signature, &attributes),
    };
    let intact = Parsed::read(request.format, &bytes)?.check_integrity()?;
    check_ours(&intact, request, &signing, told().ok_or(EnvelopeError::ChainMissing)?)?;
    if intact.timestamp_token() != token.as_deref() {
        return Err(SealError::Altered { part: "timestamp" });
    }
    Ok(Sealed { bytes, intact, annotations: BTreeMap::new() })
}

/// The expiry asked for, counted from the signing time.
pub(super) fn expiry_of(
    request: &SealRequest,
    signing_time: OffsetDateTime,
) -> Result<Option<OffsetDateTime>, SealError> {
    let Some(duration) = request.expiry.filter(|duration| !duration.is_zero()) else {
        return Ok(None);
    };
    let refuse = SealError::Expiry(duration);
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    let expiry = signing_time.checked_add(time::Duration::seconds(seconds));
    let Some(expiry) = expiry.and_then(whole_seconds) else { return Err(refuse) };
    check_time_order(signing_time, Some(expiry)).map_err(|_| refuse)?;
    Ok(Some(expiry))
}

/// What goes into the protected header.
pub(super) struct Signing {
    pub suite: Suite,
    pub scheme: Scheme,
    pub expiry: Option<OffsetDateTime>,
}

impl Signing {
    fn of(request: &SealRequest, suite: Suite) -> Result<Self, SealError> {
        let signing_time = whole_seconds(request.now).ok_or(SealError::SigningTime(request.now))?;
        let expiry = expiry_of(request, signing_time)?;
        Ok(Self { suite, scheme: Scheme::X509 { signing_time }, expiry })
    }
}

/// What stands beside the signature, signed by nobody.
pub(super) struct UnsignedAttributes<'a> {
    pub chain: &'a Chain,
    pub agent: &'a str,
    /// An RFC 3161 token in DER.
    pub timestamp: Option<&'a [u8]>,
}

enum Unsigned {
    Jws(jws::Unsigned),
    Cose(Box<cose::Unsigned>),
}

impl Unsigned {
    fn message(&self) -> Vec<u8> {
        match self {
            Unsigned::Jws(unsigned) => unsigned.message(),
            Unsigned::Cose(unsigned) => unsigned.message(),
        }
    }
}

/// In UTC, without fractions, in the years that can be written.
pub(super) fn whole_seconds(time: OffsetDateTime) -> Option<OffsetDateTime> {
    in_range(time)?.checked_to_offset(UtcOffset::UTC)?.replace_nanosecond(0).ok()
}

/// `sealwright/<version>`, and the signer's own name where it has one.
fn signing_agent(signer: Option<&str>) -> String {
    let own = concat!("sealwright/", env!("CARGO_PKG_VERSION"));
    match signer {
        Some(agent) => format!("{own} {agent}"),
        None => own.into(),
    }
}

fn check_ours(
    intact: &Intact,
    request: &SealRequest,
    signing: &Signing,
    chain: &Chain,
) -> Result<(), SealError> {
    let differs = [
        ("payload", *intact.payload() != request.payload),
        ("certificate chain", intact.chain() != chain),
        ("signing time", intact.scheme() != signing.scheme),
        ("expiry", intact.expiry() != signing.expiry),
    ];
    match differs.into_iter().find(|(_, differs)| *differs) {
        Some((part, _)) => Err(SealError::Altered { part }),
        None => Ok(()),
    }
}
