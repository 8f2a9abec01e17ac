//! Google Secret Manager, asked for secrets that are in a service of this process. That one is as strict as the real one.
#![cfg(feature = "gcp")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod answers;
mod loads;
mod logs;
mod machine;
mod many;
mod server;
mod sign_in;
mod writes;

use std::sync::{Arc, LazyLock};

use fake_stores::{Project, SecretManager};
use google_cloud_auth::credentials::anonymous;
use settings_core::store::{Gcp, Secret, SecretKey, SecretStore, StoreError};
use tokio::runtime::{Builder, Runtime};

/// A project `agentds`, and a store that asks it.
struct Bench {
    google: SecretManager,
    project: Project,
    store: Arc<Gcp>,
}

impl Bench {
    fn new() -> Self {
        Self::at(SecretManager::started())
    }

    fn at(google: SecretManager) -> Self {
        let (project, store) = (google.project("agentds"), Arc::new(store(&google)));
        Self { google, project, store }
    }

    fn fetch(&self, keys: &[SecretKey]) -> Vec<Result<Secret, StoreError>> {
        block_on(self.store.fetch(keys))
    }

    /// Why there is no such secret.
    fn refusal(&self, key: SecretKey) -> StoreError {
        let mut answers = self.fetch(&[key]);
        assert_eq!(answers.len(), 1);
        answers.remove(0).unwrap_err()
    }

    fn put(&self, key: &SecretKey, value: &str) -> Result<(), StoreError> {
        block_on(self.store.put(key, &value.into()))
    }

    fn value(&self, secret: &str) -> String {
        String::from_utf8(self.project.value(secret).unwrap()).unwrap()
    }

    /// The service was asked as the real one wants to be asked.
    fn is_in_order(&self) {
        assert_eq!(self.google.violations(), []);
    }
}

/// A store of its own, with connections of its own.
fn store(google: &SecretManager) -> Gcp {
    Gcp::new("agentds").credentials(anonymous::Builder::new().build()).endpoint(&google.url())
}

/// Connections last as long as the runtime that they were made in, so there is one for all.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_multi_thread().enable_all().build().unwrap());
    RUNTIME.block_on(work)
}

fn key(name: &str) -> SecretKey {
    SecretKey::new("API_KEY").named(name)
}
