//! Who asks: the first credential that the configuration is set up for, or the one that is given in code.

use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{AccessToken, Secret, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientMethodOptions, ClientOptions, Context};
use azure_core::time::{Duration, OffsetDateTime};
use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, DeveloperToolsCredential,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::failure;
use super::http::Http;
use super::identity::Identity;
use super::{AUTHORITY, CLIENT, CLIENT_SECRET, IDENTITY_ENDPOINT, MSI_ENDPOINT, TENANT, TOKEN_FILE};
use crate::store::kind::Config;
use crate::store::{StoreError, StoreErrorKind};

/// A token that expires sooner is replaced when it is wanted.
const MARGIN: Duration = Duration::minutes(5);

/// Where a client signs in unless the configuration says elsewhere.
const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com";

const NONE: &str = "no credentials: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run `az login`";
const NONE_GIVEN: &str = "no credentials: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set";

/// Tokens for all vaults of a store. Each is asked for once, however many reads wait for it, and kept until it expires:
/// several credentials do not do that by themselves, such as the one that runs `az`.
#[derive(Debug)]
pub(super) struct SignIn {
    source: Source,
    tokens: Mutex<HashMap<String, AccessToken>>,
}

/// One go at a load's secrets. The first read that cannot sign in spares the others to try it again, one after the other.
///
/// It reaches the credential in the context of each request.
#[derive(Debug, Clone, Default)]
pub(super) struct Attempt(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    failed: OnceLock<StoreError>,
    renewed: AtomicBool,
}

impl Attempt {
    /// The options of a request that belongs to it.
    pub(super) fn options(&self) -> ClientMethodOptions<'static> {
        ClientMethodOptions { context: Context::new().with_value(self.clone()) }
    }
}

#[derive(Debug)]
enum Source {
    /// One of the SDK's, or the user's own.
    Credential(Arc<dyn TokenCredential>),
    /// The managed identity that the platform names.
    Identity(Identity),
    /// Whoever this machine is, or is signed in on it. What gave a token first is asked from then on.
    Machine { identity: Identity, tools: Option<Arc<DeveloperToolsCredential>>, is_identity: OnceLock<bool> },
}

impl SignIn {
    fn new(source: Source) -> Self {
        Self { source, tokens: Mutex::default() }
    }

    /// By this credential.
    pub(super) fn given(credential: Arc<dyn TokenCredential>) -> Self {
        Self::new(Source::Credential(credential))
    }

    /// Forgets the tokens that are kept, for a vault has refused one before its time. The others that are refused in the
    /// same attempt were given the same one.
    pub(super) async fn renew(&self, attempt: &Attempt) {
        let mut tokens = self.tokens.lock().await;
        if !attempt.0.renewed.swap(true, Ordering::Relaxed) {
            tokens.clear();
        }
    }

    /// Says so where nobody is there that could ask.
    pub(super) fn is_configured(config: &Config<'_>) -> Result<(), StoreError> {
        let named = [CLIENT, CLIENT_SECRET, TOKEN_FILE, IDENTITY_ENDPOINT, MSI_ENDPOINT];
        // What is not in an environment of a loader's own is not asked for.
        let is_nobody = config.isolated && !named.iter().any(|name| config.has(name));
        if is_nobody { Err(StoreError::not_configured().because(NONE_GIVEN)) } else { Ok(()) }
    }

    /// As the configuration says.
    pub(super) fn configured(config: &Config<'_>, http: &Http) -> Result<Self, StoreError> {
        let client = config.get(CLIENT);
        let client = client.as_deref().map(String::as_str);
        if let Some(secret) = config.get(CLIENT_SECRET) {
            let (tenant, client) = tenant_and_client(config, CLIENT_SECRET)?;
            let options = ClientSecretCredentialOptions { client_options: entra(config, http) };
            let secret = Secret::new(secret.to_string());
            let credential = ClientSecretCredential::new(&tenant, client.to_string(), secret, Some(options));
            return Ok(Self::given(credential.map_err(|_| misspelt())?));
        }
        if let Some(file) = config.get(TOKEN_FILE) {
            let (tenant, client) = tenant_and_client(config, TOKEN_FILE)?;
            let file = PathBuf::from(file.as_str());
            if !file.is_file() || File::open(&file).is_err() {
                return Err(
                    StoreError::misconfigured().because("the file of AZURE_FEDERATED_TOKEN_FILE cannot be read")
                );
            }
            let options = WorkloadIdentityCredentialOptions {
                credential_options: ClientAssertionCredentialOptions { client_options: entra(config, http) },
                client_id: Some(client.to_string()),
                tenant_id: Some(tenant.to_string()),
                token_file_path: Some(file),
            };
            return Ok(Self::given(WorkloadIdentityCredential::new(Some(options)).map_err(|_| misspelt())?));
        }
        if let Some(identity) = Identity::named(config, client, http)? {
            return Ok(Self::new(Source::Identity(identity)));
        }
        if config.isolated && client.is_none() {
            return Err(StoreError::not_configured().because(NONE_GIVEN));
        }
        let identity = Identity::of_machine(client, http)?;
        let tools = (!config.isolated).then(|| DeveloperToolsCredential::new(None)).transpose();
        let tools = tools.map_err(|error| failure::of_sign_in(&error))?;
        Ok(Self::new(Source::Machine { identity, tools, is_identity: OnceLock::new() }))
    }
}

/// Both are wanted by what the variable `because` begins.
fn tenant_and_client(
    config: &Config<'_>,
    because: &'static str,
) -> Result<(Zeroizing<String>, Zeroizing<String>), StoreError> {
    let wanted = |name: &'static str| {
        config.get(name).ok_or_else(|| StoreError::misconfigured().noted(format!("{because} is set and {name} is not")))
    };
    Ok((wanted(TENANT)?, wanted(CLIENT)?))
}

fn misspelt() -> StoreError {
    StoreError::misconfigured().because("AZURE_TENANT_ID or AZURE_AUTHORITY_HOST is misspelt")
}

/// How the sign-in service is spoken to. Without its address in the options the SDK would look into the environment.
fn entra(config: &Config<'_>, http: &Http) -> ClientOptions {
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = config.get(AUTHORITY).map_or_else(|| PUBLIC_AUTHORITY.to_owned(), |host| host.to_string());
    ClientOptions { cloud: Some(Arc::new(cloud.into())), ..http.cloud() }
}

impl Source {
    async fn token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> Result<AccessToken, StoreError> {
        let scope = scopes.first().copied().unwrap_or_default();
        let (identity, tools, is_identity) = match self {
            Self::Credential(credential) => {
                return credential.get_token(scopes, options).await.map_err(|error| failure::of_sign_in(&error));
            }
            Self::Identity(identity) => return identity.token(scope, options).await,
            Self::Machine { identity, tools, is_identity } => (identity, tools, is_identity),
        };
        if is_identity.get() != Some(&false) {
            match identity.token(scope, options.clone()).await {
                Ok(token) => {
                    is_identity.get_or_init(|| true);
                    return Ok(token);
                }
                Err(error) if error.kind() != StoreErrorKind::NotConfigured => return Err(error),
                // Who asked once as the machine does not become somebody else.
                Err(_) if is_identity.get().is_some() => {
                    return Err(StoreError::unreachable().because("signing in: this machine gives no token any more"));
                }
                Err(_) => {}
            }
        }
        // What the tools say is for people: who is not signed in, which tool is not there.
        let none = || StoreError::not_configured().because(NONE);
        let token = tools.as_ref().ok_or_else(none)?.get_token(scopes, options).await.map_err(|_| none())?;
        is_identity.get_or_init(|| false);
        Ok(token)
    }
}

#[async_trait]
impl TokenCredential for SignIn {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let scope = scopes.join(" ");
        let attempt = options.as_ref().and_then(|options| options.method_options.context.value::<Attempt>());
        let attempt = attempt.cloned().unwrap_or_default();
        let mut tokens = self.tokens.lock().await;
        let is_good_for = |token: &&AccessToken, time| token.expires_on > OffsetDateTime::now_utc() + time;
        if let Some(token) = tokens.get(&scope).filter(|token| is_good_for(token, MARGIN)) {
            return Ok(token.clone());
        }
        if attempt.0.failed.get().is_none() {
            match self.source.token(scopes, options).await {
                Ok(token) => {
                    tokens.insert(scope, token.clone());
                    return Ok(token);
                }
                Err(error) => drop(attempt.0.failed.set(error)),
            }
        }
        // The old token does until the last moment.
        if let Some(token) = tokens.get(&scope).filter(|token| is_good_for(token, Duration::ZERO)) {
            return Ok(token.clone());
        }
        let error = attempt.0.failed.get().cloned().unwrap_or_else(StoreError::not_configured);
        Err(azure_core::Error::new(ErrorKind::Credential, error))
    }
}

#[cfg(test)]
mod tests;
