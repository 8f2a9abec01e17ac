//! A service as a process of its own, which logs all that there is to log.
#![allow(dead_code, reason = "no test file uses all of it")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder};
use serde_json::Value;

/// What every secret in these tests has in it, and nothing else may have.
pub(crate) const CANARY: &str = "sk-test-key";

/// Made once, for with TLS in it that takes long. No proxy of this machine stands between.
pub(crate) static CLIENT: LazyLock<Client> = LazyLock::new(|| Client::builder().no_proxy().build().unwrap());

/// The command line of a service in a folder, with these variables and no other of this process.
pub(crate) fn command(program: &str, folder: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).env_clear().env("RUST_LOG", "trace").env("PORT", "0").env("NO_PROXY", "*");
    command.envs(variables.iter().copied());
    command
}

/// The code that a service leaves with by itself, and what it prints, which is no secret.
pub(crate) fn run(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(!text.contains(CANARY), "a secret in what is printed");
    (output.status.code().unwrap(), text)
}

/// A service that runs. When it is dropped, it has logged no secret.
pub(crate) struct Process {
    child: Child,
    output: Arc<Mutex<String>>,
    url: String,
}

impl Process {
    /// Waits until it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let output: Arc<Mutex<String>> = Arc::default();
        let (told, listening) = channel();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        for pipe in [Box::new(stdout) as Box<dyn Read + Send>, Box::new(stderr)] {
            let (output, told) = (Arc::clone(&output), told.clone());
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    if let Some((_, url)) = line.split_once("listening on ") {
                        let _ = told.send(url.to_owned());
                    }
                    output.lock().unwrap().push_str(&(line + "\n"));
                }
            });
        }
        drop(told);
        let url = listening.recv_timeout(Duration::from_secs(30));
        let url = url.unwrap_or_else(|_| panic!("it does not listen:\n{}", output.lock().unwrap()));
        Self { child, output, url }
    }

    pub(crate) fn logs(&self) -> String {
        self.output.lock().unwrap().clone()
    }

    /// Waits for what is logged: the pipe may be behind the answer.
    pub(crate) fn has_logged(&self, text: &str) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while !self.logs().contains(text) {
            if Instant::now() > end {
                return false;
            }
            thread::sleep(Duration::from_millis(10));
        }
        true
    }

    pub(crate) fn request(&self, path: &str) -> RequestBuilder {
        CLIENT.get(format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(CLIENT.post(format!("{}{path}", self.url)).json(body)).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !thread::panicking() {
            let logs = self.output.lock().unwrap();
            assert!(logs.contains(" DEBUG "), "it logs all that there is");
            assert!(!logs.contains(CANARY), "a secret in the log");
        }
    }
}

/// An answer, which holds no secret.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    assert!(!format!("{:?}", response.headers()).contains(CANARY), "a secret in a header");
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert!(!text.contains(CANARY), "a secret in an answer");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Tries until it is so; fails after half a minute.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
