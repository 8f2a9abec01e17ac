//! State: values under keys, each with the tag of its version.

use std::collections::BTreeMap;

use hyper::header::ETAG;
use hyper::{Method, StatusCode};
use serde_json::Value;

use super::{Sidecar, error};
use crate::message::{Answer, Request, unescape};
use crate::record::lock;
use crate::server::{Fake, Refusal};

/// A component that keeps state.
#[derive(Default)]
pub(super) struct StateStore {
    items: BTreeMap<String, (Value, u64)>,
    versions: u64,
}

impl Fake<Sidecar> {
    /// Gives the sidecar a component that keeps state.
    pub fn statestore(&self, name: &str) {
        lock(&self.service.0).states.entry(name.to_owned()).or_default();
    }

    /// What is kept under a key.
    pub fn state(&self, store: &str, key: &str) -> Option<Value> {
        lock(&self.service.0).states.get(store)?.items.get(key).map(|(value, _)| value.clone())
    }
}

/// What is asked of a store.
pub struct StateCall {
    store: String,
    what: What,
}

enum What {
    Get(String),
    Delete { key: String, etag: Option<String> },
    Save(Vec<Item>),
}

struct Item {
    key: String,
    value: Value,
    etag: Option<String>,
    first_write: bool,
}

impl StateCall {
    pub(super) fn read(store: &str, key: &str, request: &Request) -> Result<Self, Refusal> {
        let (store, key) = (unescape(store), unescape(key));
        let what = match (&request.method, key.is_empty()) {
            (&Method::GET, false) => What::Get(legal(key)?),
            (&Method::DELETE, false) => {
                What::Delete { key: legal(key)?, etag: request.header("if-match").map(str::to_owned) }
            }
            (&Method::POST | &Method::PUT, true) => What::Save(items(&request.body)?),
            _ => return Err(malformed("no such method of the state API")),
        };
        Ok(Self { store, what })
    }
}

/// Dapr puts the app before a key, and joins the two by this.
fn legal(key: String) -> Result<String, Refusal> {
    if key.contains("||") {
        let why = format!("input key/keyPrefix '{key}' can't contain '||'");
        return Err(Refusal { answer: error(400, "ERR_MALFORMED_REQUEST", &why), why });
    }
    Ok(key)
}

fn malformed(why: &str) -> Refusal {
    let answer = error(400, "ERR_MALFORMED_REQUEST", "failed deserializing HTTP body");
    Refusal { answer, why: why.to_owned() }
}

fn items(body: &[u8]) -> Result<Vec<Item>, Refusal> {
    let items: Vec<Value> = serde_json::from_slice(body).map_err(|_| malformed("state that is no list of JSON"))?;
    let read = |mut item: Value| {
        let key = item["key"].as_str().filter(|key| !key.is_empty()).map(str::to_owned);
        let first_write = match item["options"]["concurrency"].as_str() {
            None | Some("last-write") => false,
            Some("first-write") => true,
            Some(_) => return Err(malformed("a concurrency that there is not")),
        };
        Ok(Item {
            key: legal(key.ok_or_else(|| malformed("state without a key"))?)?,
            value: item["value"].take(),
            etag: item["etag"].as_str().map(str::to_owned),
            first_write,
        })
    };
    items.into_iter().map(read).collect()
}

pub(super) fn answer(stores: &mut BTreeMap<String, StateStore>, StateCall { store: name, what }: StateCall) -> Answer {
    if stores.is_empty() {
        let message = format!("state store {name} is not configured");
        return error(500, "ERR_STATE_STORE_NOT_CONFIGURED", &message);
    }
    let Some(store) = stores.get_mut(&name) else {
        return error(400, "ERR_STATE_STORE_NOT_FOUND", &format!("state store {name} is not found"));
    };
    let conflict = |code| error(409, code, "possible etag mismatch. error from state store: etag mismatch");
    match what {
        What::Get(key) => match store.items.get(&key) {
            Some((value, version)) => {
                let answer = Answer::text(StatusCode::OK, "application/json", value.to_string());
                answer.header(ETAG, &version.to_string())
            }
            None => Answer::empty(StatusCode::NO_CONTENT),
        },
        What::Delete { key, etag } => {
            if etag.is_some_and(|etag| !store.has(&key, &etag)) {
                return conflict("ERR_STATE_DELETE");
            }
            store.items.remove(&key);
            Answer::empty(StatusCode::NO_CONTENT)
        }
        What::Save(items) => {
            if !items.iter().all(|item| store.admits(item)) {
                return conflict("ERR_STATE_SAVE");
            }
            for Item { key, value, .. } in items {
                store.versions += 1;
                store.items.insert(key, (value, store.versions));
            }
            Answer::empty(StatusCode::NO_CONTENT)
        }
    }
}

impl StateStore {
    fn has(&self, key: &str, etag: &str) -> bool {
        self.items.get(key).is_some_and(|(_, version)| version.to_string() == etag)
    }

    /// With a tag only what has it is written over; of those that write first without one, one wins.
    fn admits(&self, item: &Item) -> bool {
        match &item.etag {
            Some(etag) => self.has(&item.key, etag),
            None => !item.first_write || !self.items.contains_key(&item.key),
        }
    }
}
