//! The store as users know it.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use reqwest::header::HeaderValue;

use super::super::http::{self, Answer, Http, Server, escaped, secret_header, send};
use super::super::kind::Config;
use super::super::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};
use super::answer::{Found, found, in_bulk, starting, undecided, value};
use crate::secret::SecretString;

/// The secrets API of a Dapr sidecar.
///
/// `source = dapr` on a field that is read from `CHAT_OPENAI_API_KEY` asks the component `secretstore` for
/// `openai-api-key`. `dapr("db", store = "kubernetes", key = "password")` names the secret, the component, and the key in a
/// secret that has several.
///
/// What the variables `DAPR_HTTP_PORT` or `DAPR_HTTP_ENDPOINT`, `DAPR_API_TOKEN` and `DAPR_ALLOW_HTTP` say suffices for most
/// programs. This type is for those that know it in code:
///
/// ```no_run
/// use settings_core::store::Dapr;
/// use settings_core::{SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[secret(source = dapr("openai-api-key"))]
///     openai_api_key: SecretString,
/// }
///
/// let dapr = Dapr::new("http://127.0.0.1:3500").component("local-secrets");
/// let chat = Chat::loader().store("dapr", dapr).load_blocking()?;
/// # Ok::<(), settings_core::Report>(())
/// ```
///
/// A program and its sidecar start together, so a sidecar that never answered yet is waited for until the deadline of the
/// load. Dapr's API only reads: secrets cannot be written through it.
pub struct Dapr {
    address: String,
    component: String,
    token: Option<SecretString>,
    allow_http: bool,
    isolated: bool,
    api: OnceLock<Result<Api, StoreError>>,
    /// Whether the sidecar has been ready at any time.
    started: AtomicBool,
}

struct Api {
    http: Http,
    token: Option<HeaderValue>,
}

impl Dapr {
    /// The sidecar at this address.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            component: super::STORE.to_owned(),
            token: None,
            allow_http: false,
            isolated: false,
            api: OnceLock::new(),
            started: AtomicBool::new(false),
        }
    }

    /// What the environment says.
    pub(super) fn configured(config: &Config<'_>) -> Self {
        let local = || config.get("DAPR_HTTP_PORT").map(|port| format!("http://127.0.0.1:{}", port.trim()));
        let address = config.get("DAPR_HTTP_ENDPOINT").map(|address| (*address).clone()).or_else(local);
        let is_port = |port: &str| port.trim().parse().is_ok_and(|port: u16| port > 0);
        let wrong_port =
            !config.has("DAPR_HTTP_ENDPOINT") && config.get("DAPR_HTTP_PORT").is_some_and(|port| !is_port(&port));
        let wrong = || StoreError::misconfigured().because("DAPR_HTTP_PORT is no port, a number from 1 to 65535");
        Self {
            api: if wrong_port { OnceLock::from(Err(wrong())) } else { OnceLock::new() },
            token: config.get("DAPR_API_TOKEN").map(|token| token.as_str().into()),
            allow_http: config.get("DAPR_ALLOW_HTTP").is_some_and(|text| http::is_yes(&text)),
            isolated: config.isolated,
            ..Self::new(address.unwrap_or_default())
        }
    }

    /// The component that sources without `store = ".."` mean; `secretstore` unless set.
    #[must_use]
    pub fn component(mut self, name: impl Into<String>) -> Self {
        self.component = name.into();
        self
    }

    /// The token that the sidecar asks for.
    #[must_use]
    pub fn api_token(mut self, token: impl Into<SecretString>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Lets the token and secrets go over plain http to another machine. To this one they may always.
    #[must_use]
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    fn api(&self) -> Result<&Api, StoreError> {
        let open = || {
            let http = Http::new(&Server {
                address: &self.address,
                allow_http: self.allow_http,
                allow_http_by: "DAPR_ALLOW_HTTP",
                isolated: self.isolated,
                authorities: None,
            })?;
            Ok(Api { http, token: self.token.as_ref().map(secret_header).transpose()? })
        };
        self.api.get_or_init(open).as_ref().map_err(Clone::clone)
    }

    async fn get(&self, api: &Api, path: &str) -> Result<Answer, StoreError> {
        let request = api.http.get(path);
        let request = match &api.token {
            Some(token) => request.header("dapr-api-token", token.clone()),
            None => request,
        };
        send(request).await
    }

    async fn fetch_all(&self, keys: &[SecretKey]) -> Result<Vec<Result<Secret, StoreError>>, StoreError> {
        let api = self.api()?;
        let asked = distinct(keys.iter().map(|key| self.asks(key)));
        let answers = join_all(asked.iter().map(|(component, name)| async move {
            self.get(api, &format!("/v1.0/secrets/{}/{}", escaped(component), escaped(name))).await
        }))
        .await;
        let found: Vec<Found<'_>> =
            asked.iter().zip(&answers).map(|((component, _), answer)| found(answer, component)).collect();
        let starts = self.is_starting(api, &found).await;

        // Whether what was not got is missing, or the store behind is broken, only all that it has tells.
        let unclear = asked.iter().zip(&found).filter(|(_, found)| matches!(found, Found::Unclear));
        let unclear = distinct(unclear.map(|((component, _), _)| *component));
        let all = join_all(unclear.iter().map(|component| async move {
            self.get(api, &format!("/v1.0/secrets/{}/bulk", escaped(component))).await
        }))
        .await;

        let answer = |key: &SecretKey| {
            let (component, name) = self.asks(key);
            let found =
                asked.iter().zip(&found).find(|(known, _)| **known == (component, name)).map(|(_, found)| found);
            match found.unwrap_or(&Found::Unclear) {
                Found::Values(values) => value(values, name, key),
                Found::NoStore(_) if starts => Err(starting()),
                Found::NoStore(error) | Found::Refused(error) => Err(error.clone()),
                Found::Silent(error) if starts => Err(error.clone().starting()),
                Found::Silent(error) => Err(error.clone()),
                Found::Unclear => {
                    let all = unclear.iter().zip(&all).find(|(known, _)| **known == component).map(|(_, all)| all);
                    value(all.map_or_else(|| Err(undecided()), |all| in_bulk(all, component, name))?, name, key)
                }
            }
        };
        Ok(keys.iter().map(answer).collect())
    }

    /// Whether the sidecar, which has not been ready before, is not yet.
    async fn is_starting(&self, api: &Api, found: &[Found<'_>]) -> bool {
        if self.started.load(Ordering::Relaxed) {
            return false;
        }
        let is_ready =
            if found.iter().any(|found| matches!(found, Found::Values(_) | Found::Unclear | Found::Refused(_))) {
                true
            } else if found.iter().any(|found| matches!(found, Found::NoStore(_))) {
                // Older ones do not tell, with 404.
                send(api.http.get("/v1.0/healthz/outbound")).await.is_ok_and(|answer| answer.status < 500)
            } else {
                false
            };
        self.started.fetch_or(is_ready, Ordering::Relaxed);
        !is_ready
    }

    /// The component and the secret.
    fn asks<'k>(&'k self, key: &'k SecretKey) -> (&'k str, &'k str) {
        (super::store(key, &self.component), super::name(key))
    }
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for one in all {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}

impl SecretStore for Dapr {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(async move {
            let fetched = self.fetch_all(keys).await;
            fetched.unwrap_or_else(|error| keys.iter().map(|_| Err(error.clone())).collect())
        })
    }

    fn describe(&self) -> String {
        http::shown(&self.address)
    }

    fn place(&self, key: &SecretKey) -> String {
        super::place(key, &self.component)
    }
}

impl fmt::Debug for Dapr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut f = f.debug_struct("Dapr");
        f.field("address", &self.describe()).field("component", &self.component).finish_non_exhaustive()
    }
}
