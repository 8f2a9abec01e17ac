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
    places: Arc<Places>,
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
    pub(super) fn new(number: u64, places: Arc<Places>) -> Self {
        let (deadline, span) = (deadline(&places), trace::span(S::SCHEMA.name));
        let state = Mutex::new(State::Flying { answers: None, fetch: None });
        Self { number, places, deadline, span, done: AtomicBool::new(false), state }
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
                    let loaded = loaded.map(Arc::new);
                    if let Ok(settings) = &loaded {
                        cell.publish(self.number, &self.places, settings);
                    }
                    *state = State::Done(loaded);
                    self.done.store(true, Ordering::Release);
                }
            }
        }
    }
}
