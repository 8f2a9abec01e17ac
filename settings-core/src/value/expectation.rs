//! What the types of a struct's fields expect of a text, for documentation: in the words that a report would use.

use std::collections::HashMap;

use super::{Blueprint, Element, ElementFailure, Failure, Fault, Found, Slot, Values};
use crate::schema::{Field, Kind, Schema};

/// A text that is no number, truth value, variant, length of time or pair of a map.
const ODD: &str = "?!";

/// What fields expect, each by its place in the order of slots. Of a type that takes any text there is nothing to say.
#[derive(Debug, Default)]
pub(crate) struct Expectations {
    of_fields: HashMap<usize, String>,
    of_elements: HashMap<usize, Expectations>,
}

impl Expectations {
    /// Asks every type by giving it a text that it cannot take. What the user's own code says is not heard, as it may be
    /// anything.
    pub(crate) fn of<S: Blueprint>() -> Self {
        let found = odd(S::SCHEMA);
        let mut values = Values { asking: true, ..Values::new(found, Vec::new(), true) };
        let _ = S::build(&mut values);
        let mut expectations = Self::default();
        values.into_failures().into_iter().for_each(|failure| expectations.add(failure));
        expectations
    }

    /// What the field at this place expects.
    pub(crate) fn of_field(&self, at: usize) -> Option<&str> {
        self.of_fields.get(&at).map(String::as_str)
    }

    /// What the fields of the structs expect that stand in the list or map at this place.
    pub(crate) fn of_elements(&self, at: usize) -> Option<&Self> {
        self.of_elements.get(&at)
    }

    fn add(&mut self, Failure { at, fault }: Failure) {
        match fault {
            Fault::Expected(what) => drop(self.of_fields.insert(at, what)),
            Fault::Element(element) => {
                let ElementFailure { failure, .. } = *element;
                self.of_elements.entry(at).or_default().add(failure);
            }
            _ => {}
        }
    }
}

/// A slot for each value of the struct, in the order in which it is built.
fn odd(schema: &'static Schema) -> Vec<Found> {
    let mut found = Vec::with_capacity(schema.values());
    for field in schema.fields {
        match field.kind {
            Kind::Skipped => {}
            Kind::Plain => found.push(of(field, Slot::Text(ODD.to_owned()))),
            Kind::Secret(_) => found.push(of(field, Slot::Failed)),
            Kind::Nested(nested) => {
                let inner = odd(nested.schema);
                found.push(of(field, Slot::Group { len: inner.len(), set: true }));
                found.extend(inner);
            }
            Kind::Collection(collection) => {
                let one = Element { key: String::new(), found: odd(collection.schema), failures: Vec::new() };
                found.push(of(field, Slot::Elements(Box::new([one]))));
            }
        }
    }
    found
}

fn of(field: &'static Field, slot: Slot) -> Found {
    Found { field, slot }
}
