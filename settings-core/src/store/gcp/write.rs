//! Writing a value into a secret, as a new version of it.
//!
//! The service has no compare and swap: `addVersion` takes no etag. But versions are numbered one by one, so that the
//! number of the new one tells whether another writer came between it and the version that was read. Then the value is
//! written once more, into what that writer left.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

use super::failure::Failure;
use super::resource::Resource;
use super::sdk::{Held, Sdk};
use crate::secret::{ExposeSecret, SecretString};
use crate::store::{SecretKey, StoreError, StoreErrorKind};

/// How often others may come between.
const ROUNDS: u32 = 20;

/// Puts the value under the key of the secret, and leaves its other keys as they are. `is_own`: nobody else has a value in
/// it.
pub(super) async fn put(
    sdk: &Sdk,
    secret: &Resource,
    key: &SecretKey,
    value: &SecretString,
    is_own: bool,
) -> Result<(), Failure> {
    let mut read = latest(sdk, secret, is_own).await?;
    if read.as_ref().is_some_and(|read| has(read, key, value)) {
        return Ok(());
    }
    let mut seen = read.as_ref().map_or(Some(0), Held::number);
    for round in 0..ROUNDS {
        let new = replaced(read.as_ref(), key, value)?;
        let made = sdk.add(secret, &new).await?;
        let is_whole = !new.expose_secret().trim_start().starts_with('{'); // EXPOSE: its first character is looked at
        let (Some(made), Some(known)) = (made, seen) else { return Ok(()) };
        if is_whole || made <= known + 1 {
            return Ok(());
        }
        tokio::time::sleep(pause(round)).await;
        let before = Resource { version: Some((made - 1).to_string()), ..secret.clone() };
        read = Some(sdk.access(&before).await?);
        seen = Some(made);
    }
    Err(StoreError::unreachable().because("others write to this secret without a pause").into())
}

/// The latest version; `None` where the secret has none yet, or none that can be read and nobody else has a value in it.
async fn latest(sdk: &Sdk, secret: &Resource, is_own: bool) -> Result<Option<Held>, Failure> {
    match sdk.access(secret).await {
        Ok(held) => Ok(Some(held)),
        Err(Failure { error, .. }) if error == StoreError::not_found() => Ok(None),
        Err(Failure { error, .. }) if error.kind() == StoreErrorKind::NotFound && is_own => Ok(None),
        Err(failure) if failure.error.kind() == StoreErrorKind::NotFound => {
            let why = "its latest version is disabled or destroyed, and what else it holds would be lost";
            Err(StoreError::denied().because(why).into())
        }
        Err(failure) => Err(failure),
    }
}

/// Whether it has this value already, as after a write whose answer was lost.
fn has(read: &Held, key: &SecretKey, value: &SecretString) -> bool {
    let own = read.text().and_then(|text| key.value_in(text).ok());
    own.is_some_and(|own| own.expose_secret() == value.expose_secret()) // EXPOSE: compared, both known to the caller
}

fn replaced(read: Option<&Held>, key: &SecretKey, value: &SecretString) -> Result<SecretString, StoreError> {
    let bytes = || StoreError::malformed().because("it holds bytes, and a text would take their place");
    let text = match read {
        Some(read) => read.text().ok_or_else(bytes)?,
        None => "",
    };
    key.replace_in(text, value)
}

/// A pause after another writer came between: random, and longer the more often that was.
fn pause(round: u32) -> Duration {
    let longest = Duration::from_millis(40) * (round + 1);
    let random = RandomState::new().hash_one(round) as u32;
    longest.mul_f64(f64::from(random) / f64::from(u32::MAX))
}
