//! A new value for a secret, written to the store that has it.

use std::sync::Arc;

use super::{deadline, one_secret::with_leaf, passes};
use crate::layer::{Layers, Places};
use crate::plan;
use crate::report::{Code, Look, Outcome, Problem, Report, Task, Warning};
use crate::resolve::diagnose;
use crate::resolve::find::stores::first_store;
use crate::resolve::find::{find, retrace};
use crate::resolve::names;
use crate::resolve::walk::Leaf;
use crate::secret::{ExposeSecret, SecretString, is_placeholder};
use crate::store::{SecretKey, SecretStore, StoreErrorKind};
use crate::value::{Blueprint, check_secret};

/// Where the new value goes.
struct Target {
    store: Arc<dyn SecretStore>,
    name: &'static str,
    key: SecretKey,
    path: String,
    variable: String,
    hidden: Option<Warning>,
}

/// What was written.
pub(crate) struct Written {
    /// The field.
    pub(crate) path: String,
    variable: String,
    /// The store, and the place in it.
    name: &'static str,
    place: String,
    /// That a local value goes on hiding it.
    pub(crate) hidden: Option<Warning>,
}

impl Written {
    /// What a report on settings that do not load with it has to say besides.
    pub(crate) fn warning_of_failure(&self) -> Warning {
        let text = format!("was written to {}; what is cached is what it was before", self.name);
        Warning::new(&self.variable, &self.place, &text)
    }

    /// The report on settings that loaded with another value.
    pub(crate) fn reads_otherwise(&self, settings: &'static str) -> Report {
        let note = "The new value was written, and another one was read back: another writer was faster, or the source \
                    names another version.";
        let problem = Problem::of_secret(Code::Invalid, &self.path, &self.variable)
            .looked_in(vec![Look::new(self.name, &self.place, Outcome::Found)])
            .explain(note);
        Report::new(settings, Task::Rotate, vec![problem])
    }
}

/// Holds the value to the field's rules and writes it to the store that supplied the current one. Where a local layer did,
/// that is the first store of the field's `source` that is configured, with a warning that the local value goes on hiding
/// it.
pub(crate) async fn rotate<S: Blueprint>(places: &Places, name: &str, value: SecretString) -> Result<Written, Report> {
    if let Some(unknown) = names::unknown_typed(S::SCHEMA, name) {
        return Err(Report::new(S::SCHEMA.name, Task::Rotate, vec![unknown]));
    }
    let search = |layers: &Layers<'_>| {
        with_leaf(layers, name, |leaf| {
            let _ = find(layers, leaf, false, &mut Vec::new());
        });
    };
    let target = |layers: &Layers<'_>, ()| with_leaf(layers, name, |leaf| target(layers, leaf, &value));
    let target = passes::<S, _, _>(places, Task::Rotate, search, target).await?;
    let Target { store, name, key, path, variable, hidden } = target;
    let place = store.place(&key);
    let Err(error) = plan::put(Arc::clone(&store), key.clone(), value, deadline(places)).await else {
        return Ok(Written { path, variable, name, place, hidden });
    };
    let note = match error.is_read_only() {
        true => {
            "This store only reads. Write the new value by the store's own tools; what readers get has not changed."
        }
        false => "The new value was not written; what readers get has not changed.",
    };
    let code = match error.kind() {
        _ if error.is_read_only() => Code::ReadOnlyStore,
        StoreErrorKind::Denied => Code::Denied,
        StoreErrorKind::Unreachable => Code::Unreachable,
        StoreErrorKind::Misconfigured => Code::StoreMisconfigured,
        StoreErrorKind::NotConfigured | StoreErrorKind::NotFound => Code::StoreUnavailable,
        StoreErrorKind::Malformed => Code::Invalid,
    };
    let problem = Problem::of_secret(code, &path, &variable)
        .looked_in(vec![Look::new(name, &place, Outcome::from(&error))])
        .explain(note);
    Err(Report::new(S::SCHEMA.name, Task::Rotate, vec![problem]))
}

fn target(layers: &Layers<'_>, leaf: &Leaf<'_>, value: &SecretString) -> Result<Target, Report> {
    let refuse = |problem| Err(Report::new(layers.schema.name, Task::Rotate, vec![problem]));
    let (path, variable) = (leaf.path(), leaf.variable.to_owned());
    let problem = |code| Problem::of_secret(code, &path, &variable);
    let Some(rules) = leaf.field.secret() else {
        return refuse(Problem::new(Code::UnknownField, &path, &variable).explain(&format!(
            "`{path}` is no secret, and only secrets are rotated. Give its new value where it is set."
        )));
    };
    let text = value.expose_secret(); // EXPOSE: held to its rules, which say nothing of it
    if text.is_empty() {
        return refuse(problem(Code::Empty).explain("The new value is empty."));
    }
    if is_placeholder(text, rules.placeholders) {
        return refuse(problem(Code::Placeholder).explain("The new value is the text of a template."));
    }
    if let Some(fault) = check_secret(value, leaf.field) {
        return refuse(diagnose::of_new_value(&fault, leaf));
    }
    let (_, mut trail) = retrace(layers, leaf);
    if let Some(from) = trail.from_store.take() {
        let (store, name, key) = (from.store, from.ask.store, from.ask.key);
        return Ok(Target { store, name, key, path, variable, hidden: None });
    }
    let holder = trail.looked().iter().find(|look| *look.outcome() == Outcome::Found);
    let hidden = holder.map(|look| {
        let text = format!("goes on hiding what was written: {} has a value too, and is asked first", look.layer());
        Warning::new(&variable, look.place(), &text)
    });
    match first_store(layers, leaf) {
        Some((name, key, store)) => Ok(Target { store, name, key, path, variable, hidden }),
        None => {
            let note = "No store of its `source` is configured, so there is nowhere to write the new value to.";
            refuse(problem(Code::StoreUnavailable).looked_in(trail.into_looked()).explain(note))
        }
    }
}
