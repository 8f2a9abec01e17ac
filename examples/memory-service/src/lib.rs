//! What a chat remembers of its users: the example of a service whose settings and secrets come from `settings-core`.
//!
//! [`MemorySettings`] is all that can be set, [`router`] what is answered over HTTP, [`Memory`] what is remembered, and
//! [`Store`] where.

mod api;
mod memory;
mod settings;
mod store;

pub use self::api::router;
pub use self::memory::Memory;
pub use self::settings::{MemorySettings, Place};
pub use self::store::{Store, StoreFailed};
