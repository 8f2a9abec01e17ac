//! Azure Key Vault: what its secrets API takes, and what it answers.
//!
//! After the API's reference for 2025-07-01, and what the service answered to the SDKs in their recorded tests.

mod client;
mod vault;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::message::{Answer, Request};
use crate::record::{Call, Visit, lock};
use crate::server::{Fake, Refusal, Service};

pub use self::client::Credential;
pub use self::vault::Vault;
use self::vault::{NewVersion, Secrets};

const API_VERSION: &str = "2025-07-01";

/// As many secrets as one page of a list has, unless `maxresults` asks for fewer.
const PAGE: usize = 25;

/// The longest value that can be written, in characters.
const LONGEST: usize = 25_600;

/// Azure Key Vault, with as many vaults as a test asks for.
///
/// The SDK talks to it through [`transport`](Fake::transport), so that the endpoint stays `https://myvault.vault.azure.net`
/// and the SDK's own checks stay on. A host that no test asked for has no address, as in DNS.
///
/// A call goes as in real life: the first comes without a token and is told where to get one; after it only a token
/// that a [`credential`](Fake::credential) of this server gave is accepted. Not served: deleting, listing of versions.
///
/// ```
/// # use fake_stores::{Call, Fault, KeyVault};
/// use azure_core::http::ClientOptions;
/// use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
///
/// # fn main() -> azure_core::Result<()> {
/// let azure = KeyVault::started();
/// let vault = azure.vault("myvault");
/// vault.set("openai-api-key", "sk-test-key");
/// azure.inject(KeyVault::forbidden_by_rbac().only(Call::Write)); // may read, may not write
///
/// let client_options = ClientOptions { transport: Some(azure.transport()), ..Default::default() };
/// let options = SecretClientOptions { client_options, ..Default::default() };
/// let client = SecretClient::new(&vault.url(), azure.credential(), Some(options))?; // the same as `vault.client()`
/// # Ok(())
/// # }
/// ```
pub type KeyVault = Fake<Vaults>;

/// All vaults of one server, and the tokens that it accepts.
pub struct Vaults {
    by_host: Mutex<BTreeMap<String, Secrets>>,
    /// Tells this server's tokens from another's.
    issuer: u64,
    /// How often the tokens given so far have expired.
    generation: AtomicUsize,
}

impl Default for Vaults {
    fn default() -> Self {
        let issuer = RandomState::new().hash_one("issuer");
        Self { by_host: Mutex::default(), issuer, generation: AtomicUsize::default() }
    }
}

impl Fake<Vaults> {
    /// A vault by the name in its host, such as `myvault` for `https://myvault.vault.azure.net`, or by its whole host. It
    /// is empty when it is asked for the first time.
    pub fn vault(&self, name: &str) -> Vault {
        Vault::open(self, name)
    }

    /// All tokens given so far are expired.
    pub fn expire_tokens(&self) {
        self.service.generation.fetch_add(1, Ordering::Relaxed);
    }

    /// 403: the caller has no role that allows this.
    pub fn forbidden_by_rbac() -> Fault {
        let message = "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments \
                       or role definitions were changed recently, please observe propagation time.\r\nCaller: \
                       appid=00000000-0000-0000-0000-000000000000\r\nAssignment: (not found)\r\n";
        Fault::instead(forbidden("ForbiddenByRbac", message))
    }

    /// 403: the vault cannot be reached from this network.
    pub fn forbidden_by_connection() -> Fault {
        let message = "Public network access is disabled and request is not from a trusted service nor via an approved \
                       private link.";
        Fault::instead(forbidden("ForbiddenByConnection", message))
    }

    /// 429, with the header `Retry-After`, in seconds.
    pub fn throttled(retry_after: u32) -> Fault {
        let message = "Request was not processed because too many requests were received. Reason: \
                       VaultRequestTypeLimitReached";
        let answer = error(StatusCode::TOO_MANY_REQUESTS, "Throttled", message);
        Fault::instead(answer.header(RETRY_AFTER, &retry_after.to_string()))
    }

    /// 503: the service itself fails.
    pub fn unavailable() -> Fault {
        Fault::instead(error(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "The service is unavailable."))
    }

    /// 500: the service itself fails.
    pub fn internal_error() -> Fault {
        Fault::instead(error(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "An unexpected error occurred."))
    }
}

/// What a vault is asked for.
pub struct Asked {
    host: String,
    what: What,
}

enum What {
    Challenge,
    Get { name: String, version: Option<String> },
    Set { name: String, new: NewVersion },
    List { after: Option<String>, most: usize },
}

impl Service for Vaults {
    type Asked = Asked;

    fn admit(&self, request: &Request) -> Result<(Visit, Asked), Refusal> {
        let host = request.header("host").unwrap_or_default().to_owned();
        if !lock(&self.by_host).contains_key(&host) {
            return Err(Refusal {
                answer: Answer::empty(StatusCode::NOT_FOUND),
                why: format!("no vault has the host `{host}`"),
            });
        }
        let name = secret_name(request)?;
        match request.parameter("api-version").as_deref() {
            Some(API_VERSION) => {}
            Some(other) => return Err(bad(format!("the api-version is `{other}`, not {API_VERSION}"))),
            None => return Err(bad("api-version must be specified")),
        }
        let Some(authorization) = request.header("authorization") else {
            return Ok((Visit::new(Call::Challenge, name), Asked { host, what: What::Challenge }));
        };
        match self.check(authorization, &audience(&host)) {
            Token::Valid => {}
            Token::Expired => return Ok((Visit::new(Call::Challenge, name), Asked { host, what: What::Challenge })),
            Token::Wrong(why) => return Err(Refusal { answer: challenge(&host, why), why: why.to_owned() }),
        }
        let (call, what) = what(request, name)?;
        Ok((Visit::new(call, name), Asked { host, what }))
    }

    async fn answer(&self, Asked { host, what }: Asked) -> Answer {
        let mut by_host = lock(&self.by_host);
        let secrets = by_host.entry(host.clone()).or_default();
        match what {
            What::Challenge => challenge(&host, "AKV10000: Request is missing a Bearer or PoP token."),
            What::Get { name, version } => secrets.get(&host, &name, version.as_deref()),
            What::Set { name, new } => secrets.put(&host, &name, new),
            What::List { after, most } => secrets.list(&host, after.as_deref(), most),
        }
    }
}

/// Where a token stands.
enum Token {
    Valid,
    Expired,
    Wrong(&'static str),
}

impl Vaults {
    /// A token for this audience, such as `https://vault.azure.net`.
    fn token(&self, audience: &str) -> String {
        format!("fake-{:x}-{}.{audience}", self.issuer, self.generation.load(Ordering::Relaxed))
    }

    fn check(&self, authorization: &str, audience: &str) -> Token {
        let Some(token) = authorization.strip_prefix("Bearer ") else {
            return Token::Wrong("AKV10000: Request is missing a Bearer or PoP token.");
        };
        if token == self.token(audience) {
            return Token::Valid;
        }
        match token.strip_prefix(&format!("fake-{:x}-", self.issuer)).and_then(|rest| rest.split_once('.')) {
            None => Token::Wrong("AKV10032: Invalid issuer."),
            Some((_, other)) if other != audience => Token::Wrong("AKV10022: Invalid audience."),
            Some(_) => Token::Expired,
        }
    }
}

/// The secret that the path names, if it names one.
fn secret_name(request: &Request) -> Result<Option<&str>, Refusal> {
    let Some(name) = request.path().strip_prefix("/secrets/").and_then(|path| path.split('/').next()) else {
        return Ok(None);
    };
    if vault::is_name(name) {
        Ok(Some(name))
    } else {
        Err(bad(format!("The request URI contains an invalid name: {name}")))
    }
}

fn what(request: &Request, name: Option<&str>) -> Result<(Call, What), Refusal> {
    let segments: Vec<&str> = request.path().split('/').skip(1).collect();
    match (&request.method, &segments[..], name) {
        (&Method::GET, ["secrets"], None) => {
            let number = |value: &str| value.parse().ok().filter(|most| (1..=PAGE).contains(most));
            let most = match request.parameter("maxresults") {
                None => PAGE,
                Some(value) => number(&value).ok_or_else(|| bad(format!("maxresults must be from 1 to {PAGE}")))?,
            };
            Ok((Call::List, What::List { after: request.parameter("$skiptoken"), most }))
        }
        (&Method::GET, ["secrets", _] | ["secrets", _, ""], Some(name)) => {
            Ok((Call::Read, What::Get { name: name.to_owned(), version: None }))
        }
        (&Method::GET, ["secrets", _, version], Some(name)) if vault::is_version(version) => {
            Ok((Call::Read, What::Get { name: name.to_owned(), version: Some((*version).to_owned()) }))
        }
        (&Method::PUT, ["secrets", _], Some(name)) => {
            Ok((Call::Write, What::Set { name: name.to_owned(), new: new_version(request)? }))
        }
        (method, ..) => Err(bad(format!("no operation of this fake: {method} {}", request.path()))),
    }
}

/// What the body of a write asks for.
fn new_version(request: &Request) -> Result<NewVersion, Refusal> {
    if !request.is_json() {
        let answer =
            error(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BadParameter", "The content type must be application/json.");
        return Err(Refusal { answer, why: "the content type of a write is not application/json".to_owned() });
    }
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&request.body) else {
        return Err(bad("the body is no JSON object"));
    };
    let Some(Value::String(value)) = body.remove("value") else {
        return Err(bad("the body has no text `value`"));
    };
    if value.chars().count() > LONGEST {
        return Err(bad(format!("the value has more than {LONGEST} characters")));
    }
    if let Some(unknown) = body.keys().find(|key| !["attributes", "contentType", "tags"].contains(&key.as_str())) {
        return Err(bad(format!("the body has the unknown property `{unknown}`")));
    }
    let enabled = body.remove("attributes").and_then(|attributes| attributes["enabled"].as_bool()).unwrap_or(true);
    Ok(NewVersion { value, enabled, extra: body })
}

/// The audience that a vault's tokens are for: `https://vault.azure.net`, or another cloud's.
fn audience(host: &str) -> String {
    format!("https://{}", host.split_once('.').map_or(host, |(_, cloud)| cloud))
}

fn challenge(host: &str, message: &str) -> Answer {
    let tenant = "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000";
    let told = format!(r#"Bearer authorization="{tenant}", resource="{}""#, audience(host));
    error(StatusCode::UNAUTHORIZED, "Unauthorized", message).header(WWW_AUTHENTICATE, &told)
}

fn bad(why: impl Into<String>) -> Refusal {
    let why = why.into();
    Refusal { answer: error(StatusCode::BAD_REQUEST, "BadParameter", &why), why }
}

fn forbidden(inner: &str, message: &str) -> Answer {
    let body = json!({"error": {"code": "Forbidden", "message": message, "innererror": {"code": inner}}});
    Answer::json(StatusCode::FORBIDDEN, &body)
}

fn error(status: StatusCode, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({"error": {"code": code, "message": message}}))
}
