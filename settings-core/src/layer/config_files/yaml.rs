//! YAML, by the events of a parser that keeps places.
//!
//! A scalar stays text, which the type of its field reads: `no` is a word where text is wanted and false where a truth
//! value is. So is `1.10`, and no country is lost.

mod aliases;

use std::borrow::Cow;
use std::collections::HashMap;

use figment::value::{Dict, Value};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError};

use super::format::{Flaw, Key, Spot};
use crate::layer::dotenv::Place;
use crate::schema::Schema;

/// More values than this are a file that repeats itself through its aliases.
const MOST_VALUES: usize = 100_000;
/// Deeper than this no settings are nested.
const DEEPEST: usize = 64;

/// A file that keeps the places of its keys and values.
pub(super) struct Document(Vec<Entry>);

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, Flaw> {
        match document(text)? {
            Node { content: Content::Map(entries), .. } => Ok(Self(entries)),
            Node { content: Content::Null, .. } => Ok(Self(Vec::new())),
            node => Err(flaw(node.place, "expected keys and values")),
        }
    }

    pub(super) fn dict(&self) -> Dict {
        dict(&self.0)
    }

    /// Refuses an alias that has a plain setting show what a secret is.
    pub(super) fn hold_secrets_apart(&self, schema: &Schema) -> Result<(), Flaw> {
        match aliases::shared_secret(&self.0, schema) {
            Some(place) => Err(flaw(place, "an alias gives the value of a secret to a setting that is no secret")),
            None => Ok(()),
        }
    }

    pub(super) fn locate(&self, path: &[Key<'_>]) -> Option<Spot> {
        let (Key::Name(name), path) = path.split_first().map(|(first, path)| (*first, path))? else { return None };
        let entry = self.0.iter().find(|entry| entry.name == name)?;
        let (mut key, mut node) = (entry.place, &entry.value);
        for step in path {
            (key, node) = match (&node.content, step) {
                (Content::Map(entries), Key::Name(name)) => {
                    let entry = entries.iter().find(|entry| entry.name == *name)?;
                    (entry.place, &entry.value)
                }
                (Content::List(items), Key::Index(index)) => items.get(*index).map(|item| (item.place, item))?,
                _ => return None,
            };
        }
        Some(Spot { key, value: node.place })
    }
}

#[derive(Clone)]
struct Node {
    place: Place,
    /// How many values it is, with those within.
    size: usize,
    content: Content,
}

#[derive(Clone)]
enum Content {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone)]
struct Entry {
    place: Place,
    name: String,
    value: Node,
}

fn dict(entries: &[Entry]) -> Dict {
    entries.iter().map(|entry| (entry.name.clone(), value(&entry.value))).collect()
}

fn value(node: &Node) -> Value {
    match &node.content {
        Content::Null => Value::from(figment::value::Empty::Unit),
        Content::Text(text) => text.as_str().into(),
        Content::List(items) => items.iter().map(value).collect::<Vec<_>>().into(),
        Content::Map(entries) => dict(entries).into(),
    }
}

/// The one document of the text.
fn document(text: &str) -> Result<Node, Flaw> {
    let mut reader = Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), values: 0 };
    let mut document = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, place) => {
                return Ok(document.unwrap_or(Node { place, size: 1, content: Content::Null }));
            }
            (Event::DocumentStart(_), place) if document.is_some() => {
                return Err(flaw(place, "a config file is one document"));
            }
            (Event::DocumentStart(_), _) => {
                let event = reader.next()?;
                document = Some(reader.node(event, 0)?);
            }
            _ => {}
        }
    }
}

struct Reader<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    anchors: HashMap<usize, Node>,
    values: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Place), Flaw> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, place(&span.start))),
            Some(Err(error)) => Err(not_yaml(&error)),
            None => Ok((Event::StreamEnd, Place { line: 1, column: 1 })),
        }
    }

    fn node(&mut self, (event, place): (Event<'t>, Place), depth: usize) -> Result<Node, Flaw> {
        if depth > DEEPEST {
            return Err(flaw(place, "nested too deeply"));
        }
        self.count(1, place)?;
        let before = self.values;
        let (anchor, content) = match event {
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or_else(|| flaw(place, "an alias within what it stands for"))?;
                self.count(node.size, place)?;
                return Ok(node);
            }
            Event::Scalar(text, style, anchor, _) => (anchor, scalar(text, style)),
            Event::SequenceStart(anchor, _) => (anchor, Content::List(self.list(depth)?)),
            Event::MappingStart(anchor, _) => (anchor, Content::Map(self.map(depth)?)),
            _ => return Err(flaw(place, "not YAML")),
        };
        let node = Node { place, size: 1 + self.values - before, content };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, Flaw> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                event => items.push(self.node(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry>, Flaw> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (name, place) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(entries),
                (Event::Scalar(name, ..), place) => (name.into_owned(), place),
                (_, place) => return Err(flaw(place, "expected a key that is text")),
            };
            if entries.iter().any(|entry| entry.name == name) {
                return Err(flaw(place, "the same key is written twice"));
            }
            let event = self.next()?;
            let value = self.node(event, depth + 1)?;
            entries.push(Entry { place, name, value });
        }
    }

    fn count(&mut self, values: usize, place: Place) -> Result<(), Flaw> {
        self.values += values;
        if self.values > MOST_VALUES { Err(flaw(place, "over 100000 values")) } else { Ok(()) }
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Content {
    match (style, text.as_ref()) {
        (ScalarStyle::Plain, "" | "~" | "null" | "Null" | "NULL") => Content::Null,
        _ => Content::Text(text.into_owned()),
    }
}

fn place(marker: &Marker) -> Place {
    Place { line: marker.line() as u32, column: marker.col() as u32 + 1 }
}

/// What the parser complains of, by some of its words, and what mostly lies behind it. Its own sentence may quote.
const COMPLAINTS: [(&str, &str); 8] = [
    ("tab", "a tab in the indentation, which takes blanks"),
    ("quoted scalar", "a quoted text that is not closed, or goes on after its end, or has an unknown escape"),
    (
        "mapping values are not allowed",
        "a key where none may be: wrong indentation, no blank after a colon, or two colons",
    ),
    ("did not find expected key", "wrong indentation"),
    ("indent", "wrong indentation"),
    ("flow", "a bracket that is not closed"),
    ("':' indicator", "a bracket that is not closed"),
    ("unexpected character", "a value that begins with a character that has to be in quotes"),
];

fn not_yaml(error: &ScanError) -> Flaw {
    let known = COMPLAINTS.iter().find(|(words, _)| error.info().contains(words));
    flaw(place(error.marker()), known.map_or("not YAML", |(_, sentence)| sentence))
}

fn flaw(place: Place, text: &str) -> Flaw {
    Flaw { place, text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &[Key<'_>]) -> Option<[(u32, u32); 2]> {
        let Spot { key, value } = Document::parse(text).ok()?.locate(path)?;
        Some([key, value].map(|Place { line, column }| (line, column)))
    }

    #[test]
    fn keys_and_values_are_found() {
        use Key::{Index, Name};
        let text = "# a comment\nport: 80\ndb:\n  hosts: [a, b]\n  more:\n    - x: ä\n      y: 1\n";
        assert_eq!(at(text, &[Name("port")]), Some([(2, 1), (2, 7)]));
        assert_eq!(at(text, &[Name("db"), Name("hosts"), Index(1)]), Some([(4, 14), (4, 14)]));
        assert_eq!(at(text, &[Name("db"), Name("more"), Index(0), Name("y")]), Some([(7, 7), (7, 10)]));
        assert_eq!(at(text, &[Name("port"), Name("x")]), None);
    }

    #[test]
    fn a_flaw_quotes_nothing() {
        for (text, line, words) in [
            ("a: [canary", 1, "a bracket that is not closed"),
            ("a: {canary: 1\nb: 2", 1, "a bracket that is not closed"),
            ("a: [canary\nb: 2", 1, "a bracket that is not closed"),
            ("a: *canary", 1, "not YAML"),
            ("a:\n\tcanary: 1", 2, "a tab in the indentation, which takes blanks"),
            ("a:\n  b: 1\n canary: 1", 3, "wrong indentation"),
            ("a: canary: 1", 1, "a key where none may be: wrong indentation, no blank after a colon, or two colons"),
            ("canary:80\nb: 1", 2, "a key where none may be: wrong indentation, no blank after a colon, or two colons"),
            (
                "a: 'canary\nb: 1",
                1,
                "a quoted text that is not closed, or goes on after its end, or has an unknown escape",
            ),
            ("a: @canary", 1, "a value that begins with a character that has to be in quotes"),
            ("canary", 1, "expected keys and values"),
            ("canary: 1\ncanary: 2", 2, "the same key is written twice"),
            ("? [canary]\n: 1", 1, "expected a key that is text"),
            ("a: 1\n---\ncanary: 2", 2, "a config file is one document"),
        ] {
            let flaw = Document::parse(text).err().unwrap();
            assert_eq!(flaw.text, words, "{text}");
            assert!(flaw.place.line >= line, "{text}");
        }
    }

    #[test]
    fn aliases_do_not_blow_up() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", "));
        }
        assert_eq!(Document::parse(&text).err().unwrap().text, "over 100000 values");
        assert_eq!(Document::parse("a: &a 1\nb: *a\n").ok().unwrap().dict().len(), 2);
        assert!(Document::parse(&format!("a: {}", "[".repeat(100_000))).is_err());
    }
}
