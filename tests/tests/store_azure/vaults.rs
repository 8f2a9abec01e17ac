//! Which secret of which vault a key asks for.

use fake_stores::KeyVault;
use settings_core::store::{Azure, SecretKey, SecretStore, StoreError, StoreErrorKind};
use settings_core::testing::store_conformance;

use crate::{Bench, block_on, key, options};

#[test]
fn the_newest_version_or_the_one_that_is_named() {
    let bench = Bench::new();
    let first = bench.vault.set("api-key", "test-one");
    bench.vault.set("api-key", "test-two");
    store_conformance(bench.store.clone())
        .holds(key("api-key"), "test-two")
        .holds(key("api-key").with("version", &first), "test-one")
        .lacks(key("api-key").with("version", &"0".repeat(32)))
        .run();
    let secret = bench.fetch(&[key("api-key").with("version", &first)]).remove(0).unwrap();
    assert_eq!(format!("{secret:?}"), format!("Secret {{ version: Some({first:?}), .. }}"));
    bench.is_in_order();
}

#[test]
fn other_vaults_are_asked_with_the_same_credential_over_a_client_each() {
    let bench = Bench::new();
    let other = bench.azure.vault("kv-other");
    bench.vault.set("api-key", "test-own");
    other.set("api-key", "test-other");
    let of_other = |url: &str| key("api-key").with("vault", url);
    store_conformance(bench.store.clone())
        .holds(key("api-key"), "test-own")
        .holds(of_other("https://kv-other.vault.azure.net/"), "test-other")
        .run();
    assert_eq!(bench.credential.calls(), 1, "the token is for both");
    // In another spelling it is the same vault.
    let before = bench.azure.counts();
    let keys = [of_other("https://kv-other.vault.azure.net"), of_other("HTTPS://KV-Other.vault.azure.net/")];
    assert!(bench.fetch(&keys).iter().all(Result::is_ok));
    let after = bench.azure.counts();
    assert_eq!((after.reads, after.challenges), (before.reads + 1, before.challenges));
    bench.is_in_order();
}

#[test]
fn what_key_vault_takes_for_no_name_is_not_sent() {
    let bench = Bench::new();
    for name in ["", "a/b", "../deletedsecrets/x", "a_b", "a b", "a?b=c", "é", &"a".repeat(128)] {
        let error = bench.refusal(key(name));
        let rule = "a name in Key Vault is of letters, digits and hyphens, at most 127";
        assert_eq!(error, StoreError::malformed().because(rule), "{name}");
        let error = bench.put(&key(name), "canary").unwrap_err();
        assert_eq!(error, StoreError::malformed().because(rule), "{name}");
    }
    for version in ["", "1/2", "../x", "a?b"] {
        let error = bench.refusal(key("a").with("version", version));
        assert_eq!(error.kind(), StoreErrorKind::Malformed, "{version}");
    }
    for vault in ["kv-other", "http://kv-other.vault.azure.net", "https://kv-other.vault.azure.net/secrets"] {
        let error = bench.refusal(key("a").with("vault", vault));
        assert_eq!(error.kind(), StoreErrorKind::Misconfigured, "{vault}");
    }
    assert_eq!(bench.azure.counts().connections, 0);
    // A version that the vault itself takes for none.
    let error = bench.refusal(key("a").with("version", "3"));
    assert_eq!(error, StoreError::malformed().because("the vault does not take the name or version"));
}

#[test]
fn an_address_that_is_none_is_told_with_each_secret() {
    let azure = KeyVault::started();
    let store = Azure::new("http://kv-chat.vault.azure.net").credential(azure.credential());
    let store = store.client_options(options(&azure));
    let other = key("a").with("vault", &azure.vault("kv-other").url());
    let answers = block_on(store.fetch(&[key("a"), SecretKey::new("B"), other]));
    let wrong = StoreError::misconfigured().because("a vault's address begins with https://");
    let errors: Vec<StoreError> = answers.into_iter().map(|answer| answer.unwrap_err()).collect();
    assert_eq!(errors, [wrong.clone(), wrong, StoreError::not_found()]);
    assert_eq!(store.describe(), "Azure Key Vault");
}

#[test]
fn places_and_commands_name_vault_and_secret() {
    let store = Azure::new("https://kv-chat.vault.azure.net/");
    assert_eq!(store.describe(), "kv-chat");
    assert_eq!(store.place(&SecretKey::new("OPENAI_API_KEY")), "kv-chat / openai-api-key");
    let command = "az keyvault secret set --vault-name kv-chat --name openai-api-key --file <path>";
    assert_eq!(store.fix(&SecretKey::new("OPENAI_API_KEY")).as_deref(), Some(command));
    let other = key("name").with("vault", "https://kv-other.vault.azure.net");
    assert_eq!(store.place(&other), "kv-other / name");
    assert!(store.fix(&other).unwrap().contains("--vault-name kv-other --name name "));
    let pinned = key("name").with("version", "7");
    assert_eq!(store.place(&pinned), "kv-chat / name (version 7)");
    assert_eq!(store.fix(&pinned), None);
    assert_eq!(store.fix(&key("a; rm -r")), None, "nobody copies that into a shell");
    assert_eq!(format!("{store:?}"), r#"Azure { vault: "kv-chat", .. }"#);
}
