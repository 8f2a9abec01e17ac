//! One problem of a load.

use super::{Code, Outcome};
use crate::secret::{escape, mask};

/// One problem: what is wrong with which field, where its value was looked for, and what would put it right.
///
/// No text of a problem holds a secret, and none holds a control character.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    secret: bool,
    path: String,
    variable: String,
    location: Option<String>,
    looked: Vec<Look>,
    expected: Option<String>,
    found: Option<String>,
    note: Option<String>,
    fixes: Vec<String>,
}

/// One place that a value was looked for in.
#[derive(Debug, Clone)]
pub struct Look {
    layer: &'static str,
    place: String,
    outcome: Outcome,
}

impl Problem {
    /// What it is; stable from version to version.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Whether the field is a secret.
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// The field with the structs that it stands in, `db.password`; empty when no single field is to blame.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The field's variable; empty when no single field is to blame.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// `file:line:column` of the text that is to blame.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// Where the value was looked for, highest layer first.
    pub fn looked(&self) -> &[Look] {
        &self.looked
    }

    /// What the value should be: `a whole number in 1024..=65535`.
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// What it is: the masked text in back-ticks, or for a secret a description that no part of it enters.
    pub fn found(&self) -> Option<&str> {
        self.found.as_deref()
    }

    /// Further sentences.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref().or_else(|| self.code.note())
    }

    /// Commands and changes any one of which puts it right.
    pub fn fixes(&self) -> &[String] {
        &self.fixes
    }

    /// A few words that name it: `missing secret`.
    pub fn title(&self) -> &'static str {
        self.code.title(self.secret)
    }

    /// A problem of a field whose values may be shown, or of no field.
    pub(crate) fn new(code: Code, path: &str, variable: &str) -> Self {
        Self {
            code,
            secret: false,
            path: clean(path),
            variable: clean(variable),
            location: None,
            looked: Vec::new(),
            expected: None,
            found: None,
            note: None,
            fixes: Vec::new(),
        }
    }

    /// A problem of a secret.
    pub(crate) fn of_secret(code: Code, path: &str, variable: &str) -> Self {
        Self { secret: true, ..Self::new(code, path, variable) }
    }

    pub(crate) fn at(mut self, location: &str) -> Self {
        self.location = Some(clean(location));
        self
    }

    pub(crate) fn looked_in(mut self, looked: Vec<Look>) -> Self {
        self.looked = looked;
        self
    }

    pub(crate) fn expect(mut self, expected: &str) -> Self {
        self.expected = Some(clean(expected));
        self
    }

    /// Describes what was found, in words that no part of a value enters.
    pub(crate) fn describe(mut self, found: &str) -> Self {
        self.found = Some(clean(found));
        self
    }

    /// Shows the value that was found, masked; of JSON, whose keys may be misspelt, what it is alone. A secret is not shown,
    /// whoever asks.
    pub(crate) fn show(mut self, value: &str) -> Self {
        if !self.secret {
            let text = value.trim_start();
            self.found = Some(match text.as_bytes().first() {
                Some(b'{') => "a JSON object".to_owned(),
                Some(b'[') if text.contains('"') => "a JSON list".to_owned(),
                _ => format!("`{}`", mask(value)),
            });
        }
        self
    }

    pub(crate) fn explain(mut self, note: &str) -> Self {
        self.note = Some(clean(note));
        self
    }

    /// The variable that the value should stand in, and the command that sets it.
    pub(crate) fn belongs_in(&mut self, variable: &str, fix: &str) {
        self.variable = clean(variable);
        self.fixes.push(clean(fix));
    }

    pub(crate) fn fix(mut self, fix: &str) -> Self {
        self.fixes.push(clean(fix));
        self
    }
}

impl Look {
    /// The layer or store: `env`, `.env`, `docker`, `azure`.
    pub fn layer(&self) -> &'static str {
        self.layer
    }

    /// The variable, file or name of a secret there.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What was found there.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    pub(crate) fn new(layer: &'static str, place: &str, outcome: Outcome) -> Self {
        Self { layer, place: clean(place), outcome }
    }
}

/// Text that cannot forge a line of a report or move a terminal's cursor.
fn clean(text: &str) -> String {
    escape(text).into_owned()
}
