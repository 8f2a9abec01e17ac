//! What another common tool would read otherwise: python-dotenv, docker compose or node's dotenv.

use std::fmt;

use super::document::{Binding, Document, Place, Quote};

/// A line that is read here, and read otherwise elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// Where the value begins, or the line where it has none.
    pub(crate) place: Place,
    pub(crate) key: Option<Box<str>>,
    pub(crate) kind: WarningKind,
}

/// Why the tools differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WarningKind {
    LoneWord,
    Hash,
    Backtick,
    BareDollar,
    Reference,
    ReferenceInSingleQuotes,
    Escape,
    LineEnding,
}

impl fmt::Display for WarningKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoneWord => "a word without = is skipped; python-dotenv declares it without a value",
            Self::Hash => "# without white space before it is part of the value; node's dotenv begins a comment there",
            Self::Backtick => "` is part of the value; node's dotenv takes it for a quote",
            Self::BareDollar => "$ is part of the value; docker compose expands it unless in single quotes",
            Self::Reference => "${..} is expanded, in a secret only with `expand`; node's dotenv keeps it as text",
            Self::ReferenceInSingleQuotes => "${..} in single quotes is text; python-dotenv expands it",
            Self::Escape => "not every tool reads this backslash alike",
            Self::LineEnding => "line ends within quotes become \\n; docker compose keeps the carriage return",
        })
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        match &self.key {
            Some(key) => write!(f, "line {line}, column {column}: {key}: {}", self.kind),
            None => write!(f, "line {line}, column {column}: {}", self.kind),
        }
    }
}

type Applies = fn(&Document, &Binding) -> bool;

const LINTS: [(WarningKind, Applies); 7] = [
    (WarningKind::Hash, |file, binding| binding.quote() == Quote::None && file.written(binding).contains('#')),
    (WarningKind::Backtick, |file, binding| binding.quote() == Quote::None && file.written(binding).starts_with('`')),
    (WarningKind::BareDollar, |file, binding| file.dollars(binding, 0).count() > file.references(binding, 0).count()),
    (WarningKind::Reference, |file, binding| file.references(binding, 0).next().is_some()),
    (WarningKind::ReferenceInSingleQuotes, |file, binding| {
        binding.quote() == Quote::Single && file.written(binding).contains("${")
    }),
    (WarningKind::Escape, |file, binding| has_disputed_escape(file.written(binding), binding.quote())),
    (WarningKind::LineEnding, |file, binding| {
        matches!(binding.quote(), Quote::Single | Quote::Double) && file.written(binding).contains('\r')
    }),
];

/// The warnings of a file, in the order of its lines. Lines behind a broken quote have none.
pub(super) fn warnings(document: &Document) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = Vec::new();
    for binding in document.certain_bindings() {
        let found = LINTS.iter().filter(|(_, applies)| applies(document, binding));
        warnings.extend(found.map(|&(kind, _)| Warning {
            place: binding.place(),
            key: Some(document.key(binding).into()),
            kind,
        }));
    }
    let words = document.lone_words().iter();
    warnings.extend(words.map(|&place| Warning { place, key: None, kind: WarningKind::LoneWord }));
    warnings.sort_by_key(|warning| warning.place);
    warnings
}

/// Whether a backslash stands before a character that some tools give a meaning there, and others do not.
///
/// In double quotes that is all but `\n` and `\r`, which all know, and what none knows.
fn has_disputed_escape(written: &str, quote: Quote) -> bool {
    let disputed: &[u8] = match quote {
        Quote::None => return false,
        #[cfg(feature = "dotenvy")]
        Quote::Dotenvy => return false,
        Quote::Single => b"'\\",
        Quote::Double => b"t\"\\$'abcfv0",
    };
    let mut bytes = written.bytes();
    while bytes.any(|b| b == b'\\') {
        if bytes.next().is_some_and(|escaped| disputed.contains(&escaped)) {
            return true;
        }
    }
    false
}
