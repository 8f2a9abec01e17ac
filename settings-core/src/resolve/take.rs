//! A text that some place holds for a field becomes what the field is built from, unless it counts as unset.

use std::ffi::OsString;

use crate::report::Outcome;
use crate::schema::{Field, Kind, Secret, Shape};
use crate::secret::{SecretSlice, is_placeholder, secret_string};
use crate::value::Slot;

/// What became of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    Found,
    Empty,
    Placeholder,
    NotUtf8,
}

impl From<Taken> for Outcome {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Found => Self::Found,
            Taken::Empty => Self::Empty,
            Taken::Placeholder => Self::Placeholder,
            Taken::NotUtf8 => Self::NotUtf8,
        }
    }
}

/// Takes a variable over: its one copy becomes the text, or the secret.
///
/// The slot is written in place. A value that is handed from function to function costs more than all of the rest.
#[inline]
pub(crate) fn variable(value: OsString, field: &Field, unchecked: bool, found: &mut Slot) -> Taken {
    let Ok(text) = value.into_string() else { return Taken::NotUtf8 };
    let taken = judge(&text, field, unchecked);
    match (taken, field.kind) {
        (Taken::Found, Kind::Secret(_)) => *found = Slot::Secret(secret_string(text)),
        (Taken::Found, _) => *found = Slot::Text(text),
        _ => {}
    }
    taken
}

/// Takes a copy of a text that stays where it is.
pub(crate) fn text(text: &str, field: &Field, unchecked: bool, found: &mut Slot) -> Taken {
    let taken = judge(text, field, unchecked);
    if taken == Taken::Found {
        *found = match field.kind {
            Kind::Secret(_) => Slot::Secret(text.into()),
            _ => Slot::Text(text.to_owned()),
        };
    }
    taken
}

/// Takes a copy of what a secret file holds.
pub(crate) fn file(bytes: &[u8], field: &Field, unchecked: bool, found: &mut Slot) -> Taken {
    let Some(rules) = field.secret() else { return Taken::NotUtf8 };
    let bytes = if rules.keep_newline { bytes } else { without_newline(bytes) };
    match std::str::from_utf8(bytes) {
        Ok(text) => self::text(text, field, unchecked, found),
        Err(_) if wants_text(rules) => Taken::NotUtf8,
        Err(_) => {
            *found = Slot::Bytes(SecretSlice::new(bytes.into()));
            Taken::Found
        }
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
fn judge(text: &str, field: &Field, unchecked: bool) -> Taken {
    match field.secret() {
        _ if unchecked => Taken::Found,
        _ if text.is_empty() && !field.allow_empty => Taken::Empty,
        // A blank secret is a file or variable that was made and never filled.
        Some(_) if !field.allow_empty && text.trim_start().is_empty() => Taken::Empty,
        Some(secret) if is_placeholder(text, secret.placeholders) => Taken::Placeholder,
        _ => Taken::Found,
    }
}
