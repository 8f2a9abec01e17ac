//! What is written from a struct for people and their tools: `.env.example`, a page of Markdown, a JSON Schema, scripts and
//! manifests for stores, rules for gitleaks.
//!
//! All of it is a function of the struct alone, so that it is the same on every machine and can be held against a file in
//! the repository. No layer is opened for it, so no value can stand in it.

pub(crate) mod default;
mod diff;
pub(crate) mod env_example;
pub(crate) mod gitleaks;
pub(crate) mod json_schema;
pub(crate) mod markdown;
mod outline;
pub(crate) mod provision;
mod stores;
mod words;
