//! The remote stores: a field's question to one, and what its answer means for the field.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Place, Search, Step};
use crate::layer::stores::Ask;
use crate::layer::{FromStore, Layers};
use crate::report::Outcome;
use crate::resolve::take;
use crate::resolve::walk::{self, Leaf, walk};
use crate::schema::{Argument, Source};
use crate::store::kind::{self, Config, Kind};
use crate::store::{Secret, SecretKey, SecretStore, StoreError, StoreErrorKind};
use crate::value::Fault;

/// A store that can be asked, or why there is none.
enum Target {
    Store(Arc<dyn SecretStore>),
    /// It would be asked if more were known: what is missing.
    NotConfigured(Cow<'static, str>),
    /// It cannot be opened as it is configured.
    Closed(StoreError),
    /// The program is built without it.
    NotBuiltIn {
        configured: bool,
    },
    /// The program registers none by this name.
    Unregistered,
}

impl Search<'_, '_> {
    /// The store that the source names.
    pub(super) fn in_store(&mut self, source: &'static Source) -> Step {
        let (layers, leaf) = (self.layers, self.leaf);
        let name = name(source);
        let key = key(leaf, source, layers.profile());
        let kind = kind::find(name);
        match target(source, name, kind, &key, layers) {
            Target::Store(store) => {
                let ask = Ask { store: name, key };
                let place = self.trail.is_written().then(|| store.place(&ask.key));
                if self.trail.is_written() {
                    self.trail.fixes.extend(store.fix(&ask.key));
                }
                let place = place.unwrap_or_default();
                match layers.stores.answer(&ask, &store) {
                    Some(Ok(secret)) => self.take_secret(secret, ask, store, &place),
                    Some(Err(error)) => self.note_refusal(error, name, &place),
                    // The search is gone once more when the answer is there.
                    None if self.trail.goes_on => Step::Continue(()),
                    None => Step::Break(()),
                }
            }
            Target::NotConfigured(missing) => {
                self.note_unasked(kind, name, &key, Outcome::NotConfigured(missing));
                Step::Continue(())
            }
            Target::Closed(error) => {
                let place = self.unasked_place(kind, &key);
                self.note_refusal(&error, name, &place)
            }
            Target::NotBuiltIn { configured } => {
                self.note_unasked(kind, name, &key, Outcome::NotBuiltIn);
                if configured { self.refuse(Fault::NotBuiltIn(name)) } else { Step::Continue(()) }
            }
            Target::Unregistered => {
                let missing = format!("no `loader().store(\"{name}\", ..)`");
                self.note_unasked(kind, name, &key, Outcome::NotConfigured(missing.into()));
                // A mock registers no stores, and asks none.
                if layers.of_mock() { Step::Continue(()) } else { self.refuse(Fault::NotRegistered(name)) }
            }
        }
    }

    /// The one secret that holds the plain fields of a nested struct too.
    pub(super) fn in_common_secret(&mut self) -> Step {
        let sources = self.leaf.common_secret().unwrap_or_default();
        sources.iter().filter(is_store).try_for_each(|source| self.in_store(source))
    }

    fn note_unasked(&mut self, kind: Option<&Kind>, name: &'static str, key: &SecretKey, outcome: Outcome) {
        let place = self.unasked_place(kind, key);
        self.trail.note(name, &place, outcome);
    }

    /// Where the secret would be, as far as the configuration tells; empty where nobody reads it.
    fn unasked_place(&self, kind: Option<&Kind>, key: &SecretKey) -> String {
        if !self.trail.is_written() {
            return String::new();
        }
        let place = kind.map(|kind| self.layers.with_config(|config| (kind.place)(key, config)));
        place.unwrap_or_else(|| key.to_string())
    }

    fn note_refusal(&mut self, error: &StoreError, name: &'static str, place: &str) -> Step {
        self.trail.note(name, place, Outcome::from(error));
        match error.kind() {
            StoreErrorKind::Malformed => self.refuse(Fault::Store(error.note().to_owned())),
            StoreErrorKind::Denied | StoreErrorKind::Unreachable | StoreErrorKind::Misconfigured => {
                self.unknown = true;
                Step::Continue(())
            }
            StoreErrorKind::NotFound | StoreErrorKind::NotConfigured => Step::Continue(()),
        }
    }

    fn take_secret(&mut self, secret: &Secret, ask: Ask, store: Arc<dyn SecretStore>, place: &str) -> Step {
        let name = ask.store;
        let taken = take::stored(&secret.value, self.leaf.field, self.layers.unchecked());
        if self.trail.is_written() {
            if taken.is_ok() && self.is_first() {
                let (version, created) = (secret.version.clone(), secret.created);
                self.trail.from_store = Some(FromStore { store, ask, version, created });
            }
            self.trail.note(name, place, take::outcome(&taken));
        }
        match taken {
            Ok(slot) => self.end_unfolded(slot, Place::Named(name, place)),
            Err(take::Unfit::NotUtf8) => self.refuse(Fault::NotUtf8),
            Err(take::Unfit::Empty | take::Unfit::Placeholder) => Step::Continue(()),
        }
    }
}

/// The first store of the field's sources that can be asked, and what the field is called there.
pub(crate) fn first_store(
    layers: &Layers<'_>,
    leaf: &Leaf<'_>,
) -> Option<(&'static str, SecretKey, Arc<dyn SecretStore>)> {
    leaf.sources().filter(is_store).find_map(|source| {
        let (name, key) = (name(source), key(leaf, source, layers.profile()));
        match target(source, name, kind::find(name), &key, layers) {
            Target::Store(store) => Some((name, key, store)),
            _ => None,
        }
    })
}

/// The stores that the field's sources name.
pub(crate) fn stores<'l>(leaf: &'l Leaf<'_>) -> impl Iterator<Item = &'static str> + 'l {
    leaf.sources().chain(leaf.common_secret().unwrap_or_default()).filter(is_store).map(name)
}

/// Whether it is no place of this machine that has a search of its own.
fn is_store(source: &&'static Source) -> bool {
    !matches!(source.kind, "env" | "dotenv" | "docker" | "k8s" | "file")
}

/// What the store is called in reports, and registered by.
fn name(source: &'static Source) -> &'static str {
    if source.kind == "store" { source.name.unwrap_or_default() } else { source.kind }
}

/// Where the field's secret is in the store of this source, whatever configures the store; for documentation.
pub(crate) fn documented_place(leaf: &Leaf<'_>, source: &'static Source) -> Option<String> {
    let kind = kind::find(name(source))?;
    let config = Config { read: &|_| None, isolated: true };
    Some((kind.place)(&key(leaf, source, None), &config))
}

/// What the field asks the store of this source for, whatever the profile is; for documentation.
pub(crate) fn documented_key(leaf: &Leaf<'_>, source: &'static Source) -> SecretKey {
    key(leaf, source, None)
}

/// What the field asks a store for.
fn key(leaf: &Leaf<'_>, source: &Source, profile: Option<&str>) -> SecretKey {
    let expand = |text: &str| match profile {
        Some(profile) => text.replace(PROFILE, profile),
        None => text.to_owned(),
    };
    let variable = leaf.variable;
    let own_key = match leaf.common_secret() {
        Some(_) => leaf.field.key(),
        None => variable.strip_prefix(leaf.root.env_prefix).filter(|rest| !rest.is_empty()).unwrap_or(variable),
    };
    let path = leaf.path();
    let path = if path.is_empty() { variable.to_ascii_lowercase() } else { path };
    let mut key = SecretKey {
        name: source.name.filter(|_| source.kind != "store").map(expand),
        args: Vec::new(),
        kebab: path.replace(['_', '.'], "-"),
        own_key: own_key.to_owned(),
        shared: source.name.is_some() && source.kind != "store" && others_have(leaf, source),
        siblings: source.name.is_none() && others_have(leaf, source),
        of_struct: leaf.common_secret().is_some(),
    };
    key.take_args(source.args, &expand);
    key
}

/// Stands in a name for the profile.
const PROFILE: &str = "{profile}";

/// Whether another field has the same source.
fn others_have(leaf: &Leaf<'_>, source: &Source) -> bool {
    // `key` and `raw` say what of the secret is meant, all other arguments say which secret it is.
    let which = |source: &Source| -> Vec<Argument> {
        source.args.iter().filter(|argument| !matches!(argument.name, "key" | "raw")).copied().collect()
    };
    let same = |other: &Source| other.kind == source.kind && other.name == source.name && which(other) == which(source);
    let mut shared = false;
    walk(leaf.root, &mut |step| match step {
        walk::Step::Field(other) if other.at != leaf.at && !shared => {
            let common = other.common_secret().is_some_and(|sources| sources.iter().any(same));
            shared = common || (other.field.secret().is_some() && other.sources().any(same));
        }
        _ => {}
    });
    shared
}

fn target(
    source: &Source,
    name: &'static str,
    kind: Option<&'static Kind>,
    key: &SecretKey,
    layers: &Layers<'_>,
) -> Target {
    let profile_is_missing = layers.profile().is_none() && source.name.is_some_and(|name| name.contains(PROFILE));
    if profile_is_missing {
        return Target::NotConfigured("its name holds `{profile}`, and no profile is set".into());
    }
    if let Some(store) = layers.stores.registered.get(name) {
        return Target::Store(Arc::clone(store));
    }
    let Some(kind) = kind.filter(|_| source.kind != "store") else {
        return if source.kind == "store" { Target::Unregistered } else { Target::NotBuiltIn { configured: false } };
    };
    // What the struct alone names, a loader without the struct's own places leaves out.
    if kind.variables.is_empty() && layers.hermetic() {
        return Target::NotConfigured("the loader is hermetic".into());
    }
    layers.with_config(|config| match (kind.configured)(key, config) {
        configured if kind.open.is_none() => Target::NotBuiltIn { configured: configured.is_ok() },
        Err(missing) => Target::NotConfigured(missing),
        Ok(()) => match kind::open(kind, config) {
            Some(Ok(store)) => Target::Store(store),
            Some(Err(error)) => Target::Closed(error),
            None => Target::NotBuiltIn { configured: true },
        },
    })
}
