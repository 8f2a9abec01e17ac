//! Settings that follow their sources: loaded again when a file changes, at intervals, and on request.

mod mailbox;
mod schedule;
#[cfg(feature = "watch")]
mod watcher;

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use self::mailbox::{Mailbox, Sleeper, Wake};
use self::schedule::Schedule;
use crate::cache::{self, Cached, Guard, Status};
use crate::clock::Clock;
use crate::engine::block_on;
use crate::layer::Places;
#[cfg(feature = "watch")]
use crate::load::watched::watched;
use crate::report::Report;
use crate::secret::SecretString;
use crate::testing;

/// How settings are kept up to date, as a loader was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) poll: Option<Duration>,
    pub(crate) max_stale: Option<Duration>,
    pub(crate) clock: Clock,
}

/// Cached settings that are kept up to date, by [`Loader::start`](crate::Loader::start).
///
/// They are those of [`Settings::get`](crate::Settings::get): one cache, whichever of the two is asked. A load anew is one
/// swap of a pointer: who holds a [`Guard`] keeps what it has, and nobody sees half of a change. When a load fails, the
/// last good settings stay, and [`status`](Self::status) says so. Dropping this ends it; what is cached stays.
///
/// ```no_run
/// use std::time::Duration;
/// use settings_core::{SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[secret(source = azure)]
///     openai_api_key: SecretString,
/// }
///
/// # async fn run() -> Result<(), settings_core::Report> {
/// let live = Chat::loader().poll(Duration::from_secs(300)).start().await?;
/// let mut changes = live.watch();
/// while changes.changed().await.is_ok() {
///     let chat = changes.borrow_and_update().clone();
///     // make a new client with chat.openai_api_key
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "settings are kept up to date until this is dropped"]
pub struct Live<S: Cached> {
    mailbox: Arc<Mailbox>,
    of: PhantomData<fn() -> S>,
}

impl<S: Cached> Live<S> {
    /// Loads, and starts the thread that keeps what was loaded up to date.
    pub(crate) async fn start(
        places: Places,
        options: Options,
        poll_by: Option<fn(&S) -> Duration>,
    ) -> Result<Self, Report> {
        let mailbox = Arc::new(Mailbox::new(&options.clock));
        let live = Self { mailbox, of: PhantomData };
        // In a test's scope nothing is loaded that could change.
        if let Some(scope) = testing::scoped::<S>() {
            return scope.build().map(|_| live);
        }
        // Watched before they are read: what changes in between is not missed.
        #[cfg(feature = "watch")]
        let watcher = {
            let mut watcher = watcher::Watcher::new(&live.mailbox);
            watcher.follow(&watched(&places, S::SCHEMA));
            watcher
        };
        S::cell().keep(options.clock.clone(), options.max_stale);
        S::cell().load(places).await?;
        let keeper = Keeper {
            schedule: Schedule::new(options.poll),
            sleeper: Sleeper::new(&options.clock),
            mailbox: Arc::clone(&live.mailbox),
            clock: options.clock,
            #[cfg(feature = "watch")]
            watcher,
        };
        live.spawn(keeper, poll_by);
        Ok(live)
    }

    fn spawn(&self, keeper: Keeper, poll_by: Option<fn(&S) -> Duration>) {
        let run = move || keeper.run::<S>(poll_by);
        if thread::Builder::new().name("settings-live".to_owned()).spawn(run).is_err() {
            // The settings are good; only nobody looks whether they still are, which `status` shows by their age.
            crate::trace::not_live(S::SCHEMA.name);
        }
    }

    /// The cached settings, as [`Settings::get`](crate::Settings::get) gives them.
    ///
    /// # Panics
    ///
    /// Only within a test's scope whose settings cannot be built.
    #[track_caller]
    pub fn get(&self) -> Guard<S> {
        match cache::get() {
            Ok(settings) => settings,
            Err(report) => cache::refuse(&report),
        }
    }

    /// The cached settings, unless they are older than `max_stale`.
    ///
    /// # Errors
    ///
    /// The report of the load that failed last, when the settings are older.
    pub fn try_get(&self) -> Result<Guard<S>, Report> {
        cache::try_get()
    }

    /// Loads anew from where the cached settings come from. Those who ask at one time share a load.
    ///
    /// # Errors
    ///
    /// The report of the load; what was cached before stays.
    pub async fn reload(&self) -> Result<(), Report> {
        if testing::scoped::<S>().is_some() {
            return Ok(());
        }
        S::cell().reload().await
    }

    /// [`reload`](Self::reload) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`reload`](Self::reload).
    pub fn reload_blocking(&self) -> Result<(), Report> {
        block_on(self.reload())
    }

    /// How old the settings are, and whether they can be loaded.
    pub fn status(&self) -> Status {
        S::cell().status()
    }

    /// A receiver that is told of every change, and of nothing else. It begins with the settings as they are now.
    pub fn watch(&self) -> watch::Receiver<Arc<S>> {
        S::cell().watch(|| self.get().into_arc())
    }

    /// [`Settings::rotate_secret`](crate::Settings::rotate_secret).
    ///
    /// # Errors
    ///
    /// As [`Settings::rotate_secret`](crate::Settings::rotate_secret).
    pub async fn rotate_secret(&self, name: &str, value: SecretString) -> Result<(), Report> {
        cache::rotate::<S>(name, value).await
    }
}

impl<S: Cached> Drop for Live<S> {
    fn drop(&mut self) {
        self.mailbox.stop();
    }
}

impl<S: Cached> fmt::Debug for Live<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Live<{}>", S::SCHEMA.name)
    }
}

/// The one who loads anew, on a thread of its own.
struct Keeper {
    mailbox: Arc<Mailbox>,
    schedule: Schedule,
    sleeper: Sleeper,
    clock: Clock,
    #[cfg(feature = "watch")]
    watcher: watcher::Watcher,
}

impl Keeper {
    /// Loads whenever it is due, until told to stop.
    fn run<S: Cached>(mut self, poll_by: Option<fn(&S) -> Duration>) {
        loop {
            if let (Some(poll_by), Ok(settings)) = (poll_by, cache::get::<S>()) {
                self.schedule.poll(poll_by(&settings));
            }
            let until = self.schedule.pause().and_then(|pause| self.clock.now().checked_add(pause));
            if self.mailbox.wait(until, &self.sleeper) == Wake::Stop {
                return;
            }
            // A check of the user's that panics must not end the watch; the panic itself was printed.
            let reloaded = catch_unwind(AssertUnwindSafe(|| block_on(S::cell().reload())));
            self.schedule.done(matches!(reloaded, Ok(Ok(()))));
            // A change may name other files, or be that a directory is there now. What changed in that one before it was
            // watched is looked at once more.
            #[cfg(feature = "watch")]
            if self.watcher.follow(&S::cell().watched()) {
                self.mailbox.tell_files();
            }
        }
    }
}
