//! The schema and the layers become values, each field's from the highest layer that has it.

pub(crate) mod diagnose;
pub(crate) mod find;
pub(crate) mod names;
pub(crate) mod shape;
pub(crate) mod walk;

use crate::layer::{Layers, Trail};
use crate::schema::Schema;
use crate::value::{Failure, Resolved, Slot};

use find::find;
use walk::{Leaf, Step, walk};

/// What the layers have for every field, in the order in which the derive builds them.
pub(crate) fn resolve(schema: &'static Schema, layers: &Layers<'_>) -> (Vec<Resolved>, Vec<Failure>) {
    resolve_where(schema, layers, &|_| true)
}

/// The same for some of the fields; the others stay unset.
pub(crate) fn resolve_where(
    schema: &'static Schema,
    layers: &Layers<'_>,
    wanted: &dyn Fn(&Leaf<'_>) -> bool,
) -> (Vec<Resolved>, Vec<Failure>) {
    let mut failures = Vec::new();
    let mut found: Vec<Resolved> = Vec::with_capacity(schema.fields.len());
    let mut open = Vec::new();
    walk(schema, &mut |step| match step {
        Step::Enter(leaf) => {
            open.push(found.len());
            found.push(Resolved { field: leaf.field, slot: Slot::Group { len: 0, set: false } });
        }
        Step::Field(leaf) => {
            found.push(Resolved { field: leaf.field, slot: Slot::Unset });
            if let (Some(resolved), true) = (found.last_mut(), wanted(leaf)) {
                find(layers, leaf, &mut Trail::default(), &mut resolved.slot, &mut failures);
            }
        }
        Step::Leave => close(&mut found, open.pop()),
    });
    (found, failures)
}

/// Tells the head of a nested struct how many slots are its own, and whether any has a value.
fn close(found: &mut [Resolved], head: Option<usize>) {
    let Some((head, rest)) = head.and_then(|head| found.get_mut(head..)).and_then(<[_]>::split_first_mut) else {
        return;
    };
    let set = rest.iter().any(|resolved| !matches!(resolved.slot, Slot::Unset | Slot::Group { .. }));
    head.slot = Slot::Group { len: rest.len(), set };
}
