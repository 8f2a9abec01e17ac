//! The one cached value of each struct. What is cached here comes from defaults and from variables that nobody sets.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use settings_core::report::Code;
use settings_core::{Guard, Settings, get_settings};

/// A struct of its own for each test, with a number that the test can change by `set`.
macro_rules! cached {
    ($name:ident) => {
        #[derive(Settings)]
        #[settings(env_prefix = "SETTINGS_TESTS_UNSET_", env_file = none)]
        struct $name {
            #[setting(default = 1)]
            number: u32,
        }
    };
}

cached!(Kept);
cached!(Replaced);
cached!(Failing);

#[test]
fn the_first_get_loads_and_the_others_give_the_same() {
    let first = Kept::get().into_arc();
    assert_eq!(first.number, 1);
    assert!(std::ptr::eq(&*first, &*Kept::get()));
    assert!(std::ptr::eq(&*first, &*Kept::try_get().unwrap()));
    assert!(std::ptr::eq(&*first, &*get_settings::<Kept>()));
    assert_eq!(format!("{:?}", Kept::get()), "Kept { number: 1 }");
}

#[test]
fn init_replaces_and_old_guards_stay_as_they_are() {
    let before = Replaced::get();
    Replaced::loader().set("number", 2).init_blocking().unwrap();
    assert_eq!((before.number, Replaced::get().number), (1, 2));
    pollster::block_on(Replaced::loader().set("number", 3).init()).unwrap();
    assert_eq!(Replaced::get().number, 3);
    pollster::block_on(Replaced::init()).unwrap();
    assert_eq!(Replaced::get().number, 1);
    Replaced::loader().set("number", 4).init_blocking().unwrap();
    Replaced::init_blocking().unwrap();
    assert_eq!((Replaced::get().number, before.number), (1, 1));
}

#[test]
fn a_failed_init_leaves_what_is_cached() {
    Failing::loader().set("number", 5).init_blocking().unwrap();
    let report = Failing::loader().set("number", "five").init_blocking().unwrap_err();
    assert_eq!(report.problems()[0].path(), "number");
    assert_eq!(Failing::get().number, 5);
    assert_eq!(Failing::load_blocking().unwrap().number, 1, "a load beside it changes nothing");
    assert_eq!(Failing::get().number, 5);
}

static TRIES: AtomicUsize = AtomicUsize::new(0);

#[derive(Settings)]
#[settings(env_prefix = "SETTINGS_TESTS_UNSET_", env_file = none)]
struct SecondTime {
    #[setting(default = 1, validate = not_at_first)]
    number: u32,
}

fn not_at_first(_: &u32) -> Result<(), &'static str> {
    if TRIES.fetch_add(1, Ordering::Relaxed) < 2 { Err("not yet") } else { Ok(()) }
}

#[test]
fn a_failure_is_not_cached() {
    assert_eq!(SecondTime::try_get().unwrap_err().problems()[0].note(), Some("not yet"));
    let panic = thread::spawn(|| SecondTime::get().number).join().unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.starts_with("SecondTime cannot load: 1 problem\n"), "{message}");
    assert_eq!(SecondTime::get().number, 1);
    assert_eq!(SecondTime::get().number, 1);
    assert_eq!(TRIES.load(Ordering::Relaxed), 3);
}

static LOADS: AtomicUsize = AtomicUsize::new(0);

#[derive(Settings)]
#[settings(env_prefix = "SETTINGS_TESTS_UNSET_", env_file = none)]
struct Counted {
    #[setting(default = 1, validate = count)]
    number: u32,
}

fn count(_: &u32) -> Result<(), String> {
    // Long enough for the other threads to come meanwhile.
    thread::sleep(std::time::Duration::from_millis(50));
    LOADS.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

#[test]
fn concurrent_first_gets_are_one_load() {
    const THREADS: usize = 16;
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                start.wait();
                assert_eq!(Counted::get().number, 1);
            });
        }
    });
    assert_eq!(LOADS.load(Ordering::Relaxed), 1);
}

#[derive(Settings)]
#[settings(env_prefix = "SETTINGS_TESTS_UNSET_", env_file = none)]
struct AsksItself {
    #[setting(default = 1, validate = ask)]
    number: u32,
}

fn ask(_: &u32) -> Result<(), String> {
    match AsksItself::try_get() {
        Ok(settings) => Err(format!("found {}", settings.number)),
        Err(report) => Err(report.problems()[0].code().to_string()),
    }
}

#[test]
fn a_load_that_asks_for_its_own_result_gets_an_answer() {
    let report = AsksItself::try_get().unwrap_err();
    assert_eq!(report.problems()[0].note(), Some(Code::WhileLoading.as_str()));
    let report = AsksItself::init_blocking().unwrap_err();
    assert_eq!(report.problems()[0].note(), Some(Code::WhileLoading.as_str()));
    assert_eq!(AsksItself::try_get().unwrap_err().problems()[0].code(), Code::Invalid, "and so does the next");
}

#[test]
fn settings_outlive_their_guard_and_cross_threads() {
    let kept = Kept::get().into_arc();
    assert_eq!(thread::spawn(move || Guard::from(kept).number).join().unwrap(), 1);
}
