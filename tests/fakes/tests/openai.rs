//! The model, asked by plain HTTP as applications ask it.
#![cfg(feature = "openai")]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use fake_stores::OpenAi;
use reqwest::Client;
use serde_json::{Value, json};

const KEY: &str = "sk-test-key";

async fn ask(model: &OpenAi, key: Option<&str>, body: &Value) -> (u16, Value) {
    let client = Client::builder().no_proxy().build().unwrap();
    let request =
        client.post(format!("{}/v1/chat/completions", model.url())).header("content-type", "application/json");
    let request = match key {
        Some(key) => request.bearer_auth(key),
        None => request,
    };
    let response = request.body(body.to_string()).send().await.unwrap();
    (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

fn question(messages: &Value) -> Value {
    json!({"model": "gpt-4o-mini", "messages": messages})
}

#[tokio::test]
async fn only_a_key_that_it_knows_is_answered() {
    let model = OpenAi::started();
    let hello = question(&json!([{"role": "user", "content": "Hello"}]));
    assert_eq!(ask(&model, None, &hello).await.0, 401);
    assert_eq!(ask(&model, Some(KEY), &hello).await.0, 401);
    model.accept(KEY);
    let (status, answer) = ask(&model, Some(KEY), &hello).await;
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("You said: Hello")));
    model.revoke(KEY);
    assert_eq!(ask(&model, Some(KEY), &hello).await.0, 401);
    assert_eq!((model.asked_with(KEY), model.counts().completions, model.violations()), (1, 4, vec![]));
}

#[tokio::test]
async fn what_openai_refuses_is_refused() {
    let model = OpenAi::started();
    model.accept(KEY);
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let user = json!({"role": "user", "content": "What time is it?"});
    let called = json!({"role": "assistant", "content": null, "tool_calls": [call]});
    let wrong = [
        json!({"messages": [user]}),
        question(&json!([])),
        question(&json!([{"role": "user"}])),
        question(&json!([{"role": "robot", "content": "Hello"}])),
        question(&json!([user, called])),
        question(&json!([user, called, user])),
        question(&json!([user, {"role": "tool", "tool_call_id": "call_1", "content": "noon"}])),
        json!({"model": "m", "messages": [user], "tools": []}),
        json!({"model": "m", "messages": [user], "tools": [{"type": "function", "function": {"name": "f"}}]}),
    ];
    for (number, body) in wrong.iter().enumerate() {
        assert_eq!(ask(&model, Some(KEY), body).await.0, 400, "{body}");
        assert_eq!(model.violations().len(), number + 1);
    }
    let result = json!({"role": "tool", "tool_call_id": "call_1", "content": "noon"});
    let (status, answer) = ask(&model, Some(KEY), &question(&json!([user, called, result]))).await;
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("It is noon.")));
}
