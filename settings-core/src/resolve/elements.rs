//! A list or map of structs, from one value: each element's fields are read from its own part of the value alone.

use super::close;
use super::take;
use crate::report::hint;
use crate::schema::{Collection, Field, Kind, Schema};
use crate::value::{Element, Failure, Fault, Found, ROOT, Slot, Tree};

/// What the place of a value means for what may stand in it.
#[derive(Default)]
pub(crate) struct Origin {
    /// Unknown keys and secrets were told of when the file was opened.
    pub(crate) checked: bool,
    /// A key that no field has is a failure.
    pub(crate) strict: bool,
    /// The plain file that it stands in.
    pub(crate) file: Option<String>,
}

/// The elements of the value, or why it has none.
pub(crate) fn elements(
    value: &Tree,
    collection: &Collection,
    origin: &Origin,
    unchecked: bool,
) -> Result<Vec<Element>, Fault> {
    let element = |key: String, value: &Tree| {
        let mut reader = Reader { origin, unchecked, found: Vec::new(), failures: Vec::new() };
        reader.structure(value, collection.schema, ROOT);
        Element { key, found: reader.found, failures: reader.failures }
    };
    match (value, collection.keyed) {
        (Tree::List(items), false) => {
            Ok(items.iter().enumerate().map(|(index, item)| element(index.to_string(), item)).collect())
        }
        (Tree::Map(entries), true) => Ok(entries.iter().map(|(key, value)| element(key.clone(), value)).collect()),
        _ => Err(expected(collection)),
    }
}

/// What a value should be that has no elements.
pub(crate) fn expected(collection: &Collection) -> Fault {
    let what = if collection.keyed {
        "a map of tables by name, as JSON an object of objects"
    } else {
        "a list of tables, as JSON a list of objects"
    };
    Fault::Expected(what.to_owned())
}

struct Reader<'o> {
    origin: &'o Origin,
    unchecked: bool,
    found: Vec<Found>,
    failures: Vec<Failure>,
}

impl Reader<'_> {
    /// Reads the fields of a struct, whose own slot is at `at`.
    fn structure(&mut self, value: &Tree, schema: &'static Schema, at: usize) {
        let misshapen = !matches!(value, Tree::Map(_) | Tree::Null);
        if misshapen {
            self.fail(at, Fault::Expected("a table of keys and values".to_owned()));
        } else if self.origin.strict {
            self.unknown_keys(value, schema, at);
        }
        for field in schema.fields {
            match &field.kind {
                Kind::Skipped => {}
                Kind::Nested(nested) => {
                    let head = self.found.len();
                    self.found.push(Found { field, slot: Slot::Unset });
                    self.structure(value.get(field.key()).unwrap_or(&Tree::Null), nested.schema, head);
                    close(&mut self.found, head);
                }
                // What is no table has no fields, and none of them is missing.
                _ if misshapen => self.found.push(Found { field, slot: Slot::Failed }),
                _ => {
                    let slot = self.field(value.get(field.key()).unwrap_or(&Tree::Null), field);
                    self.found.push(Found { field, slot });
                }
            }
        }
    }

    fn field(&mut self, value: &Tree, field: &'static Field) -> Slot {
        let at = self.found.len();
        let mut found = Slot::Unset;
        match (&field.kind, value) {
            (_, Tree::Null) => {}
            (Kind::Secret(secret), _) if !secret.in_config_file && self.origin.checked => found = Slot::Failed,
            (Kind::Secret(secret), _) if !secret.in_config_file && self.origin.file.is_some() => {
                self.fail(at, Fault::InFile(self.origin.file.clone().unwrap_or_default()));
                found = Slot::Failed;
            }
            (Kind::Collection(collection), value) => {
                found = match elements(value, collection, self.origin, self.unchecked) {
                    Ok(elements) => Slot::Elements(elements.into()),
                    Err(fault) => {
                        self.fail(at, fault);
                        Slot::Failed
                    }
                };
            }
            (_, Tree::Text(text)) => {
                found = take::text(text, field, self.unchecked).unwrap_or(Slot::Unset);
            }
            (Kind::Secret(_), _) => {
                self.fail(at, Fault::Secret("a secret is given as text"));
                found = Slot::Failed;
            }
            (_, value) => found = Slot::Tree(Box::new(value.clone())),
        }
        found
    }

    fn unknown_keys(&mut self, value: &Tree, schema: &'static Schema, at: usize) {
        let Tree::Map(entries) = value else { return };
        for (key, _) in entries.iter().filter(|(key, _)| schema.field_of_key(key).is_none()) {
            let nearest = hint::nearest(key, schema.keys());
            self.fail(at, Fault::UnknownKey { within: String::new(), nearest });
        }
    }

    fn fail(&mut self, at: usize, fault: Fault) {
        self.failures.push(Failure { at, fault });
    }
}
