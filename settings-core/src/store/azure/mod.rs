//! Azure Key Vault: what configures it, and where its secrets are.

mod address;
#[cfg(feature = "azure")]
mod client;
#[cfg(feature = "azure")]
mod credential;
#[cfg(feature = "azure")]
mod failure;
#[cfg(feature = "azure")]
mod http;
#[cfg(feature = "azure")]
mod identity;
#[cfg(feature = "azure")]
mod variables;

use std::borrow::Cow;
use std::sync::Arc;

use self::address::VaultUrl;
#[cfg(feature = "azure")]
pub use self::client::Azure;
#[cfg(feature = "azure")]
use self::variables::Variables;
use super::kind::{Config, Kind, Variable};
use super::{SecretKey, SecretStore, StoreError};

/// The vault of secrets whose source names none.
const VAULT: &str = "KEY_VAULT_URI";
const TENANT: &str = "AZURE_TENANT_ID";
const CLIENT: &str = "AZURE_CLIENT_ID";
const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";
const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";
const IDENTITY_HEADER: &str = "IDENTITY_HEADER";
const MSI_ENDPOINT: &str = "MSI_ENDPOINT";
const MSI_SECRET: &str = "MSI_SECRET";

pub(crate) const KIND: Kind = Kind {
    name: "azure",
    title: "Azure Key Vault",
    variables: &[
        Variable::common(VAULT, "Address of the Azure Key Vault, such as https://kv-chat.vault.azure.net/"),
        Variable::rare(TENANT, "Tenant of the service principal or workload identity that reads the Azure Key Vault"),
        Variable::rare(CLIENT, "Client id of the service principal or identity that reads the Azure Key Vault"),
        Variable::rare(CLIENT_SECRET, "Secret of the service principal that reads the Azure Key Vault"),
        Variable::rare(TOKEN_FILE, "File with the token of a Kubernetes workload identity"),
        Variable::rare(AUTHORITY, "Where clients sign in, in clouds other than the public one of Azure"),
        Variable::rare(IDENTITY_ENDPOINT, "Where Azure App Service gives out tokens of the managed identity"),
        Variable::rare(IDENTITY_HEADER, "What App Service wants to see before it gives one out"),
        Variable::rare(MSI_ENDPOINT, "Where Azure Machine Learning gives out tokens of the managed identity"),
        Variable::rare(MSI_SECRET, "What Azure Machine Learning wants to see before it gives one out"),
    ],
    configured,
    place,
    open: OPEN,
};

type Open = fn(&Config<'_>) -> Result<Arc<dyn SecretStore>, StoreError>;

#[cfg(feature = "azure")]
const OPEN: Option<Open> = Some(|config| Ok(Arc::new(Azure::configured(config)?)));
#[cfg(not(feature = "azure"))]
const OPEN: Option<Open> = None;

fn configured(key: &SecretKey, config: &Config<'_>) -> Result<(), Cow<'static, str>> {
    let known = key.text("vault").is_some() || config.has(VAULT);
    if known { Ok(()) } else { Err(Cow::Borrowed("KEY_VAULT_URI is not set")) }
}

fn place(key: &SecretKey, config: &Config<'_>) -> String {
    let own = key.text("vault").map(str::to_owned);
    let vault = own.or_else(|| config.get(VAULT).map(|url| url.to_string()));
    place_in(vault.as_deref().and_then(|url| VaultUrl::parse(url).ok()).as_ref(), key)
}

/// `kv-chat / openai-api-key`
fn place_in(vault: Option<&VaultUrl>, key: &SecretKey) -> String {
    let version = key.text("version").map(|version| format!(" (version {version})")).unwrap_or_default();
    match vault {
        Some(vault) => format!("{} / {key}{version}", vault.name()),
        None => format!("{key}{version}"),
    }
}
