//! Typed settings for Rust services.

pub mod schema;

#[allow(dead_code, unused_imports)]
mod layer {
    pub(crate) mod dotenv;
}
