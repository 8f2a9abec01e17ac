//! The memory service as a process of its own: what it remembers, where, and how it starts.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]

#[path = "../../chat-service/tests/support/process.rs"]
mod process;

use std::fs;

use fake_stores::{Call, Dapr, Fault, SecretsFile};
use process::{Process, command, eventually, run};
use serde_json::{Value, json};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_memory-service");

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn start(folder: &TempDir, variables: &[(&str, &str)]) -> Process {
    Process::start(command(PROGRAM, folder.path(), variables))
}

fn event(id: &str, kind: &str, data: Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "chat-service", "type": kind, "data": data})
}

fn sent(id: &str) -> Value {
    event(id, "MessageSent", json!({"user_id": "bob", "session_id": "s1"}))
}

fn updated(id: &str) -> Value {
    let data = json!({"user_id": "bob", "session_id": "s1", "user_message": "Hi", "assistant_reply": "Hello"});
    event(id, "ConversationUpdated", data)
}

fn taken(status: &str) -> (u16, Value) {
    (200, json!({ "status": status }))
}

async fn remembers(memory: &Process) {
    let count = json!({"message_count": 5});
    let done = json!({"status": "success", "user_id": "alice", "message_count": 5});
    assert_eq!(memory.post("/analytics/alice/initialize", &count).await, (200, done));
    let profile = json!({"name": "Alice", "preferred_style": "terse", "user_summary": "Alice likes tea."});
    assert_eq!(memory.post("/memories/alice/initialize", &profile).await, (200, profile));
    assert_eq!(memory.post("/events/messages", &sent("1")).await, taken("SUCCESS"));
    assert_eq!(memory.post("/events/messages", &sent("1")).await, taken("SUCCESS"), "and not counted again");
    assert_eq!(memory.post("/events/messages", &sent("2")).await, taken("SUCCESS"));
    assert_eq!(memory.post("/events/conversations", &updated("3")).await, taken("SUCCESS"));
    assert_eq!(memory.post("/events/conversations", &updated("3")).await, taken("SUCCESS"));
}

async fn has_remembered(memory: &Process) {
    assert_eq!(memory.get("/analytics/alice").await, (200, json!({"message_count": 5})));
    assert_eq!(memory.get("/analytics/bob").await, (200, json!({"message_count": 2})));
    assert_eq!(memory.get("/analytics/carol").await, (200, json!({"message_count": 0})));
    assert_eq!(memory.get("/memories/alice").await.1["user_summary"], "Alice likes tea.");
    assert_eq!(memory.get("/memories/carol").await.1["user_summary"], "carol is a new user.");
    let turns = json!({"history": [{"user_message": "Hi", "assistant_reply": "Hello"}]});
    assert_eq!(memory.get("/conversations/s1").await, (200, turns));
    assert_eq!(memory.get("/conversations/s2").await, (200, json!({"history": []})));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_a_file_outlives_the_service() {
    let folder = folder();
    // The address is a secret, and mounted as one.
    // Not among the files that are watched, whose names `notify` logs.
    let (secret, database) = (folder.path().join("database"), self::folder());
    let file = database.path().join("sk-test-key.redb");
    fs::write(&secret, format!("redb://{}\n", file.display())).unwrap();
    let variables = [("DATABASE_URL_FILE", secret.to_str().unwrap())];
    let memory = start(&folder, &variables);
    remembers(&memory).await;
    drop(memory);
    has_remembered(&start(&folder, &variables)).await;
    assert!(file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_set_the_file_stands_in_the_folder_where_it_was_started() {
    let folder = folder();
    let memory = start(&folder, &[]);
    assert_eq!((memory.get("/healthz").await.0, memory.get("/readyz").await.0), (200, 200));
    assert!(folder.path().join("memory.redb").exists());
    assert!(memory.has_logged("NO MODEL WRITES SUMMARIES"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_that_the_model_does_not_write_is_told_as_its_failure() {
    let folder = folder();
    let memory = start(&folder, &[("DATABASE_URL", "memory:"), ("MODEL_BASE_URL", "http://127.0.0.1:9/v1")]); // nobody listens
    assert_eq!(memory.post("/events/conversations", &updated("1")).await, taken("SUCCESS"));
    assert!(memory.has_logged("stays what it was failed=the model failed: it could not be reached"));
    assert_eq!(memory.get("/memories/bob").await.1["user_summary"], "bob is a new user.");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_sidecar_all_is_in_its_state_store() {
    let (sidecar, folder) = (Dapr::started(), folder());
    sidecar.statestore("statestore");
    let port = sidecar.port().to_string();
    let memory = start(&folder, &[("DAPR_HTTP_PORT", &port)]);
    remembers(&memory).await;
    drop(memory);
    let memory = start(&folder, &[("DAPR_HTTP_PORT", &port)]);
    has_remembered(&memory).await;
    assert_eq!(sidecar.state("statestore", "analytics-bob").unwrap()["message_count"], 2);
    assert!(!folder.path().join("memory.redb").exists());

    let subscribed = json!([
        {"pubsubname": "pubsub", "topic": "messages", "route": "/events/messages"},
        {"pubsubname": "pubsub", "topic": "conversations", "route": "/events/conversations"},
    ]);
    assert_eq!(memory.get("/dapr/subscribe").await, (200, subscribed));
    // A user whose name Dapr would not take as it is.
    assert_eq!(memory.post("/analytics/a||b%25/initialize", &json!({"message_count": 7})).await.0, 200);
    assert_eq!(memory.get("/analytics/a%7C%7Cb%25").await, (200, json!({"message_count": 7})));
    assert_eq!(sidecar.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_events_that_come_at_once_none_is_lost() {
    let (sidecar, folder) = (Dapr::started(), folder());
    sidecar.statestore("statestore");
    let port = sidecar.port().to_string();
    for variables in [[("DAPR_HTTP_PORT", port.as_str())], [("DATABASE_URL", "memory:")]] {
        let memory = start(&folder, &variables);
        let events: Vec<Value> = (0..12).map(|id| sent(&format!("e{id}"))).collect();
        let post = events.iter().map(|event| memory.post("/events/messages", event));
        assert!(futures_util::future::join_all(post).await.iter().all(|answer| *answer == taken("SUCCESS")));
        assert_eq!(memory.get("/analytics/bob").await, (200, json!({"message_count": 12})));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_means_nothing_is_dropped_and_one_that_cannot_be_kept_comes_again() {
    let (sidecar, folder) = (Dapr::started(), folder());
    sidecar.statestore("statestore");
    let port = sidecar.port().to_string();
    let memory = start(&folder, &[("DAPR_HTTP_PORT", &port)]);
    assert_eq!(memory.post("/events/messages", &json!({"id": "1"})).await, taken("DROP"));
    assert_eq!(memory.post("/events/conversations", &sent("1")).await, taken("DROP"));
    let no_json =
        process::CLIENT.post(memory.request("/events/messages").build().unwrap().url().clone()).body("no JSON");
    let (status, wrong) = process::answer(no_json).await;
    assert!(status == 415 && wrong["detail"].is_string(), "{wrong}");
    sidecar.inject(Fault::bad_gateway().only(Call::State));
    let unavailable = (503, json!({"detail": "The store does not answer"}));
    assert_eq!(memory.post("/events/messages", &sent("1")).await, unavailable);
    assert_eq!(memory.get("/analytics/bob").await, unavailable);
    sidecar.heal();

    // Brought by the sidecar, it comes again by itself.
    let listening: u16 = memory.request("/").build().unwrap().url().port().unwrap();
    sidecar.app("memory-service", listening);
    sidecar.pubsub("pubsub");
    sidecar.inject(Fault::bad_gateway().only(Call::State).times(3));
    let publish = process::CLIENT.post(format!("{}/v1.0/publish/pubsub/messages", sidecar.url()));
    let publish = publish.header("content-type", "application/cloudevents+json").body(sent("2").to_string());
    assert_eq!(process::answer(publish).await.0, 204);
    eventually("it is counted", || async { memory.get("/analytics/bob").await.1["message_count"] == 1 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_secrets_come_from_the_sidecar() {
    let (sidecar, folder, database) = (Dapr::started(), folder(), folder());
    let file = database.path().join("sk-test-key.redb");
    let secrets = json!({"database-url": format!("redb:{}", file.display()), "openai-api-key": "sk-test-key"});
    sidecar.serve("secretstore", SecretsFile::new(&secrets.to_string()).unwrap());
    let port = sidecar.port().to_string();
    let memory = start(&folder, &[("DAPR_HTTP_PORT", &port), ("ENVIRONMENT", "production")]);
    assert!(file.exists(), "DATABASE_URL wins over the state store");
    assert!(memory.has_logged("gpt-4o-mini at https://api.openai.com/v1 writes summaries"));
}

#[test]
fn a_start_that_fails_says_why_and_shows_no_secret() {
    let folder = folder();
    let start = |variables: &[(&str, &str)]| run(command(PROGRAM, folder.path(), variables));
    let (code, text) = start(&[("DATABASE_URL", "postgres://sk-test-key:secret@db/x")]);
    assert!(code == 78 && text.contains("DATABASE_URL") && text.contains("redb:PATH"), "{code}: {text}");
    let (code, text) = start(&[("DATABASE_URL", "redb:/no-such-folder/sk-test-key.redb")]);
    assert!(code == 1 && text.contains("the database failed"), "{code}: {text}");
    let (code, text) = start(&[("ENVIRONMENT", "production")]);
    assert!(code == 78 && text.contains("set OPENAI_API_KEY or GEMINI_API_KEY"), "{code}: {text}");
}

#[test]
fn the_env_example_is_in_step() {
    settings_core::assert_env_example_in_sync::<memory_service::MemorySettings>(".env.example");
}
