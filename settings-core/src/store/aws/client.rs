//! The store itself.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::{Client, Config as SecretsConfig};

use super::super::kind::Config;
use super::super::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};
use super::{SECRET_NAME, is_one_of_several, place, read, sdk, secret_id, write};
use crate::secret::SecretString;

/// AWS Secrets Manager, for [`Loader::store`](crate::Loader::store).
///
/// A source `aws` needs none of this: it is configured by `AWS_REGION` or a profile, `AWS_SECRET_NAME` and the credentials
/// that the AWS SDK finds. A program that has a client or a configuration of the SDK already hands it over:
///
/// ```no_run
/// use settings_core::store::Aws;
/// use settings_core::{SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[secret(source = aws("chat/api-keys"))]
///     openai_api_key: SecretString,
/// }
///
/// # async fn load(config: aws_config::SdkConfig) -> Result<(), settings_core::Report> {
/// let chat = Chat::loader().store("aws", Aws::from_config(&config)).load().await?;
/// # Ok(())
/// # }
/// ```
///
/// What a load asks for together goes into as few calls as there can be: one for a secret however many fields it feeds,
/// one for up to 20 secrets (`BatchGetSecretValue`, or one each where the role has no right to it).
///
/// A value is written by compare and swap on the staging labels, so that two who write to one JSON secret at a time both
/// keep their keys: a new version is put under the label `SETTINGS_PENDING`, and `AWSCURRENT` is then moved to it from the
/// version that was read. That needs the rights `secretsmanager:PutSecretValue` and
/// `secretsmanager:UpdateSecretVersionStage`.
pub struct Aws {
    /// Where the client comes from; without one the SDK is to find everything by itself.
    config: Option<SecretsConfig>,
    client: OnceLock<Client>,
    secret_name: Option<String>,
    allow_http: bool,
    /// Whether `BatchGetSecretValue` was denied, so that it is not tried again.
    is_batch_denied: AtomicBool,
}

impl Aws {
    /// The store as the SDK finds it: region and credentials from the process environment, profiles, a container or the
    /// instance that the program runs on; the secret for sources that name none from `AWS_SECRET_NAME`.
    ///
    /// Nobody is asked before the first fetch.
    #[expect(clippy::new_without_default, reason = "it reads the environment")]
    pub fn new() -> Self {
        let secret_name = std::env::var(SECRET_NAME).ok().filter(|name| !name.is_empty());
        Self { secret_name, ..Self::with(None) }
    }

    /// The store with a configuration of the SDK.
    ///
    /// Its retries are switched off, because a load has its own.
    pub fn from_config(config: &SdkConfig) -> Self {
        Self::with(Some(sdk::on(config)))
    }

    /// The store with a client of the SDK.
    ///
    /// Its retries are switched off, because a load has its own.
    pub fn from_client(client: &Client) -> Self {
        Self::with(Some(sdk::settled(client.config())))
    }

    /// Names the secret for sources that name none: `source = aws`.
    #[must_use]
    pub fn secret_name(mut self, name: impl Into<String>) -> Self {
        self.secret_name = Some(name.into());
        self
    }

    /// Allows plain http to another machine, such as an emulator in a container beside this one. Whoever listens on the way
    /// can read the secrets.
    #[must_use]
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    /// The store as variables configure it.
    pub(super) fn configured(config: &Config<'_>) -> Result<Self, StoreError> {
        let secret_name = config.get(SECRET_NAME).map(|name| name.to_string());
        let allow_http = sdk::allows_http(config);
        Ok(Self { secret_name, allow_http, ..Self::with(Some(sdk::configured(config)?)) })
    }

    fn with(config: Option<SecretsConfig>) -> Self {
        Self {
            config,
            client: OnceLock::new(),
            secret_name: None,
            allow_http: false,
            is_batch_denied: AtomicBool::new(false),
        }
    }

    async fn client(&self) -> Result<&Client, StoreError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let config = match &self.config {
            Some(config) => config.clone(),
            None => sdk::of_process().await?,
        };
        Ok(self.client.get_or_init(|| sdk::client(&config, self.allow_http)))
    }

    fn region(&self) -> Option<&str> {
        let config = self.client.get().map(Client::config).or(self.config.as_ref())?;
        config.region().map(AsRef::as_ref)
    }

    /// The name or ARN of the secret.
    fn id<'k>(&'k self, key: &'k SecretKey) -> Result<&'k str, StoreError> {
        let nameless = || StoreError::not_configured().because("neither the source nor AWS_SECRET_NAME names a secret");
        secret_id(key, self.secret_name.as_deref()).ok_or_else(nameless)
    }

    async fn read(&self, keys: &[SecretKey]) -> Vec<Result<Secret, StoreError>> {
        let client = match self.client().await {
            Ok(client) => client,
            Err(error) => return keys.iter().map(|_| Err(error.clone())).collect(),
        };
        let ids: Vec<_> = keys.iter().map(|key| self.id(key)).collect();
        let is_batch_denied = self.is_batch_denied.load(Ordering::Relaxed);
        let read = read::fetch(client, keys, &ids, is_batch_denied).await;
        self.is_batch_denied.store(read.is_batch_denied, Ordering::Relaxed);
        read.answers
    }
}

impl SecretStore for Aws {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(self.read(keys))
    }

    fn put<'a>(&'a self, key: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { write::put(self.client().await?, self.id(key)?, key, value).await })
    }

    fn describe(&self) -> String {
        let region = self.region().map(|region| format!(" in {region}"));
        format!("AWS Secrets Manager{}", region.unwrap_or_default())
    }

    fn place(&self, key: &SecretKey) -> String {
        place(key, self.secret_name.as_deref())
    }

    fn fix(&self, key: &SecretKey) -> Option<String> {
        let id = self.id(key).ok()?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-:".contains(c);
        if !id.chars().all(is_plain) {
            return None;
        }
        let command = "aws secretsmanager put-secret-value --secret-string file://<path> --secret-id";
        let what = if is_one_of_several(key) {
            format!("a JSON object with {} beside its other keys; ", key.json_key())
        } else {
            String::new()
        };
        Some(format!("{command} {id}      ({what}create-secret --name where there is none yet)"))
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("Aws");
        output.field("region", &self.region()).field("secret_name", &self.secret_name);
        output.finish_non_exhaustive()
    }
}
