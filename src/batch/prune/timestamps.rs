//! Which timestamps are proven good: by the stores that the trust policy names, as when verifying.

use time::OffsetDateTime;

use crate::envelope::Intact;
use crate::registry::Reference;
use crate::revocation::{Asked, ChainTrust, RevocationCheck, Standing};
use crate::timestamp::verified_for;
use crate::trust::{Policy, StoreError, StoreType, TrustStore};
use crate::x509::Certificate;

/// Whose timestamps count.
pub struct TimestampTrust<'a> {
    pub policy: &'a Policy,
    pub store: &'a dyn TrustStore,
    /// Asked about the chains of authorities.
    pub revocation: &'a dyn RevocationCheck,
}

/// Whether a timestamp would hold when verifying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    Proven,
    Unproven,
}

/// The authorities trusted for one artifact.
pub(super) struct Authorities<'a> {
    roots: Vec<Certificate>,
    revocation: Option<&'a dyn RevocationCheck>,
}

impl<'a> Authorities<'a> {
    /// Those of the statement that applies; without one, or with no `tsa` store in it, there are none.
    pub fn of(
        trust: Option<&TimestampTrust<'a>>,
        reference: &Reference,
    ) -> Result<Self, StoreError> {
        let mut roots = Vec::new();
        let statement = trust.and_then(|trust| trust.policy.applicable(&reference.scope()));
        for (trust, statement) in trust.into_iter().zip(statement) {
            for name in statement.stores(StoreType::Tsa) {
                roots.extend(trust.store.certificates(StoreType::Tsa, name)?);
            }
        }
        Ok(Self { roots, revocation: trust.map(|trust| trust.revocation) })
    }

    pub fn none() -> Self {
        Self { roots: Vec::new(), revocation: None }
    }

    /// Its token holds for the signature, under a root that is trusted, inside the validity of the signing
    /// chain, and the authority's chain is not revoked.
    pub async fn prove(&self, intact: &Intact, now: OffsetDateTime) -> Proof {
        let (Some(token), Some(revocation)) = (intact.timestamp_token(), self.revocation) else {
            return Proof::Unproven;
        };
        let Ok(verified) = verified_for(token, intact.signature(), intact.chain(), &self.roots)
        else {
            return Proof::Unproven;
        };
        let asked = Asked {
            certificates: verified.chain().certificates(),
            now,
            authentic_signing_time: None,
            trust: ChainTrust::Trusted,
        };
        match revocation.check(&asked).await.standing() {
            Standing::Good => Proof::Proven,
            Standing::Revoked(..) | Standing::Unknown(_) => Proof::Unproven,
        }
    }
}
