//! Where the value of one field is: its layers asked in order until one has it.

use std::ffi::OsString;

use super::names;
use super::walk::{JsonVariable, Leaf, Scope};
use crate::layer::{Layers, Trail};
use crate::report::Outcome;
use crate::schema::{Kind, Schema, Source};
use crate::secret::{SecretString, is_placeholder, secret_string};
use crate::value::{Failure, Fault, Slot, Tree};

/// Asks the layers for one field after the other.
pub(crate) struct Finder<'l> {
    layers: &'l Layers<'l>,
    pub(crate) failures: Vec<Failure>,
}

/// The end of a search: a value, or something that forbids to go on to the next layer.
type Hit = Result<Slot, Fault>;

impl<'l> Finder<'l> {
    pub(crate) fn new(layers: &'l Layers<'l>) -> Self {
        Self { layers, failures: Vec::new() }
    }

    /// What the highest layer that has the field says.
    pub(crate) fn find(&mut self, leaf: &Leaf<'_>, trail: &mut Trail) -> Slot {
        let hit = self.in_given(leaf, trail).or_else(|| match leaf.field.kind {
            Kind::Secret(_) => leaf.sources().find_map(|source| self.in_source(source, leaf, trail)),
            _ => self.in_env(leaf, None, trail).or_else(|| self.in_dotenv(leaf, None, trail)),
        });
        match hit {
            None => Slot::Unset,
            Some(Ok(slot)) => slot,
            Some(Err(fault)) => {
                self.failures.push(Failure { at: leaf.at, fault });
                Slot::Failed
            }
        }
    }

    fn in_source(&mut self, source: &'static Source, leaf: &Leaf<'_>, trail: &mut Trail) -> Option<Hit> {
        match source.kind {
            "env" => self.in_env(leaf, source.name, trail).or_else(|| self.in_dotenv(leaf, source.name, trail)),
            "dotenv" => self.in_dotenv(leaf, source.name, trail),
            kind => {
                trail.note(kind, source.name.unwrap_or_default(), Outcome::NotBuiltIn);
                None
            }
        }
    }

    /// Values given in code, the last one first.
    fn in_given(&mut self, leaf: &Leaf<'_>, trail: &mut Trail) -> Option<Hit> {
        if self.layers.given.is_empty() {
            return None;
        }
        let path = leaf.path();
        let mut given = self.layers.given.iter().rev();
        let value = given.find_map(|(name, value)| {
            if *name == path || name == leaf.variable {
                return Some(value);
            }
            let rest = path.strip_prefix(name.as_str())?.strip_prefix('.')?;
            rest.split('.').try_fold(value, |value, key| value.get(key))
        })?;
        self.take_tree(value, leaf, "set", &path, trail)
    }

    /// The process environment: the field's variables, then the JSON variables of the structs around it.
    fn in_env(&mut self, leaf: &Leaf<'_>, other: Option<&'static str>, trail: &mut Trail) -> Option<Hit> {
        let layers = self.layers;
        let own = asked(leaf, other, |name| match layers.env.get(name) {
            None => {
                if trail.is_written() {
                    layers.note_not_set(name, &names::claimed(layers.schema), trail);
                }
                None
            }
            Some(value) => take_variable(value, leaf, name, trail),
        });
        own.or_else(|| self.in_json(leaf, 0, "env", trail))
    }

    /// The .env files as one layer, the later over the earlier.
    fn in_dotenv(&mut self, leaf: &Leaf<'_>, other: Option<&'static str>, trail: &mut Trail) -> Option<Hit> {
        let layers = self.layers;
        let own = asked(leaf, other, |name| {
            let files = layers.dotenv();
            let Some(hit) = files.lookup(name) else {
                if trail.is_written() {
                    layers.note_no_key(name, &names::claimed(layers.schema), trail);
                }
                return layers.is_broken(name).then_some(Ok(Slot::Failed));
            };
            let place = layers.place_in_dotenv(hit);
            let expand = leaf.field.secret().is_none_or(|secret| secret.expand);
            if !(expand && files.has_references(hit)) {
                return take_text(files.literal(hit), leaf, ".env", &place, trail);
            }
            match files.expanded(hit, &|name| layers.env.text(name)) {
                Ok(text) => take_text(&text, leaf, ".env", &place, trail),
                Err(error) => {
                    trail.location = Some(place);
                    Some(Err(Fault::Expansion(error.kind.to_string())))
                }
            }
        });
        own.or_else(|| self.in_json(leaf, 1, ".env", trail))
    }

    /// The JSON variables of the structs around the field, the innermost first.
    fn in_json(&mut self, leaf: &Leaf<'_>, layer: usize, name: &'static str, trail: &mut Trail) -> Option<Hit> {
        leaf.scopes.iter().rev().find_map(|scope| {
            let variable = leaf.json_variable(scope)?;
            match scope.json[layer].get_or_init(|| self.json_object(scope, variable, layer)) {
                JsonVariable::Unset => None,
                JsonVariable::Broken => Some(Ok(Slot::Failed)),
                JsonVariable::Object(object) => {
                    let value = leaf.keys_below(scope).try_fold(object, |tree, key| tree.get(key))?;
                    self.take_tree(value, leaf, name, variable, trail)
                }
            }
        })
    }

    fn json_object(&mut self, scope: &Scope, variable: &str, layer: usize) -> JsonVariable {
        let text = match layer {
            0 => match self.layers.env.get(variable).map(OsString::into_string) {
                Some(Err(_)) => return self.broken(scope, Fault::NotUtf8),
                text => text.and_then(Result::ok).map(zeroize::Zeroizing::new),
            },
            _ => {
                let files = self.layers.dotenv();
                files.lookup(variable).map(|hit| zeroize::Zeroizing::new(files.literal(hit).to_owned()))
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
        self.broken(scope, fault)
    }

    fn broken(&mut self, scope: &Scope, fault: Fault) -> JsonVariable {
        self.failures.push(Failure { at: scope.at, fault });
        JsonVariable::Broken
    }

    fn take_tree(
        &self,
        value: &Tree,
        leaf: &Leaf<'_>,
        layer: &'static str,
        place: &str,
        trail: &mut Trail,
    ) -> Option<Hit> {
        match value {
            Tree::Null => None,
            Tree::Text(text) => take_text(text, leaf, layer, place, trail),
            other => {
                trail.note(layer, place, Outcome::Found);
                Some(match leaf.field.kind {
                    Kind::Secret(_) => Err(Fault::Secret("a secret is given as text")),
                    _ => Ok(Slot::Tree(other.clone())),
                })
            }
        }
    }
}

/// Asks for the name that the source gives, or for each of the field's own in turn.
fn asked(leaf: &Leaf<'_>, other: Option<&str>, mut ask: impl FnMut(&str) -> Option<Hit>) -> Option<Hit> {
    match other {
        Some(name) => ask(name),
        None => leaf.names().find_map(ask),
    }
}

/// Why a text counts as unset, if it does.
fn passed_over(text: &str, leaf: &Leaf<'_>) -> Option<Outcome> {
    if text.is_empty() && !leaf.field.allow_empty {
        return Some(Outcome::Empty);
    }
    let secret = leaf.field.secret()?;
    is_placeholder(text, secret.placeholders).then_some(Outcome::Placeholder)
}

fn take_variable(value: OsString, leaf: &Leaf<'_>, name: &str, trail: &mut Trail) -> Option<Hit> {
    let Ok(text) = value.into_string() else {
        trail.note("env", name, Outcome::NotUtf8);
        return Some(Err(Fault::NotUtf8));
    };
    let passed = passed_over(&text, leaf);
    // The one copy of the value moves on: into the field's type, or into the secret's box.
    let slot = match leaf.field.kind {
        Kind::Secret(_) => Slot::Secret(secret_string(text)),
        _ => Slot::Text(text),
    };
    match passed {
        Some(outcome) => {
            trail.note("env", name, outcome);
            None
        }
        None => {
            trail.note("env", name, Outcome::Found);
            Some(Ok(slot))
        }
    }
}

fn take_text(text: &str, leaf: &Leaf<'_>, layer: &'static str, place: &str, trail: &mut Trail) -> Option<Hit> {
    if let Some(outcome) = passed_over(text, leaf) {
        trail.note(layer, place, outcome);
        return None;
    }
    trail.note(layer, place, Outcome::Found);
    if layer == ".env" && trail.is_written() {
        trail.location = Some(place.to_owned());
    }
    Some(Ok(match leaf.field.kind {
        Kind::Secret(_) => Slot::Secret(SecretString::from(text)),
        _ => Slot::Text(text.to_owned()),
    }))
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
