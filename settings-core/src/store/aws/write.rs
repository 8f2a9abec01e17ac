//! Writing a value into a secret by compare and swap, so that nobody's value is lost.
//!
//! A new version never becomes the current one by being put. It is put under a label of this crate's own, and the label
//! `AWSCURRENT` is then moved to it from the version that was read. AWS moves a label only from where it is, so that the
//! second of two writers is refused, reads again, and writes its value into what the first one left.
//!
//! The own label is one for all writers: a secret has room for 20. A version that loses it can still be made current.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::primitives::Blob;
use secrecy::ExposeSecret;

use super::super::{SecretKey, StoreError, StoreErrorKind};
use super::failure::{Call, Failure};
use super::held::Held;
use super::read::{self, CURRENT};
use crate::secret::SecretString;

/// The label of versions that are not current yet.
const PENDING: &str = "SETTINGS_PENDING";
/// How often others may come first.
const ROUNDS: u32 = 60;
/// After how many of these the pause gets no longer.
const LONGEST: u32 = 6;

/// Puts the value under the key of the secret, and leaves its other keys as they are.
pub(super) async fn put(client: &Client, id: &str, key: &SecretKey, value: &SecretString) -> Result<(), StoreError> {
    if key.text("version_stage").is_some_and(|stage| stage != CURRENT) {
        return Err(StoreError::denied().because("a source with a version_stage is only read"));
    }
    let mut is_in_doubt = false;
    for round in 0..ROUNDS {
        let start = Instant::now();
        let current = current(client, id).await?;
        if current.as_ref().is_some_and(|current| has(current, key, value)) {
            return Ok(());
        }
        let new = replaced(current.as_ref(), key, value)?;
        let is_binary = current.as_ref().is_some_and(Held::is_binary);
        let version = match add_version(client, id, &new, is_binary).await {
            Ok(version) => version,
            // One of the same id: the SDK draws them at random.
            Err(failure) if failure.is("ResourceExistsException") => continue,
            Err(failure) => return Err(failure.error),
        };
        match make_current(client, id, &version, current.as_ref().and_then(Held::version)).await {
            Ok(()) => return Ok(()),
            // Another writer was faster, or so many were that the service dropped this version.
            Err(failure) if failure.is("InvalidParameterException") || failure.is("ResourceNotFoundException") => {}
            // The label may have been moved, and the answer lost: what is read now tells.
            Err(failure) if failure.error.kind() == StoreErrorKind::Unreachable && !is_in_doubt => is_in_doubt = true,
            Err(failure) => return Err(failure.error),
        }
        tokio::time::sleep(pause(round, start.elapsed())).await;
    }
    Err(StoreError::unreachable().because("others write to this secret without a pause"))
}

/// The current version; `None` where the secret has none yet.
async fn current(client: &Client, id: &str) -> Result<Option<Held>, StoreError> {
    match read::get(client, id, CURRENT).await {
        Ok(held) => Ok(Some(held)),
        Err(failure) if failure.is("ResourceNotFoundException") => Ok(None),
        Err(failure) => Err(failure.error),
    }
}

/// Whether it has this value already, as after a write whose answer was lost.
fn has(current: &Held, key: &SecretKey, value: &SecretString) -> bool {
    let own = current.text().and_then(|text| key.value_in(text).ok());
    own.is_some_and(|own| own.expose_secret() == value.expose_secret()) // EXPOSE: compared, both known to the caller
}

fn replaced(current: Option<&Held>, key: &SecretKey, value: &SecretString) -> Result<SecretString, StoreError> {
    let bytes = || StoreError::malformed().because("it holds bytes, and a text would take their place");
    let text = match current {
        Some(current) => current.text().ok_or_else(bytes)?,
        None => "",
    };
    key.replace_in(text, value)
}

/// Adds a version that readers do not get.
async fn add_version(client: &Client, id: &str, new: &SecretString, is_binary: bool) -> Result<String, Failure> {
    let text = new.expose_secret(); // EXPOSE: handed to the SDK, which sends it to the store
    let request = client.put_secret_value().secret_id(id).version_stages(PENDING);
    let request = if is_binary { request.secret_binary(Blob::new(text)) } else { request.secret_string(text) };
    let request = request.customize();
    let request = match read::elsewhere(client, id) {
        Some(region) => request.config_override(region),
        None => request,
    };
    match request.send().await {
        Ok(output) => output.version_id.ok_or_else(Failure::of_silence),
        Err(error) => Err(Failure::new(Call::Put, &error)),
    }
}

/// Moves the label that readers go by, from the version that was read to the new one.
async fn make_current(client: &Client, id: &str, new: &str, read: Option<&str>) -> Result<(), Failure> {
    let request = client.update_secret_version_stage().secret_id(id).version_stage(CURRENT);
    let request = request.move_to_version_id(new).set_remove_from_version_id(read.map(str::to_owned)).customize();
    let request = match read::elsewhere(client, id) {
        Some(region) => request.config_override(region),
        None => request,
    };
    match request.send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(Call::MoveLabel, &error)),
    }
}

/// A pause after a round that another writer won: random, and longer the more rounds there were and the longer they take, so
/// that fewer and fewer meet. Each lost round leaves a version behind, of which a secret keeps some hundred.
fn pause(round: u32, took: Duration) -> Duration {
    let longest = took * 2_u32.pow(round.min(LONGEST));
    let random = RandomState::new().hash_one(round) as u32;
    longest.mul_f64(f64::from(random) / f64::from(u32::MAX))
}
