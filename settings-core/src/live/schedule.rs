//! When to load anew: at intervals, and sooner after a load that failed.

use std::time::Duration;

use crate::plan::jitter;

#[derive(Debug)]
pub(super) struct Schedule {
    poll: Option<Duration>,
    /// Loads that failed since the last good one.
    failures: u32,
}

/// No interval is shorter than this.
const SHORTEST: Duration = Duration::from_millis(100);
/// Nor longer than this.
const YEAR: Duration = Duration::from_secs(365 * 86_400);
/// The pause after the first failure; it doubles with each further one.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause after a failure, unless the interval is shorter.
const LONGEST: Duration = Duration::from_secs(300);

impl Schedule {
    pub(super) fn new(poll: Option<Duration>) -> Self {
        Self { poll: poll.map(|poll| poll.clamp(SHORTEST, YEAR)), failures: 0 }
    }

    /// From now on loads are so far apart.
    pub(super) fn poll(&mut self, interval: Duration) {
        self.poll = Some(interval.clamp(SHORTEST, YEAR));
    }

    pub(super) fn done(&mut self, good: bool) {
        self.failures = if good { 0 } else { self.failures.saturating_add(1) };
    }

    /// How long to wait for the next load; `None` for until something happens.
    ///
    /// Pauses are of random length, a tenth up or down, or after a failure up to twice: services that were started together
    /// must not ask together for ever.
    pub(super) fn pause(&self) -> Option<Duration> {
        if self.failures == 0 {
            return self.poll.map(|poll| poll.mul_f64(0.9) + jitter(poll.mul_f64(0.2)));
        }
        let doubled = FIRST.saturating_mul(1_u32.checked_shl(self.failures - 1).unwrap_or(u32::MAX));
        let pause = doubled.min(self.poll.unwrap_or(LONGEST)).min(LONGEST);
        Some(pause / 2 + jitter(pause / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn after(failures: u32, poll: Option<Duration>) -> Option<Duration> {
        Schedule { poll, failures }.pause()
    }

    #[test]
    fn an_interval_varies_by_a_tenth() {
        for _ in 0..100 {
            let pause = after(0, Some(MINUTE)).unwrap();
            assert!(pause >= MINUTE.mul_f64(0.9) && pause <= MINUTE.mul_f64(1.1), "{pause:?}");
        }
        assert_eq!(after(0, None), None);
    }

    #[test]
    fn pauses_after_failures_double_up_to_the_interval() {
        for (failures, longest) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (40, 60), (u32::MAX, 60)] {
            for _ in 0..20 {
                let pause = after(failures, Some(MINUTE)).unwrap();
                let longest = Duration::from_secs(longest);
                assert!(pause >= longest / 2 && pause <= longest, "{failures}: {pause:?}");
            }
        }
        assert!(after(40, None).unwrap() <= LONGEST);
    }

    #[test]
    fn a_good_load_ends_the_failures() {
        let mut schedule = Schedule::new(None);
        schedule.done(false);
        assert!(schedule.pause().is_some());
        schedule.done(true);
        assert!(schedule.pause().is_none());
    }
}
