//! The secret manager, asked by the SDK for Google.
#![cfg(feature = "google")]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::time::{Duration, Instant};

use fake_stores::{Call, Fault, SecretManager};
use futures_util::future::join_all;
use google_cloud_auth::credentials::anonymous;
use google_cloud_gax::options::RequestOptionsBuilder;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use google_cloud_secretmanager_v1::model::{SecretPayload, SecretVersion, secret_version};
use google_cloud_secretmanager_v1::{Error, Result};
use serde_json::{Value, json};

/// A client that does not try again.
async fn client(google: &SecretManager) -> SecretManagerService {
    let credentials = anonymous::Builder::new().build();
    let client = SecretManagerService::builder().with_endpoint(google.url()).with_credentials(credentials);
    client.with_retry_policy(NeverRetry).build().await.unwrap()
}

/// The version's name, its data, and whether the checksum is right.
async fn access(client: &SecretManagerService, name: &str) -> Result<(String, String, bool)> {
    let found = client.access_secret_version().set_name(name).send().await?;
    let payload = found.payload.unwrap();
    let right = payload.data_crc32c == Some(crc32c::crc32c(&payload.data).into());
    Ok((found.name, String::from_utf8(payload.data.to_vec()).unwrap(), right))
}

async fn latest(client: &SecretManagerService, secret: &str) -> Result<String> {
    let name = format!("projects/agentds/secrets/{secret}/versions/latest");
    access(client, &name).await.map(|(_, data, _)| data)
}

async fn add(client: &SecretManagerService, secret: &str, payload: SecretPayload) -> Result<SecretVersion> {
    let parent = format!("projects/agentds/secrets/{secret}");
    client.add_secret_version().set_parent(parent).set_payload(payload).send().await
}

/// Status of HTTP, and the status and message of the service; no such when the answer is another's.
fn refused(error: &Error) -> (u16, String, String) {
    let status = error.status().map(|status| (status.code.name().to_owned(), status.message.clone()));
    let (status, message) = status.unwrap_or_default();
    (error.http_status_code().unwrap(), status, message)
}

#[track_caller]
fn assert_refused(error: &Error, code: u16, status: &str, message: &str) {
    let (found, found_status, found_message) = refused(error);
    assert_eq!((found, found_status.as_str()), (code, status));
    assert!(found_message.contains(message), "{found_message}");
}

#[tokio::test]
async fn versions_are_accessed_by_number_and_the_latest_by_its_name() {
    let google = SecretManager::started();
    let project = google.project("agentds");
    project.set("agentds-api-keys", "one");
    assert_eq!(project.set("agentds-api-keys", "two"), 2);
    let client = client(&google).await;
    let named = |version: usize| format!("projects/123456789001/secrets/agentds-api-keys/versions/{version}");
    let found = access(&client, "projects/agentds/secrets/agentds-api-keys/versions/latest").await.unwrap();
    assert_eq!(found, (named(2), "two".to_owned(), true));
    let found = access(&client, "projects/agentds/secrets/agentds-api-keys/versions/1").await.unwrap();
    assert_eq!(found, (named(1), "one".to_owned(), true));
    let found = access(&client, &named(1)).await.unwrap();
    assert_eq!(found, (named(1), "one".to_owned(), true), "a project may be named by its number");
    assert_eq!((google.counts().reads, google.counts().connections), (3, 1));
    assert_eq!(google.reads_of("agentds-api-keys"), 3);
    assert_eq!(google.violations(), []);
}

#[tokio::test]
async fn a_write_makes_a_version() {
    let google = SecretManager::started();
    let project = google.project("agentds");
    project.create("key");
    let client = client(&google).await;
    assert_refused(&latest(&client, "key").await.unwrap_err(), 404, "NOT_FOUND", "not found or has no versions");

    let made = add(&client, "key", SecretPayload::new().set_data("one")).await.unwrap();
    assert_eq!(made.name, "projects/123456789001/secrets/key/versions/1");
    assert_eq!(made.state, secret_version::State::Enabled);
    assert!(!made.client_specified_payload_checksum);
    let checked = SecretPayload::new().set_data("two").set_data_crc32c(crc32c::crc32c(b"two"));
    assert!(add(&client, "key", checked).await.unwrap().client_specified_payload_checksum);
    assert_eq!(project.value("key").as_deref(), Some(b"two".as_slice()));
    assert_eq!(latest(&client, "key").await.unwrap(), "two");
    assert_eq!(google.counts().writes, 2);

    let missing = add(&client, "missing", SecretPayload::new().set_data("x")).await.unwrap_err();
    assert_refused(&missing, 404, "NOT_FOUND", "Secret [projects/123456789001/secrets/missing] not found.");
    assert_eq!(google.violations(), []);
}

#[tokio::test]
async fn a_payload_may_be_corrupted_on_its_way() {
    let google = SecretManager::started();
    let project = google.project("agentds");
    let version = project.set("key", "value");
    project.corrupt("key", version);
    let client = client(&google).await;
    let found = access(&client, "projects/agentds/secrets/key/versions/latest").await.unwrap();
    assert_eq!((found.1.as_str(), found.2), ("walue", false));
    assert_eq!(google.violations(), []);
}

#[tokio::test]
async fn what_is_not_there_disabled_or_destroyed_is_told_apart_and_latest_skips_nothing() {
    let google = SecretManager::started();
    let project = google.project("agentds");
    project.set("key", "one");
    project.set("key", "two");
    project.disable("key", 2);
    let client = client(&google).await;
    let name = "projects/123456789001/secrets/key/versions/2";
    let disabled = latest(&client, "key").await.unwrap_err();
    assert_refused(&disabled, 400, "FAILED_PRECONDITION", &format!("Secret Version [{name}] is in DISABLED state."));
    project.destroy("key", 2);
    let destroyed = latest(&client, "key").await.unwrap_err();
    assert_refused(&destroyed, 400, "FAILED_PRECONDITION", &format!("Secret Version [{name}] is in DESTROYED state."));
    assert_eq!(access(&client, "projects/agentds/secrets/key/versions/1").await.unwrap().1, "one");

    let missing = access(&client, "projects/agentds/secrets/key/versions/3").await.unwrap_err();
    assert_refused(
        &missing,
        404,
        "NOT_FOUND",
        "Secret Version [projects/123456789001/secrets/key/versions/3] not found.",
    );
    assert_refused(&latest(&client, "missing").await.unwrap_err(), 404, "NOT_FOUND", "not found or has no versions");
    assert_eq!(google.violations(), []);
}

#[tokio::test]
async fn projects_are_apart_and_an_unknown_one_is_denied() {
    let google = SecretManager::started();
    google.project("agentds").set("key", "of agentds");
    google.project("other").set("key", [0xff, 0x00]);
    let client = client(&google).await;
    assert_eq!(latest(&client, "key").await.unwrap(), "of agentds");
    let name = "projects/other/secrets/key/versions/latest";
    let other = client.access_secret_version().set_name(name).send().await.unwrap();
    assert_eq!(other.name, "projects/123456789002/secrets/key/versions/1");
    assert_eq!(other.payload.unwrap().data.as_ref(), [0xff, 0x00]);
    let unknown = access(&client, "projects/unknown/secrets/key/versions/latest").await.unwrap_err();
    assert_refused(&unknown, 403, "PERMISSION_DENIED", "Permission denied on resource project unknown.");
    assert_eq!(google.violations(), []);
}

#[tokio::test]
async fn faults_are_seen_by_the_sdk_as_in_real_life() {
    let google = SecretManager::started();
    google.project("agentds").set("key", "value");
    let client = client(&google).await;
    for (fault, code, status) in [
        (SecretManager::permission_denied(), 403, "PERMISSION_DENIED"),
        (SecretManager::unauthenticated(), 401, "UNAUTHENTICATED"),
        (SecretManager::throttled(), 429, "RESOURCE_EXHAUSTED"),
        (SecretManager::unavailable(), 503, "UNAVAILABLE"),
        (SecretManager::internal_error(), 500, "INTERNAL"),
        (Fault::bad_gateway(), 502, ""),
    ] {
        google.inject(fault.on("key").times(1));
        assert_refused(&latest(&client, "key").await.unwrap_err(), code, status, "");
        assert_eq!(latest(&client, "key").await.unwrap(), "value", "once only");
    }
    google.inject(Fault::garbage().times(1));
    let error = latest(&client, "key").await.unwrap_err();
    assert!(error.is_deserialization(), "{error:?}");
    google.inject(Fault::dropped().times(1));
    let error = latest(&client, "key").await.unwrap_err();
    assert!(error.is_io() && error.http_status_code().is_none(), "{error:?}");
    google.inject(Fault::delay(Duration::from_millis(50)).times(1));
    let start = Instant::now();
    assert_eq!(latest(&client, "key").await.unwrap(), "value");
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(google.violations(), []);
}

#[tokio::test]
async fn a_slow_answer_meets_the_clients_deadline() {
    let google = SecretManager::started();
    google.project("agentds").set("key", "value");
    google.inject(Fault::delay(Duration::from_secs(60)));
    let client = client(&google).await;
    let name = "projects/agentds/secrets/key/versions/latest";
    let call = client.access_secret_version().set_name(name).with_attempt_timeout(Duration::from_millis(100));
    let start = Instant::now();
    assert!(call.send().await.unwrap_err().is_timeout());
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_write_that_is_denied_changes_nothing_and_an_empty_value_can_be_read() {
    let google = SecretManager::started();
    let project = google.project("agentds");
    project.set("key", "");
    google.inject(SecretManager::permission_denied().only(Call::Write));
    let client = client(&google).await;
    let error = add(&client, "key", SecretPayload::new().set_data("new")).await.unwrap_err();
    assert_refused(&error, 403, "PERMISSION_DENIED", "(or it may not exist)");
    let found = access(&client, "projects/agentds/secrets/key/versions/latest").await.unwrap();
    assert_eq!((found.1.as_str(), found.2), ("", true));
}

#[tokio::test]
async fn requests_of_the_sdk_that_are_not_in_order_are_refused_and_remembered() {
    let google = SecretManager::started();
    google.project("agentds").set("key", "value");
    let client = client(&google).await;
    let wrong = SecretPayload::new().set_data("two").set_data_crc32c(1);
    assert_refused(&add(&client, "key", wrong).await.unwrap_err(), 400, "INVALID_ARGUMENT", "data_crc32c");
    let empty = SecretPayload::new().set_data("");
    assert_refused(&add(&client, "key", empty).await.unwrap_err(), 400, "INVALID_ARGUMENT", "[payload] is required");
    let long = SecretPayload::new().set_data(vec![b'x'; 65_537]);
    assert_refused(&add(&client, "key", long).await.unwrap_err(), 400, "INVALID_ARGUMENT", "more than 65536 bytes");
    let named = access(&client, "projects/agentds/secrets/a.b/versions/latest").await.unwrap_err();
    assert_refused(&named, 400, "INVALID_ARGUMENT", "`a.b` is no secret id");
    let alias = access(&client, "projects/agentds/secrets/key/versions/newest").await.unwrap_err();
    assert_eq!(alias.http_status_code(), Some(404));
    assert_eq!(
        client.list_secrets().set_parent("projects/agentds").send().await.unwrap_err().http_status_code(),
        Some(404)
    );
    assert_eq!(google.violations().len(), 6);
    assert_eq!((google.counts().reads, google.counts().writes), (0, 0));
}

#[tokio::test]
async fn requests_by_hand_that_are_not_in_order_are_refused_and_remembered() {
    let google = SecretManager::started();
    google.project("agentds").set("key", "value");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let secret = format!("{}/v1/projects/agentds/secrets/key", google.url());
    let get = |path: &str| client.get(format!("{secret}{path}")).send();
    assert_eq!(get("/versions/latest:access?alt=json&prettyPrint=false").await.unwrap().status(), 200);
    assert_eq!(get("/versions/latest:access?version=1").await.unwrap().status(), 400);
    assert_eq!(get("/versions/latest").await.unwrap().status(), 404);
    assert_eq!(client.post(format!("{secret}/versions/latest:access")).send().await.unwrap().status(), 404);

    let post = |kind: &'static str, body: String| {
        let request = client.post(format!("{secret}:addVersion")).header("content-type", kind).body(body).send();
        async move { request.await.unwrap().status().as_u16() }
    };
    let json = "application/json; charset=utf-8";
    let payload = |payload: Value| json!({ "payload": payload }).to_string();
    let right = json!({"data": "dmFsdWU=", "dataCrc32c": crc32c::crc32c(b"value")});
    assert_eq!(post(json, payload(right.clone())).await, 200, "a checksum may be a number");
    assert_eq!(post("text/plain", payload(right)).await, 400);
    assert_eq!(post(json, "{".to_owned()).await, 400);
    assert_eq!(post(json, "{}".to_owned()).await, 400);
    assert_eq!(post(json, payload(json!({"data": "not base64!"}))).await, 400);
    assert_eq!(post(json, payload(json!({"data": "dmFsdWU=", "text": ""}))).await, 400);
    assert_eq!(post(json, json!({"payload": {"data": "dmFsdWU="}, "secret": ""}).to_string()).await, 400);

    let shown: Vec<String> = google.violations().iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 9, "{shown:#?}");
    assert_eq!(shown[1], "GET /v1/projects/agentds/secrets/key/versions/latest: no method of this fake");
    assert!(!shown.concat().contains("dmFsdWU"), "{shown:#?}");
}

#[tokio::test]
async fn reads_overlap() {
    let google = SecretManager::started();
    let project = google.project("agentds");
    project.set("key", "value");
    google.inject(Fault::together(20));
    let client = client(&google).await;
    let values = join_all((0..20).map(|_| latest(&client, "key"))).await;
    assert!(values.into_iter().all(|value| value.unwrap() == "value"));
    assert_eq!((google.counts().reads, google.counts().most_reads_at_once), (20, 20));
}

#[tokio::test]
async fn no_output_holds_a_secret() {
    let google = SecretManager::started();
    let project = google.project("agentds");
    project.set("key", "sk-test-key");
    latest(&client(&google).await, "key").await.unwrap();
    let shown = format!("{google:?} {project:?} {:?}", google.violations());
    assert!(shown.contains("agentds") && shown.contains("reads: 1") && !shown.contains("sk-test"), "{shown}");
}
