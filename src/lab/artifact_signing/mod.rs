//! Azure Artifact Signing: an account whose certificate profiles each go their own way.

mod operation;
mod pkcs7;

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use time::Duration;

use super::entra::{Issued, SIGNING_AUDIENCE};
use super::message::{Answer, Ask};
use super::pki::{IssueRequest, IssuedChain, KeySpec, Pki, Validity, pem};
use super::server::Service;
use super::{Chain, Lab, LabError};
use crate::clock::Clock;
use operation::Operations;

/// The one account of a lab.
const ACCOUNT: &str = "lab-account";
/// A profile's durable identity: an extended key usage below Microsoft's own arc.
const IDENTITY: [u64; 12] = [1, 3, 6, 1, 4, 1, 311, 97, 990309390, 766961637, 194916062, 941502583];
/// The versions that the lab knows, of signing and of the chain.
const SIGN_VERSION: &str = "2023-06-15-preview";
const CHAIN_VERSION: &str = "2022-06-15-preview";

/// How a certificate profile behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningProfile {
    /// The operation is done when it is asked for the second time.
    Working,
    /// The same at once, in the published shape, the certificates root first.
    Published,
    /// The certificate is another one by the time of signing, and its root is not sent again.
    Renewing,
    Failing,
    /// It is in progress for ever, and wants to be left alone for ten minutes.
    Unending,
    /// 403 without a word, as the service refuses a missing role and a wrong region.
    Refusing,
    /// The signature is over something else.
    Forging,
    /// The root is never sent.
    Rootless,
    /// The key has 2048 bits.
    Small,
}

impl SigningProfile {
    pub const ALL: [SigningProfile; 9] = [
        SigningProfile::Working,
        SigningProfile::Published,
        SigningProfile::Renewing,
        SigningProfile::Failing,
        SigningProfile::Unending,
        SigningProfile::Refusing,
        SigningProfile::Forging,
        SigningProfile::Rootless,
        SigningProfile::Small,
    ];

    /// The profile's name in the account.
    pub fn name(self) -> &'static str {
        match self {
            SigningProfile::Working => "working",
            SigningProfile::Published => "published",
            SigningProfile::Renewing => "renewing",
            SigningProfile::Failing => "failing",
            SigningProfile::Unending => "unending",
            SigningProfile::Refusing => "refusing",
            SigningProfile::Forging => "forging",
            SigningProfile::Rootless => "rootless",
            SigningProfile::Small => "small-key",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }
}

/// The service.
pub(super) struct ArtifactSigning {
    /// `localhost:PORT`
    pub host: String,
    pub issued: Arc<Issued>,
    pub pki: Arc<Pki>,
    pub clock: Arc<dyn Clock>,
    operations: Operations,
    /// What was issued so far: the certificate in use, the renewed one, the small one.
    chains: Mutex<Vec<(Which, Arc<IssuedChain>)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    InUse,
    Renewed,
    Small,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignDraft {
    signature_algorithm: String,
    digest: String,
}

impl Service for ArtifactSigning {
    fn answer(&self, ask: &Ask) -> Answer {
        self.permitted(ask).unwrap_or_else(|refusal| refusal)
    }
}

impl ArtifactSigning {
    pub fn new(host: String, issued: Arc<Issued>, pki: Arc<Pki>, clock: Arc<dyn Clock>) -> Self {
        let (operations, chains) = (Operations::default(), Mutex::default());
        Self { host, issued, pki, clock, operations, chains }
    }

    fn permitted(&self, ask: &Ask) -> Result<Answer, Answer> {
        let token = ask.bearer().and_then(|token| self.issued.find(token, SIGNING_AUDIENCE));
        if token.is_none() {
            return Err(Answer::empty(StatusCode::UNAUTHORIZED));
        }
        let not_found = || Answer::empty(StatusCode::NOT_FOUND);
        let path: Vec<&str> = ask.path.trim_start_matches('/').split('/').collect();
        let ["codesigningaccounts", ACCOUNT, "certificateprofiles", rest @ ..] = path.as_slice()
        else {
            return Err(not_found());
        };
        let profile = rest
            .first()
            .and_then(|name| SigningProfile::named(name.strip_suffix(":sign").unwrap_or(name)));
        let profile = profile.ok_or_else(not_found)?;
        if profile == SigningProfile::Refusing {
            return Err(Answer::empty(StatusCode::FORBIDDEN));
        }
        match (&ask.method, rest) {
            (&Method::POST, [name]) if name.ends_with(":sign") => {
                version(ask, SIGN_VERSION)?;
                self.sign(profile, &ask.body)
            }
            (&Method::GET, [_, "sign", "certchain"]) => {
                version(ask, CHAIN_VERSION)?;
                let which = match profile {
                    SigningProfile::Small => Which::Small,
                    _ => Which::InUse,
                };
                let chain = self.chain(which).map_err(|error| broken(&error))?;
                let file = pkcs7::write(&sent(profile, &chain.chain));
                Ok(Answer::bytes(StatusCode::OK, "application/pkcs7-mime", file))
            }
            (&Method::GET, [_, "sign", id]) => {
                version(ask, SIGN_VERSION)?;
                self.operations.status(id, profile).ok_or_else(not_found)
            }
            _ => Err(not_found()),
        }
    }

    fn sign(&self, profile: SigningProfile, body: &[u8]) -> Result<Answer, Answer> {
        let bad = |message: &str| error(StatusCode::BAD_REQUEST, "BadRequest", message);
        let draft: SignDraft = serde_json::from_slice(body).map_err(|_| bad("Invalid JSON."))?;
        let mut digest =
            STANDARD.decode(draft.digest).map_err(|_| bad("The digest is not base64."))?;
        let which = match profile {
            SigningProfile::Renewing => Which::Renewed,
            SigningProfile::Small => Which::Small,
            _ => Which::InUse,
        };
        if let (SigningProfile::Forging, Some(first)) = (profile, digest.first_mut()) {
            *first ^= 1;
        }
        let chain = self.chain(which).map_err(|error| broken(&error))?;
        let signature = chain
            .key
            .sign_digest(&draft.signature_algorithm, &digest)
            .map_err(|refusal| bad(&refusal.to_string()))?;
        let certificates = match profile {
            SigningProfile::Renewing => chain.chain[..2].to_vec(),
            _ => sent(profile, &chain.chain),
        };
        let id = self.operations.begin(profile, signature, pkcs7::write(&certificates));
        let id = id.map_err(|error| broken(&error))?;
        let location = format!(
            "https://{}/codesigningaccounts/{ACCOUNT}/certificateprofiles/{}/sign/{id}?api-version={SIGN_VERSION}",
            self.host,
            profile.name()
        );
        let body = json!({ "id": id, "status": "InProgress" });
        Ok(Answer::json(StatusCode::ACCEPTED, &body).with("operation-location", location))
    }

    fn chain(&self, which: Which) -> Result<Arc<IssuedChain>, LabError> {
        let mut chains = self.chains.lock().expect("no panic holds this lock");
        if let Some((_, chain)) = chains.iter().find(|(known, _)| *known == which) {
            return Ok(chain.clone());
        }
        let request = IssueRequest {
            subject: "CN=Lab Publisher,O=Lab Publisher,L=Seattle,ST=WA,C=US".to_owned(),
            key: if which == Which::Small { KeySpec::Rsa2048 } else { KeySpec::Rsa3072 },
            chain: Chain::Three,
            validity: Validity { starts: -Duration::HOUR, ends: Duration::hours(71) },
            further_usages: vec![IDENTITY.to_vec()],
            ..IssueRequest::named("artifact-signing")
        };
        let chain = Arc::new(self.pki.issue(&request, self.clock.now())?);
        chains.push((which, chain.clone()));
        Ok(chain)
    }
}

/// What a profile sends of a chain, leaf first.
fn sent(profile: SigningProfile, chain: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut chain = chain.to_vec();
    match profile {
        SigningProfile::Rootless => chain.truncate(2),
        SigningProfile::Published => chain.reverse(),
        _ => {}
    }
    chain
}

fn version(ask: &Ask, wanted: &str) -> Result<(), Answer> {
    match ask.query("api-version") == Some(wanted) {
        true => Ok(()),
        false => Err(error(
            StatusCode::BAD_REQUEST,
            "UnsupportedApiVersionValue",
            "The HTTP resource does not support this API version.",
        )),
    }
}

fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": { "code": code, "message": message } }))
}

fn broken(reason: &LabError) -> Answer {
    error(StatusCode::NOT_IMPLEMENTED, "Lab", &reason.to_string())
}

impl Lab {
    /// `https://localhost:PORT/`, for `artifact-signing-endpoint`.
    pub fn signing_endpoint(&self) -> String {
        format!("https://{}/", self.artifact_signing.host)
    }

    /// For `artifact-signing-account`.
    pub fn signing_account(&self) -> &'static str {
        ACCOUNT
    }

    /// The root of the certificates in use.
    pub fn signing_root_pem(&self) -> Result<String, LabError> {
        let chain = self.artifact_signing.chain(Which::InUse)?;
        Ok(pem("CERTIFICATE", chain.chain.last().map_or(&[], Vec::as_slice)))
    }
}
