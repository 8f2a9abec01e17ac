//! From a message to its reply, its events and what is remembered, over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]

mod support;

use std::time::Duration;

use fake_stores::{Call, Dapr, Fault, OpenAi, SecretsFile};
use memory_service::MemorySettings;
use serde_json::{Value, json};
use settings_core::Settings;
use support::{CLIENT, Chat, MemoryService, answer, eventually, model};

const KEY: &str = "sk-test-key-of-the-flows";
const TOKEN: &str = "sk-test-key-of-the-sidecar";

fn at(model: &OpenAi) -> String {
    format!("{}/v1", model.url())
}

/// What the model was told before all else.
fn system(question: &Value) -> &str {
    question["messages"][0]["content"].as_str().unwrap()
}

async fn initialize(memory: &MemoryService, user: &str, count: u64) {
    let expected = json!({"status": "success", "user_id": user, "message_count": count});
    let path = format!("/analytics/{user}/initialize");
    assert_eq!(memory.post(&path, &json!({"message_count": count})).await, (200, expected));
}

async fn count(memory: &MemoryService, user: &str) -> Value {
    memory.get(&format!("/analytics/{user}")).await.1["message_count"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn straight_to_each_other_the_model_is_told_how_much_bob_wrote_and_his_message_is_counted() {
    let (model, memory) = (model(KEY), MemoryService::plain().await);
    initialize(&memory, "alice", 5).await;
    initialize(&memory, "bob", 3).await;
    let url = memory.url("");
    let chat = Chat::start(&[("MODEL_BASE_URL", &at(&model)), ("OPENAI_API_KEY", KEY), ("MEMORY_SERVICE_URL", &url)]);

    let (status, reply) = chat.say("bob", "Hello").await;
    assert_eq!((status, &reply["user_id"], &reply["reply"]), (200, &json!("bob"), &json!("You said: Hello")));
    assert!(system(&model.asked()[0]).contains("3 messages"), "{}", system(&model.asked()[0]));
    assert_eq!((count(&memory, "bob").await, count(&memory, "alice").await), (json!(4), json!(5)));
    assert_eq!(model.violations(), []);
}

/// All that there is in Dapr, and the memory service behind it.
async fn sidecar() -> (Dapr, MemoryService) {
    let sidecar = Dapr::started();
    sidecar.pubsub("pubsub");
    sidecar.statestore("statestore");
    let port = sidecar.port();
    let settings = move || MemorySettings::mock().set("DAPR_HTTP_PORT", i64::from(port)).set("DAPR_API_TOKEN", TOKEN);
    let memory = MemoryService::start(settings).await;
    sidecar.app("memory-service", memory.port);
    (sidecar, memory)
}

fn secrets(sidecar: &Dapr, key: &str) {
    let file = json!({"openai-api-key": key}).to_string();
    sidecar.serve("secretstore", SecretsFile::new(&file).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_sidecar_with_the_key_in_its_secrets_and_none_in_the_environment() {
    let model = model(KEY);
    let (sidecar, memory) = sidecar().await;
    sidecar.require_token(TOKEN);
    secrets(&sidecar, KEY);
    initialize(&memory, "bob", 3).await;
    let port = sidecar.port().to_string();
    let chat = Chat::start(&[("MODEL_BASE_URL", &at(&model)), ("DAPR_HTTP_PORT", &port), ("DAPR_API_TOKEN", TOKEN)]);

    assert_eq!(chat.say("bob", "Hello").await.0, 200);
    assert!(system(&model.asked()[0]).contains("3 messages"));
    assert_eq!((model.asked_with(KEY), sidecar.published("pubsub", "messages").len()), (1, 1));
    eventually("bob's message is counted", || async { count(&memory, "bob").await == 4 }).await;
    assert_eq!((sidecar.violations(), model.violations()), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_sidecar_events_reach_the_memory_service_and_count_once_though_they_come_twice() {
    let model = model(KEY);
    let (sidecar, memory) = sidecar().await;
    secrets(&sidecar, KEY);
    sidecar.bring_twice("pubsub");
    initialize(&memory, "alice", 5).await;
    initialize(&memory, "bob", 3).await;
    let port = sidecar.port().to_string();
    let chat = Chat::start(&[("MODEL_BASE_URL", &at(&model)), ("DAPR_HTTP_PORT", &port)]);

    let first = chat.post(&json!({"user_id": "bob", "text": "Hello", "metadata": {"session_id": "s 1/x"}})).await;
    assert_eq!((first.0, &first.1["metadata"]["session_id"]), (200, &json!("s 1/x")));
    assert!(system(&model.asked()[0]).contains("3 messages"));

    let sent = sidecar.published("pubsub", "messages");
    assert_eq!(sent.len(), 1);
    assert_eq!((&sent[0]["type"], &sent[0]["data"]["user_id"]), (&json!("MessageSent"), &json!("bob")));
    let updated = sidecar.published("pubsub", "conversations");
    let data = json!({
        "user_id": "bob", "session_id": "s 1/x", "user_message": "Hello", "assistant_reply": "You said: Hello",
    });
    assert_eq!(updated.iter().map(|event| &event["data"]).collect::<Vec<_>>(), [&data]);
    let history = || async { memory.get("/conversations/s%201%2Fx").await.1 };
    eventually("bob's turn is remembered", || async { history().await["history"].as_array().unwrap().len() == 1 })
        .await;
    eventually("bob's message is counted", || async { count(&memory, "bob").await == 4 }).await;
    tokio::time::sleep(Duration::from_millis(300)).await; // time for what comes twice
    assert_eq!((count(&memory, "bob").await, count(&memory, "alice").await), (json!(4), json!(5)));
    assert_eq!(history().await["history"].as_array().unwrap().len(), 1);

    // The next message of the session goes with what was said.
    chat.post(&json!({"user_id": "bob", "text": "And now?", "metadata": {"session_id": "s 1/x"}})).await;
    let said: Vec<Value> = model.asked()[1]["messages"].as_array().unwrap()[1..].to_vec();
    let said: Vec<&str> = said.iter().filter_map(|message| message["content"].as_str()).collect();
    assert_eq!(said, ["Hello", "You said: Hello", "And now?"]);
    assert_eq!((sidecar.violations(), model.violations()), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_time_is_it_calls_the_tool() {
    let model = model(KEY);
    let chat = Chat::start(&[("MODEL_BASE_URL", &at(&model)), ("OPENAI_API_KEY", KEY)]);
    let (status, reply) = chat.say("alice", "What time is it?").await;
    let asked = model.asked();
    let result = asked[1]["messages"].as_array().unwrap().last().unwrap();
    assert_eq!((status, asked.len(), &result["role"]), (200, 2, &json!("tool")));
    let time = result["content"].as_str().unwrap();
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00 00:00:00 UTC");
    assert_eq!(reply["reply"], format!("It is {time}."));
    assert_eq!(model.violations(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_rotated_in_the_store_is_used_by_later_requests_and_not_by_those_under_way() {
    const OLD: &str = "sk-test-key-old";
    const NEW: &str = "sk-test-key-new";
    let model = model(OLD);
    model.accept(NEW);
    let (sidecar, _memory) = sidecar().await;
    secrets(&sidecar, OLD);
    let port = sidecar.port().to_string();
    let variables = [("MODEL_BASE_URL", &*at(&model)), ("DAPR_HTTP_PORT", &port), ("SETTINGS_POLL", "1s")];
    let chat = Chat::start(&variables);

    // Each of them asks twice, for the tool, and the model answers none of them before the key has changed, when it is asked
    // once more. Ten have to try again then.
    const RELEASE: &str = "sk-test-key-of-the-test";
    model.accept(RELEASE);
    model.inject(Fault::together(51).times(51));
    model.inject(OpenAi::rate_limited().times(10));
    let under_way = (0..50).map(|user| {
        let (user, chat) = (format!("user-{user}"), &chat);
        async move { chat.say(&user, "What time is it?").await }
    });
    let all = futures_util::future::join_all(under_way);
    let rotate = async {
        eventually("50 are under way", || async { model.counts().completions == 50 }).await;
        let read = sidecar.reads_of("openai-api-key");
        secrets(&sidecar, NEW);
        eventually("the new key was read", || async { sidecar.reads_of("openai-api-key") > read + 1 }).await;
        let body = json!({"model": "m", "messages": [{"role": "user", "content": "Go"}]});
        let release = CLIENT.post(format!("{}/chat/completions", at(&model))).bearer_auth(RELEASE).json(&body);
        assert_eq!(answer(release).await.0, 200);
    };
    let (answers, ()) = tokio::join!(all, rotate);
    let replied = answers
        .iter()
        .filter(|(status, reply)| *status == 200 && reply["reply"].as_str().unwrap().starts_with("It is"));
    assert_eq!(replied.count(), 50);
    assert_eq!((model.asked_with(OLD), model.asked_with(NEW)), (100, 0), "each asked twice with the key it began with");

    model.revoke(OLD);
    assert_eq!(chat.say("alice", "Hello").await.0, 200);
    assert_eq!(model.asked_with(NEW), 1);
    assert_eq!((sidecar.violations(), model.violations()), (vec![], vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_not_tried_again_and_other_failures_are() {
    let model = model(KEY);
    let wrong = "sk-test-key-that-is-wrong";
    let failed = (500, json!({"detail": "Workflow failed to complete"}));
    let at_model = at(&model);
    let with = |key| Chat::start(&[("MODEL_BASE_URL", &at_model), ("OPENAI_API_KEY", key)]);

    let chat = with(wrong);
    assert_eq!(chat.say("alice", "Hello").await, failed);
    assert_eq!(model.counts().completions, 1, "401 stays 401");
    assert!(chat.has_logged("401 Unauthorized"));

    let chat = with(KEY);
    for fault in [OpenAi::rate_limited(), OpenAi::failing(), Fault::dropped(), Fault::garbage()] {
        model.inject(fault.times(2));
        assert_eq!(chat.say("alice", "Hello").await.0, 200);
    }
    for fault in [OpenAi::rate_limited(), OpenAi::failing()] {
        let before = model.counts().completions;
        model.inject(fault);
        assert_eq!(chat.say("alice", "Hello").await, failed);
        assert_eq!(model.counts().completions - before, 3, "once, and two tries more");
        model.heal();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_takes_too_long_fails() {
    let model = model(KEY);
    model.inject(Fault::delay(Duration::from_secs(20)));
    let chat = Chat::start(&[("MODEL_BASE_URL", &at(&model)), ("OPENAI_API_KEY", KEY), ("CHAT_TIMEOUT", "300ms")]);
    assert_eq!(chat.say("alice", "Hello").await, (500, json!({"detail": "Workflow failed to complete"})));
    assert!(chat.has_logged("CHAT_TIMEOUT"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_from_the_memory_service_the_user_counts_as_new() {
    let model = model(KEY);
    let sidecar = Dapr::started(); // it knows no memory service
    sidecar.pubsub("pubsub");
    let port = sidecar.port().to_string();
    let variables = [("MODEL_BASE_URL", &*at(&model)), ("DAPR_HTTP_PORT", &port), ("OPENAI_API_KEY", KEY)];
    secrets(&sidecar, KEY);
    let chat = Chat::start(&variables);
    assert_eq!(chat.say("carol", "Hello").await.0, 200);
    let told = system(&model.asked()[0]).to_owned();
    assert!(told.contains("0 messages") && told.contains("carol is a new user."), "{told}");
    assert_eq!(model.asked()[0]["messages"].as_array().unwrap().len(), 2);
    assert!(sidecar.counts().invocations >= 4, "tried once, and three times more");

    // An event that cannot be published for good is a failure of the chat.
    sidecar.inject(Fault::bad_gateway().only(Call::Publish));
    let before = sidecar.counts().publications;
    assert_eq!(chat.say("carol", "Hello").await, (500, json!({"detail": "Workflow failed to complete"})));
    assert_eq!(sidecar.counts().publications - before, 6);
    // One that can be after all is told once.
    sidecar.heal();
    sidecar.inject(Fault::bad_gateway().only(Call::Publish).times(2));
    let before = sidecar.published("pubsub", "messages").len();
    assert_eq!(chat.say("carol", "Hello").await.0, 200);
    assert_eq!(sidecar.published("pubsub", "messages").len() - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_writes_the_summary_of_a_user_anew() {
    let model = model(KEY);
    let at_model = at(&model);
    let settings = move || {
        let mock = MemorySettings::mock().set("database_url", "memory:").set("OPENAI_API_KEY", KEY);
        mock.set("MODEL_BASE_URL", at_model.clone())
    };
    let memory = MemoryService::start(settings).await;
    let chat = Chat::start(&[("MEMORY_SERVICE_URL", &memory.url(""))]);
    let profile = json!({"name": "Alice", "preferred_style": "terse", "user_summary": "Alice likes tea."});
    assert_eq!(memory.post("/memories/alice/initialize", &profile).await, (200, profile));

    assert_eq!(chat.say("alice", "I moved to Oslo").await.1["reply"], "Echo: I moved to Oslo");
    let known = || async { memory.get("/memories/alice").await.1 };
    let is_new = || async { known().await["user_summary"].as_str().unwrap().contains("I moved to Oslo") };
    eventually("the summary is new", is_new).await;
    assert_eq!((&known().await["name"], &known().await["preferred_style"]), (&json!("Alice"), &json!("terse")));
    assert!(model.asked()[0].to_string().contains("Alice likes tea."));
}
