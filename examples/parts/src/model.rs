//! The model that answers: any that speaks OpenAI's protocol, or an echo.

use reqwest::Client;
use serde::{Deserialize, Serialize};
use settings_core::{ExposeSecret, SecretString, Settings};
use url::{Host, Url};

use crate::call::{self, Failed, below, is_private};

const OPENAI: &str = "https://api.openai.com/v1";
const GEMINI: &str = "https://generativelanguage.googleapis.com/v1beta/openai";

/// Where a service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// On somebody's laptop.
    Dev,
    /// Where it is tried out.
    Staging,
    /// Where it counts.
    Production,
}

/// The model that answers.
///
/// Where its keys come from is configuration alone: each is looked for in every place that `source` names, and a place that
/// is not configured is passed over.
#[derive(Settings)]
pub struct Model {
    /// Name of the model. Unset: gpt-4o-mini, or gemini-2.5-flash where Gemini answers.
    #[setting(env = "MODEL_NAME", example = "gpt-4o-mini")]
    pub name: Option<String>,
    /// Address of an endpoint that speaks OpenAI's protocol. Unset: OpenAI when its key is there, else Gemini when that key
    /// is, else, with ENVIRONMENT=dev, an echo.
    #[setting(env = "MODEL_BASE_URL", validate = call::is_http, example = "http://localhost:11434/v1")]
    pub base_url: Option<Url>,
    /// Key of the OpenAI account, or for the endpoint of MODEL_BASE_URL.
    #[secret(
        env = "OPENAI_API_KEY",
        format = openai,
        source = [
            env, docker,
            dapr("openai-api-key", store = "secretstore"),
            azure("openai-api-key"), aws, gcp("openai-api-key"), vault,
        ]
    )]
    pub openai_api_key: Option<SecretString>,
    /// Key of the Gemini account.
    #[secret(
        env = "GEMINI_API_KEY",
        format = gemini,
        source = [
            env, docker,
            dapr("gemini-api-key", store = "secretstore"),
            azure("gemini-api-key"), aws, gcp("gemini-api-key"), vault,
        ]
    )]
    pub gemini_api_key: Option<SecretString>,
}

/// Who answers, as the settings have it.
#[derive(Debug, Clone)]
pub enum Provider<'s> {
    /// An endpoint that speaks OpenAI's protocol.
    Endpoint {
        /// Its address.
        url: Url,
        /// The name of the model.
        model: &'s str,
        /// The key that it is sent.
        key: Option<&'s SecretString>,
    },
    /// Nobody: what was said comes back.
    Echo,
}

impl Model {
    /// Who answers. As a check of the settings it says what is missing for anybody to answer.
    ///
    /// # Errors
    ///
    /// A key that is needed is missing, or would go over the network in the open.
    pub fn provider(&self, environment: Environment) -> Result<Provider<'_>, &'static str> {
        let (openai, gemini) = (self.openai_api_key.as_ref(), self.gemini_api_key.as_ref());
        match (&self.base_url, openai, gemini) {
            (Some(url), ..) => self.at(url),
            (None, Some(key), _) => Ok(self.endpoint(OPENAI, Some(key))?),
            (None, None, Some(key)) => Ok(self.endpoint(GEMINI, Some(key))?),
            (None, None, None) if environment == Environment::Dev => Ok(Provider::Echo),
            (None, None, None) => {
                Err("no model can answer: set OPENAI_API_KEY or GEMINI_API_KEY, or MODEL_BASE_URL to a model \
                                       of your own; an echo answers with ENVIRONMENT=dev alone")
            }
        }
    }

    fn at(&self, url: &Url) -> Result<Provider<'_>, &'static str> {
        let (key, missing) = if is_gemini(url) {
            (&self.gemini_api_key, "MODEL_BASE_URL is Gemini's, which wants a key: set GEMINI_API_KEY")
        } else {
            (
                &self.openai_api_key,
                "MODEL_BASE_URL is not of this machine or network, so it wants a key: set OPENAI_API_KEY",
            )
        };
        match key {
            None if is_near(url) => self.endpoint(url.as_str(), None),
            None => Err(missing),
            Some(key) if is_private(url) => self.endpoint(url.as_str(), Some(key)),
            // A key goes over TLS, or nowhere.
            Some(_) if is_near(url) => self.endpoint(url.as_str(), None),
            Some(_) => Err("MODEL_BASE_URL would send the key in the open: it has to begin with https://"),
        }
    }

    fn endpoint<'s>(&'s self, url: &str, key: Option<&'s SecretString>) -> Result<Provider<'s>, &'static str> {
        let url = Url::parse(url).map_err(|_| "MODEL_BASE_URL is no address")?;
        let otherwise = if is_gemini(&url) { "gemini-2.5-flash" } else { "gpt-4o-mini" };
        Ok(Provider::Endpoint { url, model: self.name.as_deref().unwrap_or(otherwise), key })
    }
}

fn is_gemini(url: &Url) -> bool {
    url.host_str() == Some("generativelanguage.googleapis.com")
}

/// Of this machine or of its network: a name without a dot, as containers have, or one that no public name server knows.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let private = [".localhost", ".local", ".internal", ".svc"];
            !name.contains('.') || private.iter().any(|end| name.ends_with(end))
        }
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        None => false,
    }
}

/// Something said, as OpenAI's protocol has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    role: Role,
    #[serde(default)]
    content: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    System,
    User,
    Assistant,
    Tool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct ToolCall {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    function: FunctionCall,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct FunctionCall {
    name: String,
    arguments: String,
}

impl Message {
    /// What the model has to know first.
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, text)
    }

    /// What the user says.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, text)
    }

    /// What the model said.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, text)
    }

    fn result_of(call: &ToolCall, text: String) -> Self {
        Self { tool_call_id: Some(call.id.clone()), ..Self::new(Role::Tool, text) }
    }

    fn new(role: Role, text: impl Into<String>) -> Self {
        Self { role, content: Some(text.into()), tool_calls: Vec::new(), tool_call_id: None }
    }
}

/// Something that the model may ask for while it thinks about its answer.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// The name by which the model asks for it.
    pub name: &'static str,
    /// What it is good for.
    pub description: &'static str,
    /// What it gives.
    pub run: fn() -> String,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
}

/// A model may ask for tools so often before it has to answer.
const ROUNDS: usize = 4;

impl Provider<'_> {
    /// What the model says next.
    ///
    /// # Errors
    ///
    /// When the endpoint does not answer, refuses, or says nothing.
    pub async fn reply(&self, http: &Client, mut messages: Vec<Message>, tools: &[Tool]) -> Result<String, Failed> {
        let Self::Endpoint { url, model, key } = self else {
            let said = messages.iter().rev().find_map(|message| message.content.as_deref());
            return Ok(format!("Echo: {}", said.unwrap_or_default()));
        };
        let url = below(url, ["chat", "completions"]);
        for _ in 0..ROUNDS {
            let mut body = serde_json::json!({ "model": model, "messages": messages });
            if !tools.is_empty() {
                body["tools"] = tools.iter().map(describe).collect();
            }
            let request = http.post(url.clone()).json(&body);
            let request = match key {
                Some(key) => request.bearer_auth(key.expose_secret()), // EXPOSE: the header of the request
                None => request,
            };
            let completion: Completion = call::fetch(request).await?;
            let said = completion.choices.into_iter().next().ok_or(Failed::Malformed)?.message;
            if said.tool_calls.is_empty() {
                return said.content.filter(|text| !text.is_empty()).ok_or(Failed::Malformed);
            }
            let results: Vec<Message> =
                said.tool_calls.iter().map(|call| Message::result_of(call, run(call, tools))).collect();
            messages.push(said);
            messages.extend(results);
        }
        Err(Failed::Malformed)
    }
}

fn run(call: &ToolCall, tools: &[Tool]) -> String {
    match tools.iter().find(|tool| tool.name == call.function.name) {
        Some(tool) => (tool.run)(),
        None => "there is no such tool".to_owned(),
    }
}

/// A tool as the protocol has it.
fn describe(tool: &Tool) -> serde_json::Value {
    serde_json::json!({
        "type": "function",
        "function": {
            "name": tool.name,
            "description": tool.description,
            "parameters": { "type": "object", "properties": {} },
        },
    })
}
