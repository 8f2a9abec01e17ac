//! Where every value comes from.

use std::fmt;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::layer::{InForce, Layers};
use crate::report::{Look, Outcome};
use crate::resolve::find::retrace_to_the_end;
use crate::resolve::find::stores::stores;
use crate::resolve::walk::{Leaf, Step, walk};
use crate::schema::{DefaultValue, Schema};
use crate::secret::{REDACTED, mask};
use crate::table::{self, Cell, Column, Cut, Table};
use crate::tone::{Tone, plain};
use crate::value::{Failure, Fault, Slot};

/// Where every field's value comes from, by [`Loader::explain`](crate::Loader::explain). Its `Display` is a table, which
/// `{:.80}` fits into 80 columns: values and the beginnings of paths are cut.
///
/// Values of plain fields are shown, masked and shortened; those of secrets never are.
///
/// ```
/// use settings_core::{SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[setting(default = 8080)]
///     port: u16,
///     openai_api_key: SecretString,
/// }
///
/// let explanation = Chat::loader().hermetic().env([("OPENAI_API_KEY", "sk-test-key")]).explain_blocking()?;
/// let key = &explanation.rows()[1];
/// assert_eq!((key.layer(), key.place(), key.value()), ("env", "OPENAI_API_KEY", "[REDACTED]"));
/// assert_eq!(explanation.rows()[0].layer(), "default");
/// # Ok::<(), settings_core::Report>(())
/// ```
#[derive(Debug, Clone)]
pub struct Explanation {
    settings: &'static str,
    rows: Vec<Row>,
    profile: Option<InForce>,
}

/// One field of an [`Explanation`].
#[derive(Debug, Clone)]
pub struct Row {
    path: String,
    variable: String,
    state: State,
    layer: &'static str,
    place: String,
    value: String,
    version: Option<String>,
    created: Option<SystemTime>,
    passed: Vec<Look>,
    shadowed: Vec<Shadow>,
}

/// What became of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A layer has its value.
    Set,
    /// No layer has it, and its default stands in.
    Default,
    /// No layer has it, and none has to.
    Unset,
    /// No layer has it, and the load fails for that.
    Missing,
    /// The value cannot be used, and the load fails for that.
    Invalid,
    /// No layer has it, and one that may have it could not be read: a store did not answer or refused, or a file is
    /// unreadable. The load fails for that.
    Unchecked,
}

impl State {
    /// One word, as the JSON form has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Default => "default",
            Self::Unset => "unset",
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Unchecked => "unchecked",
        }
    }

    /// The same for readers, as reports say it.
    pub(crate) fn words(self) -> &'static str {
        if self == Self::Unchecked { "could not be checked" } else { self.as_str() }
    }

    pub(crate) fn tone(self) -> Tone {
        match self {
            Self::Set => Tone::Good,
            Self::Default | Self::Unset => Tone::Faint,
            Self::Missing | Self::Invalid | Self::Unchecked => Tone::Bad,
        }
    }
}

/// A value that a higher layer hides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadow {
    layer: &'static str,
    place: String,
}

impl Shadow {
    /// The layer that has it.
    pub fn layer(&self) -> &'static str {
        self.layer
    }

    /// The variable, or the file with line and column.
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl Row {
    /// The field with the structs that it stands in, `db.password`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The field's variable.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// What became of it.
    pub fn state(&self) -> State {
        self.state
    }

    /// The layer that has the value: `env`, `.env`, `docker`, `file`, `set`, or `mock` for a mock's stand-in; where none
    /// has, the word of the state. Of a field that could not be checked it is the layer that could not be read.
    pub fn layer(&self) -> &'static str {
        self.layer
    }

    /// The variable, or the file with line and column; empty where no layer has the value. Of a field that could not be
    /// checked it is the place that could not be read.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The value as it may be shown: masked, at most 64 characters, `[REDACTED]` for a secret.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The version that the store calls the value, where it comes from one that tells.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// When that version was made, where the store tells.
    pub fn created(&self) -> Option<SystemTime> {
        self.created
    }

    /// The stores that stand before the value, or all where there is none, and why each does not have it: the search went
    /// past them.
    pub fn passed(&self) -> &[Look] {
        &self.passed
    }

    /// What the value hides in lower layers, the highest first.
    pub fn shadowed(&self) -> &[Shadow] {
        &self.shadowed
    }
}

impl Explanation {
    /// Goes the way of every field to its end, so that it shows what stores have to be asked.
    pub(crate) fn search(layers: &Layers<'_>) {
        walk(layers.schema, &mut |step| {
            if let Step::Field(leaf) = step {
                let _ = retrace_to_the_end(layers, leaf);
            }
        });
    }

    /// `failures` are those of a load from the same layers.
    pub(crate) fn new(schema: &'static Schema, layers: &Layers<'_>, failures: &[Failure]) -> Self {
        let (mut rows, mut open) = (Vec::new(), Vec::new());
        walk(schema, &mut |step| match step {
            Step::Enter(leaf) => open.push((rows.len(), leaf.field.optional)),
            Step::Field(leaf) => {
                let failure = failures.iter().find(|failure| failure.at == leaf.at);
                rows.push(row(leaf, layers, failure.map(|failure| &failure.fault)));
            }
            Step::Leave { .. } => {
                if let Some((first, true)) = open.pop() {
                    leave_out(rows.get_mut(first..).unwrap_or_default());
                }
            }
        });
        Self { settings: schema.name, rows, profile: layers.profile_in_force() }
    }

    /// One row for each field, in the struct's order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The profile and its files, in a sentence.
    pub(crate) fn profile(&self) -> Option<String> {
        self.profile.as_ref().map(InForce::sentence)
    }

    /// The same for programs. `profile` is the one in force, with the files that it may have. Names may be added in later versions.
    ///
    /// ```json
    /// {
    ///   "settings": "Chat",
    ///   "profile": {"name": "staging", "files": [{"file": "./.env.staging", "found": true}]},
    ///   "fields": [{
    ///     "path": "port",
    ///     "variable": "CHAT_PORT",
    ///     "state": "set",
    ///     "layer": "env",
    ///     "place": "CHAT_PORT",
    ///     "value": "9000",
    ///     "version": null,
    ///     "created": null,
    ///     "passed": [],
    ///     "shadowed": [{"layer": ".env", "place": "./.env:3:11"}]
    ///   }]
    /// }
    /// ```
    pub fn to_json(&self) -> Value {
        let fields = self.rows.iter().map(|row| {
            let shadowed = row.shadowed.iter().map(|Shadow { layer, place }| json!({ "layer": layer, "place": place }));
            json!({
                "path": row.path,
                "variable": row.variable,
                "state": row.state.as_str(),
                "layer": row.layer,
                "place": row.place,
                "value": row.value,
                "version": row.version,
                "created": row.created.map(|created| humantime::format_rfc3339_seconds(created).to_string()),
                "passed": row.passed.iter().map(Look::json).collect::<Vec<_>>(),
                "shadowed": shadowed.collect::<Vec<_>>(),
            })
        });
        let profile = self.profile.as_ref().map(InForce::json);
        json!({ "settings": self.settings, "profile": profile, "fields": fields.collect::<Vec<_>>() })
    }
}

fn row(leaf: &Leaf<'_>, layers: &Layers<'_>, fault: Option<&Fault>) -> Row {
    let (slot, mut trail) = retrace_to_the_end(layers, leaf);
    let literal = trail.literal.take();
    let from_store = trail.from_store.take();
    let created = from_store.as_ref().and_then(|from| from.created);
    let version = from_store.and_then(|from| from.version);
    let looked = trail.into_looked();
    let mut found = looked
        .iter()
        .filter(|look| *look.outcome() == Outcome::Found)
        .map(|look| Shadow { layer: look.layer(), place: look.place().to_owned() });
    let unread = looked.iter().find(|look| look.outcome().leaves_open());
    let state = match (&slot, fault, leaf.field.default) {
        (_, Some(Fault::Missing | Fault::File), _) if unread.is_some() => State::Unchecked,
        (_, Some(Fault::Missing), _) => State::Missing,
        (_, Some(_), _) | (Slot::Failed, ..) => State::Invalid,
        (Slot::Unset, None, DefaultValue::None) => State::Unset,
        (Slot::Unset, None, _) => State::Default,
        _ => State::Set,
    };
    let is_passed = |look: &&Look| stores(leaf).any(|store| store == look.layer());
    let before = looked.iter().take_while(|look| *look.outcome() != Outcome::Found);
    let passed = before.filter(is_passed).cloned().collect();
    let winner = match slot {
        _ if state == State::Unchecked => {
            unread.map(|look| Shadow { layer: look.layer(), place: look.place().to_owned() })
        }
        Slot::Unset | Slot::Failed => None,
        _ => found.next(),
    };
    let (layer, place) = winner.map_or((state.as_str(), String::new()), |winner| (winner.layer, winner.place));
    let value = match (slot, leaf.field.default) {
        (Slot::Secret(_) | Slot::Bytes(_), _) => REDACTED.to_string(),
        (Slot::Text(text), _) => mask(&literal.unwrap_or(text)),
        (Slot::Tree(tree), _) => mask(&tree.shown()),
        // They may hold secrets.
        (Slot::Elements(elements), _) => counted(elements.len()),
        (Slot::Unset, DefaultValue::Text(text) | DefaultValue::Code(text)) => mask(text),
        _ => String::new(),
    };
    let shadowed = found.collect();
    Row {
        path: leaf.path(),
        variable: leaf.variable.to_owned(),
        state,
        layer,
        place,
        value,
        version,
        created,
        passed,
        shadowed,
    }
}

/// An optional struct of which nothing is set is `None`: its defaults do not stand in.
fn leave_out(rows: &mut [Row]) {
    if rows.iter().any(|row| !matches!(row.state, State::Default | State::Unset)) {
        return;
    }
    for row in rows {
        row.state = State::Unset;
        row.layer = State::Unset.as_str();
        row.value.clear();
    }
}

fn counted(elements: usize) -> String {
    format!("{elements} element{}", if elements == 1 { "" } else { "s" })
}

/// A value takes no more room than this where nobody says how much there is; the place behind it is as long as it is.
const WIDEST_VALUE: usize = 28;

impl Explanation {
    /// One line for each field, and below it one for each store that the search went past, and for each value that it hides. Of a value
    /// no more than `widest` is shown.
    pub(crate) fn table(&self, widest: usize) -> Table<4> {
        let column = |head, least, cut| Column { head, least, cut };
        let mut rows = Vec::new();
        for row in &self.rows {
            let layer = match row.state {
                State::Invalid if row.layer != State::Invalid.as_str() => format!("{} (invalid)", row.layer),
                State::Unchecked => format!("{} ({})", row.layer, row.state.words()),
                _ => row.layer.to_owned(),
            };
            // Where there is no value, the variable tells what could be set.
            let place = if row.place.is_empty() { &row.variable } else { &row.place };
            let shown = if row.state == State::Set { Tone::Plain } else { Tone::Faint };
            let past = |look: &Look| format!("past {} {}: {}", look.layer(), look.place(), look.outcome().sentence());
            let over = |Shadow { layer, place }: &Shadow| format!("over {layer} {place}");
            rows.push(table::Row {
                cells: [
                    Cell::new(&row.path),
                    Cell::toned(shortened(&row.value, widest), shown),
                    Cell::toned(layer, row.state.tone()),
                    Cell::toned(place, shown),
                ],
                notes: row.passed.iter().map(past).chain(row.shadowed.iter().map(over)).collect(),
            });
        }
        Table {
            columns: [
                column("FIELD", 12, Cut::Start),
                column("VALUE", 10, Cut::End),
                column("LAYER", 15, Cut::End),
                column("PLACE", 24, Cut::Start),
            ],
            yielding: &[3, 1, 0, 2],
            rows,
            foot: self.profile(),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widest = if f.precision().is_some() { usize::MAX } else { WIDEST_VALUE };
        f.write_str(&self.table(widest).render(f.precision(), &plain))
    }
}

fn shortened(value: &str, widest: usize) -> String {
    match value.char_indices().nth(widest) {
        Some(_) => value.chars().take(widest - 1).chain(['…']).collect(),
        None => value.to_owned(),
    }
}
