//! Who asks: Google's application default credentials, <https://google.aip.dev/auth/4110>.
//!
//! The SDK can find them by itself, but only by the process environment, where a .env file has no say, and it waits for a
//! metadata server that is not there as long as the network lets it. So they are found here, and the SDK is told.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use google_cloud_auth::build_errors::Error as BuildError;
use google_cloud_auth::credentials::{Credentials, external_account, impersonated, mds, service_account, user_account};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{CREDENTIALS, GCLOUD_DIRECTORY, METADATA_HOST, QUOTA_PROJECT, UNIVERSE, failure};
use crate::store::StoreError;
use crate::store::kind::Config;

/// The domain of Google's own cloud.
const GOOGLE: &str = "googleapis.com";
/// What gives machines of Google their tokens.
const METADATA: (&str, u16) = ("metadata.google.internal", 80);
/// How long it may take to accept a connection. Elsewhere than at Google there is none.
const CONNECT: Duration = Duration::from_secs(1);
/// How long it may take to give the first token, which is a while in a container that has just been started.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who asks.
pub(super) enum SignIn {
    /// Whom the program says.
    Given(Credentials),
    /// Whom the configuration says.
    Default(Adc),
}

/// What says where application default credentials are.
pub(super) struct Adc {
    file: Option<String>,
    /// gcloud's own folder.
    gcloud: Option<PathBuf>,
    metadata_host: Option<String>,
    quota_project: Option<String>,
    universe: Option<String>,
    /// Whether nothing but what is named here may be used.
    isolated: bool,
}

/// Credentials, and the domain of the cloud that they are of.
pub(super) struct SignedIn {
    pub(super) credentials: Credentials,
    pub(super) universe: String,
}

impl SignIn {
    pub(super) async fn sign_in(&self) -> Result<SignedIn, StoreError> {
        let credentials = match self {
            Self::Given(credentials) => credentials.clone(),
            Self::Default(adc) => adc.credentials().await?,
        };
        let universe = credentials.universe_domain().await.unwrap_or_else(|| GOOGLE.to_owned());
        Ok(SignedIn { credentials, universe })
    }
}

impl Adc {
    pub(super) fn read(config: &Config<'_>) -> Self {
        let text = |variable| config.get(variable).map(|text| text.trim().to_owned());
        let in_home = || if config.isolated { None } else { gcloud_in_home() };
        Self {
            file: text(CREDENTIALS),
            gcloud: text(GCLOUD_DIRECTORY).map(PathBuf::from).or_else(in_home),
            metadata_host: text(METADATA_HOST),
            quota_project: text(QUOTA_PROJECT),
            universe: text(UNIVERSE),
            isolated: config.isolated,
        }
    }

    /// As the process environment says now.
    pub(super) fn of_process() -> Self {
        let read = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty()).map(Zeroizing::new);
        Self::read(&Config { read: &read, isolated: false })
    }

    async fn credentials(&self) -> Result<Credentials, StoreError> {
        if let Some(path) = &self.file {
            let file = File("the file of GOOGLE_APPLICATION_CREDENTIALS");
            let json = file.read(Path::new(path))?.ok_or_else(|| file.wrong("is not there"))?;
            return self.of_file(json, file);
        }
        if let Some(directory) = &self.gcloud {
            let file = File("gcloud's application_default_credentials.json");
            if let Some(json) = file.read(&directory.join("application_default_credentials.json"))? {
                return self.of_file(json, file);
            }
        }
        if self.metadata_host.is_some() {
            return self.of_metadata_server();
        }
        self.of_machine().await
    }

    fn of_file(&self, json: Value, file: File) -> Result<Credentials, StoreError> {
        let kind = json.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        let quota = self.quota_project.as_ref();
        let built = match kind.as_str() {
            "authorized_user" => {
                use user_account::Builder;
                with(Builder::new(json), quota, Builder::with_quota_project_id).build()
            }
            "service_account" => {
                use service_account::Builder;
                with(Builder::new(json), quota, Builder::with_quota_project_id).build()
            }
            "impersonated_service_account" => {
                use impersonated::Builder;
                with(Builder::new(json), quota, Builder::with_quota_project_id).build()
            }
            // From AWS or a program of the user's: both of which the process environment has its say in.
            "external_account" if self.isolated && !is_of_file_or_url(&json) => {
                return Err(file.wrong("wants the process environment, which this loader does not read"));
            }
            "external_account" => {
                use external_account::Builder;
                with(Builder::new(json), quota, Builder::with_quota_project_id).build()
            }
            _ => return Err(file.wrong("holds no credentials of a known type")),
        };
        built.map_err(|_| file.wrong("lacks something, or holds a key that is none"))
    }

    /// The server that `GCE_METADATA_HOST` names, or Google's.
    fn of_metadata_server(&self) -> Result<Credentials, StoreError> {
        use mds::Builder;
        // Told the domain, the SDK need not ask the server for it.
        let universe = self.universe.as_deref().unwrap_or(GOOGLE);
        let builder = Builder::default().with_universe_domain(universe);
        let endpoint = self.metadata_host.as_ref().map(|host| format!("http://{host}"));
        let builder = with(builder, endpoint.as_ref(), Builder::with_endpoint);
        let built: Result<_, BuildError> =
            with(builder, self.quota_project.as_ref(), Builder::with_quota_project_id).build();
        built.map_err(|_| StoreError::denied().because("the metadata server cannot be asked"))
    }

    /// The last resort: nothing but a convention says that this machine has a metadata server.
    async fn of_machine(&self) -> Result<Credentials, StoreError> {
        if self.isolated {
            return Err(
                StoreError::not_configured().because("no credentials: GOOGLE_APPLICATION_CREDENTIALS is not set")
            );
        }
        let none = || {
            StoreError::not_configured().because(
                "no credentials: set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`",
            )
        };
        let connection = timeout(CONNECT, TcpStream::connect(METADATA)).await;
        drop(connection.map_err(|_| none())?.map_err(|_| none())?);
        let credentials = self.of_metadata_server()?;
        match timeout(PATIENCE, credentials.headers(Default::default())).await {
            Ok(Ok(_)) => Ok(credentials),
            // Something is there, and it is none of Google's, or has no account for this machine.
            Ok(Err(error)) if !error.is_transient() => Err(none()),
            Ok(Err(error)) => Err(failure::of_sign_in(&error)),
            Err(_) => Err(StoreError::unreachable().because("the metadata server gives no token in time")),
        }
    }
}

/// A file of credentials, as reports call it.
#[derive(Clone, Copy)]
struct File(&'static str);

impl File {
    /// What it holds; `None` where it is not there.
    fn read(self, path: &Path) -> Result<Option<Value>, StoreError> {
        match std::fs::read(path).map(Zeroizing::new) {
            // What serde_json says of it may quote it.
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|_| self.wrong("is no JSON")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(_) => Err(self.wrong("cannot be read")),
        }
    }

    fn wrong(self, what: &str) -> StoreError {
        StoreError::misconfigured().noted(format!("{} {what}", self.0))
    }
}

/// The builder with this, where it is set.
fn with<B>(builder: B, value: Option<&String>, set: fn(B, String) -> B) -> B {
    match value {
        Some(value) => set(builder, value.clone()),
        None => builder,
    }
}

/// Whether the token of another cloud is in a file, or given out at an address that the credentials name.
fn is_of_file_or_url(json: &Value) -> bool {
    let source = json.get("credential_source");
    source.is_some_and(|source| {
        source.get("environment_id").is_none()
            && source.get("executable").is_none()
            && (source.get("file").is_some() || source.get("url").is_some())
    })
}

#[cfg(not(windows))]
fn gcloud_in_home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config/gcloud"))
}

#[cfg(windows)]
fn gcloud_in_home() -> Option<PathBuf> {
    std::env::var_os("APPDATA").map(|data| PathBuf::from(data).join("gcloud"))
}
