//! The store itself.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::slice;
use std::sync::Arc;

use google_cloud_auth::credentials::Credentials;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::failure::Failure;
use super::resource::{Resource, is_one_of_several, place, seen_here};
use super::sdk::{Held, Sdk};
use super::sign_in::{Adc, SignIn};
use super::{ENDPOINT, default_project, default_secret, endpoint, write};
use crate::secret::SecretString;
use crate::store::kind::Config;
use crate::store::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};

/// [Google Secret Manager](https://cloud.google.com/secret-manager/docs), as `source = gcp` asks it.
///
/// The project is that of `GOOGLE_CLOUD_PROJECT` or of the source. A source names a secret, `gcp("agentds-api-keys")`; one
/// that names none has that of `GCP_SECRET_NAME`, which holds the values of all such fields as JSON; without that variable
/// each field has a secret of its own, named by its path in kebab-case, `openai-api-key`. `gcp("name", version = "3")` takes
/// one version of it, the latest otherwise, `gcp("name", project = "other")` takes it from another project, and full names,
/// `projects/agentds/secrets/api-keys/versions/3`, are understood too. Of a secret that is a JSON object a field takes its
/// key, any other text is the value as a whole.
///
/// Who asks is found as Google's tools do, in this order:
///
/// 1. the file of `GOOGLE_APPLICATION_CREDENTIALS`: a service account, workload identity federation, an impersonated account;
/// 2. what `gcloud auth application-default login` left in the home directory, or in `CLOUDSDK_CONFIG`;
/// 3. the account of the machine: Compute Engine, GKE, Cloud Run. It is asked when there is a secret to fetch and nothing
///    else was found, and may take a second to answer.
///
/// All these variables may stand in a .env file. A loader that is given an environment of its own does without the home
/// directory and the account of the machine. Whatever it is given, the SDK goes through the proxy that the process
/// environment names.
///
/// This type is for programs that give the project or the credentials in code:
///
/// ```no_run
/// use settings_core::store::Gcp;
/// use settings_core::{SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[secret(source = gcp)]
///     openai_api_key: SecretString,
/// }
///
/// # fn credentials() -> google_cloud_auth::credentials::Credentials { unimplemented!() }
/// // Any credentials of the crate google-cloud-auth
/// let google = Gcp::new("agentds").secret_name("agentds-api-keys").credentials(credentials());
/// let chat = Chat::loader().store("gcp", google).load_blocking()?;
/// # Ok::<(), settings_core::Report>(())
/// ```
///
/// The right that is needed is the role *Secret Manager Secret Accessor*; to write, *Secret Manager Secret Version Adder*
/// besides. The secrets of a load are read side by side, each once. Checksums are compared both ways.
///
/// **Writing.** A new value is a new version of a secret that there is; old versions stay, and cost, until somebody destroys
/// them. The service has no compare and swap. Writers that share this store take turns. When one of another process adds a
/// version at the same time, the number of the own version tells of it, and the value is written again into what that
/// writer left: the keys that either changed are all there in the end, but readers may see a version without one of them for
/// a moment, and a third writer who reads that very version, or one who does not look after a write, may lose a key. Where many rotate the
/// keys of one secret at a time, give each key a secret of its own.
pub struct Gcp {
    project: Option<String>,
    secret_name: Option<String>,
    sign_in: SignIn,
    endpoint: Option<Result<String, StoreError>>,
    /// Made when it is first wanted.
    sdk: Mutex<Option<Sdk>>,
    /// Held by who writes.
    writing: Mutex<()>,
}

impl Gcp {
    /// The secrets of this project, asked in the name of whoever the process environment says.
    pub fn new(project: impl Into<String>) -> Self {
        Self::with(Some(project.into()), SignIn::Default(Adc::of_process()))
    }

    /// Names the secret for sources that name none, `source = gcp`. Without it each field has a secret of its own.
    #[must_use]
    pub fn secret_name(self, name: impl Into<String>) -> Self {
        Self { secret_name: Some(name.into()), ..self }
    }

    /// The same secrets, asked by these credentials.
    #[must_use]
    pub fn credentials(self, credentials: Credentials) -> Self {
        Self { sign_in: SignIn::Given(credentials), ..self }
    }

    /// The same secrets, asked for at this address: a private or regional endpoint, or an emulator. Plain http is for this
    /// machine only.
    ///
    /// An address that is none is a problem of each secret that a load wants.
    #[must_use]
    pub fn endpoint(self, url: &str) -> Self {
        Self { endpoint: Some(endpoint::check(url)), ..self }
    }

    /// The store as variables configure it.
    pub(super) fn configured(config: &Config<'_>) -> Self {
        let named = |error: StoreError| {
            let note = format!("{ENDPOINT}: {}", error.note());
            error.noted(note)
        };
        Self {
            secret_name: default_secret(config),
            endpoint: config.get(ENDPOINT).map(|url| endpoint::check(&url).map_err(named)),
            ..Self::with(default_project(config), SignIn::Default(Adc::read(config)))
        }
    }

    fn with(project: Option<String>, sign_in: SignIn) -> Self {
        Self { project, secret_name: None, sign_in, endpoint: None, sdk: Mutex::default(), writing: Mutex::default() }
    }

    async fn sdk(&self) -> Result<Sdk, StoreError> {
        let mut sdk = self.sdk.lock().await;
        if let Some(sdk) = &*sdk {
            return Ok(sdk.clone());
        }
        let endpoint = self.endpoint.clone().transpose()?;
        let new = Sdk::new(self.sign_in.sign_in().await?, endpoint.as_deref()).await?;
        Ok(sdk.insert(new).clone())
    }

    /// After a failure to sign in: the SDK would repeat it for ever, so that the next call begins anew. Tells whether that
    /// may help now.
    async fn begin_anew(&self, failures: &[Failure]) -> bool {
        let SignIn::Default(_) = self.sign_in else { return false };
        if failures.iter().any(|failure| failure.is_of_sign_in) {
            *self.sdk.lock().await = None;
        }
        failures.iter().any(|failure| failure.is_of_token)
    }

    /// What a key asks for.
    fn resource(&self, key: &SecretKey) -> Result<Resource, StoreError> {
        Resource::of(key, self.project.as_deref(), self.secret_name.as_deref())
    }

    fn seen_here<'k>(&self, key: &'k SecretKey) -> Cow<'k, SecretKey> {
        seen_here(key, self.secret_name.as_deref())
    }

    async fn read(&self, keys: &[SecretKey]) -> Vec<Result<Secret, StoreError>> {
        let wanted: Vec<Result<Resource, StoreError>> = keys.iter().map(|key| self.resource(key)).collect();
        let distinct: HashSet<Resource> = wanted.iter().flatten().cloned().collect();
        let mut found = self.access(distinct).await;
        let failures: Vec<Failure> = found.values().filter_map(|answer| answer.as_ref().err().cloned()).collect();
        if self.begin_anew(&failures).await {
            let is_refused = |answer: &Answer| answer.as_ref().is_err_and(|failure| failure.is_of_token);
            let refused = found.iter().filter(|(_, answer)| is_refused(answer)).map(|(id, _)| id.clone()).collect();
            found.extend(self.access(refused).await);
        }
        let secret = |(key, wanted): (&SecretKey, Result<Resource, StoreError>)| {
            let broken = || StoreError::unreachable().because("the client failed");
            match found.get(&wanted?).ok_or_else(broken)? {
                Ok(held) => held.secret(&self.seen_here(key)),
                Err(failure) => Err(failure.error.clone()),
            }
        };
        keys.iter().zip(wanted).map(secret).collect()
    }

    /// Reads versions side by side.
    async fn access(&self, wanted: HashSet<Resource>) -> HashMap<Resource, Answer> {
        if wanted.is_empty() {
            return HashMap::new();
        }
        let sdk = match self.sdk().await {
            Ok(sdk) => sdk,
            Err(error) => return wanted.into_iter().map(|id| (id, Err(error.clone().into()))).collect(),
        };
        let mut reads = JoinSet::new();
        for id in wanted {
            let sdk = sdk.clone();
            reads.spawn(async move {
                let answer = sdk.access(&id).await.map(Arc::new);
                (id, answer)
            });
        }
        let mut found = HashMap::new();
        while let Some(read) = reads.join_next().await {
            // An error is a panic within the client. Its secret is missing then.
            found.extend(read);
        }
        found
    }

    async fn write(&self, key: &SecretKey, value: &SecretString) -> Result<(), StoreError> {
        let secret = self.resource(key)?;
        if secret.version.is_some() {
            return Err(StoreError::denied().because("its source names one version, which never changes"));
        }
        let is_own = key.name().is_none() && self.secret_name.is_none();
        let key = self.seen_here(key);
        let _turn = self.writing.lock().await;
        let put = async || write::put(&self.sdk().await?, &secret, &key, value, is_own).await;
        let answer = match put().await {
            // Nothing was written: it is refused before that.
            Err(failure) if self.begin_anew(slice::from_ref(&failure)).await => put().await,
            answer => answer,
        };
        answer.map_err(|failure| failure.error)
    }
}

type Answer = Result<Arc<Held>, Failure>;

impl SecretStore for Gcp {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(self.read(keys))
    }

    fn put<'a>(&'a self, key: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.write(key, value))
    }

    fn describe(&self) -> String {
        let project = self.project.as_ref().map(|project| format!(" of {project}"));
        format!("Google Secret Manager{}", project.unwrap_or_default())
    }

    fn place(&self, key: &SecretKey) -> String {
        place(key, &self.project, self.secret_name.as_deref())
    }

    fn fix(&self, key: &SecretKey) -> Option<String> {
        let Resource { project, secret, version } = self.resource(key).ok()?;
        let key = self.seen_here(key);
        let what = if is_one_of_several(&key) { format!("JSON that has {}; ", key.json_key()) } else { String::new() };
        let add = format!(
            "gcloud secrets versions add {secret} --project={project} --data-file=<path>      ({what}for a new secret \
             create it first: gcloud secrets create)"
        );
        // A version that is not there cannot be made: the source has to name another one.
        version.is_none().then_some(add)
    }
}

impl fmt::Debug for Gcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("Gcp");
        output.field("project", &self.project).field("secret_name", &self.secret_name);
        output.finish_non_exhaustive()
    }
}
