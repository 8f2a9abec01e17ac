//! An Azure Key Vault in this process, which has the key that the sample file leaves empty.

use std::sync::Arc;

use azure_core::http::ClientOptions;
use fake_stores::KeyVault;
use settings_core::store::Azure;

/// The vault, and a store that asks it. Without the vault the store finds nobody.
pub(crate) struct FakeVault {
    store: Arc<Azure>,
    _vault: KeyVault,
}

impl FakeVault {
    pub(crate) fn start() -> Self {
        let azure = KeyVault::started();
        let vault = azure.vault("kv-chat");
        vault.set("openai-api-key", "sk-test-key-of-the-vault");
        vault.set("anthropic-api-key", "sk-ant-test-key");
        // In real life the address comes from KEY_VAULT_URI, and the SDK's own transport and credentials are used.
        let options = ClientOptions { transport: Some(azure.transport()), ..Default::default() };
        let store = Azure::new(&vault.url()).credential(azure.credential()).client_options(options);
        Self { store: Arc::new(store), _vault: azure }
    }

    pub(crate) fn store(&self) -> Arc<Azure> {
        Arc::clone(&self.store)
    }
}
