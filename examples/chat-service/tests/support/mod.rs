//! The chat service as a process of its own, and what it talks to within the test.
#![allow(dead_code, reason = "no test file uses all of it")]

use std::io::{BufRead, BufReader, Read};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use fake_stores::OpenAi;
use memory_service::{Memory, MemorySettings, Store};
use reqwest::Client;
use serde_json::{Value, json};
use settings_core::Settings;
use settings_core::testing::Mock;
use tempfile::TempDir;
use tokio::net::TcpListener;

/// What every key in these tests has in it, and nothing else may have.
pub(crate) const CANARY: &str = "sk-test-key";

/// Made once, for with TLS in it that takes long. No proxy of this machine stands between.
pub(crate) static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::builder().no_proxy().build().unwrap());

/// A model that takes one key.
pub(crate) fn model(key: &str) -> OpenAi {
    let model = OpenAi::started();
    model.accept(key);
    model
}

/// The service with these variables, and no other. When it is dropped, it has logged no key.
pub(crate) struct Chat {
    child: Child,
    folder: TempDir,
    output: Arc<Mutex<String>>,
    url: String,
}

/// The command line of the service, in a folder of its own: it logs all that there is to log.
pub(crate) fn command(folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-service"));
    let quick = ["FETCH_RETRY_DELAY", "REPLY_RETRY_DELAY", "PUBLISH_RETRY_DELAY"].map(|name| (name, "50ms"));
    command.current_dir(folder).env_clear().env("RUST_LOG", "trace").env("PORT", "0").env("NO_PROXY", "*");
    command.envs(quick).envs(variables.iter().copied());
    command
}

impl Chat {
    pub(crate) fn start(variables: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), variables)
    }

    pub(crate) fn start_in(folder: TempDir, variables: &[(&str, &str)]) -> Self {
        let mut child =
            command(folder.path(), variables).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output = Arc::default();
        let (told, listening) = channel();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for pipe in [Box::new(stdout) as Box<dyn Read + Send>, Box::new(stderr)] {
            let (output, told) = (Arc::clone(&output), told.clone());
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if let Some((_, url)) = line.split_once("listening on ") {
                        let _ = told.send(url.to_owned());
                    }
                    keep(&output, &line);
                }
            });
        }
        drop(told);
        let url = wait_for_url(&listening, &output);
        Self { child, folder, output, url }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn logs(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(CLIENT.get(format!("{}{path}", self.url))).await
    }

    pub(crate) async fn post(&self, body: &Value) -> (u16, Value) {
        answer(CLIENT.post(format!("{}/chat/", self.url)).json(body)).await
    }

    /// What a user is replied.
    pub(crate) async fn say(&self, user_id: &str, text: &str) -> (u16, Value) {
        self.post(&json!({"user_id": user_id, "text": text})).await
    }

    pub(crate) fn request(&self, path: &str) -> reqwest::RequestBuilder {
        CLIENT.get(format!("{}{path}", self.url))
    }
}

fn keep(output: &Mutex<String>, line: &str) {
    let mut output = output.lock().unwrap();
    output.push_str(line);
    output.push('\n');
}

fn wait_for_url(listening: &Receiver<String>, output: &Mutex<String>) -> String {
    listening
        .recv_timeout(Duration::from_secs(30))
        .unwrap_or_else(|_| panic!("it does not listen:\n{}", output.lock().unwrap()))
}

/// An answer, which holds no key.
pub(crate) async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    assert!(!format!("{:?}", response.headers()).contains(CANARY));
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert!(!text.contains(CANARY), "a key in an answer");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

impl Drop for Chat {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !thread::panicking() {
            let logs = self.output.lock().unwrap();
            assert!(logs.contains(" DEBUG "), "it logs all that there is");
            assert!(!logs.contains(CANARY), "a key in the log");
        }
    }
}

/// The memory service within the test, with these settings and a store that does not last; gives its port.
pub(crate) async fn memory(settings: impl Fn() -> Mock<MemorySettings> + Clone + Send + Sync + 'static) -> u16 {
    let http = CLIENT.clone();
    let opened = settings().build().unwrap();
    let memory = Memory::new(Store::open(&opened, http.clone()).unwrap(), http);
    let scoped = from_fn(move |request: Request, next: Next| settings().scope(next.run(request)));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let router = memory_service::router(memory).layer(scoped);
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

/// The memory service without a sidecar and without a model.
pub(crate) async fn plain_memory() -> u16 {
    memory(|| MemorySettings::mock().set("database_url", "memory:")).await
}

/// Tries until it is so; fails after ten seconds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < Duration::from_secs(10), "not within 10 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
