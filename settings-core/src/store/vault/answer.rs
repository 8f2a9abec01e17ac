//! What the server's answers mean.
//!
//! Its own sentences tell cases apart that share a status. They are looked at and never passed on.

use std::borrow::Cow;
use std::time::SystemTime;

use super::super::http::{Answer, not_json};
use super::super::object::{self, member};
use super::super::{SecretKey, StoreError};

/// A secret, by where it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spot<'k> {
    pub(super) mount: &'k str,
    pub(super) path: &'k str,
    pub(super) version: Option<Cow<'k, str>>,
}

/// What is at a path.
pub(super) enum Found<'a> {
    Live(Document<'a>),
    /// This version is there no more; another may be written.
    Gone {
        version: u64,
        error: StoreError,
    },
    Absent(StoreError),
}

/// A version of a secret.
pub(super) struct Document<'a> {
    /// A JSON object.
    pub(super) data: &'a str,
    pub(super) version: u64,
    pub(super) created: Option<SystemTime>,
}

impl Found<'_> {
    /// The value under the key.
    pub(super) fn value(&self, key: &SecretKey) -> Result<super::super::Secret, StoreError> {
        match self {
            Self::Live(document) => {
                let secret =
                    super::super::Secret::new(key.value_in(document.data)?).version(document.version.to_string());
                Ok(match document.created {
                    Some(created) => secret.created(created),
                    None => secret,
                })
            }
            Self::Gone { error, .. } | Self::Absent(error) => Err(error.clone()),
        }
    }
}

/// What the answer to a read says.
pub(super) fn found<'a>(answer: &'a Answer, spot: &Spot<'_>) -> Result<Found<'a>, StoreError> {
    match answer.status {
        200 => live(answer.text()).map(Found::Live).ok_or_else(not_json),
        404 => Ok(gone(answer.text()).unwrap_or_else(|| Found::Absent(absent(answer, spot)))),
        _ => Err(refusal(answer, spot, "read")),
    }
}

fn live(body: &str) -> Option<Document<'_>> {
    let outer = member(body, "data")?;
    let data = member(outer, "data").filter(|data| data.starts_with('{'))?;
    let metadata = member(outer, "metadata")?;
    let created = text(metadata, "created_time").and_then(|time| humantime::parse_rfc3339(&time).ok());
    Some(Document { data, version: number(metadata, "version")?, created })
}

fn gone(body: &str) -> Option<Found<'static>> {
    let metadata = member(member(body, "data")?, "metadata")?;
    let why = if member(metadata, "destroyed") == Some("true") { "destroyed" } else { "deleted" };
    let version = number(metadata, "version")?;
    let error = StoreError::not_found().noted(format!("version {version} is {why}"));
    Some(Found::Gone { version, error })
}

/// Why nothing is there, as far as the path tells.
fn absent(answer: &Answer, spot: &Spot<'_>) -> StoreError {
    let Spot { mount, path, .. } = *spot;
    let says = |sentence: &str| errors(answer).iter().any(|error| error.contains(sentence));
    let within_mount = path.strip_prefix(mount).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path);
    let own = within_mount.strip_prefix("data/").unwrap_or(within_mount);
    if own != path {
        let more = &path[..path.len() - own.len()];
        return StoreError::not_found().noted(format!("in a source the path is `{own}`, without `{more}`"));
    }
    if says("no handler for route") {
        return StoreError::not_found().noted(format!("no engine is mounted at `{mount}`: set `mount = \"..\"`"));
    }
    if says("namespace not found") {
        return StoreError::not_found().because("there is no such namespace");
    }
    match &spot.version {
        Some(version) => StoreError::not_found().noted(format!("there is no version {version}")),
        None => StoreError::not_found(),
    }
}

/// Any answer that is neither success nor absence.
pub(super) fn refusal(answer: &Answer, spot: &Spot<'_>, right: &str) -> StoreError {
    match answer.status {
        403 if is_policy(answer) => {
            let Spot { mount, path, .. } = *spot;
            StoreError::denied().noted(format!("no policy of the token grants `{right}` on `{mount}/data/{path}`"))
        }
        403 => StoreError::denied().because("the token is not valid or has expired"),
        405 => StoreError::denied().noted(format!("at `{}` is no KV engine of version 2", spot.mount)),
        _ => unable(answer),
    }
}

/// Any answer that has nothing to do with what was asked for.
pub(super) fn unable(answer: &Answer) -> StoreError {
    match answer.status {
        503 if errors(answer).iter().any(|error| error.contains("sealed")) => answer.later("HTTP 503, sealed"),
        412 => answer.later("HTTP 412: this server has not yet what another one wrote"),
        _ => answer.refusal(),
    }
}

/// Whether a token that is good lacks a right. A token that is not good is told in another sentence.
fn is_policy(answer: &Answer) -> bool {
    errors(answer).iter().any(|error| error.starts_with("1 error occurred"))
}

/// Whether a write was refused because another came first.
pub(super) fn is_conflict(answer: &Answer) -> bool {
    answer.status == 400 && errors(answer).iter().any(|error| error.contains("check-and-set parameter did not match"))
}

/// What the server says went wrong.
fn errors(answer: &Answer) -> Vec<String> {
    member(answer.text(), "errors").and_then(|list| serde_json::from_str(list).ok()).unwrap_or_default()
}

pub(super) fn number(object: &str, key: &str) -> Option<u64> {
    member(object, key)?.parse().ok()
}

fn text(object: &str, key: &str) -> Option<String> {
    serde_json::from_str(member(object, key)?).ok()
}

/// What a login or a renewal gives.
pub(super) struct Lease {
    pub(super) token: crate::secret::SecretString,
    /// In seconds; 0 for a token without an end.
    pub(super) duration: u64,
    pub(super) renewable: bool,
}

pub(super) fn lease(answer: &Answer) -> Result<Lease, StoreError> {
    let auth = member(answer.text(), "auth").filter(|auth| auth.starts_with('{')).ok_or_else(not_json)?;
    Ok(Lease {
        token: object::pick(auth, "client_token")
            .map_err(|_| StoreError::denied().because("the login gave no token"))?,
        duration: number(auth, "lease_duration").unwrap_or(0),
        renewable: member(auth, "renewable") == Some("true"),
    })
}
