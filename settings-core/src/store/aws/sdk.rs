//! From variables to a client of the SDK.
//!
//! The SDK reads variables through an [`Env`], which is given to it made up of what was found in the environment and the
//! .env files. So its own chain of credentials works with both, and sees nothing else.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_secretsmanager::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{Builder, ConfigBag, Credentials, Intercept, RuntimeComponents, SharedHttpClient};
use aws_sdk_secretsmanager::error::BoxError;
use aws_sdk_secretsmanager::{Client, Config as SecretsConfig};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder as HttpBuilder, ConnectorBuilder};
use aws_types::os_shim_internal::Env;

use super::super::StoreError;
use super::super::kind::Config;
use super::{ACCESS_KEY, ALLOW_HTTP, CONTAINER_TOKEN, CONTAINER_URIS, KIND, SECRET_KEY, SESSION_TOKEN};

/// How long it may take to connect. A load has a deadline of its own, and tries again.
const CONNECT: Duration = Duration::from_secs(3);
/// How long an answer may take: a connection that died unnoticed is given up while there is time for another.
const READ: Duration = Duration::from_secs(5);
/// How long it holds that there are no credentials.
const ABSENCE: Duration = Duration::from_secs(1);

/// Where the home directory is, which has the files of profiles.
const HOME: [&str; 4] = ["HOME", "USERPROFILE", "HOMEDRIVE", "HOMEPATH"];
const METADATA_DISABLED: &str = "AWS_EC2_METADATA_DISABLED";

/// The region that the variables or the profile name.
pub(super) fn region(config: &Config<'_>) -> Option<Region> {
    let mut variables = variables(config);
    variables.insert(METADATA_DISABLED.to_owned(), "true".to_owned());
    at_once(loader(config.isolated).env(Env::from(variables)).load())?.region().cloned()
}

/// Whether plain http may go to another machine.
pub(super) fn allows_http(config: &Config<'_>) -> bool {
    config.get(ALLOW_HTTP).is_some_and(|value| *value == "1" || value.eq_ignore_ascii_case("true"))
}

/// The configuration that the variables give.
pub(super) fn configured(config: &Config<'_>) -> Result<SecretsConfig, StoreError> {
    let endpoints = KIND.variables.iter().filter(|variable| variable.name.starts_with("AWS_ENDPOINT_URL"));
    for variable in endpoints {
        let is_open = config.get(variable.name).is_some_and(|url| !is_private(&url));
        if is_open && !allows_http(config) {
            return Err(refused(variable.name));
        }
    }
    let no_region = || StoreError::not_configured().because("AWS_REGION is not set");
    let region = region(config).ok_or_else(no_region)?;
    let mut variables = variables(config);
    // The SDK takes this one from nowhere else, and shows its environment to who listens to it, unless a container gives
    // the credentials.
    if CONTAINER_URIS.iter().any(|uri| config.has(uri)) {
        variables.extend(config.get(CONTAINER_TOKEN).map(|token| (CONTAINER_TOKEN.to_owned(), token.to_string())));
    }
    let mut loader = loader(config.isolated).region(region).env(Env::from(variables));
    if let (Some(access), Some(secret)) = (config.get(ACCESS_KEY), config.get(SECRET_KEY)) {
        let token = config.get(SESSION_TOKEN).map(|token| token.to_string());
        loader = loader.credentials_provider(Credentials::new(&*access, &*secret, token, None, "variables"));
    }
    // Nothing of it waits: the region is known, and files are read on the spot.
    at_once(loader.load()).map(|config| on(&config)).ok_or_else(no_region)
}

/// The configuration that the SDK finds in the process environment, the user's files and the instance that it runs on.
pub(super) async fn of_process() -> Result<SecretsConfig, StoreError> {
    let config = loader(false).load().await;
    if config.region().is_none() {
        return Err(StoreError::not_configured().because("no region: AWS_REGION is not set, and no profile has one"));
    }
    Ok(on(&config))
}

/// A configuration of the SDK, made one for this service.
pub(super) fn on(config: &SdkConfig) -> SecretsConfig {
    let mut builder = Builder::from(config);
    if config.behavior_version().is_none() {
        builder.set_behavior_version(Some(BehaviorVersion::v2026_01_12()));
    }
    if let Some(chain) = config.credentials_provider() {
        builder.set_credentials_provider(Some(SharedCredentialsProvider::new(Patient::new(chain))));
    }
    settled(&builder.build())
}

/// The same configuration, but for what a load sees to by itself.
pub(super) fn settled(config: &SecretsConfig) -> SecretsConfig {
    let own = TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ);
    let timeouts = match config.timeout_config() {
        Some(timeouts) => timeouts.to_builder().take_unset_from(own),
        None => own,
    };
    config.to_builder().retry_config(RetryConfig::disabled()).timeout_config(timeouts.build()).build()
}

pub(super) fn client(config: &SecretsConfig, allow_http: bool) -> Client {
    if allow_http {
        return Client::from_conf(config.clone());
    }
    Client::from_conf(config.to_builder().interceptor(Guard).build())
}

fn loader(isolated: bool) -> ConfigLoader {
    let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(READ).build());
    if isolated { loader.http_client(without_proxy()) } else { loader }
}

/// What the SDK sees of the environment. Credentials are left out: they are given to it in a form that shows nothing.
fn variables(config: &Config<'_>) -> HashMap<String, String> {
    let home = if config.isolated { &[][..] } else { &HOME[..] };
    let known = KIND.variables.iter().map(|variable| variable.name).chain(home.iter().copied());
    known
        .filter(|name| ![ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, CONTAINER_TOKEN].contains(name))
        .filter_map(|name| Some((name.to_owned(), config.get(name)?.to_string())))
        .collect()
}

/// The SDK's own client for HTTPS takes a proxy from the process environment.
fn without_proxy() -> SharedHttpClient {
    HttpBuilder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
            .proxy_config(ProxyConfig::disabled());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    })
}

/// The output of a future that has no need to wait.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// The chain of credentials, asked once where several requests at a time find that it has none: each of them would wait
/// for instance metadata that never answers, one after the other.
#[derive(Debug)]
struct Patient {
    chain: SharedCredentialsProvider,
    absent: Mutex<Option<Instant>>,
}

impl Patient {
    fn new(chain: SharedCredentialsProvider) -> Self {
        Self { chain, absent: Mutex::new(None) }
    }

    async fn ask(&self) -> Result<Credentials, CredentialsError> {
        let absent = *self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        if absent.is_some_and(|since| since.elapsed() < ABSENCE) {
            return Err(CredentialsError::not_loaded_no_source());
        }
        let credentials = self.chain.provide_credentials().await;
        let absent = matches!(credentials, Err(CredentialsError::CredentialsNotLoaded(_))).then(Instant::now);
        *self.absent.lock().unwrap_or_else(PoisonError::into_inner) = absent;
        credentials
    }
}

impl ProvideCredentials for Patient {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.ask())
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.chain.fallback_on_interrupt()
    }
}

/// Lets no request go over plain http to another machine, wherever its address comes from.
#[derive(Debug)]
struct Guard;

impl Intercept for Guard {
    fn name(&self) -> &'static str {
        "settings-core"
    }

    fn read_before_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if is_private(context.request().uri()) { Ok(()) } else { Err(PlainHttp.into()) }
    }
}

/// What the guard says.
#[derive(Debug)]
pub(super) struct PlainHttp;

impl fmt::Display for PlainHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("plain http to another machine")
    }
}

impl std::error::Error for PlainHttp {}

impl PlainHttp {
    pub(super) fn to_store_error(&self) -> StoreError {
        refused("the endpoint")
    }
}

fn refused(what: &str) -> StoreError {
    StoreError::misconfigured()
        .noted(format!("{what} is plain http to another machine: use https, or set AWS_ALLOW_HTTP=1"))
}

/// Whether what is sent to this address stays on this machine, or is encrypted.
fn is_private(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        // Not an address: the SDK says so.
        return true;
    };
    if !scheme.eq_ignore_ascii_case("http") {
        return true;
    }
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_loopback = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    is_loopback || host.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests;
