//! The apps behind the sidecars, and calls of their methods: `pkg/api/http/directmessaging.go` of dapr/dapr.

use std::sync::Mutex;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, TRANSFER_ENCODING};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Inner, error};
use crate::message::{Answer, Request, unescape};
use crate::record::lock;
use crate::server::Fake;

/// An app that a sidecar stands beside.
#[derive(Clone)]
pub(super) struct App {
    /// Where it listens: `127.0.0.1:8001`.
    pub(super) address: String,
    /// What it told of the events that it wants; `None` until it was asked.
    pub(super) subscriptions: Option<Vec<super::events::Subscription>>,
}

impl Fake<super::Sidecar> {
    /// Puts a sidecar beside this app, which listens on a port of this machine. It may listen later.
    pub fn app(&self, app_id: &str, port: u16) {
        let app = App { address: format!("127.0.0.1:{port}"), subscriptions: None };
        lock(&self.service.0).apps.insert(app_id.to_owned(), app);
    }
}

/// A call of a method of an app.
pub struct Invocation {
    app: String,
    request: Outgoing,
}

/// A request to an app.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Invocation {
    pub(super) fn new(app: &str, method: &[&str], request: &Request) -> Self {
        let query = request.path_and_query().split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
        let mut headers = request.headers.clone();
        for own in [CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING] {
            headers.remove(own);
        }
        // The token of the sidecar is for the sidecar.
        headers.remove("dapr-api-token");
        let path = format!("/{}{query}", method.join("/"));
        let request = Outgoing { method: request.method.clone(), path, headers, body: request.body.clone() };
        Self { app: unescape(app), request }
    }
}

/// What the app answers, whatever its status; an app that is not there or does not answer is an error of the sidecar.
pub(super) async fn invoke(inner: &Mutex<Inner>, Invocation { app, request }: Invocation) -> Answer {
    let failed = |why: &str| error(500, "ERR_DIRECT_INVOKE", &format!("failed to invoke, id: {app}, err: {why}"));
    let address = lock(inner).apps.get(&app).map(|app| app.address.clone());
    match address {
        None => failed("failed to resolve address"),
        Some(address) => send(&address, request).await.unwrap_or_else(|| failed("connection refused")),
    }
}

/// Sends a request to an app; nothing when there is no answer.
pub(super) async fn send(address: &str, request: Outgoing) -> Option<Answer> {
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    tokio::spawn(connection);
    let mut outgoing = hyper::Request::new(Full::new(request.body));
    *outgoing.method_mut() = request.method;
    *outgoing.uri_mut() = request.path.parse().ok()?;
    *outgoing.headers_mut() = request.headers;
    outgoing.headers_mut().insert(HOST, address.parse().ok()?);
    let (head, body) = sender.send_request(outgoing).await.ok()?.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    Some(match (head.status, content_type) {
        (status, Some(content_type)) => Answer::text(status, content_type, body),
        (status, None) if body.is_empty() => Answer::empty(status),
        (StatusCode::NO_CONTENT, None) => Answer::empty(StatusCode::NO_CONTENT),
        (status, None) => Answer::text(status, "application/octet-stream", body),
    })
}
