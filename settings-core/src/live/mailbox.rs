//! What wakes the thread of live settings: the time, a file, or the end.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Clock;

#[derive(Debug)]
pub(super) struct Mailbox {
    inbox: Mutex<Inbox>,
    changed: Condvar,
    #[cfg(feature = "testing")]
    clock: Clock,
}

#[derive(Debug, Default)]
struct Inbox {
    stopped: bool,
    /// When the last of the files changed, of those that were not looked at since.
    files: Option<Instant>,
}

/// Why a wait ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wake {
    /// The time has come.
    Due,
    /// Files have changed, and none did for a while.
    Files,
    /// It is over.
    Stop,
}

/// How long files have to be left alone before they are looked at: an editor or a deployment writes several times.
const QUIET: Duration = Duration::from_millis(150);

impl Mailbox {
    pub(super) fn new(clock: &Clock) -> Self {
        let _ = clock;
        Self {
            inbox: Mutex::default(),
            changed: Condvar::new(),
            #[cfg(feature = "testing")]
            clock: clock.clone(),
        }
    }

    /// Tells that a file has changed.
    #[cfg(feature = "watch")]
    pub(super) fn tell_files(&self) {
        self.lock().files = Some(Instant::now());
        self.wake();
    }

    /// Tells that it is over.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.wake();
    }

    fn wake(&self) {
        self.changed.notify_all();
        #[cfg(feature = "testing")]
        if let Some(clock) = &self.clock.0 {
            clock.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Option<Wake> {
        let inbox = self.lock();
        if inbox.stopped { Some(Wake::Stop) } else { inbox.files.map(|_| Wake::Files) }
    }

    /// Waits until there is a reason to do something.
    pub(super) fn wait(&self, until: Option<Instant>, sleeper: &Sleeper) -> Wake {
        sleeper.wait(self, until);
        match self.read() {
            None => Wake::Due,
            Some(Wake::Files) => self.wait_for_quiet(),
            Some(wake) => wake,
        }
    }

    /// Waits until the files are left alone. This goes by the machine's time, as files do.
    fn wait_for_quiet(&self) -> Wake {
        let mut inbox = self.lock();
        while let (false, Some(last)) = (inbox.stopped, inbox.files) {
            let left = QUIET.saturating_sub(last.elapsed());
            if left.is_zero() {
                inbox.files = None;
                return Wake::Files;
            }
            inbox = self.changed.wait_timeout(inbox, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Wake::Stop
    }

    fn wait_in_real_time(&self, until: Option<Instant>) {
        let mut inbox = self.lock();
        while !inbox.stopped && inbox.files.is_none() {
            inbox = match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => return,
                Some(left) => self.changed.wait_timeout(inbox, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(inbox).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

/// The one who waits, known to the clock that it goes by.
pub(super) struct Sleeper(#[cfg(feature = "testing")] Option<crate::clock::Sleeper>);

impl Sleeper {
    /// Made before the thread is started, so that a test that moves the clock waits for it from the beginning.
    pub(super) fn new(clock: &Clock) -> Self {
        let _ = clock;
        Self(
            #[cfg(feature = "testing")]
            clock.0.as_ref().map(crate::clock::TestClock::enter),
        )
    }

    fn wait(&self, mailbox: &Mailbox, until: Option<Instant>) {
        #[cfg(feature = "testing")]
        if let Some(sleeper) = &self.0 {
            return sleeper.wait(until, || mailbox.read().is_some());
        }
        mailbox.wait_in_real_time(until);
    }
}
