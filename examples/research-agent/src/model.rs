//! The model that answers: which one, and one request to it in OpenAI's Chat Completions API.

use reqwest::{Client, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use settings_core::{ExposeSecret, SecretString};

use crate::failure::Failure;
use crate::settings::{AgentSettings, KeyOrigin};

/// What a local model is sent for a key; none of them looks at it.
const NO_KEY: &str = "sk-insecure";

/// A model behind an OpenAI-compatible endpoint.
pub struct Model {
    client: Client,
    url: String,
    name: String,
    key: SecretString,
    why: String,
}

impl Model {
    /// OpenAI's where there is a key, else the local one.
    ///
    /// # Errors
    ///
    /// When this machine gives no HTTP client.
    pub fn choose(settings: &AgentSettings, origin: &KeyOrigin) -> Result<Self, Failure> {
        let (url, name, key) = match &settings.openai_api_key {
            Some(key) => (&settings.openai_base_url, &settings.openai_model_name, key.clone()),
            None => (&settings.model_runner_url, &settings.model_runner_model, NO_KEY.into()),
        };
        let why = match origin {
            KeyOrigin::File(place) => format!("OPENAI_API_KEY is in the secret file {place}"),
            KeyOrigin::Environment(place) => format!("OPENAI_API_KEY is in the environment ({place})"),
            KeyOrigin::Nowhere => "neither a secret file nor the environment has a usable OPENAI_API_KEY".to_owned(),
        };
        // A redirect would take the question elsewhere.
        let client = Client::builder().timeout(settings.request_timeout).redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(|error| Failure::Client(chain(&error)))?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), name: name.clone(), key, why })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is asked.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Why it is this one.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// What the model says next.
    ///
    /// # Errors
    ///
    /// When it cannot be reached, refuses, or answers something else than a message.
    pub async fn reply(&self, messages: &[Message], tools: &[Value]) -> Result<Reply, Failure> {
        let body = Request { model: &self.name, messages, tools };
        let request = self.client.post(format!("{}/chat/completions", self.url)).json(&body);
        let request = request.bearer_auth(self.key.expose_secret()); // EXPOSE: sent to the endpoint that it is for
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        if !response.status().is_success() {
            return Err(self.refused(response).await);
        }
        let text = response.text().await.map_err(|error| self.unreachable(&error))?;
        let completion: Result<Completion, _> = serde_json::from_str(&text);
        let first = completion.ok().and_then(|completion| completion.choices.into_iter().next());
        first.map(|choice| choice.message).ok_or_else(|| Failure::NoMessage { url: self.url.clone() })
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        Failure::Unreachable { url: self.url.clone(), why: chain(error) }
    }

    /// An endpoint that refuses a key may quote it, so that what it says then is left out.
    async fn refused(&self, response: Response) -> Failure {
        let status = response.status();
        let refuses_key = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        let body = if refuses_key { None } else { response.json::<Refusal>().await.ok() };
        let key = self.key.expose_secret(); // EXPOSE: looked for in what is to be shown
        let said = body.map(|body| body.error.message).filter(|said| !said.contains(key)).unwrap_or_default();
        Failure::Refused { url: self.url.clone(), status, said: said.chars().take(300).collect() }
    }
}

/// The error with what is behind it, which reqwest's own text leaves out.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[derive(Serialize)]
struct Request<'r> {
    model: &'r str,
    messages: &'r [Message],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tools: &'r [Value],
}

/// A part of the conversation, in the form of the API.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub enum Message {
    /// What the model is to do.
    System {
        /// The text.
        content: String,
    },
    /// The question.
    User {
        /// The text.
        content: String,
    },
    /// What the model said before.
    Assistant(Reply),
    /// What a tool that the model called gave.
    Tool {
        /// Which call it answers.
        tool_call_id: String,
        /// The text.
        content: String,
    },
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Reply,
}

/// What the model said: text, tools to call, or both.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    /// The text.
    pub content: Option<String>,
    /// The tools.
    #[serde(default, deserialize_with = "null_is_empty", skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
}

fn null_is_empty<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<ToolCall>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A tool that the model wants called.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ToolCall {
    /// What the result is to be sent back under.
    pub id: String,
    /// Always `function`; some local models leave it out.
    #[serde(rename = "type", default = "function")]
    pub kind: String,
    /// What to call.
    pub function: Function,
}

fn function() -> String {
    "function".to_owned()
}

/// A tool's name with its arguments.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Function {
    /// The tool.
    pub name: String,
    /// A JSON object as text.
    pub arguments: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: RefusalError,
}

#[derive(Deserialize)]
struct RefusalError {
    message: String,
}
