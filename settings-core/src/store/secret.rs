//! What a store answers: a secret, or why there is none.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use crate::secret::{ExposeSecret, SecretSlice, SecretString};

/// A secret as a store has it.
///
/// ```
/// use settings_core::store::Secret;
///
/// let secret = Secret::new("sk-test-key".into()).version("3");
/// assert!(!format!("{secret:?}").contains("test"));
/// ```
#[derive(Clone)]
pub struct Secret {
    pub(crate) value: Value,
    pub(crate) version: Option<String>,
    pub(crate) created: Option<SystemTime>,
}

#[derive(Clone)]
pub(crate) enum Value {
    Text(SecretString),
    Bytes(SecretSlice<u8>),
}

impl Secret {
    /// A secret that is a text.
    pub fn new(text: SecretString) -> Self {
        Self { value: Value::Text(text), version: None, created: None }
    }

    /// A secret that is no text. Bytes that are UTF-8 are a text.
    pub fn bytes(bytes: SecretSlice<u8>) -> Self {
        let text = std::str::from_utf8(bytes.expose_secret()); // EXPOSE: they go from one wiped box to another
        let value = match text {
            Ok(text) => Value::Text(text.into()),
            Err(_) => Value::Bytes(bytes),
        };
        Self { value, version: None, created: None }
    }

    /// The text; `None` for bytes that are none.
    pub fn text(&self) -> Option<&SecretString> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Bytes(_) => None,
        }
    }

    /// The version that the store calls it, for `explain` and audit events.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// When this version was made, for `rotate_every`.
    #[must_use]
    pub fn created(mut self, created: SystemTime) -> Self {
        self.created = Some(created);
        self
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("version", &self.version).finish_non_exhaustive()
    }
}

/// Why a store did not give a secret.
///
/// It says nothing that the store said: the texts of foreign errors hold tokens, headers and values, so they are dropped,
/// and the sentence that [`because`](Self::because) adds is one that was written beforehand.
///
/// ```
/// use settings_core::store::{StoreError, StoreErrorKind};
///
/// let error = StoreError::denied().because("the token has expired");
/// assert_eq!(error.kind(), StoreErrorKind::Denied);
/// assert_eq!(error.to_string(), "access denied (the token has expired)");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    kind: StoreErrorKind,
    note: Cow<'static, str>,
    retry_after: Option<Duration>,
    starting: bool,
    read_only: bool,
}

/// The kinds of [`StoreError`], which decide what a load does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// There is no such secret, or it is disabled, deleted, empty or without the key. The next source is asked.
    NotFound,
    /// The store refuses. The next source is asked; if none has the secret, it *could not be checked*.
    Denied,
    /// The store does not answer, or answers that it cannot now: a time-out, throttling, a server's error, no route. It is
    /// asked again, then the next source is; if none has the secret, it *could not be checked*.
    Unreachable,
    /// There is something that is not the secret: text where JSON is wanted, or the reverse. The field is *invalid*, and no
    /// other source is asked.
    Malformed,
    /// What the store is asked with cannot be right: its address is none, or leads to something else; of its credentials a
    /// half is missing, or their file is none. The next source is asked; if none has the secret, it *could not be checked*.
    Misconfigured,
    /// What the store needs to be asked is missing: an address, a region, any credentials. The next source is asked.
    NotConfigured,
}

impl StoreError {
    fn new(kind: StoreErrorKind) -> Self {
        Self { kind, note: Cow::Borrowed(""), retry_after: None, starting: false, read_only: false }
    }

    /// There is no such secret.
    pub fn not_found() -> Self {
        Self::new(StoreErrorKind::NotFound)
    }

    /// The store refuses.
    pub fn denied() -> Self {
        Self::new(StoreErrorKind::Denied)
    }

    /// The store does not answer, or cannot now.
    pub fn unreachable() -> Self {
        Self::new(StoreErrorKind::Unreachable)
    }

    /// What is there is not of the form that was asked for.
    pub fn malformed() -> Self {
        Self::new(StoreErrorKind::Malformed)
    }

    /// What the store is asked with cannot be right, and trying again does not help.
    pub fn misconfigured() -> Self {
        Self::new(StoreErrorKind::Misconfigured)
    }

    /// Something is missing that the store needs to be asked.
    pub fn not_configured() -> Self {
        Self::new(StoreErrorKind::NotConfigured)
    }

    /// The store is not made to be written to, whoever asks. It is what [`put`](super::SecretStore::put) says unless a store
    /// has its own, and of the kind [`Denied`](StoreErrorKind::Denied).
    pub fn read_only() -> Self {
        Self { read_only: true, ..Self::denied().because("this store cannot be written to") }
    }

    /// Adds a few words for the report, in lower case and without a full stop.
    #[must_use]
    pub fn because(self, note: &'static str) -> Self {
        self.noted(note)
    }

    /// The same with words that are composed. They must hold names of the schema and numbers alone.
    #[must_use]
    pub(crate) fn noted(mut self, note: impl Into<Cow<'static, str>>) -> Self {
        self.note = note.into();
        self
    }

    /// How long the store asks not to be asked again.
    #[must_use]
    pub fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    /// The store is about to start, so that it is worth asking until the load's deadline.
    #[must_use]
    pub fn starting(mut self) -> Self {
        self.starting = true;
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The few words that were added; empty for none.
    pub fn note(&self) -> &str {
        &self.note
    }

    pub(crate) fn pause(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.read_only
    }

    pub(crate) fn is_starting(&self) -> bool {
        self.starting
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            StoreErrorKind::NotFound => "not found",
            StoreErrorKind::Denied => "access denied",
            StoreErrorKind::Unreachable => "unreachable",
            StoreErrorKind::Malformed => "malformed",
            StoreErrorKind::Misconfigured => "wrongly configured",
            StoreErrorKind::NotConfigured => "not configured",
        };
        f.write_str(kind)?;
        if self.note.is_empty() { Ok(()) } else { write!(f, " ({})", self.note) }
    }
}

impl std::error::Error for StoreError {}
