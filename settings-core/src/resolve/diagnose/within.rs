//! What is wrong within a list or map of structs, told of the element's own field.

use super::{Site, Trace, of_site};
use crate::layer::config_files::Key;
use crate::layer::{Layers, Trail};
use crate::report::Problem;
use crate::resolve::find::retrace;
use crate::resolve::walk::{Leaf, Step, walk};
use crate::schema::{Field, Kind};
use crate::secret::mask;
use crate::value::{ElementFailure, Fault, Slot};

pub(super) fn problem(failure: &ElementFailure, leaf: &Leaf<'_>, layers: &Layers<'_>) -> Problem {
    let (slot, trail) = retrace(layers, leaf);
    let way = Way { field: leaf.field, path: leaf.path(), keys: leaf.keys() };
    Search { layers, trail: &trail, variable: leaf.variable }.element(failure, &slot, way)
}

/// The way from the collection to the field that is at fault.
struct Way<'f> {
    field: &'static Field,
    path: String,
    keys: Vec<Key<'f>>,
}

struct Search<'s> {
    layers: &'s Layers<'s>,
    /// How the collection was found.
    trail: &'s Trail,
    variable: &'s str,
}

impl Search<'_> {
    fn element<'f>(&self, failure: &'f ElementFailure, collection: &Slot, mut way: Way<'f>) -> Problem {
        let ElementFailure { key, schema, failure } = failure;
        match way.field.kind {
            Kind::Collection(collection) if !collection.keyed => {
                way.path.push_str(&format!("[{key}]"));
                way.keys.push(Key::Index(key.parse().unwrap_or_default()));
            }
            _ => {
                way.path.extend([".", &mask(key)]);
                way.keys.push(Key::Name(key));
            }
        }
        walk(schema, &mut |step| match step {
            Step::Enter(leaf) | Step::Field(leaf) if leaf.at == failure.at => {
                way.field = leaf.field;
                way.path.extend([".", &leaf.path()]);
                way.keys.extend(leaf.keys());
            }
            _ => {}
        });
        let slot = match collection {
            Slot::Elements(elements) => elements.iter().find(|element| element.key == *key),
            _ => None,
        };
        let slot =
            slot.and_then(|element| element.found.get(failure.at)).map(|found| &found.slot).unwrap_or(&Slot::Unset);
        match &failure.fault {
            Fault::Element(deeper) => self.element(deeper, slot, way),
            fault => self.told(fault, slot, &way),
        }
    }

    fn told(&self, fault: &Fault, slot: &Slot, way: &Way<'_>) -> Problem {
        let location = self.trail.is_in_config.then(|| self.layers.config()?.nearest(&way.keys)).flatten();
        let location = location.or_else(|| self.trail.location.clone());
        let trace = || Trace {
            shown: slot.shown(),
            location: location.clone(),
            looked: self.trail.looked().to_vec(),
            fixes: Vec::new(),
            note: None,
        };
        let (path, variable) = (way.path.clone(), self.variable);
        let problem = of_site(fault, &Site { field: way.field, path, variable, trace: &trace });
        match (problem.location(), &location) {
            (None, Some(location)) => problem.at(location),
            _ => problem,
        }
    }
}
