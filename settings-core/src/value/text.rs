//! Text to a typed value, driven by the type that is wanted: a serde deserializer over one text.
//!
//! The type decides what the text means, so `00123` stays text in a `String` and is 123 in a `u32`.

use std::fmt::{self, Display};
use std::mem;

use serde::de::value::SeqDeserializer;
use serde::de::{self, Deserializer, Expected, IntoDeserializer, Unexpected, Visitor};

use super::{Fault, Tree};

/// A text that becomes whatever type it is asked for.
///
/// The text stays where it is, unless the type keeps it.
pub(crate) struct Text<'t> {
    text: &'t mut String,
    /// Between the items of a list or map.
    separator: &'static str,
}

const COMMA: &str = ",";

impl<'t> Text<'t> {
    pub(crate) fn new(text: &'t mut String) -> Self {
        Self::separated(text, None)
    }

    /// A text whose items, where it is a list or map, are separated by something else than commas.
    pub(crate) fn separated(text: &'t mut String, separator: Option<&'static str>) -> Self {
        Self { text, separator: separator.unwrap_or(COMMA) }
    }

    /// What separates the items, in words.
    fn separators(&self) -> String {
        if self.separator == COMMA { "commas".to_owned() } else { format!("`{}`", self.separator) }
    }

    fn json(&self) -> Option<Tree> {
        serde_json::from_str(self.text).ok()
    }

    /// The items of a list: JSON when it is written as such, else separated.
    fn items(self) -> Result<Vec<Tree>, ReadError> {
        let text = self.text.trim();
        // An address such as `[::1]:80` begins with a bracket too, and closes it before its end. JSON ends with one, or has
        // lost it, or goes on with another literal.
        let is_json =
            || text.ends_with(']') || !text.contains(']') || ["[\"", "[{", "[["].iter().any(|it| text.starts_with(it));
        if text.starts_with('[') && is_json() {
            return match serde_json::from_str(text) {
                Ok(Tree::List(items)) => Ok(items),
                _ => Err(ReadError::expected(format!("a list as JSON or separated by {}", self.separators()))),
            };
        }
        let text = text.strip_suffix(self.separator).unwrap_or(text);
        if text.is_empty() {
            return Ok(Vec::new());
        }
        Ok(text.split(self.separator).map(|item| Tree::text(item.trim())).collect())
    }

    /// The entries of a map: a JSON object, or `key=value` pairs.
    fn entries(self) -> Result<Vec<(String, Tree)>, ReadError> {
        let wanted =
            || ReadError::expected(format!("`key=value` pairs separated by {}, or a JSON object", self.separators()));
        let text = self.text.trim();
        if text.starts_with('{') {
            return match serde_json::from_str(text) {
                Ok(Tree::Map(entries)) => Ok(entries),
                _ => Err(wanted()),
            };
        }
        let pairs = text.split(self.separator).filter(|pair| !pair.trim().is_empty());
        pairs
            .map(|pair| {
                let (key, value) = pair.split_once('=').ok_or_else(wanted)?;
                Ok((key.trim().to_owned(), Tree::text(value.trim())))
            })
            .collect()
    }
}

/// Why a text or [`Tree`] is not a value of the type that was wanted.
#[derive(Debug)]
pub enum ReadError {
    /// What was expected.
    Expected(String),
    /// What the type's own code said, which may quote the text.
    Said(String),
}

impl ReadError {
    pub(crate) fn expected(what: impl Display) -> Self {
        Self::Expected(what.to_string())
    }

    pub(crate) fn whole_number(least: impl Display, most: impl Display) -> Self {
        Self::Expected(format!("a whole number in {least}..={most}"))
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Expected(what) => Self::Expected(what),
            ReadError::Said(text) => Self::Said(text),
        }
    }
}

impl Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(what) => write!(f, "expected {what}"),
            Self::Said(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: Display>(text: T) -> Self {
        Self::Said(text.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected)
    }

    fn unknown_variant(_: &str, variants: &'static [&'static str]) -> Self {
        let variants: Vec<_> = variants.iter().map(|variant| format!("`{variant}`")).collect();
        Self::expected(match &variants[..] {
            [] => "nothing: the type has no variants".to_owned(),
            [only] => only.clone(),
            many => format!("one of {}", many.join(", ")),
        })
    }
}

/// The words for a truth value, in any case.
fn truth(text: &str) -> Option<bool> {
    const WORDS: [(&str, bool); 12] = [
        ("true", true),
        ("false", false),
        ("1", true),
        ("0", false),
        ("yes", true),
        ("no", false),
        ("on", true),
        ("off", false),
        ("t", true),
        ("f", false),
        ("y", true),
        ("n", false),
    ];
    WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|&(_, truth)| truth)
}

/// Reads a text, without the white space around it where that is in the way: few texts have any to look for.
#[inline]
fn trimmed<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    read(text).or_else(|| read(text.trim()))
}

pub(crate) const DURATION: &str = "a length of time with its unit, such as `30s`, `500ms` or `1h 30m`";

/// A length of time as `30s` or `1h 30m`, in the form that serde gives `std::time::Duration`.
pub(crate) fn duration<'de, V: Visitor<'de>>(text: &str, visitor: V) -> Result<V::Value, ReadError> {
    let duration = trimmed(text, |text| humantime::parse_duration(text).ok());
    let duration = duration.ok_or_else(|| ReadError::expected(DURATION))?;
    let parts = [duration.as_secs(), u64::from(duration.subsec_nanos())];
    visitor.visit_seq(SeqDeserializer::new(parts.into_iter()))
}

/// Whether serde asks for a `std::time::Duration`.
pub(crate) fn is_duration(name: &str, fields: &[&str]) -> bool {
    name == "Duration" && fields == ["secs", "nanos"]
}

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            match trimmed(self.text, |text| text.parse::<$type>().ok()) {
                Some(number) => visitor.$visit(number),
                None => Err(ReadError::whole_number($type::MIN, $type::MAX)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = ReadError;

    /// A type that takes anything: JSON where the text is JSON, else the text.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.json() {
            Some(tree) => tree.deserialize_any(visitor),
            None => visitor.visit_string(mem::take(self.text)),
        }
    }

    whole_numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_u128 visit_u128 u128
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match trimmed(self.text, truth) {
            Some(truth) => visitor.visit_bool(truth),
            None => Err(ReadError::expected("true or false (also yes/no, on/off, 1/0)")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match trimmed(self.text, |text| text.parse().ok()) {
            Some(number) => visitor.visit_f64(number),
            None => Err(ReadError::expected("a number")),
        }
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let mut chars = self.text.chars();
        match (chars.next(), chars.next()) {
            (Some(char), None) => visitor.visit_char(char),
            _ => Err(ReadError::expected("a single character")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_string(mem::take(self.text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_string(mem::take(self.text))
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_byte_buf(mem::take(self.text).into_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_byte_buf(mem::take(self.text).into_bytes())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        Tree::List(self.items()?).deserialize_seq(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        Tree::Map(self.entries()?).deserialize_map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if is_duration(name, fields) {
            return duration(self.text, visitor);
        }
        match self.json() {
            Some(tree @ (Tree::Map(_) | Tree::List(_))) => tree.deserialize_struct(name, fields, visitor),
            _ => Err(ReadError::expected("a JSON object")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.json() {
            Some(tree @ Tree::Map(_)) => tree.deserialize_enum(name, variants, visitor),
            _ => visitor.visit_enum(IntoDeserializer::<ReadError>::into_deserializer(self.text.trim())),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_string(mem::take(self.text))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};
    use std::net::{IpAddr, SocketAddr};
    use std::path::PathBuf;
    use std::time::Duration;

    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
        T::deserialize(Text::new(&mut text.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn the_type_decides_what_digits_mean() {
        assert_eq!(read::<String>("00123").unwrap(), "00123");
        assert_eq!(read::<u32>("00123").unwrap(), 123);
        assert_eq!(read::<Option<String>>("1e5").unwrap().unwrap(), "1e5");
        assert_eq!(read::<serde_json::Value>("00123").unwrap(), serde_json::json!("00123"));
        assert_eq!(read::<serde_json::Value>("123").unwrap(), serde_json::json!(123));
    }

    #[test]
    fn numbers_are_trimmed_and_bounded() {
        assert_eq!(read::<u16>(" 8080 ").unwrap(), 8080);
        assert_eq!(read::<i8>("-5").unwrap(), -5);
        assert_eq!(read::<f64>("0.25").unwrap(), 0.25);
        assert_eq!(read::<u128>(&u128::MAX.to_string()).unwrap(), u128::MAX);
        assert_eq!(read::<u16>("80a0").unwrap_err(), "expected a whole number in 0..=65535");
        assert_eq!(read::<u8>("256").unwrap_err(), "expected a whole number in 0..=255");
        assert_eq!(read::<f32>("much").unwrap_err(), "expected a number");
    }

    #[test]
    fn truth_has_its_words_in_any_case() {
        for (yes, no) in [("1", "0"), ("t", "f"), ("True", "FALSE"), ("y", "N"), ("yes", "no"), ("ON", "off")] {
            assert_eq!((read(yes), read(no)), (Ok(true), Ok(false)));
        }
        assert!(read::<bool>("2").unwrap_err().starts_with("expected true or false"));
    }

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        Low,
        High,
        Exact(u8),
    }

    #[test]
    fn enums_go_by_the_names_serde_gives_them() {
        assert_eq!(read::<Level>("high").unwrap(), Level::High);
        assert_eq!(read::<Level>(r#"{"exact": 3}"#).unwrap(), Level::Exact(3));
        assert_eq!(read::<Level>("High").unwrap_err(), "expected one of `low`, `high`, `exact`");
    }

    #[test]
    fn durations_are_written_as_people_do() {
        assert_eq!(read::<Duration>("1m 30s").unwrap(), Duration::from_secs(90));
        assert_eq!(read::<Vec<Duration>>("1s,2s").unwrap(), [Duration::from_secs(1), Duration::from_secs(2)]);
        assert!(read::<Duration>("30").unwrap_err().contains("with its unit"));
    }

    #[test]
    fn paths_and_addresses() {
        assert_eq!(read::<PathBuf>("/srv/data").unwrap(), PathBuf::from("/srv/data"));
        assert_eq!(read::<IpAddr>("::1").unwrap(), "::1".parse::<IpAddr>().unwrap());
        assert_eq!(
            read::<Vec<SocketAddr>>("[::1]:80,[::2]:81").unwrap(),
            ["[::1]:80".parse::<SocketAddr>().unwrap(), "[::2]:81".parse().unwrap()]
        );
        assert_eq!(read::<IpAddr>("localhost").unwrap_err(), "invalid IP address syntax");
    }

    #[test]
    fn lists_are_json_or_separated() {
        assert_eq!(read::<Vec<u8>>("1, 2,3").unwrap(), [1, 2, 3]);
        assert_eq!(read::<Vec<u8>>("[1, 2]").unwrap(), [1, 2]);
        assert_eq!(read::<Vec<String>>(r#"["a,b", "c"]"#).unwrap(), ["a,b", "c"]);
        assert_eq!(read::<Vec<String>>("[]").unwrap(), [""; 0]);
        assert_eq!(read::<HashSet<String>>("a,b,a").unwrap().len(), 2);
        assert_eq!(read::<(String, u16)>("host,80").unwrap(), ("host".to_owned(), 80));
        assert!(read::<Vec<String>>(r#"["a", "b""#).is_err());
        assert!(read::<Vec<u8>>("1,x").is_err());
        assert!(read::<(u8, u8)>("1,2,3").is_err());
    }

    #[test]
    fn maps_are_json_or_pairs() {
        let pairs = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
        assert_eq!(read::<BTreeMap<String, i32>>("a=1, b=2").unwrap(), pairs);
        assert_eq!(read::<BTreeMap<String, i32>>(r#"{"a": 1, "b": "2"}"#).unwrap(), pairs);
        assert_eq!(read::<BTreeMap<u8, String>>("1=x=y").unwrap()[&1], "x=y");
        assert!(read::<BTreeMap<String, i32>>("a").is_err());
    }

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    struct Point {
        x: i32,
        y: Option<i32>,
    }

    #[test]
    fn structs_are_json_objects() {
        assert_eq!(read::<Point>(r#"{"x": "4"}"#).unwrap(), Point { x: 4, y: None });
        assert_eq!(read::<Point>("x=4").unwrap_err(), "expected a JSON object");
    }

    #[test]
    fn an_error_of_ours_never_quotes_the_text() {
        for error in [read::<u8>("canary").err(), read::<bool>("canary").err(), read::<Level>("canary").err()] {
            assert!(!error.unwrap().contains("canary"));
        }
    }
}
