//! Many images at once: how many side by side, answers in input order, what is signed already, and
//! what lies below an index.

mod already;
mod distinct;
mod pace;
mod prune;
mod tree;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use futures_util::stream::{FuturesUnordered, StreamExt as _};

pub use already::{AlreadySigned, Insufficient, Once, Renewal, Shortfall, sign_once};
pub use distinct::{Distinct, distinct};
use pace::Pace;
pub use prune::{
    Ended, Judged, Kept, Plan, PruneError, PruneRequest, Reason, Removal, TimestampTrust, Verdict,
    plan, remove,
};
pub use tree::{DEEPEST, MOST_MANIFESTS, Member, Reach, TreeError, expand};

/// Images worked on side by side unless told otherwise.
pub const CONCURRENCY: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");
/// most images side by side: beyond this Azure registries throttle every one of them
pub const MOST_CONCURRENCY: NonZeroUsize = NonZeroUsize::new(64).expect("it is not zero");

/// Does `count` jobs, at most `limit` of them side by side, and hands over what became of each in
/// the order of their numbers, as soon as the earlier ones are done.
///
/// `throttled` tells how many requests were answered 429 so far: when it has grown the limit is
/// halved, and every round of jobs without growth raises it by one again. A job whose failure is to
/// be reported returns it as its answer: nothing here ends the others.
pub async fn in_order<R, F>(
    count: usize,
    limit: NonZeroUsize,
    throttled: impl Fn() -> u64,
    job: impl Fn(usize) -> F,
    mut done: impl FnMut(R),
) where
    F: Future<Output = R>,
{
    let mut pace = Pace::new(limit, throttled());
    let mut waiting = 0..count;
    let mut running = FuturesUnordered::new();
    let mut early = BTreeMap::new();
    let mut next = 0;
    loop {
        while running.len() < pace.allowed() {
            let Some(number) = waiting.next() else { break };
            let work = job(number);
            running.push(async move { (number, work.await) });
        }
        let Some((number, answer)) = running.next().await else { return };
        pace.observe(throttled());
        early.insert(number, answer);
        while let Some(answer) = early.remove(&next) {
            done(answer);
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests;
