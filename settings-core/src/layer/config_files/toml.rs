//! TOML, by the parser that figment brings.

use std::ops::Range;

use figment::value::{Dict, Value};
use toml_edit::{ImDocument, Item, TableLike, TomlError};

use super::format::{Flaw, Key, Spot, place};

/// A file that keeps the places of its keys and values.
pub(super) struct Document(ImDocument<String>);

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, Flaw> {
        ImDocument::parse(text.to_owned()).map(Self).map_err(|error| flaw(text, &error))
    }

    pub(super) fn dict(&self) -> Dict {
        dict(self.0.as_table())
    }

    pub(super) fn locate(&self, path: &[Key<'_>]) -> Option<Spot> {
        let (mut here, mut found) = (Here::Table(self.0.as_table()), None);
        for key in path {
            let (next, spans) = here.step(*key)?;
            (here, found) = (next, spans.or(found));
        }
        let (key, value) = found?;
        let text = self.0.raw();
        Some(Spot { key: place(text, key.start), value: place(text, value.start) })
    }
}

/// Of a key and its value.
type Spans = (Range<usize>, Range<usize>);

/// A part of the document, on the way to a key.
enum Here<'d> {
    Table(&'d dyn TableLike),
    Item(&'d Item),
    Value(&'d toml_edit::Value),
}

impl<'d> Here<'d> {
    /// What the key leads to, and where the two stand, unless the document does not write them as such.
    fn step(self, key: Key<'_>) -> Option<(Self, Option<Spans>)> {
        match key {
            Key::Name(name) => {
                let table: &'d dyn TableLike = match self {
                    Self::Table(table) => table,
                    Self::Item(item) => item.as_table_like()?,
                    Self::Value(value) => value.as_inline_table()?,
                };
                let (key, item) = table.get_key_value(name)?;
                let value = item.span().or(key.span());
                Some((Self::Item(item), key.span().zip(value)))
            }
            Key::Index(index) => {
                let array = match self {
                    Self::Item(Item::ArrayOfTables(tables)) => {
                        let table = tables.get(index)?;
                        return Some((Self::Table(table), table.span().map(|span| (span.clone(), span))));
                    }
                    Self::Item(item) => item.as_array()?,
                    Self::Value(value) => value.as_array()?,
                    Self::Table(_) => return None,
                };
                let value = array.get(index)?;
                Some((Self::Value(value), value.span().map(|span| (span.clone(), span))))
            }
        }
    }
}

fn dict(table: &dyn TableLike) -> Dict {
    table.iter().filter_map(|(key, item)| Some((key.to_owned(), of_item(item)?))).collect()
}

fn of_item(item: &Item) -> Option<Value> {
    Some(match item {
        Item::None => return None,
        Item::Value(value) => of_value(value),
        Item::Table(table) => dict(table).into(),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| dict(table)).collect::<Vec<_>>().into(),
    })
}

fn of_value(value: &toml_edit::Value) -> Value {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(text) => text.value().as_str().into(),
        Toml::Integer(number) => (*number.value()).into(),
        Toml::Float(number) => (*number.value()).into(),
        Toml::Boolean(value) => (*value.value()).into(),
        Toml::Datetime(time) => time.value().to_string().into(),
        Toml::Array(items) => items.iter().map(of_value).collect::<Vec<_>>().into(),
        Toml::InlineTable(table) => dict(table).into(),
    }
}

/// The parser's words are shown where they are its own alone; others name keys.
fn flaw(text: &str, error: &TomlError) -> Flaw {
    let at = error.span().map_or(0, |span| span.start);
    let own = |line: &&str| line.starts_with("expected ") || line.starts_with("invalid ");
    let words: Vec<_> = error.message().lines().filter(own).collect();
    let words = match words.as_slice() {
        [] if error.message().starts_with("duplicate key") => "the same key is written twice".to_owned(),
        [] => "not TOML".to_owned(),
        words => words.join(", "),
    };
    Flaw { place: place(text, at), text: words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::dotenv::Place;

    fn at(text: &str, path: &[Key<'_>]) -> [(u32, u32); 2] {
        let Spot { key, value } = Document::parse(text).ok().unwrap().locate(path).unwrap();
        [key, value].map(|Place { line, column }| (line, column))
    }

    #[test]
    fn keys_and_values_are_found() {
        use Key::{Index, Name};
        let text =
            "port = 1\n[db]\n  host = \"ä\" \nhosts = [1,\n  2]\na.b = 3\n[[server]]\nx = 1\n[[server]]\nx = {y = 2}\n";
        assert_eq!(at(text, &[Name("port")]), [(1, 1), (1, 8)]);
        assert_eq!(at(text, &[Name("db"), Name("host")]), [(3, 3), (3, 10)]);
        assert_eq!(at(text, &[Name("db"), Name("hosts"), Index(1)]), [(5, 3), (5, 3)]);
        assert_eq!(at(text, &[Name("db"), Name("a"), Name("b")]), [(6, 3), (6, 7)]);
        assert_eq!(at(text, &[Name("server"), Index(1), Name("x"), Name("y")]), [(10, 6), (10, 10)]);
        assert_eq!(at(text, &[Name("db")])[0], (2, 2));
        assert_eq!(Document::parse(text).ok().unwrap().locate(&[Name("none")]), None);
    }

    #[test]
    fn a_flaw_quotes_nothing() {
        for (text, place, words) in [
            ("a = 1\nb = canary", (2, 5), "invalid string, expected `\"`, `'`"),
            ("a = \"canary", (1, 12), "invalid basic string"),
            ("canary = 1\ncanary = 2", (2, 1), "the same key is written twice"),
            ("canary.a = 1\ncanary = 2", (2, 1), "the same key is written twice"),
            ("canary = 1\ncanary.a = 2", (2, 1), "not TOML"),
            ("[canary\n", (1, 8), "invalid table header, expected `.`, `]`"),
        ] {
            let Flaw { place: found, text: said } = Document::parse(text).err().unwrap();
            assert_eq!(((found.line, found.column), said.as_str()), (place, words), "{text}");
        }
    }
}
