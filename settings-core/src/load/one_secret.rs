//! One secret by its name, declared or not.

use crate::layer::Layers;
use crate::report::{Code, Problem, Report, Task};
use crate::resolve::diagnose;
use crate::resolve::find::find;
use crate::resolve::names;
use crate::resolve::walk::{Leaf, Step, undeclared, walk};
use crate::secret::SecretString;
use crate::value::{Fault, Slot, check_secret};

/// Looks for it, so that it shows what stores have to be asked.
pub(crate) fn search(layers: &Layers<'_>, name: &str) {
    with_leaf(layers, name, |leaf| {
        let _ = find(layers, leaf, false, &mut Vec::new());
    });
}

/// The secret, if there is one.
pub(crate) fn get(layers: &Layers<'_>, name: &str) -> Result<Option<SecretString>, Report> {
    with_leaf(layers, name, |leaf| read(layers, leaf))
}

/// The field of that name or, where no field has it, a secret that is read from that variable.
pub(crate) fn with_leaf<R>(layers: &Layers<'_>, name: &str, then: impl Fn(&Leaf<'_>) -> R) -> R {
    let mut result = None;
    walk(layers.schema, &mut |step| match step {
        Step::Field(leaf) if leaf.is_called(name) => result = Some(then(leaf)),
        _ => {}
    });
    result.unwrap_or_else(|| undeclared(layers.schema, name, then))
}

fn read(layers: &Layers<'_>, leaf: &Leaf<'_>) -> Result<Option<SecretString>, Report> {
    let refuse = |problem| Err(Report::new(layers.schema.name, Task::GetSecret, vec![problem]));
    if leaf.field.secret().is_none() {
        let note = "The field is no secret; its value is in the loaded struct.";
        return refuse(Problem::new(Code::UnknownField, &leaf.path(), leaf.variable).explain(note));
    }
    let mut failures = Vec::new();
    let fault = match (find(layers, leaf, false, &mut failures), failures.pop()) {
        (_, Some(failure)) => Some(failure.fault),
        (Slot::Secret(secret), None) => match check_secret(&secret, leaf.field) {
            None => return Ok(Some(secret)),
            fault => fault,
        },
        (Slot::Bytes(_), None) => Some(Fault::NotUtf8),
        _ => None,
    };
    match fault {
        Some(fault) => refuse(diagnose::problem(&fault, leaf, layers)),
        None if layers.sound() => Ok(None),
        None => {
            Err(Report::new(layers.schema.name, Task::GetSecret, layers.file_problems(&names::claimed(layers.schema))))
        }
    }
}
