//! What is written from a struct for people: `.env.example`.
//!
//! All of it is a function of the struct alone, so that it is the same on every machine and can be held against a file in
//! the repository. No layer is opened for it, so no value can stand in it.

pub(crate) mod default;
mod diff;
pub(crate) mod env_example;
mod outline;
mod stores;
mod words;
