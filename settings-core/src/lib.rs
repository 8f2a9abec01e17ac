//! Typed settings for Rust services.
#![allow(dead_code, unused_imports, reason = "the loader, which builds reports, is written elsewhere and merged later")]

pub mod report;
pub mod schema;
pub mod secret;
