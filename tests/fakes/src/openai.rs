//! A model behind OpenAI's protocol, as far as chat completions go: <https://platform.openai.com/docs/api-reference/chat>.

use std::collections::BTreeSet;
use std::sync::Mutex;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::message::{Answer, Request};
use crate::record::{Call, Visit, lock};
use crate::server::{Fake, Refusal, Service};

/// A model that asks for a key, and refuses what OpenAI refuses.
///
/// It repeats what it is told: `You said: ..`. Asked for the time, it calls the tool `get_current_time` when there is one,
/// and tells what that gave. No key is right until it [accepts](Fake::accept) one.
///
/// ```
/// # use fake_stores::OpenAi;
/// # use serde_json::{Value, json};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let model = OpenAi::started();
/// model.accept("sk-test-key");
///
/// let body = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]});
/// let url = format!("{}/v1/chat/completions", model.url());
/// let ask = reqwest::Client::new().post(url).header("content-type", "application/json").bearer_auth("sk-test-key");
/// let answer: Value = serde_json::from_str(&ask.body(body.to_string()).send().await?.text().await?)?;
/// assert_eq!(answer["choices"][0]["message"]["content"], "You said: Hello");
/// assert_eq!(model.asked_with("sk-test-key"), 1);
/// # Ok(())
/// # }
/// ```
pub type OpenAi = Fake<Completions>;

/// What the model knows.
#[derive(Default)]
pub struct Completions(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    keys: BTreeSet<String>,
    asked: Vec<(String, Value)>,
}

impl Fake<Completions> {
    /// Lets this key ask.
    pub fn accept(&self, key: &str) {
        lock(&self.service.0).keys.insert(key.to_owned());
    }

    /// Lets this key ask no more.
    pub fn revoke(&self, key: &str) {
        lock(&self.service.0).keys.remove(key);
    }

    /// The questions that were answered, each as its JSON.
    pub fn asked(&self) -> Vec<Value> {
        lock(&self.service.0).asked.iter().map(|(_, body)| body.clone()).collect()
    }

    /// How many questions were answered to those who had this key.
    pub fn asked_with(&self, key: &str) -> usize {
        lock(&self.service.0).asked.iter().filter(|(with, _)| with == key).count()
    }

    /// Too many questions: status 429.
    pub fn rate_limited() -> Fault {
        Fault::instead(error(429, "Rate limit reached", "rate_limit_exceeded"))
    }

    /// A failure of the model: status 500.
    pub fn failing() -> Fault {
        Fault::instead(error(500, "The server had an error while processing your request", "server_error"))
    }
}

/// A question that is in order, and the key that came with it.
pub struct Asked {
    key: Option<String>,
    body: Value,
}

impl Service for Completions {
    type Asked = Asked;

    fn admit(&self, request: &Request) -> Result<(Visit, Asked), Refusal> {
        let refused =
            |status, why: &str| Refusal { answer: error(status, why, "invalid_request_error"), why: why.to_owned() };
        if request.path() != "/v1/chat/completions" {
            return Err(refused(404, "no such route"));
        }
        if request.method != Method::POST {
            return Err(refused(405, "not a POST"));
        }
        if !request.is_json() {
            return Err(refused(400, "a body that is not said to be JSON"));
        }
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| refused(400, "a body that is not JSON"))?;
        check(&body).map_err(|why| refused(400, why))?;
        let key = request.header("authorization").and_then(|header| header.strip_prefix("Bearer ")).map(str::to_owned);
        Ok((Visit::new(Call::Completion, None), Asked { key, body }))
    }

    async fn answer(&self, Asked { key, body }: Asked) -> Answer {
        let mut inner = lock(&self.0);
        // OpenAI shows the ends of a wrong key; this shows all of it, to see that it goes no further.
        let Some(key) = key.filter(|key| !key.is_empty()) else {
            return error(401, "You didn't provide an API key.", "invalid_request_error");
        };
        if !inner.keys.contains(&key) {
            return error(401, &format!("Incorrect API key provided: {key}."), "invalid_api_key");
        }
        let answer = Answer::json(StatusCode::OK, &completion(&body));
        inner.asked.push((key, body));
        answer
    }
}

/// What is wrong with a question.
fn check(body: &Value) -> Result<(), &'static str> {
    if body["model"].as_str().is_none_or(str::is_empty) {
        return Err("no model");
    }
    let messages = body["messages"].as_array().filter(|messages| !messages.is_empty()).ok_or("no messages")?;
    let mut open_calls: Vec<&str> = Vec::new();
    for message in messages {
        let has_text = message["content"].is_string();
        let role = message["role"].as_str().unwrap_or_default();
        if role != "tool" && !open_calls.is_empty() {
            return Err("a call of a tool without its result");
        }
        match role {
            "system" | "developer" | "user" if has_text => {}
            "assistant" if has_text || message["tool_calls"].is_array() => {
                let calls = message["tool_calls"].as_array().into_iter().flatten();
                open_calls.extend(calls.filter_map(|call| call["id"].as_str()));
            }
            "tool" if has_text => {
                let call = message["tool_call_id"].as_str();
                let known = open_calls.iter().position(|open| Some(*open) == call);
                open_calls.swap_remove(known.ok_or("a result of a tool that was not called")?);
            }
            _ => return Err("a message without text, or of a role that there is not"),
        }
    }
    if !open_calls.is_empty() {
        return Err("a call of a tool without its result");
    }
    let Some(tools) = body.get("tools") else { return Ok(()) };
    let tools = tools.as_array().filter(|tools| !tools.is_empty()).ok_or("tools that are no list, or an empty one")?;
    let is_function = |tool: &Value| {
        tool["type"] == "function" && tool["function"]["name"].is_string() && tool["function"]["parameters"].is_object()
    };
    if tools.iter().all(is_function) { Ok(()) } else { Err("a tool that is no function") }
}

const TIME: &str = "get_current_time";

fn completion(body: &Value) -> Value {
    let last = body["messages"].as_array().and_then(|messages| messages.last()).unwrap_or(&Value::Null);
    let text = last["content"].as_str().unwrap_or_default();
    let knows_time = body["tools"].as_array().into_iter().flatten().any(|tool| tool["function"]["name"] == TIME);
    let (message, reason) = if last["role"] == "tool" {
        (json!({"role": "assistant", "content": format!("It is {text}."), "refusal": null}), "stop")
    } else if knows_time && text.to_lowercase().contains("what time") {
        let call = json!({"id": "call_1", "type": "function", "function": {"name": TIME, "arguments": "{}"}});
        (json!({"role": "assistant", "content": null, "refusal": null, "tool_calls": [call]}), "tool_calls")
    } else {
        (json!({"role": "assistant", "content": format!("You said: {text}"), "refusal": null}), "stop")
    };
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": reason}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    })
}

/// An error as OpenAI writes it.
#[expect(clippy::expect_used, reason = "the statuses stand in this file")]
fn error(status: u16, message: &str, code: &str) -> Answer {
    let body = json!({"error": {"message": message, "type": code, "param": null, "code": code}});
    Answer::json(StatusCode::from_u16(status).expect("a status of HTTP"), &body)
}
