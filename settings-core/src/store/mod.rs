//! Stores of secrets: what a store is, and one file for each that is built in.
//!
//! A store is asked by [`SecretKey`] for what the layers above it lack. A team that keeps its secrets elsewhere implements
//! [`SecretStore`] and registers it with [`Loader::store`](crate::Loader::store):
//!
//! ```
//! use settings_core::store::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};
//! use settings_core::{ExposeSecret, SecretString, Settings};
//!
//! /// Secrets of a test bench, one for each machine.
//! #[derive(Debug)]
//! struct Bench;
//!
//! impl SecretStore for Bench {
//!     fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
//!         let one = |key: &SecretKey| match key.text("machine") {
//!             Some("lathe") => Ok(Secret::new("lathe-test-key".into())),
//!             _ => Err(StoreError::not_found()),
//!         };
//!         Box::pin(async move { keys.iter().map(one).collect() })
//!     }
//!
//!     fn describe(&self) -> String {
//!         "the test bench".to_owned()
//!     }
//! }
//!
//! #[derive(Settings)]
//! struct Shop {
//!     #[secret(source = store("bench", machine = "lathe"))]
//!     lathe_key: SecretString,
//! }
//!
//! let shop = Shop::loader().hermetic().store("bench", Bench).load_blocking()?;
//! assert_eq!(shop.lathe_key.expose_secret(), "lathe-test-key");
//! # Ok::<(), settings_core::Report>(())
//! ```

mod aws;
mod azure;
#[cfg(feature = "testing")]
pub(crate) mod conformance;
mod dapr;
mod gcp;
#[cfg(any(feature = "dapr", feature = "vault"))]
mod http;
mod json_file;
mod key;
pub(crate) mod kind;
#[cfg(feature = "testing")]
mod memory;
mod object;
mod secret;
mod vault;

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::secret::SecretString;

#[cfg(feature = "aws")]
pub use self::aws::Aws;
#[cfg(feature = "azure")]
pub use self::azure::Azure;
#[cfg(feature = "dapr")]
pub use self::dapr::Dapr;
#[cfg(feature = "gcp")]
pub use self::gcp::Gcp;
pub use self::json_file::JsonFile;
pub use self::key::SecretKey;
#[cfg(feature = "testing")]
pub use self::memory::{Fault, MemoryStore};
pub(crate) use self::secret::Value;
pub use self::secret::{Secret, StoreError, StoreErrorKind};
#[cfg(feature = "vault")]
pub use self::vault::Vault;

/// A future on the heap, as a method of a trait object gives it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A place outside of this machine, or of this process, that holds secrets.
///
/// Its calls run on one thread of this crate's own, on a tokio runtime where the feature `tokio` is on (every built-in
/// store that goes over the network brings it). A call that would block that thread belongs in `spawn_blocking` or on a
/// thread of its own.
pub trait SecretStore: Send + Sync + Debug {
    /// Fetches the secrets that these keys name: a result for each key, in their order.
    ///
    /// One call holds everything that a load wants from the store at one time, so a store that can answer several keys by
    /// one request does so, and asks for the others side by side. What is [unreachable](StoreError::unreachable) is asked
    /// for again, with a pause that grows, until the load's deadline; a store need not try again by itself.
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>>;

    /// Writes a new value under the name that the key has in the store, and leaves other keys of the same secret alone.
    fn put<'a>(&'a self, key: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        let _ = (key, value);
        Box::pin(async { Err(StoreError::read_only()) })
    }

    /// What reports call the store: `kv-chat`, `https://vault.example.com`. Never a credential.
    fn describe(&self) -> String;

    /// What reports call the place of the key in the store: `kv-chat / openai-api-key`, `secret/db#password`.
    fn place(&self, key: &SecretKey) -> String {
        key.to_string()
    }

    /// A command that puts the secret there, for reports.
    fn fix(&self, key: &SecretKey) -> Option<String> {
        let _ = key;
        None
    }
}

impl<T: SecretStore + ?Sized> SecretStore for Arc<T> {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        (**self).fetch(keys)
    }

    fn put<'a>(&'a self, key: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        (**self).put(key, value)
    }

    fn describe(&self) -> String {
        (**self).describe()
    }

    fn place(&self, key: &SecretKey) -> String {
        (**self).place(key)
    }

    fn fix(&self, key: &SecretKey) -> Option<String> {
        (**self).fix(key)
    }
}
