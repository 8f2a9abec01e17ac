//! What can go wrong once the settings are loaded, and what to look at then.

use std::io;
use std::path::PathBuf;

use reqwest::StatusCode;

use crate::model::Model;
use crate::settings::{AgentSettings, KeyOrigin};

/// Why there is no answer. No text holds a key.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// This machine gives no HTTP client.
    #[error("no HTTP client: {0}")]
    Client(String),
    /// The model did not answer.
    #[error("the model at {url} did not answer: {why}")]
    Unreachable {
        /// Where it was asked.
        url: String,
        /// What happened.
        why: String,
    },
    /// The model's endpoint answered with an error.
    #[error("the model at {url} answered {status}{}{said}", if said.is_empty() { "" } else { ": " })]
    Refused {
        /// Where it was asked.
        url: String,
        /// The status of HTTP.
        status: StatusCode,
        /// What it said; empty where that is not to be shown.
        said: String,
    },
    /// The answer is none of the Chat Completions API.
    #[error("what the model at {url} answered is no chat completion")]
    NoMessage {
        /// Where it was asked.
        url: String,
    },
    /// The model said neither a word nor what tool to call.
    #[error("the model answered nothing")]
    Nothing,
    /// The model kept on calling tools.
    #[error("the model called tools {0} times in a row and did not come to an answer")]
    NoEnd(usize),
    /// The MCP gateway cannot be used.
    #[error("the MCP gateway at {url} cannot be used: {why}")]
    Gateway {
        /// Where it was asked.
        url: String,
        /// What happened.
        why: String,
    },
    /// The answer cannot be written down.
    #[error("cannot write to {}: {source}", path.display())]
    Unwritable {
        /// The folder or file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
}

/// What to look at when a run has failed, one line each: gateway, secret, key and network.
pub fn what_to_check(settings: &AgentSettings, origin: &KeyOrigin, model: &Model) -> [String; 4] {
    let gateway = match &settings.mcp_server_url {
        Some(url) => format!("is the MCP gateway up, and does it answer at {url} (MCP_SERVER_URL)?"),
        None => "none is used; MCP_SERVER_URL is not set".to_owned(),
    };
    let secret = match origin {
        KeyOrigin::File(place) => format!("the key is read from {place}; is that the secret that was meant?"),
        KeyOrigin::Environment(place) => format!("the key is read from {place}; a secret file would be preferred"),
        KeyOrigin::Nowhere => {
            "no usable key in /run/secrets/openai_api_key, OPENAI_API_KEY_FILE or OPENAI_API_KEY; `research-agent \
             settings check` shows what was found there"
                .to_owned()
        }
    };
    let key = match origin {
        KeyOrigin::Nowhere => "none is needed for the local model".to_owned(),
        _ => format!("is it valid, has it credit, and may it use {}?", model.name()),
    };
    let network = format!("can {} be reached from here?", model.url());
    [
        format!("gateway: {gateway}"),
        format!("secret:  {secret}"),
        format!("key:     {key}"),
        format!("network: {network}"),
    ]
}
