//! Values on their way into a struct: what the layers found, read as the fields' types.
//!
//! The derive implements [`Blueprint`] with thin calls to [`Values`]; all logic is here and in the modules below.

mod collection;
mod digest;
pub(crate) mod expectation;
mod fault;
mod pattern;
pub(crate) mod rules;
mod text;
mod tree;

use std::borrow::Cow;
use std::fmt::Display;
use std::mem;

use serde::de::DeserializeOwned;

use crate::schema::{DefaultValue, Field, Schema, Secret, Shape};
use crate::secret::{self, ExposeSecret, SecretSlice, SecretString, SecretType, Verdict};

pub use collection::Collection;
pub(crate) use collection::{Element, ElementFailure};
pub(crate) use digest::Digest;
pub(crate) use fault::{Failure, Fault, Rule};
pub use pattern::{Patterned, patterned};
pub use text::ReadError;
pub(crate) use text::{DURATION, Text};
pub use tree::Tree;

/// What the derive implements: the description of a struct, and how it is built from what the layers found.
///
/// It is not meant to be written by hand. Everything that users call stands on [`Settings`](crate::Settings), which
/// every type with a blueprint has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a struct of settings",
    label = "has no `#[derive(Settings)]`",
    note = "write `#[derive(Settings)]` on the struct; a plain value needs no `nested`"
)]
pub trait Blueprint: Sized + Send + Sync + 'static {
    /// What to load.
    const SCHEMA: &'static Schema;

    /// Builds the struct, or records in `values` everything that stands against it and gives `None`.
    fn build(values: &mut Values) -> Option<Self>;

    /// The secret at this path of the loaded struct, where it is there and a text.
    fn secret_text(&self, path: &str) -> Option<&SecretString>;
}

/// A type that a plain field may have: whatever serde reads into an owned value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a plain setting",
    note = "a plain field's type implements serde's `Deserialize`",
    note = "a secret is a `SecretString`, marked `#[secret]`; a struct of settings is marked `#[setting(nested)]`"
)]
pub trait Plain: DeserializeOwned {}

impl<T: DeserializeOwned> Plain for T {}

/// A field, and what the layers found for it.
pub(crate) struct Found {
    pub(crate) field: &'static Field,
    pub(crate) slot: Slot,
}

/// What the layers found for one field.
pub(crate) enum Slot {
    /// Nothing.
    Unset,
    /// Text, as from a variable.
    Text(String),
    /// The text of a secret.
    Secret(SecretString),
    /// A secret that is no text, from a file.
    Bytes(SecretSlice<u8>),
    /// A typed value, given in code or read from JSON.
    Tree(Box<Tree>),
    /// The structs of a list or map.
    Elements(Box<[Element]>),
    /// The head of a nested struct, whose fields follow: how many slots they take, and whether any has a value.
    Group { len: usize, set: bool },
    /// Something that cannot be used; the failure stands in the list already.
    Failed,
}

impl Slot {
    /// The value as text, where it is that of a plain field, which may be shown.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Tree(tree) => Some(tree.shown()),
            _ => None,
        }
    }
}

/// What stands against the text of a secret: the rules that hold for it whatever type it becomes.
pub(crate) fn check_secret(secret: &SecretString, field: &Field) -> Option<Fault> {
    let text = secret.expose_secret(); // EXPOSE: held to its rules, which say nothing of it
    let rules = field.secret()?;
    if let Verdict::Wrong(mismatch) = secret::check(text, rules) {
        return Some(Fault::Format(mismatch));
    }
    let length = match (rules.encoding, rules.shape) {
        // Where nobody asks for a length none is counted.
        (None, Shape::Text) if field.rules.min_len.is_none() => 0,
        (None, Shape::Text) => text.chars().count(),
        (None, _) => text.len(),
        (Some(encoding), _) => match encoding.decode(text) {
            Ok(bytes) => bytes.len(),
            Err(sentence) => return Some(Fault::Secret(sentence)),
        },
    };
    let pattern = || field.rules.pattern.and_then(|pattern| pattern::check(text, pattern));
    check_length(length, field).or_else(pattern)
}

/// What stands against a secret of so many characters, or bytes for a type that holds bytes.
pub(crate) fn check_length(length: usize, field: &Field) -> Option<Fault> {
    if field.secret().is_some_and(|rules| matches!(rules.shape, Shape::Array(exact) if exact != length)) {
        return Some(Fault::Secret(secret::WRONG_LENGTH));
    }
    field.rules.min_len.is_some_and(|least| length < least).then_some(Fault::Rule(Rule::MinLen))
}

/// What a function that is given a secret may return as its error.
#[diagnostic::on_unimplemented(
    message = "the error of a function that sees a secret is a `&'static str`, and not `{Self}`, which could quote it",
    label = "returns an error that could quote the secret"
)]
pub trait CannotQuote {
    /// The sentence.
    fn sentence(self) -> &'static str;
}

impl CannotQuote for &'static str {
    fn sentence(self) -> &'static str {
        self
    }
}

/// What such a function returned.
pub fn unquoted<T>(result: Result<T, impl CannotQuote>) -> Result<T, &'static str> {
    result.map_err(CannotQuote::sentence)
}

/// The place of the struct that is loaded, which has no slot of its own.
pub(crate) const ROOT: usize = usize::MAX;

/// A cursor over what the layers found, which reads it field by field as the schema lists them.
pub struct Values {
    found: Vec<Found>,
    /// The field taken last, its place, and the place of the struct that it belongs to.
    field: &'static Field,
    at: usize,
    within: usize,
    taken: usize,
    unchecked: bool,
    /// Whether this is no load, but only asks the types what they expect.
    asking: bool,
    failures: Vec<Failure>,
}

/// What reading one field gave.
#[derive(Debug)]
#[must_use]
pub enum Read<T> {
    /// No layer has it.
    Unset,
    /// It cannot be used, which was recorded.
    Failed,
    /// The value.
    Value(T),
}

impl<T> Read<T> {
    /// The default in the place of a value that no layer has.
    pub fn or(self, default: impl FnOnce() -> T) -> Self {
        match self {
            Self::Unset => Self::Value(default()),
            read => read,
        }
    }

    /// The value of an `Option` field: no value is a value.
    pub fn optional(self) -> Option<Option<T>> {
        match self {
            Self::Unset => Some(None),
            Self::Failed => None,
            Self::Value(value) => Some(Some(value)),
        }
    }
}

impl Values {
    /// `unchecked` leaves out the rules and checks: for the values of a mock that says so.
    pub(crate) fn new(found: Vec<Found>, failures: Vec<Failure>, unchecked: bool) -> Self {
        const NOTHING: &Field = &Field::EMPTY;
        let (at, within, taken, asking) = (ROOT, ROOT, 0, false);
        Self { found, field: NOTHING, at, within, taken, unchecked, asking, failures }
    }

    /// Everything that stands against the struct.
    pub(crate) fn into_failures(self) -> Vec<Failure> {
        self.failures
    }

    /// What was found, in the order of slots.
    #[cfg(feature = "clap")]
    pub(crate) fn into_found(self) -> Vec<Found> {
        self.found
    }

    /// Reads the next field as a plain value. Compiled once for each type: a copy for each field would make the build of
    /// hundreds of fields slow.
    #[inline(never)]
    pub fn plain<T: Plain>(&mut self) -> Read<T> {
        // The text is read where it stands. Only a type that keeps it moves it out.
        let read = match self.next() {
            Some((field, Slot::Text(text))) => T::deserialize(Text::separated(text, field.separator)),
            Some((_, Slot::Tree(tree))) => T::deserialize(mem::replace(&mut **tree, Tree::Null)),
            Some((field, Slot::Unset)) => match field.default {
                DefaultValue::Text(text) => T::deserialize(Text::separated(&mut text.to_owned(), field.separator)),
                _ => return Read::Unset,
            },
            _ => return Read::Failed,
        };
        match read {
            Ok(value) => Read::Value(value),
            Err(error) => self.refuse(error.into()),
        }
    }

    /// Reads the next field by the user's own function, which is given the value's text.
    pub fn parsed<T, E: Display>(&mut self, parse: impl FnOnce(&str) -> Result<T, E>) -> Read<T> {
        let text = match self.take() {
            // The user's function is not called with what no user wrote.
            _ if self.asking => return Read::Failed,
            Slot::Text(text) => text,
            Slot::Tree(tree) if tree.is_scalar() => tree.shown(),
            Slot::Tree(_) => return self.refuse(Fault::Expected("text".to_owned())),
            Slot::Unset => match self.field.default {
                DefaultValue::Text(text) => text.to_owned(),
                _ => return Read::Unset,
            },
            _ => return Read::Failed,
        };
        match parse(&text) {
            Ok(value) => Read::Value(value),
            Err(error) => self.refuse(Fault::Said(error.to_string())),
        }
    }

    /// The same for a secret, whose text is held to its rules first; the function's error cannot quote it.
    pub fn parsed_secret<T: SecretType>(&mut self, parse: impl FnOnce(&str) -> Result<T, &'static str>) -> Read<T> {
        let secret = match self.take() {
            Slot::Secret(secret) => secret,
            Slot::Unset => return Read::Unset,
            _ => return Read::Failed,
        };
        if let Some(fault) = check_secret(&secret, self.field).filter(|_| !self.unchecked) {
            return self.refuse(fault);
        }
        let text = secret.expose_secret(); // EXPOSE: read by the field's own function
        match parse(text) {
            Ok(value) => Read::Value(value),
            Err(sentence) => self.refuse(Fault::Secret(sentence)),
        }
    }

    /// Reads the next field as a secret, and holds it to its rules.
    pub fn secret<T: SecretType>(&mut self) -> Read<T> {
        self.secret_by(T::from_text, T::from_bytes)
    }

    /// The same by the functions of the type's [`SecretType`].
    #[inline(never)]
    pub fn secret_by<T>(
        &mut self,
        from_text: impl FnOnce(SecretString) -> Result<T, &'static str>,
        from_bytes: impl FnOnce(&[u8]) -> Result<T, &'static str>,
    ) -> Read<T> {
        const NO_RULES: &Secret = &Secret::EMPTY;
        let slot = self.take();
        let (fault, value) = match slot {
            Slot::Secret(text) => {
                let fault = check_secret(&text, self.field);
                (fault, secret::decode(text, self.field.secret().unwrap_or(NO_RULES), from_text, from_bytes))
            }
            Slot::Bytes(bytes) => {
                let bytes = bytes.expose_secret(); // EXPOSE: they go from one wiped box to another
                (check_length(bytes.len(), self.field), from_bytes(bytes))
            }
            Slot::Unset => return Read::Unset,
            _ => return Read::Failed,
        };
        match (fault.filter(|_| !self.unchecked), value) {
            (None, Ok(value)) => Read::Value(value),
            (Some(fault), _) => self.refuse(fault),
            (None, Err(sentence)) => self.refuse(Fault::Secret(sentence)),
        }
    }

    /// Reads the next field as a struct of settings, by its [`Blueprint::build`].
    pub fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> Option<T>) -> Read<T> {
        let _ = self.take();
        self.build_nested(build)
    }

    /// Reads the next field as a struct of settings, unset when no layer has anything of it.
    pub fn nested_optional<T>(&mut self, build: impl FnOnce(&mut Self) -> Option<T>) -> Read<T> {
        if let Slot::Group { len, set: false } = self.take() {
            self.taken += len;
            return Read::Unset;
        }
        self.build_nested(build)
    }

    fn build_nested<T>(&mut self, build: impl FnOnce(&mut Self) -> Option<T>) -> Read<T> {
        let (field, at, within) = (self.field, self.at, self.within);
        self.within = at;
        let built = build(self);
        (self.field, self.at, self.within) = (field, at, within);
        match built {
            Some(value) => Read::Value(value),
            None => Read::Failed,
        }
    }

    /// Holds the field's value to its `range`.
    pub fn range<T>(&mut self, read: &Read<T>, holds: impl FnOnce(&T) -> bool) {
        self.rule(read, Rule::Range, holds);
    }

    /// Holds the field's value to its `one_of`.
    pub fn one_of<T>(&mut self, read: &Read<T>, holds: impl FnOnce(&T) -> bool) {
        self.rule(read, Rule::OneOf, holds);
    }

    /// Holds the field's value to its `min_len`.
    pub fn min_len<T>(&mut self, read: &Read<T>, holds: impl FnOnce(&T) -> bool) {
        self.rule(read, Rule::MinLen, holds);
    }

    /// Holds the field's text to its `pattern`.
    pub fn pattern<T>(&mut self, read: &Read<T>, text: impl FnOnce(&T) -> &str, pattern: &str) {
        if let (Read::Value(value), false) = (read, self.unchecked) {
            if let Some(fault) = pattern::check(text(value), pattern) {
                self.fail(fault);
            }
        }
    }

    fn rule<T>(&mut self, read: &Read<T>, rule: Rule, holds: impl FnOnce(&T) -> bool) {
        if let Read::Value(value) = read {
            if !self.unchecked && !holds(value) {
                self.fail(Fault::Rule(rule));
            }
        }
    }

    /// Runs the user's own check of a plain value or a nested struct.
    pub fn validate<T, E: Display>(&mut self, read: &Read<T>, check: impl FnOnce(&T) -> Result<(), E>) {
        if let (Read::Value(value), false) = (read, self.unchecked) {
            if let Err(error) = check(value) {
                self.fail(Fault::Said(error.to_string()));
            }
        }
    }

    /// Runs the user's own check of a secret, whose error cannot quote it.
    pub fn validate_secret<T>(&mut self, read: &Read<T>, check: impl FnOnce(&T) -> Result<(), &'static str>) {
        if let (Read::Value(value), false) = (read, self.unchecked) {
            if let Err(error) = check(value) {
                self.fail(Fault::Secret(error));
            }
        }
    }

    /// The value of a required field; that there is none is recorded.
    pub fn required<T>(&mut self, read: Read<T>) -> Option<T> {
        match read {
            Read::Value(value) => Some(value),
            Read::Failed => None,
            Read::Unset => {
                self.fail(Fault::Missing);
                None
            }
        }
    }

    /// Runs the struct's own check, once all of its fields are there and right.
    pub fn whole<T, E: Display>(&mut self, built: T, check: impl FnOnce(&T) -> Result<(), E>) -> Option<T> {
        self.checked(built, |built| check(built).map_err(|error| error.to_string().into()))
    }

    /// The same for a struct with secrets, whose error cannot quote one, and is told in full.
    pub fn whole_secret<T>(&mut self, built: T, check: impl FnOnce(&T) -> Result<(), &'static str>) -> Option<T> {
        self.checked(built, |built| check(built).map_err(Cow::Borrowed))
    }

    fn checked<T>(&mut self, built: T, check: impl FnOnce(&T) -> Result<(), Cow<'static, str>>) -> Option<T> {
        let fields = self.within.wrapping_add(1)..self.taken;
        if !self.unchecked && !self.failures.iter().any(|failure| fields.contains(&failure.at)) {
            if let Err(error) = check(&built) {
                self.failures.push(Failure { at: self.within, fault: Fault::Whole(error) });
            }
        }
        Some(built)
    }

    /// Moves on to the next field.
    #[inline]
    fn next(&mut self) -> Option<(&'static Field, &mut Slot)> {
        let Found { field, slot } = self.found.get_mut(self.taken)?;
        self.field = field;
        self.at = self.taken;
        self.taken += 1;
        Some((field, slot))
    }

    fn take(&mut self) -> Slot {
        self.next().map_or(Slot::Failed, |(_, slot)| mem::replace(slot, Slot::Failed))
    }

    fn fail(&mut self, fault: Fault) {
        self.failures.push(Failure { at: self.at, fault });
    }

    fn refuse<T>(&mut self, fault: Fault) -> Read<T> {
        self.fail(fault);
        Read::Failed
    }
}
