//! How the cached settings are: how old, and whether they can be loaded again.

use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::report::{Code, Problem, Report, Task, Warning};

/// What is known of the loads of one type.
pub(super) struct Health {
    pub(super) generation: u64,
    clock: Clock,
    max_stale: Option<Duration>,
    /// When the last good load ended.
    fresh: Option<Instant>,
    failing: Option<Failed>,
    overdue: Vec<Warning>,
}

struct Failed {
    since: Instant,
    times: u64,
    report: Report,
}

impl Health {
    pub(super) const fn new() -> Self {
        Self { generation: 0, clock: Clock::real(), max_stale: None, fresh: None, failing: None, overdue: Vec::new() }
    }

    #[cfg(feature = "live")]
    pub(super) fn keep(&mut self, clock: Clock, max_stale: Option<Duration>) {
        // A time of another clock says nothing.
        self.fresh = self.fresh.map(|_| clock.now());
        (self.clock, self.max_stale) = (clock, max_stale);
    }

    /// A load was good. Tells whether the one before had failed.
    pub(super) fn is_good(&mut self, overdue: Vec<Warning>) -> bool {
        (self.fresh, self.overdue) = (Some(self.clock.now()), overdue);
        self.failing.take().is_some()
    }

    /// A load has failed.
    pub(super) fn is_bad(&mut self, report: &Report) {
        let (since, times) = self.failing.as_ref().map_or((self.clock.now(), 0), |failed| (failed.since, failed.times));
        self.failing = Some(Failed { since, times: times + 1, report: report.clone() });
    }

    pub(super) fn status(&self) -> Status {
        let now = self.clock.now();
        let since = |then: Instant| now.saturating_duration_since(then);
        let age = self.fresh.map(since);
        Status {
            generation: self.generation,
            age,
            stale: self.is_stale(age),
            failing: self.failing.as_ref().map(|failed| Failing {
                since: since(failed.since),
                times: failed.times,
                report: failed.report.clone(),
            }),
            overdue: self.overdue.clone(),
        }
    }

    fn is_stale(&self, age: Option<Duration>) -> bool {
        self.max_stale.zip(age).is_some_and(|(most, age)| age > most)
    }

    /// The report on settings that have grown too old.
    pub(super) fn stale(&self, settings: &'static str) -> Option<Report> {
        let age = self.fresh.map(|fresh| self.clock.now().saturating_duration_since(fresh));
        if !self.is_stale(age) {
            return None;
        }
        // Without a failure nobody has looked, because the watch has ended or was held up.
        let none = || {
            let note = "The settings are older than `max_stale`, and were not loaded again.";
            Report::new(settings, Task::Load, vec![Problem::new(Code::Stale, "", "").explain(note)])
        };
        Some(self.failing.as_ref().map_or_else(none, |failed| failed.report.clone()))
    }
}

/// How the cached settings of a type are, by [`Settings::status`](crate::Settings::status).
///
/// ```
/// use settings_core::Settings;
///
/// #[derive(Settings)]
/// struct Chat {
///     #[setting(default = 8080)]
///     port: u16,
/// }
///
/// assert_eq!(Chat::status().generation(), 0);
/// Chat::init_blocking()?;
/// assert_eq!(Chat::status().generation(), 1);
/// assert!(Chat::status().failing().is_none());
/// # Ok::<(), settings_core::Report>(())
/// ```
#[derive(Debug, Clone)]
pub struct Status {
    generation: u64,
    age: Option<Duration>,
    stale: bool,
    failing: Option<Failing>,
    overdue: Vec<Warning>,
}

/// Loads that failed since the last good one.
#[derive(Debug, Clone)]
pub struct Failing {
    since: Duration,
    times: u64,
    report: Report,
}

impl Status {
    /// How often the cached settings have changed; 0 while nothing is cached.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How long ago the last good load ended, whether or not it changed anything; `None` while nothing is cached.
    pub fn age(&self) -> Option<Duration> {
        self.age
    }

    /// Whether the age is over `max_stale`, so that `try_get` is an error.
    pub fn is_stale(&self) -> bool {
        self.stale
    }

    /// The loads that failed since the last good one, if any did.
    pub fn failing(&self) -> Option<&Failing> {
        self.failing.as_ref()
    }

    /// A warning for each secret that is older than its `rotate_every`, where the store tells its age, as of the last good
    /// load.
    pub fn overdue(&self) -> &[Warning] {
        &self.overdue
    }
}

impl Failing {
    /// How long ago the first of them ended.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// How many there are.
    pub fn times(&self) -> u64 {
        self.times
    }

    /// The report of the last one.
    pub fn report(&self) -> &Report {
        &self.report
    }
}
