//! Calls of other services: what may go wrong with them, and trying again.

use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use tracing::warn;
use url::{Host, Url};

/// Why a call did not go well. It holds nothing of what was sent or answered: either may quote a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The other side refused.
    #[error("it answered {0}")]
    Status(StatusCode),
    /// No answer in time.
    #[error("it did not answer in time")]
    TimedOut,
    /// No connection, or one that broke.
    #[error("it could not be reached")]
    Unreachable,
    /// An answer that means nothing.
    #[error("its answer could not be read")]
    Malformed,
}

impl Failed {
    /// Whether the same call may go well later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Status(status) => {
                status.is_server_error()
                    || matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
            }
            Self::TimedOut | Self::Unreachable | Self::Malformed => true,
        }
    }
}

impl From<reqwest::Error> for Failed {
    fn from(error: reqwest::Error) -> Self {
        match error {
            error if error.is_timeout() => Self::TimedOut,
            error if error.is_decode() => Self::Malformed,
            _ => Self::Unreachable,
        }
    }
}

/// Sends a request, and gives the answer when its status is one of success.
///
/// # Errors
///
/// When there is no answer, or one with another status.
pub async fn send(request: RequestBuilder) -> Result<Response, Failed> {
    let response = request.send().await?;
    if response.status().is_success() { Ok(response) } else { Err(Failed::Status(response.status())) }
}

/// [`send`], and what the answer's JSON says.
///
/// # Errors
///
/// As [`send`], and when the answer is not the JSON that is expected.
pub async fn fetch<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Failed> {
    Ok(send(request).await?.json().await?)
}

/// How often something is tried again, and how long after.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Tries after the first.
    pub times: usize,
    /// The pause before each of them.
    pub delay: Duration,
}

impl Retry {
    /// Tries until it goes well, or fails for good, or was tried often enough. `what` is for the log.
    ///
    /// # Errors
    ///
    /// Why it failed the last time.
    pub async fn run<T, F>(self, what: &'static str, call: impl FnMut() -> F) -> Result<T, Failed>
    where
        F: Future<Output = Result<T, Failed>>,
    {
        call.retry(ConstantBuilder::new().with_max_times(self.times).with_delay(self.delay))
            .when(Failed::is_transient)
            .notify(|failed, after| warn!(%failed, ?after, "{what} failed, and is tried again"))
            .await
    }
}

/// `base` with these segments after it, each of them escaped.
pub fn below<'a>(base: &Url, segments: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    // A URL that can have no path is refused where it is read.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// A check of settings: an address that can be called.
///
/// # Errors
///
/// When it is neither of http nor of https.
pub fn is_http(url: &Url) -> Result<(), &'static str> {
    if matches!(url.scheme(), "http" | "https") { Ok(()) } else { Err("an address begins with http:// or https://") }
}

/// Whether nobody between can read what is sent there: over TLS, or within this machine.
pub fn is_private(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    is_loopback || url.scheme() == "https"
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn segments_are_escaped_and_come_after_the_path() {
        let below = |base, segments: [&'static str; 2]| below(&Url::parse(base).unwrap(), segments).to_string();
        assert_eq!(below("http://h/v1", ["a", "b c/d?e"]), "http://h/v1/a/b%20c%2Fd%3Fe");
        assert_eq!(below("http://h/v1/", ["a", "b"]), "http://h/v1/a/b");
        assert_eq!(below("http://h", ["a", "b"]), "http://h/a/b");
    }

    #[tokio::test]
    async fn what_may_go_well_later_is_tried_again_so_often() {
        let retry = Retry { times: 3, delay: Duration::from_millis(1) };
        let tried = |failed| {
            let tries = Cell::new(0);
            async move {
                let call = || async {
                    tries.set(tries.get() + 1);
                    Err::<(), _>(failed)
                };
                assert_eq!(retry.run("it", call).await, Err(failed));
                tries.get()
            }
        };
        assert_eq!(tried(Failed::TimedOut).await, 4);
        assert_eq!(tried(Failed::Status(StatusCode::TOO_MANY_REQUESTS)).await, 4);
        assert_eq!(tried(Failed::Status(StatusCode::BAD_GATEWAY)).await, 4);
        assert_eq!(tried(Failed::Status(StatusCode::UNAUTHORIZED)).await, 1);
    }
}
