//! Lists and maps of structs of settings.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use super::{Blueprint, Failure, Fault, Found, Read, Slot, Values};
use crate::schema::Schema;

/// A list of structs of settings, or a map of them by name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list or map of structs of settings",
    note = "`nested` takes a struct of settings, or an `Option`, `Vec`, `HashMap<String, _>` or `BTreeMap<String, _>` of them"
)]
pub trait Collection: Sized {
    /// The struct.
    type Element: Blueprint;

    /// What to load for each.
    const SCHEMA: &'static Schema = Self::Element::SCHEMA;

    /// Whether the elements have names, which are the keys of a map.
    const KEYED: bool;

    /// The collection of these elements, each with its name or number.
    fn collect(elements: Vec<(String, Self::Element)>) -> Self;

    /// Reads the next field as a list or map of structs, each of which is built from its own values alone.
    fn read(values: &mut Values) -> Read<Self> {
        let elements = match values.take() {
            Slot::Elements(elements) => elements,
            Slot::Unset => return Read::Unset,
            _ => return Read::Failed,
        };
        let count = elements.len();
        let built: Vec<_> = elements.into_iter().filter_map(|element| values.element(element)).collect();
        if built.len() == count { Read::Value(Self::collect(built)) } else { Read::Failed }
    }
}

impl<T: Blueprint> Collection for Vec<T> {
    type Element = T;

    const KEYED: bool = false;

    fn collect(elements: Vec<(String, T)>) -> Self {
        elements.into_iter().map(|(_, element)| element).collect()
    }
}

impl<T: Blueprint, S: BuildHasher + Default> Collection for HashMap<String, T, S> {
    type Element = T;

    const KEYED: bool = true;

    fn collect(elements: Vec<(String, T)>) -> Self {
        elements.into_iter().collect()
    }
}

impl<T: Blueprint> Collection for BTreeMap<String, T> {
    type Element = T;

    const KEYED: bool = true;

    fn collect(elements: Vec<(String, T)>) -> Self {
        elements.into_iter().collect()
    }
}

/// What was found for one struct of a collection.
pub(crate) struct Element {
    /// Its name, or its number in a list.
    pub(crate) key: String,
    pub(crate) found: Vec<Found>,
    pub(crate) failures: Vec<Failure>,
}

/// A failure within an element.
#[derive(Debug)]
pub(crate) struct ElementFailure {
    pub(crate) key: String,
    /// The element's struct, whose slots the failure counts.
    pub(crate) schema: &'static Schema,
    pub(crate) failure: Failure,
}

impl Values {
    fn element<T: Blueprint>(&mut self, Element { key, found, failures }: Element) -> Option<(String, T)> {
        let mut values = Self { asking: self.asking, ..Self::new(found, failures, self.unchecked) };
        let built = T::build(&mut values);
        for failure in values.into_failures() {
            let failure = ElementFailure { key: key.clone(), schema: T::SCHEMA, failure };
            self.fail(Fault::Element(Box::new(failure)));
        }
        built.map(|built| (key, built))
    }
}
