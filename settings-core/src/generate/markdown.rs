//! The settings of a struct as a page of Markdown.

use std::fmt::Write;

use super::default::Default;
use super::outline::{self, Entry, Group};
use crate::schema::Schema;
use crate::store::kind;
use crate::value::Blueprint;

/// A table for each struct, with a row for each variable.
pub(crate) fn markdown<S: Blueprint>() -> String {
    let mut page = format!("# {}\n", S::SCHEMA.name);
    for group in outline::of::<S>() {
        add_group(&group, &mut page);
    }
    add_stores(S::SCHEMA, &mut page);
    page
}

// Nothing that is written to a `String` fails.
fn add_group(group: &Group, page: &mut String) {
    if !group.path.is_empty() && !group.entries.is_empty() {
        let _ = write!(page, "\n## {}\n", group.path);
    }
    if !group.docs.is_empty() && (group.path.is_empty() || !group.entries.is_empty()) {
        let _ = write!(page, "\n{}\n", group.docs);
    }
    if group.entries.is_empty() {
        return;
    }
    if group.part_of.as_ref() == Some(&group.path) {
        page.push_str("\nAll of it is optional: with nothing of it set there is none.\n");
    }
    page.push_str("\n| variable | what it is | default |\n|---|---|---|\n");
    for entry in &group.entries {
        let _ = writeln!(page, "| `{}` | {} | {} |", entry.variable, cell(&what(entry)), cell(&default(entry, group)));
    }
}

fn what(entry: &Entry) -> String {
    let Entry { field, takes, sources, elements, .. } = entry;
    let mut sentences = Vec::new();
    if !field.docs.is_empty() {
        sentences.push(field.docs.to_owned());
    }
    sentences.push(format!("{}.", capitalized(takes)));
    if !elements.is_empty() {
        sentences.push(format!("Each has {}.", elements.join("; ")));
    }
    if let Some(example) = field.example.filter(|_| field.secret().is_none()) {
        sentences.push(format!("Example: `{example}`."));
    }
    if !sources.is_empty() {
        sentences.push(format!("In production from {}.", sources.join(", then ")));
    }
    sentences.join("\n")
}

fn default(entry: &Entry, group: &Group) -> String {
    match Default::of(entry.field) {
        Default::None if entry.required => "**required**".to_owned(),
        Default::None if entry.field.required() => {
            format!("required with `{}`", group.part_of.as_deref().unwrap_or_default())
        }
        Default::None => "none".to_owned(),
        Default::Text(text) => format!("`{text}`"),
        Default::Code(code) => format!("`{code}`"),
        Default::Empty => "empty".to_owned(),
        Default::OfType => "that of its type".to_owned(),
    }
}

fn add_stores(schema: &'static Schema, page: &mut String) {
    for store in outline::stores_in_use(schema).into_iter().filter_map(kind::find) {
        let mut variables = store.common_variables().peekable();
        if variables.peek().is_some() {
            let _ = write!(page, "\n## {}\n\n| variable | what it is |\n|---|---|\n", store.title);
        }
        for variable in variables {
            let _ = writeln!(page, "| `{}` | {} |", variable.name, cell(variable.docs));
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Text that stays within its cell.
fn cell(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("<br>").replace('|', "\\|")
}
