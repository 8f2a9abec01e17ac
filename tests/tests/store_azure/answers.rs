//! What the answers of a vault mean, one by one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, ClientOptions, Context, HttpClient, Request, Transport};
use fake_stores::{Call, Fault, KeyVault};
use settings_core::store::{Azure, SecretKey, SecretStore, StoreError, StoreErrorKind};
use settings_core::testing::store_conformance;

use crate::{Bench, block_on, key};

#[test]
fn it_does_what_every_store_does() {
    let bench = Bench::new();
    bench.vault.set("openai-api-key", "sk-test-key");
    bench.vault.set("other", "test-value");
    bench.vault.set("json", r#"{"API_KEY": "test-value"}"#);
    bench.vault.set("gone", "test-value");
    bench.vault.delete("gone");
    bench.vault.set("off", "test-value");
    bench.vault.disable("off");
    let (denying, down) = (Bench::new(), Bench::at(KeyVault::reserved()));
    denying.azure.inject(KeyVault::forbidden_by_rbac());
    store_conformance(bench.store.clone())
        .holds(SecretKey::new("OPENAI_API_KEY"), "sk-test-key")
        .holds(key("other"), "test-value")
        .holds(key("json"), r#"{"API_KEY": "test-value"}"#)
        .lacks(SecretKey::new("NO_SUCH_KEY"))
        .lacks(key("gone"))
        .lacks(key("off"))
        .misfits(key("a/b"))
        .refuses(denying.store, key("any"))
        .does_not_answer(down.store, key("any"))
        .writes(key("other"), "test-value-2")
        .writes(SecretKey::new("A_NEW_ONE"), "quotes \" and \\ and é")
        .run();
    bench.is_in_order();
}

#[test]
fn each_answer_has_its_meaning() {
    let unreachable = |why| StoreError::unreachable().because(why);
    let denied = |why| StoreError::denied().because(why);
    let html = "<html>canary</html>";
    let json = "application/json";
    for (fault, meaning) in [
        (KeyVault::forbidden_by_rbac(), denied("the role Key Vault Secrets User is missing")),
        (KeyVault::forbidden_by_connection(), denied("the vault's firewall does not let this network in")),
        (
            Fault::answer(403, json, r#"{"error": {"code": "Forbidden", "message": "canary"}}"#),
            denied("the right to get secrets is missing"),
        ),
        (Fault::answer(403, "text/html", html), denied("the right to get secrets is missing")),
        (KeyVault::throttled(7), unreachable("throttled").retry_after(Duration::from_secs(7))),
        (KeyVault::unavailable(), unreachable("HTTP 503")),
        (KeyVault::internal_error(), unreachable("HTTP 500")),
        (Fault::bad_gateway(), unreachable("HTTP 502")),
        (Fault::answer(408, json, "{}"), unreachable("HTTP 408")),
        (Fault::dropped(), unreachable("the connection was dropped")),
        // What stands between here and the vault, or in the vault's place.
        (Fault::answer(404, "text/html", html), unreachable("HTTP 404, not from a key vault")),
        (Fault::answer(302, "text/html", html), unreachable("HTTP 302, not from a key vault")),
        (Fault::garbage(), StoreError::malformed().because("the answer is none of a key vault")),
        (Fault::answer(200, "text/html", html), StoreError::malformed().because("the answer is none of a key vault")),
        (Fault::answer(200, json, "{}"), StoreError::malformed().because("the answer is none of a key vault")),
        (
            Fault::answer(200, json, vec![b'"', 0xff]),
            StoreError::malformed().because("the answer is none of a key vault"),
        ),
        (
            Fault::answer(200, json, r#"{"id": "https://kv-chat.vault.azure.net/keys/k/1", "value": "canary"}"#),
            StoreError::malformed().because("the answer is none of a key vault"),
        ),
        (
            Fault::answer(200, json, r#"{"id": "https://kv-chat.vault.azure.net/secrets/k/1", "value": "\ud83d"}"#),
            StoreError::malformed().because("the answer is none of a key vault"),
        ),
    ] {
        let bench = Bench::new();
        bench.vault.set("openai-api-key", "canary");
        bench.azure.inject(fault);
        assert_eq!(bench.refusal(key("openai-api-key")), meaning);
        assert_eq!(bench.azure.counts().reads, 1, "the store itself does not ask again: {meaning}");
        bench.azure.heal();
        assert!(bench.fetch(&[key("openai-api-key")])[0].is_ok());
        bench.is_in_order();
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let bench = Bench::new();
    let why = |name| bench.refusal(key(name));
    assert_eq!(why("absent"), StoreError::not_found());
    bench.vault.set("deleted", "canary");
    bench.vault.delete("deleted");
    assert_eq!(why("deleted"), StoreError::not_found());
    bench.vault.set("disabled", "canary");
    bench.vault.disable("disabled");
    assert_eq!(why("disabled"), StoreError::not_found().because("it is disabled"));
    bench.vault.set("empty", "");
    assert_eq!(why("empty"), StoreError::not_found().because("it is empty"));
    bench.is_in_order();
}

#[test]
fn a_connection_that_is_refused_is_told_at_once() {
    let bench = Bench::at(KeyVault::reserved());
    let start = Instant::now();
    let keys: Vec<SecretKey> = (0..50).map(|number| key(&format!("key-{number}"))).collect();
    for answer in bench.fetch(&keys) {
        assert_eq!(answer.unwrap_err(), StoreError::unreachable().because("connection refused"));
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    // It came up meanwhile.
    bench.vault.set("key-1", "canary");
    bench.azure.start();
    assert!(bench.fetch(&[key("key-1")])[0].is_ok());
}

#[test]
fn a_vault_that_there_is_not_has_no_address() {
    let bench = Bench::new();
    let error = bench.refusal(key("any").with("vault", "https://kv-misspelt.vault.azure.net"));
    assert_eq!(error.kind(), StoreErrorKind::Unreachable);
    assert_eq!(error.note(), "no such host");
}

#[test]
fn a_challenge_is_met_by_who_can() {
    for (fault, meaning) in [
        (Fault::dropped(), StoreError::unreachable().because("the connection was dropped")),
        (Fault::bad_gateway(), StoreError::unreachable().because("HTTP 502")),
        (
            Fault::answer(401, "text/html", "<html>canary</html>"),
            StoreError::denied().because("the vault does not take the token: is it of the vault's tenant?"),
        ),
    ] {
        let bench = Bench::new();
        bench.azure.inject(fault.only(Call::Challenge));
        assert_eq!(bench.refusal(key("any")), meaning);
        assert_eq!(bench.credential.calls(), 0);
    }
}

#[test]
fn who_cannot_sign_in_is_denied_after_one_try() {
    let bench = Bench::new();
    bench.credential.set_failing(true);
    let keys: Vec<SecretKey> = (0..50).map(|number| key(&format!("key-{number}"))).collect();
    for answer in bench.fetch(&keys) {
        assert_eq!(answer.unwrap_err(), StoreError::denied().because("the credential gives no token"));
    }
    assert_eq!(bench.credential.calls(), 1);
    bench.credential.set_failing(false);
    bench.vault.set("key-1", "canary");
    assert!(bench.fetch(&[key("key-1")])[0].is_ok());
}

#[test]
fn a_token_that_the_vault_refuses_before_its_time_is_replaced_once() {
    let bench = Bench::new();
    let keys: Vec<SecretKey> = (0..20).map(|number| key(&format!("key-{number}"))).collect();
    keys.iter().for_each(|key| drop(bench.vault.set(&key.to_string(), "canary")));
    assert!(bench.fetch(&keys).iter().all(Result::is_ok));
    bench.azure.expire_tokens();
    assert!(bench.fetch(&keys).iter().all(Result::is_ok));
    assert_eq!(bench.credential.calls(), 2);
    bench.azure.expire_tokens();
    bench.put(&keys[0], "canary").unwrap();
    assert_eq!(bench.credential.calls(), 3);
    bench.is_in_order();
}

/// A site that is no vault and wants a token for one all the same.
#[derive(Debug)]
struct Impostor;

#[async_trait]
impl HttpClient for Impostor {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if request.headers().get_optional_str(&"authorization".into()).is_some() {
            return Err(io::Error::other("the token went to a stranger").into());
        }
        let mut headers = Headers::new();
        headers.insert(
            "www-authenticate",
            r#"Bearer authorization="https://a.example/t", resource="https://vault.azure.net""#,
        );
        Ok(AsyncRawResponse::from_bytes(401.into(), headers, ""))
    }
}

/// What the SDK says when a call loses its token to another that is asked for one, in the place of some requests.
#[derive(Debug)]
struct Losing {
    inner: Transport,
    left: AtomicUsize,
}

#[async_trait]
impl HttpClient for Losing {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let take = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
            return Err(azure_core::Error::with_message(ErrorKind::Credential, "no token"));
        }
        self.inner.send(&Context::new(), &mut request.clone()).await
    }
}

#[test]
fn a_token_that_is_lost_is_wanted_again() {
    let azure = KeyVault::started();
    azure.vault("kv-chat").set("any", "test-value");
    let read = |times| {
        let losing = Losing { inner: azure.transport(), left: AtomicUsize::new(times) };
        let options = ClientOptions { transport: Some(Transport::new(Arc::new(losing))), ..Default::default() };
        let store = Azure::new(&azure.vault("kv-chat").url()).credential(azure.credential()).client_options(options);
        block_on(store.fetch(&[key("any")])).remove(0)
    };
    assert!(read(2).is_ok());
    // Not for ever, and then the load may try again.
    assert_eq!(read(usize::MAX).unwrap_err(), StoreError::unreachable().because("the client has lost its token"));
}

#[test]
fn no_stranger_gets_a_token() {
    let azure = KeyVault::started();
    let options = ClientOptions { transport: Some(Transport::new(Arc::new(Impostor))), ..Default::default() };
    let store = Azure::new("https://vault.example.com").credential(azure.credential()).client_options(options);
    let error = block_on(store.fetch(&[key("any")])).remove(0).unwrap_err();
    let why = "it asks for a token of another domain: is this a key vault?";
    assert_eq!(error, StoreError::misconfigured().because(why));
}
