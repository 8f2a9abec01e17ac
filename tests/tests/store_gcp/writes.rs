//! New values.

use std::sync::Arc;
use std::time::Duration;

use fake_stores::{Call, Fault, SecretManager};
use settings_core::store::{SecretKey, SecretStore, StoreError};

use crate::{Bench, block_on, key, store};

#[test]
fn a_new_value_is_a_new_version() {
    let bench = Bench::new();
    bench.project.set("api-key", "test-one");
    bench.put(&key("api-key"), "test \"two\"\n\u{1}é").unwrap();
    assert_eq!(bench.value("api-key"), "test \"two\"\n\u{1}é");
    assert!(bench.fetch(&[key("api-key").with("version", "1")])[0].is_ok(), "the old one is still there");
    assert_eq!(bench.google.counts().writes, 1);
    bench.is_in_order();
}

#[test]
fn other_keys_of_a_json_object_stay_as_they_are() {
    let bench = Bench::new();
    bench.project.set("keys", r#"{"api_key": "old", "port": 5432, "nested": {"a": [1, null]}}"#);
    bench.put(&key("keys"), "new").unwrap();
    assert_eq!(bench.value("keys"), r#"{"api_key": "new", "port": 5432, "nested": {"a": [1, null]}}"#);
    bench.put(&key("keys").with("key", "added"), "x").unwrap();
    assert_eq!(bench.value("keys"), r#"{"api_key": "new", "port": 5432, "nested": {"a": [1, null]}, "added": "x"}"#);
    bench.project.create("fresh");
    bench.put(&key("fresh").shared(), "first").unwrap();
    assert_eq!(bench.value("fresh"), r#"{"API_KEY": "first"}"#);
    bench.is_in_order();
}

#[test]
fn the_same_value_is_not_written_again() {
    let bench = Bench::new();
    bench.project.set("keys", r#"{"API_KEY": "same"}"#);
    bench.put(&key("keys"), "same").unwrap();
    assert_eq!(bench.google.counts().writes, 0);
}

#[test]
fn one_version_is_never_changed() {
    let bench = Bench::new();
    bench.project.set("api-key", "test");
    let error = bench.put(&key("api-key").with("version", "1"), "canary").unwrap_err();
    assert_eq!(error, StoreError::denied().because("its source names one version, which never changes"));
    assert_eq!(bench.google.counts().connections, 0);
}

#[test]
fn a_secret_has_to_be_there() {
    let bench = Bench::new();
    let error = bench.put(&key("absent"), "canary").unwrap_err();
    assert_eq!(error, StoreError::not_found().because("a secret has to be created before it gets a value"));
}

#[test]
fn what_cannot_be_read_is_replaced_only_where_nobody_else_has_a_value_in_it() {
    let bench = Bench::new();
    bench.project.set("api-key", "leaked");
    bench.project.disable("api-key", 1);
    let error = bench.put(&key("api-key"), "canary").unwrap_err();
    let why = "its latest version is disabled or destroyed, and what else it holds would be lost";
    assert_eq!(error, StoreError::denied().because(why));
    bench.put(&SecretKey::new("API_KEY"), "test").unwrap();
    assert_eq!(bench.value("api-key"), "test");

    bench.project.set("bytes", [0xff]);
    let error = bench.put(&key("bytes"), "canary").unwrap_err();
    assert_eq!(error, StoreError::malformed().because("it holds bytes, and a text would take their place"));
}

#[test]
fn what_the_service_would_not_take_is_not_sent() {
    let bench = Bench::new();
    bench.project.set("api-key", "test");
    let wrong = StoreError::malformed().because("the service takes 1 to 65536 bytes");
    assert_eq!(bench.put(&key("api-key"), "").unwrap_err(), wrong);
    assert_eq!(bench.put(&key("api-key"), &"a".repeat(65_537)).unwrap_err(), wrong);
    assert_eq!(bench.google.counts().writes, 0);
    bench.put(&key("api-key"), &"a".repeat(65_536)).unwrap();
    bench.is_in_order();
}

#[test]
fn what_stands_against_a_write_is_told_and_nothing_changes() {
    let bench = Bench::new();
    bench.project.set("api-key", "test");
    let role = "the role Secret Manager Secret Version Adder is missing, or it may not exist";
    let error = |code: u16, status: &str| {
        let body = format!(r#"{{"error": {{"code": {code}, "message": "canary", "status": "{status}"}}}}"#);
        Fault::answer(code, "application/json", body)
    };
    for (fault, meaning) in [
        (SecretManager::permission_denied(), StoreError::denied().because(role)),
        (error(400, "INVALID_ARGUMENT"), StoreError::malformed().because("the service does not take the value")),
        (
            error(400, "FAILED_PRECONDITION"),
            StoreError::denied().because("the secret is in no state to take a new version"),
        ),
        (error(409, "ABORTED"), StoreError::unreachable().because("others write to it at this moment")),
        (SecretManager::unavailable(), StoreError::unreachable().because("HTTP 503")),
        (Fault::bad_gateway(), StoreError::unreachable().because("HTTP 502")),
        (Fault::dropped(), StoreError::unreachable().because("the connection was dropped")),
        (
            Fault::answer(200, "application/json", r#"{"name": "projects/1/secrets/api-key/versions/2"}"#),
            StoreError::unreachable().because("the service did not check what it was sent"),
        ),
    ] {
        let before = bench.google.counts().writes;
        bench.google.inject(fault.only(Call::Write));
        assert_eq!(bench.put(&key("api-key"), "canary").unwrap_err(), meaning);
        assert_eq!(bench.value("api-key"), "test");
        assert_eq!(bench.google.counts().writes, before + 1);
        bench.google.heal();
    }
}

#[test]
fn writers_of_one_process_take_turns() {
    let bench = Bench::new();
    bench.project.set("keys", "{}");
    let put = |number: usize| {
        let store = Arc::clone(&bench.store);
        async move { store.put(&key("keys").with("key", &format!("k{number}")), &format!("v{number}").into()).await }
    };
    block_on(async {
        let writers: Vec<_> = (0..30).map(|number| tokio::spawn(put(number))).collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
    });
    let keys: Vec<SecretKey> = (0..30).map(|number| key("keys").with("key", &format!("k{number}"))).collect();
    assert!(bench.fetch(&keys).iter().all(Result::is_ok));
    assert_eq!(bench.google.counts().writes, 30, "none came between");
}

/// Two stores are two processes to each other: both read the same version, and both write.
#[test]
fn two_who_write_at_a_time_both_keep_their_keys() {
    let bench = Bench::new();
    let others = Arc::new(store(&bench.google));
    for round in 1..=20 {
        let keys = format!("keys-{round}");
        bench.project.set(&keys, r#"{"other": "stays"}"#);
        // Both have read before either writes.
        bench.google.inject(Fault::together(2).only(Call::Read).times(2));
        let (one, other) = (key(&keys).with("key", "one"), key(&keys).with("key", "two"));
        let (first, second) = ("1".into(), "2".into());
        let writer = {
            let (others, other) = (Arc::clone(&others), other.clone());
            async move { others.put(&other, &second).await }
        };
        let answers = block_on(async {
            let writer = tokio::spawn(writer);
            (bench.store.put(&one, &first).await, writer.await.unwrap())
        });
        assert_eq!(answers, (Ok(()), Ok(())));
        let found = bench.fetch(&[one, other, key(&keys).with("key", "other")]);
        assert!(found.iter().all(Result::is_ok), "{found:?}");
        assert_eq!(bench.google.counts().writes, 3 * round, "one of them wrote again");
    }
    bench.is_in_order();
}

#[test]
fn a_write_that_hangs_is_given_up() {
    let bench = Bench::new();
    bench.project.set("api-key", "test");
    bench.google.inject(Fault::delay(Duration::from_secs(60)).only(Call::Write));
    let error = bench.put(&key("api-key"), "canary").unwrap_err();
    assert_eq!(error, StoreError::unreachable().because("no answer in time"));
}
