//! Many secrets in one go, counted at the service.

use std::time::{Duration, Instant};

use fake_stores::Fault;
use settings_core::store::SecretKey;

use crate::{Bench, key};

fn fifty(bench: &Bench) -> Vec<SecretKey> {
    let keys: Vec<SecretKey> = (0..50).map(|number| key(&format!("key-{number}"))).collect();
    keys.iter().for_each(|key| assert_eq!(bench.project.set(&key.to_string(), "canary"), 1));
    keys
}

#[test]
fn fifty_secrets_are_fifty_reads_at_one_time() {
    let bench = Bench::new();
    let keys = fifty(&bench);
    bench.google.inject(Fault::together(50).times(50));
    assert!(bench.fetch(&keys).iter().all(Result::is_ok));
    let counts = bench.google.counts();
    assert_eq!((counts.reads, counts.most_reads_at_once), (50, 50));
    assert!(bench.fetch(&keys).iter().all(Result::is_ok));
    assert_eq!(bench.google.counts().connections, counts.connections);
    bench.is_in_order();
}

#[test]
fn a_secret_is_read_once_however_many_want_it() {
    let bench = Bench::new();
    bench.project.set("api-key", r#"{"API_KEY": "a", "OTHER": "b"}"#);
    let same = [
        key("api-key"),
        SecretKey::new("API_KEY"),
        SecretKey::new("OTHER").named("api-key"),
        key("projects/agentds/secrets/api-key/versions/latest"),
        key("api-key").with("version", "latest").with("project", "agentds"),
    ];
    assert!(bench.fetch(&same).iter().all(Result::is_ok));
    assert_eq!(bench.google.reads_of("api-key"), 1);
    // Another version is another read.
    assert!(bench.fetch(&[key("api-key"), key("api-key").with("version", "1")]).iter().all(Result::is_ok));
    assert_eq!(bench.google.reads_of("api-key"), 3);
}

#[test]
fn one_that_fails_does_not_touch_the_others() {
    let bench = Bench::new();
    let keys = fifty(&bench);
    bench.google.inject(Fault::dropped().on("key-3"));
    bench.google.inject(Fault::bad_gateway().on("key-4"));
    let answers = bench.fetch(&keys);
    let failed: Vec<usize> = (0..50).filter(|&index| answers[index].is_err()).collect();
    assert_eq!(failed, [3, 4]);
}

#[test]
fn one_after_another_go_over_one_connection() {
    let bench = Bench::new();
    bench.project.set("api-key", "canary");
    for _ in 0..200 {
        assert!(bench.fetch(&[key("api-key")])[0].is_ok());
    }
    let counts = bench.google.counts();
    assert_eq!((counts.reads, counts.connections), (200, 1));
}

/// How long so many secrets take a client that is made and has no connections yet, where each answer takes this long.
fn time(secrets: usize, answer: Duration) -> Duration {
    let bench = Bench::new();
    let keys = fifty(&bench);
    bench.google.inject(Fault::dropped().times(1));
    assert!(bench.fetch(&keys[..1])[0].is_err());
    bench.google.inject(Fault::delay(answer));
    let start = Instant::now();
    assert!(bench.fetch(&keys[..secrets]).iter().all(Result::is_ok));
    start.elapsed()
}

/// `cargo test --release -p settings-tests --features gcp --test store_gcp -- --ignored --nocapture figures`
#[test]
#[ignore = "measures, which a busy machine cannot"]
fn figures() {
    let answer = Duration::from_millis(20);
    let best = |secrets: usize| (0..20).map(|_| time(secrets, answer)).min().unwrap();
    let (one, all) = (best(1), best(50));
    println!("at 20 ms an answer: one secret {one:.1?}, fifty {all:.1?}, {:.2} times", all.div_duration_f64(one));
}
