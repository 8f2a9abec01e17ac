//! Where the value of one field is: its layers asked in order until one has it.

use std::ffi::OsString;
use std::mem;
use std::ops::ControlFlow;

use zeroize::Zeroizing;

use super::names;
use super::shape::{Misfit, misfit};
use super::walk::{JsonVariable, Leaf, Scope};
use crate::layer::dotenv::Hit;
use crate::layer::{Layers, Trail};
use crate::report::Outcome;
use crate::schema::{Kind, Source};
use crate::secret::{is_placeholder, secret_string};
use crate::value::{Failure, Fault, Slot, Tree};

/// Asks the layers for one field after the other.
pub(crate) struct Finder<'l> {
    layers: &'l Layers<'l>,
    /// What the search that goes on has found. It is written here at once and moved once, for a value that is handed
    /// from function to function costs more than all of the rest.
    found: Slot,
    pub(crate) failures: Vec<Failure>,
}

/// `Break` ends a search: there is a value, or something that forbids to go on to the next layer.
type Search = ControlFlow<()>;

impl<'l> Finder<'l> {
    pub(crate) fn new(layers: &'l Layers<'l>) -> Self {
        Self { layers, found: Slot::Unset, failures: Vec::new() }
    }

    /// What the highest layer that has the field says.
    pub(crate) fn find(&mut self, leaf: &Leaf<'_>, trail: &mut Trail) -> Slot {
        // What ends the search stands in `found`.
        let _ = self.search(leaf, trail);
        mem::take(&mut self.found)
    }

    fn search(&mut self, leaf: &Leaf<'_>, trail: &mut Trail) -> Search {
        if !self.layers.given.is_empty() {
            self.in_given(leaf, trail)?;
        }
        if leaf.field.secret().is_none() {
            self.in_env(leaf, None, trail)?;
            return self.in_dotenv(leaf, None, trail);
        }
        leaf.sources().try_for_each(|source| self.in_source(source, leaf, trail))
    }

    fn in_source(&mut self, source: &'static Source, leaf: &Leaf<'_>, trail: &mut Trail) -> Search {
        match source.kind {
            "env" => {
                self.in_env(leaf, source.name, trail)?;
                self.in_dotenv(leaf, source.name, trail)
            }
            "dotenv" => self.in_dotenv(leaf, source.name, trail),
            kind => {
                trail.note(kind, source.name.unwrap_or_default(), Outcome::NotBuiltIn);
                Search::Continue(())
            }
        }
    }

    /// Values given in code, the last one first.
    fn in_given(&mut self, leaf: &Leaf<'_>, trail: &mut Trail) -> Search {
        let path = leaf.path();
        let mut given = self.layers.given.iter().rev();
        let value = given.find_map(|(name, value)| {
            if *name == path || name == leaf.variable {
                return Some(value);
            }
            let rest = path.strip_prefix(name.as_str())?.strip_prefix('.')?;
            rest.split('.').try_fold(value, |value, key| value.get(key))
        });
        value.map_or(Search::Continue(()), |value| self.take_tree(value, leaf, "set", &path, trail))
    }

    /// The process environment: the field's variables, then the JSON variables of the structs around it.
    fn in_env(&mut self, leaf: &Leaf<'_>, other: Option<&'static str>, trail: &mut Trail) -> Search {
        asked(leaf, other, |name| match self.layers.env.get(name) {
            Some(value) => self.take_variable(value, leaf, name, trail),
            None => {
                if trail.is_written() {
                    self.layers.note_not_set(name, &names::claimed(self.layers.schema), trail);
                }
                Search::Continue(())
            }
        })?;
        self.in_json(leaf, 0, "env", trail)
    }

    /// The .env files as one layer, the later over the earlier.
    fn in_dotenv(&mut self, leaf: &Leaf<'_>, other: Option<&'static str>, trail: &mut Trail) -> Search {
        let layers = self.layers;
        asked(leaf, other, |name| {
            let files = layers.dotenv();
            let Some(hit) = files.lookup(name) else {
                if trail.is_written() {
                    layers.note_no_key(name, &names::claimed(layers.schema), trail);
                }
                return if layers.is_broken(name) { self.end(Slot::Failed) } else { Search::Continue(()) };
            };
            let expand = leaf.field.secret().is_none_or(|secret| secret.expand);
            if !(expand && files.has_references(hit)) {
                return self.take_text(files.literal(hit), leaf, Place::Dotenv(hit), trail);
            }
            match files.expanded(hit, &|name| layers.env.text(name)) {
                Ok(text) => self.take_text(&text, leaf, Place::Dotenv(hit), trail),
                Err(error) => {
                    trail.location = Some(layers.place_in_dotenv(hit));
                    self.refuse(leaf.at, Fault::Expansion(error.kind.to_string()))
                }
            }
        })?;
        self.in_json(leaf, 1, ".env", trail)
    }

    /// The JSON variables of the structs around the field, the innermost first.
    fn in_json(&mut self, leaf: &Leaf<'_>, layer: usize, name: &'static str, trail: &mut Trail) -> Search {
        leaf.scopes.iter().rev().try_for_each(|scope| {
            let Some(variable) = leaf.json_variable(scope) else { return Search::Continue(()) };
            match scope.json[layer].get_or_init(|| self.json_object(scope, variable, layer)) {
                JsonVariable::Unset => Search::Continue(()),
                JsonVariable::Broken => self.end(Slot::Failed),
                JsonVariable::Object(object) => {
                    match leaf.keys_below(scope).try_fold(object, |tree, key| tree.get(key)) {
                        Some(value) => self.take_tree(value, leaf, name, variable, trail),
                        None => Search::Continue(()),
                    }
                }
            }
        })
    }

    fn json_object(&mut self, scope: &Scope, variable: &str, layer: usize) -> JsonVariable {
        let text = match layer {
            0 => match self.layers.env.get(variable).map(OsString::into_string) {
                Some(Err(_)) => return self.broken(scope, Fault::NotUtf8),
                text => text.and_then(Result::ok).map(Zeroizing::new),
            },
            _ => {
                let files = self.layers.dotenv();
                files.lookup(variable).map(|hit| Zeroizing::new(files.literal(hit).to_owned()))
            }
        };
        let Some(text) = text.filter(|text| !text.is_empty()) else { return JsonVariable::Unset };
        let no_object = || Fault::NotJson { variable: variable.to_owned() };
        let fault = match serde_json::from_str(&text) {
            Ok(object @ Tree::Map(_)) => match misfit(&object, scope.schema) {
                None => return JsonVariable::Object(object),
                Some(Misfit::NoObject) => no_object(),
                Some(Misfit::UnknownKey(nearest)) => Fault::UnknownKey { variable: variable.to_owned(), nearest },
            },
            _ => no_object(),
        };
        self.broken(scope, fault)
    }

    fn broken(&mut self, scope: &Scope, fault: Fault) -> JsonVariable {
        self.failures.push(Failure { at: scope.at, fault });
        JsonVariable::Broken
    }

    fn take_variable(&mut self, value: OsString, leaf: &Leaf<'_>, name: &str, trail: &mut Trail) -> Search {
        let Ok(text) = value.into_string() else {
            trail.note("env", name, Outcome::NotUtf8);
            return self.refuse(leaf.at, Fault::NotUtf8);
        };
        if let Some(outcome) = self.passed_over(&text, leaf) {
            trail.note("env", name, outcome);
            drop(secret_string(text)); // wiped, whatever it was
            return Search::Continue(());
        }
        trail.note("env", name, Outcome::Found);
        // The one copy of the value moves on: into the field's type, or into the secret's box.
        self.end(match leaf.field.kind {
            Kind::Secret(_) => Slot::Secret(secret_string(text)),
            _ => Slot::Text(text),
        })
    }

    fn take_text(&mut self, text: &str, leaf: &Leaf<'_>, place: Place<'_>, trail: &mut Trail) -> Search {
        let passed = self.passed_over(text, leaf);
        if trail.is_written() {
            let (layer, shown) = place.shown(self.layers);
            trail.note(layer, &shown, passed.clone().unwrap_or(Outcome::Found));
            if let (None, Place::Dotenv(_)) = (&passed, &place) {
                trail.location = Some(shown);
            }
        }
        match (passed, leaf.field.kind) {
            (Some(_), _) => Search::Continue(()),
            (None, Kind::Secret(_)) => self.end(Slot::Secret(text.into())),
            (None, _) => self.end(Slot::Text(text.to_owned())),
        }
    }

    fn take_tree(
        &mut self,
        value: &Tree,
        leaf: &Leaf<'_>,
        layer: &'static str,
        place: &str,
        trail: &mut Trail,
    ) -> Search {
        match value {
            Tree::Null => Search::Continue(()),
            Tree::Text(text) => self.take_text(text, leaf, Place::Named(layer, place), trail),
            other => {
                trail.note(layer, place, Outcome::Found);
                match leaf.field.kind {
                    Kind::Secret(_) => self.refuse(leaf.at, Fault::Secret("a secret is given as text")),
                    _ => self.end(Slot::Tree(Box::new(other.clone()))),
                }
            }
        }
    }

    /// Why a text counts as unset, if it does.
    fn passed_over(&self, text: &str, leaf: &Leaf<'_>) -> Option<Outcome> {
        if self.layers.unchecked() {
            return None;
        }
        if text.is_empty() && !leaf.field.allow_empty {
            return Some(Outcome::Empty);
        }
        let secret = leaf.field.secret()?;
        is_placeholder(text, secret.placeholders).then_some(Outcome::Placeholder)
    }

    fn end(&mut self, slot: Slot) -> Search {
        self.found = slot;
        Search::Break(())
    }

    fn refuse(&mut self, at: usize, fault: Fault) -> Search {
        self.failures.push(Failure { at, fault });
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

/// Asks for the name that the source gives, or for each of the field's own in turn.
fn asked(leaf: &Leaf<'_>, other: Option<&str>, mut ask: impl FnMut(&str) -> Search) -> Search {
    match other {
        Some(name) => ask(name),
        None => leaf.names().try_for_each(ask),
    }
}
