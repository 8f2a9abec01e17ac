//! What stands for a whole struct, as JSON or given in code, is an object of the struct's keys.

use super::walk::{Step, walk};
use crate::report::{Code, Problem, hint};
use crate::schema::{Collection, Field, Kind, Schema};
use crate::value::Tree;

/// Why a value cannot stand for a struct.
#[derive(Debug)]
pub(crate) struct Misfit {
    /// The struct within it that is meant, by the names of the fields; empty for the struct itself.
    pub(crate) within: String,
    pub(crate) wrong: Wrong,
}

/// What is wrong with the value for one struct.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// It is no object.
    NoObject,
    /// It has a key that the struct has not; this is the nearest that it has.
    UnknownKey(Option<&'static str>),
}

impl Misfit {
    /// The path of the struct that is meant, in one whose own path is this.
    fn path(&self, outer: &str) -> String {
        below(outer, &self.within)
    }
}

/// The one path behind the other.
pub(crate) fn below(outer: &str, inner: &str) -> String {
    let parts = [outer, inner].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(".")
}

/// Spells the keys of a struct's JSON as the struct does: of a variable either case is right, and the exact one counts.
pub(crate) fn spell(value: &mut Tree, schema: &'static Schema) {
    let Tree::Map(entries) = value else { return };
    for at in 0..entries.len() {
        let key = entries[at].0.as_str();
        let other_case = || schema.keys().find(|known| known.eq_ignore_ascii_case(key));
        let known = match schema.field_of_key(key) {
            Some(_) => None,
            None => other_case().filter(|known| !entries.iter().any(|(key, _)| key == known)),
        };
        if let Some(known) = known {
            entries[at].0 = known.to_owned();
        }
    }
    for (key, value) in entries {
        match schema.field_of_key(key).map(|field| &field.kind) {
            Some(Kind::Nested(nested)) => spell(value, nested.schema),
            Some(Kind::Collection(collection)) => spell_elements(value, collection),
            _ => {}
        }
    }
}

/// The same for a list or map of structs, whose own keys are data.
pub(crate) fn spell_elements(value: &mut Tree, collection: &Collection) {
    match value {
        Tree::List(items) => items.iter_mut().for_each(|item| spell(item, collection.schema)),
        Tree::Map(entries) => entries.iter_mut().for_each(|(_, item)| spell(item, collection.schema)),
        _ => {}
    }
}

/// Everything that is wrong with a value for a struct. Its fields are looked at when they are read.
pub(crate) fn misfits(value: &Tree, schema: &'static Schema) -> Vec<Misfit> {
    let mut misfits = Vec::new();
    find(value, schema, "", &mut misfits);
    misfits
}

fn find(value: &Tree, schema: &'static Schema, within: &str, misfits: &mut Vec<Misfit>) {
    let mut add = |wrong| misfits.push(Misfit { within: within.to_owned(), wrong });
    let entries = match value {
        Tree::Null => return,
        Tree::Map(entries) => entries,
        _ => return add(Wrong::NoObject),
    };
    for (key, _) in entries.iter().filter(|(key, _)| schema.field_of_key(key).is_none()) {
        add(Wrong::UnknownKey(hint::nearest(key, schema.keys())));
    }
    for (key, value) in entries {
        if let Some(Field { name, kind: Kind::Nested(nested), .. }) = schema.field_of_key(key) {
            find(value, nested.schema, &below(within, name), misfits);
        }
    }
}

/// The problems with values given in code for whole structs.
pub(crate) fn misgiven(schema: &'static Schema, given: &[(String, Tree)]) -> Vec<Problem> {
    let mut problems = Vec::new();
    walk(schema, &mut |step| {
        let Step::Enter(leaf) = step else { return };
        let Kind::Nested(nested) = &leaf.field.kind else { return };
        let path = leaf.path();
        let given = given.iter().filter(|(name, _)| *name == path);
        let misfits = given.flat_map(|(_, value)| misfits(value, nested.schema));
        problems.extend(misfits.map(|misfit| {
            let path = misfit.path(&path);
            match misfit.wrong {
                Wrong::NoObject => Problem::new(Code::Invalid, &path, "")
                    .expect(&format!("a map of its fields, or each alone as `{path}.field`")),
                Wrong::UnknownKey(nearest) => {
                    let nearest = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
                    Problem::new(Code::UnknownField, &path, "")
                        .explain(&format!("The map has a key that no field of `{path}` has{nearest}"))
                }
            }
        }));
    });
    problems
}
