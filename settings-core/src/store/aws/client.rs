//! The store itself.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::{Client, Config as SecretsConfig};
use tokio::sync::Mutex;

use super::super::kind::Config;
use super::super::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};
use super::read::{self, CURRENT, Wanted};
use super::{SECRET_NAME, is_one_of_several, place, sdk, secret_id, seen_here, write};
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
    config: Configuration,
    client: OnceLock<Client>,
    secret_name: Option<String>,
    allow_http: bool,
    /// Whether `BatchGetSecretValue` was denied, so that it is not tried again.
    is_batch_denied: AtomicBool,
    /// Held while a value is written: writers of one program need not find out by conflicts that they are several.
    writing: Mutex<()>,
}

/// Where the client comes from.
enum Configuration {
    /// From wherever the SDK looks.
    OfProcess,
    Given(Box<SecretsConfig>),
    /// From nowhere: why nothing is asked.
    Refused(StoreError),
}

impl Aws {
    /// The store as the SDK finds it: region and credentials from the process environment, profiles, a container or the
    /// instance that the program runs on; the secret for sources that name none from `AWS_SECRET_NAME`.
    ///
    /// Nobody is asked before the first fetch.
    #[expect(clippy::new_without_default, reason = "it reads the environment")]
    pub fn new() -> Self {
        let secret_name = std::env::var(SECRET_NAME).ok().filter(|name| !name.is_empty());
        Self { secret_name, ..Self::with(Configuration::OfProcess) }
    }

    /// The store with a configuration of the SDK.
    ///
    /// Its retries are switched off, because a load has its own.
    pub fn from_config(config: &SdkConfig) -> Self {
        Self::with(Configuration::Given(sdk::on(config).into()))
    }

    /// The store with a client of the SDK.
    ///
    /// Its retries are switched off, because a load has its own.
    pub fn from_client(client: &Client) -> Self {
        Self::with(Configuration::Given(sdk::settled(client.config()).into()))
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
    pub(super) fn configured(config: &Config<'_>) -> Self {
        let secret_name = config.get(SECRET_NAME).map(|name| name.to_string());
        let allow_http = sdk::allows_http(config);
        let config =
            sdk::configured(config).map_or_else(Configuration::Refused, |config| Configuration::Given(config.into()));
        Self { secret_name, allow_http, ..Self::with(config) }
    }

    fn with(config: Configuration) -> Self {
        Self {
            config,
            client: OnceLock::new(),
            secret_name: None,
            allow_http: false,
            is_batch_denied: AtomicBool::new(false),
            writing: Mutex::new(()),
        }
    }

    async fn client(&self) -> Result<&Client, StoreError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = match &self.config {
            Configuration::Given(config) => sdk::client(config, self.allow_http),
            Configuration::OfProcess => sdk::client(&sdk::of_process().await?, self.allow_http),
            Configuration::Refused(error) => return Err(error.clone()),
        };
        Ok(self.client.get_or_init(|| client))
    }

    fn region(&self) -> Option<&str> {
        let config = match (&self.config, self.client.get()) {
            (Configuration::Given(config), _) => config,
            (_, Some(client)) => client.config(),
            _ => return None,
        };
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
        let keys: Vec<_> = keys.iter().map(seen_here).collect();
        let stage = |key| SecretKey::text(key, "version_stage");
        let wanted: Vec<_> = keys.iter().map(|key| Ok(Wanted { id: self.id(key)?, stage: stage(key) })).collect();
        let is_batch_denied = self.is_batch_denied.load(Ordering::Relaxed);
        let read = read::read(client, wanted.iter().flatten().copied(), is_batch_denied).await;
        self.is_batch_denied.store(read.is_batch_denied, Ordering::Relaxed);
        let secret = |(key, wanted): (_, Result<_, StoreError>)| read.answer(wanted?)?.secret(key);
        keys.iter().map(AsRef::as_ref).zip(wanted).map(secret).collect()
    }
}

impl SecretStore for Aws {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(self.read(keys))
    }

    fn put<'a>(&'a self, key: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let (client, id) = (self.client().await?, self.id(key)?);
            let _turn = self.writing.lock().await;
            write::put(client, id, &seen_here(key), value).await
        })
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
        let is_current = key.text("version_stage").is_none_or(|stage| stage == CURRENT);
        if !is_current || !id.chars().all(is_plain) {
            return None;
        }
        let key = seen_here(key);
        let what = if is_one_of_several(&key) { format!("JSON that has {}; ", key.json_key()) } else { String::new() };
        Some(format!(
            "aws secretsmanager put-secret-value --secret-id {id} --secret-string file://<path>      ({what}for a new \
             secret create-secret --name)"
        ))
    }
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("Aws");
        output.field("region", &self.region()).field("secret_name", &self.secret_name);
        output.finish_non_exhaustive()
    }
}
