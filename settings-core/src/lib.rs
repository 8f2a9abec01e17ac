//! Typed settings for Rust services.

pub mod schema;
