//! A model within the test's process, and the agent as a child process with an environment of its own.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "not every test needs all of it")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A request that a model got.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The header `Authorization`.
    pub(crate) authorization: String,
    /// The body.
    pub(crate) body: Value,
}

impl Asked {
    /// The result of the last tool that was called, once there is one.
    pub(crate) fn tool_result(&self) -> Option<&str> {
        let last = self.body["messages"].as_array()?.last()?;
        (last["role"] == "tool").then(|| last["content"].as_str())?
    }

    /// The question.
    pub(crate) fn question(&self) -> String {
        self.body["messages"][1]["content"].as_str().unwrap().to_owned()
    }
}

/// An OpenAI-compatible endpoint on a free port of this machine.
pub(crate) struct ModelServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl ModelServer {
    /// A server whose every answer is made by `answer`.
    pub(crate) fn start(answer: impl Fn(&Asked) -> (u16, Value) + Clone + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&asked);
        let handler = async move |headers: HeaderMap, axum::Json(body): axum::Json<Value>| {
            let authorization = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
            let asked = Asked { authorization: authorization.unwrap_or_default(), body };
            record.lock().unwrap().push(asked.clone());
            // It may wait for the test, as no task of a runtime should.
            let (status, body) = tokio::task::spawn_blocking(move || answer(&asked)).await.unwrap();
            (StatusCode::from_u16(status).unwrap(), axum::Json(body))
        };
        Self { address: serve(Router::new().route("/v1/chat/completions", post(handler))), asked }
    }

    /// A server that answers every question at once, and calls no tool.
    pub(crate) fn answering(text: &'static str) -> Self {
        Self::start(move |_| (200, says(text)))
    }

    /// A server that has every question saved as the topic, and then answers.
    pub(crate) fn saving(text: &'static str) -> Self {
        Self::start(move |asked| match asked.tool_result() {
            Some(_) => (200, says(text)),
            None => (200, calls("save_research", &json!({"topic": asked.question(), "content": text}))),
        })
    }

    /// Its base address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// What it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// Serves on a free port until the test ends.
pub(crate) fn serve(router: Router) -> SocketAddr {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            send.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
    });
    receive.recv().unwrap()
}

/// The completion of a model that says something.
pub(crate) fn says(text: &str) -> Value {
    json!({"choices": [{"message": {"role": "assistant", "content": text, "tool_calls": null}}]})
}

/// The completion of a model that calls a tool.
pub(crate) fn calls(tool: &str, arguments: &Value) -> Value {
    let function = json!({"name": tool, "arguments": arguments.to_string()});
    let call = json!({"id": "call_1", "type": "function", "function": function});
    json!({"choices": [{"message": {"role": "assistant", "content": null, "tool_calls": [call]}}]})
}

/// A folder to run the agent in, with one for secret files.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("secrets")).unwrap();
        Self { directory }
    }

    /// A place with this text in the secret file `openai_api_key`.
    pub(crate) fn with_key(text: &str) -> Self {
        let place = Self::new();
        // A file that others may read is warned of.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(place.key()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.path().join("secrets")
    }

    /// Where the secret file is.
    pub(crate) fn key(&self) -> PathBuf {
        self.secrets().join("openai_api_key")
    }

    /// The agent, with nothing in its environment.
    pub(crate) fn agent(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_research-agent"));
        command.env_clear().current_dir(self.path()).arg("--secrets-dir").arg(self.secrets());
        command
    }

    /// The files that were written, with their texts.
    pub(crate) fn research(&self) -> Vec<(String, String)> {
        let Ok(entries) = fs::read_dir(self.path().join("research")) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        paths.map(|path| (name(&path), fs::read_to_string(path).unwrap())).collect()
    }
}

/// What a child process wrote, as text.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}
