//! The referrers tag schema's index, updated beside other signers (distribution-spec, "Referrers Tag
//! Schema").
//!
//! Registries have no conditional writes, so two updates can overlap: both read, both write, the
//! later write drops what the earlier one added. An update here therefore
//!
//! 1. reads the index as late as it can, beside the signature manifest's PUT;
//! 2. keeps every entry it has seen in the index while it runs, and adds its own;
//! 3. writes, waits as long as its own read-to-write took, and reads back; a write that failed for
//!    the moment is not sent again as it was, but after reading anew;
//! 4. is done when its own entry and all it has seen are there; otherwise it tries again with
//!    jitter; and once anyone else was noticed it wants two equal reads in a row.
//!
//! The bound: another update that overlaps ours is noticed, and its entry kept, as long as its
//! read-to-write takes no longer than ours did, or than [`SHORTEST_WAIT`]. A writer that sleeps
//! longer between read and write, or that never reads back, can still drop entries. Where the
//! registry lists referrers itself (it answered the manifest's PUT with `OCI-Subject`), signatures
//! of that listing are kept as well, which closes the gap.
//!
//! Removing goes the same way, with two differences: what is kept is what was read last, and whoever
//! removes gives way. Signers bring back what they had seen; once they are done it is taken out. What a
//! signer that was held up for longer brings back names a manifest that is gone: verifiers pass over it.

use std::collections::HashSet;
use std::time::Duration;

use super::RegistryError;
use super::index::{Entry, INDEX_LIMIT, write};
use crate::clock::Clock;
use crate::crypto::Digest;
use crate::http::Jitter;

/// Where one subject's index is kept.
#[async_trait::async_trait]
pub(super) trait IndexStore: Sync {
    /// The tag's name, for messages.
    fn tag(&self) -> &str;
    /// The index behind the tag; none when there is no such tag.
    async fn read(&self) -> Result<Option<Stored>, RegistryError>;
    /// Writes once: an index that is sent again later would drop what others wrote meanwhile.
    async fn write(&self, index: Vec<u8>) -> Result<Written, RegistryError>;
    async fn delete(&self, digest: &Digest) -> Result<(), RegistryError>;
    /// The signatures the registry itself lists for the subject; none where it does not.
    async fn referrers(&self) -> Vec<Entry>;
}

/// An index in the registry: digest of its bytes, hashed by us, and entries.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub digest: Digest,
    pub entries: Vec<Entry>,
}

/// What was read, and when it was asked and answered, in `Clock::elapsed` time.
#[derive(Debug)]
pub(super) struct Reading {
    stored: Option<Stored>,
    asked: Duration,
    answered: Duration,
}

/// What came of one write.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    Yes,
    /// The answer was lost or a passing failure, which has been waited out: reading back tells.
    Unclear,
}

/// How the outdated index left.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cleaned {
    Yes,
    /// There was none, or others were writing too.
    NotTried,
    /// The registry refused, or did not answer.
    Refused,
}

/// Shortest wait between a write and reading it back: on a fast network another process's pause
/// between read and write is longer than ours.
pub(super) const SHORTEST_WAIT: Duration = Duration::from_millis(50);
/// Longest wait, so that contention among many ends.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// Most updates before giving up; 16 signers need fewer than 20.
const ROUNDS: u32 = 100;
/// Most updates when removing: with the pauses between them this is minutes.
const ROUNDS_OF_REMOVAL: u32 = 20;
/// A reading older than three times what it took, and this, is read again before writing.
const STALE: Duration = Duration::from_millis(100);

pub(super) async fn read<S: IndexStore>(
    store: &S,
    clock: &dyn Clock,
) -> Result<Reading, RegistryError> {
    let asked = clock.elapsed();
    let stored = store.read().await?;
    Ok(Reading { stored, asked, answered: clock.elapsed() })
}

/// What an update is to bring about.
#[derive(Debug)]
pub(super) enum Change {
    /// On success it and every entry seen are in the index.
    Add(Entry),
    /// On success no entry has one of these digests, and what else was read last is there. An entry
    /// that others keep, since they had read it before, is taken out again when they are done.
    Remove(HashSet<String>),
}

/// Changes the index beside others who do.
pub(super) async fn update<S: IndexStore>(
    store: &S,
    clock: &dyn Clock,
    jitter: &dyn Jitter,
    change: Change,
    first: Reading,
) -> Result<Cleaned, RegistryError> {
    let mut reading = first;
    let mut outdated = reading.deletable().cloned();
    let mut seen = Entries::default();
    let mut written: Option<Digest> = None;
    let mut others = Others::NotNoticed;
    let mut equal_to: Option<Digest> = None;
    let mut longest = SHORTEST_WAIT;
    for round in 0..change.rounds() {
        if reading.is_stale(clock) {
            reading = read(store, clock).await?;
            if written.is_none() {
                outdated = reading.deletable().cloned();
            }
        }
        if round == 0 && change.is_made_in(reading.entries()) {
            return Ok(Cleaned::NotTried);
        }
        match &change {
            Change::Add(own) => {
                seen.keep(reading.entries());
                // ours stands after what was there before
                seen.keep(std::slice::from_ref(own));
            }
            // what another one takes out meanwhile is not brought back
            Change::Remove(_) => seen = change.kept_of(reading.entries()),
        }
        if seen.all_in(reading.entries()) && change.is_made_in(reading.entries()) {
            let now = reading.digest().cloned();
            let settled = match others {
                Others::NotNoticed => now == written,
                Others::Noticed => now == equal_to,
            };
            if settled {
                break;
            }
            others = Others::Noticed;
            equal_to = now;
        } else {
            if written.is_some() {
                others = Others::Noticed;
            }
            let bytes = write(&seen.list);
            if bytes.len() as u64 > INDEX_LIMIT {
                return Err(RegistryError::Index {
                    tag: store.tag().to_owned(),
                    problem: format!("would grow beyond {INDEX_LIMIT} bytes"),
                });
            }
            written = Some(Digest::sha256(&bytes));
            equal_to = None;
            let wrote = match store.write(bytes).await? {
                Written::Yes => clock.elapsed().saturating_sub(reading.asked),
                Written::Unclear => {
                    // others may have come while we waited
                    others = Others::Noticed;
                    reading.took().saturating_mul(2)
                }
            };
            longest = longest.max(wrote).min(LONGEST_WAIT);
        }
        clock.sleep(change.wait(others, longest, round, jitter)).await;
        let (back, listed) = futures_util::join!(read(store, clock), store.referrers());
        reading = back?;
        if let Change::Add(_) = change {
            seen.keep(&listed);
            seen.keep(reading.entries());
        }
        let in_step = match &change {
            Change::Add(_) => seen.all_in(reading.entries()),
            Change::Remove(_) => change.is_made_in(reading.entries()),
        };
        if !in_step {
            others = Others::Noticed;
            clock.sleep(change.pause(longest, round, jitter)).await;
            reading = read(store, clock).await?;
        }
        let rounds = change.rounds();
        if round + 1 == rounds {
            return Err(RegistryError::Contended { tag: store.tag().to_owned(), rounds });
        }
    }
    match outdated {
        Some(outdated) if others == Others::NotNoticed && Some(&outdated) != written.as_ref() => {
            match store.delete(&outdated).await {
                Ok(()) => Ok(Cleaned::Yes),
                Err(error) => {
                    tracing::debug!(target: "sealwright", "the outdated index {outdated} stays: {error}");
                    Ok(Cleaned::Refused)
                }
            }
        }
        _ => Ok(Cleaned::NotTried),
    }
}

impl Change {
    fn is_made_in(&self, entries: &[Entry]) -> bool {
        match self {
            Change::Add(own) => entries.iter().any(|e| e.identity() == own.identity()),
            Change::Remove(digests) => !entries.iter().any(|e| digests.contains(&e.digest)),
        }
    }

    fn kept_of(&self, entries: &[Entry]) -> Entries {
        let mut kept = Entries::default();
        for entry in entries {
            if !matches!(self, Change::Remove(digests) if digests.contains(&entry.digest)) {
                kept.keep(std::slice::from_ref(entry));
            }
        }
        kept
    }

    /// The wait between a write and reading it back, and between two readings.
    fn wait(&self, others: Others, longest: Duration, round: u32, jitter: &dyn Jitter) -> Duration {
        match (self, others) {
            (Change::Add(_), _) => others.stretch(longest, round, jitter),
            // a signer that had read before us may still write
            (Change::Remove(_), Others::NotNoticed) => longest.saturating_mul(4) + STALE,
            (Change::Remove(_), Others::Noticed) => self.pause(longest, round, jitter) + STALE,
        }
    }

    /// The wait of one who is not in step. Whoever removes gives way to signers, longer each time:
    /// they keep what they have seen until they are done.
    fn pause(&self, longest: Duration, round: u32, jitter: &dyn Jitter) -> Duration {
        let times = match self {
            Change::Add(_) => jitter.fraction() * f64::from((round + 1).min(8)),
            Change::Remove(_) => (1.0 + jitter.fraction()) * f64::from(2_u32 << round.min(8)),
        };
        longest.mul_f64(times).min(LONGEST_WAIT)
    }

    fn rounds(&self) -> u32 {
        match self {
            Change::Add(_) => ROUNDS,
            Change::Remove(_) => ROUNDS_OF_REMOVAL,
        }
    }
}

/// Whether other writers showed themselves during this update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    NotNoticed,
    Noticed,
}

impl Others {
    /// The wait before reading back; longer and spread once there are others.
    fn stretch(self, longest: Duration, round: u32, jitter: &dyn Jitter) -> Duration {
        match self {
            Others::NotNoticed => longest,
            Others::Noticed => {
                longest.mul_f64(1.0 + jitter.fraction() * f64::from(round.min(4))).min(LONGEST_WAIT)
            }
        }
    }
}

impl Reading {
    fn entries(&self) -> &[Entry] {
        self.stored.as_ref().map_or(&[], |stored| &stored.entries)
    }

    fn digest(&self) -> Option<&Digest> {
        self.stored.as_ref().map(|stored| &stored.digest)
    }

    /// The index's digest where it lists referrers only, each with its artifactType as the
    /// specification demands: the tag may point at an image's index, which others need.
    fn deletable(&self) -> Option<&Digest> {
        let mut entries = self.entries().iter().filter(|entry| !entry.is_empty());
        let listed = |entry: &Entry| entry.artifact_type.as_deref().is_some_and(|t| !t.is_empty());
        self.digest().filter(|_| entries.all(listed))
    }

    fn took(&self) -> Duration {
        self.answered.saturating_sub(self.asked)
    }

    fn is_stale(&self, clock: &dyn Clock) -> bool {
        clock.elapsed().saturating_sub(self.asked) > self.took().saturating_mul(3) + STALE
    }
}

/// Entries in the order they were first seen; no empty ones, none twice.
#[derive(Default)]
struct Entries {
    list: Vec<Entry>,
    known: HashSet<(String, String, i64)>,
}

impl Entries {
    fn keep(&mut self, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| !entry.is_empty()) {
            let (media_type, digest, size) = entry.identity();
            if self.known.insert((media_type.to_owned(), digest.to_owned(), size)) {
                self.list.push(entry.clone());
            }
        }
    }

    fn all_in(&self, entries: &[Entry]) -> bool {
        let there: HashSet<_> = entries.iter().map(Entry::identity).collect();
        self.list.iter().all(|entry| there.contains(&entry.identity()))
    }
}

#[cfg(test)]
#[path = "tag_index_tests.rs"]
mod tests;
