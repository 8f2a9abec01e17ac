//! The errors of one derive, collected so that all of them are shown at once.

use std::cell::RefCell;
use std::fmt::Display;

use quote::ToTokens;

/// Collects errors. It is shared by reference, so that every stage can add to it while it reads the model.
#[derive(Default)]
pub(crate) struct Ctxt {
    error: RefCell<Option<syn::Error>>,
}

impl Ctxt {
    /// Adds an error at the given tokens.
    pub(crate) fn error(&self, at: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(at, message));
    }

    /// Adds an error.
    pub(crate) fn push(&self, error: syn::Error) {
        let mut slot = self.error.borrow_mut();
        match slot.as_mut() {
            Some(first) => first.combine(error),
            None => *slot = Some(error),
        }
    }

    /// How many errors there are so far.
    pub(crate) fn count(&self) -> usize {
        self.error.borrow().iter().flatten().count()
    }

    /// All errors as one.
    pub(crate) fn into_error(self) -> Option<syn::Error> {
        self.error.into_inner()
    }
}
