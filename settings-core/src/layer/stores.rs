//! The layer of remote stores: what they answered so far, and what is still wanted of them.
//!
//! A search looks here for answers alone. What it does not find is written down, fetched by [`crate::plan`] in one go with
//! what all other searches lack, and then every search is gone once more.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::store::{Secret, SecretKey, SecretStore, StoreError};

/// A question to a store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ask {
    /// The store's word in `source`, or the name that it was registered by.
    pub(crate) store: &'static str,
    pub(crate) key: SecretKey,
}

/// A question that has no answer yet.
pub(crate) struct Want {
    pub(crate) ask: Ask,
    pub(crate) store: Arc<dyn SecretStore>,
}

/// What stores answered in the course of one load.
#[derive(Default)]
pub(crate) struct Answers(pub(crate) HashMap<Ask, Result<Secret, StoreError>>);

/// The stores that a loader was given, by name; the later wins.
#[derive(Clone, Default)]
pub(crate) struct Registered(pub(crate) Vec<(String, Arc<dyn SecretStore>)>);

impl Registered {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<dyn SecretStore>> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, store)| store)
    }
}

/// The layer, as it stands in one pass of a load.
pub(crate) struct Stores<'p> {
    pub(crate) registered: &'p Registered,
    answers: Option<&'p Answers>,
    /// `None` when questions come too late.
    wants: RefCell<Option<Vec<Want>>>,
}

impl<'p> Stores<'p> {
    pub(crate) fn new(registered: &'p Registered, answers: Option<&'p Answers>) -> Self {
        Self { registered, answers, wants: RefCell::new(Some(Vec::new())) }
    }

    /// The answer to the question. Without one the question is written down.
    pub(crate) fn answer(&self, ask: &Ask, store: &Arc<dyn SecretStore>) -> Option<&'p Result<Secret, StoreError>> {
        let answer = self.answers.and_then(|answers| answers.0.get(ask));
        if let (None, Some(wants)) = (answer, self.wants.borrow_mut().as_mut()) {
            if wants.iter().all(|want| want.ask != *ask) {
                wants.push(Want { ask: ask.clone(), store: Arc::clone(store) });
            }
        }
        answer
    }

    /// The questions that have no answer. From now on none is written down.
    pub(crate) fn close(&self) -> Vec<Want> {
        self.wants.take().unwrap_or_default()
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("len", &self.0.len()).finish()
    }
}
