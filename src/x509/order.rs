//! From a bag of certificates to a chain: by key and signature.

use std::collections::HashSet;

use super::{Certificate, ChainError};

/// largest number of certificates a chain is looked for in; a vault's secret or a CA bundle for one
/// signing certificate holds under ten.
pub const BAG_LIMIT: usize = 64;

/// Orders a bag of certificates into a chain that starts at `leaf`, by key and signature, not by
/// name alone (cross-signed and re-keyed CAs share names). Ends at a self-signed certificate; of several
/// issuers the one that stays valid longest is tried first. `leaf` itself may be in the bag, and copies
/// count once.
///
/// Errors say which issuer is missing or which certificates were left over. Other certificates of a CA
/// in the chain, and their issuers, may be left over.
pub fn order(leaf: &Certificate, bag: &[Certificate]) -> Result<Vec<Certificate>, ChainError> {
    if bag.len() > BAG_LIMIT {
        return Err(ChainError::BagTooLarge { found: bag.len(), limit: BAG_LIMIT });
    }
    let mut seen = HashSet::from([leaf.der()]);
    let mut bag: Vec<&Certificate> = bag.iter().filter(|c| seen.insert(c.der())).collect();
    bag.sort_by_key(|certificate| std::cmp::Reverse(certificate.not_after()));
    let mut search = Search { tried: vec![false; bag.len()], bag, dead_end: None };
    let mut chain = vec![leaf];
    if !search.reaches_root(&mut chain) {
        let end = search.dead_end.unwrap_or(leaf);
        return Err(ChainError::IssuerNotFound {
            subject: end.subject().to_string(),
            issuer: end.issuer().to_string(),
        });
    }
    refuse_strangers(&chain, &search.bag)?;
    Ok(chain.into_iter().cloned().collect())
}

/// Depth first; each certificate is tried once, so at most `BAG_LIMIT`² signatures are verified.
struct Search<'a> {
    bag: Vec<&'a Certificate>,
    tried: Vec<bool>,
    /// The first certificate whose issuer was not there.
    dead_end: Option<&'a Certificate>,
}

impl<'a> Search<'a> {
    /// Extends `chain` to a self-signed certificate, or leaves it as it was.
    fn reaches_root(&mut self, chain: &mut Vec<&'a Certificate>) -> bool {
        let Some(last) = chain.last().copied() else { return false };
        if last.is_self_signed() {
            return true;
        }
        for i in 0..self.bag.len() {
            let issuer = self.bag[i];
            if self.tried[i]
                || issuer.raw_subject() != last.raw_issuer()
                || last.verify_signed_by(issuer).is_err()
            {
                continue;
            }
            self.tried[i] = true;
            chain.push(issuer);
            if self.reaches_root(chain) {
                return true;
            }
            chain.pop();
        }
        self.dead_end.get_or_insert(last);
        false
    }
}

/// Certificates that are neither in the chain, nor of a CA in it, nor issuers of those.
fn refuse_strangers(chain: &[&Certificate], bag: &[&Certificate]) -> Result<(), ChainError> {
    let mut known: HashSet<&[u8]> = chain.iter().map(|c| c.raw_issuer()).collect();
    let mut strangers: Vec<&Certificate> =
        bag.iter().copied().filter(|certificate| !chain.contains(certificate)).collect();
    loop {
        let before = strangers.len();
        strangers.retain(|certificate| {
            let stranger = !known.contains(certificate.raw_subject());
            if !stranger {
                known.insert(certificate.raw_issuer());
            }
            stranger
        });
        if strangers.is_empty() {
            return Ok(());
        }
        if strangers.len() == before {
            return Err(ChainError::LeftOver {
                obtained: chain.len() + bag.iter().filter(|c| !chain.contains(c)).count(),
                needed: chain.len(),
                left_over: strangers.iter().map(|c| c.subject().to_string()).collect(),
            });
        }
    }
}

#[cfg(test)]
mod tests;
