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
//! Highest first; the first that has the value wins.
//!
//! 1. [mocks](testing::Mock) installed by a test
//! 2. [`loader().set("port", 9000)`](Loader::set)
//! 3. the process environment, which is read and never written
//! 4. the .env files, of which the later wins
//! 5. secret files, for secrets: what `NAME_FILE` names, and then the secrets directories
//! 6. config files, and above them any [`figment::Provider`] given by [`loader().provider(..)`](Loader::provider)
//! 7. the defaults in the struct
//!
//! A layer is opened only while some field still lacks a value. An empty text counts as unset unless the field says
//! `allow_empty`; a .env file that sets a name to nothing hides the same name in the files before it. The order of a secret
//! is that of its `source`.

extern crate self as settings_core;

pub mod cache;
mod engine;
mod explain;
pub mod guide;
mod layer;
mod load;
mod loader;
mod plan;
pub mod report;
mod resolve;
pub mod schema;
pub mod secret;
mod settings;
pub mod store;
pub mod testing;
mod trace;
pub mod value;

pub use cache::{Cached, Guard};
pub use explain::{Explanation, Row, Shadow, State};
pub use figment;
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

    pub use crate::secret::{REDACTED, SecretType, Shown, redacted};
    pub use crate::value::rules::{Length, min_len, one_of, within};
    pub use crate::value::{Collection, Plain, patterned};

    /// A value of a type that is only to be named, in code that never runs.
    pub fn never<T>() -> T {
        unreachable!("the code that asks for it never runs")
    }
}

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
