//! Overrides that go with a future from thread to thread.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::scopes::{Entry, Held, current, enter};

/// A future with scopes that hold while it is polled, and while it is dropped: made by [`Mock::scope`](super::Mock::scope)
/// and [`InCurrentSettings`].
#[must_use = "a scope does nothing until its future is awaited"]
pub struct Scoped<F> {
    /// What makes up the scope while nobody polls: what is held, and what was installed meanwhile.
    entries: Vec<Entry>,
    /// Boxed, so that it can be dropped before the rest, within the scope.
    future: Option<Pin<Box<F>>>,
    _held: Vec<Held>,
}

impl<F> Scoped<F> {
    pub(super) fn new(held: Vec<Held>, future: F) -> Self {
        Self { entries: held.iter().map(Held::entry).collect(), future: Some(Box::pin(future)), _held: held }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { entries, future, .. } = &mut *self;
        let Some(future) = future else { unreachable!("the future goes with its scope") };
        if entries.is_empty() {
            return future.as_mut().poll(context);
        }
        let _entered = enter(entries);
        future.as_mut().poll(context)
    }
}

impl<F> Drop for Scoped<F> {
    fn drop(&mut self) {
        if !self.entries.is_empty() {
            let _entered = enter(&mut self.entries);
            self.future = None;
        }
    }
}

impl<F> fmt::Debug for Scoped<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scoped")
    }
}

/// Carries the scopes of a test into work that is spawned.
///
/// A task that is spawned runs on its own, and sees the real settings. Where code under test spawns tasks, it hands its
/// scopes on; without a test around it there are none, and nothing happens.
///
/// ```
/// use settings_core::Settings;
/// use settings_core::testing::InCurrentSettings;
///
/// #[derive(Settings)]
/// struct Chat {
///     #[setting(default = 8080)]
///     port: u16,
/// }
///
/// async fn answer() -> u16 {
///     // As `tokio::spawn(async { .. }.in_current_settings())`, on another thread.
///     let task = async { Chat::get().port }.in_current_settings();
///     std::thread::spawn(|| pollster::block_on(task)).join().unwrap()
/// }
///
/// assert_eq!(pollster::block_on(Chat::mock().set("port", 9000).scope(answer())), 9000);
/// ```
pub trait InCurrentSettings: Future + Sized {
    /// The future in the scopes that hold here and now, wherever it is polled.
    fn in_current_settings(self) -> Scoped<Self> {
        Scoped::new(current(), self)
    }
}

impl<F: Future> InCurrentSettings for F {}
