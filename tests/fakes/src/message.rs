//! Requests and answers.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// A request, read to its end.
pub struct Request {
    pub(crate) method: Method,
    uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) async fn read(request: hyper::Request<Incoming>) -> hyper::Result<Self> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Self { method: parts.method, uri: parts.uri, headers: parts.headers, body })
    }

    /// As it was sent, with its escapes.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }

    /// The path and the query, as they were sent.
    #[cfg(feature = "dapr")]
    pub(crate) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// A header's value, when it is there and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the body is said to be JSON.
    #[cfg(any(feature = "azure", feature = "google", feature = "openai"))]
    pub(crate) fn is_json(&self) -> bool {
        let content_type = self.header("content-type").unwrap_or_default();
        content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
    }

    /// The parameters of the query, in their order, without their escapes.
    #[cfg(any(feature = "azure", feature = "google"))]
    pub(crate) fn query(&self) -> Vec<(String, String)> {
        let pairs = self.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.map(|(name, value)| (unescape(name), unescape(value))).collect()
    }

    /// The first parameter of this name.
    #[cfg(feature = "azure")]
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.query().into_iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }
}

/// Undoes the escapes of a query: `+` is a space, `%2B` a plus.
pub(crate) fn unescape(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// What is sent back. It has no `Debug`: its body may hold a secret.
#[derive(Clone)]
pub struct Answer {
    pub(crate) status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Answer {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    pub(crate) fn text(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::empty(status) }.header(CONTENT_TYPE, content_type)
    }

    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::text(status, "application/json; charset=utf-8", body.to_string())
    }

    #[cfg(feature = "dapr")]
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// # Panics
    ///
    /// When the value is none that a header can have.
    #[expect(clippy::expect_used, reason = "a test that asks for what cannot be sent has failed")]
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, HeaderValue::from_str(value).expect("the value of a header")));
        self
    }
}

impl From<Answer> for Response<Full<Bytes>> {
    fn from(answer: Answer) -> Self {
        let mut response = Self::new(Full::new(answer.body));
        *response.status_mut() = answer.status;
        response.headers_mut().extend(answer.headers);
        response
    }
}
