//! Timestamps over signatures: authorities asked in order, and nothing taken that a verifier would refuse.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::{Authority, Interval, Parsed, Request, StampError, Verified, token_of_reply};
use crate::clock::Clock;
use crate::crypto::Hash;
use crate::envelope::Countersigner;
use crate::fault::BoxFault;
use crate::revocation::{Asked, ChainTrust, RevocationCheck, Standing};
use crate::x509::{Certificate, Chain, ValidityError, certificates_from_pem_or_der};

/// Asks one authority after the other until one gives a timestamp that holds.
pub struct Stamper {
    authorities: Vec<Arc<dyn Authority>>,
    root: Certificate,
    clock: Arc<dyn Clock>,
    revocation: Arc<dyn RevocationCheck>,
    patience: Duration,
}

/// An authority that others follow has this long, retries included, as notation gives the only one.
const PATIENCE: Duration = Duration::from_secs(15);

impl Stamper {
    pub fn new(
        authorities: Vec<Arc<dyn Authority>>,
        root: Certificate,
        clock: Arc<dyn Clock>,
        revocation: Arc<dyn RevocationCheck>,
    ) -> Self {
        Self { authorities, root, clock, revocation, patience: PATIENCE }
    }

    /// The same with another time for an authority that others follow: for tests.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// A verified token in DER over `signature`. Its time lies in the validity of `chain`, and the
    /// authority's own chain is valid then and now.
    pub async fn stamp(&self, signature: &[u8], chain: &Chain) -> Result<Vec<u8>, StampError> {
        let mut failures = Vec::new();
        for (index, authority) in self.authorities.iter().enumerate() {
            let last = index + 1 == self.authorities.len();
            match self.ask(authority.as_ref(), last, signature, chain).await {
                Ok(token) => return Ok(token),
                Err(error) => {
                    let name = authority.name();
                    tracing::info!(target: "sealwright", "no timestamp of {name}: {error}");
                    failures.push((name, error));
                }
            }
        }
        match failures.len() {
            1 => Err(failures.remove(0).1),
            _ => Err(StampError::NoAuthority { failures }),
        }
    }

    async fn ask(
        &self,
        authority: &dyn Authority,
        last: bool,
        signature: &[u8],
        chain: &Chain,
    ) -> Result<Vec<u8>, StampError> {
        let hash = chain.suite().hash();
        let request = Request::new(hash, signature).ok_or(StampError::Randomness)?;
        let asked = authority.ask(request.der());
        let reply = if last {
            asked.await?
        } else {
            let late =
                || StampError::Late { url: authority.name(), seconds: self.patience.as_secs() };
            tokio::time::timeout(self.patience, asked).await.map_err(|_| late())??
        };
        let token = token_of_reply(&reply)?;
        let verified = Parsed::read(&token)?.verify(signature, std::slice::from_ref(&self.root))?;
        self.check(&verified, &request, hash, chain)?;
        self.not_revoked(&verified).await?;
        Ok(token)
    }

    /// What a token must be beyond good: an answer to this request, fit for this chain.
    fn check(
        &self,
        verified: &Verified,
        request: &Request,
        asked: Hash,
        chain: &Chain,
    ) -> Result<(), StampError> {
        if verified.nonce() != Some(request.nonce()) {
            return Err(StampError::Nonce);
        }
        if verified.hash() != asked {
            return Err(StampError::Hash { found: verified.hash(), asked });
        }
        verified.chain().check_valid_at(self.clock.now()).map_err(StampError::Validity)?;
        check_inside(verified.interval(), chain)
    }

    /// A verifier asks the same of the authority's chain, so a status in doubt is refused here.
    async fn not_revoked(&self, verified: &Verified) -> Result<(), StampError> {
        let asked = Asked {
            certificates: verified.chain().certificates(),
            now: self.clock.now(),
            authentic_signing_time: None,
            trust: ChainTrust::Trusted,
        };
        match self.revocation.check(&asked).await.standing() {
            Standing::Good => Ok(()),
            Standing::Revoked(certificate, _) => {
                Err(StampError::Revoked { subject: certificate.subject.clone() })
            }
            Standing::Unknown(certificate) => Err(StampError::RevocationUnknown {
                subject: certificate.subject.clone(),
                problems: certificate.problems(),
                advice: certificate.advice(),
            }),
        }
    }
}

#[async_trait::async_trait]
impl Countersigner for Stamper {
    async fn countersign(&self, signature: &[u8], chain: &Chain) -> Result<Vec<u8>, BoxFault> {
        Ok(self.stamp(signature, chain).await?)
    }

    fn accept(
        &self,
        token: &[u8],
        signature: &[u8],
        chain: &Chain,
    ) -> Result<OffsetDateTime, BoxFault> {
        let roots = std::slice::from_ref(&self.root);
        Ok(verified_for(token, signature, chain, roots)?.interval().gen_time())
    }
}

/// A token that somebody made earlier: over this signature, under one of `roots`, inside the
/// validity of every signing certificate. Revocation is not looked at.
pub fn verified_for(
    token: &[u8],
    signature: &[u8],
    chain: &Chain,
    roots: &[Certificate],
) -> Result<Verified, StampError> {
    let verified = Parsed::read(token)?.verify(signature, roots)?;
    check_inside(verified.interval(), chain)?;
    Ok(verified)
}

fn check_inside(interval: Interval, chain: &Chain) -> Result<(), StampError> {
    let outside = |error: ValidityError| StampError::SigningChain(error);
    chain.check_valid_at(interval.from()).map_err(outside)?;
    chain.check_valid_at(interval.to()).map_err(outside)
}

/// The root of an authority from a file's bytes: one self-signed CA certificate in PEM or DER. `file` is for messages.
pub fn root_certificate(file: &str, bytes: &[u8]) -> Result<Certificate, StampError> {
    let refused = |reason: String| StampError::Root { file: file.to_owned(), reason };
    let certificates =
        certificates_from_pem_or_der(bytes).map_err(|error| refused(error.to_string()))?;
    let [root] = certificates.as_slice() else {
        return Err(refused(format!("found {} certificates", certificates.len())));
    };
    if !root.is_ca() || !root.is_self_signed() {
        let subject = root.subject();
        return Err(refused(format!(
            "the certificate with subject {:?} is not a self-signed root CA",
            subject.to_string()
        )));
    }
    Ok(root.clone())
}
