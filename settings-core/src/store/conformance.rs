//! What every store has to do, as checks that its author runs.

use std::fmt::Write;
use std::sync::Arc;

use super::{Secret, SecretKey, SecretStore, StoreError, StoreErrorKind};
use crate::engine::{block_on, spawn};
use crate::secret::{ExposeSecret, SecretString};
use crate::store::Value;

/// Checks that a store does what a load relies on.
///
/// The author says what the store holds; [`run`](StoreConformance::run) asks for it in every way that a load may, and panics
/// with all that does not hold. No value stands in what it says.
///
/// ```
/// use settings_core::store::{Fault, MemoryStore, SecretKey};
/// use settings_core::testing::store_conformance;
///
/// let store = MemoryStore::new().with("openai-api-key", "sk-test-key").with("shared", r#"{"A": "1", "B": "2"}"#);
/// let broken = MemoryStore::new();
/// broken.fail(Fault::Drop);
/// let denying = MemoryStore::new();
/// denying.fail(Fault::Deny);
///
/// store_conformance(store)
///     .holds(SecretKey::new("OPENAI_API_KEY"), "sk-test-key")
///     .holds(SecretKey::new("A").named("shared"), "1")
///     .lacks(SecretKey::new("NO_SUCH_KEY"))
///     .lacks(SecretKey::new("C").named("shared"))
///     .refuses(denying, SecretKey::new("OPENAI_API_KEY"))
///     .does_not_answer(broken, SecretKey::new("OPENAI_API_KEY"))
///     .writes(SecretKey::new("B").named("shared"), "3")
///     .run();
/// ```
pub fn store_conformance(store: impl SecretStore + 'static) -> StoreConformance {
    StoreConformance { store: Arc::new(store), holds: Vec::new(), fails: Vec::new(), writes: Vec::new() }
}

/// The checks of [`store_conformance`], as they are put together.
#[derive(Debug)]
#[must_use = "nothing is checked before `run`"]
pub struct StoreConformance {
    store: Arc<dyn SecretStore>,
    holds: Vec<(SecretKey, SecretString)>,
    fails: Vec<(Arc<dyn SecretStore>, SecretKey, StoreErrorKind)>,
    writes: Vec<(SecretKey, SecretString)>,
}

impl StoreConformance {
    /// The store has this value under this key.
    pub fn holds(mut self, key: SecretKey, value: &str) -> Self {
        self.holds.push((key, value.into()));
        self
    }

    /// The store has nothing under this key.
    pub fn lacks(mut self, key: SecretKey) -> Self {
        self.fails.push((Arc::clone(&self.store), key, StoreErrorKind::NotFound));
        self
    }

    /// What the store has under this key is not of the form that the key asks for.
    pub fn misfits(mut self, key: SecretKey) -> Self {
        self.fails.push((Arc::clone(&self.store), key, StoreErrorKind::Malformed));
        self
    }

    /// A store of the same kind that refuses this key: by a policy, or for a wrong token.
    pub fn refuses(mut self, store: impl SecretStore + 'static, key: SecretKey) -> Self {
        self.fails.push((Arc::new(store), key, StoreErrorKind::Denied));
        self
    }

    /// A store of the same kind that nobody answers for: its server is down, or gives errors.
    pub fn does_not_answer(mut self, store: impl SecretStore + 'static, key: SecretKey) -> Self {
        self.fails.push((Arc::new(store), key, StoreErrorKind::Unreachable));
        self
    }

    /// The store takes this new value for this key.
    pub fn writes(mut self, key: SecretKey, value: &str) -> Self {
        self.writes.push((key, value.into()));
        self
    }

    /// Checks everything.
    ///
    /// # Panics
    ///
    /// With all that does not hold.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test fails by a panic")]
    pub fn run(self) {
        let mut found = Findings::default();
        self.reads(&mut found);
        self.failures(&mut found);
        self.side_by_side(&mut found);
        self.outputs(&mut found);
        self.write_and_read(&mut found);
        if !found.0.is_empty() {
            panic!("the store does not conform:{}", found.0);
        }
    }

    fn held_keys(&self) -> Vec<SecretKey> {
        self.holds.iter().map(|(key, _)| key.clone()).collect()
    }

    fn reads(&self, found: &mut Findings) {
        found.that(fetch(&self.store, Vec::new()).is_empty(), "asked for nothing, it answers something");
        for (key, value) in &self.holds {
            match &fetch(&self.store, vec![key.clone()])[..] {
                [Ok(secret)] => found.that(is(secret, value), &format!("`{key}` is another value, or no text")),
                [Err(error)] => found.that(false, &format!("`{key}` should be there: {error}")),
                other => found.that(false, &format!("one key has {} answers", other.len())),
            }
        }
        // All at once, among keys that are not there, one of them twice, and in another order.
        let mut keys = self.held_keys();
        keys.extend(self.lacking());
        keys.extend(keys.first().cloned());
        keys.reverse();
        let answers = fetch(&self.store, keys.clone());
        found.that(answers.len() == keys.len(), "several keys have not one answer each");
        for (key, answer) in keys.iter().zip(&answers) {
            let value = self.holds.iter().find(|(held, _)| held == key).map(|(_, value)| value);
            let right = match (answer, value) {
                (Ok(secret), Some(value)) => is(secret, value),
                (Err(error), None) => error.kind() == StoreErrorKind::NotFound,
                _ => false,
            };
            found.that(right, &format!("asked for with others, `{key}` has another answer than by itself"));
        }
    }

    fn lacking(&self) -> impl Iterator<Item = SecretKey> + '_ {
        let own = |store| Arc::ptr_eq(store, &self.store);
        let lacks = self.fails.iter().filter(move |(store, _, kind)| own(store) && *kind == StoreErrorKind::NotFound);
        lacks.map(|(_, key, _)| key.clone())
    }

    fn failures(&self, found: &mut Findings) {
        for (store, key, expected) in &self.fails {
            match fetch(store, vec![key.clone()]).pop() {
                Some(Err(error)) if error.kind() == *expected => {}
                Some(Err(error)) => {
                    found
                        .that(false, &format!("`{key}` should be {expected:?}, and the store says {:?}", error.kind()));
                }
                Some(Ok(_)) => found.that(false, &format!("`{key}` should be {expected:?}, and has a value")),
                None => found.that(false, &format!("`{key}` should be {expected:?}, and has no answer")),
            }
        }
    }

    fn side_by_side(&self, found: &mut Findings) {
        let start = |_| {
            let (store, keys) = (Arc::clone(&self.store), self.held_keys());
            spawn(async move { store.fetch(&keys).await })
        };
        let calls: Vec<_> = (0..8).map(start).collect();
        for call in calls {
            let answers = block_on(call).unwrap_or_default();
            let right = |((_, value), answer): (&(SecretKey, SecretString), &Result<Secret, StoreError>)| {
                answer.as_ref().is_ok_and(|secret| is(secret, value))
            };
            let all = answers.len() == self.holds.len() && self.holds.iter().zip(&answers).all(right);
            found.that(all, "several calls at one time have not all the right answers");
        }
    }

    fn outputs(&self, found: &mut Findings) {
        let mut text = format!("{:?} {}", self.store, self.store.describe());
        for key in self.held_keys() {
            let answer = fetch(&self.store, vec![key.clone()]);
            let _ = write!(text, " {} {:?} {answer:?}", self.store.place(&key), self.store.fix(&key));
        }
        for (store, key, _) in &self.fails {
            let errors = fetch(store, vec![key.clone()]);
            let _ = write!(text, " {store:?} {} {} {errors:?}", store.describe(), store.place(key));
            text.extend(errors.iter().filter_map(|answer| answer.as_ref().err()).map(ToString::to_string));
        }
        for (key, value) in &self.holds {
            let value = value.expose_secret(); // EXPOSE: looked for in outputs
            // What is as short as a word may stand in a text by chance.
            found.that(value.len() < 6 || !text.contains(value), &format!("the value of `{key}` stands in an output"));
        }
    }

    fn write_and_read(&self, found: &mut Findings) {
        for (key, value) in &self.writes {
            let (store, own_key, new) = (Arc::clone(&self.store), key.clone(), value.clone());
            match block_on(spawn(async move { store.put(&own_key, &new).await })) {
                Some(Ok(())) => {}
                Some(Err(error)) => found.that(false, &format!("`{key}` is not written: {error}")),
                None => found.that(false, &format!("writing `{key}` panics")),
            }
            let answer = fetch(&self.store, vec![key.clone()]).pop();
            let written = matches!(&answer, Some(Ok(secret)) if is(secret, value));
            found.that(written, &format!("`{key}` has not the value that was written"));
        }
        for (key, value) in self.holds.iter().filter(|(key, _)| self.writes.iter().all(|(written, _)| written != key)) {
            let answer = fetch(&self.store, vec![key.clone()]).pop();
            let kept = matches!(&answer, Some(Ok(secret)) if is(secret, value));
            found.that(kept, &format!("`{key}` is not what it was before another key was written"));
        }
    }
}

/// What does not hold, a line each.
#[derive(Default)]
struct Findings(String);

impl Findings {
    fn that(&mut self, holds: bool, otherwise: &str) {
        if !holds {
            self.0.push_str("\n  ");
            self.0.push_str(otherwise);
        }
    }
}

fn fetch(store: &Arc<dyn SecretStore>, keys: Vec<SecretKey>) -> Vec<Result<Secret, StoreError>> {
    let store = Arc::clone(store);
    // No answer at all is what a panic leaves, and is told like answers that are too few.
    block_on(spawn(async move { store.fetch(&keys).await })).unwrap_or_default()
}

fn is(secret: &Secret, value: &SecretString) -> bool {
    let value = value.expose_secret(); // EXPOSE: compared in a test
    match &secret.value {
        Value::Text(text) => text.expose_secret() == value, // EXPOSE: compared in a test
        Value::Bytes(_) => false,
    }
}
