//! Azure Key Vault, asked for secrets that are in a vault of this process. That one is as strict as the real one.
#![cfg(feature = "azure")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod answers;
mod loads;
mod logs;
mod machine;
mod many;
mod vaults;
mod writes;

use std::sync::{Arc, LazyLock};

use azure_core::http::ClientOptions;
use fake_stores::{Credential, KeyVault, Vault};
use settings_core::store::{Azure, Secret, SecretKey, SecretStore, StoreError};
use tokio::runtime::{Builder, Runtime};

/// A vault `kv-chat`, and a store that asks it.
struct Bench {
    azure: KeyVault,
    vault: Vault,
    credential: Arc<Credential>,
    store: Arc<Azure>,
}

impl Bench {
    fn new() -> Self {
        Self::at(KeyVault::started())
    }

    fn at(azure: KeyVault) -> Self {
        let vault = azure.vault("kv-chat");
        let credential = azure.credential();
        let store = Azure::new(&vault.url()).credential(credential.clone()).client_options(options(&azure));
        Self { azure, vault, credential, store: Arc::new(store) }
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

    /// The vault was asked as the real one wants to be asked.
    fn is_in_order(&self) {
        assert_eq!(self.azure.violations(), []);
    }
}

fn options(azure: &KeyVault) -> ClientOptions {
    ClientOptions { transport: Some(azure.transport()), ..Default::default() }
}

/// Connections last as long as the runtime that they were made in, so there is one for all.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_multi_thread().enable_all().build().unwrap());
    RUNTIME.block_on(work)
}

fn key(name: &str) -> SecretKey {
    SecretKey::new("API_KEY").named(name)
}
