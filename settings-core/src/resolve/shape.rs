//! What stands for a whole struct, as JSON or given in code, is an object of the struct's keys.

use super::walk::{Step, walk};
use crate::report::{Code, Problem, hint};
use crate::schema::{Field, Kind, Schema};
use crate::value::Tree;

/// Why a value cannot stand for a struct.
pub(crate) enum Misfit {
    /// It, or what it has for a struct within, is no object.
    NoObject,
    /// It has a key that the struct has not; this is the nearest that it has.
    UnknownKey(Option<&'static str>),
}

/// What is wrong with a value for a struct, if anything. Its fields are looked at when they are read.
pub(crate) fn misfit(value: &Tree, schema: &'static Schema) -> Option<Misfit> {
    let entries = match value {
        Tree::Null => return None,
        Tree::Map(entries) => entries,
        _ => return Some(Misfit::NoObject),
    };
    let fields = || schema.fields.iter().filter(|field| !matches!(field.kind, Kind::Skipped));
    entries.iter().find_map(|(key, value)| match schema.field_of_key(key) {
        Some(Field { kind: Kind::Nested(nested), .. }) => misfit(value, nested.schema),
        Some(_) => None,
        None => Some(Misfit::UnknownKey(hint::nearest(key, fields().map(Field::key)))),
    })
}

/// The problems with values given in code for whole structs.
pub(crate) fn misgiven(schema: &'static Schema, given: &[(String, Tree)]) -> Vec<Problem> {
    let mut problems = Vec::new();
    walk(schema, &mut |step| {
        let Step::Enter(leaf) = step else { return };
        let Kind::Nested(nested) = &leaf.field.kind else { return };
        let path = leaf.path();
        let misfits =
            given.iter().filter(|(name, _)| *name == path).filter_map(|(_, value)| misfit(value, nested.schema));
        problems.extend(misfits.map(|misfit| {
            match misfit {
                Misfit::NoObject => Problem::new(Code::Invalid, &path, "")
                    .expect(&format!("a map of its fields, or each alone as `{path}.field`")),
                Misfit::UnknownKey(nearest) => {
                    let nearest = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
                    Problem::new(Code::UnknownField, &path, "")
                        .explain(&format!("The map has a key that no field of `{path}` has{nearest}"))
                }
            }
        }));
    });
    problems
}
