//! A command-line agent: it asks a model a question, lets it call tools, and keeps the answer as a Markdown file.
//!
//! [`settings`] says what it can be told; [`agent`] is the conversation; [`model`], [`gateway`] and [`notebook`] are what
//! that talks to; [`failure`] says what can go wrong.

pub mod agent;
pub mod failure;
pub mod gateway;
pub mod model;
pub mod notebook;
pub mod settings;
