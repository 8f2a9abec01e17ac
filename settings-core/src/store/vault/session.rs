//! The token: where it comes from, how it is kept alive, and when it is replaced.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::super::http::{Answer, Http, escaped, secret_header, send};
use super::super::{StoreError, StoreErrorKind, object};
use super::answer::{Lease, lease, unable};
use crate::layer::read::read;
use crate::secret::{ExposeSecret, SecretString};

/// What a token is got by.
pub(super) enum Login {
    None,
    Token(SecretString),
    /// The file that `vault login` and Vault Agent write.
    File(PathBuf),
    AppRole {
        mount: String,
        role: SecretString,
        secret: SecretString,
    },
}

/// The server, and what every request to it has.
pub(super) struct Api {
    pub(super) http: Http,
    pub(super) namespace: Option<HeaderValue>,
}

impl Api {
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.with_headers(self.http.get(path))
    }

    pub(super) fn post(&self, path: &str, body: Zeroizing<Vec<u8>>) -> RequestBuilder {
        self.with_headers(self.http.post(path, body))
    }

    fn with_headers(&self, request: RequestBuilder) -> RequestBuilder {
        // An agent may want it, as a sign that no browser was tricked into the request.
        let request = request.header("X-Vault-Request", "true");
        match &self.namespace {
            Some(namespace) => request.header("X-Vault-Namespace", namespace.clone()),
            None => request,
        }
    }
}

/// The token that is used now. All that ask at one time get the same, and only one of them logs in.
#[derive(Default)]
pub(super) struct Session(Mutex<Option<Held>>);

struct Held {
    pass: Pass,
    /// When it is to be renewed, and when it ends; `None` for never.
    life: Option<(Instant, Instant)>,
    renewable: bool,
}

/// A token to be sent.
#[derive(Clone)]
pub(super) struct Pass {
    pub(super) token: HeaderValue,
    /// Whether it was got just now.
    pub(super) fresh: bool,
}

impl Session {
    /// A token that has not come to its end: renewed where it soon would, got by a new login where it has.
    pub(super) async fn pass(&self, api: &Api, login: &Login) -> Result<Pass, StoreError> {
        let mut held = self.0.lock().await;
        let now = Instant::now();
        let current = held.as_ref().filter(|held| held.life.is_none_or(|(_, end)| now < end));
        if let Some(current) = current {
            let old = Pass { fresh: false, ..current.pass.clone() };
            if current.life.is_none_or(|(renewal, _)| now < renewal) {
                return Ok(old);
            }
            if current.renewable {
                match renew(api, &current.pass).await {
                    Ok(renewed) => return Ok(held.insert(renewed).pass.clone()),
                    // It is good for a while yet.
                    Err(error) if error.kind() == StoreErrorKind::Unreachable => return Ok(old),
                    Err(_) => {}
                }
            }
        }
        *held = None;
        Ok(held.insert(log_in(api, login).await?).pass.clone())
    }

    /// Another token in place of one that was refused; `None` where there is no other.
    pub(super) async fn replace(&self, refused: &Pass, api: &Api, login: &Login) -> Result<Option<Pass>, StoreError> {
        if refused.fresh {
            return Ok(None);
        }
        let mut held = self.0.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.pass.token != refused.token) {
            return Ok(Some(held.pass.clone()));
        }
        if let Login::None | Login::Token(_) = login {
            return Ok(None);
        }
        *held = None;
        let new = held.insert(log_in(api, login).await?);
        Ok((new.pass.token != refused.token).then(|| new.pass.clone()))
    }
}

impl Held {
    fn endless(token: &SecretString) -> Result<Self, StoreError> {
        Ok(Self { pass: Pass { token: secret_header(token)?, fresh: true }, life: None, renewable: false })
    }

    fn leased(lease: &Lease, since: Instant) -> Result<Self, StoreError> {
        let duration = Duration::from_secs(lease.duration);
        let life = match lease.duration {
            0 => None,
            // One that the clock cannot tell is as good as none.
            _ => since.checked_add(duration).map(|end| (since + duration * 2 / 3, end)),
        };
        Ok(Self { life, renewable: lease.renewable, ..Self::endless(&lease.token)? })
    }
}

async fn log_in(api: &Api, login: &Login) -> Result<Held, StoreError> {
    match login {
        Login::None => Err(StoreError::not_configured().because("neither a token is set nor an AppRole")),
        Login::Token(token) => Held::endless(token),
        Login::File(path) => {
            let file = read(path).map_err(|error| {
                StoreError::not_configured().noted(format!("VAULT_TOKEN is not set, and ~/.vault-token: {error}"))
            })?;
            let token = std::str::from_utf8(&file).unwrap_or_default().trim();
            if token.is_empty() {
                return Err(
                    StoreError::not_configured().because("VAULT_TOKEN is not set, and ~/.vault-token holds none")
                );
            }
            Held::endless(&token.into())
        }
        Login::AppRole { mount, role, secret } => {
            let body = object::replace("{}", "role_id", role)?;
            let body = object::replace(body.expose_secret(), "secret_id", secret)?; // EXPOSE: completed in a wiped buffer
            let body = Zeroizing::new(body.expose_secret().as_bytes().to_vec()); // EXPOSE: the login sends it
            let since = Instant::now();
            let answer = send(api.post(&format!("/v1/auth/{}/login", escaped(mount)), body)).await?;
            match answer.status {
                200 => Held::leased(&lease(&answer)?, since),
                _ => Err(no_login(&answer, mount)),
            }
        }
    }
}

async fn renew(api: &Api, pass: &Pass) -> Result<Held, StoreError> {
    let since = Instant::now();
    let request = api.post("/v1/auth/token/renew-self", Zeroizing::new(b"{}".to_vec()));
    let answer = send(request.header("X-Vault-Token", pass.token.clone())).await?;
    match answer.status {
        200 => Held::leased(&lease(&answer)?, since),
        _ => Err(unable(&answer)),
    }
}

fn no_login(answer: &Answer, mount: &str) -> StoreError {
    match answer.status {
        400 => StoreError::denied().because("the role id or the secret id is wrong, has expired or is used up"),
        // What is not mounted is said to those alone who are logged in.
        403 | 404 => StoreError::denied()
            .noted(format!("this AppRole may not log in from here, or nothing is mounted at `auth/{mount}`")),
        _ => unable(answer),
    }
}
