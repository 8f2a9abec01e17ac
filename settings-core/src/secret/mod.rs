//! Secrets: their types, what they are held to, and what is shown in their place.
//!
//! The types are those of the [`secrecy`] crate: wiped when they are dropped, without `Display`, `PartialEq` or
//! `Serialize`, and read by [`ExposeSecret::expose_secret`] alone.

mod encoding;
mod format;
mod mask;
mod name;
mod placeholder;
mod shown;
mod types;

pub use secrecy::{ExposeSecret, SecretBox, SecretSlice, SecretString};

pub use self::format::KeyFormat;
#[cfg(feature = "clap")]
pub(crate) use self::format::prefixes as key_prefixes;
pub(crate) use self::format::{Mismatch, Verdict, beginning, check, expectation, is_usable_key};
#[cfg(feature = "clap")]
pub(crate) use self::mask::begins_word;
pub use self::mask::{escape, mask};
pub(crate) use self::name::{looks_secret, shown_name};
pub use self::placeholder::is_placeholder;
pub use self::shown::{REDACTED, Redacted, Shown, redacted};
pub use self::types::SecretType;
pub(crate) use self::types::{WRONG_LENGTH, decode, secret_string};
