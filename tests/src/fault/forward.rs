//! The server behind the proxy.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONNECTION, HeaderMap, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

type Error = Box<dyn std::error::Error + Send + Sync>;

pub(super) struct Upstream {
    authority: Authority,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Upstream {
    pub(super) fn new(address: &str) -> Result<Self, Error> {
        let parts = address.parse::<Uri>()?.into_parts();
        let authority = parts.authority.filter(|_| parts.scheme == Some(Scheme::HTTP));
        // A connection that is kept may be one that the server is about to close.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Ok(Self { authority: authority.ok_or("not http://HOST:PORT")?, client })
    }

    /// Sends the request as it came, and gives the answer as it came.
    pub(super) async fn send(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let path = request.uri().path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
        let to = Uri::builder().scheme(Scheme::HTTP).authority(self.authority.clone()).path_and_query(path);
        *request.uri_mut() = to.build()?;
        leave_connection_out(request.headers_mut());
        let (mut head, body) = self.client.request(request.map(Full::new)).await?.into_parts();
        leave_connection_out(&mut head.headers);
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    }
}

/// These headers are about one connection, and there are two.
fn leave_connection_out(headers: &mut HeaderMap) {
    for name in [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}
