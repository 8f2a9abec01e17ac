//! Where the value of one field is: its layers asked in order until one has it.

mod secret_files;
pub(crate) mod stores;

use std::cell::RefCell;
use std::env::VarError;
use std::ops::ControlFlow;

use figment::value::Value;
use zeroize::Zeroizing;

use super::elements::{self, Origin};
use super::names;
use super::shape::{Misfit, Wrong, misfits, spell, spell_elements};
use super::take;
use super::walk::{JsonVariable, Leaf, Scope};
use crate::layer::config_files::{self, Key};
use crate::layer::dotenv::Hit;
use crate::layer::{Layers, Trail};
use crate::report::Outcome;
use crate::schema::{Collection, Field, Kind, Source};
use crate::secret::looks_secret;
use crate::value::{Failure, Fault, Slot, Tree};

/// One field's way through the layers.
struct Search<'s, 'l> {
    layers: &'l Layers<'l>,
    leaf: &'s Leaf<'s>,
    /// Whether the field's own variable was asked for already, and has no value.
    asked: bool,
    /// Whether a place could not be read that may have the value.
    unknown: bool,
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
    let _ = Search { layers, leaf, asked, unknown: false, trail, found, failures }.all();
    slot
}

/// Goes a field's way once more and writes it down. What fails on the way has been told already.
pub(crate) fn retrace(layers: &Layers<'_>, leaf: &Leaf<'_>) -> (Slot, Trail) {
    walk_along(layers, leaf, Trail::written())
}

/// The same to the end of the way: through every layer, past the one that has the value.
pub(crate) fn retrace_to_the_end(layers: &Layers<'_>, leaf: &Leaf<'_>) -> (Slot, Trail) {
    walk_along(layers, leaf, Trail::to_the_end())
}

fn walk_along(layers: &Layers<'_>, leaf: &Leaf<'_>, mut trail: Trail) -> (Slot, Trail) {
    let mut slot = Slot::Unset;
    let (written, found, failures) = (&mut trail, &mut slot, &mut Vec::new());
    let _ = Search { layers, leaf, asked: false, unknown: false, trail: written, found, failures }.all();
    (slot, trail)
}

impl Search<'_, '_> {
    fn all(&mut self) -> Step {
        if !self.layers.given.is_empty() {
            self.in_given()?;
        }
        if self.leaf.field.secret().is_none() {
            self.in_env(None)?;
            self.in_dotenv(None)?;
            self.in_common_secret()?;
        } else {
            self.leaf.sources().try_for_each(|source| self.in_source(source))?;
        }
        self.in_config()?;
        // It is not known that there is no value.
        if self.unknown && self.is_first() { self.refuse(Fault::File) } else { Step::Continue(()) }
    }

    fn in_source(&mut self, source: &'static Source) -> Step {
        match source.kind {
            "env" => {
                self.in_env(source.name)?;
                self.in_dotenv(source.name)
            }
            "dotenv" => self.in_dotenv(source.name),
            layer @ ("docker" | "k8s") => self.in_secret_files(layer),
            "file" => self.in_named_file(source),
            _ => self.in_store(source),
        }
    }

    /// Values given in code, the last one first.
    fn in_given(&mut self) -> Step {
        let path = self.leaf.path();
        let mut given = self.layers.given.iter().enumerate().rev();
        let found = given.find_map(|(index, (name, value))| {
            if *name == path || self.leaf.names().any(|own| own == name) {
                return Some((index, value));
            }
            let rest = path.strip_prefix(name.as_str())?.strip_prefix('.')?;
            Some((index, rest.split('.').try_fold(value, |value, key| value.get(key))?))
        });
        let Some((index, value)) = found else { return Step::Continue(()) };
        self.take_tree(value, Place::Named(self.layers.of_given(index), &path))
    }

    /// The process environment: the field's variables, then the JSON variables of the structs around it.
    fn in_env(&mut self, other: Option<&'static str>) -> Step {
        if !(self.asked && other.is_none()) {
            self.in_variable(other.unwrap_or(self.leaf.variable))?;
        }
        if other.is_none() {
            self.by_alias(Self::in_variable)?;
        }
        self.in_json(0, "env")
    }

    /// Asks for the field's further names, in order.
    fn by_alias(&mut self, ask: fn(&mut Self, &str) -> Step) -> Step {
        self.leaf.field.aliases.iter().try_for_each(|alias| {
            let step = ask(self, alias.name);
            if step.is_break() && alias.deprecated {
                self.trail.deprecated = Some(alias.name);
            }
            step
        })
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
        taken.map_or(Step::Continue(()), |slot| self.end_unfolded(slot, Place::Named("env", name)))
    }

    /// The .env files as one layer, the later over the earlier.
    fn in_dotenv(&mut self, other: Option<&'static str>) -> Step {
        if !self.layers.has_dotenv() {
            return Step::Continue(());
        }
        self.in_key(other.unwrap_or(self.leaf.variable))?;
        if other.is_none() {
            self.by_alias(Self::in_key)?;
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
        let expand = self.leaf.field.secret().is_none_or(|secret| secret.expand) || files.always_expands(hit);
        if !(expand && files.has_references(hit)) {
            return self.take_text(files.literal(hit), Place::Dotenv(hit));
        }
        let references = RefCell::new(Vec::new());
        let expanded = files.expanded(hit, &|name| {
            references.borrow_mut().push(name.to_owned());
            layers.env.text(name)
        });
        if self.trail.is_written() && self.is_first() {
            self.trail.literal = Some(files.literal(hit).to_owned());
        }
        match expanded {
            Ok(text) => match references.into_inner().into_iter().find(|name| self.must_not_show(name)) {
                Some(secret) => {
                    self.trail.location = Some(layers.place_in_dotenv(hit));
                    self.refuse(Fault::RefersToSecret(secret))
                }
                None => self.take_text(&text, Place::Dotenv(hit)),
            },
            Err(error) => {
                self.trail.location = Some(layers.place_in_dotenv(hit));
                self.refuse(Fault::Expansion(error.kind.to_string()))
            }
        }
    }

    /// The config files and providers, which are the lowest layer.
    fn in_config(&mut self) -> Step {
        let Some(config) = self.layers.config() else { return Step::Continue(()) };
        let path = self.leaf.keys();
        let refused = self.leaf.field.secret().is_some_and(|secret| !secret.in_config_file);
        match config.get(&path) {
            Some(Value::Empty(..)) | None => {
                if self.trail.is_written() && !refused {
                    config.note_no_key(self.trail);
                }
                // The file that cannot be read is told of; that the field is missing may not be so.
                let untold = config.is_broken() && self.leaf.is_required() && !refused;
                if untold { self.end(Slot::Failed) } else { Step::Continue(()) }
            }
            Some(value) if refused && config.is_checked(value) => self.end(Slot::Failed),
            Some(value) if refused && config.is_in_file(value) => {
                let (_, place, _) = config.place(value, &path);
                self.refuse(Fault::InFile(place))
            }
            Some(value) => self.take_tree(&config_files::tree(value), Place::Config(value, &path)),
        }
    }

    /// Whether a plain field, which may be shown, refers by this name to what may not.
    fn must_not_show(&self, name: &str) -> bool {
        let plain = self.leaf.field.secret().is_none();
        plain && (looks_secret(name) || names::is_secret(self.layers.schema, name))
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
                        Some(value) => self.take_tree(value, Place::Named(name, variable)),
                        None => Step::Continue(()),
                    }
                }
            }
        })
    }

    fn json_object(&mut self, scope: &Scope, variable: &str, layer: usize) -> JsonVariable {
        let text = match layer {
            0 => match self.layers.env.get(variable) {
                Ok(text) => Some(Zeroizing::new(text)),
                Err(VarError::NotPresent) => None,
                Err(VarError::NotUnicode(_)) => return self.broken(scope, Fault::NotUtf8),
            },
            _ => {
                let files = self.layers.dotenv();
                files.lookup(variable).map(|hit| Zeroizing::new(files.literal(hit).to_owned()))
            }
        };
        let Some(text) = text.filter(|text| !text.is_empty()) else { return JsonVariable::Unset };
        let mut object = match serde_json::from_str(&text) {
            Ok(object @ Tree::Map(_)) => object,
            read => {
                let shown = !scope.schema.fields.iter().any(Field::holds_secrets);
                let at = read.err().filter(|_| shown).map(|error| (error.line(), error.column()));
                return self.broken(scope, Fault::NotJson { within: String::new(), at });
            }
        };
        spell(&mut object, scope.schema);
        let misfits = misfits(&object, scope.schema);
        if misfits.is_empty() {
            return JsonVariable::Object(object);
        }
        for Misfit { within, wrong } in misfits {
            self.broken(
                scope,
                match wrong {
                    Wrong::NoObject => Fault::NotJson { within, at: None },
                    Wrong::UnknownKey(nearest) => Fault::UnknownKey { within, nearest },
                },
            );
        }
        JsonVariable::Broken
    }

    fn broken(&mut self, scope: &Scope, fault: Fault) -> JsonVariable {
        self.failures.push(Failure { at: scope.at, fault });
        JsonVariable::Broken
    }

    fn take_text(&mut self, text: &str, place: Place<'_>) -> Step {
        let taken = take::text(text, self.leaf.field, self.layers.unchecked());
        if self.trail.is_written() {
            self.note_at(place, take::outcome(&taken));
        }
        taken.map_or(Step::Continue(()), |slot| self.end_unfolded(slot, place))
    }

    /// Ends with a text; what stands for a list or map of structs as text is JSON.
    fn end_unfolded(&mut self, slot: Slot, place: Place<'_>) -> Step {
        let (Kind::Collection(collection), Slot::Text(text)) = (&self.leaf.field.kind, &slot) else {
            return self.end(slot);
        };
        match serde_json::from_str(text) {
            // What stands within a text was not seen when the file's keys were checked.
            Ok(mut value) => {
                spell_elements(&mut value, collection);
                let origin = Origin { checked: false, strict: true, ..self.origin(place) };
                self.unfold(&value, collection, &origin)
            }
            Err(_) => self.refuse(elements::expected(collection)),
        }
    }

    fn unfold(&mut self, value: &Tree, collection: &'static Collection, origin: &Origin) -> Step {
        match elements::elements(value, collection, origin, self.layers.unchecked()) {
            Ok(elements) => self.end(Slot::Elements(elements.into())),
            Err(fault) => self.refuse(fault),
        }
    }

    /// What the place means for the elements that stand there.
    fn origin(&self, place: Place<'_>) -> Origin {
        match (place, self.layers.config()) {
            (Place::Config(value, path), Some(config)) => Origin {
                checked: config.is_checked(value),
                strict: false,
                file: config.is_in_file(value).then(|| config.place(value, path).1),
            },
            _ => Origin { strict: true, ..Origin::default() },
        }
    }

    fn note_at(&mut self, place: Place<'_>, outcome: Outcome) {
        let (layer, shown, is_line) = place.shown(self.layers);
        let is_found = outcome == Outcome::Found;
        self.trail.note(layer, &shown, outcome);
        if is_found && is_line && self.is_first() {
            self.trail.location = Some(shown);
            self.trail.is_in_config = matches!(place, Place::Config(..));
        }
    }

    fn take_tree(&mut self, value: &Tree, place: Place<'_>) -> Step {
        match value {
            Tree::Null => Step::Continue(()),
            Tree::Text(text) => self.take_text(text, place),
            other => {
                if self.trail.is_written() {
                    self.note_at(place, Outcome::Found);
                }
                match &self.leaf.field.kind {
                    Kind::Collection(collection) => self.unfold(other, collection, &self.origin(place)),
                    Kind::Secret(_) => self.refuse(Fault::Secret("a secret is given as text")),
                    _ => self.end(Slot::Tree(Box::new(other.clone()))),
                }
            }
        }
    }

    /// Ends with what was found, or goes on to what it hides.
    fn end(&mut self, slot: Slot) -> Step {
        if self.is_first() {
            *self.found = slot;
        } else {
            self.trail.hidden.push(slot);
        }
        if self.trail.goes_on { Step::Continue(()) } else { Step::Break(()) }
    }

    /// Whether no higher layer has the field.
    fn is_first(&self) -> bool {
        matches!(self.found, Slot::Unset)
    }

    fn refuse(&mut self, fault: Fault) -> Step {
        self.failures.push(Failure { at: self.leaf.at, fault });
        self.end(Slot::Failed)
    }
}

/// Where a value was found.
#[derive(Clone, Copy)]
enum Place<'p> {
    Dotenv(Hit),
    Config(&'p Value, &'p [Key<'p>]),
    Named(&'static str, &'p str),
}

impl Place<'_> {
    /// The layer, the place in it, and whether that is a line of a file.
    fn shown(&self, layers: &Layers<'_>) -> (&'static str, String, bool) {
        match *self {
            Self::Dotenv(hit) => (".env", layers.place_in_dotenv(hit), true),
            Self::Named(layer, place) => (layer, place.to_owned(), false),
            Self::Config(value, path) => match layers.config() {
                Some(config) => config.place(value, path),
                None => ("file", String::new(), false),
            },
        }
    }
}
