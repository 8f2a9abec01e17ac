//! What can stand against the value of a field.

use std::borrow::Cow;

use super::ElementFailure;
use crate::secret::Mismatch;

/// Why the value of a field cannot be used.
#[derive(Debug)]
pub(crate) enum Fault {
    /// No layer has it.
    Missing,
    /// The text is not what the type expects; says what that is.
    Expected(String),
    /// What the type's or the user's own code said of a plain value. It may quote the value.
    Said(String),
    /// A built-in rule is broken.
    Rule(Rule),
    /// What a check of a secret said, which cannot quote it.
    Secret(&'static str),
    /// A secret does not begin as it should.
    Format(Mismatch),
    /// What the struct's own check said.
    Whole(Cow<'static, str>),
    /// A file must not be read, or cannot be and no other place has the value.
    File,
    /// What a store has is not of the form that was asked for: how.
    Store(String),
    /// A store is configured that the program is built without.
    NotBuiltIn(&'static str),
    /// The program registers no store by this name.
    NotRegistered(&'static str),
    /// A variable that is used does not hold UTF-8.
    NotUtf8,
    /// What should be a JSON object is none: the value of the struct, or of one within it. `at` is the line and column where
    /// it is no JSON at all, for structs without secrets: for others it would tell of what stands before.
    NotJson { within: String, at: Option<(usize, usize)> },
    /// The JSON object of the struct, or of one within it, has a key that no field claims.
    UnknownKey { within: String, nearest: Option<&'static str> },
    /// Something is wrong with one of a list or map of structs.
    Element(Box<ElementFailure>),
    /// A secret stands in this plain file.
    InFile(String),
    /// A `${..}` in a .env value cannot be expanded.
    Expansion(String),
    /// A plain value refers to a secret by this name.
    RefersToSecret(String),
}

/// A built-in rule of a plain field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    Range,
    OneOf,
    MinLen,
    Pattern,
}

/// A fault and the field it was found at, by its place in the order of slots.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) at: usize,
    pub(crate) fault: Fault,
}
