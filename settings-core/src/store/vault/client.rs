//! The store as users know it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use futures_util::future::join_all;
use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use super::super::http::{self, Answer, Http, Server, escaped, send};
use super::super::kind::Config;
use super::super::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};
use super::answer::{Found, Spot, found, is_conflict, refusal};
use super::session::{Api, Login, Pass, Session};
use crate::layer::read::read;
use crate::secret::{ExposeSecret, SecretString};

/// How often a write is begun anew because another one came first.
const WRITES: usize = 10;

/// HashiCorp Vault or OpenBao: secrets of the KV engine, version 2.
///
/// `source = vault("db")` on a field that is read from `CHAT_DB_PASSWORD` asks for the key `DB_PASSWORD`, in any case, of
/// the secret `db` below the mount `secret`. `vault("db", key = "password", mount = "kv", version = 3)` names another key,
/// another mount and a version. A secret is read once for all of its keys.
///
/// What the variables `VAULT_ADDR`, `VAULT_ROLE_ID` with `VAULT_SECRET_ID`, `VAULT_TOKEN`, `VAULT_NAMESPACE`,
/// `VAULT_SECRET_PATH`, `VAULT_CACERT` and `VAULT_ALLOW_HTTP` say suffices for most programs. This type is for those that
/// know it in code:
///
/// ```no_run
/// use settings_core::store::Vault;
/// use settings_core::{SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Shop {
///     #[secret(source = vault("shop/db", key = "password"))]
///     db_password: SecretString,
/// }
///
/// # fn main() -> Result<(), settings_core::Report> {
/// # let (role_id, secret_id) = ("", "");
/// let vault = Vault::new("https://vault.example.com:8200").app_role(role_id, secret_id).namespace("shop");
/// let shop = Shop::loader().store("vault", vault).load_blocking()?;
/// # Ok(())
/// # }
/// ```
///
/// A token that an AppRole login gave is renewed after two thirds of its time, and replaced by a new login when it has
/// ended or is refused. A given token is used as it is.
///
/// # Errors
///
/// What is wrong with the address or a file shows when secrets are asked for, as *wrongly configured*.
pub struct Vault {
    address: String,
    namespace: Option<String>,
    secret_path: Option<String>,
    authorities: Option<PathBuf>,
    allow_http: bool,
    isolated: bool,
    login: Login,
    session: Session,
    api: OnceLock<Result<Api, StoreError>>,
}

impl Vault {
    /// The server at this address. It wants a [token](Self::token) or an [AppRole](Self::app_role) too.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            namespace: None,
            secret_path: None,
            authorities: None,
            allow_http: false,
            isolated: false,
            login: Login::None,
            session: Session::default(),
            api: OnceLock::new(),
        }
    }

    /// What the environment says.
    pub(super) fn configured(config: &Config<'_>) -> Self {
        let text = |name: &str| config.get(name).map(|text| (*text).clone());
        let secret = |name: &str| config.get(name).map(|text| SecretString::from(text.as_str()));
        let login = match (secret("VAULT_ROLE_ID"), secret("VAULT_SECRET_ID"), secret("VAULT_TOKEN")) {
            (Some(role), Some(secret), _) => Login::AppRole { mount: "approle".to_owned(), role, secret },
            (_, _, Some(token)) => Login::Token(token),
            _ => super::token_file(config).map_or(Login::None, Login::File),
        };
        Self {
            namespace: text("VAULT_NAMESPACE"),
            secret_path: text("VAULT_SECRET_PATH"),
            authorities: text("VAULT_CACERT").map(PathBuf::from),
            allow_http: config.get("VAULT_ALLOW_HTTP").is_some_and(|text| http::is_yes(&text)),
            isolated: config.isolated,
            login,
            ..Self::new(text("VAULT_ADDR").unwrap_or_default())
        }
    }

    /// The token that is sent with every request.
    #[must_use]
    pub fn token(mut self, token: impl Into<SecretString>) -> Self {
        self.login = Login::Token(token.into());
        self
    }

    /// Logs in with an AppRole, whose auth method is mounted at `approle`.
    #[must_use]
    pub fn app_role(self, role_id: impl Into<SecretString>, secret_id: impl Into<SecretString>) -> Self {
        self.app_role_at("approle", role_id, secret_id)
    }

    /// Logs in with an AppRole whose auth method is mounted elsewhere.
    #[must_use]
    pub fn app_role_at(
        mut self,
        mount: impl Into<String>,
        role_id: impl Into<SecretString>,
        secret_id: impl Into<SecretString>,
    ) -> Self {
        self.login = Login::AppRole { mount: mount.into(), role: role_id.into(), secret: secret_id.into() };
        self
    }

    /// The namespace that mounts and logins are in.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// The secret that a source without a name means; its path without the mount.
    #[must_use]
    pub fn secret_path(mut self, path: impl Into<String>) -> Self {
        self.secret_path = Some(path.into());
        self
    }

    /// A PEM file of the authorities to trust, instead of the system's.
    #[must_use]
    pub fn ca_cert(mut self, path: impl AsRef<Path>) -> Self {
        self.authorities = Some(path.as_ref().to_owned());
        self
    }

    /// Lets tokens and secrets go over plain http to another machine. To this one they may always.
    #[must_use]
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    fn api(&self) -> Result<&Api, StoreError> {
        self.api.get_or_init(|| self.open()).as_ref().map_err(Clone::clone)
    }

    fn open(&self) -> Result<Api, StoreError> {
        let authorities = self.authorities.as_deref().map(read).transpose();
        let authorities = authorities.map_err(|error| {
            StoreError::misconfigured().noted(format!("the file of its authorities, VAULT_CACERT: {error}"))
        })?;
        let namespace = self.namespace.as_deref().map(HeaderValue::from_str).transpose();
        let namespace = namespace
            .map_err(|_| StoreError::misconfigured().because("the namespace has characters that none can have"))?;
        let http = Http::new(&Server {
            address: &self.address,
            allow_http: self.allow_http,
            allow_http_by: "VAULT_ALLOW_HTTP",
            isolated: self.isolated,
            authorities: authorities.as_ref().map(|pem| pem.as_slice()),
        })?;
        Ok(Api { http, namespace })
    }

    fn spot<'k>(&'k self, key: &'k SecretKey) -> Result<Spot<'k>, StoreError> {
        let path = super::path(key, self.secret_path.as_deref()).ok_or_else(|| {
            StoreError::not_configured().because("the source names no path, and no secret path is set")
        })?;
        Ok(Spot { mount: super::mount(key), path, version: super::version(key) })
    }

    /// Sends a request with a token, and once more with another one when it is refused.
    async fn call(&self, api: &Api, pass: &Pass, request: impl Fn() -> RequestBuilder) -> Result<Answer, StoreError> {
        let send = |pass: &Pass| send(request().header("X-Vault-Token", pass.token.clone()));
        let answer = send(pass).await?;
        if answer.status != 403 {
            return Ok(answer);
        }
        match self.session.replace(pass, api, &self.login).await? {
            Some(other) => send(&other).await,
            None => Ok(answer),
        }
    }

    async fn read(&self, api: &Api, pass: &Pass, spot: &Spot<'_>) -> Result<Answer, StoreError> {
        let version =
            spot.version.as_deref().map(|version| format!("?version={}", escaped(version))).unwrap_or_default();
        let url = format!("{}{version}", url(spot));
        self.call(api, pass, || api.get(&url)).await
    }

    async fn fetch_all(&self, keys: &[SecretKey]) -> Result<Vec<Result<Secret, StoreError>>, StoreError> {
        let api = self.api()?;
        let pass = self.session.pass(api, &self.login).await?;
        let mut spots = Vec::new();
        for spot in keys.iter().filter_map(|key| self.spot(key).ok()) {
            if !spots.contains(&spot) {
                spots.push(spot);
            }
        }
        let answers = join_all(spots.iter().map(|spot| self.read(api, &pass, spot))).await;
        let found: Vec<Result<Found<'_>, StoreError>> = answers
            .iter()
            .zip(&spots)
            .map(|(answer, spot)| found(answer.as_ref().map_err(Clone::clone)?, spot))
            .collect();
        Ok(keys
            .iter()
            .map(|key| {
                let spot = self.spot(key)?;
                let found = spots.iter().zip(&found).find(|(other, _)| **other == spot);
                match found {
                    Some((_, Ok(found))) => found.value(key),
                    Some((_, Err(error))) => Err(error.clone()),
                    None => Err(StoreError::not_found()),
                }
            })
            .collect())
    }

    async fn write(&self, key: &SecretKey, value: &SecretString) -> Result<(), StoreError> {
        let api = self.api()?;
        let spot = self.spot(key)?;
        if spot.version.is_some() {
            return Err(StoreError::denied().because("the source names a version, and a version cannot be written"));
        }
        let pass = self.session.pass(api, &self.login).await?;
        let url = url(&spot);
        for _ in 0..WRITES {
            let answer = self.read(api, &pass, &spot).await?;
            let (text, version) = match found(&answer, &spot)? {
                Found::Live(document) => (document.data, document.version),
                Found::Gone { version, .. } => ("{}", version),
                Found::Absent(error) if error.note().is_empty() => ("{}", 0),
                Found::Absent(error) => return Err(error),
            };
            let data = key.replace_in(text, value)?;
            let answer = self.call(api, &pass, || api.post(&url, body(&data, version))).await?;
            match answer.status {
                200 | 204 => return Ok(()),
                _ if is_conflict(&answer) => {}
                _ => return Err(refusal(&answer, &spot, "update")),
            }
        }
        Err(StoreError::unreachable().because("others write to this secret all the time"))
    }
}

fn url(spot: &Spot<'_>) -> String {
    let parts = |path: &str| path.split('/').map(|part| format!("/{}", escaped(part))).collect::<String>();
    format!("/v1{}/data{}", parts(spot.mount), parts(spot.path))
}

/// Writes the data if the version is still the last one; 0 where there is none.
fn body(data: &SecretString, version: u64) -> Zeroizing<Vec<u8>> {
    let data = data.expose_secret(); // EXPOSE: what is to be stored, in a buffer that is wiped
    let head = format!("{{\"options\":{{\"cas\":{version}}},\"data\":");
    let mut body = Zeroizing::new(Vec::with_capacity(head.len() + data.len() + 1));
    [head.as_bytes(), data.as_bytes(), b"}"].iter().for_each(|part| body.extend_from_slice(part));
    body
}

impl SecretStore for Vault {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(async move {
            let fetched = self.fetch_all(keys).await;
            fetched.unwrap_or_else(|error| keys.iter().map(|_| Err(error.clone())).collect())
        })
    }

    fn put<'a>(&'a self, key: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.write(key, value))
    }

    fn describe(&self) -> String {
        http::shown(&self.address)
    }

    fn place(&self, key: &SecretKey) -> String {
        super::place(key, self.secret_path.as_deref())
    }

    fn fix(&self, key: &SecretKey) -> Option<String> {
        let Spot { mount, path, .. } = self.spot(key).ok()?;
        let key = key.json_key();
        Some(format!(
            "vault kv patch -mount={mount} {path} {key}=@<path>      (`put` instead of `patch` for a new secret)"
        ))
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Vault");
        f.field("address", &self.describe()).field("namespace", &self.namespace).finish_non_exhaustive()
    }
}
