//! Typed values that are not text: what code gives and JSON holds.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    Deserialize, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use zeroize::Zeroizing;

use crate::secret::{ExposeSecret, SecretString};

use super::text::{self, ReadError, Text};

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

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $type:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            let fits = match self {
                Self::Text(mut text) => return Text::new(&mut text).$method(visitor),
                Self::Int(number) => $type::try_from(number).ok(),
                _ => None,
            };
            match fits {
                Some(number) => visitor.$visit(number),
                None => Err(ReadError::whole_number($type::MIN, $type::MAX)),
            }
        }
    )*};
}

macro_rules! as_text {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            match self {
                Self::Text(mut text) => Text::new(&mut text).$method(visitor),
                _ => Err(ReadError::expected("text")),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Tree {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Int(number) => match (i64::try_from(number), u64::try_from(number)) {
                (Ok(number), _) => visitor.visit_i64(number),
                (_, Ok(number)) => visitor.visit_u64(number),
                _ => visitor.visit_i128(number),
            },
            Self::Float(number) => visitor.visit_f64(number),
            Self::Text(mut text) => Text::new(&mut text).deserialize_string(visitor),
            list @ Self::List(_) => list.deserialize_seq(visitor),
            map @ Self::Map(_) => map.deserialize_map(visitor),
        }
    }

    whole_numbers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64, deserialize_i128 visit_i128 i128,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64, deserialize_u128 visit_u128 u128
    }

    as_text! { deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_identifier }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Text(mut text) => Text::new(&mut text).deserialize_bool(visitor),
            _ => Err(ReadError::expected("true or false")),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Float(number) => visitor.visit_f64(number),
            Self::Int(number) => visitor.visit_f64(number as f64),
            Self::Text(mut text) => Text::new(&mut text).deserialize_f64(visitor),
            _ => Err(ReadError::expected("a number")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self {
            Self::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
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
        match self {
            Self::List(items) => {
                let mut items = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Self::Text(mut text) => Text::new(&mut text).deserialize_seq(visitor),
            _ => Err(ReadError::expected("a list")),
        }
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
        match self {
            Self::Map(entries) => {
                let entries = entries.into_iter().map(|(key, value)| (Self::Text(key.into()), value));
                let mut entries = MapDeserializer::new(entries);
                let value = visitor.visit_map(&mut entries)?;
                entries.end()?;
                Ok(value)
            }
            Self::Text(mut text) => Text::new(&mut text).deserialize_map(visitor),
            _ => Err(ReadError::expected("a map")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self {
            Self::Text(mut text) => Text::new(&mut text).deserialize_struct(name, fields, visitor),
            list @ Self::List(_) => list.deserialize_seq(visitor),
            _ if text::is_duration(name, fields) => Err(ReadError::expected(text::DURATION)),
            other => other.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self {
            Self::Text(mut text) => Text::new(&mut text).deserialize_enum(name, variants, visitor),
            Self::Map(mut entries) => match (entries.pop(), entries.is_empty()) {
                (Some((variant, value)), true) => visitor.visit_enum(Variant { variant, value }),
                _ => Err(ReadError::expected("an object with one key, the variant")),
            },
            _ => Err(ReadError::expected("the name of a variant")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }
}

impl IntoDeserializer<'_, ReadError> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// An enum's variant with its content, `{"variant": content}`.
struct Variant {
    variant: String,
    value: Tree,
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = ReadError;
    type Variant = Content;

    fn variant_seed<S: serde::de::DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Content), ReadError> {
        Ok((seed.deserialize(Tree::Text(self.variant.into()))?, Content(self.value)))
    }
}

struct Content(Tree);

impl<'de> VariantAccess<'de> for Content {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        match self.0 {
            Tree::Null => Ok(()),
            _ => Err(ReadError::expected("a variant without content")),
        }
    }

    fn newtype_variant_seed<S: serde::de::DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, ReadError> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.0.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, ReadError> {
        self.0.deserialize_map(visitor)
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
