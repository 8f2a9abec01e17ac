//! What `${NAME}` stands for.

use std::fmt;
use std::ops::{Deref, Range};

use zeroize::Zeroizing;

use super::files::{DotenvFiles, Hit};

/// How deep references may lead into each other, defaults counted.
const MAX_DEPTH: usize = 64;
/// The most bytes that may be read for one value: the text of each binding each time that it is referred to, and what
/// comes from the environment. It bounds the length of the value as well as the time.
const MAX_BYTES: usize = 1024 * 1024;

/// A value: a part of its file, or put together in a buffer that is wiped.
pub(crate) enum Text<'a> {
    Literal(&'a str),
    Expanded(Zeroizing<String>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Literal(text) => text,
            Self::Expanded(text) => text,
        }
    }
}

/// A reference that stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExpandError {
    /// The binding that is at fault, perhaps not the one that was asked for.
    pub(crate) hit: Hit,
    pub(crate) kind: ExpandErrorKind,
}

/// Why a reference stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExpandErrorKind {
    Unterminated,
    Malformed,
    /// `${NAME:?message}`, and this name is not set. The message is not shown, for it may hold anything.
    Required(Box<str>),
    /// The value of this name refers to itself.
    Cyclic(Box<str>),
    TooDeep,
    TooLarge,
    /// `dotenvy` expanded it by the process environment, which must not be read.
    #[cfg(feature = "dotenvy")]
    ByDotenvy,
}

impl fmt::Display for ExpandErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unterminated => f.write_str("unterminated ${"),
            Self::Malformed => f.write_str("malformed reference: ${ wants a name and then }, :-, -, :? or ?"),
            Self::Required(name) => write!(f, "required variable {name} is not set"),
            Self::Cyclic(name) => write!(f, "cyclic reference to {name}"),
            Self::TooDeep => write!(f, "references over {MAX_DEPTH} levels deep"),
            Self::TooLarge => f.write_str("references to over 1 MiB of text"),
            #[cfg(feature = "dotenvy")]
            Self::ByDotenvy => {
                f.write_str("dotenvy looks for references in the process environment, which this load does not read")
            }
        }
    }
}

impl DotenvFiles {
    /// The value, each `${` in it expanded: how a plain field is read.
    ///
    /// A name is looked for in `env`, then in the files. Undefined, it is the empty text, unless it is the binding's own.
    pub(crate) fn expanded(&self, hit: Hit, env: &dyn Fn(&str) -> Option<String>) -> Result<Text<'_>, ExpandError> {
        if !self.has_references(hit) {
            return Ok(Text::Literal(self.literal(hit)));
        }
        #[cfg(feature = "dotenvy")]
        if let Some(expanded) = self.expanded_by_dotenvy(hit) {
            return self.by_dotenvy(expanded, hit, env);
        }
        let mut expander =
            Expander { files: self, env, expanded: Zeroizing::default(), allowance: MAX_BYTES, within: Vec::new() };
        expander.binding(hit, 0)?;
        Ok(Text::Expanded(expander.expanded))
    }
}

struct Expander<'a> {
    files: &'a DotenvFiles,
    env: &'a dyn Fn(&str) -> Option<String>,
    expanded: Zeroizing<String>,
    /// How many more bytes may be read.
    allowance: usize,
    /// The bindings that are being expanded, each on behalf of the one before it.
    within: Vec<Hit>,
}

impl<'a> Expander<'a> {
    fn binding(&mut self, hit: Hit, depth: usize) -> Result<(), ExpandError> {
        if self.within.contains(&hit) {
            return Err(self.cycle(hit));
        }
        let text = self.files.literal(hit);
        self.spend(hit, text.len())?;
        self.within.push(hit);
        self.text(hit, 0..text.len(), depth)?;
        self.within.pop();
        Ok(())
    }

    /// Expands a part of the value of `hit`: all of it, or the default within a reference.
    fn text(&mut self, hit: Hit, range: Range<usize>, depth: usize) -> Result<(), ExpandError> {
        if depth > MAX_DEPTH {
            return Err(ExpandError { hit, kind: ExpandErrorKind::TooDeep });
        }
        let text = self.files.literal(hit);
        let mut done = range.start;
        for at in self.files.references(hit, range.start).take_while(|&at| at < range.end) {
            if at < done {
                // Within the reference before it.
                continue;
            }
            self.push(&text[done..at]);
            let reference = Reference::parse(self.files, hit, at).map_err(|kind| ExpandError { hit, kind })?;
            done = reference.end;
            self.reference(hit, reference, depth)?;
        }
        self.push(&text[done..range.end]);
        Ok(())
    }

    fn reference(&mut self, hit: Hit, reference: Reference<'a>, depth: usize) -> Result<(), ExpandError> {
        let start = self.expanded.len();
        let set = self.variable(hit, reference.name, depth)?;
        if set && !(reference.empty_is_unset && self.expanded.len() == start) {
            return Ok(());
        }
        match reference.otherwise {
            Otherwise::Empty if reference.name == self.files.key(hit) => Err(self.cycle(hit)),
            Otherwise::Empty => Ok(()),
            Otherwise::Default(range) => self.text(hit, range, depth + 1),
            Otherwise::Fail => Err(ExpandError { hit, kind: ExpandErrorKind::Required(reference.name.into()) }),
        }
    }

    /// Puts in the value of a variable, if it is set.
    fn variable(&mut self, hit: Hit, name: &str, depth: usize) -> Result<bool, ExpandError> {
        if let Some(value) = (self.env)(name).map(Zeroizing::new) {
            self.spend(hit, value.len())?;
            self.push(&value);
            return Ok(true);
        }
        match self.files.referent(name, hit) {
            Some(referent) => self.binding(referent, depth + 1).map(|()| true),
            None => Ok(false),
        }
    }

    fn cycle(&self, hit: Hit) -> ExpandError {
        ExpandError { hit, kind: ExpandErrorKind::Cyclic(self.files.key(hit).into()) }
    }

    fn spend(&mut self, hit: Hit, bytes: usize) -> Result<(), ExpandError> {
        let too_large = ExpandError { hit, kind: ExpandErrorKind::TooLarge };
        self.allowance = self.allowance.checked_sub(bytes).ok_or(too_large)?;
        Ok(())
    }

    /// Appends, and leaves no copy behind where the buffer is too small.
    fn push(&mut self, text: &str) {
        let length = self.expanded.len() + text.len();
        if length > self.expanded.capacity() {
            let mut larger = Zeroizing::new(String::with_capacity(2 * length));
            larger.push_str(&self.expanded);
            self.expanded = larger;
        }
        self.expanded.push_str(text);
    }
}

/// `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}` or `${NAME?message}`.
struct Reference<'a> {
    name: &'a str,
    empty_is_unset: bool,
    otherwise: Otherwise,
    /// Behind the closing brace.
    end: usize,
}

/// What a reference stands for when its variable is not set.
enum Otherwise {
    Empty,
    Default(Range<usize>),
    Fail,
}

impl<'a> Reference<'a> {
    /// Parses the reference that begins at `start` in the value of `hit`.
    fn parse(files: &'a DotenvFiles, hit: Hit, start: usize) -> Result<Self, ExpandErrorKind> {
        let text = files.literal(hit);
        let body = &text[start + 2..];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let name = &body[..body.find(|c| !is_name(c)).unwrap_or(body.len())];
        let rest = &body[name.len()..];
        let (operator, empty_is_unset) = match rest.strip_prefix(':') {
            Some(operator) => (operator, true),
            None => (rest, false),
        };
        let word = start + 2 + name.len() + usize::from(empty_is_unset) + 1;
        let close = |from| closing_brace(files, hit, from).ok_or(ExpandErrorKind::Unterminated);
        let (otherwise, end) = match operator.as_bytes().first() {
            None => return Err(ExpandErrorKind::Unterminated),
            Some(_) if name.is_empty() => return Err(ExpandErrorKind::Malformed),
            Some(b'}') if !empty_is_unset => (Otherwise::Empty, word),
            Some(b'-') => {
                let close = close(word)?;
                (Otherwise::Default(word..close), close + 1)
            }
            Some(b'?') => (Otherwise::Fail, close(word)? + 1),
            Some(_) => return Err(ExpandErrorKind::Malformed),
        };
        Ok(Self { name, empty_is_unset, otherwise, end })
    }
}

/// Where the brace that is open at `from` closes.
fn closing_brace(files: &DotenvFiles, hit: Hit, from: usize) -> Option<usize> {
    let mut nested = files.references(hit, from).peekable();
    let mut depth = 0;
    for (at, _) in files.literal(hit)[from..].match_indices('}') {
        let at = from + at;
        while nested.next_if(|&open| open < at).is_some() {
            depth += 1;
        }
        if depth == 0 {
            return Some(at);
        }
        depth -= 1;
    }
    None
}
