//! What a client of the SDK needs to talk to the fake: a transport and a credential.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, Transport};
use azure_core::time::{Duration, OffsetDateTime};
use azure_core::{Error, Result};
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use reqwest::redirect::Policy;

use super::{Vault, Vaults};
use crate::record::{Record, lock};
use crate::server::Fake;

impl Fake<Vaults> {
    /// A transport for [`ClientOptions`]: it sends what goes to `https://<a vault>` to this server, with the vault's host
    /// in the header, over connections of its own.
    pub fn transport(&self) -> Transport {
        transport(&self.service, &self.record, self.port())
    }

    /// A credential whose tokens this server accepts.
    pub fn credential(&self) -> Arc<Credential> {
        credential(&self.service, &self.record)
    }
}

pub(super) fn client(vault: &Vault) -> Result<SecretClient> {
    let transport = Some(transport(&vault.service, &vault.record, vault.port));
    let client_options = ClientOptions { transport, ..Default::default() };
    let options = SecretClientOptions { client_options, ..Default::default() };
    SecretClient::new(&vault.url(), credential(&vault.service, &vault.record), Some(options))
}

fn transport(service: &Arc<Vaults>, record: &Arc<Record>, port: u16) -> Transport {
    let (service, record) = (Arc::clone(service), Arc::clone(record));
    Transport::new(Arc::new(ToThisMachine { service, record, port, inner: plain_client() }))
}

/// The client that the SDK makes for itself, but for the system's roots, which take long to read, and its proxies.
#[expect(clippy::expect_used, reason = "a test without its client has failed")]
fn plain_client() -> reqwest::Client {
    let client = reqwest::Client::builder().redirect(Policy::none()).no_proxy().tls_certs_only([]);
    client.build().expect("a client for HTTP")
}

fn credential(service: &Arc<Vaults>, record: &Arc<Record>) -> Arc<Credential> {
    let (service, record) = (Arc::clone(service), Arc::clone(record));
    Arc::new(Credential { service, record, calls: AtomicUsize::default(), failing: AtomicBool::default() })
}

/// Sends to the server what is addressed to one of its vaults.
struct ToThisMachine {
    service: Arc<Vaults>,
    record: Arc<Record>,
    port: u16,
    inner: reqwest::Client,
}

#[async_trait]
impl HttpClient for ToThisMachine {
    async fn execute_request(&self, request: &Request) -> Result<AsyncRawResponse> {
        let url = request.url();
        let host = url.host_str().unwrap_or_default().to_owned();
        if url.scheme() != "https" {
            self.record.violated(format!("{} {}", request.method(), url.path()), "it goes over plain http".to_owned());
            return Err(Error::with_message(ErrorKind::Connection, "a vault listens for https alone"));
        }
        if !lock(&self.service.by_host).contains_key(&host) {
            let message = format!("dns error: failed to lookup address information for {host}");
            return Err(Error::with_message(ErrorKind::Connection, message));
        }
        let mut request = request.clone();
        let address = format!("http://127.0.0.1:{}{}", self.port, request.path_and_query());
        *request.url_mut() = address.parse()?;
        request.insert_header("host", host);
        self.inner.execute_request(&request).await
    }
}

impl fmt::Debug for ToThisMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToThisMachine({})", self.port)
    }
}

/// Stands for the credentials of `azure_identity`: gives tokens for one scope, and counts how often it is asked.
pub struct Credential {
    service: Arc<Vaults>,
    record: Arc<Record>,
    calls: AtomicUsize,
    failing: AtomicBool,
}

impl Credential {
    /// How often it was asked for a token.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Whether it fails from now on, as a credential that finds nothing to log in with.
    pub fn set_failing(&self, failing: bool) {
        self.failing.store(failing, Ordering::Relaxed);
    }
}

#[async_trait]
impl TokenCredential for Credential {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> Result<AccessToken> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self.failing.load(Ordering::Relaxed) {
            return Err(Error::with_message(ErrorKind::Credential, "no way to log in was found"));
        }
        // As Entra ID does: a token for whatever resource is asked for; that it is the wrong one, the vault says.
        let audience = match scopes {
            [scope] => scope.strip_suffix("/.default").filter(|resource| resource.starts_with("https://")),
            _ => None,
        };
        let Some(audience) = audience else {
            self.record.violated(format!("token for {scopes:?}"), "no single scope `https://../.default`".to_owned());
            return Err(Error::with_message(
                ErrorKind::Credential,
                "AADSTS70011: The provided value for scope is not valid.",
            ));
        };
        Ok(AccessToken::new(self.service.token(audience), OffsetDateTime::now_utc() + Duration::hours(1)))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").field("calls", &self.calls()).finish_non_exhaustive()
    }
}
