//! Two fields must not be read from one variable name. Within one struct the derive sees to it; across nested structs
//! it shows when the names are composed, at the first load.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{PoisonError, RwLock};

use super::walk::{Leaf, Step, walk};
use crate::report::{Code, Problem, hint};
use crate::schema::{Field, Schema, Source};
use crate::secret::{REDACTED, shown_name};
use crate::value::Tree;

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
    let mut problems = Vec::new();
    let mut variables = HashMap::new();
    let mut claim = |name: &str, leaf: &Leaf<'_>, written: bool| {
        let key = if schema.case_insensitive { name.to_ascii_uppercase() } else { name.to_owned() };
        if let Some((first, path)) = enter(&mut variables, key, leaf, written) {
            let is_alias = leaf.field.aliases.iter().any(|alias| alias.name == name);
            let fix = if is_alias {
                format!("leave out the alias of `{path}`, which would not tell the two apart")
            } else {
                format!("give one of them another name: #[setting(env = \"..\")] on `{path}`")
            };
            let problem = Problem::new(Code::SharedName, &path, name);
            problems.push(problem.explain(&format!("`{first}` and `{path}` are both read from it.")).fix(&fix));
        }
    };
    walk(schema, &mut |step| match step {
        Step::Leave { .. } => {}
        Step::Enter(leaf) if leaf.variable.is_empty() => {}
        Step::Enter(leaf) => claim(leaf.variable, leaf, false),
        Step::Field(leaf) => {
            for (index, name) in leaf.names().enumerate() {
                let written = index == 0 && leaf.field.absolute;
                claim(name, leaf, written);
                if leaf.field.secret().is_some() {
                    claim(&format!("{name}_FILE"), leaf, written);
                }
            }
        }
    });
    // Two fields on one variable are on one file as well, which need not be said twice.
    if problems.is_empty() { file_collisions(schema) } else { problems }
}

/// The problems with secrets that are read from one file: its name is that of the path or the variable in any case.
fn file_collisions(schema: &'static Schema) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut files = HashMap::new();
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        let has_files = |source: &Source| matches!(source.kind, "docker" | "k8s");
        if leaf.field.secret().is_none() || !leaf.sources().any(has_files) {
            return;
        }
        let variables =
            leaf.names().enumerate().map(|(index, name)| (name.to_owned(), index == 0 && leaf.field.absolute));
        for (name, written) in variables.chain([(leaf.path().replace('.', "_"), false)]) {
            let name = name.to_ascii_lowercase();
            if let Some((first, path)) =
                enter(&mut files, name.clone(), leaf, written).filter(|(first, path)| first != path)
            {
                problems.push(
                    Problem::new(Code::SharedName, &path, leaf.variable)
                        .explain(&format!("`{first}` and `{path}` are both read from the secret file `{name}`."))
                        .fix("rename one of them, or give it a source without files: #[secret(source = [env])]"),
                );
            }
        }
    });
    problems
}

/// Enters a name; gives the paths of the field that has it already and of this one, unless they may share it.
fn enter(
    claims: &mut HashMap<String, Claim>,
    name: String,
    leaf: &Leaf<'_>,
    written: bool,
) -> Option<(String, String)> {
    let path = leaf.path();
    match claims.entry(name) {
        Entry::Vacant(entry) => {
            entry.insert(Claim { path, written });
            None
        }
        Entry::Occupied(first) if first.get().written && written => None,
        Entry::Occupied(first) => Some((first.get().path.clone(), path)),
    }
}

/// Every variable that some field is read from, by itself or within the JSON of its struct.
pub(crate) fn claimed(schema: &'static Schema) -> Vec<String> {
    let mut names = Vec::with_capacity(schema.values());
    walk(schema, &mut |step| {
        if let Step::Enter(leaf) | Step::Field(leaf) = step {
            names.extend(leaf.variables().map(str::to_owned));
        }
    });
    names
}

/// Whether some secret is read from the variable, by itself or within the JSON of a struct, list or map. In a .env file
/// either case of a name matches.
pub(crate) fn is_secret(schema: &'static Schema, variable: &str) -> bool {
    let same = |name: &str| name.eq_ignore_ascii_case(variable);
    let mut secret = false;
    walk(schema, &mut |step| {
        if let Step::Enter(leaf) | Step::Field(leaf) = step {
            secret |= leaf.field.holds_secrets() && leaf.variables().any(same);
        }
    });
    secret
}

/// The problems with names given in code that no field has.
pub(crate) fn unknown(schema: &'static Schema, given: &[(String, Tree)]) -> Vec<Problem> {
    let known = known(schema);
    let unknown = given.iter().filter(|(name, _)| !known.contains(name));
    unknown
        .map(|(name, value)| {
            if matches!(value, Tree::Text(text) if known.contains(text)) {
                let note = format!("{} has no such field; name and value seem to be swapped", schema.name);
                return Problem::new(Code::UnknownField, &REDACTED.to_string(), "").explain(&note);
            }
            not_known(schema, &shown_name(name), nearest(name, &known))
        })
        .collect()
}

/// The problem with a name that somebody typed, if no field has it. It is shown only where it is a slip: else it may well be
/// a secret that was given in the place of its name.
pub(crate) fn unknown_typed(schema: &'static Schema, name: &str) -> Option<Problem> {
    let known = known(schema);
    if known.iter().any(|known| known == name) {
        return None;
    }
    let nearest = nearest(name, &known);
    let shown = if nearest.is_some() { shown_name(name) } else { REDACTED.to_string() };
    Some(not_known(schema, &shown, nearest))
}

/// The names of all fields: their paths, variables and aliases.
fn known(schema: &'static Schema) -> Vec<String> {
    let mut known = Vec::new();
    walk(schema, &mut |step| match step {
        Step::Enter(leaf) => known.push(leaf.path()),
        Step::Field(leaf) => {
            known.push(leaf.path());
            known.extend(leaf.names().map(str::to_owned));
        }
        Step::Leave { .. } => {}
    });
    known
}

fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    hint::nearest(name, known.iter().map(String::as_str))
}

fn not_known(schema: &'static Schema, shown: &str, nearest: Option<&str>) -> Problem {
    let hint = nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default();
    Problem::new(Code::UnknownField, shown, "").explain(&format!("{} has no such field{hint}", schema.name))
}
