//! The sidecar, asked by plain HTTP as applications ask it.
#![cfg(feature = "dapr")]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use fake_stores::{Call, Dapr, Fault, SecretsFile};
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};

const FILE: &str =
    r#"{"openai-api-key": "sk-test-key", "db": {"password": "p"}, "a/b": "slash", "c+d": "plus", "e f": "space"}"#;

/// Made once, for with TLS in it that takes long. No proxy of this machine stands between.
static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::builder().no_proxy().build().unwrap());

fn sidecar() -> Dapr {
    let sidecar = Dapr::started();
    sidecar.serve("secretstore", SecretsFile::new(FILE).unwrap());
    sidecar
}

async fn get(sidecar: &Dapr, path: &str) -> (u16, String) {
    let response = CLIENT.get(format!("{}/v1.0{path}", sidecar.url())).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

fn found(name: &str, value: &str) -> (u16, String) {
    (200, json!({ name: value }).to_string())
}

fn code((status, body): (u16, String)) -> (u16, String) {
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["details"][0]["reason"], body["errorCode"]);
    (status, body["errorCode"].as_str().unwrap().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn secrets_are_found_by_their_names() {
    let sidecar = sidecar();
    assert_eq!(get(&sidecar, "/secrets/secretstore/openai-api-key").await, found("openai-api-key", "sk-test-key"));
    assert_eq!(get(&sidecar, "/secrets/secretstore/db:password").await, found("db:password", "p"));
    let with_metadata = "/secrets/secretstore/openai-api-key?metadata.namespace=default&metadata.version_id=3";
    assert_eq!(get(&sidecar, with_metadata).await, found("openai-api-key", "sk-test-key"));
    assert_eq!(sidecar.reads_of("openai-api-key"), 2);
    assert_eq!(sidecar.violations(), []);
}

#[tokio::test]
async fn escapes_of_names_are_undone_as_in_a_query() {
    let sidecar = sidecar();
    assert_eq!(get(&sidecar, "/secrets/secretstore/a%2Fb").await, found("a/b", "slash"));
    assert_eq!(get(&sidecar, "/secrets/secretstore/c%2Bd").await, found("c+d", "plus"));
    assert_eq!(get(&sidecar, "/secrets/secretstore/e+f").await, found("e f", "space"));
    assert_eq!(code(get(&sidecar, "/secrets/secretstore/c+d").await), is(500, "ERR_SECRET_GET"));
    assert_eq!(sidecar.violations(), []);
    assert_eq!(code(get(&sidecar, "/secrets/secretstore/a/b").await), is(404, "ERR_DIRECT_INVOKE"));
    assert_eq!(sidecar.violations()[0].to_string(), "GET /v1.0/secrets/secretstore/a/b: no route of the secrets API");
}

#[tokio::test]
async fn bulk_gives_all_secrets() {
    let sidecar = Dapr::started();
    sidecar.serve("secretstore", SecretsFile::new(r#"{"a": "1", "db": {"b": "2"}}"#).unwrap());
    let (status, body) = get(&sidecar, "/secrets/secretstore/bulk").await;
    assert_eq!((status, body.as_str()), (200, r#"{"a":{"a":"1"},"db:b":{"db:b":"2"}}"#));

    let several = SecretsFile::new(r#"{"a": "1", "db": {"b": "2", "c": {"d": "3"}}}"#).unwrap().multi_valued();
    sidecar.serve("several", several.separator("."));
    let (status, body) = get(&sidecar, "/secrets/several/bulk").await;
    assert_eq!((status, body.as_str()), (200, r#"{"a":{"a":"1"},"db":{"b":"2","c.d":"3"}}"#));
    assert_eq!((sidecar.counts().lists, sidecar.counts().reads), (2, 0));
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let sidecar = Dapr::started();
    let path = "/secrets/secretstore/no-such-key";
    assert_eq!(code(get(&sidecar, path).await), is(500, "ERR_SECRET_STORES_NOT_CONFIGURED"));
    sidecar.serve("secretstore", SecretsFile::new(FILE).unwrap());
    assert_eq!(code(get(&sidecar, path).await), is(500, "ERR_SECRET_GET"));
    assert_eq!(code(get(&sidecar, "/secrets/other/no-such-key").await), is(401, "ERR_SECRET_STORE_NOT_FOUND"));
    assert_eq!(code(get(&sidecar, "/secrets/other/bulk").await), is(401, "ERR_SECRET_STORE_NOT_FOUND"));
    assert_eq!(sidecar.violations(), []);
}

#[tokio::test]
async fn a_policy_denies_a_key_and_bulk_leaves_it_out() {
    let sidecar = Dapr::started();
    sidecar.serve("secretstore", SecretsFile::new(r#"{"a": "1", "b": "2"}"#).unwrap());
    sidecar.deny("secretstore", "b");
    assert_eq!(code(get(&sidecar, "/secrets/secretstore/b").await), is(403, "ERR_PERMISSION_DENIED"));
    assert_eq!(get(&sidecar, "/secrets/secretstore/bulk").await.1, r#"{"a":{"a":"1"}}"#);
    sidecar.serve("secretstore", SecretsFile::new(r#"{"b": "3"}"#).unwrap());
    assert_eq!(get(&sidecar, "/secrets/secretstore/b").await.0, 403, "the policy outlives the file");
}

#[tokio::test]
async fn the_token_is_asked_for_but_not_for_the_health() {
    let sidecar = sidecar();
    sidecar.require_token("t0ken");
    let key = "/secrets/secretstore/openai-api-key";
    assert_eq!(
        get(&sidecar, key).await,
        is(401, "invalid api token\n"),
        "no JSON: that tells it from an unknown store"
    );
    let url = format!("{}/v1.0{key}", sidecar.url());
    let with = |token: &str| CLIENT.get(&url).header("dapr-api-token", token).send();
    assert_eq!(with("other").await.unwrap().status(), 401);
    assert_eq!(with("t0ken").await.unwrap().status(), 200);
    assert_eq!(get(&sidecar, "/healthz/outbound").await.0, 204);
    assert_eq!(sidecar.violations().len(), 2);
    assert!(!format!("{:?}", sidecar.violations()).contains("t0ken"));
}

#[tokio::test]
async fn a_sidecar_that_starts_late_refuses_then_is_not_ready_then_answers() {
    let sidecar = Dapr::reserved();
    sidecar.serve("secretstore", SecretsFile::new(FILE).unwrap());
    sidecar.set_ready(false);
    let key = "/secrets/secretstore/openai-api-key";
    let error = CLIENT.get(format!("{}/v1.0{key}", sidecar.url())).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert!(format!("{error:?}").contains("ConnectionRefused"), "{error:?}");

    sidecar.start();
    assert_eq!(code(get(&sidecar, "/healthz/outbound").await), is(500, "ERR_OUTBOUND_HEALTH_NOT_READY"));
    assert_eq!(code(get(&sidecar, key).await), is(500, "ERR_SECRET_STORES_NOT_CONFIGURED"));

    sidecar.set_ready(true);
    assert_eq!(get(&sidecar, "/healthz/outbound").await, is(204, ""));
    assert_eq!(get(&sidecar, key).await, found("openai-api-key", "sk-test-key"));
    assert_eq!(sidecar.counts().health, 2);
    sidecar.start();
    assert_eq!(sidecar.violations(), []);
}

#[tokio::test]
async fn faults_meet_the_calls_that_they_are_for() {
    let sidecar = sidecar();
    let key = "/secrets/secretstore/openai-api-key";
    for (fault, expected) in [
        (Dapr::failing(), Some(500)),
        (Dapr::nothing(), Some(204)),
        (Fault::bad_gateway(), Some(502)),
        (Fault::answer(429, "text/plain", "slow down"), Some(429)),
        (Fault::dropped(), None),
    ] {
        sidecar.inject(fault.on("openai-api-key").times(1));
        let response = CLIENT.get(format!("{}/v1.0{key}", sidecar.url())).send().await;
        assert_eq!(response.ok().map(|response| response.status().as_u16()), expected);
        assert_eq!(get(&sidecar, key).await.0, 200, "once only");
    }
    sidecar.inject(Fault::garbage().only(Call::Read));
    assert!(serde_json::from_str::<Value>(&get(&sidecar, key).await.1).is_err());
    assert_eq!(get(&sidecar, "/secrets/secretstore/bulk").await.0, 200);
    sidecar.heal();
    sidecar.inject(Fault::delay(Duration::from_millis(50)));
    let start = Instant::now();
    assert_eq!(get(&sidecar, key).await.0, 200);
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_redirect_leads_elsewhere() {
    let (sidecar, elsewhere) = (sidecar(), Dapr::started());
    sidecar.inject(Fault::redirect(&format!("{}/v1.0/healthz/outbound", elsewhere.url())));
    assert_eq!(get(&sidecar, "/secrets/secretstore/db:password").await.0, 204);
    assert_eq!((sidecar.counts().reads, elsewhere.counts().health), (1, 1));
}

#[tokio::test]
async fn reads_that_overlap_are_counted() {
    let sidecar = sidecar();
    sidecar.inject(Fault::together(8));
    let answers = join_all((0..8).map(|_| get(&sidecar, "/secrets/secretstore/db:password"))).await;
    assert!(answers.iter().all(|(status, _)| *status == 200));
    let counts = sidecar.counts();
    assert_eq!((counts.reads, counts.most_reads_at_once, counts.connections), (8, 8, 8));
}

#[tokio::test]
async fn a_request_that_has_no_route_or_a_broken_body_is_remembered() {
    let sidecar = sidecar();
    let url = format!("{}/v1.0/secrets/secretstore/db:password", sidecar.url());
    assert_eq!(CLIENT.post(&url).send().await.unwrap().status(), 404);
    assert_eq!(CLIENT.get(&url).body("{").send().await.unwrap().status(), 400);
    assert_eq!(CLIENT.get(&url).body("{}").send().await.unwrap().status(), 200);
    assert_eq!(get(&sidecar, "//secrets///secretstore/db:password/").await.0, 200, "the path is cleaned first");
    let why: Vec<String> = sidecar.violations().iter().map(ToString::to_string).collect();
    let path = "/v1.0/secrets/secretstore/db:password";
    assert_eq!(
        why,
        [format!("POST {path}: no route of the secrets API"), format!("GET {path}: a body that is not JSON")]
    );
}

#[tokio::test]
async fn a_server_stops_when_it_is_dropped() {
    let sidecar = sidecar();
    let url = format!("{}/v1.0/healthz/outbound", sidecar.url());
    assert_eq!(CLIENT.get(&url).send().await.unwrap().status(), 204);
    drop(sidecar);
    assert!(CLIENT.get(&url).send().await.is_err(), "its connections are closed");
    assert!(CLIENT.get(&url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn no_output_holds_a_secret() {
    let sidecar = sidecar();
    get(&sidecar, "/secrets/secretstore/openai-api-key").await;
    get(&sidecar, "/nothing").await;
    let shown = format!("{sidecar:?} {:?}", sidecar.violations());
    assert!(shown.contains("reads: 1") && !shown.contains("sk-test"), "{shown}");
}

#[tokio::test]
async fn reads_one_after_the_other_are_seen_as_such() {
    let sidecar = sidecar();
    sidecar.inject(Fault::together(2).times(2));
    let one_by_one = async {
        get(&sidecar, "/secrets/secretstore/db:password").await;
        get(&sidecar, "/secrets/secretstore/db:password").await;
    };
    // The first read waits for the second, which does not come.
    assert!(tokio::time::timeout(Duration::from_millis(200), one_by_one).await.is_err());
    assert_eq!(sidecar.counts().most_reads_at_once, 1);
}

#[test]
fn a_server_needs_no_runtime_of_its_test() {
    let sidecar = sidecar();
    let mut connection = TcpStream::connect(("127.0.0.1", sidecar.port())).unwrap();
    connection
        .write_all(b"GET /v1.0/healthz/outbound HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 204 No Content\r\n"), "{answer}");
}

async fn send(request: reqwest::RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn post(sidecar: &Dapr, path: &str, content_type: &str, body: &Value) -> (u16, String) {
    let request = CLIENT.post(format!("{}/v1.0{path}", sidecar.url())).header("content-type", content_type);
    send(request.body(body.to_string())).await
}

const JSON: &str = "application/json";
const EVENT: &str = "application/cloudevents+json";

#[tokio::test]
async fn state_is_written_by_the_tag_of_what_was_read() {
    let sidecar = Dapr::started();
    let save = |item: Value| {
        let body = json!([item]);
        let sidecar = &sidecar;
        async move { post(sidecar, "/state/statestore", JSON, &body).await }
    };
    let first = json!({"key": "a", "value": 1, "options": {"concurrency": "first-write"}});
    assert_eq!(code(save(first.clone()).await), is(500, "ERR_STATE_STORE_NOT_CONFIGURED"));
    sidecar.statestore("other");
    assert_eq!(code(save(first.clone()).await), is(400, "ERR_STATE_STORE_NOT_FOUND"));
    sidecar.statestore("statestore");
    assert_eq!(get(&sidecar, "/state/statestore/a").await, (204, String::new()));
    assert_eq!(save(first.clone()).await.0, 204);
    assert_eq!(code(save(first).await), is(409, "ERR_STATE_SAVE"));

    let read = CLIENT.get(format!("{}/v1.0/state/statestore/a", sidecar.url())).send().await.unwrap();
    let etag = read.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(read.text().await.unwrap(), "1");
    let second = |etag: &str| json!({"key": "a", "value": 2, "etag": etag});
    assert_eq!(save(second(&etag)).await.0, 204);
    assert_eq!(code(save(second(&etag)).await), is(409, "ERR_STATE_SAVE"));
    assert_eq!(save(json!({"key": "a", "value": 3})).await.0, 204, "without a tag the last wins");
    let delete = CLIENT.delete(format!("{}/v1.0/state/statestore/a", sidecar.url()));
    assert_eq!(send(delete).await.0, 204);
    assert_eq!((sidecar.state("statestore", "a"), sidecar.violations()), (None, vec![]));

    for wrong in [json!({"value": 1}), json!({"key": "a||b", "value": 1})] {
        assert_eq!(code(save(wrong).await), is(400, "ERR_MALFORMED_REQUEST"));
    }
    assert_eq!(sidecar.violations().len(), 2);
}

#[tokio::test]
async fn events_are_put_in_an_envelope_or_come_in_one() {
    let sidecar = Dapr::started();
    let event = json!({"specversion": "1.0", "id": "1", "source": "a", "type": "T", "data": {"x": 1}});
    let path = "/publish/pubsub/messages";
    assert_eq!(code(post(&sidecar, path, EVENT, &event).await), is(400, "ERR_PUBSUB_NOT_CONFIGURED"));
    sidecar.pubsub("pubsub");
    assert_eq!(code(post(&sidecar, "/publish/other/t", EVENT, &event).await), is(404, "ERR_PUBSUB_NOT_FOUND"));
    assert_eq!(code(post(&sidecar, "/publish/pubsub/", EVENT, &event).await), is(404, "ERR_TOPIC_EMPTY"));
    assert_eq!(post(&sidecar, path, EVENT, &event).await.0, 204);
    assert_eq!(post(&sidecar, path, JSON, &json!({"x": 1})).await.0, 204);
    let published = sidecar.published("pubsub", "messages");
    let told: Vec<_> = published.iter().map(|event| (&event["type"], &event["data"]["x"], &event["topic"])).collect();
    let (own, made, topic) = (json!("T"), json!("com.dapr.event.sent"), json!("messages"));
    assert_eq!(told, [(&own, &json!(1), &topic), (&made, &json!(1), &topic)]);

    for lacking in ["specversion", "id", "source", "type"] {
        let mut event = event.clone();
        event.as_object_mut().unwrap().remove(lacking);
        assert_eq!(code(post(&sidecar, path, EVENT, &event).await), is(500, "ERR_PUBSUB_CLOUD_EVENTS_SER"));
    }
    assert_eq!(sidecar.violations().len(), 5);
}

#[tokio::test]
async fn a_call_goes_to_the_app_as_it_is_but_for_the_token() {
    let sidecar = Dapr::started();
    let path = "/invoke/other/method/v1.0/secrets/secretstore/a%2Fb?metadata.x=1";
    assert_eq!(code(get(&sidecar, path).await), is(500, "ERR_DIRECT_INVOKE"));
    // Another sidecar stands for the app: it is the only server here that looks at its requests.
    let app = Dapr::reserved();
    sidecar.app("other", app.port());
    assert_eq!(code(get(&sidecar, path).await), is(500, "ERR_DIRECT_INVOKE"));
    app.start();
    app.serve("secretstore", SecretsFile::new(FILE).unwrap());
    assert_eq!(get(&sidecar, path).await, found("a/b", "slash"));
    app.require_token("not-a-real-token");
    let with_token = CLIENT.get(format!("{}/v1.0{path}", sidecar.url())).header("dapr-api-token", "not-a-real-token");
    assert_eq!(send(with_token).await.0, 401, "the token is the sidecar's");
    assert_eq!((sidecar.counts().invocations, sidecar.violations()), (4, vec![]));
}
