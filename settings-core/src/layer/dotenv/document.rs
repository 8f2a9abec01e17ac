//! What a .env file holds: its bindings, where they stand, and its errors.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use super::{Dialect, parse};

/// A parsed .env file.
///
/// It owns the text of the file and, apart from it, the values whose escapes mean something else than what is written.
/// Both buffers are wiped when it is dropped, and neither ever grows, for growing leaves a copy behind.
#[derive(Default)]
pub(super) struct Document {
    pub(super) source: Zeroizing<String>,
    pub(super) unescaped: Zeroizing<String>,
    /// Where `unescaped` has a `$` that was written `\$`, ascending.
    pub(super) escaped_dollars: Vec<usize>,
    pub(super) bindings: Vec<Binding>,
    pub(super) lone_words: Vec<Place>,
    pub(super) errors: Vec<Error>,
    /// From which binding on keys may be pieces of a value, because a quote before them is broken.
    pub(super) doubtful_from: Option<usize>,
    /// Which bindings `dotenvy` expanded, and to what.
    #[cfg(feature = "dotenvy")]
    pub(super) expanded: Vec<(usize, super::dotenvy::Expanded)>,
}

/// `KEY=value`, as ranges of its document.
pub(super) struct Binding {
    pub(super) key: Range<usize>,
    /// The value as written, without the quotes.
    pub(super) written: Range<usize>,
    /// Where the value stands in `unescaped`, when it is not the one that is written.
    pub(super) unescaped: Option<Range<usize>>,
    pub(super) quote: Quote,
    pub(super) place: Place,
}

/// How a value is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    None,
    Single,
    Double,
    /// In whatever way `dotenvy` found.
    #[cfg(feature = "dotenvy")]
    Dotenvy,
}

/// A place in a file, counted from 1. Columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A line that cannot be read.
///
/// The place is where the value begins, or the line where it has none, so that nothing of a value can be told from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) place: Place,
    /// The key, where it is certain to be one.
    pub(crate) key: Option<Box<str>>,
    pub(crate) kind: ErrorKind,
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    UnterminatedQuote,
    TextAfterQuote,
    MissingEquals,
    BadKey,
    NotUtf8,
    Utf16,
    Nul,
    #[cfg(feature = "dotenvy")]
    Dotenvy,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnterminatedQuote => "unterminated quote",
            Self::TextAfterQuote => "text after closing quote",
            Self::MissingEquals => "missing =",
            Self::BadKey => "bad key",
            Self::NotUtf8 => "not UTF-8",
            Self::Utf16 => "not UTF-8: the file looks like UTF-16",
            Self::Nul => "NUL byte",
            #[cfg(feature = "dotenvy")]
            Self::Dotenvy => "dotenvy refuses the line",
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { line, column } = self.place;
        match &self.key {
            Some(key) => write!(f, "line {line}, column {column}: {key}: {}", self.kind),
            None => write!(f, "line {line}, column {column}: {}", self.kind),
        }
    }
}

impl Document {
    /// Parses all of a file in this dialect, past every line that is an error.
    pub(super) fn read(bytes: Zeroizing<Vec<u8>>, dialect: Dialect) -> Self {
        if looks_like_utf16(&bytes) {
            return Self::refused(1, ErrorKind::Utf16);
        }
        match dialect {
            Dialect::Own => parse::parse(bytes),
            #[cfg(feature = "dotenvy")]
            Dialect::Dotenvy { process } => Self::parse_by_dotenvy(bytes, process),
        }
    }

    /// A file of which nothing can be read, because of a line.
    pub(super) fn refused(line: u32, kind: ErrorKind) -> Self {
        Self { errors: vec![Error { place: Place { line, column: 1 }, key: None, kind }], ..Self::default() }
    }

    pub(super) fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The bindings whose keys are certain to be keys.
    pub(super) fn certain_bindings(&self) -> &[Binding] {
        &self.bindings[..self.doubtful_from.unwrap_or(self.bindings.len())]
    }

    /// The lines of one word without `=`, which are skipped.
    pub(super) fn lone_words(&self) -> &[Place] {
        &self.lone_words
    }

    pub(super) fn errors(&self) -> &[Error] {
        &self.errors
    }

    pub(super) fn key(&self, binding: &Binding) -> &str {
        &self.source[binding.key.clone()]
    }

    /// The value as written, without its quotes.
    pub(super) fn written(&self, binding: &Binding) -> &str {
        &self.source[binding.written.clone()]
    }

    /// The value, with its escapes resolved and its `${` left as they are.
    pub(super) fn text(&self, binding: &Binding) -> &str {
        match &binding.unescaped {
            Some(range) => &self.unescaped[range.clone()],
            None => self.written(binding),
        }
    }

    /// Where the text of `binding`, after its first `skip` bytes, has a `$` that is neither in single quotes nor escaped.
    pub(super) fn dollars(&self, binding: &Binding, skip: usize) -> impl Iterator<Item = usize> {
        let may_refer = matches!(binding.quote, Quote::None | Quote::Double);
        let text = if may_refer { &self.text(binding)[skip..] } else { "" };
        let buffer_at = binding.unescaped.as_ref().map(|range| range.start);
        let escaped =
            move |at| buffer_at.is_some_and(|start| self.escaped_dollars.binary_search(&(start + at)).is_ok());
        text.match_indices('$').map(move |(at, _)| skip + at).filter(move |&at| !escaped(at))
    }

    /// Those of the [`dollars`](Self::dollars) that begin a `${`.
    pub(super) fn references(&self, binding: &Binding, skip: usize) -> impl Iterator<Item = usize> {
        let text = self.text(binding).as_bytes();
        self.dollars(binding, skip).filter(|at| text.get(at + 1) == Some(&b'{'))
    }
}

impl Binding {
    pub(super) fn quote(&self) -> Quote {
        self.quote
    }

    /// Where the value begins, its quote included.
    pub(super) fn place(&self) -> Place {
        self.place
    }
}

/// A byte order mark, or every other byte of the first four NUL.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [1..=255, 0, 1..=255, 0, ..] | [0, 1..=255, 0, 1..=255, ..])
}
