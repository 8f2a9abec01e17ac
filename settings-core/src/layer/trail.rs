//! What one search through the layers writes down.

use std::sync::Arc;
use std::time::SystemTime;

use super::stores::Ask;
use crate::report::{Look, Outcome};
use crate::store::SecretStore;
use crate::value::Slot;

/// What a search writes down on its way. A load writes nothing; a report and an explanation go the same way again.
#[derive(Default)]
pub(crate) struct Trail {
    looked: Option<Vec<Look>>,
    /// Whether the search goes on when there is a value, to what the value hides.
    pub(crate) goes_on: bool,
    /// The file, line and column of the value, where it has one.
    pub(crate) location: Option<String>,
    /// What has to be said of the places that were looked at: the place, and the sentence.
    pub(crate) warnings: Vec<(String, &'static str)>,
    /// The deprecated name that it was found under.
    pub(crate) deprecated: Option<&'static str>,
    /// Whether that is in a config file.
    pub(crate) is_in_config: bool,
    /// Commands that put the value where it was looked for.
    pub(crate) fixes: Vec<String>,
    /// What lower layers have, where the search goes on past the value.
    pub(crate) hidden: Vec<Slot>,
    /// What the store that has the value tells of it.
    pub(crate) from_store: Option<FromStore>,
    /// The value before the references in it were expanded, where it has any: what they stand for is not shown.
    pub(crate) literal: Option<String>,
}

/// The secret of a store that a value comes from.
pub(crate) struct FromStore {
    pub(crate) store: Arc<dyn SecretStore>,
    pub(crate) ask: Ask,
    pub(crate) version: Option<String>,
    pub(crate) created: Option<SystemTime>,
}

impl Trail {
    pub(crate) fn written() -> Self {
        Self { looked: Some(Vec::new()), ..Self::default() }
    }

    pub(crate) fn to_the_end() -> Self {
        Self { goes_on: true, ..Self::written() }
    }

    pub(crate) fn looked(&self) -> &[Look] {
        self.looked.as_deref().unwrap_or_default()
    }

    pub(crate) fn into_looked(self) -> Vec<Look> {
        self.looked.unwrap_or_default()
    }

    #[inline]
    pub(crate) fn is_written(&self) -> bool {
        self.looked.is_some()
    }

    #[inline]
    pub(crate) fn note(&mut self, layer: &'static str, place: &str, outcome: Outcome) {
        if let Some(looked) = &mut self.looked {
            looked.push(Look::new(layer, place, outcome));
        }
    }
}
