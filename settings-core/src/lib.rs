//! Typed settings for Rust services.

pub mod schema;

#[allow(dead_code)]
mod layer {
    pub(crate) mod dotenv;
}
