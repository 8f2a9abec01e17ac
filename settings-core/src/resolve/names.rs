//! Two fields must not be read from one variable name. Within one struct the derive sees to it; across nested structs
//! it shows when the names are composed, at the first load.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock};

use super::walk::{Leaf, Step, walk};
use crate::report::{Code, Problem, hint};
use crate::schema::{Field, Schema};

/// The schemas whose names are known to be distinct, by address.
static DISTINCT: RwLock<Vec<usize>> = RwLock::new(Vec::new());

/// The problems with the names of a schema; checked once, and only where structs are nested.
pub(crate) fn collisions(schema: &'static Schema) -> Vec<Problem> {
    if !schema.fields.iter().any(Field::is_nested) {
        return Vec::new();
    }
    let address = std::ptr::from_ref(schema) as usize;
    if DISTINCT.read().unwrap_or_else(PoisonError::into_inner).contains(&address) {
        return Vec::new();
    }
    let problems = find(schema);
    if problems.is_empty() {
        DISTINCT.write().unwrap_or_else(PoisonError::into_inner).push(address);
    }
    problems
}

struct Claim {
    path: String,
    /// The field writes the whole name itself; two such fields may share it.
    written: bool,
}

fn find(schema: &'static Schema) -> Vec<Problem> {
    let mut claims = HashMap::new();
    let mut problems = Vec::new();
    let mut claim = |name: &str, leaf: &Leaf<'_>, written: bool| {
        let key = if schema.case_insensitive { name.to_ascii_uppercase() } else { name.to_owned() };
        let path = leaf.path();
        match claims.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(Claim { path, written });
            }
            Entry::Occupied(first) if first.get().written && written => {}
            Entry::Occupied(first) => {
                let first = &first.get().path;
                problems.push(
                    Problem::new(Code::SharedName, &path, name)
                        .explain(&format!("`{first}` and `{path}` are both read from it."))
                        .fix(&format!("give one of them another name: #[setting(env = \"..\")] on `{path}`")),
                );
            }
        }
    };
    walk(schema, &mut |step| match step {
        Step::Enter(_) | Step::Leave { .. } => {}
        Step::Field(leaf) => {
            for (index, name) in leaf.names().enumerate() {
                let written = index == 0 && leaf.field.absolute;
                claim(name, leaf, written);
                if leaf.field.secret().is_some() {
                    claim(&format!("{name}_FILE"), leaf, written);
                }
            }
            if let Some(scope) = leaf.scopes.last().filter(|scope| scope.at.wrapping_add(1) == leaf.at) {
                if let Some(name) = leaf.json_variable(scope) {
                    claim(name, leaf, false);
                }
            }
        }
    });
    problems
}

/// Every variable that some field is read from.
pub(crate) fn claimed(schema: &'static Schema) -> Vec<String> {
    let mut names = Vec::with_capacity(schema.values());
    walk(schema, &mut |step| {
        if let Step::Field(leaf) = step {
            names.extend(leaf.names().map(str::to_owned));
        }
    });
    names
}

/// The problems with names given in code that no field has.
pub(crate) fn unknown<'n>(schema: &'static Schema, given: impl Iterator<Item = &'n str>) -> Vec<Problem> {
    let mut known = Vec::new();
    walk(schema, &mut |step| match step {
        Step::Enter(leaf) => known.push(leaf.path()),
        Step::Field(leaf) => {
            known.push(leaf.path());
            known.extend(leaf.names().map(str::to_owned));
        }
        Step::Leave { .. } => {}
    });
    let unknown = given.filter(|name| !known.iter().any(|known| known == name));
    unknown
        .map(|name| {
            let problem = Problem::new(Code::UnknownField, name, "");
            match hint::nearest(name, known.iter().map(String::as_str)) {
                Some(nearest) => {
                    problem.explain(&format!("{} has no such field; did you mean `{nearest}`?", schema.name))
                }
                None => problem.explain(&format!("{} has no such field", schema.name)),
            }
        })
        .collect()
}
