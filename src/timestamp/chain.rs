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
    let mut search = Search {
        bag,
        roots,
        at,
        tried: vec![false; bag.len()],
        left: SIGNATURES,
        nearly: None,
        found: None,
    };
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

/// most signatures verified for one chain; real tokens need under ten, crafted ones would need thousands
const SIGNATURES: usize = 256;

/// Depth first; each certificate of the bag is tried once, and a signature is verified only where the names
/// fit.
struct Search<'a> {
    bag: &'a [Certificate],
    roots: &'a [Certificate],
    at: OffsetDateTime,
    tried: Vec<bool>,
    /// How many signatures may still be verified.
    left: usize,
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
        for root in self.roots {
            if root != last && self.issued_by(last, root) && self.ends_at(chain, root) {
                return;
            }
        }
        for i in 0..self.bag.len() {
            let issuer = &self.bag[i];
            if self.tried[i] || chain.contains(&issuer) || !self.issued_by(last, issuer) {
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

    fn issued_by(&mut self, certificate: &Certificate, issuer: &Certificate) -> bool {
        if issuer.raw_subject() != certificate.raw_issuer() {
            return false;
        }
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        certificate.verify_signed_by(issuer).is_ok()
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

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::fault::Fault as _;
    use crate::x509::testing::{Critical, Draft, Ext, Key, extended_key_usage, issue, key_usage};

    const TIME_STAMPING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];

    #[test]
    fn decoys_of_the_issuers_name_are_passed_over_up_to_a_number() {
        let usage = Ext { critical: Critical::Yes, ..extended_key_usage(&[TIME_STAMPING]) };
        let leaf = Draft::leaf("tsa").with(key_usage(&[0])).with(usage);
        let chain = issue(&[leaf, Draft::ca("sub"), Draft::ca("root")]);
        let decoy = Draft::ca("sub").self_signed(&Key::new());
        let search = |decoys: usize| {
            let mut bag = vec![decoy.clone(); decoys];
            bag.push(chain[1].clone());
            to_root(&chain[0], &bag, &chain[2..], datetime!(2026-06-01 12:00 UTC))
        };
        assert_eq!(search(60).unwrap().certificates(), chain);
        assert_eq!(search(300).unwrap_err().code(), "timestamp-not-trusted");
    }
}
