//! One load that many wait for. Whoever waits also carries it on: when the stores have answered, the first to be woken makes
//! the next pass. So a leader that is cancelled strands nobody, and one whose runtime is held up by a blocking `get()`
//! does not hold up that `get()`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use super::{Cell, Loading};
use crate::layer::Places;
use crate::layer::stores::Answers;
use crate::load::{Pass, deadline, load_pass};
use crate::plan::{self, Deadline, Fetch};
use crate::report::Report;
use crate::trace::{self, Span};
use crate::value::Blueprint;

pub(super) struct Flight<S> {
    /// Later flights have higher numbers.
    number: u64,
    pub(super) places: Arc<Places>,
    /// Whether what is loaded takes the place of what is cached even when both are the same.
    replaces: bool,
    deadline: Deadline,
    span: Span,
    done: AtomicBool,
    state: Mutex<State<S>>,
}

enum State<S> {
    /// A pass is to be made, once all stores that were asked have answered.
    Flying {
        answers: Option<Answers>,
        fetch: Option<Fetch>,
    },
    Done(Result<Arc<S>, Report>),
}

impl<S: Blueprint> Flight<S> {
    pub(super) fn new(number: u64, places: Arc<Places>, replaces: bool) -> Self {
        let (deadline, span) = (deadline(&places), trace::span(S::SCHEMA.name));
        let state = Mutex::new(State::Flying { answers: None, fetch: None });
        Self { number, places, replaces, deadline, span, done: AtomicBool::new(false), state }
    }

    /// Whether it has a result. What is asked for from now on is another load.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Carries it on, as far as that goes without waiting. The one who completes it puts the settings into the cell.
    pub(super) fn poll(&self, context: &mut Context<'_>, cell: &Cell<S>) -> Poll<Result<Arc<S>, Report>> {
        let _loading = match Loading::begin::<S>() {
            Ok(loading) => loading,
            Err(report) => return Poll::Ready(Err(report)),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (answers, fetch) = match &mut *state {
                State::Done(result) => return Poll::Ready(result.clone()),
                State::Flying { answers, fetch } => (answers, fetch),
            };
            if let Some(asked) = fetch {
                ready!(asked.poll(context, answers.get_or_insert_default()));
                *fetch = None;
            }
            match load_pass::<S>(&self.places, answers.as_ref(), &self.span) {
                Pass::Lacks(wants) => *fetch = Some(plan::fetch(wants, self.deadline, self.span.clone())),
                Pass::Done(loaded) => {
                    let result = match loaded {
                        Ok(loaded) => Ok(cell.publish(self.number, &self.places, loaded, self.replaces)),
                        Err(report) => {
                            cell.note_failure(self.number, &report);
                            Err(report)
                        }
                    };
                    *state = State::Done(result);
                    self.done.store(true, Ordering::Release);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;
    use std::task::Waker;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::engine::{block_on, sleep_until};
    use crate::secret::SecretString;
    use crate::store::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};
    use crate::{ExposeSecret, Settings};

    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Keys {
        #[secret(source = store("slow"))]
        api_key: SecretString,
    }

    /// Takes its time, and gives the number of the call.
    #[derive(Debug, Default)]
    struct Slow {
        calls: AtomicUsize,
        fails: AtomicBool,
    }

    impl SecretStore for Slow {
        fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
            Box::pin(async {
                let call = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
                sleep_until(Instant::now() + Duration::from_millis(100)).await;
                let fails = self.fails.load(Ordering::Relaxed);
                let one = |_: &SecretKey| match fails {
                    true => Err(StoreError::denied()),
                    false => Ok(Secret::new(format!("test-{call}").into())),
                };
                keys.iter().map(one).collect()
            })
        }

        fn describe(&self) -> String {
            "slow".to_owned()
        }
    }

    /// A cell of its own, and how it is loaded from the store.
    struct Fixture {
        store: Arc<Slow>,
        cell: Cell<Keys>,
        places: Arc<Places>,
    }

    impl Fixture {
        fn new() -> Self {
            let store = Arc::new(Slow::default());
            let mut places = Places { hermetic: true, ..Places::default() };
            places.stores.0.push(("slow".to_owned(), store.clone()));
            Self { store, cell: Cell::new(), places: Arc::new(places) }
        }

        fn start(&self) -> Arc<Flight<Keys>> {
            Arc::new(self.cell.start(Arc::clone(&self.places), true))
        }

        fn land(&self, flight: &Flight<Keys>) -> Result<String, Report> {
            let settings = block_on(self.cell.land(flight))?;
            Ok(settings.api_key.expose_secret().to_owned()) // EXPOSE: compared in a test
        }

        fn calls(&self) -> usize {
            self.store.calls.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn all_who_wait_share_one_load() {
        let fixture = Fixture::new();
        let flight = fixture.start();
        std::thread::scope(|scope| {
            let waiting: Vec<_> = (0..200).map(|_| scope.spawn(|| fixture.land(&flight).unwrap())).collect();
            waiting.into_iter().for_each(|waiting| assert_eq!(waiting.join().unwrap(), "test-1"));
        });
        assert_eq!(fixture.calls(), 1);
        assert!(flight.is_done());
    }

    #[test]
    fn a_leader_that_is_cancelled_or_never_polled_again_strands_nobody() {
        for cancelled in [true, false] {
            let fixture = Fixture::new();
            let flight = fixture.start();
            let mut leader = Box::pin(poll_fn(|context| flight.poll(context, &fixture.cell)));
            assert!(leader.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            let leader = (!cancelled).then_some(leader);
            assert_eq!(fixture.land(&flight).unwrap(), "test-1");
            assert_eq!(fixture.calls(), 1);
            if let Some(leader) = leader {
                assert_eq!(block_on(leader).unwrap().api_key.expose_secret(), "test-1"); // EXPOSE: compared in a test
            }
        }
    }

    #[test]
    fn a_failure_is_not_kept() {
        let fixture = Fixture::new();
        fixture.store.fails.store(true, Ordering::Relaxed);
        assert!(fixture.land(&fixture.start()).is_err());
        assert!(fixture.cell.current.load().is_none());
        fixture.store.fails.store(false, Ordering::Relaxed);
        assert_eq!(fixture.land(&fixture.start()).unwrap(), "test-2");
    }

    #[test]
    fn a_load_that_began_earlier_does_not_replace_a_later_one() {
        let fixture = Fixture::new();
        let (earlier, later) = (fixture.start(), fixture.start());
        assert_eq!(fixture.land(&later).unwrap(), "test-1");
        assert_eq!(fixture.land(&earlier).unwrap(), "test-1", "who waited for it gets the later one too");
        assert_eq!(fixture.calls(), 2);
        let cached = fixture.cell.current.load_full().unwrap();
        assert_eq!(cached.api_key.expose_secret(), "test-1"); // EXPOSE: compared in a test
    }

    #[test]
    fn those_who_come_together_join_and_those_who_come_later_do_not() {
        let cell = Cell::<Keys>::new();
        let mut slot = std::sync::Weak::new();
        let usual = Arc::default();
        let first = cell.join(&mut slot, &usual, false);
        assert!(Arc::ptr_eq(&first, &cell.join(&mut slot, &usual, true)));
        assert!(Arc::ptr_eq(&first, &cell.join(&mut slot, &Arc::default(), true)), "they mean the same places");
        let others = Arc::new(Places { hermetic: true, ..Places::default() });
        assert!(!Arc::ptr_eq(&first, &cell.join(&mut std::sync::Weak::new(), &others, true)));
        first.done.store(true, Ordering::Release);
        assert!(!Arc::ptr_eq(&first, &cell.join(&mut slot, &usual, false)));
    }

    #[test]
    fn what_was_cached_is_loaded_anew_from_where_it_came() {
        let fixture = Fixture::new();
        block_on(fixture.cell.refresh()).unwrap();
        assert_eq!(fixture.calls(), 0, "nothing is cached yet");
        fixture.land(&fixture.start()).unwrap();
        block_on(fixture.cell.refresh()).unwrap();
        assert_eq!(fixture.cell.current.load_full().unwrap().api_key.expose_secret(), "test-2"); // EXPOSE: compared in a test
    }
}
