//! The contestants of the benchmark, what they load, and the harness. `cargo xtask bench` prints the table.
#![allow(missing_docs, reason = "the fields of the contestants say what they are by their names")]

pub mod by_hand;
pub mod environment;
pub mod harness;
pub mod many;
pub mod ours;
pub mod peers;
