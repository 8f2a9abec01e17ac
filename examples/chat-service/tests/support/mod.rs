//! The chat service, and what it talks to within the test.
#![allow(dead_code, unused_imports, reason = "no test file uses all of it")]

mod logs;
mod process;

use std::net::Ipv4Addr;
use std::process::Command;
use std::thread;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use fake_stores::OpenAi;
use memory_service::{Memory, MemorySettings, Store};
use serde_json::{Value, json};
use settings_core::Settings;
use settings_core::testing::Mock;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) use self::process::{CLIENT, answer, eventually, run};
use self::process::{Process, command};

/// A model that takes one key.
pub(crate) fn model(key: &str) -> OpenAi {
    let model = OpenAi::started();
    model.accept(key);
    model
}

/// The service, in a folder of its own.
pub(crate) struct Chat {
    process: Process,
    _folder: TempDir,
}

/// The command line of the service: with these variables it does not wait long before it tries again.
pub(crate) fn chat_command(folder: &TempDir, variables: &[(&str, &str)]) -> Command {
    let mut command = command(env!("CARGO_BIN_EXE_chat-service"), folder.path(), variables);
    command.envs(["FETCH_RETRY_DELAY", "REPLY_RETRY_DELAY", "PUBLISH_RETRY_DELAY"].map(|name| (name, "50ms")));
    command
}

impl Chat {
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), variables)
    }

    pub(crate) fn start_in(folder: TempDir, variables: &[(&str, &str)]) -> Self {
        Self { process: Process::start(chat_command(&folder, variables)), _folder: folder }
    }

    pub(crate) fn has_logged(&self, text: &str) -> bool {
        self.process.has_logged(text)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.process.get(path).await
    }

    pub(crate) fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.process.request(path)
    }

    pub(crate) async fn post(&self, body: &Value) -> (u16, Value) {
        self.process.post("/chat/", body).await
    }

    /// What a user is replied.
    pub(crate) async fn say(&self, user_id: &str, text: &str) -> (u16, Value) {
        self.post(&json!({"user_id": user_id, "text": text})).await
    }
}

/// The memory service within the test. When it is dropped, all that was logged in this process holds no secret.
pub(crate) struct MemoryService {
    pub(crate) port: u16,
}

impl MemoryService {
    /// With these settings, and a store that does not last.
    pub(crate) async fn start(settings: impl Fn() -> Mock<MemorySettings> + Clone + Send + Sync + 'static) -> Self {
        logs::listen();
        let http = CLIENT.clone();
        let opened = settings().build().unwrap();
        let memory = Memory::new(Store::open(&opened, http.clone()).unwrap(), http);
        let scoped = from_fn(move |request: Request, next: Next| settings().scope(next.run(request)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = memory_service::router(memory).layer(scoped);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { port }
    }

    /// Without a sidecar and without a model.
    pub(crate) async fn plain() -> Self {
        Self::start(|| MemorySettings::mock().set("database_url", "memory:")).await
    }

    /// An address of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(CLIENT.get(self.url(path))).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(CLIENT.post(self.url(path)).json(body)).await
    }
}

impl Drop for MemoryService {
    fn drop(&mut self) {
        if !thread::panicking() {
            logs::hold_no_secret();
        }
    }
}
