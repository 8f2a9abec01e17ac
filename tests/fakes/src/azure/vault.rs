//! The secrets of a vault, and their versions.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use azure_security_keyvault_secrets::SecretClient;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::{API_VERSION, KeyVault, Vaults, error, forbidden};
use crate::message::Answer;
use crate::record::{Record, lock};

/// One vault of a [`KeyVault`], for a test to fill.
#[derive(Clone)]
pub struct Vault {
    pub(super) service: Arc<Vaults>,
    pub(super) record: Arc<Record>,
    pub(super) port: u16,
    host: String,
}

impl Vault {
    pub(super) fn open(azure: &KeyVault, name: &str) -> Self {
        let host = if name.contains('.') { name.to_owned() } else { format!("{name}.vault.azure.net") };
        lock(&azure.service.by_host).entry(host.clone()).or_default();
        Self { service: Arc::clone(&azure.service), record: Arc::clone(&azure.record), port: azure.port(), host }
    }

    /// The endpoint, such as `https://myvault.vault.azure.net`.
    pub fn url(&self) -> String {
        format!("https://{}", self.host)
    }

    /// A client of the SDK with its default options, a transport and a credential of its own.
    ///
    /// # Errors
    ///
    /// When the SDK refuses the endpoint.
    pub fn client(&self) -> azure_core::Result<SecretClient> {
        super::client::client(self)
    }

    /// Makes a new version of a secret, and gives its id. A value may be longer here than the service would take; a
    /// secret that was deleted is back.
    ///
    /// # Panics
    ///
    /// When the service would not take the name.
    pub fn set(&self, name: &str, value: &str) -> String {
        assert!(is_name(name), "`{name}` is no name for a secret of Azure");
        let new = NewVersion { value: value.to_owned(), enabled: true, extra: Map::new() };
        self.with(|secrets| secrets.set(name, new).id.clone())
    }

    /// Disables the latest version of a secret.
    ///
    /// # Panics
    ///
    /// When there is no such secret.
    pub fn disable(&self, name: &str) {
        self.with_latest(name, |latest| latest.enabled = false);
    }

    /// Deletes a secret. Its name cannot be written again, for it could still be recovered.
    ///
    /// # Panics
    ///
    /// When there is no such secret.
    #[expect(clippy::expect_used, reason = "a test that deletes nothing has failed")]
    pub fn delete(&self, name: &str) {
        self.with(|secrets| secrets.find_mut(name).expect("a secret that is there").deleted = true);
    }

    /// The latest version was made so long ago.
    ///
    /// # Panics
    ///
    /// When there is no such secret.
    pub fn backdate(&self, name: &str, age: Duration) {
        self.with_latest(name, |latest| latest.created = now().saturating_sub(age.as_secs()));
    }

    /// The latest value of a secret, enabled or not.
    pub fn value(&self, name: &str) -> Option<String> {
        self.with(|secrets| Some(secrets.find(name)?.versions.last()?.value.clone()))
    }

    fn with<T>(&self, change: impl FnOnce(&mut Secrets) -> T) -> T {
        change(lock(&self.service.by_host).entry(self.host.clone()).or_default())
    }

    #[expect(clippy::expect_used, reason = "a test that changes nothing has failed")]
    fn with_latest(&self, name: &str, change: impl FnOnce(&mut Version)) {
        self.with(|secrets| {
            let secret = secrets.find_mut(name).expect("a secret that is there");
            change(secret.versions.last_mut().expect("a version of it"));
        });
    }
}

/// Tells where it is, never a secret.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// Whether the service takes this as the name of a secret.
pub(super) fn is_name(name: &str) -> bool {
    (1..=127).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether this can be the id of a version.
pub(super) fn is_version(version: &str) -> bool {
    version.len() == 32 && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The secrets of a vault by their names in lower case: to the service, names differ by more than their case.
#[derive(Default)]
pub(super) struct Secrets(BTreeMap<String, Secret>);

struct Secret {
    /// As it was written first.
    name: String,
    versions: Vec<Version>,
    deleted: bool,
}

struct Version {
    id: String,
    value: String,
    enabled: bool,
    /// Seconds since 1970.
    created: u64,
    extra: Map<String, Value>,
}

/// What is written.
pub(super) struct NewVersion {
    pub(super) value: String,
    pub(super) enabled: bool,
    /// `contentType` and `tags`, which are given back as they came.
    pub(super) extra: Map<String, Value>,
}

impl Secrets {
    fn find(&self, name: &str) -> Option<&Secret> {
        self.0.get(&name.to_ascii_lowercase())
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut Secret> {
        self.0.get_mut(&name.to_ascii_lowercase())
    }

    fn set(&mut self, name: &str, new: NewVersion) -> &Version {
        let fresh = || Secret { name: name.to_owned(), versions: Vec::new(), deleted: false };
        let secret = self.0.entry(name.to_ascii_lowercase()).or_insert_with(fresh);
        secret.deleted = false;
        let id = format!("{:032x}", (u128::from(now()) << 64) + secret.versions.len() as u128);
        let NewVersion { value, enabled, extra } = new;
        secret.versions.push(Version { id, value, enabled, created: now(), extra });
        &secret.versions[secret.versions.len() - 1]
    }

    pub(super) fn put(&mut self, host: &str, name: &str, new: NewVersion) -> Answer {
        if self.find(name).is_some_and(|secret| secret.deleted) {
            let message = format!(
                "Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this \
                 state, the secret can only be recovered or purged."
            );
            let inner = json!({"code": "ObjectIsDeletedButRecoverable"});
            let body = json!({"error": {"code": "Conflict", "message": message, "innererror": inner}});
            return Answer::json(StatusCode::CONFLICT, &body);
        }
        let made = self.set(name, new);
        Answer::json(StatusCode::OK, &made.shown(host, name))
    }

    pub(super) fn get(&self, host: &str, name: &str, version: Option<&str>) -> Answer {
        let secret = self.find(name).filter(|secret| !secret.deleted);
        let found = secret.and_then(|secret| match version {
            None => secret.versions.last(),
            Some(id) => secret.versions.iter().find(|version| version.id == id),
        });
        let Some(found) = found else {
            let asked = version.map_or_else(|| name.to_owned(), |version| format!("{name}/{version}"));
            let message = format!(
                "A secret with (name/id) {asked} was not found in this key vault. If you recently deleted this secret you \
                 may be able to recover it using the correct recovery command."
            );
            return error(StatusCode::NOT_FOUND, "SecretNotFound", &message);
        };
        if !found.enabled {
            return forbidden("SecretDisabled", "Operation get is not allowed on a disabled secret.");
        }
        Answer::json(StatusCode::OK, &found.shown(host, name))
    }

    /// A page of names: those after the one, in lower case, where the page before ended.
    pub(super) fn list(&self, host: &str, after: Option<&str>, most: usize) -> Answer {
        let there =
            self.0.iter().filter(|(key, secret)| !secret.deleted && after.is_none_or(|last| key.as_str() > last));
        let there: Vec<(&String, &Secret)> = there.collect();
        let (page, rest) = there.split_at(most.min(there.len()));
        let next = page.last().filter(|_| !rest.is_empty()).map(|(last, _)| {
            format!("https://{host}:443/secrets?api-version={API_VERSION}&$skiptoken={last}&maxresults={most}")
        });
        let shown = page.iter().map(|(_, Secret { name, versions, .. })| {
            let attributes = versions.last().map(Version::attributes);
            json!({"id": format!("https://{host}/secrets/{name}"), "attributes": attributes})
        });
        let page: Vec<Value> = shown.collect();
        Answer::json(StatusCode::OK, &json!({"value": page, "nextLink": next}))
    }
}

impl Version {
    fn shown(&self, host: &str, name: &str) -> Value {
        let mut shown = self.extra.clone();
        shown.insert("value".to_owned(), json!(self.value));
        shown.insert("id".to_owned(), json!(format!("https://{host}/secrets/{name}/{}", self.id)));
        shown.insert("attributes".to_owned(), self.attributes());
        Value::Object(shown)
    }

    fn attributes(&self) -> Value {
        json!({
            "enabled": self.enabled,
            "created": self.created,
            "updated": self.created,
            "recoveryLevel": "Recoverable+Purgeable",
            "recoverableDays": 90,
        })
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
