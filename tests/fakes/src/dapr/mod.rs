//! A Dapr sidecar, as far as its secrets, invocation, pub/sub and state APIs and its health go.
//!
//! After the sidecar's source: `pkg/api/http/{server,middlewares,universal,secrets,healthz,directmessaging}.go`,
//! `pkg/api/universal/secrets.go` and `pkg/api/errors/{pubsub,state}.go` of dapr/dapr.

mod apps;
mod events;
mod secrets_file;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::message::{Answer, Request, unescape};
use crate::record::{Call, Visit, lock};
use crate::server::{Fake, Refusal, Service};

use self::apps::{App, Invocation};
use self::events::{PubSub, Publication};
pub use self::secrets_file::SecretsFile;
use self::state::{StateCall, StateStore};

/// A Dapr sidecar that serves local secrets files, and stands between apps: one stands here for the sidecars of all.
///
/// It has no component and knows no app until it is given one, which is `ERR_SECRET_STORES_NOT_CONFIGURED` and its like.
///
/// ```
/// # use fake_stores::{Dapr, SecretsFile};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sidecar = Dapr::started(); // or `Dapr::reserved()`, for one that starts late
/// sidecar.serve("secretstore", SecretsFile::new(r#"{"openai": {"key": "sk-test-key"}}"#)?.separator("."));
///
/// let url = format!("{}/v1.0/secrets/secretstore/openai.key", sidecar.url());
/// assert_eq!(reqwest::get(url).await?.text().await?, r#"{"openai.key":"sk-test-key"}"#);
/// assert_eq!(sidecar.counts().reads, 1);
/// # Ok(())
/// # }
/// ```
pub type Dapr = Fake<Sidecar>;

/// What a sidecar knows.
#[derive(Default)]
pub struct Sidecar(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    stores: BTreeMap<String, Store>,
    apps: BTreeMap<String, App>,
    pubsubs: BTreeMap<String, PubSub>,
    states: BTreeMap<String, StateStore>,
    token: Option<String>,
    not_ready: bool,
}

struct Store {
    /// Taken apart once: what is measured asks for many of them.
    secrets: BTreeMap<String, BTreeMap<String, String>>,
    denied: BTreeSet<String>,
}

impl Fake<Sidecar> {
    /// Gives the sidecar a component `secretstores.local.file` of this name, or a new file for it.
    pub fn serve(&self, store: &str, file: SecretsFile) {
        let mut sidecar = lock(&self.service.0);
        let denied = sidecar.stores.remove(store).map(|store| store.denied).unwrap_or_default();
        sidecar.stores.insert(store.to_owned(), Store { secrets: file.secrets(), denied });
    }

    /// Denies a secret by the sidecar's policy (`deniedSecrets` of a scope): reading it is `ERR_PERMISSION_DENIED`, and
    /// `bulk` leaves it out without a word.
    ///
    /// # Panics
    ///
    /// When there is no such store.
    #[expect(clippy::expect_used, reason = "a test that denies secrets of no store has failed")]
    pub fn deny(&self, store: &str, key: &str) {
        let mut sidecar = lock(&self.service.0);
        sidecar.stores.get_mut(store).expect("a store that is served").denied.insert(key.to_owned());
    }

    /// Asks for a token from now on, in the header `dapr-api-token`.
    pub fn require_token(&self, token: &str) {
        lock(&self.service.0).token = Some(token.to_owned());
    }

    /// Whether the sidecar is ready, which it is at first. While it is not, `healthz/outbound` is 500, and it has loaded
    /// none of its stores.
    pub fn set_ready(&self, ready: bool) {
        lock(&self.service.0).not_ready = !ready;
    }

    /// A store behind the sidecar that fails: `ERR_SECRET_GET`, as it is for a secret that is not there.
    pub fn failing() -> Fault {
        Fault::instead(error(
            500,
            "ERR_SECRET_GET",
            "failed getting secrets from secret store: connection reset by peer",
        ))
    }

    /// A store that has nothing to say: 204.
    pub fn nothing() -> Fault {
        Fault::instead(Answer::empty(StatusCode::NO_CONTENT))
    }
}

/// What a sidecar is asked for.
pub enum Asked {
    Key { store: String, key: String },
    Bulk { store: String },
    Invoke(Invocation),
    Publish(Publication),
    State(StateCall),
    Health,
}

impl Service for Sidecar {
    type Asked = Asked;

    fn admit(&self, request: &Request) -> Result<(Visit, Asked), Refusal> {
        let path = clean(request.path());
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        if request.method == Method::GET && segments == ["v1.0", "healthz", "outbound"] {
            return Ok((Visit::new(Call::Health, None), Asked::Health));
        }
        if lock(&self.0).token.as_deref().is_some_and(|token| request.header("dapr-api-token") != Some(token)) {
            let answer = Answer::text(StatusCode::UNAUTHORIZED, "text/plain; charset=utf-8", "invalid api token\n");
            return Err(Refusal { answer, why: "the header dapr-api-token is missing or wrong".to_owned() });
        }
        let (visit, asked) = match (&request.method, &segments[..]) {
            (&Method::GET, ["v1.0", "secrets", store, "bulk"]) => {
                (Visit::new(Call::List, None), Asked::Bulk { store: unescape(store) })
            }
            (&Method::GET, ["v1.0", "secrets", store, key]) => {
                let key = unescape(key);
                (Visit::new(Call::Read, Some(&key)), Asked::Key { store: unescape(store), key })
            }
            (_, ["v1.0", "invoke", app, "method", method @ ..]) => {
                return Ok((Visit::new(Call::Invoke, Some(app)), Asked::Invoke(Invocation::new(app, method, request))));
            }
            (&Method::POST | &Method::PUT, ["v1.0", "publish", pubsub, topic @ ..]) => {
                let publication = Publication::read(pubsub, &topic.join("/"), request)?;
                return Ok((Visit::new(Call::Publish, Some(&publication.topic)), Asked::Publish(publication)));
            }
            (_, ["v1.0", "state", store, key @ ..]) if !key.contains(&"transaction") => {
                let call = StateCall::read(store, &key.join("/"), request)?;
                return Ok((Visit::new(Call::State, Some(&unescape(store))), Asked::State(call)));
            }
            _ => {
                // All that has no route of its own is taken for a call of another service.
                let message = "failed getting app id either from the URL path or the header dapr-app-id";
                let why = format!("no route of the {} API", segments.get(1).unwrap_or(&"v1.0"));
                return Err(Refusal { answer: error(404, "ERR_DIRECT_INVOKE", message), why });
            }
        };
        if !request.body.is_empty() && serde_json::from_slice::<Value>(&request.body).is_err() {
            let answer = error(400, "ERR_MALFORMED_REQUEST", "failed deserializing HTTP body");
            return Err(Refusal { answer, why: "a body that is not JSON".to_owned() });
        }
        Ok((visit, asked))
    }

    async fn answer(&self, asked: Asked) -> Answer {
        match asked {
            Asked::Invoke(invocation) => apps::invoke(&self.0, invocation).await,
            Asked::Publish(publication) => events::publish(&self.0, publication),
            Asked::State(call) => state::answer(&mut lock(&self.0).states, call),
            Asked::Health if lock(&self.0).not_ready => {
                error(500, "ERR_OUTBOUND_HEALTH_NOT_READY", "dapr outbound is not ready")
            }
            Asked::Health => Answer::empty(StatusCode::NO_CONTENT),
            Asked::Key { store, key } => {
                lock(&self.0).store(&store).and_then(|found| found.read(&store, &key)).unwrap_or_else(|e| e)
            }
            Asked::Bulk { store } => lock(&self.0).store(&store).map_or_else(|e| e, Store::bulk),
        }
    }
}

impl Inner {
    fn store(&self, name: &str) -> Result<&Store, Answer> {
        if self.stores.is_empty() || self.not_ready {
            return Err(error(500, "ERR_SECRET_STORES_NOT_CONFIGURED", "secret store is not configured"));
        }
        self.stores.get(name).ok_or_else(|| {
            error(401, "ERR_SECRET_STORE_NOT_FOUND", &format!("failed finding secret store with key {name}"))
        })
    }
}

impl Store {
    fn read(&self, store: &str, key: &str) -> Result<Answer, Answer> {
        if self.denied.contains(key) {
            let message = format!("access denied by policy to get {key:?} from {store:?}");
            return Err(error(403, "ERR_PERMISSION_DENIED", &message));
        }
        let found = self.secrets.get(key).ok_or_else(|| {
            let message =
                format!("failed getting secret with key {key} from secret store {store}: secret {key} not found");
            error(500, "ERR_SECRET_GET", &message)
        })?;
        Ok(Answer::json(StatusCode::OK, &json!(found)))
    }

    fn bulk(&self) -> Answer {
        let secrets: BTreeMap<_, _> = self.secrets.iter().filter(|(key, _)| !self.denied.contains(*key)).collect();
        Answer::json(StatusCode::OK, &json!(secrets))
    }
}

/// The segments of a path after Go's `path.Clean`, still escaped.
fn clean(path: &str) -> Vec<String> {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment.to_owned()),
        }
    }
    segments
}

/// An error as Dapr writes it, from 1.15 on with details.
#[expect(clippy::expect_used, reason = "the statuses stand in this file")]
fn error(status: u16, code: &str, message: &str) -> Answer {
    let reason = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "domain": "dapr.io",
        "metadata": null,
        "reason": code,
    });
    let body = json!({"errorCode": code, "message": message, "details": [reason]});
    Answer::json(StatusCode::from_u16(status).expect("a status of HTTP"), &body)
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn a_path_is_cleaned_and_keeps_its_escapes() {
        assert_eq!(clean("/v1.0//./secrets/x/../store/a%2F..%2Fb/"), ["v1.0", "secrets", "store", "a%2F..%2Fb"]);
        assert_eq!(clean("/.."), [""; 0]);
    }
}
