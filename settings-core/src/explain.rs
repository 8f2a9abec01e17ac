//! Where every value comes from.

use std::fmt;

use serde_json::{Value, json};

use crate::layer::Layers;
use crate::report::Outcome;
use crate::resolve::find::retrace;
use crate::resolve::walk::{Leaf, Step, walk};
use crate::schema::{DefaultValue, Schema};
use crate::secret::{REDACTED, mask};
use crate::value::Slot;

/// Where every field's value comes from, by [`Loader::explain`](crate::Loader::explain). Its `Display` is a table.
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
}

/// One field of an [`Explanation`].
#[derive(Debug, Clone)]
pub struct Row {
    path: String,
    variable: String,
    layer: &'static str,
    place: String,
    value: String,
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

    /// The layer that has the value: `env`, `.env`, `set`, `default`; `unset` for an optional field that no layer has,
    /// `missing` for a required one, `invalid` where the value cannot be read.
    pub fn layer(&self) -> &'static str {
        self.layer
    }

    /// The variable, or the file with line and column.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The value as it may be shown: masked, at most 64 characters, `[REDACTED]` for a secret.
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl Explanation {
    pub(crate) fn new(schema: &'static Schema, layers: &Layers<'_>) -> Self {
        let mut rows = Vec::new();
        walk(schema, &mut |step| {
            if let Step::Field(leaf) = step {
                rows.push(row(leaf, layers));
            }
        });
        Self { settings: schema.name, rows }
    }

    /// One row for each field, in the struct's order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The same for programs: `{"settings": .., "fields": [{"path", "variable", "layer", "place", "value"}]}`.
    pub fn to_json(&self) -> Value {
        let fields = self.rows.iter().map(|row| {
            json!({
                "path": row.path,
                "variable": row.variable,
                "layer": row.layer,
                "place": row.place,
                "value": row.value,
            })
        });
        json!({ "settings": self.settings, "fields": fields.collect::<Vec<_>>() })
    }
}

fn row(leaf: &Leaf<'_>, layers: &Layers<'_>) -> Row {
    let (slot, mut trail) = retrace(layers, leaf);
    let literal = trail.literal.take();
    let place = trail
        .into_looked()
        .into_iter()
        .find(|look| *look.outcome() == Outcome::Found)
        .map(|look| (look.layer(), look.place().to_owned()));
    let (layer, place) = match (&slot, place, leaf.field.default) {
        (Slot::Unset, _, DefaultValue::None) if leaf.is_required() => ("missing", String::new()),
        (Slot::Unset, _, DefaultValue::None) => ("unset", String::new()),
        (Slot::Unset, ..) => ("default", String::new()),
        (Slot::Failed, ..) | (_, None, _) => ("invalid", String::new()),
        (_, Some(place), _) => place,
    };
    let value = match (slot, leaf.field.default) {
        (Slot::Secret(_) | Slot::Bytes(_), _) => REDACTED.to_string(),
        (Slot::Text(text), _) => mask(&literal.unwrap_or(text)),
        (Slot::Tree(tree), _) => mask(&tree.shown()),
        // They may hold secrets.
        (Slot::Elements(elements), _) => counted(elements.len()),
        (Slot::Unset, DefaultValue::Text(text) | DefaultValue::Code(text)) => mask(text),
        _ => String::new(),
    };
    Row { path: leaf.path(), variable: leaf.variable.to_owned(), layer, place, value }
}

fn counted(elements: usize) -> String {
    format!("{elements} element{}", if elements == 1 { "" } else { "s" })
}

/// A value takes no more room than this in the table; the place behind it is as long as it is.
const WIDEST_VALUE: usize = 28;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let titles = ["FIELD", "VALUE", "LAYER", "PLACE"].map(str::to_owned);
        let cells = |row: &Row| [row.path.clone(), shortened(&row.value), row.layer.to_owned(), row.place.clone()];
        let lines: Vec<_> = std::iter::once(titles).chain(self.rows.iter().map(cells)).collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
        let (paths, values, layers) = (width(0), width(1), width(2));
        for (index, [path, value, layer, place]) in lines.iter().enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            let line = format!("{path:paths$}  {value:values$}  {layer:layers$}  {place}");
            write!(f, "{line_break}{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(WIDEST_VALUE) {
        Some(_) => value.chars().take(WIDEST_VALUE - 1).chain(['…']).collect(),
        None => value.to_owned(),
    }
}
