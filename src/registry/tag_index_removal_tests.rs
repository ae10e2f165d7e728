//! Removing entries, alone, beside signers and beside others who remove.

use super::*;

async fn pruner(way: Way<'_>, name: String, start: u64) -> Result<Cleaned, RegistryError> {
    way.clock.sleep(Duration::from_micros(start)).await;
    let first = read(&way, way.clock).await?;
    let change = Change::Remove([entry(&name).digest].into());
    update(&way, way.clock, way.random, change, first).await
}

fn remove_alone(registry: &Registry, name: &str) -> Result<Cleaned, RegistryError> {
    let (random, clock) = (Random(AtomicU64::new(1)), SimulatedClock::default());
    let result = Mutex::new(None);
    let way = Way { registry, clock: &clock, random: &random, fastest: 20_000, pause: 0 };
    let task =
        async { *result.lock().expect("one thread") = Some(pruner(way, name.into(), 0).await) };
    run(&clock, &random, vec![Box::pin(task)]);
    result.lock().expect("one thread").take().expect("it ended")
}

#[test]
fn what_is_removed_is_out_and_the_others_stay_as_they_were() {
    let old = write(&[entry("a"), entry("b"), entry("c")]);
    let registry = Registry::default();
    *registry.tag.lock().expect("one thread") = Some(old.clone());
    assert_eq!(remove_alone(&registry, "b").expect("removed"), Cleaned::Yes);
    let tag = registry.tag.lock().expect("one thread").clone();
    assert_eq!(tag, Some(write(&[entry("a"), entry("c")])));
    assert_eq!(*registry.deleted.lock().expect("one thread"), [Digest::sha256(&old)]);
}

#[test]
fn the_last_entry_leaves_an_empty_index() {
    let registry = Registry::default();
    *registry.tag.lock().expect("one thread") = Some(write(&[entry("a")]));
    remove_alone(&registry, "a").expect("removed");
    assert!(names(&registry).is_empty());
}

#[test]
fn where_there_is_no_index_or_no_such_entry_nothing_is_written() {
    let registry = Registry::default();
    assert_eq!(remove_alone(&registry, "a").expect("nothing to do"), Cleaned::NotTried);
    *registry.tag.lock().expect("one thread") = Some(write(&[entry("b")]));
    assert_eq!(remove_alone(&registry, "a").expect("nothing to do"), Cleaned::NotTried);
    assert_eq!(registry.writes.load(Ordering::SeqCst), 0);
}

#[test]
fn beside_signers_no_signature_is_lost_and_what_is_removed_is_out() {
    let (mut contended, mut brought_back) = (0, 0);
    for seed in 0..200u64 {
        let random = Random(AtomicU64::new(seed));
        let clock = SimulatedClock::default();
        let registry = Registry { falters: seed % 7 == 0, ..Registry::default() };
        *registry.tag.lock().expect("one thread") =
            Some(write(&[entry("before"), entry("old-0"), entry("old-1")]));
        let (signers, pruners) = (random.between(1, 8), random.between(1, 2));
        let (fastest, pause) =
            [(200, 40_000), (5_000, 20_000), (60_000, 0), (400_000, 0)][(seed % 4) as usize];
        let spread = random.between(0, fastest * 12 + pause);
        let results = Arc::new(Mutex::new(Vec::new()));
        let tasks: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = (0..signers + pruners)
            .map(|n| {
                let way =
                    Way { registry: &registry, clock: &clock, random: &random, fastest, pause };
                let (start, results) = (random.between(0, spread), results.clone());
                let task = async move {
                    let result = match n.checked_sub(signers) {
                        None => signer(way, n.to_string(), start).await,
                        Some(pruned) => pruner(way, format!("old-{pruned}"), start).await,
                    };
                    results.lock().expect("one thread").push(result);
                };
                Box::pin(task) as Pin<Box<dyn Future<Output = ()> + '_>>
            })
            .collect();
        run(&clock, &random, tasks);
        let results = results.lock().expect("one thread");
        assert!(results.iter().all(Result::is_ok), "seed {seed}: {results:?}");
        let there = names(&registry);
        let kept = (0..signers).map(|n| n.to_string()).chain(["before".to_owned()]);
        for name in kept {
            let digest = entry(&name).digest;
            assert_eq!(there.iter().filter(|d| **d == digest).count(), 1, "seed {seed}: {there:?}");
        }
        for n in 0..2 {
            let old = entry(&format!("old-{n}")).digest;
            // a signer held up by the registry may bring back what it had seen long before
            let kept = n >= pruners || (registry.falters && there.contains(&old));
            assert_eq!(there.contains(&old), kept, "seed {seed}: {there:?}");
            brought_back += u64::from(n < pruners && kept);
        }
        let writes = registry.writes.load(Ordering::SeqCst);
        contended += u64::from(writes > signers + pruners);
    }
    assert!(contended > 100, "the schedules must overlap: {contended}");
    assert!(brought_back < 10, "{brought_back}");
}
