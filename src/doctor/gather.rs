//! Asking everything there is to ask: side by side what can be, and each part on its own.

mod trust;

use std::sync::Arc;

use futures_util::join;

use super::asked::{Asked, Told};
use super::facts::{
    AzureCli, Facts, Identity, KeySignature, Repository, Required, Signing, Vault,
    VaultCertificate, VaultSecret,
};
use super::trial;
use crate::clock::Clock;
use crate::crypto::{Digest, Suite};
use crate::envelope::{Countersigner, Format, Signer, TargetArtifact};
use crate::fault::BoxFault;
use crate::registry::{PushPermission, Reference};
use crate::revocation::RevocationCheck;
use crate::sign::SignError;
use crate::trust::{Policy, StoreType, TrustStore};
use crate::verify::VerificationPlugins;
use crate::x509::{Certificate, order};

/// Who signs in to Azure.
#[async_trait::async_trait]
pub trait IdentityAnswers: Send + Sync {
    async fn identity(&self) -> Result<Identity, BoxFault>;
    /// The version of `az`, where it is the credential or the last one that could be.
    async fn azure_cli(&self, identity: &Asked<Identity>) -> Asked<String>;
}

/// The key that would sign.
#[async_trait::async_trait]
pub trait KeyAnswers: Send + Sync {
    /// The vault's id, or the key's file.
    fn name(&self) -> String;
    /// None for a key in a file.
    fn vault(&self) -> Option<&dyn VaultAnswers>;
    /// Certificates that are not the vault's: of `ca_certs`, or of the file beside the key, leaf first.
    fn certificates(&self) -> Vec<Certificate>;
    /// As `sign` opens it.
    async fn open(&self) -> Result<Arc<dyn Signer>, BoxFault>;
}

/// A vault's certificate, its secret and its key.
#[async_trait::async_trait]
pub trait VaultAnswers: Send + Sync {
    /// Names of the vault and of the certificate.
    fn names(&self) -> (String, String);
    /// Whether the key's id names a version.
    fn is_pinned(&self) -> bool;
    /// Why the secret is not needed; none when it is.
    fn without_secret(&self) -> Option<String>;
    async fn certificate(&self) -> Result<VaultCertificate, BoxFault>;
    async fn latest(&self) -> Result<String, BoxFault>;
    async fn secret(&self) -> Result<VaultSecret, BoxFault>;
    /// The version of the key that signed, and the signature.
    async fn sign(
        &self,
        suite: Option<Suite>,
        message: &[u8],
    ) -> Result<(String, Vec<u8>), BoxFault>;
    async fn strangers(&self) -> Result<Option<usize>, BoxFault>;
}

/// The image's repository.
#[async_trait::async_trait]
pub trait RepositoryAnswers: Send + Sync {
    fn reference(&self) -> &Reference;
    /// Whether the registry answers at all, whatever it says.
    async fn answers(&self) -> Result<(), BoxFault>;
    fn credential(&self) -> Option<String>;
    async fn pull(&self) -> Result<TargetArtifact, BoxFault>;
    async fn push(&self) -> Result<PushPermission, BoxFault>;
    /// None where only trying would tell.
    async fn delete(&self) -> Result<Option<()>, BoxFault>;
    async fn has_referrers_api(&self, subject: &Digest) -> Result<bool, BoxFault>;
}

/// What is examined, and with what.
pub struct Patient<'a> {
    pub identity: &'a dyn IdentityAnswers,
    pub key: Asked<&'a dyn KeyAnswers>,
    pub repository: Asked<&'a dyn RepositoryAnswers>,
    /// Makes timestamps, where signing would ask for them.
    pub countersigner: Asked<&'a dyn Countersigner>,
    pub format: Format,
    pub policy: Asked<Policy>,
    pub store: &'a dyn TrustStore,
    /// The stores that are there.
    pub present: Vec<(StoreType, String)>,
    pub revocation: &'a dyn RevocationCheck,
    /// One that makes envelopes may name one that verifies them.
    pub plugins: &'a VerificationPlugins,
    pub clock: &'a dyn Clock,
    /// How far this machine's clock is ahead, by host; asked last.
    pub server_clocks: &'a (dyn Fn() -> Vec<(String, time::Duration)> + Sync),
}

/// The registry's credential is the Entra identity's.
const ENTRA: &str = "Entra";

/// Asks; nothing is written anywhere.
pub async fn gather(patient: &Patient<'_>) -> Facts {
    let key = patient.key.answer().copied();
    let vault = key.and_then(KeyAnswers::vault);
    let (mut identity, repository) = join!(
        async {
            match vault {
                Some(_) => Some(identity(patient).await),
                None => None,
            }
        },
        repository(patient)
    );
    let by_entra = repository.credential.as_ref().is_some_and(|c| c.starts_with(ENTRA));
    if identity.is_none() && by_entra {
        identity = Some(self::identity(patient).await);
    }
    let nobody = || (Asked::not("neither key nor registry needs one"), None);
    let (identity, took) = identity.unwrap_or_else(nobody);
    let azure_cli = match patient.identity.azure_cli(&identity).await {
        Asked::Answered(version) => Asked::Answered(AzureCli { version, token_took: took }),
        Asked::Refused(told) => Asked::Refused(told),
        Asked::Not(why) => Asked::Not(why),
    };

    let bytes = trial::message();
    let (vault, signer) = match identity.obstacle("sign in to Azure").filter(|_| vault.is_some()) {
        Some(why) => (Vault::not(&why), Asked::Not(why)),
        None => join!(self::vault(vault, bytes.as_deref()), open(&patient.key)),
    };
    // a plugin tells its chain with the trial signature
    let (timestamp, trust) = trust::trust(patient, &signer, bytes.as_deref()).await;
    let chain = chain(patient, &vault, &signer);
    let named = |key: &dyn KeyAnswers| key.name();
    Facts {
        now: patient.clock.now(),
        identity,
        azure_cli,
        signing: Signing {
            key: patient.key.as_ref().map(|key| named(*key)),
            chain,
            signer: signer.map(drop),
        },
        vault,
        image: patient.repository.answer().map(|repository| repository.reference().clone()),
        repository,
        timestamp,
        server_clocks: (patient.server_clocks)(),
        trust,
    }
}

async fn identity(patient: &Patient<'_>) -> (Asked<Identity>, Option<std::time::Duration>) {
    let begun = patient.clock.elapsed();
    let answer = patient.identity.identity().await;
    let took = answer.is_ok().then(|| patient.clock.elapsed().saturating_sub(begun));
    (Asked::of(answer), took)
}

async fn open(key: &Asked<&dyn KeyAnswers>) -> Asked<Arc<dyn Signer>> {
    match key {
        Asked::Answered(key) => Asked::of(key.open().await),
        Asked::Refused(told) => Asked::Refused(told.clone()),
        Asked::Not(why) => Asked::Not(why.clone()),
    }
}

async fn vault(vault: Option<&dyn VaultAnswers>, message: Option<&[u8]>) -> Vault {
    let Some(vault) = vault else { return Vault::not("no key of a vault signs") };
    let (certificate, secret, latest, strangers) = join!(
        vault.certificate(),
        async {
            match vault.without_secret() {
                Some(why) => Asked::Not(why),
                None => Asked::of(vault.secret().await),
            }
        },
        async {
            match vault.is_pinned() {
                true => Asked::of(vault.latest().await),
                false => Asked::not("the key's id names no version"),
            }
        },
        vault.strangers(),
    );
    let certificate = Asked::of(certificate);
    let leaf = certificate.answer().map(|found: &VaultCertificate| &found.leaf);
    let suite = leaf.and_then(|leaf| leaf.suite().ok());
    let sign = match message {
        None => Asked::not("this system has no randomness"),
        Some(message) => match vault.sign(suite, message).await {
            Ok((version, signature)) => {
                let fits = match (leaf, suite) {
                    (Some(leaf), Some(suite)) => {
                        match suite.verify(leaf.public_key(), message, &signature) {
                            Ok(()) => Asked::Answered(()),
                            Err(error) => Asked::Refused(error.into()),
                        }
                    }
                    _ => Asked::not("the certificate's key is not known"),
                };
                Asked::Answered(KeySignature { version, fits })
            }
            Err(fault) => Asked::Refused(Told::from(&*fault)),
        },
    };
    let names = Some(vault.names());
    let strangers = Asked::of(strangers);
    let required = match (vault.is_pinned(), vault.without_secret()) {
        // the secret alone tells everything
        (true, None) => Required::Beside,
        _ => Required::Needed,
    };
    Vault { names, required, certificate, latest, secret, sign, strangers }
}

/// As far as it is known, whatever rules it breaks.
fn chain(
    patient: &Patient<'_>,
    vault: &Vault,
    signer: &Asked<Arc<dyn Signer>>,
) -> Asked<Vec<Certificate>> {
    if let Asked::Answered(signer) = signer {
        return match signer.known_chain() {
            Some(chain) => Asked::Answered(chain.certificates().to_vec()),
            None => Asked::not("the plugin tells it only with a signature"),
        };
    }
    let key = match &patient.key {
        Asked::Answered(key) => key,
        Asked::Refused(told) => return Asked::Not(format!("the key is not known: {}", told.text)),
        Asked::Not(why) => return Asked::Not(why.clone()),
    };
    let mut bag = key.certificates();
    let leaf = match (key.vault(), &vault.certificate) {
        (Some(_), Asked::Answered(found)) => found.leaf.clone(),
        (Some(_), _) => return Asked::not("the vault did not give the certificate"),
        (None, _) if bag.is_empty() => return Asked::not("the key's file has no certificate"),
        (None, _) => bag[0].clone(),
    };
    bag.extend(vault.secret.answer().into_iter().flat_map(|secret| secret.certificates.clone()));
    Asked::Answered(order(&leaf, &bag).unwrap_or_else(|_| vec![leaf]))
}

async fn repository(patient: &Patient<'_>) -> Repository {
    let answers = match &patient.repository {
        Asked::Answered(answers) => *answers,
        Asked::Refused(told) => return Repository::not(Asked::Refused(told.clone()), &told.text),
        Asked::Not(why) => return Repository::not(Asked::Not(why.clone()), why),
    };
    let reached = match answers.answers().await.map_err(|fault| Told::from(&*fault)) {
        Err(told) if told.is_silence() => {
            return Repository::not(Asked::Refused(told), "reach the registry first");
        }
        // who may do what is the next question
        Err(_) | Ok(()) => Asked::Answered(()),
    };
    let (pull, push, delete) = join!(
        async { answers.pull().await.map_err(SignError::Resolve) },
        async { answers.push().await.map_err(SignError::Push) },
        answers.delete()
    );
    let pull = pull.map_or_else(|error| Asked::Refused(error.into()), Asked::Answered);
    let push = push.map_or_else(|error| Asked::Refused(error.into()), Asked::Answered);
    let referrers_api = match &pull {
        Asked::Answered(target) => Asked::of(answers.has_referrers_api(&target.digest).await),
        _ => Asked::not("the image must be found first"),
    };
    let credential = answers.credential();
    Repository {
        answers: reached,
        credential,
        pull,
        push,
        delete: Asked::of(delete),
        referrers_api,
    }
}
