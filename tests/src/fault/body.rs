//! The body of an answer, whole or broken off in the middle.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Sleep;

/// So that the first half leaves the machine before the connection does.
const BEFORE_THE_END: Duration = Duration::from_millis(50);

pub(super) struct Body {
    length: usize,
    left: Option<Bytes>,
    breaks: Option<Pin<Box<Sleep>>>,
}

impl Body {
    pub(super) fn whole(bytes: Bytes) -> Self {
        Self { length: bytes.len(), left: Some(bytes), breaks: None }
    }

    pub(super) fn half(bytes: Bytes) -> Self {
        let half = bytes.slice(..bytes.len() / 2);
        Self { length: bytes.len(), left: Some(half), breaks: Some(Box::pin(tokio::time::sleep(BEFORE_THE_END))) }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(bytes) = self.left.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match &mut self.breaks {
            None => Poll::Ready(None),
            Some(sleep) => sleep.as_mut().poll(context).map(|()| Some(Err(io::Error::other("cut on demand")))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_none() && self.breaks.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length as u64)
    }
}
