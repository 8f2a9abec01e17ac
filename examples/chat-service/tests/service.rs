//! How the service starts, what it answers beside chats, and its command line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]

mod support;

use std::fs;
use std::net::TcpListener;

use serde_json::json;
use support::{Chat, chat_command, model, run};

/// The code that the service leaves with, and what it prints.
fn start(args: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = chat_command(&folder, variables);
    command.args(args);
    run(command)
}

#[tokio::test(flavor = "multi_thread")]
async fn with_nothing_set_an_echo_answers_and_says_so() {
    let chat = Chat::start(&[]);
    let (status, reply) = chat.say("alice", "Hello").await;
    assert_eq!((status, &reply["user_id"], &reply["reply"]), (200, &json!("alice"), &json!("Echo: Hello")));
    assert!(reply["metadata"]["timestamp"].as_str().unwrap().ends_with('Z'));
    assert!(reply["metadata"]["session_id"].as_str().unwrap().len() > 30, "one is made");
    assert!(chat.has_logged("NO MODEL ANSWERS, only an echo"));
    assert!(chat.has_logged("nothing is fetched and nothing published"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dotenv_file_is_enough_for_a_model() {
    let (model, folder) = (model("sk-test-key-of-a-file"), tempfile::tempdir().unwrap());
    let text = format!("OPENAI_API_KEY=sk-test-key-of-a-file\nMODEL_BASE_URL={}/v1\nMODEL_NAME=small\n", model.url());
    fs::write(folder.path().join(".env"), text).unwrap();
    let chat = Chat::start_in(folder, &[]);
    assert_eq!(chat.say("alice", "Hello").await.1["reply"], "You said: Hello");
    assert_eq!(model.asked()[0]["model"], "small");
    assert_eq!(model.asked_with("sk-test-key-of-a-file"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_other_routes_answer() {
    let chat = Chat::start(&[("CORS_ORIGINS", "https://app.example.com,http://localhost:3000")]);
    assert_eq!(chat.get("/users/bob").await, (200, json!({"user_id": "bob", "role": "guest"})));
    assert_eq!(chat.get("/users/bob?role=admin").await, (200, json!({"user_id": "bob", "role": "admin"})));
    assert!(chat.get("/").await.1["message"].as_str().unwrap().contains("Welcome"));
    assert_eq!((chat.get("/healthz").await.0, chat.get("/readyz").await.0), (200, 200));
    assert!(chat.get("/docs/").await.1.as_str().unwrap().contains("Swagger UI"));
    assert!(chat.get("/openapi.json").await.1["paths"]["/chat/"]["post"].is_object());
    assert_eq!(chat.get("/nowhere").await, (404, json!({"detail": "Not Found"})));
    assert_eq!(chat.get("/chat/").await, (405, json!({"detail": "Method Not Allowed"})));

    let (status, wrong) = chat.get("/users/%FF").await;
    assert!(status == 400 && wrong["detail"].is_string(), "{wrong}");

    for text in ["", " \n\t"] {
        let blank = json!({"user_id": "bob", "text": text});
        assert_eq!(chat.post(&blank).await, (400, json!({"detail": "Message text cannot be empty"})));
    }
    let (status, wrong) = chat.post(&json!({"text": "Hello"})).await;
    assert_eq!(status, 422);
    assert!(wrong["detail"].as_str().unwrap().contains("user_id"));
    let full = json!({
        "user_id": "bob", "text": "Hello", "tags": ["a"],
        "metadata": {"timestamp": "2020-01-01T00:00:00Z", "session_id": "s1"},
    });
    let metadata = chat.post(&full).await.1["metadata"].take();
    assert_eq!(metadata["session_id"], "s1");
    assert_ne!(metadata["timestamp"], "2020-01-01T00:00:00Z", "a new one");

    let admitted = async |origin: &str| {
        let response = chat.request("/").header("origin", origin).send().await.unwrap();
        response.headers().get("access-control-allow-origin").is_some_and(|admitted| admitted == origin)
    };
    assert!(admitted("https://app.example.com").await && admitted("http://localhost:3000").await);
    assert!(!admitted("https://evil.example.com").await);
}

#[test]
fn a_missing_key_ends_the_start_with_78_and_what_to_do() {
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("ENVIRONMENT", "production")], "set OPENAI_API_KEY or GEMINI_API_KEY"),
        (&[("MODEL_BASE_URL", "https://api.openai.com/v1")], "set OPENAI_API_KEY"),
        (&[("MODEL_BASE_URL", "https://generativelanguage.googleapis.com/v1beta/openai")], "set GEMINI_API_KEY"),
        (&[("ENVIRONMENT", "production"), ("OPENAI_API_KEY", "changeme")], "placeholder"),
    ];
    for (variables, expected) in cases {
        let (code, text) = start(&[], variables);
        let on_one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(code == 78 && on_one_line.contains(expected), "{code}: {text}");
        assert!(text.contains("ChatSettings cannot load"), "{text}");
    }
}

#[test]
fn a_sidecar_that_does_not_answer_ends_the_start_with_75() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    drop(taken);
    let (code, text) = start(&[], &[("DAPR_HTTP_PORT", &port)]);
    assert!(code == 75 && text.contains("OPENAI_API_KEY  could not be checked"), "{code}: {text}");
}

#[test]
fn a_key_of_another_provider_is_refused() {
    let (code, text) = start(&[], &[("OPENAI_API_KEY", "sk-ant-test-key")]);
    assert!(code == 78 && text.contains("looks like an"), "{code}: {text}");
    assert!(!text.contains("sk-ant-test-key"));
}

#[test]
fn the_command_line_looks_after_the_settings() {
    let key = ("OPENAI_API_KEY", "sk-test-key");
    let (code, text) = start(&["settings", "check"], &[key]);
    assert!(code == 0 && text.contains("openai_api_key"), "{text}");
    let (code, text) = start(&["settings", "explain"], &[key]);
    assert!(code == 0 && text.contains("[REDACTED]"), "{text}");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example");
    assert_eq!(start(&["settings", "env-example", "--check", file], &[]).0, 0);
    assert_eq!(start(&["settings", "check"], &[("ENVIRONMENT", "staging")]).0, 78);
    let (code, text) = start(&["--set", "port=x"], &[]);
    assert!(code == 78 && text.contains("PORT  invalid"), "{text}");
}

#[test]
fn the_env_example_is_in_step() {
    settings_core::assert_env_example_in_sync::<chat_service::ChatSettings>(".env.example");
}
