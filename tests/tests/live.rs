//! Settings that follow their sources. Every test has a struct of its own, for there is one cache for each.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use settings_core::store::{BoxFuture, Fault, MemoryStore, Secret, SecretKey, SecretStore, StoreError};
use settings_core::testing::TestClock;
use settings_core::{ExposeSecret, Live, SecretString, Settings};

/// A struct of its own for each test.
macro_rules! keys {
    () => {
        #[derive(Settings)]
        #[settings(env_file = none)]
        struct Keys {
            #[secret(source = azure, rotate_every = "90d")]
            first_key: SecretString,
            #[secret(source = azure)]
            second_key: SecretString,
        }
    };
}

const MINUTE: Duration = Duration::from_secs(60);

fn vault() -> MemoryStore {
    MemoryStore::new().with("first-key", "first-0").with("second-key", "second-0")
}

#[test]
fn a_poll_brings_what_is_new_and_tells_nobody_when_nothing_is() {
    keys!();
    let (vault, clock) = (vault(), TestClock::new());
    let loader = Keys::loader().hermetic().store("azure", vault.clone()).poll(MINUTE).clock(&clock);
    let live = loader.start_blocking().unwrap();
    let changes = live.watch();
    assert_eq!(changes.borrow().first_key.expose_secret(), "first-0");

    for _ in 0..10 {
        clock.advance(MINUTE * 2);
    }
    assert!(vault.calls() >= 11, "{} calls", vault.calls());
    assert!(!changes.has_changed().unwrap());
    assert_eq!(live.status().generation(), 1);

    vault.set("first-key", "first-1");
    clock.advance(MINUTE * 2);
    assert!(changes.has_changed().unwrap());
    assert_eq!(changes.borrow().first_key.expose_secret(), "first-1");
    assert_eq!(Keys::get().first_key.expose_secret(), "first-1", "there is one cache");
    assert_eq!(live.get().second_key.expose_secret(), "second-0");
    assert_eq!(live.status().generation(), 2);
}

#[test]
fn the_settings_themselves_say_how_often_they_are_polled() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Keys {
        #[secret(source = azure)]
        first_key: SecretString,
        #[secret(source = azure)]
        second_key: SecretString,
    }
    fn interval(keys: &Keys) -> Duration {
        if keys.second_key.expose_secret() == "second-0" { MINUTE } else { MINUTE * 60 }
    }
    let (vault, clock) = (vault(), TestClock::new());
    let loader = Keys::loader().hermetic().store("azure", vault.clone()).clock(&clock);
    let live = loader.poll(MINUTE * 600).poll_by(interval).start_blocking().unwrap();
    vault.set("second-key", "second-1");
    clock.advance(MINUTE * 2);
    assert_eq!(live.get().second_key.expose_secret(), "second-1");

    // From now on it is an hour.
    vault.set("first-key", "first-1");
    clock.advance(MINUTE * 30);
    assert_eq!(live.get().first_key.expose_secret(), "first-0");
    clock.advance(MINUTE * 60);
    assert_eq!(live.get().first_key.expose_secret(), "first-1");
}

/// A store whose service is down for a while, which says at once that it is no use to ask again in this load.
#[derive(Debug, Clone)]
struct Outage(MemoryStore, Arc<AtomicBool>);

impl SecretStore for Outage {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(async move {
            let answers = self.0.fetch(keys).await;
            let down = StoreError::unreachable().because("connection refused").retry_after(MINUTE * 60);
            if self.1.load(Ordering::Relaxed) { keys.iter().map(|_| Err(down.clone())).collect() } else { answers }
        })
    }

    fn describe(&self) -> String {
        "a service that may be down".to_owned()
    }
}

#[test]
fn an_outage_of_an_hour_leaves_the_last_good_settings_until_they_are_stale() {
    keys!();
    let (vault, clock, is_down) = (vault(), TestClock::new(), Arc::new(AtomicBool::new(false)));
    let loader = Keys::loader().hermetic().store("azure", Outage(vault.clone(), Arc::clone(&is_down))).clock(&clock);
    #[cfg(feature = "tracing")]
    let heard = heard::recoveries();
    let live = loader.poll(MINUTE).max_stale(MINUTE * 30).start_blocking().unwrap();
    let changes = live.watch();
    is_down.store(true, Ordering::Relaxed);
    // The next poll is at most that far away.
    while live.status().failing().is_none() {
        clock.advance(Duration::from_secs(1));
        assert!(live.status().age().unwrap() <= MINUTE.mul_f64(1.1) + Duration::from_secs(1));
    }
    assert_eq!(live.status().failing().unwrap().report().problems().len(), 2);
    let fresh = clock.now() - live.status().age().unwrap();

    // An hour of it, a second at a time.
    let (began, mut calls, mut asked_at) = (clock.now(), vault.calls(), vec![clock.now()]);
    while clock.now() - began < MINUTE * 60 {
        clock.advance(Duration::from_secs(1));
        let age = clock.now() - fresh;
        assert_eq!(live.status().age(), Some(age));
        assert_eq!(live.status().is_stale(), age > MINUTE * 30, "to the second");
        assert_eq!(live.try_get().is_err(), age > MINUTE * 30);
        assert_eq!(live.get().first_key.expose_secret(), "first-0");
        if std::mem::replace(&mut calls, vault.calls()) != vault.calls() {
            asked_at.push(clock.now());
        }
    }
    let refused = live.try_get().unwrap_err();
    assert_eq!(refused.exit_code(), 75, "{refused}");
    assert!(refused.to_string().contains("connection refused"), "{refused}");
    let failing = live.status().failing().unwrap().clone();
    assert_eq!((failing.since(), failing.times()), (MINUTE * 60, asked_at.len() as u64));
    // The pauses double from a second to a minute, and each is of a random length from half of that on.
    let mut pauses = HashSet::new();
    for (index, pair) in asked_at.windows(2).enumerate() {
        let (pause, longest) = (pair[1] - pair[0], (1 << index.min(6)).min(60));
        let bounds = Duration::from_secs(longest) / 2..=Duration::from_secs(longest + 1);
        assert!(bounds.contains(&pause), "pause {index}: {pause:?}");
        pauses.insert(pause);
    }
    assert!(asked_at.len() >= 60 && pauses.len() > 10, "{} times, {pauses:?}", asked_at.len());

    is_down.store(false, Ordering::Relaxed);
    clock.advance(MINUTE);
    let status = live.status();
    assert!(status.failing().is_none() && !status.is_stale());
    assert!(live.try_get().is_ok());
    assert_eq!(status.generation(), 1, "nothing has changed");
    assert!(!changes.has_changed().unwrap());
    (0..3).for_each(|_| clock.advance(MINUTE * 2));
    #[cfg(feature = "tracing")]
    {
        let heard = heard.lock().unwrap();
        // Another test of this process has a secret that is old.
        let heard: Vec<_> = heard.iter().filter(|message| !message.contains("should be rotated")).collect();
        assert_eq!(heard, ["the settings load again"], "one event, and none while it was down");
    }
}

/// What is told of settings that load again, whichever thread tells it.
#[cfg(feature = "tracing")]
mod heard {
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    /// Hears what a service would log. It is that of the whole process, for which one test may ask.
    struct Listener(Arc<Mutex<Vec<String>>>);

    struct Message<'l>(&'l Listener);

    impl Visit for Message<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            if field.name() == "message" {
                self.0.0.lock().unwrap().push(format!("{value:?}"));
            }
        }
    }

    impl Subscriber for Listener {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.target() == "settings" && *metadata.level() <= Level::INFO
        }

        fn event(&self, event: &Event<'_>) {
            event.record(&mut Message(self));
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    pub(crate) fn recoveries() -> Arc<Mutex<Vec<String>>> {
        let heard = Arc::default();
        tracing::subscriber::set_global_default(Listener(Arc::clone(&heard))).unwrap();
        heard
    }
}

/// The number of a value such as `first-7`.
fn number(secret: &SecretString) -> usize {
    secret.expose_secret().rsplit('-').next().unwrap().parse().unwrap()
}

/// Says that it is over, also when the test fails.
struct Ends<'d>(&'d AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn ten_thousand_reloads_beside_readers_who_each_see_whole_generations() {
    keys!();
    const READERS: usize = 64;
    const RELOADS: usize = 10_000;
    let vault = vault();
    let live = Keys::loader().hermetic().store("azure", vault.clone()).start_blocking().unwrap();
    let (done, start) = (AtomicBool::new(false), Barrier::new(READERS + 1));
    let read = || {
        start.wait();
        let (mut reads, mut seen) = (0, vec![0]);
        loop {
            let last = done.load(Ordering::Acquire);
            let keys = Keys::get();
            let first = number(&keys.first_key);
            assert_eq!(first, number(&keys.second_key), "half of a change");
            assert!(first >= seen[seen.len() - 1], "back to what was before");
            if first > seen[seen.len() - 1] {
                seen.push(first);
            }
            reads += 1;
            if last {
                assert_eq!(first, RELOADS, "the last one is lost");
                return (reads, seen.len());
            }
            std::thread::yield_now();
        }
    };
    let told = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(read)).collect();
        start.wait();
        let ends = Ends(&done);
        for round in 1..=RELOADS {
            // Both at once, as a store has them when they are of one version.
            let (first, second) = (format!("first-{round}"), format!("second-{round}"));
            vault.set_both(("first-key", &first), ("second-key", &second));
            live.reload_blocking().unwrap();
            assert_eq!(number(&Keys::get().first_key), round);
        }
        drop(ends);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
    });
    let reads: usize = told.iter().map(|(reads, _)| reads).sum();
    let generations = told.iter().map(|(_, seen)| *seen).max().unwrap();
    println!("{reads} reads by {READERS} threads, of whom one saw {generations} generations");
    assert!(reads > RELOADS && generations > 100, "{reads} reads, {generations} generations");
    assert_eq!(live.status().generation(), RELOADS as u64 + 1, "none is lost");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_rotation_while_64_tasks_read_is_seen_whole_and_fails_no_read() {
    // Two fields of one key: what is rotated is one value, and both change with it.
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Pair {
        #[secret(source = aws("pair", key = "k"))]
        first_key: SecretString,
        #[secret(source = aws("pair", key = "k"))]
        second_key: SecretString,
    }
    const ROTATIONS: usize = 100;
    let vault = MemoryStore::new().with("pair", r#"{"k": "pair-0"}"#);
    let live = Arc::new(Pair::loader().hermetic().store("aws", vault.clone()).start().await.unwrap());
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..64)
        .map(|_| {
            let (done, live) = (Arc::clone(&done), Arc::clone(&live));
            tokio::spawn(async move {
                let mut last = 0;
                loop {
                    let ends = done.load(Ordering::Acquire);
                    let pair = live.try_get().unwrap();
                    let first = number(&pair.first_key);
                    assert_eq!(first, number(&pair.second_key), "half of a change");
                    assert!(first >= last, "back to what was before");
                    last = first;
                    drop(pair);
                    if ends {
                        return last;
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let mut changes = live.watch();
    for round in 1..=ROTATIONS {
        live.rotate_secret("first_key", format!("pair-{round}").into()).await.unwrap();
        assert!(changes.has_changed().unwrap());
        assert_eq!(number(&changes.borrow_and_update().second_key), round);
    }
    done.store(true, Ordering::Release);
    for reader in readers {
        assert_eq!(reader.await.unwrap(), ROTATIONS);
    }
    assert_eq!(live.status().generation(), ROTATIONS as u64 + 1);
    assert_eq!(vault.writes(), ROTATIONS);
}

#[test]
fn reloads_at_one_time_are_one_load() {
    keys!();
    let vault = vault();
    let live = Keys::loader().hermetic().store("azure", vault.clone()).start_blocking().unwrap();
    vault.fail(Fault::Delay(Duration::from_millis(200)));
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| live.reload_blocking().unwrap());
        }
    });
    assert!(vault.calls() <= 3, "{} calls", vault.calls());
}

#[test]
fn a_new_value_is_written_read_back_swapped_and_told() {
    keys!();
    let vault = vault();
    let live = Keys::loader().hermetic().store("azure", vault.clone()).start_blocking().unwrap();
    let changes = live.watch();
    pollster::block_on(live.rotate_secret("first_key", "first-1".into())).unwrap();
    assert_eq!(vault.value("first-key").unwrap().expose_secret(), "first-1");
    assert_eq!(Keys::get().first_key.expose_secret(), "first-1");
    assert!(changes.has_changed().unwrap());

    vault.fail_times(2, Fault::Deny); // the search for where it is, and the write
    let report = pollster::block_on(live.rotate_secret("first_key", "first-2".into())).unwrap_err();
    assert!(report.to_string().contains("what readers get has not changed"), "{report}");
    assert_eq!(Keys::get().first_key.expose_secret(), "first-1");
}

#[test]
fn a_new_value_that_cannot_be_read_back_is_told_of() {
    keys!();
    let vault = vault();
    let live = Keys::loader().hermetic().store("azure", vault.clone()).start_blocking().unwrap();
    vault.fail_after_write(Fault::Deny);
    let report = pollster::block_on(live.rotate_secret("first_key", "first-1".into())).unwrap_err();
    let warnings: Vec<_> = report.warnings().iter().map(|warning| warning.text()).collect();
    assert_eq!(warnings, ["was written to azure; what is cached is what it was before"]);
    assert_eq!(vault.value("first-key").unwrap().expose_secret(), "first-1");
    assert_eq!(Keys::get().first_key.expose_secret(), "first-0");
}

#[test]
fn a_secret_that_should_have_been_rotated_shows_in_the_status() {
    keys!();
    let vault = vault();
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(100 * 86_400);
    vault.set_at("first-key", "first-1", long_ago);
    let live = Keys::loader().hermetic().store("azure", vault.clone()).start_blocking().unwrap();
    let overdue: Vec<_> = live.status().overdue().iter().map(ToString::to_string).collect();
    assert_eq!(overdue.len(), 1);
    assert!(overdue[0].contains("100 days old"), "{overdue:?}");
    vault.set("first-key", "first-2");
    live.reload_blocking().unwrap();
    assert!(live.status().overdue().is_empty());
}

#[test]
fn what_is_dropped_is_over() {
    keys!();
    let (vault, clock) = (vault(), TestClock::new());
    let loader = Keys::loader().hermetic().store("azure", vault.clone()).poll(MINUTE).clock(&clock);
    drop(loader.start_blocking().unwrap());
    clock.settle();
    clock.advance(MINUTE * 10);
    assert_eq!(vault.calls(), 1);
    assert_eq!(Keys::get().first_key.expose_secret(), "first-0", "what is cached stays");
}

#[test]
fn a_check_that_panics_does_not_end_the_watch() {
    static PANICS: AtomicBool = AtomicBool::new(false);
    fn check(_: &SecretString) -> Result<(), &'static str> {
        assert!(!PANICS.load(Ordering::Relaxed), "on purpose, in a test");
        Ok(())
    }
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Keys {
        #[secret(source = azure, validate = check)]
        first_key: SecretString,
    }
    let (vault, clock) = (vault(), TestClock::new());
    let loader = Keys::loader().hermetic().store("azure", vault.clone()).poll(MINUTE).clock(&clock);
    let _live = loader.start_blocking().unwrap();
    PANICS.store(true, Ordering::Relaxed);
    clock.advance(MINUTE * 2);
    PANICS.store(false, Ordering::Relaxed);
    vault.set("first-key", "first-1");
    clock.advance(MINUTE * 2);
    assert_eq!(Keys::get().first_key.expose_secret(), "first-1");
}

#[test]
fn a_scope_of_a_test_stays_as_it_is() {
    keys!();
    let _scope = Keys::mock().set("first_key", "of-the-mock").install();
    let live = Keys::loader().start_blocking().unwrap();
    live.reload_blocking().unwrap();
    assert_eq!(live.get().first_key.expose_secret(), "of-the-mock");
}

#[test]
fn a_receiver_outlives_what_it_follows() {
    keys!();
    let vault = vault();
    let live: Live<Keys> = Keys::loader().hermetic().store("azure", vault.clone()).start_blocking().unwrap();
    let mut changes = live.watch();
    vault.set("first-key", "first-1");
    live.reload_blocking().unwrap();
    drop(live);
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(changes.changed()).unwrap();
    let keys: Arc<Keys> = changes.borrow_and_update().clone();
    assert_eq!(keys.first_key.expose_secret(), "first-1");
}
