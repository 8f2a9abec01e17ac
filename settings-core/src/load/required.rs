//! Whether the required secrets are there, and nothing else.

use crate::layer::Layers;
use crate::report::{Report, Task};
use crate::resolve::diagnose;
use crate::resolve::find::find;
use crate::resolve::walk::{Step, walk};
use crate::secret::ExposeSecret;
use crate::value::{Failure, Fault, Slot, check_length, check_secret};

/// What stands against the required secrets.
pub(crate) fn failures(layers: &Layers<'_>) -> Vec<Failure> {
    let mut failures = Vec::new();
    walk(layers.schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        if leaf.field.secret().is_none() || !leaf.is_required() {
            return;
        }
        let fault = match find(layers, leaf, false, &mut failures) {
            Slot::Secret(secret) => check_secret(&secret, leaf.field),
            Slot::Bytes(bytes) => check_length(bytes.expose_secret().len(), leaf.field), // EXPOSE: counted
            Slot::Unset => Some(Fault::Missing),
            _ => None,
        };
        failures.extend(fault.map(|fault| Failure { at: leaf.at, fault }));
    });
    failures
}

/// The report on them, where there is something to report.
pub(crate) fn report(layers: &Layers<'_>, failures: Vec<Failure>) -> Result<(), Report> {
    if failures.is_empty() && layers.sound() {
        return Ok(());
    }
    Err(diagnose::report(layers.schema, layers, &failures, Task::CheckSecrets))
}
