//! A text that some place holds for a field becomes what the field is built from, unless it counts as unset.

use crate::report::Outcome;
use crate::schema::{Field, Kind, Secret, Shape};
use crate::secret::{ExposeSecret, SecretSlice, is_placeholder, secret_string};
use crate::store::Value;
use crate::value::Slot;

/// Why a text counts as unset, or for `NotUtf8` why it is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    Empty,
    Placeholder,
    NotUtf8,
}

/// What the search for the field writes down.
pub(crate) fn outcome(taken: &Result<Slot, Unfit>) -> Outcome {
    match taken {
        Ok(_) => Outcome::Found,
        Err(Unfit::Empty) => Outcome::Empty,
        Err(Unfit::Placeholder) => Outcome::Placeholder,
        Err(Unfit::NotUtf8) => Outcome::NotUtf8,
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

/// Takes a copy of what a secret file holds.
pub(crate) fn file(bytes: &[u8], field: &Field, unchecked: bool) -> Result<Slot, Unfit> {
    let Some(rules) = field.secret() else { return Err(Unfit::NotUtf8) };
    let bytes = if rules.keep_newline { bytes } else { without_newline(bytes) };
    match std::str::from_utf8(bytes) {
        Ok(text) => self::text(text, field, unchecked),
        Err(_) if wants_text(rules) || field.rules.pattern.is_some() => Err(Unfit::NotUtf8),
        Err(_) => Ok(Slot::Bytes(SecretSlice::new(bytes.into()))),
    }
}

/// Takes a copy of what a store holds.
pub(crate) fn stored(value: &Value, field: &Field, unchecked: bool) -> Result<Slot, Unfit> {
    match value {
        Value::Text(text) => self::text(text.expose_secret(), field, unchecked), // EXPOSE: from one wiped box to another
        Value::Bytes(bytes) => match field.secret() {
            Some(rules) if !wants_text(rules) => Ok(Slot::Bytes(bytes.clone())),
            _ => Err(Unfit::NotUtf8),
        },
    }
}

/// The line ending that an editor or `echo` leaves at the end.
fn without_newline(bytes: &[u8]) -> &[u8] {
    let line = bytes.strip_suffix(b"\n");
    line.map_or(bytes, |line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn wants_text(rules: &Secret) -> bool {
    rules.shape == Shape::Text || rules.encoding.is_some() || rules.prefix.is_some() || rules.format.is_some()
}

/// `unchecked` takes everything for a value, as some mocks want it.
#[inline]
pub(super) fn judge(text: &str, field: &Field, unchecked: bool) -> Result<(), Unfit> {
    match field.secret() {
        _ if unchecked => Ok(()),
        _ if text.is_empty() && !field.allow_empty => Err(Unfit::Empty),
        // A blank secret is a file or variable that was made and never filled.
        Some(_) if !field.allow_empty && text.trim_start().is_empty() => Err(Unfit::Empty),
        Some(secret) if is_placeholder(text, secret.placeholders) => Err(Unfit::Placeholder),
        _ => Ok(()),
    }
}
