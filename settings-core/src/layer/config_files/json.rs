//! JSON.

use std::collections::HashSet;
use std::fmt;

use figment::value::Dict;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::format::{Flaw, Key, Spot, place};
use crate::layer::dotenv::Place;

/// A text, and what it holds. The places are looked for in the text when they are asked for.
pub(super) struct Document {
    text: String,
    dict: Dict,
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, Flaw> {
        let dict = serde_json::from_str(text).map_err(|error| flaw(&error))?;
        serde_json::from_str::<Distinct>(text).map_err(|error| flaw(&error))?;
        Ok(Self { text: text.to_owned(), dict })
    }

    pub(super) fn dict(&self) -> Dict {
        self.dict.clone()
    }

    pub(super) fn locate(&self, path: &[Key<'_>]) -> Option<Spot> {
        let text = &self.text;
        let mut scan = Scan { text, at: 0 };
        let (mut key, mut value) = (0, 0);
        for step in path {
            (key, value) = scan.step(*step)?;
            scan.at = value;
        }
        Some(Spot { key: place(text, key), value: place(text, value) })
    }
}

fn flaw(error: &serde_json::Error) -> Flaw {
    let place = Place { line: error.line().max(1) as u32, column: error.column().max(1) as u32 };
    let words = error.to_string();
    let text = match (error.classify(), words.rsplit_once(" at line ")) {
        (Category::Syntax | Category::Eof, Some((words, _))) => words.to_owned(),
        (_, Some((TWICE, _))) => TWICE.to_owned(),
        // Only these do not say what was found.
        _ => "expected an object of keys and values".to_owned(),
    };
    Flaw { place, text }
}

const TWICE: &str = "the same key is written twice";

/// JSON whose objects have each key once. A parser takes the last of two without a word.
struct Distinct;

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Distinct {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !keys.insert(key) {
                return Err(A::Error::custom(TWICE));
            }
            map.next_value::<Self>()?;
        }
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
}

/// A walk over a text that is known to be JSON.
struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl Scan<'_> {
    /// From the beginning of an object or list to the value that the step leads to: where its key and itself begin.
    fn step(&mut self, step: Key<'_>) -> Option<(usize, usize)> {
        let open = self.next()?;
        let mut found = None;
        for index in 0.. {
            if matches!(self.peek()?, b'}' | b']') {
                break;
            }
            let mut key = self.at;
            let is_wanted = match (open, step) {
                (b'{', Key::Name(name)) => {
                    self.skip_string()?;
                    let written = serde_json::from_str::<String>(self.text.get(key..self.at)?);
                    self.next().filter(|&byte| byte == b':')?;
                    written.is_ok_and(|written| written == name)
                }
                (b'[', Key::Index(wanted)) => index == wanted,
                _ => return None,
            };
            self.peek()?;
            if open == b'[' {
                key = self.at;
            }
            if is_wanted {
                found = Some((key, self.at));
            }
            self.skip_value()?;
            if self.peek()? == b',' {
                self.at += 1;
            }
        }
        found
    }

    /// The next byte that is no white space, which is not taken.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn skip_string(&mut self) -> Option<()> {
        self.next()?;
        loop {
            match self.text.as_bytes().get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(())
    }

    fn skip_value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => self.skip_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                    continue;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' => {
                    self.at += 1;
                    continue;
                }
                _ => {
                    let rest = self.text.as_bytes().get(self.at..)?;
                    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace();
                    self.at += rest.iter().position(ends).unwrap_or(rest.len());
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }
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
        let text =
            "{\"a\": \"}\\\"]\",\n \"b\" : {\"c\": [1, {\"d\\u0065\": true}], \"f\": {}},\n \"g\": [ ], \"i\": 2}";
        assert_eq!(at(text, &[Name("i")]), Some([(3, 12), (3, 17)]));
        assert_eq!(at(text, &[Name("b")]), Some([(2, 2), (2, 8)]));
        assert_eq!(at(text, &[Name("b"), Name("c"), Index(0)]), Some([(2, 15), (2, 15)]));
        assert_eq!(at(text, &[Name("b"), Name("c"), Index(1), Name("de")]), Some([(2, 19), (2, 30)]));
        assert_eq!(at(text, &[Name("b"), Name("f")]), Some([(2, 38), (2, 43)]));
        assert_eq!(at(text, &[Name("g"), Index(0)]), None);
        assert_eq!(at(text, &[Name("h")]), None);
        assert_eq!(at(text, &[Index(0)]), None);
    }

    #[test]
    fn a_flaw_quotes_nothing() {
        for (text, place, words) in [
            ("{\"a\": canary}", (1, 7), "expected value"),
            ("{\"a\": \"canary\n\"}", (2, 1), "control character (\\u0000-\\u001F) found while parsing a string"),
            ("\"canary\"", (1, 8), "expected an object of keys and values"),
            ("{\"canary\": 1", (1, 12), "EOF while parsing an object"),
            ("{\"canary\": 1, \"canary\": 2}", (1, 22), "the same key is written twice"),
            ("{\"a\": [{\"canary\": [], \"can\\u0061ry\": {}}]}", (1, 35), "the same key is written twice"),
            ("", (1, 1), "EOF while parsing a value"),
        ] {
            let Flaw { place: found, text: said } = Document::parse(text).err().unwrap();
            assert_eq!(((found.line, found.column), said.as_str()), (place, words), "{text}");
        }
    }
}
