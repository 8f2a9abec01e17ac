//! Aliases that give a secret's value to a setting which is shown.

use std::collections::BTreeSet;

use super::{Content, Entry, Node};
use crate::layer::dotenv::Place;
use crate::schema::{Field, Kind, Schema};

/// Where a text stands that is the value of a secret and, by an alias, of a plain setting too.
pub(super) fn shared_secret(entries: &[Entry], schema: &Schema) -> Option<Place> {
    let mut texts = Texts::default();
    texts.table(entries, schema);
    texts.of_secrets.intersection(&texts.plain).next().copied()
}

/// The places of texts. What an alias copies keeps the place that it is written at.
#[derive(Default)]
struct Texts {
    of_secrets: BTreeSet<Place>,
    plain: BTreeSet<Place>,
}

impl Texts {
    /// Keys that no field has are shown nowhere.
    fn table(&mut self, entries: &[Entry], schema: &Schema) {
        for Entry { name, value, .. } in entries {
            if let Some(field) = schema.field_of_key(name) {
                self.value(value, field);
            }
        }
    }

    fn value(&mut self, node: &Node, field: &Field) {
        match (&field.kind, &node.content) {
            (Kind::Secret(_), _) => texts(node, &mut self.of_secrets),
            (Kind::Nested(nested), Content::Map(entries)) => self.table(entries, nested.schema),
            (Kind::Collection(collection), Content::Map(entries)) if collection.keyed => {
                entries.iter().for_each(|entry| self.element(&entry.value, collection.schema));
            }
            (Kind::Collection(collection), Content::List(items)) if !collection.keyed => {
                items.iter().for_each(|item| self.element(item, collection.schema));
            }
            _ => texts(node, &mut self.plain),
        }
    }

    fn element(&mut self, node: &Node, schema: &Schema) {
        match &node.content {
            Content::Map(entries) => self.table(entries, schema),
            _ => texts(node, &mut self.plain),
        }
    }
}

/// Adds the places of all texts within.
fn texts(node: &Node, places: &mut BTreeSet<Place>) {
    match &node.content {
        Content::Null => {}
        Content::Text(_) => {
            places.insert(node.place);
        }
        Content::List(items) => items.iter().for_each(|item| texts(item, places)),
        Content::Map(entries) => entries.iter().for_each(|entry| texts(&entry.value, places)),
    }
}
