//! What the answers of the service mean, one by one.

use std::time::{Duration, Instant};

use fake_stores::{Fault, SecretManager};
use settings_core::store::{Gcp, SecretKey, SecretStore, StoreError};
use settings_core::testing::store_conformance;

use crate::server::Server;
use crate::{Bench, block_on, key, store};

#[test]
fn it_does_what_every_store_does() {
    let bench = Bench::new();
    bench.project.set("openai-api-key", "sk-test-key");
    bench.project.set("keys", r#"{"API_KEY": "test-value", "other": "test-other"}"#);
    bench.project.set("plain", "test-value");
    bench.project.set("off", "test-value");
    bench.project.disable("off", 1);
    bench.project.create("no-version");
    bench.google.project("elsewhere").set("plain", "test-elsewhere");
    let (denying, down) = (Bench::new(), Bench::at(SecretManager::reserved()));
    denying.google.inject(SecretManager::permission_denied());
    store_conformance(bench.store.clone())
        .holds(SecretKey::new("OPENAI_API_KEY"), "sk-test-key")
        .holds(key("keys"), "test-value")
        .holds(key("keys").with("key", "other").shared(), "test-other")
        .holds(key("plain"), "test-value")
        .holds(key("plain").with("project", "elsewhere"), "test-elsewhere")
        .holds(key("projects/agentds/secrets/plain"), "test-value")
        .holds(key("projects/agentds/secrets/plain/versions/1"), "test-value")
        .lacks(SecretKey::new("NO_SUCH_KEY"))
        .lacks(key("keys").with("key", "absent"))
        .lacks(key("plain").with("version", "7"))
        .lacks(key("no-version"))
        .lacks(key("off"))
        .misfits(key("plain").shared())
        .misfits(key("a/b"))
        .refuses(denying.store.clone(), key("any"))
        .refuses(bench.store.clone(), key("any").with("project", "no-such-project"))
        .does_not_answer(down.store.clone(), key("any"))
        .writes(key("keys"), "test-value-2")
        .writes(key("keys").with("key", "a-new-one"), "quotes \" and \\ and é")
        .writes(key("no-version").shared(), "test-value")
        .writes(SecretKey::new("OPENAI_API_KEY"), "sk-test-key-2")
        .run();
    bench.is_in_order();
}

#[test]
fn each_answer_has_its_meaning() {
    let bench = Bench::new();
    bench.project.set("api-key", "canary");
    let unreachable = |why| StoreError::unreachable().because(why);
    let denied = |why| StoreError::denied().because(why);
    let malformed = || StoreError::malformed().because("the answer is none of Secret Manager");
    let (html, json) = ("<html>canary</html>", "application/json");
    let error = |code: u16, status: &str, reason: &str| {
        let details = format!(r#"[{{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "{reason}"}}]"#);
        let body = format!(
            r#"{{"error": {{"code": {code}, "message": "canary", "status": "{status}", "details": {details}}}}}"#
        );
        Fault::answer(code, json, body)
    };
    for (fault, meaning) in [
        (
            SecretManager::permission_denied(),
            denied("the role Secret Manager Secret Accessor is missing, or it may not exist"),
        ),
        (
            error(403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
            denied("the project has no Secret Manager: enable secretmanager.googleapis.com"),
        ),
        (error(403, "PERMISSION_DENIED", "BILLING_DISABLED"), denied("the project has no billing account")),
        (error(403, "PERMISSION_DENIED", "CONSUMER_INVALID"), denied("no right to the project, or it may not exist")),
        (
            Fault::answer(403, "text/html", html),
            denied("the role Secret Manager Secret Accessor is missing, or it may not exist"),
        ),
        (SecretManager::unauthenticated(), denied("the service does not take the credentials")),
        (SecretManager::throttled(), unreachable("throttled")),
        (SecretManager::unavailable(), unreachable("HTTP 503")),
        (SecretManager::internal_error(), unreachable("HTTP 500")),
        (Fault::bad_gateway(), unreachable("HTTP 502")),
        (Fault::answer(408, json, "{}"), unreachable("HTTP 408")),
        (Fault::dropped(), unreachable("the connection was dropped")),
        (
            error(400, "INVALID_ARGUMENT", "X"),
            StoreError::malformed().because("the service does not take the name or version"),
        ),
        // What stands between here and the service, or in its place.
        (Fault::answer(404, "text/html", html), unreachable("HTTP 404, not from Secret Manager")),
        (Fault::answer(400, "text/html", html), unreachable("HTTP 400, not from Secret Manager")),
        (Fault::answer(304, "text/html", ""), unreachable("HTTP 304, not from Secret Manager")),
        (Fault::garbage(), malformed()),
        (Fault::answer(200, "text/html", html), malformed()),
        (Fault::answer(200, json, "{}"), malformed()),
        (Fault::answer(200, json, "[]"), malformed()),
        (Fault::answer(200, json, r#"{"payload": {"data": "canary, not base64"}}"#), malformed()),
        (Fault::answer(200, json, vec![b'"', 0xff]), malformed()),
    ] {
        let before = bench.google.counts().reads;
        bench.google.inject(fault);
        assert_eq!(bench.refusal(key("api-key")), meaning);
        assert_eq!(bench.google.counts().reads, before + 1, "the store itself does not ask again: {meaning}");
        bench.google.heal();
        assert!(bench.fetch(&[key("api-key")])[0].is_ok());
    }
    bench.is_in_order();
}

#[test]
fn how_long_to_wait_is_taken_from_the_answer() {
    let server = Server::with_head(429, "retry-after: 7", "{}");
    let gcp = Gcp::new("agentds").credentials(google_cloud_auth::credentials::anonymous::Builder::new().build());
    let gcp = gcp.endpoint(&server.url());
    assert_eq!(
        block_on(gcp.fetch(&[key("any")])).remove(0).unwrap_err(),
        StoreError::unreachable().because("throttled").retry_after(Duration::from_secs(7))
    );
}

#[test]
fn what_is_not_there_is_not_found() {
    let bench = Bench::new();
    let not_found = |why| StoreError::not_found().because(why);
    let why = |key| bench.refusal(key);
    assert_eq!(why(key("absent")), StoreError::not_found());
    bench.project.create("no-version");
    assert_eq!(why(key("no-version")), StoreError::not_found());
    bench.project.set("off", "canary");
    bench.project.set("off", "canary");
    bench.project.disable("off", 2);
    // The latest version is the one made last: the service does not skip it.
    assert_eq!(why(key("off")), not_found("its version is disabled or destroyed"));
    assert!(bench.fetch(&[key("off").with("version", "1")])[0].is_ok());
    bench.project.destroy("off", 1);
    assert_eq!(why(key("off").with("version", "1")), not_found("its version is disabled or destroyed"));
    bench.project.set("empty", "");
    assert_eq!(why(key("empty")), not_found("it is empty"));
    bench.project.set("keys", r#"{"OTHER": "canary", "NOTHING": null, "EMPTY": ""}"#);
    assert_eq!(why(key("keys")), not_found("it has no key `API_KEY`"));
    assert_eq!(why(key("keys").with("key", "nothing")), not_found("its key `nothing` is null"));
    assert_eq!(why(key("keys").with("key", "empty")), not_found("its key `empty` is empty"));
    bench.is_in_order();
}

#[test]
fn what_does_not_match_its_checksum_is_not_taken() {
    let bench = Bench::new();
    bench.project.set("api-key", "canary");
    bench.project.corrupt("api-key", 1);
    let error = StoreError::unreachable().because("what came does not match its checksum");
    assert_eq!(bench.refusal(key("api-key")), error);
}

#[test]
fn bytes_are_a_value_unless_a_key_of_them_is_wanted() {
    let bench = Bench::new();
    bench.project.set("bytes", [0xff, 0x00, 0xfe]);
    assert!(bench.fetch(&[key("bytes")])[0].is_ok());
    let error = StoreError::malformed().because("bytes where a JSON object is wanted");
    assert_eq!(bench.refusal(key("bytes").shared()), error);
    assert_eq!(bench.refusal(key("bytes").with("key", "a")), error);
}

#[test]
fn a_connection_that_is_refused_is_told_at_once() {
    let bench = Bench::at(SecretManager::reserved());
    // The client reads the system's roots when it is made, which takes a while without optimisation.
    bench.fetch(&[key("key-1")]);
    let start = Instant::now();
    let keys: Vec<SecretKey> = (0..50).map(|number| key(&format!("key-{number}"))).collect();
    for answer in bench.fetch(&keys) {
        assert_eq!(answer.unwrap_err(), StoreError::unreachable().because("connection refused"));
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    // It came up meanwhile.
    bench.project.set("key-1", "canary");
    bench.google.start();
    assert!(bench.fetch(&[key("key-1")])[0].is_ok());
}

#[test]
fn a_service_that_hangs_is_given_up_in_time_for_another_try() {
    let bench = Bench::new();
    bench.project.set("api-key", "canary");
    bench.google.inject(Fault::delay(Duration::from_secs(60)));
    let start = Instant::now();
    assert_eq!(bench.refusal(key("api-key")), StoreError::unreachable().because("no answer in time"));
    assert!(start.elapsed() < Duration::from_secs(7), "{:?}", start.elapsed());
}

#[test]
fn an_endpoint_is_checked_before_a_token_goes_there() {
    let refusal = |url: &str| block_on(Gcp::new("agentds").endpoint(url).fetch(&[key("any")])).remove(0).unwrap_err();
    assert_eq!(
        refusal("http://10.0.0.7").note(),
        "plain http to another machine would show the token to everybody between"
    );
    assert!(refusal("secretmanager").note().starts_with("an endpoint is like https://"));
    let key = key("any");
    let gcp = Gcp::new("agentds").endpoint("https://secretmanager.invalid");
    let gcp = gcp.credentials(google_cloud_auth::credentials::anonymous::Builder::new().build());
    let error = block_on(gcp.fetch(&[key])).remove(0).unwrap_err();
    assert_eq!(error, StoreError::unreachable().because("no such host"));
}

#[test]
fn a_debug_tells_no_credentials() {
    let bench = Bench::new();
    let shown = format!("{:?} {}", store(&bench.google).secret_name("keys"), bench.store.describe());
    assert_eq!(
        shown,
        r#"Gcp { project: Some("agentds"), secret_name: Some("keys"), .. } Google Secret Manager of agentds"#
    );
}
