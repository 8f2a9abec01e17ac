//! What was loaded as variables, for a program that reads its settings from the environment.

use std::ffi::OsString;

use serde_json::{Map, Value};

use super::passes;
use crate::generate::default::Default;
use crate::layer::{Layers, Places};
use crate::report::{Code, Problem, Report, Task};
use crate::resolve::walk::{Leaf, Step, walk};
use crate::resolve::{diagnose, resolve};
use crate::schema::{Kind, Schema};
use crate::secret::ExposeSecret;
use crate::value::{Blueprint, Element, Found, Slot, Tree, Values};

/// Every variable and its value, those of defaults too as far as they are text. All rules are held to first.
pub(crate) async fn variables<S: Blueprint>(places: &Places) -> Result<Vec<(String, OsString)>, Report> {
    passes::<S, _, _>(places, Task::Load, search::<S>, |layers, mut values| {
        let built = S::build(&mut values);
        let failures = values.into_failures();
        if built.is_none() || !failures.is_empty() || !layers.sound() {
            return Err(diagnose::report(S::SCHEMA, layers, &failures, Task::Load));
        }
        let (variables, problems) = export(S::SCHEMA, search::<S>(layers).into_found());
        if problems.is_empty() { Ok(variables) } else { Err(Report::new(S::SCHEMA.name, Task::Load, problems)) }
    })
    .await
}

fn search<S: Blueprint>(layers: &Layers<'_>) -> Values {
    resolve(S::SCHEMA, layers, S::SCHEMA.values())
}

fn export(schema: &'static Schema, found: Vec<Found>) -> (Vec<(String, OsString)>, Vec<Problem>) {
    let (mut variables, mut problems) = (Vec::new(), Vec::new());
    // How many optional structs around the field are not there.
    let mut absent = 0;
    let mut open = Vec::new();
    walk(schema, &mut |step| match step {
        Step::Enter(leaf) => {
            let is_absent = leaf.field.optional && matches!(slot(&found, leaf), Slot::Group { set: false, .. });
            absent += usize::from(is_absent);
            open.push(is_absent);
        }
        Step::Leave { .. } => absent -= usize::from(open.pop().unwrap_or_default()),
        Step::Field(_) if absent > 0 => {}
        Step::Field(leaf) => match text(slot(&found, leaf), leaf) {
            Some(text) if text.as_encoded_bytes().contains(&0) => {
                let problem = Problem::of_secret(Code::Invalid, &leaf.path(), leaf.variable);
                problems.push(problem.explain("It has a NUL byte, which no variable can hold."));
            }
            Some(text) => variables.push((name(leaf).to_owned(), text)),
            None => {}
        },
    });
    (variables, problems)
}

fn slot<'f>(found: &'f [Found], leaf: &Leaf<'_>) -> &'f Slot {
    found.get(leaf.at).map_or(&Slot::Unset, |found| &found.slot)
}

/// The variable that a program with the same struct reads first.
fn name<'l>(leaf: &'l Leaf<'_>) -> &'l str {
    let mut sources = leaf.sources().filter(|_| leaf.field.secret().is_some());
    sources.find(|source| source.kind == "env").and_then(|source| source.name).unwrap_or(leaf.variable)
}

fn text(slot: &Slot, leaf: &Leaf<'_>) -> Option<OsString> {
    match slot {
        Slot::Text(text) => Some(text.into()),
        Slot::Secret(secret) => Some(secret.expose_secret().into()), // EXPOSE: the program is to have it
        Slot::Bytes(bytes) => from_bytes(bytes.expose_secret()),     // EXPOSE: the program is to have it
        Slot::Tree(tree) if tree.is_scalar() => Some(tree.shown().into()),
        Slot::Tree(tree) => Some(json(tree).to_string().into()),
        Slot::Elements(elements) => match leaf.field.kind {
            Kind::Collection(collection) => Some(of_elements(elements, collection.keyed).to_string().into()),
            _ => None,
        },
        Slot::Unset => match Default::of(leaf.field) {
            Default::Text(text) => Some(text.into()),
            Default::None | Default::Code(_) | Default::Empty | Default::OfType => None,
        },
        Slot::Group { .. } | Slot::Failed => None,
    }
}

#[cfg(unix)]
fn from_bytes(bytes: &[u8]) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt;
    Some(OsString::from_vec(bytes.to_vec()))
}

#[cfg(not(unix))]
fn from_bytes(bytes: &[u8]) -> Option<OsString> {
    String::from_utf8(bytes.to_vec()).ok().map(OsString::from)
}

fn json(tree: &Tree) -> Value {
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(truth) => (*truth).into(),
        Tree::Int(number) => match (i64::try_from(*number), u64::try_from(*number)) {
            (Ok(number), _) => number.into(),
            (_, Ok(number)) => number.into(),
            // Text is read as a number where one is wanted.
            _ => number.to_string().into(),
        },
        Tree::Float(number) => (*number).into(),
        Tree::Text(text) => text.as_str().into(),
        Tree::List(items) => items.iter().map(json).collect(),
        Tree::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), json(value))).collect(),
    }
}

fn of_elements(elements: &[Element], keyed: bool) -> Value {
    if keyed {
        elements.iter().map(|element| (element.key.clone(), of_fields(&mut element.found.iter()))).collect()
    } else {
        elements.iter().map(|element| of_fields(&mut element.found.iter())).collect()
    }
}

/// The JSON object of the struct whose slots these are.
fn of_fields(found: &mut dyn Iterator<Item = &Found>) -> Value {
    let mut object = Map::new();
    while let Some(Found { field, slot }) = found.next() {
        let value = match (slot, &field.kind) {
            (Slot::Text(text), _) => Value::from(text.as_str()),
            (Slot::Secret(secret), _) => Value::from(secret.expose_secret()), // EXPOSE: the program is to have it
            (Slot::Tree(tree), _) => json(tree),
            (Slot::Elements(elements), Kind::Collection(collection)) => of_elements(elements, collection.keyed),
            (Slot::Group { len, set }, _) => {
                let object = of_fields(&mut found.take(*len));
                if !set && field.optional {
                    continue;
                }
                object
            }
            _ => continue,
        };
        object.insert(field.key().to_owned(), value);
    }
    Value::Object(object)
}
