//! What the agent can be told, and where its key comes from.

use std::path::PathBuf;
use std::time::Duration;

use settings_core::report::Warning;
use settings_core::{Loader, Report, Row, SecretString, Settings};

/// A command-line agent that answers one question and keeps the answer as a Markdown file.
#[derive(Settings)]
pub struct AgentSettings {
    /// What to find out.
    #[setting(default = "Define Machine Learning")]
    pub question: String,
    /// Key of the OpenAI account that answers. Without one a local model does. A secret file is preferred: the environment
    /// is inherited by child processes and shown by `docker inspect`.
    #[secret(
        source = [docker, env],
        format = openai,
        placeholders = ["sk-test-dummy-key-for-learning", "sk-insecure"]
    )]
    pub openai_api_key: Option<SecretString>,
    /// The model that answers when there is a key.
    #[setting(default = "gpt-4o-mini", min_len = 1)]
    pub openai_model_name: String,
    /// Where OpenAI's API is. The key is sent there, so it takes https, or http to this machine.
    #[setting(default = "https://api.openai.com/v1", validate = takes_keys)]
    pub openai_base_url: String,
    /// Where the local model is; Docker's Model Runner by default.
    #[setting(default = "http://model-runner.docker.internal/engines/llama.cpp/v1", validate = is_url)]
    pub model_runner_url: String,
    /// The local model.
    #[setting(default = "ai/gemma3:1B-Q4_K_M", min_len = 1)]
    pub model_runner_model: String,
    /// An MCP gateway by streamable HTTP, whose tools the model may call.
    #[setting(example = "http://mcp-gateway:8811/mcp", validate = is_url)]
    pub mcp_server_url: Option<String>,
    /// The folder that answers are written to; made when it is not there.
    #[setting(default = "research")]
    pub research_dir: PathBuf,
    /// How long one answer of the model, or of a tool, may take.
    #[setting(default = "120s", range = Duration::from_secs(1)..=Duration::from_secs(3600))]
    pub request_timeout: Duration,
}

/// Where the key was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyOrigin {
    /// In a secret file: its path.
    File(String),
    /// In the environment or a .env file: the variable, or the file with line and column.
    Environment(String),
    /// Nowhere.
    Nowhere,
}

/// What a load gives.
pub struct Loaded {
    /// The settings.
    pub settings: AgentSettings,
    /// Where the key was found.
    pub origin: KeyOrigin,
    /// What did not stop the load and is worth a look, such as a placeholder that was passed over.
    pub warnings: Vec<Warning>,
}

/// Loads the settings, and tells where the key comes from.
///
/// # Errors
///
/// The report of a load that failed.
pub fn load(loader: impl Fn() -> Loader<AgentSettings>) -> Result<Loaded, Report> {
    let (settings, warnings) = loader().load_with_warnings_blocking()?;
    let explanation = loader().explain_blocking()?;
    let row = explanation.rows().iter().find(|row| row.path() == "openai_api_key");
    let origin = match row.filter(|_| settings.openai_api_key.is_some()) {
        Some(row) => origin(row),
        None => KeyOrigin::Nowhere,
    };
    Ok(Loaded { settings, origin, warnings })
}

fn origin(row: &Row) -> KeyOrigin {
    let place = row.place().to_owned();
    if row.layer() == "docker" { KeyOrigin::File(place) } else { KeyOrigin::Environment(place) }
}

fn is_url(text: &str) -> Result<(), &'static str> {
    match reqwest::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        _ => Err("expected an address that begins with http:// or https://"),
    }
}

fn takes_keys(text: &str) -> Result<(), &'static str> {
    is_url(text)?;
    let url = reqwest::Url::parse(text).ok();
    let host = url.as_ref().and_then(reqwest::Url::host_str).unwrap_or_default();
    let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if here || text.starts_with("https://") { Ok(()) } else { Err("a key goes over https only, or to this machine") }
}
