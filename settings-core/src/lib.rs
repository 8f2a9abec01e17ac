//! Typed settings for Rust services: one struct says what the service needs, and the crate loads it, checks it, keeps its
//! secrets out of every output, and caches it.
//!
//! ```
//! use settings_core::{ExposeSecret, SecretString, Settings};
//!
//! /// The chat service.
//! #[derive(Settings)]
//! #[settings(env_prefix = "CHAT_")]
//! struct Chat {
//!     /// TCP port to listen on.
//!     #[setting(default = 8080, range = 1024..=65535)]
//!     port: u16,
//!     #[setting(nested)]
//!     db: Database,
//!     #[secret(env = "OPENAI_API_KEY", format = openai)]
//!     openai_api_key: SecretString,
//! }
//!
//! #[derive(Settings)]
//! struct Database {
//!     host: String,
//! }
//!
//! // A program writes `Chat::init().await` once and `Chat::get()` from then on. An example must not depend on the
//! // environment that it runs in, so this one brings its own.
//! let chat = Chat::loader()
//!     .hermetic()
//!     .env([("CHAT_DB_HOST", "db.example.com"), ("OPENAI_API_KEY", "sk-test-key")])
//!     .load_blocking()?;
//!
//! assert_eq!(chat.port, 8080);
//! assert_eq!(chat.openai_api_key.expose_secret(), "sk-test-key");
//! assert!(format!("{chat:?}").ends_with("openai_api_key: [REDACTED] }"));
//! # Ok::<(), settings_core::Report>(())
//! ```
//!
//! **`#[derive(Debug)]` beside `#[derive(Settings)]` conflicts**: the derive brings a `Debug` of its own, which redacts.
//!
//! # Where to go from here
//!
//! - [`derive@Settings`]: every attribute, on one page.
//! - [`Settings`](trait@Settings): what a struct can do, from `load` to `mock`.
//! - [`Loader`]: other places to look, values set in code, and [`explain`](Loader::explain).
//! - [`Report`]: what stands against a load, and its [codes](report::Code).
//! - [`secret`]: the types of secrets, key formats, placeholders, and what is shown in a secret's place.
//! - [`testing`] and [`#[test_settings(..)]`](macro@test_settings): settings for tests.
//! - [`guide`]: how a .env file is read, and pages for those who come from another crate or from pydantic-settings.
//!
//! # Layers
//!
//! Highest first; the first that has the value wins. Structs and maps merge key by key, lists are replaced whole.
//!
//! | layer | for | where | within it, highest first |
//! |---|---|---|---|
//! | mocks | all fields | [`mock()`](Settings::mock) installed by a test | the latest scope |
//! | code | all fields | [`loader().set("port", 9000)`](Loader::set); `loader().args(..)` for `--set port=9000`, no secrets | the last call |
//! | process environment | all fields | read and never written | the variable, its aliases, the JSON of the structs around it from the inside out |
//! | .env files | all fields | `env_file`, [`loader().env_file(..)`](Loader::env_file) | the later file, a profile's over its plain twin; in a file the last line; then as in the environment |
//! | secret files | secrets | `NAME_FILE`; `secrets_dir`, [`loader().secrets_dir(..)`](Loader::secrets_dir) | the file that `NAME_FILE` names, then the later directory |
//! | stores | secrets | `source = azure` and its like, [`loader().store(..)`](Loader::store) | the order of `source` |
//! | providers | all fields | [`loader().provider(..)`](Loader::provider) | the last call |
//! | config files | all fields but secrets | `file`, [`loader().file(..)`](Loader::file) | the later file, a profile's over its plain twin |
//! | defaults | all fields but secrets | `default = ..` in the struct | |
//!
//! A secret's own `source` changes the order of the environment, the .env files, the secret files and the stores for it; what is in no
//! layer leaves an `Option` at `None`, and is *missing* elsewhere.
//!
//! A layer is opened only while some field still lacks a value. An empty text counts as unset, so that the next layer is
//! asked, unless the field says `allow_empty`; a .env file that sets a name to nothing hides the same name in the files
//! before it.

extern crate self as settings_core;

pub mod cache;
#[cfg(test)]
mod child;
#[cfg(feature = "clap")]
pub mod cli;
mod clock;
mod engine;
mod explain;
mod fold;
mod generate;
pub mod guide;
mod layer;
#[cfg(feature = "live")]
mod live;
mod load;
mod loader;
mod plan;
pub mod report;
mod resolve;
pub mod schema;
pub mod secret;
mod settings;
pub mod store;
mod table;
pub mod testing;
mod tone;
mod trace;
pub mod value;

pub use cache::{Cached, Failing, Guard, Status};
pub use explain::{Explanation, Row, Shadow, State};
pub use figment;
pub use generate::env_example::assert_env_example_in_sync;
pub use generate::provision::Target;
#[cfg(feature = "live")]
pub use live::Live;
pub use loader::Loader;
pub use report::Report;
pub use secret::{ExposeSecret, SecretBox, SecretSlice, SecretString};
pub use settings::{Settings, check_required_secrets, get_settings, rotate_secret};
pub use settings_derive::{Settings, test_settings};
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

    pub use crate::schema::{BuiltInDialect, ByDotenvy};
    pub use crate::secret::{REDACTED, SecretType, Shown, redacted};
    pub use crate::value::rules::{Length, min_len, one_of, within};
    pub use crate::value::{CannotQuote, Collection, Plain, patterned, unquoted};

    /// A value of a type that is only to be named, in code that never runs.
    pub fn never<T>() -> T {
        unreachable!("the code that asks for it never runs")
    }
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../settings-derive/src/derive.md")]
struct Derive;
