//! Settings that follow their sources. Every test has a struct of its own, for there is one cache for each.
#![cfg(feature = "live")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use settings_core::store::{Fault, MemoryStore};
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

/// Waits for something that happens on another thread.
fn soon(what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < end, "it did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
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

#[test]
fn a_failed_load_leaves_the_last_good_settings_until_they_are_stale() {
    keys!();
    let (vault, clock) = (vault(), TestClock::new());
    let loader = Keys::loader().hermetic().store("azure", vault.clone()).clock(&clock);
    let live = loader.poll(MINUTE).max_stale(MINUTE * 30).start_blocking().unwrap();
    vault.fail(Fault::Deny);
    clock.advance(MINUTE * 2);
    let status = live.status();
    let failing = status.failing().unwrap();
    assert_eq!(failing.report().problems().len(), 2);
    assert_eq!(live.get().first_key.expose_secret(), "first-0");
    assert!(live.try_get().is_ok());

    // An hour of an outage, a second at a time.
    let began = clock.now();
    let before = vault.calls();
    let mut stale_after = None;
    while clock.now() - began < MINUTE * 60 {
        clock.advance(Duration::from_secs(1));
        let status = live.status();
        assert_eq!(status.is_stale(), live.try_get().is_err());
        if status.is_stale() && stale_after.is_none() {
            stale_after = status.age();
        }
        assert_eq!(live.get().first_key.expose_secret(), "first-0");
    }
    assert_eq!(stale_after, Some(MINUTE * 30 + Duration::from_secs(1)), "to the second");
    // Between half a minute and a whole one apart, once the pauses have grown.
    let calls = vault.calls() - before;
    assert!((60..=130).contains(&calls), "{calls} calls in an hour");
    assert!(live.status().failing().unwrap().since() >= MINUTE * 60);

    vault.heal();
    clock.advance(MINUTE);
    let status = live.status();
    assert!(status.failing().is_none() && !status.is_stale());
    assert!(live.try_get().is_ok());
    assert_eq!(status.generation(), 1, "nothing has changed");
}

#[test]
fn a_reload_is_one_swap_that_every_reader_sees_whole() {
    keys!();
    let vault = vault();
    let live = Keys::loader().hermetic().store("azure", vault.clone()).start_blocking().unwrap();
    let (done, seen) = (AtomicBool::new(false), std::sync::Mutex::new(HashSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let keys = Keys::get();
                    let first = keys.first_key.expose_secret().strip_prefix("first-").unwrap();
                    let second = keys.second_key.expose_secret().strip_prefix("second-").unwrap();
                    assert_eq!(first, second, "half of a change");
                    seen.lock().unwrap().insert(first.to_owned());
                    std::thread::yield_now();
                }
            });
        }
        for round in 1..=200 {
            // Both at once, as a store has them when they are of one version.
            let (first, second) = (format!("first-{round}"), format!("second-{round}"));
            vault.set_both(("first-key", &first), ("second-key", &second));
            live.reload_blocking().unwrap();
            assert_eq!(Keys::get().first_key.expose_secret(), first);
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(seen.lock().unwrap().len() > 1);
    assert_eq!(live.status().generation(), 201);
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

#[cfg(feature = "watch")]
mod files {
    use super::*;
    use settings_tests::Secrets;

    #[test]
    fn a_secret_file_that_is_replaced_is_loaded_anew() {
        #[derive(Settings)]
        #[settings(env_file = none)]
        struct Mounted {
            api_key: SecretString,
        }
        let secrets = Secrets::new([("api_key", "first")]);
        let loader = Mounted::loader().env([("PATH", "")]).secrets_dir(secrets.path());
        let _live = loader.start_blocking().unwrap();
        secrets.write("other", "second");
        std::fs::rename(secrets.join("other"), secrets.join("api_key")).unwrap();
        soon(|| Mounted::get().api_key.expose_secret() == "second");
    }

    #[test]
    fn a_kubernetes_volume_that_is_swapped_is_loaded_anew() {
        use std::os::unix::fs::symlink;
        #[derive(Settings)]
        #[settings(env_file = none)]
        struct Volume {
            api_key: SecretString,
            other_key: SecretString,
        }
        let secrets = Secrets::empty();
        let generation = |name: &str, value: &str| {
            std::fs::create_dir(secrets.join(name)).unwrap();
            secrets.write(&format!("{name}/api_key"), value);
            secrets.write(&format!("{name}/other_key"), value);
            symlink(name, secrets.join("..data_tmp")).unwrap();
            std::fs::rename(secrets.join("..data_tmp"), secrets.join("..data")).unwrap();
        };
        generation("..1", "first");
        symlink("..data/api_key", secrets.join("api_key")).unwrap();
        symlink("..data/other_key", secrets.join("other_key")).unwrap();
        let loader = Volume::loader().env([("PATH", "")]).secrets_dir(secrets.path());
        let live = loader.start_blocking().unwrap();
        assert_eq!(live.get().other_key.expose_secret(), "first");
        generation("..2", "second");
        soon(|| Volume::get().api_key.expose_secret() == "second");
        assert_eq!(live.get().other_key.expose_secret(), "second");
    }

    #[test]
    fn files_that_are_written_anew_with_the_same_are_no_change() {
        #[derive(Settings)]
        struct Dotenv {
            port: u16,
        }
        let directory = tempfile::tempdir().unwrap();
        let (file, other) = (directory.path().join(".env"), directory.path().join("other"));
        std::fs::write(&file, "PORT=1\n").unwrap();
        let live = Dotenv::loader().env([("PATH", "")]).env_file(&file).start_blocking().unwrap();
        let changes = live.watch();
        std::fs::write(&other, "x").unwrap();
        std::fs::write(&file, "PORT=1\n# a comment\n").unwrap();
        std::thread::sleep(Duration::from_millis(600));
        assert!(!changes.has_changed().unwrap());
        std::fs::write(&file, "PORT=2\n").unwrap();
        soon(|| Dotenv::get().port == 2);
        // A file that is half written is a failed load, and the next write is looked at too.
        std::fs::write(&file, "PORT=").unwrap();
        soon(|| live.status().failing().is_some());
        assert_eq!(Dotenv::get().port, 2);
        std::fs::write(&file, "PORT=3\n").unwrap();
        soon(|| Dotenv::get().port == 3);
        assert!(live.status().failing().is_none());
    }
}
