//! Calls that nobody hears of.
//!
//! With `GOOGLE_CLOUD_RUST_LOGGING=true` the SDK logs whole answers, with the values that they hold.

use std::sync::LazyLock;

use tracing::dispatcher::Dispatch;
use tracing::instrument::WithSubscriber;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

/// Keeps what a call logs from whoever listens.
pub(super) fn quietly<T>(call: impl Future<Output = T>) -> impl Future<Output = T> {
    // One that tracing knows of, unlike `Dispatch::none()`: what logs for the first time during such a call would count as
    // unheard by everybody, and for good.
    static DEAF: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Deaf));
    call.with_subscriber(DEAF.clone())
}

/// Hears nothing, and costs others nothing: what they are deaf to themselves is not logged at all.
struct Deaf;

impl Subscriber for Deaf {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::never()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
