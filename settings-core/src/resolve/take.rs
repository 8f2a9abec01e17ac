//! A text that some place holds for a field becomes what the field is built from, unless it counts as unset.

use crate::report::Outcome;
use crate::schema::{Field, Kind};
use crate::secret::{is_placeholder, secret_string};
use crate::value::Slot;

/// Why a text counts as unset.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    Empty,
    Placeholder,
}

/// What the search for the field writes down.
pub(crate) fn outcome(taken: &Result<Slot, Unfit>) -> Outcome {
    match taken {
        Ok(_) => Outcome::Found,
        Err(Unfit::Empty) => Outcome::Empty,
        Err(Unfit::Placeholder) => Outcome::Placeholder,
    }
}

/// Takes a variable over: its one copy becomes the text, or the secret.
pub(crate) fn variable(text: String, field: &Field, unchecked: bool) -> Result<Slot, Unfit> {
    judge(&text, field, unchecked).map(|()| owned(text, field))
}

#[inline]
pub(super) fn owned(text: String, field: &Field) -> Slot {
    match field.kind {
        Kind::Secret(_) => Slot::Secret(secret_string(text)),
        _ => Slot::Text(text),
    }
}

/// Takes a copy of a text that stays where it is.
pub(crate) fn text(text: &str, field: &Field, unchecked: bool) -> Result<Slot, Unfit> {
    judge(text, field, unchecked)?;
    Ok(match field.kind {
        Kind::Secret(_) => Slot::Secret(text.into()),
        _ => Slot::Text(text.to_owned()),
    })
}

/// `unchecked` takes everything for a value, as some mocks want it.
#[inline]
pub(super) fn judge(text: &str, field: &Field, unchecked: bool) -> Result<(), Unfit> {
    match field.secret() {
        _ if unchecked => Ok(()),
        _ if text.is_empty() && !field.allow_empty => Err(Unfit::Empty),
        Some(secret) if is_placeholder(text, secret.placeholders) => Err(Unfit::Placeholder),
        _ => Ok(()),
    }
}
