//! From the signer of a token to one of the given roots, through whatever certificates it brought.

use time::OffsetDateTime;

use super::TokenError;
use crate::x509::{CHAIN_LIMIT, Certificate, TimestampingChain};

/// A chain from `leaf` to one of `roots` that satisfies the rules for time-stamping certificates and is valid
/// at `at`. Certificates of the bag that do not belong to it are passed over, whatever names they bear.
pub(super) fn to_root(
    leaf: &Certificate,
    bag: &[Certificate],
    roots: &[Certificate],
    at: OffsetDateTime,
) -> Result<TimestampingChain, TokenError> {
    let mut search =
        Search { bag, roots, at, tried: vec![false; bag.len()], nearly: None, found: None };
    search.extend(&mut vec![leaf]);
    match (search.found, search.nearly) {
        (Some(chain), _) => Ok(chain),
        (None, Some(error)) => Err(error),
        (None, None) => Err(TokenError::NotTrusted {
            subject: leaf.subject().to_string(),
            issuer: leaf.issuer().to_string(),
        }),
    }
}

/// `leaf` and, one above the other, those of the bag that signed; at most [`CHAIN_LIMIT`].
pub(super) fn upwards(leaf: &Certificate, bag: &[Certificate]) -> Vec<Certificate> {
    let mut chain = vec![leaf.clone()];
    while let Some(last) = chain.last().filter(|_| chain.len() < CHAIN_LIMIT) {
        let issued = |issuer: &&Certificate| {
            let named = issuer.raw_subject() == last.raw_issuer() && !chain.contains(issuer);
            named && last.verify_signed_by(issuer).is_ok()
        };
        match bag.iter().find(issued) {
            Some(issuer) => chain.push(issuer.clone()),
            None => break,
        }
    }
    chain
}

/// Depth first; each certificate of the bag is tried once, so at most (bag + 1) × (bag + roots)
/// signatures are verified, and only where the names fit.
struct Search<'a> {
    bag: &'a [Certificate],
    roots: &'a [Certificate],
    at: OffsetDateTime,
    tried: Vec<bool>,
    /// Why the first chain that reached a root does not do.
    nearly: Option<TokenError>,
    found: Option<TimestampingChain>,
}

impl<'a> Search<'a> {
    fn extend(&mut self, chain: &mut Vec<&'a Certificate>) {
        let Some(last) = chain.last().copied() else { return };
        if chain.len() >= CHAIN_LIMIT {
            return;
        }
        let issued_by = |issuer: &Certificate| {
            issuer.raw_subject() == last.raw_issuer() && last.verify_signed_by(issuer).is_ok()
        };
        for root in self.roots {
            if root != last && issued_by(root) && self.ends_at(chain, root) {
                return;
            }
        }
        for i in 0..self.bag.len() {
            let issuer = &self.bag[i];
            if self.tried[i] || chain.contains(&issuer) || !issued_by(issuer) {
                continue;
            }
            self.tried[i] = true;
            chain.push(issuer);
            self.extend(chain);
            chain.pop();
            if self.found.is_some() {
                return;
            }
        }
    }

    fn ends_at(&mut self, chain: &[&'a Certificate], root: &Certificate) -> bool {
        let certificates = chain.iter().copied().chain([root]).cloned().collect();
        let checked =
            TimestampingChain::check(certificates).map_err(TokenError::Chain).and_then(|chain| {
                match chain.check_valid_at(self.at) {
                    Ok(()) => Ok(chain),
                    Err(error) => Err(TokenError::Validity(error)),
                }
            });
        match checked {
            Ok(chain) => self.found = Some(chain),
            Err(error) => {
                self.nearly.get_or_insert(error);
            }
        }
        self.found.is_some()
    }
}
