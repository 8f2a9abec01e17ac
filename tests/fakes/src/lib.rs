//! Secret stores within a test's own process, as strict as the real ones.
//!
//! | feature | fake | spoken to by |
//! |---|---|---|
//! | `azure` | [`KeyVault`]: Azure Key Vault, secrets of api-version 2025-07-01 | `azure_security_keyvault_secrets` |
//! | `google` | [`SecretManager`]: Google Secret Manager, REST v1 | `google-cloud-secretmanager-v1` |
//! | `dapr` | [`Dapr`]: a sidecar with secrets from local files, invocation, events and state | plain HTTP |
//! | `openai` | [`OpenAi`]: a model behind OpenAI's protocol, which asks for a key | plain HTTP |
//!
//! Each is a [`Fake`]: a server on a free port of 127.0.0.1, with a thread and a runtime of its own, so that it answers
//! whatever the test blocks on. It stops when it is dropped. A request that the real service would refuse is answered
//! as the real service answers it, and remembered: a test ends with `assert_eq!(fake.violations(), [])`.
//!
//! What goes wrong in real life is a [`Fault`], given to [`Fake::inject`]. What was asked is counted: [`Fake::counts`].
//! No output of this crate holds the value of a secret, but for the methods that are called `value`.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "azure")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use fake_stores::{Fault, KeyVault};
//!
//! let azure = KeyVault::started();
//! let vault = azure.vault("myvault");
//! vault.set("openai-api-key", "sk-test-key");
//! azure.inject(Fault::dropped().on("openai-api-key").times(1));
//!
//! let secret = vault.client()?.get_secret("openai-api-key", None).await?.into_model()?;
//! assert_eq!(secret.value.as_deref(), Some("sk-test-key"));
//!
//! assert_eq!(azure.counts().reads, 2); // the one that was dropped, and the client's second try
//! assert_eq!(azure.violations(), []);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "azure"))]
//! # fn main() {}
//! ```
#![cfg(any(feature = "azure", feature = "google", feature = "dapr", feature = "openai"))]

#[cfg(feature = "azure")]
mod azure;
#[cfg(feature = "dapr")]
mod dapr;
mod fault;
#[cfg(feature = "google")]
mod google;
mod message;
#[cfg(feature = "openai")]
mod openai;
mod record;
mod server;

#[cfg(feature = "azure")]
pub use azure::{Credential, KeyVault, Vault};
#[cfg(feature = "dapr")]
pub use dapr::{Dapr, SecretsFile};
pub use fault::Fault;
#[cfg(feature = "google")]
pub use google::{Project, SecretManager};
#[cfg(feature = "openai")]
pub use openai::OpenAi;
pub use record::{Call, Counts, Violation};
pub use server::Fake;
