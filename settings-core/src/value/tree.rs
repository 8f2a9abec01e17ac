//! Typed values that are not text: what code gives and JSON holds.

mod read;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

use crate::secret::{ExposeSecret, SecretString};

/// A value given in code, as with [`Loader::set`](crate::Loader::set), or read from JSON.
///
/// Texts within it are read as text from a variable is, so `"8080"` is a number where a number is wanted. It may hold a
/// secret: its `Debug` shows no content, and its texts are wiped when it is dropped.
///
/// ```
/// use settings_core::value::Tree;
///
/// let port: Tree = 9000.into();
/// let hosts: Tree = vec!["a", "b"].into();
/// # let _ = (port, hosts);
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Tree {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i128),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(Zeroizing<String>),
    /// A list.
    List(Vec<Tree>),
    /// Keys and their values, in order.
    Map(Vec<(String, Tree)>),
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Tree::Null",
            Self::Bool(_) => "Tree::Bool(..)",
            Self::Int(_) => "Tree::Int(..)",
            Self::Float(_) => "Tree::Float(..)",
            Self::Text(_) => "Tree::Text(..)",
            Self::List(_) => "Tree::List(..)",
            Self::Map(_) => "Tree::Map(..)",
        })
    }
}

impl Tree {
    /// Text, taken over without a copy.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// The value of one key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Whether it is one value, and neither a list nor a map.
    pub(crate) fn is_scalar(&self) -> bool {
        !matches!(self, Self::Null | Self::List(_) | Self::Map(_))
    }

    /// The value as text would say it, for messages; only ever of a plain field.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            // `1.0` is no whole number, and does not look like one.
            Self::Float(value) => format!("{value:?}"),
            Self::Text(text) => text.to_string(),
            Self::List(items) => format!("[{}]", items.iter().map(Self::shown).collect::<Vec<_>>().join(",")),
            Self::Map(entries) => {
                let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key}={}", value.shown())).collect();
                format!("{{{}}}", entries.join(","))
            }
        }
    }
}

macro_rules! from_numbers {
    ($($variant:ident: $($type:ty),*;)*) => {$($(
        impl From<$type> for Tree {
            fn from(number: $type) -> Self {
                Self::$variant(number.into())
            }
        }
    )*)*};
}

from_numbers! {
    Int: i8, i16, i32, i64, i128, u8, u16, u32, u64;
    Float: f32, f64;
    Bool: bool;
}

impl From<usize> for Tree {
    fn from(number: usize) -> Self {
        Self::Int(number as i128)
    }
}

macro_rules! from_texts {
    ($($type:ty),*) => {$(
        impl From<$type> for Tree {
            fn from(text: $type) -> Self {
                Self::text(text)
            }
        }
    )*};
}

from_texts!(&str, &String, String, Box<str>, char);

impl From<SecretString> for Tree {
    fn from(secret: SecretString) -> Self {
        Self::text(secret.expose_secret()) // EXPOSE: into a text that is wiped, and a secret again when it is read
    }
}

impl From<&Path> for Tree {
    fn from(path: &Path) -> Self {
        Self::text(path.to_string_lossy())
    }
}

impl From<PathBuf> for Tree {
    fn from(path: PathBuf) -> Self {
        path.as_path().into()
    }
}

impl From<Duration> for Tree {
    fn from(duration: Duration) -> Self {
        Self::text(humantime::format_duration(duration).to_string())
    }
}

impl<T: Into<Tree>> From<Vec<T>> for Tree {
    fn from(items: Vec<T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Tree>, const N: usize> From<[T; N]> for Tree {
    fn from(items: [T; N]) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Tree>> From<Option<T>> for Tree {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<K: Into<String>, T: Into<Tree>> From<BTreeMap<K, T>> for Tree {
    fn from(map: BTreeMap<K, T>) -> Self {
        Self::Map(map.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<K: Into<String>, T: Into<Tree>, S> From<HashMap<K, T, S>> for Tree {
    fn from(map: HashMap<K, T, S>) -> Self {
        Self::Map(map.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl From<serde_json::Value> for Tree {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => match number.as_i128() {
                Some(whole) => Self::Int(whole),
                None => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => Self::text(text),
            Value::Array(items) => items.into(),
            Value::Object(map) => Self::Map(map.into_iter().map(|(key, value)| (key, value.into())).collect()),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyTree)
    }
}

struct AnyTree;

impl<'de> Visitor<'de> for AnyTree {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(number.into())
    }

    fn visit_i128<E>(self, number: i128) -> Result<Tree, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Tree, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Tree::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: serde::de::DeserializeOwned>(tree: impl Into<Tree>) -> Result<T, String> {
        T::deserialize(tree.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_are_bounded_by_the_type_wanted() {
        assert_eq!(read::<u16>(9000).unwrap(), 9000);
        assert_eq!(read::<f64>(2).unwrap(), 2.0);
        assert_eq!(read::<u64>(u64::MAX).unwrap(), u64::MAX);
        assert_eq!(read::<u16>(70_000).unwrap_err(), "expected a whole number in 0..=65535");
        assert_eq!(read::<String>(9000).unwrap_err(), "expected text");
    }

    #[test]
    fn texts_within_are_read_as_text_is() {
        assert_eq!(read::<u16>("9000").unwrap(), 9000);
        assert_eq!(read::<Vec<bool>>(["yes", "no"]).unwrap(), [true, false]);
        assert_eq!(read::<Vec<Duration>>(vec!["1s"]).unwrap(), [Duration::from_secs(1)]);
        assert_eq!(read::<Duration>(Duration::from_millis(1500)).unwrap(), Duration::from_millis(1500));
    }

    #[test]
    fn json_goes_through_unchanged() {
        let json = serde_json::json!({"a": [1, -2.5, "x", null, true], "b": {"c": u64::MAX}});
        assert_eq!(read::<serde_json::Value>(json.clone()).unwrap(), json);
    }

    #[test]
    fn debug_shows_no_content() {
        assert_eq!(format!("{:?}", Tree::from("canary")), "Tree::Text(..)");
    }
}
