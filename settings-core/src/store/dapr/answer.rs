//! What the sidecar's answers mean.

use super::super::http::{Answer, not_json};
use super::super::object::{self, entries, member};
use super::super::{Secret, SecretKey, StoreError, StoreErrorKind};
use crate::secret::ExposeSecret;

/// What the sidecar says of one secret.
pub(super) enum Found<'a> {
    /// Its values by key, a JSON object.
    Values(&'a str),
    /// The store behind the sidecar failed, or has no such secret: it does not say which.
    Unclear,
    /// The sidecar has not this store. It may be that it has not yet.
    NoStore(StoreError),
    Refused(StoreError),
    /// There is no answer.
    Silent(StoreError),
}

/// What the answer says to one key, or to all in bulk.
pub(super) fn found<'a>(answer: &'a Result<Answer, StoreError>, component: &str) -> Found<'a> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Found::Silent(error.clone()),
    };
    let code = member(answer.text(), "errorCode").unwrap_or_default().trim_matches('"');
    let refused = match (answer.status, code) {
        (200, _) if is_object(answer.text()) => return Found::Values(answer.text()),
        (200, _) => not_json(),
        (204, _) => StoreError::not_found(),
        (_, "ERR_SECRET_STORE_NOT_FOUND") => {
            let none = format!("the sidecar has no secret store `{component}`");
            return Found::NoStore(StoreError::not_configured().noted(none));
        }
        (_, "ERR_SECRET_STORES_NOT_CONFIGURED") => {
            return Found::NoStore(StoreError::not_configured().because("the sidecar has no secret store"));
        }
        (_, "ERR_SECRET_GET") => return Found::Unclear,
        (_, "ERR_PERMISSION_DENIED") => {
            StoreError::denied().because("the scopes of the sidecar's configuration do not let this app read it")
        }
        (401, _) => StoreError::denied().because("DAPR_API_TOKEN is not set, or is not the sidecar's"),
        (404, "ERR_DIRECT_INVOKE") => StoreError::misconfigured().because("HTTP 404: this sidecar has no secrets API"),
        (404, _) => StoreError::misconfigured().because("HTTP 404: what answers there is no Dapr sidecar"),
        _ => answer.refusal(),
    };
    Found::Refused(refused)
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && entries(text).is_some()
}

/// The field's value among those of the secret.
///
/// Most stores have one value a secret, which the sidecar gives under the secret's own name.
pub(super) fn value(values: &str, name: &str, key: &SecretKey) -> Result<Secret, StoreError> {
    let entries = entries(values).ok_or_else(not_json)?;
    let value = match &entries[..] {
        [] => return Err(StoreError::not_found().because("it is empty")),
        [(own, value)] if own.eq_ignore_ascii_case(name) => {
            let text = object::text(value, name)?;
            key.value_in(text.expose_secret())? // EXPOSE: the field's part of it is picked
        }
        _ => object::pick(values, key.json_key())?,
    };
    Ok(Secret::new(value))
}

/// The values of one secret among all that a component has.
pub(super) fn in_bulk<'a>(
    all: &'a Result<Answer, StoreError>,
    component: &str,
    name: &str,
) -> Result<&'a str, StoreError> {
    match found(all, component) {
        Found::Values(all) => {
            let mut entries = entries(all).unwrap_or_default().into_iter();
            entries.find(|(known, _)| known == name).map(|(_, values)| values).ok_or_else(StoreError::not_found)
        }
        Found::Refused(error) if error.kind() == StoreErrorKind::NotFound => Err(error),
        _ => Err(undecided()),
    }
}

/// A secret that was not got, and might be there.
pub(super) fn undecided() -> StoreError {
    StoreError::unreachable().because("HTTP 500: the store behind the sidecar failed")
}

/// A sidecar that has not loaded its components yet.
pub(super) fn starting() -> StoreError {
    StoreError::unreachable().because("the sidecar is not ready").starting()
}
