//! How long a good signature lasts, as the policy sees it.

use super::Tried;
use crate::lifetime::{Lifetime, Proof, Span};
use crate::revocation::{Answers, Method, Reach};
use crate::trust::{Action, Check, Statement, StoreType};

/// None without an envelope: the signature is not good.
pub(super) fn of(good: &Tried, statement: &Statement, reach: Reach) -> Option<Lifetime> {
    let mut lifetime = Lifetime::of_signature(good.intact.as_ref()?, &good.digest);
    lifetime.proof = match (&good.authority, lifetime.proof) {
        (Some((authority, _)), _) => Proof::by(authority.certificates()),
        (None, _) if statement.level().action(Check::AuthenticTimestamp) != Action::Enforce => {
            Proof::Needless
        }
        // a policy without an authority to trust disregards timestamps
        (None, Proof::Timestamp(_)) if statement.stores(StoreType::Tsa).is_empty() => Proof::Absent,
        (None, told) => told,
    };
    if reach == Reach::CacheOnly {
        let of_authority = good.authority.as_ref().map(|(_, answers)| answers);
        lifetime.crls = kept(good.revocation.iter().chain(of_authority));
    }
    Some(lifetime)
}

/// The kept CRLs that told something, each once.
fn kept<'a>(answers: impl Iterator<Item = &'a Answers>) -> Vec<Span> {
    let servers = answers.flat_map(|answers| &answers.certificates).flat_map(|c| &c.servers);
    let mut crls: Vec<Span> = Vec::new();
    for server in servers.filter(|server| server.method == Method::CachedCrl) {
        let (Some(from), Some(to)) = (server.this_update, server.next_update) else { continue };
        let crl = Span { of: server.url.clone(), from, to };
        if !crls.contains(&crl) {
            crls.push(crl);
        }
    }
    crls
}
