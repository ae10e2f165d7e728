//! The index under many signers at once, in time that is simulated: every schedule is a seed.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::fault::Fault;
use crate::http::FixedJitter;
use crate::registry::index::parse;

/// splitmix64
struct Random(AtomicU64);

impl Random {
    fn next(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn between(&self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }
}

impl Jitter for Random {
    fn fraction(&self) -> f64 {
        (self.next() % 1000) as f64 / 1000.0
    }
}

/// Time that moves when everyone waits.
#[derive(Default)]
struct SimulatedClock {
    now: Mutex<Duration>,
    waiting: Mutex<Vec<Duration>>,
}

#[async_trait::async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> OffsetDateTime {
        datetime!(2026-11-22 12:00:00 UTC) + self.elapsed()
    }
    fn elapsed(&self) -> Duration {
        *self.now.lock().expect("one thread")
    }
    async fn sleep(&self, duration: Duration) {
        let until = self.elapsed() + duration;
        self.waiting.lock().expect("one thread").push(until);
        std::future::poll_fn(
            |_| if self.elapsed() >= until { Poll::Ready(()) } else { Poll::Pending },
        )
        .await;
    }
}

/// Polls all tasks in an order the seed gives; when all wait, time moves to the next wake.
fn run(
    clock: &SimulatedClock,
    random: &Random,
    mut tasks: Vec<Pin<Box<dyn Future<Output = ()> + '_>>>,
) {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000_000 {
        if tasks.is_empty() {
            return;
        }
        for at in (1..tasks.len()).rev() {
            tasks.swap(at, (random.next() % (at as u64 + 1)) as usize);
        }
        tasks.retain_mut(|task| task.as_mut().poll(&mut context).is_pending());
        let now = clock.elapsed();
        let mut waiting = clock.waiting.lock().expect("one thread");
        waiting.retain(|until| *until > now);
        if let Some(next) = waiting.iter().min() {
            *clock.now.lock().expect("one thread") = *next;
        }
    }
    panic!("the schedule does not end");
}

/// What a registry holds, and what it does on requests.
#[derive(Default)]
struct Registry {
    tag: Mutex<Option<Vec<u8>>>,
    manifests: Mutex<Vec<Entry>>,
    deleted: Mutex<Vec<Digest>>,
    writes: AtomicU64,
    lists: bool,
    refuses_delete: bool,
    /// Some writes are refused for the moment, of others the answer is lost.
    falters: bool,
}

/// A signer's way to it: each leg takes between `fastest` and 1.5 times that.
struct Way<'a> {
    registry: &'a Registry,
    clock: &'a SimulatedClock,
    random: &'a Random,
    fastest: u64,
    /// Longest pause of this signer between reading and writing, in microseconds.
    pause: u64,
}

impl Way<'_> {
    async fn leg(&self) {
        let micros = self.random.between(self.fastest, self.fastest * 3 / 2);
        self.clock.sleep(Duration::from_micros(micros)).await;
    }
}

#[async_trait::async_trait]
impl IndexStore for Way<'_> {
    fn tag(&self) -> &str {
        "sha256-00"
    }
    async fn read(&self) -> Result<Option<Stored>, RegistryError> {
        self.leg().await;
        let bytes = self.registry.tag.lock().expect("one thread").clone();
        self.leg().await;
        Ok(bytes.map(|bytes| Stored {
            digest: Digest::sha256(&bytes),
            entries: parse(&bytes).expect("an index").entries,
        }))
    }
    async fn write(&self, index: Vec<u8>) -> Result<Written, RegistryError> {
        self.leg().await;
        let fault = if self.registry.falters { self.random.between(0, 7) } else { 7 };
        if fault > 0 {
            *self.registry.tag.lock().expect("one thread") = Some(index);
        }
        if fault < 2 {
            let wait = self.random.between(0, 500_000);
            self.clock.sleep(Duration::from_micros(wait)).await;
            return Ok(Written::Unclear);
        }
        self.registry.writes.fetch_add(1, Ordering::SeqCst);
        self.leg().await;
        Ok(Written::Yes)
    }
    async fn delete(&self, digest: &Digest) -> Result<(), RegistryError> {
        self.leg().await;
        if self.registry.refuses_delete {
            return Err(RegistryError::Status {
                method: "DELETE".into(),
                url: "x".into(),
                status: 405,
                detail: String::new(),
            });
        }
        self.registry.deleted.lock().expect("one thread").push(digest.clone());
        Ok(())
    }
    async fn referrers(&self) -> Vec<Entry> {
        if !self.registry.lists {
            return Vec::new();
        }
        self.leg().await;
        self.registry.manifests.lock().expect("one thread").clone()
    }
}

fn entry(name: &str) -> Entry {
    Entry {
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        digest: format!("sha256:{name}"),
        size: 7,
        annotations: Some([("a".to_owned(), name.to_owned())].into()),
        artifact_type: Some("application/vnd.cncf.notary.signature".into()),
        rest: Default::default(),
    }
}

fn names(registry: &Registry) -> Vec<String> {
    let tag = registry.tag.lock().expect("one thread").clone().expect("an index");
    parse(&tag).expect("an index").entries.into_iter().map(|e| e.digest).collect()
}

/// One signer: manifest PUT and index read side by side, then the update.
async fn signer(way: Way<'_>, name: String, start: u64) -> Result<Cleaned, RegistryError> {
    way.clock.sleep(Duration::from_micros(start)).await;
    let put = async {
        way.leg().await;
        way.registry.manifests.lock().expect("one thread").push(entry(&name));
        way.clock.sleep(Duration::from_micros(way.random.between(0, way.pause))).await;
        way.leg().await;
    };
    let (first, ()) = futures_util::join!(read(&way, way.clock), put);
    update(&way, way.clock, way.random, Change::Add(entry(&name)), first?).await
}

#[test]
fn every_entry_survives_two_hundred_schedules_of_two_to_sixteen_signers() {
    let mut contended = 0;
    for seed in 0..200u64 {
        let random = Random(AtomicU64::new(seed));
        let clock = SimulatedClock::default();
        let (lists, falters) = (seed % 5 == 0, seed % 7 == 0);
        let registry = Registry { lists, falters, ..Registry::default() };
        if seed % 3 == 0 {
            *registry.tag.lock().expect("one thread") = Some(write(&[entry("before")]));
        }
        let signers = random.between(2, 16);
        // from a loopback, where a pause of the process is long, to another continent
        let (fastest, pause) =
            [(200, 40_000), (5_000, 20_000), (60_000, 0), (400_000, 0)][(seed % 4) as usize];
        let spread = random.between(0, fastest * 12 + pause);
        let results = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = (0..signers)
            .map(|n| {
                let way =
                    Way { registry: &registry, clock: &clock, random: &random, fastest, pause };
                let (start, results) = (random.between(0, spread), results.clone());
                let task = async move {
                    let result = signer(way, n.to_string(), start).await;
                    results.lock().expect("one thread").push(result);
                };
                Box::pin(task) as Pin<Box<dyn Future<Output = ()> + '_>>
            })
            .collect();
        run(&clock, &random, tasks);
        let results = results.lock().expect("one thread");
        assert!(results.iter().all(Result::is_ok), "seed {seed}: {results:?}");
        let there = names(&registry);
        for n in 0..signers {
            let digest = entry(&n.to_string()).digest;
            assert_eq!(there.iter().filter(|d| **d == digest).count(), 1, "seed {seed}: {there:?}");
        }
        assert_eq!(there.iter().any(|d| d == "sha256:before"), seed % 3 == 0, "seed {seed}");
        contended += u64::from(registry.writes.load(Ordering::SeqCst) > signers);
    }
    assert!(contended > 100, "the schedules must overlap: {contended}");
}

fn alone(registry: &Registry, own: &str) -> (Result<Cleaned, RegistryError>, Duration) {
    let (random, clock) = (Random(AtomicU64::new(1)), SimulatedClock::default());
    let result = Mutex::new(None);
    let way = Way { registry, clock: &clock, random: &random, fastest: 20_000, pause: 0 };
    let task =
        async { *result.lock().expect("one thread") = Some(signer(way, own.into(), 0).await) };
    run(&clock, &random, vec![Box::pin(task)]);
    let result = result.lock().expect("one thread").take().expect("it ended");
    (result, clock.elapsed())
}

#[test]
fn alone_one_write_and_one_reading_back_are_enough() {
    let registry = Registry::default();
    let (result, took) = alone(&registry, "a");
    assert_eq!(result.expect("updated"), Cleaned::NotTried);
    assert_eq!(names(&registry), ["sha256:a"]);
    assert_eq!(registry.writes.load(Ordering::SeqCst), 1);
    // read, write, as long again, read
    assert!(took < Duration::from_millis(60 + 60 + 120 + 60), "{took:?}");
}

#[test]
fn the_outdated_index_goes_last_and_a_refusal_is_told() {
    let old = write(&[entry("before"), entry("before"), Entry::default()]);
    let registry = Registry::default();
    *registry.tag.lock().expect("one thread") = Some(old.clone());
    assert_eq!(alone(&registry, "a").0.expect("updated"), Cleaned::Yes);
    assert_eq!(*registry.deleted.lock().expect("one thread"), [Digest::sha256(&old)]);
    // the doubled and the empty entry are gone
    assert_eq!(names(&registry), ["sha256:before", "sha256:a"]);

    let registry = Registry { refuses_delete: true, ..Registry::default() };
    *registry.tag.lock().expect("one thread") = Some(old);
    assert_eq!(alone(&registry, "a").0.expect("updated"), Cleaned::Refused);
    assert_eq!(names(&registry), ["sha256:before", "sha256:a"]);
}

/// The tag of a subject's referrers may point at an image's own index.
#[test]
fn an_index_that_lists_other_things_than_referrers_is_not_deleted() {
    let platform = Entry { artifact_type: None, ..entry("linux-arm64") };
    for entries in [vec![platform.clone()], vec![entry("before"), platform]] {
        let registry = Registry::default();
        *registry.tag.lock().expect("one thread") = Some(write(&entries));
        assert_eq!(alone(&registry, "a").0.expect("updated"), Cleaned::NotTried);
        assert!(registry.deleted.lock().expect("one thread").is_empty());
        assert_eq!(names(&registry).last().map(String::as_str), Some("sha256:a"));
    }
}

#[test]
fn an_entry_that_is_there_already_changes_nothing() {
    let registry = Registry::default();
    *registry.tag.lock().expect("one thread") = Some(write(&[entry("a")]));
    assert_eq!(alone(&registry, "a").0.expect("nothing to do"), Cleaned::NotTried);
    assert_eq!(registry.writes.load(Ordering::SeqCst), 0);
}

#[test]
fn signatures_only_the_listing_knows_are_kept() {
    let registry = Registry { lists: true, ..Registry::default() };
    registry.manifests.lock().expect("one thread").push(entry("elsewhere"));
    alone(&registry, "a").0.expect("updated");
    assert_eq!(names(&registry), ["sha256:a", "sha256:elsewhere"]);
}

/// Forgets every write.
struct Forgetful(Registry);

#[async_trait::async_trait]
impl IndexStore for Forgetful {
    fn tag(&self) -> &str {
        "sha256-00"
    }
    async fn read(&self) -> Result<Option<Stored>, RegistryError> {
        Ok(None)
    }
    async fn write(&self, _: Vec<u8>) -> Result<Written, RegistryError> {
        self.0.writes.fetch_add(1, Ordering::SeqCst);
        Ok(Written::Yes)
    }
    async fn delete(&self, _: &Digest) -> Result<(), RegistryError> {
        Ok(())
    }
    async fn referrers(&self) -> Vec<Entry> {
        Vec::new()
    }
}

#[tokio::test]
async fn an_index_that_never_settles_is_an_error_not_a_success() {
    let store = Forgetful(Registry::default());
    let clock = crate::clock::ManualClock::at(datetime!(2026-11-22 12:00:00 UTC));
    let first = read(&store, &clock).await.expect("a reading");
    let error = update(&store, &clock, &FixedJitter(0.5), Change::Add(entry("a")), first).await;
    assert_eq!(error.expect_err("lost").code(), "registry-index-contended");
    assert_eq!(store.0.writes.load(Ordering::SeqCst), u64::from(ROUNDS));
}

#[tokio::test]
async fn an_index_that_would_pass_its_limit_is_not_written() {
    let registry = Registry::default();
    let (random, clock) = (Random(AtomicU64::new(1)), SimulatedClock::default());
    let way = Way { registry: &registry, clock: &clock, random: &random, fastest: 1, pause: 0 };
    let mut large = entry("a");
    large.annotations = Some([("a".to_owned(), "b".repeat(INDEX_LIMIT as usize))].into());
    let first = Reading { stored: None, asked: Duration::ZERO, answered: Duration::ZERO };
    let error =
        update(&way, &clock, &random, Change::Add(large), first).await.expect_err("too large");
    assert_eq!(error.code(), "registry-index");
    assert_eq!(registry.writes.load(Ordering::SeqCst), 0);
}

#[path = "tag_index_removal_tests.rs"]
mod removal;
