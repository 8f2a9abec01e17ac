//! Managed identities: tokens that the platform gives to whoever runs on it.
//!
//! The SDK has a credential for them, but it reads the process environment by itself, where a .env file has no say, and
//! asks a machine that has no such endpoint for more than a minute.

use std::fmt;
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenRequestOptions};
use azure_core::http::headers::{HeaderName, HeaderValue};
use azure_core::http::{Method, Pipeline, PipelineSendOptions, RawResponse, Request, Url};
use azure_core::time::OffsetDateTime;
use serde_json::Value;

use super::failure;
use super::http::Http;
use super::{IDENTITY_ENDPOINT, IDENTITY_HEADER, MSI_ENDPOINT, MSI_SECRET};
use crate::store::StoreError;
use crate::store::kind::Config;

/// The metadata service of virtual machines:
/// <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>.
const METADATA: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
/// How long it may take. What else may answer under its address is not known.
const PATIENCE: Duration = Duration::from_secs(5);

/// What gives out the tokens of an identity.
pub(super) struct Identity {
    pipeline: Pipeline,
    url: Url,
    header: (HeaderName, HeaderValue),
    /// Whether nothing but a convention says that there is such an endpoint.
    is_guess: bool,
}

impl Identity {
    /// The endpoint that the platform names, if it does.
    pub(super) fn named(config: &Config<'_>, client: Option<&str>, http: &Http) -> Result<Option<Self>, StoreError> {
        let platforms = [
            // https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
            (IDENTITY_ENDPOINT, IDENTITY_HEADER, "x-identity-header", "2019-08-01", "client_id"),
            // The one before, which Machine Learning still has.
            (MSI_ENDPOINT, MSI_SECRET, "secret", "2017-09-01", "clientid"),
        ];
        for (endpoint, secret, header, version, client_id) in platforms {
            let (Some(url), Some(secret)) = (config.get(endpoint), config.get(secret)) else { continue };
            let wrong = || StoreError::misconfigured().noted(format!("{endpoint} is no address"));
            let mut url = Url::parse(&url).map_err(|_| wrong())?;
            url.query_pairs_mut().append_pair("api-version", version);
            if let Some(client) = client {
                url.query_pairs_mut().append_pair(client_id, client);
            }
            let header = (HeaderName::from_static(header), HeaderValue::from(secret.to_string()));
            return Self::at(url, header, false, http).map(Some);
        }
        Ok(None)
    }

    /// The endpoint that a virtual machine has.
    pub(super) fn of_machine(client: Option<&str>, http: &Http) -> Result<Self, StoreError> {
        let mut url = Url::parse(METADATA).map_err(|_| StoreError::not_configured())?;
        url.query_pairs_mut().append_pair("api-version", "2018-02-01");
        if let Some(client) = client {
            url.query_pairs_mut().append_pair("client_id", client);
        }
        let header = (HeaderName::from_static("metadata"), HeaderValue::from_static("true"));
        Self::at(url, header, true, http)
    }

    fn at(url: Url, header: (HeaderName, HeaderValue), is_guess: bool, http: &Http) -> Result<Self, StoreError> {
        let pipeline = Pipeline::new(None, None, http.local()?, Vec::new(), Vec::new(), None);
        Ok(Self { pipeline, url, header, is_guess })
    }

    /// A token. Where the endpoint is a guess, and nothing there gives one out, there are no credentials.
    pub(super) async fn token(
        &self,
        scope: &str,
        options: Option<TokenRequestOptions<'_>>,
    ) -> Result<AccessToken, StoreError> {
        let asked = self.ask(scope, options);
        let response = if self.is_guess {
            let answer = tokio::time::timeout(PATIENCE, asked).await;
            answer.ok().and_then(Result::ok).ok_or_else(StoreError::not_configured)?
        } else {
            asked.await.map_err(|error| failure::of_sign_in(&error))?
        };
        if let Some(later) = failure::unavailable(response.status(), Some(response.headers())) {
            return Err(failure::at_sign_in(&later));
        }
        let token = response.status().is_success().then(|| token_in(response.body())).flatten();
        token.ok_or_else(|| match self.is_guess {
            true => StoreError::not_configured(),
            false => StoreError::denied().because("the managed identity gives no token: is AZURE_CLIENT_ID right?"),
        })
    }

    async fn ask(&self, scope: &str, options: Option<TokenRequestOptions<'_>>) -> azure_core::Result<RawResponse> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("resource", scope.strip_suffix("/.default").unwrap_or(scope));
        let mut request = Request::new(url, Method::Get);
        let (name, value) = self.header.clone();
        request.insert_header(name, value);
        let context = options.unwrap_or_default().method_options.context;
        let unchecked = PipelineSendOptions { skip_checks: true, ..Default::default() };
        self.pipeline.send(&context, &mut request, Some(unchecked)).await
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// The token in an answer, with the time until which it is good: seconds since 1970, as a number or a text.
fn token_in(answer: &[u8]) -> Option<AccessToken> {
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let expires = match answer.get("expires_on")? {
        Value::String(text) => text.parse().ok()?,
        number => number.as_i64()?,
    };
    let expires = OffsetDateTime::from_unix_timestamp(expires).ok()?;
    Some(AccessToken::new(answer.get("access_token")?.as_str()?.to_owned(), expires))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_a_token() {
        for (answer, expires) in [
            (r#"{"access_token": "t", "expires_on": "1700000000", "resource": "r"}"#, Some(1_700_000_000)),
            (r#"{"access_token": "t", "expires_on": 1700000000}"#, Some(1_700_000_000)),
            (r#"{"access_token": "t"}"#, None),
            (r#"{"access_token": "t", "expires_on": "tomorrow"}"#, None),
            (r#"{"access_token": 7, "expires_on": 1700000000}"#, None),
            ("<html>", None),
        ] {
            assert_eq!(token_in(answer.as_bytes()).map(|token| token.expires_on.unix_timestamp()), expires, "{answer}");
        }
    }
}
