//! What the stores share that are asked by HTTP requests of this crate's own: how far a token may go, time-outs, bodies
//! in wiped buffers, and what an error of the transport means.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, Response, Url};
use zeroize::Zeroizing;

use super::StoreError;
use crate::secret::{ExposeSecret, SecretString};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one request may take. A load has a deadline of its own; this one leaves it time for another try.
const REQUEST: Duration = Duration::from_secs(5);
/// The most bytes that an answer may have.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// How many redirects are followed, all of them within one host.
const REDIRECTS: usize = 3;

/// Where a server is, and how it may be reached.
#[derive(Debug)]
pub(super) struct Server<'s> {
    pub(super) address: &'s str,
    /// Whether tokens may go to another machine without encryption.
    pub(super) allow_http: bool,
    /// The variable that allows it.
    pub(super) allow_http_by: &'static str,
    /// Whether the process environment, which may name proxies, may not be read.
    pub(super) isolated: bool,
    /// The certificates of the authorities that are trusted, in PEM; `None` for the system's.
    pub(super) authorities: Option<&'s [u8]>,
}

/// A server and the connections to it.
pub(super) struct Http {
    client: Client,
    /// Without a slash at the end.
    base: String,
}

impl Http {
    /// Makes the client ready. No connection is made yet.
    pub(super) fn new(server: &Server<'_>) -> Result<Self, StoreError> {
        let url = Url::parse(server.address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| {
            StoreError::misconfigured().because("its address does not begin with `https://` or `http://` and a host")
        })?;
        let plain = url.scheme() == "http";
        if plain && !server.allow_http && !is_this_machine(&url) {
            let wanted = server.allow_http_by;
            return Err(StoreError::misconfigured().noted(format!(
                "plain http to another machine would show the token to everybody between: use https, or set {wanted}=1"
            )));
        }
        let mut client =
            Client::builder().connect_timeout(CONNECT).timeout(REQUEST).redirect(Policy::custom(|attempt| {
                let stays = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
                if stays && attempt.previous().len() <= REDIRECTS { attempt.follow() } else { attempt.stop() }
            }));
        // A proxy would be another machine that sees all of plain http.
        if plain || server.isolated {
            client = client.no_proxy();
        }
        if plain {
            // Nothing is encrypted, so no authority is needed: a small container may have none.
            client = client.tls_certs_only([]);
        } else if let Some(pem) = server.authorities {
            let none =
                || StoreError::misconfigured().because("the file of its authorities holds no certificate in PEM");
            let certificates = Certificate::from_pem_bundle(pem).map_err(|_| none())?;
            if certificates.is_empty() {
                return Err(none());
            }
            client = client.tls_certs_only(certificates);
        }
        let client = client.build().map_err(|_| {
            StoreError::denied().because("TLS cannot be set up: this system has no certificates of authorities")
        })?;
        Ok(Self { client, base: url.as_str().trim_end_matches('/').to_owned() })
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    #[cfg(feature = "vault")]
    pub(super) fn post(&self, path: &str, body: Zeroizing<Vec<u8>>) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base)).body(Bytes::from_owner(body))
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

/// Whether what is sent there stays on this machine.
fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The address as reports show it, without a login.
pub(super) fn shown(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) => {
            let origin = url.origin().ascii_serialization();
            format!("{origin}{}", url.path().trim_end_matches('/'))
        }
        // It may hold anything.
        Err(_) => "an address that is no URL".to_owned(),
    }
}

/// Whether a variable that allows something says yes.
pub(super) fn is_yes(text: &str) -> bool {
    ["1", "true", "t", "yes", "y", "on"].iter().any(|yes| yes.eq_ignore_ascii_case(text.trim()))
}

/// A part of a path, with all that has a meaning in URLs escaped.
pub(super) fn escaped(part: &str) -> impl fmt::Display {
    const OTHER: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    utf8_percent_encode(part, OTHER)
}

/// A header whose bytes are wiped when the last request that has it is gone.
pub(super) fn secret_header(text: &SecretString) -> Result<HeaderValue, StoreError> {
    let bytes = Zeroizing::new(text.expose_secret().as_bytes().to_vec()); // EXPOSE: sent as a header
    let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(bytes))
        .map_err(|_| StoreError::misconfigured().because("its token has characters that no header can have"))?;
    header.set_sensitive(true);
    Ok(header)
}

/// What a server answered.
pub(super) struct Answer {
    pub(super) status: u16,
    body: Zeroizing<Vec<u8>>,
    retry_after: Option<Duration>,
}

/// Sends the request and takes all of the answer, so that the connection can be used again.
pub(super) async fn send(request: RequestBuilder) -> Result<Answer, StoreError> {
    let mut response = request.send().await.map_err(|error| unreachable(&error))?;
    let retry_after = retry_after(&response);
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > MAX_BODY {
            return Err(StoreError::malformed().because("the answer is over 4 MiB"));
        }
        append(&mut body, &chunk);
    }
    Ok(Answer { status: response.status().as_u16(), body, retry_after })
}

/// Not by growing the buffer, which frees the smaller one as it is.
fn append(buffer: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    let length = buffer.len() + chunk.len();
    if buffer.capacity() < length {
        let mut larger = Zeroizing::new(Vec::with_capacity(2 * length));
        larger.extend_from_slice(buffer);
        *buffer = larger;
    }
    buffer.extend_from_slice(chunk);
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

impl Answer {
    /// The body, where it is text.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// What any status but success means, where the store's own protocol says no more.
    pub(super) fn refusal(&self) -> StoreError {
        match self.status {
            300..400 => StoreError::misconfigured()
                .noted(format!("HTTP {}: it sends to another host, where a token must not go", self.status)),
            429 => self.later("throttled"),
            500.. => self.later(format!("HTTP {}", self.status)),
            status => StoreError::denied().noted(format!("HTTP {status}")),
        }
    }

    /// It may answer another time.
    pub(super) fn later(&self, how: impl Into<std::borrow::Cow<'static, str>>) -> StoreError {
        let error = StoreError::unreachable().noted(how);
        match self.retry_after {
            Some(pause) => error.retry_after(pause),
            None => error,
        }
    }
}

/// An answer of success that is not of the protocol.
pub(super) fn not_json() -> StoreError {
    StoreError::malformed().because("the answer is not JSON of the kind that this store gives")
}

/// Why there is no answer. The error's own text, which has the URL in it, is dropped.
fn unreachable(error: &reqwest::Error) -> StoreError {
    let causes = || std::iter::successors(error.source(), |&error| error.source());
    let io = causes().find_map(|cause| cause.downcast_ref::<io::Error>()).map(innermost);
    let how = match io.map(io::Error::kind) {
        _ if error.is_timeout() => "timed out",
        Some(io::ErrorKind::ConnectionRefused) => "connection refused",
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => "no route to it",
        // What TLS says against the other side. None of it is passed on.
        Some(io::ErrorKind::InvalidData) => match io.and_then(io::Error::get_ref).map(ToString::to_string) {
            Some(why) if why.starts_with("invalid peer certificate") => "its certificate is not trusted",
            _ => "it does not speak TLS as it should",
        },
        _ if causes().any(|cause| cause.to_string() == "dns error") => "its name cannot be resolved",
        _ if error.is_connect() => "no connection",
        _ => "the connection was dropped",
    };
    StoreError::unreachable().because(how)
}

/// The error that others of this type are wrapped around.
fn innermost(mut error: &io::Error) -> &io::Error {
    while let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        error = inner;
    }
    error
}
