//! The Dapr sidecar, through which services call each other, publish events and keep state.
//!
//! Dapr gives every app the variables `DAPR_HTTP_PORT` and, when it is set up so, `DAPR_API_TOKEN`. The secrets of the sidecar
//! need no code at all: they are a `source` of the settings.

use reqwest::header::HeaderValue;
use reqwest::{Client, Method, RequestBuilder};
use settings_core::{ExposeSecret, SecretString, Settings};
use url::Url;

use crate::call::{self, below};

/// Where the sidecar is.
#[derive(Settings)]
#[settings(validate = Self::check)]
pub struct Dapr {
    /// Port of the Dapr sidecar on this machine; Dapr sets it. Unset, with no endpoint either: there is no sidecar.
    #[setting(env = "DAPR_HTTP_PORT", example = "3500")]
    pub http_port: Option<u16>,
    /// Address of a Dapr sidecar elsewhere; wins over the port.
    #[setting(env = "DAPR_HTTP_ENDPOINT", validate = call::is_http, example = "https://dapr.example.com")]
    pub http_endpoint: Option<Url>,
    /// Token that the sidecar asks for; Dapr sets it.
    #[secret(env = "DAPR_API_TOKEN", source = [env, docker])]
    pub api_token: Option<SecretString>,
    /// Component that carries events.
    #[setting(env = "DAPR_PUBSUB", default = "pubsub")]
    pub pubsub: String,
    /// Component that keeps state.
    #[setting(env = "DAPR_STATESTORE", default = "statestore")]
    pub statestore: String,
}

/// A sidecar that is there.
#[derive(Debug, Clone)]
pub struct Sidecar<'s> {
    settings: &'s Dapr,
    address: Url,
}

impl Dapr {
    /// Whether the token stays between this service and the sidecar.
    fn check(&self) -> Result<(), &'static str> {
        match (&self.http_endpoint, &self.api_token) {
            (Some(endpoint), Some(_)) if !call::is_private(endpoint) => {
                Err("DAPR_HTTP_ENDPOINT would send the token in the open: it has to begin with https://")
            }
            _ => Ok(()),
        }
    }

    /// The sidecar, when there is one.
    pub fn sidecar(&self) -> Option<Sidecar<'_>> {
        let address = match &self.http_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => Url::parse(&format!("http://127.0.0.1:{}", self.http_port?)).ok()?,
        };
        Some(Sidecar { settings: self, address })
    }
}

impl Sidecar<'_> {
    /// A call of a method of another app.
    pub fn invoke(&self, http: &Client, method: Method, app: &str, path: &[&str]) -> RequestBuilder {
        self.request(http, method, ["invoke", app, "method"].iter().chain(path).copied())
    }

    /// An event for a topic.
    pub fn publish(&self, http: &Client, topic: &str) -> RequestBuilder {
        self.request(http, Method::POST, ["publish", &self.settings.pubsub, topic])
    }

    /// What is kept under this key.
    pub fn get_state(&self, http: &Client, key: &str) -> RequestBuilder {
        self.request(http, Method::GET, ["state", &self.settings.statestore, key])
    }

    /// What is to be kept from now on.
    pub fn save_state(&self, http: &Client) -> RequestBuilder {
        self.request(http, Method::POST, ["state", &self.settings.statestore])
    }

    fn request<'a>(&self, http: &Client, method: Method, path: impl IntoIterator<Item = &'a str>) -> RequestBuilder {
        let request = http.request(method, below(&self.address, std::iter::once("v1.0").chain(path)));
        match &self.settings.api_token {
            Some(token) => request.header("dapr-api-token", sensitive(token)),
            None => request,
        }
    }
}

/// A header that no log shows. A token that no header can hold is no token, which the sidecar then says.
fn sensitive(token: &SecretString) -> HeaderValue {
    let header = HeaderValue::from_str(token.expose_secret()); // EXPOSE: the header of a request
    let mut header = header.unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}
