//! Verifying: the checks, one result each, and the verdict (trust-store-trust-policy.md,
//! "Signature Verification Details").

mod blob;
mod checks;
mod lifetime;
mod outcome;
mod plugins;
mod stores;
mod trial;

use std::collections::BTreeMap;

use futures_util::{StreamExt, join, stream};

pub use blob::{BlobOutcome, BlobVerifyError, BlobVerifyRequest, verify_blob};
pub use checks::{CheckFailure, PluginFailure};
pub use outcome::{CheckResult, Outcome, Tried, Verdict, VerifyError};
pub use plugins::{Consulted, NoPlugins, VerificationPlugins};
pub use trial::{Trial, verify_trial};

use crate::clock::Clock;
use crate::fault::excerpt;
use crate::registry::{
    FetchedSignature, Listing, Reference, Registry, SignatureDescriptor, Version,
};
use crate::revocation::RevocationCheck;
use crate::trust::{Policy, Statement, TrustStore};
use stores::Stores;

/// most signatures listed for one artifact; those that may be tried are fewer (`max_signatures`)
const LISTED: usize = 10_000;
/// most characters quoted of a digest as listed; `sha512:` and its digits are 135
const DIGEST_LIMIT: usize = 200;
/// signatures fetched side by side once the first one failed
const LOOK_AHEAD: usize = 4;

/// What to verify.
#[derive(Debug, Clone)]
pub struct VerifyRequest<'a> {
    pub reference: &'a Reference,
    /// Most signatures tried.
    pub max_signatures: usize,
    /// Each pair must be in the payload's annotations.
    pub user_metadata: BTreeMap<String, String>,
}

/// Verifies one artifact: the first good signature wins, and every failed one is explained.
///
/// A reference by digest is listed while it is resolved; the answer of the listing is believed only
/// for the digest that was resolved.
pub async fn verify(
    registry: &dyn Registry,
    policy: &Policy,
    store: &dyn TrustStore,
    revocation: &dyn RevocationCheck,
    plugins: &VerificationPlugins,
    clock: &dyn Clock,
    request: &VerifyRequest<'_>,
) -> Result<Outcome, VerifyError> {
    let statement = policy.applicable(&request.reference.scope());
    let skip = statement.is_none_or(|s| s.level().is_skip());
    let (target, early) = join!(registry.resolve(request.reference), async {
        match request.reference.version() {
            Version::Digest(digest) if !skip => Some(registry.signatures(digest, LISTED).await),
            _ => None,
        }
    });
    let target = target.map_err(VerifyError::Resolve)?;
    // whatever a registry resolves, only what the user named is verified
    if let Version::Digest(asked) = request.reference.version()
        && *asked != target.digest
    {
        let (asked, resolved) = (asked.clone(), target.digest);
        return Err(VerifyError::OtherDigest { asked, resolved });
    }
    let reference = request.reference.at(&target.digest);
    let Some(statement) = statement else {
        return Err(VerifyError::NoStatement { reference });
    };
    if skip {
        return Ok(Outcome {
            reference,
            target,
            policy: statement.name().to_owned(),
            level: statement.level().name(),
            verdict: Verdict::Skipped,
            tried: Vec::new(),
            lifetime: None,
        });
    }
    let listed = match early {
        Some(listed) => listed,
        None => registry.signatures(&target.digest, LISTED).await,
    };
    let listing = listed.map_err(VerifyError::List)?;
    if listing.signatures.is_empty() {
        return Err(VerifyError::NoSignature { reference });
    }
    let stores = Stores::load(store, statement);
    let attempt = Attempt {
        registry,
        statement,
        stores: &stores,
        revocation,
        plugins,
        clock,
        request,
        target: &target,
    };
    let (tried, exceeded) = attempt.all(listing).await;
    match tried.iter().position(|t| t.failure.is_none()) {
        Some(good) => Ok(Outcome {
            lifetime: lifetime::of(&tried[good], statement, revocation.reach()),
            reference,
            target,
            policy: statement.name().to_owned(),
            level: statement.level().name(),
            verdict: Verdict::Verified(good),
            tried,
        }),
        None => Err(VerifyError::NoneGood {
            reference,
            tried,
            exceeded: exceeded.then_some(request.max_signatures),
        }),
    }
}

/// What every signature of one artifact is held against.
struct Attempt<'a> {
    registry: &'a dyn Registry,
    statement: &'a Statement,
    stores: &'a Stores,
    revocation: &'a dyn RevocationCheck,
    plugins: &'a VerificationPlugins,
    clock: &'a dyn Clock,
    request: &'a VerifyRequest<'a>,
    target: &'a crate::envelope::TargetArtifact,
}

impl Attempt<'_> {
    /// Tries signatures until one is good: the first alone, since it is the one most of the time,
    /// the others with a few fetched ahead. Also tells whether signatures remain untried.
    async fn all(&self, listing: Listing) -> (Vec<Tried>, bool) {
        let mut candidates = listing.signatures;
        // only an order: whatever the annotations claim, each signature is checked in full
        candidates.sort_by_cached_key(|c| !self.stores.recognise(c));
        let exceeded = listing.exceeded || candidates.len() > self.request.max_signatures;
        candidates.truncate(self.request.max_signatures);
        let mut tried = Vec::new();
        let rest = candidates.split_off(candidates.len().min(1));
        for candidate in candidates {
            let result = self.one(candidate).await;
            let good = result.failure.is_none();
            tried.push(result);
            if good {
                return (tried, exceeded);
            }
        }
        let mut results = stream::iter(rest).map(|c| self.one(c)).buffered(LOOK_AHEAD).boxed();
        while let Some(result) = results.next().await {
            let good = result.failure.is_none();
            tried.push(result);
            if good {
                break;
            }
        }
        (tried, exceeded)
    }

    /// Fetches and checks one signature; whatever goes wrong is this signature's failure alone.
    async fn one(&self, candidate: SignatureDescriptor) -> Tried {
        let fetched = self.registry.fetch_signature(&self.target.digest, &candidate).await;
        match fetched {
            Ok(fetched) => checks::run((&fetched).into(), self.context()).await,
            Err(fault) => Tried::failed(&candidate.digest, CheckFailure::Fetch(fault)),
        }
    }

    fn context(&self) -> checks::Context<'_> {
        checks::Context {
            statement: self.statement,
            stores: self.stores,
            now: self.clock.now(),
            target: self.target,
            user_metadata: &self.request.user_metadata,
            revocation: self.revocation,
            plugins: self.plugins,
            judge: None,
        }
    }
}

impl<'a> From<&'a FetchedSignature> for checks::Candidate<'a> {
    fn from(fetched: &'a FetchedSignature) -> Self {
        Self {
            name: fetched.manifest_digest.as_str(),
            media_type: &fetched.envelope_media_type,
            envelope: &fetched.envelope,
        }
    }
}

impl Tried {
    /// Before any check had a result.
    fn failed(digest: &str, failure: CheckFailure) -> Self {
        Self {
            digest: excerpt(digest, DIGEST_LIMIT),
            results: Vec::new(),
            failure: Some(failure),
            signer: None,
            intact: None,
            timestamp: None,
            revocation: None,
            authority: None,
            plugin: None,
        }
    }
}
