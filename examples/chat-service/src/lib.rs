//! A chat that a language model answers: the example of a service whose settings and secrets come from `settings-core`.
//!
//! [`ChatSettings`] is all that can be set, [`router`] what is answered over HTTP, [`chat`] what happens for one message.

mod api;
mod memory;
mod settings;
mod workflow;

pub use self::api::router;
pub use self::settings::{ChatSettings, Memory, Patience};
pub use self::workflow::{Said, chat};
