//! Typed settings for Rust services.

extern crate self as settings_core;

pub mod cache;
mod explain;
mod layer;
mod loader;
pub mod report;
mod resolve;
pub mod schema;
pub mod secret;
mod settings;
pub mod testing;
pub mod value;

pub use cache::{Cached, Guard};
pub use figment;

pub use explain::{Explanation, Row};
pub use loader::Loader;
pub use report::Report;
pub use secret::{ExposeSecret, SecretBox, SecretSlice, SecretString};
pub use settings::{Settings, check_required_secrets, get_settings};
pub use settings_derive::Settings;
pub use value::Blueprint;

/// What the generated code names. Not for use by hand: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use core::convert::From;
    pub use core::default::Default;
    pub use core::fmt;
    pub use core::option::Option::{self, None, Some};
    pub use core::result::Result::{self, Err, Ok};
    pub use core::time::Duration;

    pub use crate::secret::{REDACTED, SecretType, Shown, redacted};
    pub use crate::value::Plain;
    pub use crate::value::rules::{Length, min_len, one_of, within};
}
