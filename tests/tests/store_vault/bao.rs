//! A corner of the server that is one test's own.

use serde_json::{Value, json};
use settings_core::ExposeSecret;
use settings_core::store::{Secret, SecretKey, SecretStore, StoreError, StoreErrorKind, Vault};
use settings_tests::fault::FaultProxy;
use settings_tests::servers::{OPENBAO_TOKEN, client, openbao, unique};

pub struct Bao {
    address: String,
    /// A mount of KV version 2.
    pub mount: String,
    /// Stands in front of the server.
    pub proxy: FaultProxy,
}

impl Bao {
    /// `None` where no server was started, and none is demanded.
    pub fn new() -> Option<Self> {
        let address = openbao()?.address().to_owned();
        let bao = Self { proxy: FaultProxy::http(&address), address, mount: unique("kv") };
        bao.mount_in(None);
        Some(bao)
    }

    /// Mounts the engine, here or in a namespace.
    pub fn mount_in(&self, namespace: Option<&str>) {
        self.admin("POST", &format!("sys/mounts/{}", self.mount), json!({"type": "kv-v2"}), namespace);
        // The engine of a new mount is made ready in the background.
        let config = format!("{}/config", self.mount);
        while self.call("GET", &config, &Value::Null, namespace).0 != 200 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Past the proxy.
    pub fn call(&self, method: &str, path: &str, body: &Value, namespace: Option<&str>) -> (u16, Value) {
        let url = format!("{}/v1/{path}", self.address);
        let namespace = namespace.unwrap_or_default();
        let mut answer = match method {
            "GET" => {
                client().get(url).header("X-Vault-Token", OPENBAO_TOKEN).header("X-Vault-Namespace", namespace).call()
            }
            "DELETE" => client().delete(url).header("X-Vault-Token", OPENBAO_TOKEN).call(),
            _ => client()
                .post(url)
                .header("X-Vault-Token", OPENBAO_TOKEN)
                .header("X-Vault-Namespace", namespace)
                .send(body.to_string()),
        }
        .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default())
    }

    /// What an administrator does, who may do everything.
    pub fn admin(&self, method: &str, path: &str, body: Value, namespace: Option<&str>) -> Value {
        let (status, answer) = self.call(method, path, &body, namespace);
        assert!(matches!(status, 200 | 204), "{method} {path}: {status}");
        answer
    }

    /// The same within the mount.
    pub fn post(&self, path: &str, body: Value) -> Value {
        self.admin("POST", &format!("{}/{path}", self.mount), body, None)
    }

    pub fn write(&self, path: &str, data: Value) {
        self.post(&format!("data/{path}"), json!({"data": data}));
    }

    /// What a secret holds, `null` for none.
    pub fn read(&self, path: &str) -> Value {
        self.call("GET", &format!("{}/data/{path}", self.mount), &Value::Null, None).1["data"]["data"].take()
    }

    /// A policy with these rights on all of the mount.
    pub fn policy(&self, rights: &str) -> String {
        let name = unique("policy");
        let policy = format!("path \"{}/*\" {{ capabilities = [{rights}] }}", self.mount);
        self.admin("POST", &format!("sys/policies/acl/{name}"), json!({"policy": policy}), None);
        name
    }

    /// A token with one policy.
    pub fn token(&self, policy: &str) -> String {
        let answer = self.admin("POST", "auth/token/create", json!({"policies": [policy]}), None);
        answer["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// A store that goes through the proxy, without a login.
    pub fn anonymous(&self) -> Vault {
        Vault::new(self.proxy.address())
    }

    pub fn vault(&self) -> Vault {
        self.anonymous().token(OPENBAO_TOKEN)
    }

    pub fn key(&self, variable: &str, path: &str) -> SecretKey {
        SecretKey::new(variable).named(path).with("mount", &self.mount)
    }
}

/// One runtime for all of the test binary's tests would have them wait for each other.
pub fn run<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(work))
}

pub fn one(store: &impl SecretStore, key: &SecretKey) -> Result<Secret, StoreError> {
    let mut answers = run(store.fetch(std::slice::from_ref(key)));
    assert_eq!(answers.len(), 1);
    answers.pop().unwrap()
}

pub fn text(secret: Result<Secret, StoreError>) -> String {
    secret.unwrap().text().unwrap().expose_secret().to_owned()
}

pub fn error(secret: Result<Secret, StoreError>) -> (StoreErrorKind, String) {
    let error = secret.unwrap_err();
    (error.kind(), error.note().to_owned())
}

/// Why there is no secret.
pub fn note(store: &impl SecretStore, key: &SecretKey) -> (StoreErrorKind, String) {
    error(one(store, key))
}
