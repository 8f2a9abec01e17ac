//! The time that live settings go by: that of the machine, or in a test one that the test moves.

use std::time::Instant;

#[cfg(all(feature = "testing", feature = "live"))]
pub(crate) use self::in_tests::Sleeper;
#[cfg(feature = "testing")]
pub use self::in_tests::TestClock;

/// Tells the time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(#[cfg(feature = "testing")] pub(crate) Option<TestClock>);

impl Clock {
    /// The machine's.
    pub(crate) const fn real() -> Self {
        Self(
            #[cfg(feature = "testing")]
            None,
        )
    }

    pub(crate) fn now(&self) -> Instant {
        #[cfg(feature = "testing")]
        if let Some(clock) = &self.0 {
            return clock.now();
        }
        Instant::now()
    }
}

#[cfg(feature = "testing")]
#[cfg_attr(not(feature = "live"), expect(dead_code, reason = "live settings alone wait"))]
mod in_tests {
    use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
    use std::time::{Duration, Instant};

    /// A clock that stands still until a test moves it, for live settings: polls, pauses and `max_stale` go by it. What a
    /// store takes to answer does not.
    ///
    /// ```
    /// use std::time::Duration;
    /// use settings_core::testing::TestClock;
    ///
    /// let clock = TestClock::new();
    /// let before = clock.now();
    /// clock.advance(Duration::from_secs(3600));
    /// assert_eq!(clock.now() - before, Duration::from_secs(3600));
    /// ```
    #[derive(Debug, Clone)]
    pub struct TestClock(Arc<Shared>);

    #[derive(Debug)]
    struct Shared {
        state: Mutex<State>,
        changed: Condvar,
    }

    #[derive(Debug)]
    struct State {
        now: Instant,
        /// Those who wait, and until when; `None` for whoever is at work.
        sleepers: Vec<(usize, Option<Instant>)>,
        next: usize,
    }

    /// How long a test waits for those who are at work, before it goes on all the same.
    const PATIENCE: Duration = Duration::from_secs(30);

    impl TestClock {
        /// A clock that shows the machine's time now.
        #[expect(clippy::new_without_default, reason = "it is another one each time")]
        pub fn new() -> Self {
            let state = State { now: Instant::now(), sleepers: Vec::new(), next: 0 };
            Self(Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() }))
        }

        /// The time that it shows.
        pub fn now(&self) -> Instant {
            self.lock().now
        }

        /// Moves it, and returns when all who go by it have done what was due then and wait again.
        pub fn advance(&self, time: Duration) {
            // Whoever is still at work would take the new time for the one that the work began at.
            self.settle();
            self.lock().now += time;
            self.0.changed.notify_all();
            self.settle();
        }

        /// Returns when all who go by it wait for a later time.
        pub fn settle(&self) {
            let busy = |state: &mut State| {
                let now = state.now;
                state.sleepers.iter().any(|(_, until)| until.is_none_or(|until| until <= now))
            };
            let _ = self.0.changed.wait_timeout_while(self.lock(), PATIENCE, busy);
        }

        fn lock(&self) -> MutexGuard<'_, State> {
            self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Lets those who wait look again whether they are woken.
        pub(crate) fn wake(&self) {
            // Whoever has looked and does not wait yet holds the lock.
            drop(self.lock());
            self.0.changed.notify_all();
        }

        /// One more goes by the clock, and is at work.
        pub(crate) fn enter(&self) -> Sleeper {
            let mut state = self.lock();
            let id = state.next;
            state.next += 1;
            state.sleepers.push((id, None));
            Sleeper { clock: self.clone(), id }
        }
    }

    /// Someone who goes by the clock.
    #[derive(Debug)]
    pub(crate) struct Sleeper {
        clock: TestClock,
        id: usize,
    }

    impl Sleeper {
        /// Waits until the clock shows this time, or `woken` says so; it is asked again after each [`wake`](Self::wake).
        pub(crate) fn wait(&self, until: Option<Instant>, mut woken: impl FnMut() -> bool) {
            let far = || Instant::now() + Duration::from_secs(86_400 * 365);
            let mut state = self.clock.lock();
            while !woken() && until.is_none_or(|until| state.now < until) {
                Self::set(&mut state, self.id, Some(until.unwrap_or_else(far)));
                self.clock.0.changed.notify_all();
                state = self.clock.0.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            Self::set(&mut state, self.id, None);
        }

        fn set(state: &mut State, id: usize, until: Option<Instant>) {
            if let Some((_, slot)) = state.sleepers.iter_mut().find(|(known, _)| *known == id) {
                *slot = until;
            }
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            self.clock.lock().sleepers.retain(|(id, _)| *id != self.id);
            self.clock.0.changed.notify_all();
        }
    }
}
