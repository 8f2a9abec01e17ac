//! Whether the service says that it is ready, as its settings grow old. It has the cached settings of its process to itself.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use chat_service::{ChatSettings, router};
use fake_stores::{Dapr, Fault, SecretsFile};
use settings_core::testing::TestClock;
use settings_core::{Settings, get_settings};
use tower::ServiceExt;

async fn readyz() -> (u16, String) {
    let response = router().oneshot(Request::get("/readyz").body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_not_ready_while_its_settings_are_too_old_and_ready_once_the_store_answers_again() {
    const MINUTE: Duration = Duration::from_secs(60);
    let (sidecar, clock) = (Dapr::started(), TestClock::new());
    sidecar.serve("secretstore", SecretsFile::new(r#"{"openai-api-key": "sk-test-key"}"#).unwrap());
    let variables = [("DAPR_HTTP_PORT", sidecar.port().to_string()), ("SETTINGS_POLL", "1m".to_owned())];
    let loader = ChatSettings::loader().env(variables).env_file("none.env").clock(&clock);
    let live = ChatSettings::keep_fresh(loader).start().await.unwrap();
    let ready = (200, r#"{"status":"ready"}"#.to_owned());
    assert_eq!(readyz().await, ready);

    sidecar.inject(Fault::dropped());
    clock.advance(59 * MINUTE);
    assert!(live.status().failing().is_some(), "the store was asked");
    assert_eq!(readyz().await, ready, "old settings are not too old yet");
    clock.advance(2 * MINUTE);
    let too_old = r#"{"detail":"The settings could not be loaded for too long"}"#;
    assert_eq!(readyz().await, (503, too_old.to_owned()));
    assert!(
        get_settings::<ChatSettings>().model.openai_api_key.is_some(),
        "who asks is answered with the last good ones"
    );

    sidecar.heal();
    clock.advance(2 * MINUTE);
    assert_eq!(readyz().await, ready);
}
