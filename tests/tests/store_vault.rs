//! The store `vault` against a real server: OpenBao in development mode.
#![cfg(feature = "vault")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use settings_core::ExposeSecret;
use settings_core::store::{Secret, SecretKey, SecretStore, StoreError, StoreErrorKind, Vault};

/// A corner of the server that is one test's own.
struct Bao {
    address: String,
    /// A mount of KV version 2.
    mount: String,
    client: reqwest::Client,
}

impl Bao {
    /// `None` where no server was started, and none is demanded.
    async fn new() -> Option<Self> {
        let Ok(address) = std::env::var("SETTINGS_TEST_OPENBAO") else {
            assert!(std::env::var_os("SETTINGS_TEST_REQUIRE_SERVERS").is_none(), "SETTINGS_TEST_OPENBAO is not set");
            eprintln!("skipped: SETTINGS_TEST_OPENBAO is not set");
            return None;
        };
        let bao = Self { address, mount: unique("kv"), client: reqwest::Client::new() };
        bao.post(&format!("sys/mounts/{}", bao.mount), json!({"type": "kv-v2"})).await;
        // The engine of a new mount is made ready in the background.
        for _ in 0..100 {
            let (status, _) = bao.call("GET", &format!("{}/config", bao.mount), Value::Null, None).await;
            if status == 200 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Some(bao)
    }

    async fn call(&self, method: &str, path: &str, body: Value, namespace: Option<&str>) -> (u16, Value) {
        let url = format!("{}/v1/{path}", self.address);
        let mut request = self.client.request(method.parse().unwrap(), url).header("X-Vault-Token", "root");
        if let Some(namespace) = namespace {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    /// What an administrator does.
    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call("POST", path, body, None).await;
        assert!(matches!(status, 200 | 204), "{path}: {status}");
        answer
    }

    async fn write(&self, path: &str, data: Value) {
        self.post(&format!("{}/data/{path}", self.mount), json!({"data": data})).await;
    }

    async fn read(&self, path: &str) -> Value {
        let path = format!("{}/data/{path}", self.mount);
        self.call("GET", &path, Value::Null, None).await.1["data"]["data"].take()
    }

    fn vault(&self) -> Vault {
        Vault::new(&self.address).token("root")
    }

    fn key(&self, variable: &str, path: &str) -> SecretKey {
        SecretKey::new(variable).named(path).with("mount", &self.mount)
    }
}

fn unique(name: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    format!("{name}-{}-{since}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

async fn one(store: &impl SecretStore, key: SecretKey) -> Result<Secret, StoreError> {
    let mut answers = store.fetch(&[key]).await;
    assert_eq!(answers.len(), 1);
    answers.pop().unwrap()
}

async fn error(store: &impl SecretStore, key: SecretKey) -> (StoreErrorKind, String) {
    let error = one(store, key).await.unwrap_err();
    (error.kind(), error.note().to_owned())
}

fn text(secret: Result<Secret, StoreError>) -> String {
    secret.unwrap().text().unwrap().expose_secret().to_owned()
}

#[test]
fn a_secret_is_read_for_all_of_its_keys() {
    run(async {
        let Some(bao) = Bao::new().await else { return };
        bao.write("agentds/api-keys", json!({"openai_api_key": "sk-test-key", "ANTHROPIC_API_KEY": "sk-ant-test-key"}))
            .await;
        let keys =
            ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"].map(|name| bao.key(name, "agentds/api-keys"));
        let [openai, anthropic, gemini] = bao.vault().fetch(&keys).await.try_into().unwrap();
        assert_eq!(text(openai), "sk-test-key");
        assert_eq!(text(anthropic), "sk-ant-test-key");
        let gemini = gemini.unwrap_err();
        assert_eq!(gemini.kind(), StoreErrorKind::NotFound);
        assert_eq!(gemini.note(), "it has no key `GEMINI_API_KEY`");
    });
}
