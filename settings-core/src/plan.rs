//! The fetch: what the layers lack, asked of each store once for all of it, stores side by side, until a deadline.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::engine::{self, Reply};
use crate::layer::stores::{Answers, Ask, Want};
use crate::secret::SecretString;
use crate::store::{Secret, SecretKey, SecretStore, StoreError, StoreErrorKind};
use crate::trace::Span;

/// How often a store is asked for one secret in one load, unless it is about to start.
const TRIES: u32 = 3;
/// The longest pause before the second try; it doubles with each further one, up to eight times this.
const PAUSE: Duration = Duration::from_millis(150);
/// How long a load may wait for stores, unless the loader says otherwise.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// When the stores have to have answered, all of them together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Instant,
    timeout: Duration,
}

impl Deadline {
    /// So long from now.
    pub(crate) fn after(timeout: Duration) -> Self {
        // A time-out beyond what the clock can tell is none that anybody waits for.
        let at =
            Instant::now().checked_add(timeout).unwrap_or_else(|| Instant::now() + Duration::from_secs(86_400 * 365));
        Self { at, timeout }
    }

    fn passed(&self, tries: u32) -> StoreError {
        let timeout = humantime::format_duration(self.timeout);
        StoreError::unreachable().noted(format!("timed out after {timeout}{}", counted(tries)))
    }
}

/// Stores that have been asked, and did not all answer yet.
pub(crate) struct Fetch {
    asked: Vec<Asked>,
    span: Span,
}

struct Asked {
    name: &'static str,
    store: Arc<dyn SecretStore>,
    keys: Vec<SecretKey>,
    reply: Reply<Vec<Answer>>,
}

/// What a store answered to one question, and how long that took.
type Answer = (Result<Secret, StoreError>, Duration);

/// Asks each store for all that is wanted of it.
pub(crate) fn fetch(wants: Vec<Want>, deadline: Deadline, span: Span) -> Fetch {
    let mut stores: Vec<(&'static str, Arc<dyn SecretStore>, Vec<SecretKey>)> = Vec::new();
    for Want { ask, store } in wants {
        match stores.iter_mut().find(|(name, ..)| *name == ask.store) {
            Some((.., keys)) => keys.push(ask.key),
            None => stores.push((ask.store, store, vec![ask.key])),
        }
    }
    let start = |(name, store, keys): (_, Arc<dyn SecretStore>, Vec<_>)| {
        let work = {
            let (store, keys) = (Arc::clone(&store), keys.clone());
            async move { ask(&*store, &keys, deadline).await }
        };
        Asked { name, store, keys, reply: engine::spawn(work) }
    };
    Fetch { asked: stores.into_iter().map(start).collect(), span }
}

impl Fetch {
    /// Ready when every store has answered, and all answers are among the others.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>, answers: &mut Answers) -> Poll<()> {
        self.asked.retain_mut(|asked| match Pin::new(&mut asked.reply).poll(context) {
            Poll::Pending => true,
            Poll::Ready(replies) => {
                let mut replies = replies.unwrap_or_default().into_iter();
                for key in asked.keys.drain(..) {
                    let (answer, took) = replies.next().unwrap_or_else(|| (Err(gone()), Duration::ZERO));
                    self.span.read(asked.name, || asked.store.place(&key), &answer, took);
                    answers.0.insert(Ask { store: asked.name, key }, answer);
                }
                false
            }
        });
        if self.asked.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }
}

fn gone() -> StoreError {
    StoreError::unreachable().because("the store's own code panicked")
}

/// Writes a value, until the deadline. It is not tried again: what became of it is not known.
pub(crate) async fn put(
    store: Arc<dyn SecretStore>,
    key: SecretKey,
    value: SecretString,
    deadline: Deadline,
) -> Result<(), StoreError> {
    let put = async move {
        engine::by(deadline.at, store.put(&key, &value)).await.unwrap_or_else(|| Err(deadline.passed(1)))
    };
    engine::spawn(put).await.unwrap_or_else(|| Err(gone()))
}

/// Asks one store, and again for what it could not answer.
async fn ask(store: &dyn SecretStore, keys: &[SecretKey], deadline: Deadline) -> Vec<Answer> {
    let start = Instant::now();
    let mut answers: Vec<Answer> = Vec::new();
    let mut open: Vec<usize> = (0..keys.len()).collect();
    for tries in 1.. {
        let asked: Vec<SecretKey> = open.iter().map(|&index| keys[index].clone()).collect();
        let answered = engine::by(deadline.at, store.fetch(&asked)).await;
        let is_late = answered.is_none();
        let mut answered = answered.unwrap_or_default().into_iter();
        let missing = || if is_late { deadline.passed(tries) } else { too_few() };
        answers.resize_with(keys.len(), || (Err(too_few()), Duration::ZERO));
        for &index in &open {
            answers[index] = (answered.next().unwrap_or_else(|| Err(missing())), start.elapsed());
        }
        open.retain(|&index| is_worth_another_try(&answers[index].0));
        let wished =
            open.iter().filter_map(|&index| answers[index].0.as_ref().err()?.pause()).max().unwrap_or_default();
        let again = Instant::now() + wished.max(jitter(PAUSE * 2_u32.pow((tries - 1).min(3))));
        if is_late || open.is_empty() {
            break;
        }
        let starts = open.iter().any(|&index| answers[index].0.as_ref().is_err_and(StoreError::is_starting));
        if (tries >= TRIES && !starts) || again >= deadline.at {
            for &index in &open {
                if let Err(error) = &mut answers[index].0 {
                    *error = error.clone().noted(format!("{}{}", how(error), counted(tries)));
                }
            }
            break;
        }
        engine::sleep_until(again).await;
    }
    answers
}

fn too_few() -> StoreError {
    StoreError::malformed().because("the store answered fewer keys than it was asked for")
}

fn is_worth_another_try(result: &Result<Secret, StoreError>) -> bool {
    matches!(result, Err(error) if error.kind() == StoreErrorKind::Unreachable)
}

fn how(error: &StoreError) -> &str {
    if error.note().is_empty() { "did not answer" } else { error.note() }
}

fn counted(tries: u32) -> String {
    if tries > 1 { format!(", {tries} tries") } else { String::new() }
}

/// Anything up to the longest, so that many services that were turned away at one moment do not come back at one moment.
pub(crate) fn jitter(longest: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) as u32;
    longest.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_differ_and_have_a_limit() {
        let pauses: Vec<_> = (0..100).map(|_| jitter(PAUSE)).collect();
        assert!(pauses.iter().all(|pause| *pause <= PAUSE));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
