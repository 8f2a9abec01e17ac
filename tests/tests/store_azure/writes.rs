//! New values.

use fake_stores::{Call, Fault, KeyVault};
use settings_core::store::{SecretKey, StoreError, StoreErrorKind};

use crate::{Bench, key};

#[test]
fn a_new_value_is_a_new_version() {
    let bench = Bench::new();
    let first = bench.vault.set("api-key", "test-one");
    bench.put(&key("api-key"), "test \"two\"\n\u{1}é").unwrap();
    assert_eq!(bench.vault.value("api-key").as_deref(), Some("test \"two\"\n\u{1}é"));
    assert!(bench.fetch(&[key("api-key").with("version", &first)])[0].is_ok(), "the old one is still there");
    bench.put(&SecretKey::new("A_NEW_ONE"), "test").unwrap();
    assert_eq!(bench.vault.value("a-new-one").as_deref(), Some("test"));
    assert_eq!(bench.azure.counts().writes, 2);
    bench.is_in_order();
}

#[test]
fn the_first_call_of_a_client_may_be_a_write() {
    let bench = Bench::new();
    bench.put(&key("api-key"), "test").unwrap();
    assert_eq!((bench.azure.counts().challenges, bench.azure.counts().writes), (1, 1));
    bench.is_in_order();
}

#[test]
fn one_version_is_never_changed() {
    let bench = Bench::new();
    let first = bench.vault.set("api-key", "test");
    let error = bench.put(&key("api-key").with("version", &first), "canary").unwrap_err();
    assert_eq!(error, StoreError::denied().because("its source names one version, which never changes"));
    assert_eq!(bench.azure.counts().connections, 0);
}

#[test]
fn what_stands_against_a_write_is_told_and_nothing_changes() {
    for (fault, meaning) in [
        (KeyVault::forbidden_by_rbac(), StoreError::denied().because("the role Key Vault Secrets Officer is missing")),
        (
            Fault::answer(403, "application/json", r#"{"error": {"code": "Forbidden", "message": "canary"}}"#),
            StoreError::denied().because("the right to set secrets is missing"),
        ),
        (KeyVault::unavailable(), StoreError::unreachable().because("HTTP 503")),
        (Fault::bad_gateway(), StoreError::unreachable().because("HTTP 502")),
        (Fault::dropped(), StoreError::unreachable().because("the connection was dropped")),
    ] {
        let bench = Bench::new();
        bench.vault.set("api-key", "test");
        bench.azure.inject(fault.only(Call::Write));
        assert_eq!(bench.put(&key("api-key"), "canary").unwrap_err(), meaning);
        assert_eq!(bench.vault.value("api-key").as_deref(), Some("test"));
        assert_eq!(bench.azure.counts().writes, 1);
    }
}

#[test]
fn what_the_vault_does_not_take_is_told() {
    let bench = Bench::new();
    let error = bench.put(&key("api-key"), &"a".repeat(26_000)).unwrap_err();
    assert_eq!(error, StoreError::malformed().because("the vault does not take the value"));
    bench.vault.set("deleted", "test");
    bench.vault.delete("deleted");
    let error = bench.put(&key("deleted"), "canary").unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Denied);
    assert_eq!(error.note(), "it is deleted, and may be recovered or purged");
}
