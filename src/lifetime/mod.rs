//! How long what a signature rests on lasts, and what of it ends soon.

mod ending;
#[cfg(test)]
mod tests;
mod warn_before;

use time::OffsetDateTime;

use crate::envelope::{Intact, Scheme};
use crate::timestamp;
use crate::x509::Certificate;

pub use ending::{CODES, Ending, KINDS, SIGNATURE_ENDS};
pub use warn_before::WarnBefore;

/// From when to when something is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// A certificate's subject, a CRL's address, the digest of a signature manifest.
    pub of: String,
    pub from: OffsetDateTime,
    /// The last moment.
    pub to: OffsetDateTime,
}

/// What proves when a signature was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Proof {
    /// Nothing that counts: the signature is good as long as its certificates are.
    #[default]
    Absent,
    /// None is needed: a signing authority vouches for the time (signature-specification.md,
    /// "notary.x509.signingAuthority"), or the policy does not enforce it.
    Needless,
    Timestamp(Authority),
}

/// Who made a timestamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Leaf first, as far as it is known.
    pub chain: Vec<Span>,
    pub servers: Servers,
}

/// Whether a certificate of an authority names a server that tells if it is revoked. A timestamp is
/// judged by the time it names, but that server is asked for as long as the timestamp is wanted
/// (trust-store-trust-policy.md, "Timestamp Countersignature Verification").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Servers {
    Named,
    None,
}

/// An expiry is kept well enough when the certificate ends so little before it: both may have been asked
/// for in hours, one after the other.
const MISSED: time::Duration = time::Duration::HOUR;

/// Everything a signature rests on that ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lifetime {
    /// The signing chain, leaf first.
    pub chain: Vec<Span>,
    /// From the time it was signed, as it says, to its expiry.
    pub signature: Option<Span>,
    pub proof: Proof,
    /// The kept CRLs that were believed where no server may be asked for newer ones.
    pub crls: Vec<Span>,
}

impl Lifetime {
    /// Of what a chain will sign.
    pub fn of_chain(chain: &[Certificate], proof: Proof) -> Self {
        Self { chain: spans(chain), proof, ..Self::default() }
    }

    /// Of a signature as its envelope says; its timestamp is taken at its word. `digest`: of the
    /// signature manifest.
    pub fn of_signature(intact: &Intact, digest: &str) -> Self {
        let from = intact.scheme().time();
        let signature = intact.expiry().map(|to| Span { of: digest.to_owned(), from, to });
        let chain = spans(intact.chain().certificates());
        Self { chain, signature, proof: Proof::of(intact), crls: Vec::new() }
    }

    /// What ends soon, or sooner than the signature is meant to last; what has ended is left to the
    /// checks. In the order of the fields.
    pub fn endings(&self, now: OffsetDateTime, before: WarnBefore) -> Vec<Ending> {
        if before == WarnBefore::Never {
            return Vec::new();
        }
        let due = |span: &&Span| before.is_due(span, now);
        let mut endings: Vec<Ending> = Vec::new();
        for (place, certificate) in self.chain.iter().enumerate().filter(|(_, c)| due(c)) {
            endings.push(match place {
                0 => Ending::signing_certificate(certificate),
                _ => Ending::ca_certificate(certificate),
            });
        }
        endings.extend(self.signature.iter().filter(due).map(Ending::signature));
        match &self.proof {
            Proof::Absent => endings.extend(self.with_certificate(now, before)),
            Proof::Needless => {}
            Proof::Timestamp(authority) => {
                let ending = |c| Ending::timestamp_certificate(c, authority.servers);
                endings.extend(authority.chain.iter().filter(due).map(ending));
                endings.extend(self.outlives(authority, now));
            }
        }
        endings.extend(self.crls.iter().filter(due).map(Ending::crl));
        endings
    }

    /// Without a timestamp a signature ends with the first certificate of its chain, whatever its own
    /// expiry says.
    fn with_certificate(&self, now: OffsetDateTime, before: WarnBefore) -> Option<Ending> {
        let first = first(&self.chain).filter(|first| first.to >= now)?;
        let missed = self.signature.as_ref().map(|signature| signature.to - first.to);
        let told = match missed {
            Some(missed) if !missed.is_positive() => false,
            Some(missed) if missed > MISSED => true,
            _ => before.is_due(first, now),
        };
        told.then(|| Ending::with_certificate(first, self.signature.as_ref()))
    }

    /// The timestamp may fail while the signature is good without it.
    fn outlives(&self, authority: &Authority, now: OffsetDateTime) -> Option<Ending> {
        if authority.servers == Servers::None {
            return None;
        }
        let stamping = first(&authority.chain).filter(|stamping| stamping.to >= now)?;
        let signing = first(&self.chain).filter(|signing| signing.to > stamping.to)?;
        let expires = self.signature.as_ref().is_some_and(|s| s.to <= stamping.to);
        (!expires).then(|| Ending::outlives_timestamp(stamping, signing))
    }
}

impl Proof {
    fn of(intact: &Intact) -> Self {
        if let Scheme::SigningAuthority { .. } = intact.scheme() {
            return Self::Needless;
        }
        let token = intact.timestamp_token().and_then(|t| timestamp::Parsed::read(t).ok());
        let fits = token.filter(|token| token.claims(intact.signature()).is_ok());
        fits.map_or(Self::Absent, |token| Self::by(&token.authority()))
    }

    /// A timestamp by the authority of this chain, leaf first.
    pub fn by(authority: &[Certificate]) -> Self {
        let named = authority.iter().any(Certificate::names_revocation_source);
        let servers = if named { Servers::Named } else { Servers::None };
        Self::Timestamp(Authority { chain: spans(authority), servers })
    }
}

impl From<&Certificate> for Span {
    fn from(certificate: &Certificate) -> Self {
        Self {
            of: certificate.subject().to_string(),
            from: certificate.not_before(),
            to: certificate.not_after(),
        }
    }
}

fn spans(certificates: &[Certificate]) -> Vec<Span> {
    certificates.iter().map(Span::from).collect()
}

/// The one that ends first; of several the first.
fn first(chain: &[Span]) -> Option<&Span> {
    chain.iter().min_by_key(|span| span.to)
}
