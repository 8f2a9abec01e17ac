//! Which requests meet which fault.

use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use hyper::{HeaderMap, Request};
use serde_json::Value;

use super::lock;

/// A request that came.
#[derive(Clone)]
pub struct Seen {
    /// `POST`
    pub method: String,
    /// The path with its query, as it came.
    pub path: String,
    /// What AWS is to do: `GetSecretValue` of `X-Amz-Target: secretsmanager.GetSecretValue`. Other protocols have none.
    pub operation: Option<String>,
    /// The body, `null` when it is no JSON.
    pub body: Value,
    headers: HeaderMap,
}

impl Seen {
    pub(super) fn new(request: &Request<Bytes>) -> Self {
        let path = request.uri().path_and_query().map(ToString::to_string);
        let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
        Self {
            method: request.method().to_string(),
            path: path.unwrap_or_default(),
            operation: target.and_then(|target| target.rsplit('.').next()).map(str::to_owned),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
            headers: request.headers().clone(),
        }
    }

    /// A header, when it is there once and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }

    /// The access key that signed, for AWS.
    pub fn access_key(&self) -> Option<&str> {
        let (_, scope) = self.header("authorization")?.split_once("Credential=")?;
        scope.split('/').next()
    }
}

/// Without headers and body, which may hold a secret.
impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = self.operation.as_deref().unwrap_or_default();
        write!(f, "{} {} {operation}", self.method, self.path)
    }
}

/// Requests of a kind. Every part that is given has to match.
#[derive(Clone, Debug, Default)]
pub struct When {
    operation: Option<String>,
    secret: Option<String>,
    method: Option<String>,
    path: Option<String>,
    first: Option<usize>,
}

impl When {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// An operation of AWS, such as `PutSecretValue`.
    pub fn operation(name: &str) -> Self {
        Self { operation: Some(name.to_owned()), ..Self::default() }
    }

    /// A method, and how the path begins: `request("GET", "/v1/secret/data/")`.
    pub fn request(method: &str, path: &str) -> Self {
        Self { method: Some(method.to_owned()), path: Some(path.to_owned()), ..Self::default() }
    }

    /// Only those about this secret of AWS, alone or among others.
    #[must_use]
    pub fn about(self, secret: &str) -> Self {
        Self { secret: Some(secret.to_owned()), ..self }
    }

    /// Only the first so many that a fault meets.
    #[must_use]
    pub fn first(self, calls: usize) -> Self {
        Self { first: Some(calls), ..self }
    }

    pub(super) fn matches(&self, seen: &Seen) -> bool {
        let same = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        same(&self.operation, seen.operation.as_deref())
            && same(&self.method, Some(&seen.method))
            && self.path.as_ref().is_none_or(|path| seen.path.starts_with(path))
            && self.secret.as_ref().is_none_or(|secret| is_about(&seen.body, secret))
    }
}

fn is_about(body: &Value, secret: &str) -> bool {
    let mut ids = body["SecretIdList"].as_array().into_iter().flatten().chain([&body["SecretId"], &body["Name"]]);
    ids.any(|id| id == secret)
}

/// What happens to a request in the place of its answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// This answer. [`super::aws`] and [`super::vault`] have those of these services.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Headers beside the length.
        headers: Vec<(&'static str, String)>,
        /// The body.
        body: String,
    },
    /// The connection is closed without an answer. The server behind is not asked.
    Drop,
    /// The server's answer, which ends in the middle of its body together with the connection.
    Cut,
    /// The server's answer, after this time. Beside another fault that one comes after this time.
    Delay(Duration),
}

impl Fault {
    /// An answer in JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::answer(status, "application/json", &body.to_string())
    }

    /// An answer of any type.
    pub fn answer(status: u16, content_type: &str, body: &str) -> Self {
        Self::Answer { status, headers: vec![("content-type", content_type.to_owned())], body: body.to_owned() }
    }

    /// What a load balancer says when nobody is behind it.
    pub fn bad_gateway() -> Self {
        let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1>\
                    </center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
        Self::answer(502, "text/html", page)
    }

    /// Success, and a body that is called JSON and is none.
    pub fn garbage() -> Self {
        Self::answer(200, "application/json", "{\"SecretString\": \"never ends, \u{1}")
    }

    /// The same answer with one more header.
    ///
    /// # Panics
    ///
    /// When this is no answer.
    #[must_use]
    #[expect(clippy::panic, reason = "a fault that cannot be is a mistake in the test")]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        match &mut self {
            Self::Answer { headers, .. } => headers.push((name, value.to_owned())),
            other => panic!("{other:?} has no headers"),
        }
        self
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub(super) struct Rules(Mutex<Vec<Rule>>);

#[derive(Debug)]
struct Rule {
    when: When,
    fault: Fault,
    met: usize,
}

impl Rules {
    pub(super) fn add(&self, when: When, fault: Fault) {
        lock(&self.0).push(Rule { when, fault, met: 0 });
    }

    pub(super) fn clear(&self) {
        lock(&self.0).clear();
    }

    /// How long the request waits, and what happens to it then. Only faults that it meets are used up.
    pub(super) fn pick(&self, seen: &Seen) -> (Duration, Option<Fault>) {
        let mut delay = Duration::ZERO;
        let mut fault = None;
        for rule in lock(&self.0).iter_mut() {
            if rule.when.first.is_some_and(|most| rule.met >= most) || !rule.when.matches(seen) {
                continue;
            }
            match &rule.fault {
                Fault::Delay(more) => delay += *more,
                _ if fault.is_some() => continue,
                other => fault = Some(other.clone()),
            }
            rule.met += 1;
        }
        (delay, fault)
    }
}
