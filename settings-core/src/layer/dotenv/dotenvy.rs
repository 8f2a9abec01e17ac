//! A .env file as `dotenvy` reads it: `dotenv_dialect = "dotenvy"`, for those who move from it.
//!
//! `dotenvy` tells neither where a value stands nor what it refers to, and its errors quote the line, so that nothing is
//! taken of them. It is handed one line at a time, which tells how far it has read; and a value with a `$` is read twice,
//! the second time with another character there, which tells whether it is a reference.

use std::cell::Cell;
use std::collections::HashSet;
use std::io::{self, Read};
use std::mem;
use std::ops::Range;

use zeroize::Zeroizing;

use super::document::{Binding, Document, Error, ErrorKind, Place, Quote};
use super::expand::{ExpandError, ExpandErrorKind, Text};
use super::files::{DotenvFiles, Hit};
use super::parse::{into_text, is_key, line_ends, without_export};

/// A value with references, which `dotenvy` expands while it parses.
pub(super) struct Expanded {
    /// The names that it may refer to.
    names: Vec<Box<str>>,
    /// None where the process environment must not be read, for `dotenvy` looks nowhere else first.
    text: Option<Zeroizing<String>>,
}

impl DotenvFiles {
    /// What `dotenvy` made of a value with references. Every name on the way there is asked for in `env`, as the project's
    /// own expansion does: the caller learns so what a value holds.
    pub(super) fn by_dotenvy<'f>(
        &'f self,
        expanded: &'f Expanded,
        hit: Hit,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Text<'f>, ExpandError> {
        self.ask_for_names(expanded, hit, env);
        match &expanded.text {
            Some(text) => Ok(Text::Literal(text)),
            None => Err(ExpandError { hit, kind: ExpandErrorKind::ByDotenvy }),
        }
    }

    fn ask_for_names(&self, expanded: &Expanded, hit: Hit, env: &dyn Fn(&str) -> Option<String>) {
        for name in &expanded.names {
            drop(env(name).map(Zeroizing::new));
            // `dotenvy` knows the lines above alone.
            let above = self.referent(name, hit).filter(|&referent| referent < hit);
            if let Some((expanded, referent)) = above.and_then(|above| Some((self.expanded_by_dotenvy(above)?, above)))
            {
                self.ask_for_names(expanded, referent, env);
            }
        }
    }
}

impl Document {
    /// Parses all of a file, past every line that is an error. `process` says whether the process environment may be read.
    pub(super) fn parse_by_dotenvy(bytes: Zeroizing<Vec<u8>>, process: bool) -> Self {
        let (source, invalid) = into_text(bytes);
        if let Some(&at) = invalid.first() {
            return Self::refused(1 + line_ends(&source[..at]), ErrorKind::NotUtf8);
        }
        let mut document = Self::default();
        // Enough for all that is kept there: no value without references is longer than it is written.
        document.unescaped.reserve_exact(source.len());
        let byte_order_mark = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let lines = Lines { source: &source, read: Cell::new(byte_order_mark) };
        let (mut start, mut line, mut keys) = (byte_order_mark, 1, HashSet::new());
        for outcome in dotenvy::from_read_iter(&lines) {
            let range = mem::replace(&mut start, lines.read.get())..lines.read.get();
            let statement = Statement::new(&source, range.clone(), line);
            line += line_ends(&source[range]);
            // `dotenvy` writes what is not set yet, so that the first line with a name is the one that counts.
            if outcome.is_err() || keys.insert(&source[statement.key.clone()]) {
                document.add(statement, outcome, process);
            }
        }
        drop(keys);
        document.source = source;
        document
    }

    fn add(&mut self, statement: Statement<'_>, outcome: dotenvy::Result<(String, String)>, process: bool) {
        let Statement { source, ref key, ref written, place } = statement;
        let Ok((_, value)) = outcome else {
            let certain = self.doubtful_from.is_none() && !key.is_empty();
            let key = certain.then(|| source[key.clone()].into());
            self.errors.push(Error { place, key, kind: ErrorKind::Dotenvy });
            // It may have taken the lines of a value for lines of their own.
            self.doubtful_from.get_or_insert(self.bindings.len());
            return;
        };
        let value = Zeroizing::new(value);
        let unescaped = if statement.has_references(&value) {
            let names = names_in(&source[written.clone()]);
            self.expanded.push((self.bindings.len(), Expanded { names, text: process.then_some(value) }));
            None
        } else {
            let start = self.unescaped.len();
            self.unescaped.push_str(&value);
            Some(start..self.unescaped.len())
        };
        let (key, written) = (key.clone(), written.clone());
        self.bindings.push(Binding { key, written, unescaped, quote: Quote::Dotenvy, place });
    }
}

/// What a reader gets of the text: one line at a time.
struct Lines<'s> {
    source: &'s str,
    read: Cell<usize>,
}

impl Read for &Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.source.as_bytes()[self.read.get()..];
        let line = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
        let length = line.min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read.set(self.read.get() + length);
        Ok(length)
    }
}

/// The lines of one binding, or of one error.
struct Statement<'s> {
    source: &'s str,
    key: Range<usize>,
    /// The value, quotes and comment included.
    written: Range<usize>,
    /// Where the value begins, or the line where it has none.
    place: Place,
}

impl<'s> Statement<'s> {
    /// The statement that ends where `range` does, which begins in `line`; before it there may be blank lines and comments.
    fn new(source: &'s str, range: Range<usize>, line: u32) -> Self {
        let of_statement = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let lines = source[range.clone()].split_inclusive('\n');
        let before: usize = lines.take_while(|line| !of_statement(line)).map(str::len).sum();
        let start = (range.start + before).min(range.end);
        let line = line + line_ends(&source[range.start..start]);
        let place = |at| Place { line, column: source[start..at].chars().count() as u32 + 1 };

        let text = source[start..range.end].trim_end();
        let end = start + text.len();
        let equals = text.find('=').map(|at| start + at);
        let named = without_export(source[start..equals.unwrap_or(end)].trim());
        match equals {
            Some(equals) if is_key(named) => {
                let key = start + text.find(named).unwrap_or_default();
                let value = end - source[equals + 1..end].trim_start().len();
                Self { source, key: key..key + named.len(), written: value..end, place: place(value) }
            }
            _ => Self { source, key: start..start, written: end..end, place: Place { line, column: 1 } },
        }
    }

    /// Whether `value`, which is what `dotenvy` made of it, holds what some name stands for.
    fn has_references(&self, value: &str) -> bool {
        let written = &self.source[self.written.clone()];
        let mut private = '\u{e000}'..='\u{f8ff}';
        let Some(other) = private.find(|&other| written.contains('$') && !written.contains(other)) else {
            return written.contains('$');
        };
        let mut text = Zeroizing::new(String::with_capacity(2 + 3 * written.len()));
        text.push_str("A=");
        let mut letters = written.chars();
        while let Some(letter) = letters.next() {
            text.push(if letter == '$' { other } else { letter });
            if letter == '\\' {
                // Escaped, it is none.
                text.extend(letters.next());
            }
        }
        match dotenvy::from_read_iter(text.as_bytes()).next() {
            Some(Ok((_, read))) => *Zeroizing::new(Zeroizing::new(read).replace(other, "$")) != value,
            _ => true,
        }
    }
}

/// Every name behind a `$`, be that a reference or not.
fn names_in(written: &str) -> Vec<Box<str>> {
    let name = |rest: &str| match rest.strip_prefix('{') {
        Some(rest) => rest.split('}').next().unwrap_or_default().into(),
        None => rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())].into(),
    };
    written.split('$').skip(1).map(name).collect()
}
