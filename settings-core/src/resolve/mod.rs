//! The schema and the layers become values, each field's from the highest layer that has it.

pub(crate) mod diagnose;
mod elements;
pub(crate) mod find;
pub(crate) mod names;
pub(crate) mod shape;
mod take;
pub(crate) mod walk;

use crate::layer::Layers;
use crate::schema::{Field, Kind, Schema};
use crate::value::{Failure, Slot};

use find::find;
use take::Taken;
use walk::{Leaf, Step, walk, walk_nested};

/// What the layers have for every field, in the order in which the derive builds them.
pub(crate) fn resolve(schema: &'static Schema, layers: &Layers<'_>) -> (Vec<Slot>, Vec<Failure>) {
    let (mut found, mut failures) = (unset(schema), Vec::new());
    let mut at = 0;
    for field in schema.fields {
        match field.kind {
            Kind::Skipped => {}
            Kind::Nested(_) => at = resolve_nested(schema, field, at, layers, &mut found, &mut failures),
            Kind::Plain | Kind::Secret(_) | Kind::Collection(_) => {
                if let Some(slot) = found.get_mut(at) {
                    resolve_field(&Leaf::of_root(schema, field, at), layers, slot, &mut failures);
                }
                at += 1;
            }
        }
    }
    (found, failures)
}

/// Goes the quick way first, for what is most common: the field's own variable has its value. No name is composed then,
/// and nothing is written down.
fn resolve_field(leaf: &Leaf<'_>, layers: &Layers<'_>, found: &mut Slot, failures: &mut Vec<Failure>) {
    if !layers.given.is_empty() || !leaf.begins_with_env() {
        return find(layers, leaf, false, found, failures);
    }
    match layers.env.get(leaf.variable) {
        None => find(layers, leaf, true, found, failures),
        Some(value) => {
            if take::variable(value, leaf.field, layers.unchecked(), found) != Taken::Found {
                find(layers, leaf, false, found, failures);
            }
        }
    }
}

fn resolve_nested(
    schema: &'static Schema,
    field: &'static Field,
    at: usize,
    layers: &Layers<'_>,
    found: &mut [Slot],
    failures: &mut Vec<Failure>,
) -> usize {
    walk_nested(schema, field, at, &mut |step| match step {
        Step::Enter(_) => {}
        Step::Field(leaf) => {
            if let Some(slot) = found.get_mut(leaf.at) {
                find(layers, leaf, false, slot, failures);
            }
        }
        Step::Leave { head, end } => close(found, head, end),
    })
}

/// The same for some of the fields; the others stay unset.
pub(crate) fn resolve_where(
    schema: &'static Schema,
    layers: &Layers<'_>,
    wanted: &dyn Fn(&Leaf<'_>) -> bool,
) -> (Vec<Slot>, Vec<Failure>) {
    let (mut found, mut failures) = (unset(schema), Vec::new());
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        if let (Some(slot), true) = (found.get_mut(leaf.at), wanted(leaf)) {
            find(layers, leaf, false, slot, &mut failures);
        }
    });
    (found, failures)
}

fn unset(schema: &Schema) -> Vec<Slot> {
    let mut found = Vec::new();
    found.resize_with(slots(schema), Slot::default);
    found
}

/// How many slots the fields of a struct take, with those of nested structs.
fn slots(schema: &Schema) -> usize {
    let of = |field: &Field| match &field.kind {
        Kind::Skipped => 0,
        Kind::Plain | Kind::Secret(_) | Kind::Collection(_) => 1,
        Kind::Nested(nested) => 1 + slots(nested.schema),
    };
    schema.fields.iter().map(of).sum()
}

/// Tells the head of a nested struct how many slots are its own, and whether any has a value.
fn close(found: &mut [Slot], head: usize, end: usize) {
    let Some((head, rest)) = found.get_mut(head..end).and_then(<[_]>::split_first_mut) else { return };
    let set = rest.iter().any(|slot| !matches!(slot, Slot::Unset | Slot::Group { .. }));
    *head = Slot::Group { len: rest.len(), set };
}
