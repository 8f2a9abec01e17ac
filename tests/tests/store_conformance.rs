//! The conformance suite passes for a store that does as it should, and fails for one that does not.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use settings_core::SecretString;
use settings_core::store::{BoxFuture, Fault, MemoryStore, Secret, SecretKey, SecretStore, StoreError};
use settings_core::testing::{StoreConformance, store_conformance};

/// How a store may be wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    Nothing,
    /// Whatever goes wrong is told as not found.
    SwallowsErrors,
    /// One key that is not there fails all others.
    FailsAll,
    /// The answers come in another order.
    Reorders,
    /// Its `describe` shows what it holds.
    Tells,
    /// What is written is lost.
    Forgets,
    /// A write replaces the whole secret.
    Tramples,
}

#[derive(Debug)]
struct Doubtful(Wrong, MemoryStore);

impl SecretStore for Doubtful {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(async move {
            let mut answers = self.1.fetch(keys).await;
            match self.0 {
                Wrong::SwallowsErrors => {
                    answers.iter_mut().for_each(|answer| {
                        if answer.is_err() {
                            *answer = Err(StoreError::not_found());
                        }
                    });
                }
                Wrong::FailsAll if answers.iter().any(Result::is_err) => {
                    answers.fill_with(|| Err(StoreError::not_found()));
                }
                Wrong::Reorders => answers.reverse(),
                _ => {}
            }
            answers
        })
    }

    fn put<'a>(&'a self, key: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        match self.0 {
            Wrong::Forgets => Box::pin(async { Ok(()) }),
            Wrong::Tramples => {
                self.1.remove(key.name().unwrap_or(key.kebab()));
                self.1.put(key, value)
            }
            _ => self.1.put(key, value),
        }
    }

    fn describe(&self) -> String {
        if self.0 == Wrong::Tells { "holds sk-test-key".to_owned() } else { self.1.describe() }
    }
}

fn checks(wrong: Wrong) -> StoreConformance {
    let store = MemoryStore::new()
        .with("openai-api-key", "sk-test-key")
        .with("shared", r#"{"A": "first test value", "B": "second test value"}"#)
        .with("plain", "text");
    let failing = |fault| {
        let store = MemoryStore::new();
        store.fail(fault);
        Doubtful(wrong, store)
    };
    let openai = || SecretKey::new("OPENAI_API_KEY");
    let shared = |key: &str| SecretKey::new(key).named("shared").shared();
    store_conformance(Doubtful(wrong, store))
        .holds(openai(), "sk-test-key")
        .holds(shared("A"), "first test value")
        .holds(shared("B"), "second test value")
        .lacks(SecretKey::new("NO_SUCH_KEY"))
        .lacks(shared("C"))
        .refuses(failing(Fault::Deny), openai())
        .does_not_answer(failing(Fault::Drop), openai())
        .writes(shared("B"), "third test value")
}

fn failure(wrong: Wrong) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| checks(wrong).run())).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn a_store_that_does_as_it_should_passes() {
    checks(Wrong::Nothing).run();
}

#[test]
fn a_store_that_is_wrong_fails_and_no_value_is_told() {
    for (wrong, finding) in [
        (Wrong::SwallowsErrors, "should be Unreachable, and the store says NotFound"),
        (Wrong::FailsAll, "asked for with others"),
        (Wrong::Reorders, "asked for with others"),
        (Wrong::Tells, "the value of `openai-api-key` stands in an output"),
        (Wrong::Forgets, "has not the value that was written"),
        (Wrong::Tramples, "`shared` is not what it was before another key was written"),
    ] {
        let text = failure(wrong);
        assert!(text.contains(finding), "{wrong:?}: {text}");
        assert!(wrong == Wrong::Tells || !text.contains("test value") && !text.contains("sk-test-key"), "{text}");
    }
}
