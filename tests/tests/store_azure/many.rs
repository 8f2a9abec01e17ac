//! Many secrets in one go, counted at the vault.

use std::time::{Duration, Instant};

use fake_stores::{Call, Fault};
use settings_core::store::SecretKey;

use crate::{Bench, key};

fn fifty(bench: &Bench) -> Vec<SecretKey> {
    let keys: Vec<SecretKey> = (0..50).map(|number| key(&format!("key-{number}"))).collect();
    keys.iter().for_each(|key| drop(bench.vault.set(&key.to_string(), "canary")));
    keys
}

#[test]
fn fifty_secrets_are_fifty_reads_at_one_time() {
    let bench = Bench::new();
    let keys = fifty(&bench);
    bench.azure.inject(Fault::delay(Duration::from_secs(1)));
    assert!(bench.fetch(&keys).iter().all(Result::is_ok));
    let counts = bench.azure.counts();
    assert_eq!((counts.reads, counts.most_reads_at_once), (50, 50));
    assert_eq!(bench.credential.calls(), 1);
    // From now on the client knows what the vault wants.
    bench.azure.heal();
    assert!(bench.fetch(&keys).iter().all(Result::is_ok));
    assert_eq!((bench.azure.counts().reads, bench.azure.counts().challenges), (100, counts.challenges));
    bench.is_in_order();
}

#[test]
fn a_secret_is_read_once_however_many_want_it() {
    let bench = Bench::new();
    bench.vault.set("api-key", "canary");
    let same = [key("api-key"), SecretKey::new("API_KEY"), SecretKey::new("OTHER").named("api-key")];
    assert!(bench.fetch(&same).iter().all(Result::is_ok));
    assert_eq!(bench.azure.reads_of("api-key"), 1);
}

#[test]
fn one_that_fails_does_not_touch_the_others() {
    let bench = Bench::new();
    let keys = fifty(&bench);
    bench.azure.inject(Fault::dropped().on("key-3"));
    bench.azure.inject(Fault::bad_gateway().on("key-4"));
    let answers = bench.fetch(&keys);
    let failed: Vec<usize> = (0..50).filter(|&index| answers[index].is_err()).collect();
    assert_eq!(failed, [3, 4]);
}

#[test]
fn one_after_another_go_over_one_connection() {
    let bench = Bench::new();
    bench.vault.set("api-key", "canary");
    for _ in 0..200 {
        assert!(bench.fetch(&[key("api-key")])[0].is_ok());
    }
    let counts = bench.azure.counts();
    assert_eq!((counts.reads, counts.challenges, counts.connections), (200, 1, 1));
}

/// How long so many secrets take a program that has just begun, with the challenge and without connections, where each
/// answer takes this long.
fn time(secrets: usize, answer: Duration) -> Duration {
    let bench = Bench::new();
    let keys = fifty(&bench);
    bench.azure.inject(Fault::delay(answer));
    bench.azure.inject(Fault::delay(answer).only(Call::Challenge));
    let start = Instant::now();
    assert!(bench.fetch(&keys[..secrets]).iter().all(Result::is_ok));
    start.elapsed()
}

/// An answer takes so long here that what this machine does meanwhile hardly counts.
#[test]
fn fifty_take_about_as_long_as_one() {
    let (one, all) = (time(1, Duration::from_secs(1)), time(50, Duration::from_secs(1)));
    assert!(all < one.mul_f64(1.2), "one: {one:?}, fifty: {all:?}");
}

/// `cargo test --release -p settings-tests --features azure --test store_azure -- --ignored --nocapture figures`
#[test]
#[ignore = "measures, which a busy machine cannot"]
fn figures() {
    let answer = Duration::from_millis(20);
    let best = |secrets: usize| (0..20).map(|_| time(secrets, answer)).min().unwrap();
    let (one, all) = (best(1), best(50));
    println!("at 20 ms an answer: one secret {one:.1?}, fifty {all:.1?}, {:.2} times", all.div_duration_f64(one));
}
