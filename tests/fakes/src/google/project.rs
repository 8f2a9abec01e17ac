//! The secrets of a project, and their versions.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64ct::{Base64, Encoding};
use hyper::StatusCode;
use serde_json::json;

use super::{Projects, error};
use crate::message::Answer;
use crate::record::lock;

/// One project of a `SecretManager`, for a test to fill.
#[derive(Clone)]
pub struct Project {
    service: Arc<Projects>,
    id: String,
}

impl Project {
    pub(super) fn open(service: &Arc<Projects>, id: &str) -> Self {
        let mut projects = lock(&service.0);
        let number = format!("1234567890{:02}", projects.len() + 1);
        projects.entry(id.to_owned()).or_insert_with(|| Secrets { number, by_name: BTreeMap::new() });
        Self { service: Arc::clone(service), id: id.to_owned() }
    }

    /// Makes a new version of a secret, and gives its number. A value may be empty or longer here than the service would
    /// take.
    ///
    /// # Panics
    ///
    /// When the service would not take the name.
    pub fn set(&self, name: &str, value: impl AsRef<[u8]>) -> usize {
        assert!(is_name(name), "`{name}` is no name for a secret of Google");
        self.with(|secrets| {
            let versions = secrets.by_name.entry(name.to_owned()).or_default();
            versions.push(Version::new(value.as_ref().to_vec()));
            versions.len()
        })
    }

    /// A secret without versions.
    pub fn create(&self, name: &str) {
        self.with(|secrets| {
            secrets.by_name.entry(name.to_owned()).or_default();
        });
    }

    /// Disables a version.
    ///
    /// # Panics
    ///
    /// When there is no such version.
    pub fn disable(&self, name: &str, version: usize) {
        self.with_version(name, version, |version| version.state = State::Disabled);
    }

    /// Destroys a version.
    ///
    /// # Panics
    ///
    /// When there is no such version.
    pub fn destroy(&self, name: &str, version: usize) {
        self.with_version(name, version, |version| {
            *version = Version { state: State::Destroyed, ..Version::new(vec![]) }
        });
    }

    /// From now on a version's data has one bit flipped, and comes with the checksum of the right data.
    ///
    /// # Panics
    ///
    /// When there is no such version, or it is empty.
    pub fn corrupt(&self, name: &str, version: usize) {
        self.with_version(name, version, |version| version.data[0] ^= 1);
    }

    /// The latest value of a secret, whatever its state.
    pub fn value(&self, name: &str) -> Option<Vec<u8>> {
        self.with(|secrets| Some(secrets.by_name.get(name)?.last()?.data.clone()))
    }

    fn with<T>(&self, change: impl FnOnce(&mut Secrets) -> T) -> T {
        change(lock(&self.service.0).entry(self.id.clone()).or_default())
    }

    #[expect(clippy::expect_used, reason = "a test that changes nothing has failed")]
    fn with_version(&self, name: &str, version: usize, change: impl FnOnce(&mut Version)) {
        self.with(|secrets| {
            let versions = secrets.by_name.get_mut(name).expect("a secret that is there");
            change(versions.get_mut(version.wrapping_sub(1)).expect("a version that is there"));
        });
    }
}

/// Tells which it is, never a secret.
impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Project").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Whether the service takes this as the id of a secret.
pub(super) fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The secrets of a project: their versions, the first first.
#[derive(Default)]
pub(super) struct Secrets {
    number: String,
    by_name: BTreeMap<String, Vec<Version>>,
}

struct Version {
    data: Vec<u8>,
    crc32c: u32,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Enabled,
    Disabled,
    Destroyed,
}

impl Version {
    fn new(data: Vec<u8>) -> Self {
        Self { crc32c: crc32c::crc32c(&data), data, state: State::Enabled }
    }
}

impl Secrets {
    pub(super) fn number(&self) -> &str {
        &self.number
    }

    pub(super) fn access(&self, secret: &str, version: &str) -> Answer {
        let path = format!("projects/{}/secrets/{secret}", self.number);
        let Some(versions) = self.by_name.get(secret).filter(|versions| !versions.is_empty()) else {
            let message = format!("Secret [{path}] not found or has no versions.");
            return error(404, "NOT_FOUND", &message, None);
        };
        let number = if version == "latest" { Some(versions.len()) } else { version.parse().ok() };
        let found = number.and_then(|number| Some((number, versions.get(number.checked_sub(1)?)?)));
        let Some((number, found)) = found else {
            let message = format!("Secret Version [{path}/versions/{version}] not found.");
            return error(404, "NOT_FOUND", &message, None);
        };
        let name = format!("{path}/versions/{number}");
        let state = match found.state {
            State::Enabled => {
                let mut payload = json!({"dataCrc32c": found.crc32c.to_string()});
                // What is empty is left out.
                if !found.data.is_empty() {
                    payload["data"] = json!(Base64::encode_string(&found.data));
                }
                return Answer::json(StatusCode::OK, &json!({"name": name, "payload": payload}));
            }
            State::Disabled => "DISABLED",
            State::Destroyed => "DESTROYED",
        };
        let message = format!("Secret Version [{name}] is in {state} state.");
        error(400, "FAILED_PRECONDITION", &message, None)
    }

    pub(super) fn add_version(&mut self, secret: &str, payload: Vec<u8>, checked: bool) -> Answer {
        let path = format!("projects/{}/secrets/{secret}", self.number);
        let Some(versions) = self.by_name.get_mut(secret) else {
            return error(404, "NOT_FOUND", &format!("Secret [{path}] not found."), None);
        };
        versions.push(Version::new(payload));
        let made = json!({
            "name": format!("{path}/versions/{}", versions.len()),
            "createTime": "2026-11-01T00:00:00Z",
            "state": 1, // ENABLED; the client asks for numbers
            "replicationStatus": {"automatic": {}},
            "etag": format!("\"{}\"", versions.len()),
            "clientSpecifiedPayloadChecksum": checked,
        });
        Answer::json(StatusCode::OK, &made)
    }
}
