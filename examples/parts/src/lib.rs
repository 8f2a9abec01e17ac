//! What the example services have in common: the [`model`] that answers, the [`dapr`] sidecar, what the services say to each
//! other ([`contract`], [`event`]), and how they are [`call`]ed and answer ([`web`]).

pub mod call;
pub mod contract;
pub mod dapr;
pub mod event;
pub mod model;
pub mod web;
