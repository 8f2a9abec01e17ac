//! Where the value of one field is: its layers asked in order until one has it.

use std::env::VarError;
use std::ops::ControlFlow;

use zeroize::Zeroizing;

use super::names;
use super::take;
use super::walk::{JsonVariable, Leaf, Scope};
use crate::layer::dotenv::Hit;
use crate::layer::{Layers, Trail};
use crate::report::Outcome;
use crate::schema::{Kind, Schema, Source};
use crate::value::{Failure, Fault, Slot, Tree};

/// One field's way through the layers.
struct Search<'s, 'l> {
    layers: &'l Layers<'l>,
    leaf: &'s Leaf<'s>,
    /// Whether the field's own variable was asked for already, and has no value.
    asked: bool,
    trail: &'s mut Trail,
    /// Where the value goes.
    found: &'s mut Slot,
    failures: &'s mut Vec<Failure>,
}

/// `Break` ends a search: there is a value, or something that forbids to go on to the next layer.
type Step = ControlFlow<()>;

/// Finds what the highest layer that has the field says. `asked` leaves out the field's own variable.
pub(crate) fn find(layers: &Layers<'_>, leaf: &Leaf<'_>, asked: bool, failures: &mut Vec<Failure>) -> Slot {
    let (mut slot, mut trail) = (Slot::Unset, Trail::default());
    let (trail, found) = (&mut trail, &mut slot);
    // What ended the search stands in `found`.
    let _ = Search { layers, leaf, asked, trail, found, failures }.all();
    slot
}

/// Goes a field's way once more and writes it down. What fails on the way has been told already.
pub(crate) fn retrace(layers: &Layers<'_>, leaf: &Leaf<'_>) -> (Slot, Trail) {
    let (mut slot, mut trail) = (Slot::Unset, Trail::written());
    let (written, found, failures) = (&mut trail, &mut slot, &mut Vec::new());
    let _ = Search { layers, leaf, asked: false, trail: written, found, failures }.all();
    (slot, trail)
}

impl Search<'_, '_> {
    fn all(&mut self) -> Step {
        if !self.layers.given.is_empty() {
            self.in_given()?;
        }
        if self.leaf.field.secret().is_none() {
            self.in_env(None)?;
            return self.in_dotenv(None);
        }
        self.leaf.sources().try_for_each(|source| self.in_source(source))
    }

    fn in_source(&mut self, source: &'static Source) -> Step {
        match source.kind {
            "env" => {
                self.in_env(source.name)?;
                self.in_dotenv(source.name)
            }
            "dotenv" => self.in_dotenv(source.name),
            kind => {
                self.trail.note(kind, source.name.unwrap_or_default(), Outcome::NotBuiltIn);
                Step::Continue(())
            }
        }
    }

    /// Values given in code, the last one first.
    fn in_given(&mut self) -> Step {
        let path = self.leaf.path();
        let mut given = self.layers.given.iter().rev();
        let value = given.find_map(|(name, value)| {
            if *name == path || name == self.leaf.variable {
                return Some(value);
            }
            let rest = path.strip_prefix(name.as_str())?.strip_prefix('.')?;
            rest.split('.').try_fold(value, |value, key| value.get(key))
        });
        value.map_or(Step::Continue(()), |value| self.take_tree(value, "set", &path))
    }

    /// The process environment: the field's variables, then the JSON variables of the structs around it.
    fn in_env(&mut self, other: Option<&'static str>) -> Step {
        if !(self.asked && other.is_none()) {
            self.in_variable(other.unwrap_or(self.leaf.variable))?;
        }
        if other.is_none() {
            let aliases = self.leaf.field.aliases;
            aliases.iter().try_for_each(|alias| self.in_variable(alias.name))?;
        }
        self.in_json(0, "env")
    }

    fn in_variable(&mut self, name: &str) -> Step {
        let text = match self.layers.env.get(name) {
            Ok(text) => text,
            Err(VarError::NotPresent) => {
                if self.trail.is_written() {
                    self.layers.note_not_set(name, &names::claimed(self.layers.schema), self.trail);
                }
                return Step::Continue(());
            }
            Err(VarError::NotUnicode(_)) => {
                self.trail.note("env", name, Outcome::NotUtf8);
                return self.refuse(Fault::NotUtf8);
            }
        };
        let taken = take::variable(text, self.leaf.field, self.layers.unchecked());
        self.trail.note("env", name, take::outcome(&taken));
        taken.map_or(Step::Continue(()), |slot| self.end(slot))
    }

    /// The .env files as one layer, the later over the earlier.
    fn in_dotenv(&mut self, other: Option<&'static str>) -> Step {
        if !self.layers.has_dotenv() {
            return Step::Continue(());
        }
        self.in_key(other.unwrap_or(self.leaf.variable))?;
        if other.is_none() {
            let aliases = self.leaf.field.aliases;
            aliases.iter().try_for_each(|alias| self.in_key(alias.name))?;
        }
        self.in_json(1, ".env")
    }

    fn in_key(&mut self, name: &str) -> Step {
        let layers = self.layers;
        let files = layers.dotenv();
        let Some(hit) = files.lookup(name) else {
            if self.trail.is_written() {
                layers.note_no_key(name, &names::claimed(layers.schema), self.trail);
            }
            return if layers.is_broken(name) { self.end(Slot::Failed) } else { Step::Continue(()) };
        };
        let expand = self.leaf.field.secret().is_none_or(|secret| secret.expand);
        if !(expand && files.has_references(hit)) {
            return self.take_text(files.literal(hit), Place::Dotenv(hit));
        }
        match files.expanded(hit, &|name| layers.env.text(name)) {
            Ok(text) => self.take_text(&text, Place::Dotenv(hit)),
            Err(error) => {
                self.trail.location = Some(layers.place_in_dotenv(hit));
                self.refuse(Fault::Expansion(error.kind.to_string()))
            }
        }
    }

    /// The JSON variables of the structs around the field, the innermost first.
    fn in_json(&mut self, layer: usize, name: &'static str) -> Step {
        self.leaf.scopes.iter().rev().try_for_each(|scope| {
            let Some(variable) = self.leaf.json_variable(scope) else { return Step::Continue(()) };
            match scope.json[layer].get_or_init(|| self.json_object(scope, variable, layer)) {
                JsonVariable::Unset => Step::Continue(()),
                JsonVariable::Broken => self.end(Slot::Failed),
                JsonVariable::Object(object) => {
                    match self.leaf.keys_below(scope).try_fold(object, |tree, key| tree.get(key)) {
                        Some(value) => self.take_tree(value, name, variable),
                        None => Step::Continue(()),
                    }
                }
            }
        })
    }

    fn json_object(&mut self, scope: &Scope, variable: &str, layer: usize) -> JsonVariable {
        let text = match layer {
            0 => self.layers.env.text(variable).map(Zeroizing::new),
            _ => {
                let files = self.layers.dotenv();
                files.lookup(variable).map(|hit| Zeroizing::new(files.literal(hit).to_owned()))
            }
        };
        let Some(text) = text.filter(|text| !text.is_empty()) else { return JsonVariable::Unset };
        let fault = match serde_json::from_str(&text) {
            Ok(object @ Tree::Map(_)) => match unknown_key(&object, scope.schema) {
                None => return JsonVariable::Object(object),
                Some(nearest) => Fault::UnknownKey { variable: variable.to_owned(), nearest },
            },
            _ => Fault::NotJson { variable: variable.to_owned() },
        };
        self.failures.push(Failure { at: scope.at, fault });
        JsonVariable::Broken
    }

    fn take_text(&mut self, text: &str, place: Place<'_>) -> Step {
        let taken = take::text(text, self.leaf.field, self.layers.unchecked());
        if self.trail.is_written() {
            let (layer, shown) = place.shown(self.layers);
            self.trail.note(layer, &shown, take::outcome(&taken));
            if let (Ok(_), Place::Dotenv(_)) = (&taken, place) {
                self.trail.location = Some(shown);
            }
        }
        taken.map_or(Step::Continue(()), |slot| self.end(slot))
    }

    fn take_tree(&mut self, value: &Tree, layer: &'static str, place: &str) -> Step {
        match value {
            Tree::Null => Step::Continue(()),
            Tree::Text(text) => self.take_text(text, Place::Named(layer, place)),
            other => {
                self.trail.note(layer, place, Outcome::Found);
                match self.leaf.field.kind {
                    Kind::Secret(_) => self.refuse(Fault::Secret("a secret is given as text")),
                    _ => self.end(Slot::Tree(Box::new(other.clone()))),
                }
            }
        }
    }

    fn end(&mut self, slot: Slot) -> Step {
        *self.found = slot;
        Step::Break(())
    }

    fn refuse(&mut self, fault: Fault) -> Step {
        self.failures.push(Failure { at: self.leaf.at, fault });
        self.end(Slot::Failed)
    }
}

/// Where a text was found.
enum Place<'p> {
    Dotenv(Hit),
    Named(&'static str, &'p str),
}

impl Place<'_> {
    fn shown(&self, layers: &Layers<'_>) -> (&'static str, String) {
        match *self {
            Self::Dotenv(hit) => (".env", layers.place_in_dotenv(hit)),
            Self::Named(layer, place) => (layer, place.to_owned()),
        }
    }
}

/// For an object with a key that the struct does not have: the nearest that it has.
fn unknown_key(object: &Tree, schema: &'static Schema) -> Option<Option<&'static str>> {
    let Tree::Map(entries) = object else { return None };
    entries.iter().find_map(|(key, value)| match schema.fields.iter().find(|field| field.name == key) {
        Some(field) => match &field.kind {
            Kind::Nested(nested) => unknown_key(value, nested.schema),
            _ => None,
        },
        None => Some(crate::report::hint::nearest(key, schema.fields.iter().map(|field| field.name))),
    })
}
