//! The schema and the layers become values, each field's from the highest layer that has it.

pub(crate) mod diagnose;
mod elements;
pub(crate) mod find;
pub(crate) mod names;
pub(crate) mod shape;
mod take;
pub(crate) mod walk;

use std::env::VarError;

use crate::layer::Layers;
use crate::schema::{Field, Kind, Schema};
use crate::value::{Failure, Found, Slot, Values};

use find::find;
use walk::{Leaf, Step, walk_nested};

/// What the layers have for every field, in the order in which the derive builds them; `values` is how many there are.
pub(crate) fn resolve(schema: &'static Schema, layers: &Layers<'_>, values: usize) -> Values {
    let (mut found, mut failures) = (Vec::with_capacity(values), Vec::new());
    for field in schema.fields {
        match field.kind {
            Kind::Skipped => {}
            Kind::Nested(_) => resolve_nested(schema, field, layers, &mut found, &mut failures),
            Kind::Plain | Kind::Secret(_) | Kind::Collection(_) => {
                resolve_field(schema, field, layers, &mut found, &mut failures);
            }
        }
    }
    Values::new(found, failures, layers.unchecked())
}

/// Goes the quick way first, for what is most common: the field's own variable has its value, or nothing else could. No
/// name is composed then, and nothing is written down.
#[inline]
fn resolve_field(
    schema: &'static Schema,
    field: &'static Field,
    layers: &Layers<'_>,
    found: &mut Vec<Found>,
    failures: &mut Vec<Failure>,
) {
    let at = found.len();
    let leaf = || Leaf::of_root(schema, field, at);
    let mut asked = false;
    if layers.given.is_empty() && leaf().begins_with_env() {
        match layers.env.get(field.variable) {
            Ok(text) if take::judge(&text, field, layers.unchecked()).is_ok() => {
                return found.push(Found { field, slot: take::owned(text, field) });
            }
            Err(VarError::NotPresent) => asked = true,
            Ok(_) | Err(VarError::NotUnicode(_)) => {}
        }
    }
    let in_files = || (layers.has_dotenv() && layers.dotenv().has_lines()) || layers.config().is_some();
    if asked && leaf().has_one_name() && !in_files() {
        return found.push(Found { field, slot: Slot::Unset });
    }
    let slot = find(layers, &leaf(), asked, failures);
    found.push(Found { field, slot });
}

fn resolve_nested(
    schema: &'static Schema,
    field: &'static Field,
    layers: &Layers<'_>,
    found: &mut Vec<Found>,
    failures: &mut Vec<Failure>,
) {
    walk_nested(schema, field, found.len(), &mut |step| match step {
        // What the group has shows when its fields are there.
        Step::Enter(leaf) => found.push(Found { field: leaf.field, slot: Slot::Unset }),
        Step::Field(leaf) => found.push(Found { field: leaf.field, slot: find(layers, leaf, false, failures) }),
        Step::Leave { head } => close(found, head),
    });
}

/// Tells the head of a nested struct, whose fields are the last, how many they are, and whether any has a value.
fn close(found: &mut [Found], head: usize) {
    let Some((head, fields)) = found.get_mut(head..).and_then(<[_]>::split_first_mut) else { return };
    let set = fields.iter().any(|found| !matches!(found.slot, Slot::Unset | Slot::Group { .. }));
    head.slot = Slot::Group { len: fields.len(), set };
}
