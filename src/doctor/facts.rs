//! What was learnt; every check is computed from it.

use std::time::Duration;

use time::OffsetDateTime;

use super::asked::{Asked, Told};
use crate::envelope::TargetArtifact;
use crate::registry::{PushPermission, Reference};
use crate::trust::{Policy, StoreType};
use crate::verify::Outcome;
use crate::x509::Certificate;

/// Everything that was asked.
#[derive(Debug)]
pub struct Facts {
    pub now: OffsetDateTime,
    pub identity: Asked<Identity>,
    pub azure_cli: Asked<AzureCli>,
    pub signing: Signing,
    pub vault: Vault,
    pub image: Option<Reference>,
    pub repository: Repository,
    pub timestamp: Asked<Timestamped>,
    /// How far this machine's clock is ahead, by host.
    pub server_clocks: Vec<(String, time::Duration)>,
    pub trust: Trust,
}

/// Who asks Azure, by the claims of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `environment (client secret)`
    pub source: String,
    /// None where the token does not say.
    pub object_id: Option<String>,
    pub tenant: Option<String>,
}

/// The `az` command line, where it is the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureCli {
    /// `2.77.0`
    pub version: String,
    /// How long the token took; none where there was none.
    pub token_took: Option<Duration>,
}

/// The key that would sign.
#[derive(Debug)]
pub struct Signing {
    /// The vault's id, or the key's file.
    pub key: Asked<String>,
    /// Leaf first, as far as the chain is known; it need not be complete or keep any rule.
    pub chain: Asked<Vec<Certificate>>,
    /// Opening the signer, as `sign` does it.
    pub signer: Asked<()>,
}

/// A vault, each permission apart.
#[derive(Debug)]
pub struct Vault {
    /// Of the vault and of the certificate.
    pub names: Option<(String, String)>,
    /// Of `certificates/get`.
    pub required: Required,
    pub certificate: Asked<VaultCertificate>,
    /// The version that the name alone leads to.
    pub latest: Asked<String>,
    pub secret: Asked<VaultSecret>,
    pub sign: Asked<KeySignature>,
    /// How many keys and secrets are no certificate's; none where they may not be listed.
    pub strangers: Asked<Option<usize>>,
}

/// Whether signing rests on an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Required {
    Needed,
    /// Another answer tells all that signing needs.
    Beside,
}

impl Vault {
    /// Nothing was asked, and why.
    pub(super) fn not(why: &str) -> Self {
        Self {
            names: None,
            required: Required::Needed,
            certificate: Asked::not(why),
            latest: Asked::not(why),
            secret: Asked::not(why),
            sign: Asked::not(why),
            strangers: Asked::not(why),
        }
    }
}

impl Repository {
    /// Nothing beyond the first question was asked, and why.
    pub(super) fn not(answers: Asked<()>, why: &str) -> Self {
        Self {
            answers,
            credential: None,
            pull: Asked::not(why),
            push: Asked::not(why),
            delete: Asked::not(why),
            referrers_api: Asked::not(why),
        }
    }
}

#[derive(Debug, Clone)]
pub struct VaultCertificate {
    pub leaf: Certificate,
    pub version: String,
    pub exportable: Option<bool>,
    /// Of its secret, by the certificate's policy.
    pub content_type: Option<String>,
}

#[derive(Debug, Clone)]
pub struct VaultSecret {
    pub version: String,
    /// `application/x-pem-file`
    pub content_type: String,
    pub certificates: Vec<Certificate>,
}

/// A signature over marked random bytes.
#[derive(Debug, Clone)]
pub struct KeySignature {
    /// Of the key.
    pub version: String,
    /// Whether the certificate's key verifies it; not asked where the certificate is not known.
    pub fits: Asked<()>,
}

/// The image's repository.
#[derive(Debug)]
pub struct Repository {
    pub answers: Asked<()>,
    /// Where the credential came from.
    pub credential: Option<String>,
    pub pull: Asked<TargetArtifact>,
    pub push: Asked<PushPermission>,
    /// None where only trying would tell. A refusal is the one that deleting would meet.
    pub delete: Asked<Option<()>>,
    pub referrers_api: Asked<bool>,
}

/// A timestamp that was made for the trial.
#[derive(Debug, Clone)]
pub struct Timestamped {
    /// Whether the policy's tsa stores hold the root of the authority's chain.
    pub trusted: Asked<()>,
}

#[derive(Debug)]
pub struct Trust {
    pub policy: Asked<Policy>,
    /// The statement for the image.
    pub statement: Asked<String>,
    pub stores: Stores,
    /// What verifying would make of a signature by this signer for this repository.
    pub verdict: Asked<Outcome>,
}

/// The stores that the policy names, and those that none of its statements names.
#[derive(Debug, Default)]
pub struct Stores {
    pub named: Vec<StoreFact>,
    /// `ca:name`
    pub unnamed: Vec<String>,
}

#[derive(Debug)]
pub struct StoreFact {
    pub kind: StoreType,
    pub name: String,
    /// How many certificates it holds.
    pub certificates: Result<usize, Told>,
}
