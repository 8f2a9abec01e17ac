//! What is remembered of the requests.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::fault::{Fault, Met, meet};

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// It has no token yet, or one that expired, and is told where to get one (Azure).
    Challenge,
    /// The value of one secret.
    Read,
    /// A new value for a secret.
    Write,
    /// Several secrets: Azure's pages of names, Dapr's `bulk`.
    List,
    /// Whether the sidecar is ready (Dapr).
    Health,
    /// A method of another app (Dapr).
    Invoke,
    /// An event (Dapr).
    Publish,
    /// State that is read or written (Dapr).
    State,
    /// What a model says next (OpenAI).
    Completion,
}

/// How often what was called. Requests that the service refused are not in it: they are [`Violation`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Accepted connections.
    pub connections: usize,
    /// Requests without a valid token (Azure).
    pub challenges: usize,
    /// Authorised reads of one secret, those that a fault met included.
    pub reads: usize,
    /// The greatest number of reads that were being answered at one time.
    pub most_reads_at_once: usize,
    /// Authorised writes, those that a fault met included.
    pub writes: usize,
    /// Requests for several secrets, those that a fault met included.
    pub lists: usize,
    /// Questions whether the sidecar is ready (Dapr).
    pub health: usize,
    /// Calls of other apps, those that a fault met included (Dapr).
    pub invocations: usize,
    /// Events that were published, those that a fault met included (Dapr).
    pub publications: usize,
    /// Reads and writes of state, those that a fault met included (Dapr).
    pub states: usize,
    /// Questions to a model, those that a fault met included (OpenAI).
    pub completions: usize,
}

/// A request that the real service would have refused, whatever secrets it has: a mistake of the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Method and path.
    pub request: String,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.request, self.why)
    }
}

/// One call, and the secret that it names; with Dapr also the app, the topic or the store.
pub struct Visit {
    pub(crate) call: Call,
    pub(crate) secret: Option<String>,
}

impl Visit {
    pub(crate) fn new(call: Call, secret: Option<&str>) -> Self {
        Self { call, secret: secret.map(str::to_owned) }
    }
}

/// All that one server remembers, and the faults that it was given.
#[derive(Default)]
pub(crate) struct Record(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    counts: Counts,
    reads_at_once: usize,
    read: Vec<String>,
    violations: Vec<Violation>,
    faults: Vec<Fault>,
}

impl Record {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.0)
    }

    pub(crate) fn connected(&self) {
        self.inner().counts.connections += 1;
    }

    /// Notes a call. It goes on until what is given back is dropped.
    pub(crate) fn begin(&self, visit: &Visit) -> InFlight<'_> {
        let mut inner = self.inner();
        match visit.call {
            Call::Challenge => inner.counts.challenges += 1,
            Call::Write => inner.counts.writes += 1,
            Call::List => inner.counts.lists += 1,
            Call::Health => inner.counts.health += 1,
            Call::Invoke => inner.counts.invocations += 1,
            Call::Publish => inner.counts.publications += 1,
            Call::State => inner.counts.states += 1,
            Call::Completion => inner.counts.completions += 1,
            Call::Read => {
                inner.read.extend(visit.secret.clone());
                inner.counts.reads += 1;
                inner.reads_at_once += 1;
                inner.counts.most_reads_at_once = inner.counts.most_reads_at_once.max(inner.reads_at_once);
            }
        }
        InFlight { record: self, is_read: visit.call == Call::Read }
    }

    pub(crate) fn meet_faults(&self, visit: &Visit) -> Met {
        meet(&mut self.inner().faults, visit)
    }

    pub(crate) fn inject(&self, fault: Fault) {
        self.inner().faults.push(fault);
    }

    pub(crate) fn heal(&self) {
        self.inner().faults.clear();
    }

    pub(crate) fn violated(&self, request: String, why: String) {
        self.inner().violations.push(Violation { request, why });
    }

    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.inner().violations.clone()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.inner().counts
    }

    pub(crate) fn reads_of(&self, secret: &str) -> usize {
        self.inner().read.iter().filter(|read| *read == secret).count()
    }
}

/// A call that is being answered; a client that hangs up ends it too.
pub(crate) struct InFlight<'r> {
    record: &'r Record,
    is_read: bool,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if self.is_read {
            self.record.inner().reads_at_once -= 1;
        }
    }
}

/// Locks, whatever another test's thread did.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_reads_that_go_on_are_at_one_time() {
        let record = Record::default();
        let visits = [Call::Read, Call::Write, Call::Read].map(|call| Visit::new(call, Some("a")));
        let begun: Vec<_> = visits.iter().map(|visit| record.begin(visit)).collect();
        drop(begun);
        let after = [record.begin(&visits[0]), record.begin(&visits[1])];
        let counts = record.counts();
        assert_eq!((counts.reads, counts.writes, counts.most_reads_at_once), (3, 2, 2));
        drop(after);
        assert_eq!((record.reads_of("a"), record.reads_of("b")), (3, 0));
    }
}
