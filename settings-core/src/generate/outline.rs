//! The fields of a struct, grouped as they are nested, with what a reader has to know of each.

use super::{stores, words};
use crate::resolve::walk::{Leaf, Step, walk};
use crate::schema::{Field, Kind, Schema, Source};
use crate::value::Blueprint;
use crate::value::expectation::Expectations;

/// The fields of one struct, without those of the structs nested in it.
pub(super) struct Group {
    /// Where the struct is nested, `db`; empty for the struct itself.
    pub(super) path: String,
    /// What the field says of it, or else the struct.
    pub(super) docs: &'static str,
    /// The optional struct that it is, or stands in: it is there only when something of it is set.
    pub(super) part_of: Option<String>,
    pub(super) entries: Vec<Entry>,
}

/// One field.
pub(super) struct Entry {
    /// Its variable, or for a secret that is read from another, that.
    pub(super) variable: String,
    pub(super) field: &'static Field,
    /// Whether a load fails without it.
    pub(super) required: bool,
    /// What it takes, `a whole number in 1024..=65535`.
    pub(super) takes: String,
    /// The places that a secret comes from beside variables and .env files, in order.
    pub(super) sources: Vec<String>,
    /// What the structs of a list or map have.
    pub(super) elements: Vec<String>,
}

/// All groups, the struct itself first.
pub(super) fn of<S: Blueprint>() -> Vec<Group> {
    let schema = S::SCHEMA;
    let expectations = Expectations::of::<S>();
    let mut groups = vec![Group { path: String::new(), docs: schema.docs, part_of: None, entries: Vec::new() }];
    // The places in `groups` of the structs that the walk is in.
    let mut open = vec![0];
    walk(schema, &mut |step| match step {
        Step::Enter(leaf) => {
            open.push(groups.len());
            groups.push(group(leaf));
        }
        Step::Field(leaf) => {
            if let Some(group) = open.last().and_then(|&at| groups.get_mut(at)) {
                group.entries.push(entry(leaf, &expectations));
            }
        }
        Step::Leave { .. } => drop(open.pop()),
    });
    groups
}

/// The kinds of stores that some secret may come from, in the order of the fields.
pub(super) fn stores_in_use(schema: &'static Schema) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        if leaf.field.secret().is_some() {
            for source in leaf.sources() {
                if !kinds.contains(&source.kind) {
                    kinds.push(source.kind);
                }
            }
        }
    });
    kinds
}

fn group(leaf: &Leaf<'_>) -> Group {
    let docs = match leaf.field.kind {
        Kind::Nested(nested) if leaf.field.docs.is_empty() => nested.schema.docs,
        _ => leaf.field.docs,
    };
    let mut path = String::new();
    let mut part_of = None;
    for field in leaf.scopes.iter().map(|scope| scope.field).chain([leaf.field]) {
        path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        if field.optional {
            part_of = Some(path.clone());
        }
    }
    Group { path, docs, part_of, entries: Vec::new() }
}

fn entry(leaf: &Leaf<'_>, expectations: &Expectations) -> Entry {
    let field = leaf.field;
    let mut variable = leaf.variable;
    let mut sources = Vec::new();
    if field.secret().is_some() {
        let of_variable = |source: &&Source| matches!(source.kind, "env" | "dotenv");
        variable = leaf.sources().find(of_variable).and_then(|source| source.name).unwrap_or(variable);
        sources.extend(leaf.sources().filter_map(|source| stores::place(source, leaf)));
    }
    let elements = match field.kind {
        Kind::Collection(collection) => elements(collection.schema, expectations.of_elements(leaf.at), ""),
        _ => Vec::new(),
    };
    Entry {
        variable: variable.to_owned(),
        field,
        required: leaf.is_required(),
        takes: words::takes(field, expectations.of_field(leaf.at)),
        sources,
        elements,
    }
}

/// The keys of one struct of a list or map, `host: text, required`.
fn elements(schema: &'static Schema, expectations: Option<&Expectations>, outer: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut at = 0;
    add_elements(schema, expectations, outer, &mut at, &mut lines);
    lines
}

fn add_elements(
    schema: &'static Schema,
    expectations: Option<&Expectations>,
    outer: &str,
    at: &mut usize,
    lines: &mut Vec<String>,
) {
    for field in schema.fields {
        let path = format!("{outer}{}", field.key());
        match field.kind {
            Kind::Skipped => continue,
            Kind::Nested(nested) => {
                *at += 1;
                add_elements(nested.schema, expectations, &format!("{path}."), at, lines);
                continue;
            }
            Kind::Plain | Kind::Secret(_) | Kind::Collection(_) => {}
        }
        let expected = expectations.and_then(|expectations| expectations.of_field(*at));
        let need = if field.required() { "required" } else { "optional" };
        lines.push(format!("{path}: {need}, {}", words::takes(field, expected)));
        *at += 1;
    }
}
