//! One value of a secret that is a JSON object, without a copy of any value that is not wiped.
//!
//! serde_json tells where each value is and checks the syntax. The text of a value is then unescaped here, because
//! serde_json does that in a buffer that it does not wipe.

use std::borrow::Cow;
use std::fmt;

use secrecy::ExposeSecret;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::secret::StoreError;
use crate::secret::SecretString;

/// The text of the value under this key.
pub(super) fn pick(object: &str, key: &str) -> Result<SecretString, StoreError> {
    let object = Object::parse(object)?;
    let Some((_, value)) = object.entry(key) else {
        return Err(StoreError::not_found().noted(format!("it has no key `{key}`")));
    };
    text(value.get(), key)
}

/// The text that a value stands for, which is that of this key.
pub(super) fn text(value: &str, key: &str) -> Result<SecretString, StoreError> {
    let text = match value {
        "null" => return Err(StoreError::not_found().noted(format!("its key `{key}` is null"))),
        text if text.starts_with('"') => unescape(text)?,
        other => other.into(),
    };
    let is_empty = text.expose_secret().is_empty(); // EXPOSE: counted
    if is_empty {
        return Err(StoreError::not_found().noted(format!("its key `{key}` is empty")));
    }
    Ok(text)
}

/// The keys of an object and their values as they are written. Of a key that is there twice the last one counts.
pub(super) fn entries(object: &str) -> Option<Vec<(Cow<'_, str>, &str)>> {
    let mut entries: Vec<(Cow<'_, str>, &str)> = Vec::new();
    for (name, value) in Object::parse(object).ok()?.entries {
        match entries.iter_mut().find(|(known, _)| *known == name) {
            Some(entry) => entry.1 = value.get(),
            None => entries.push((name, value.get())),
        }
    }
    Some(entries)
}

/// The object with another value under this key, which is added where it is not there.
pub(super) fn replace(object: &str, key: &str, value: &SecretString) -> Result<SecretString, StoreError> {
    let parsed = Object::parse(object)?;
    let value = value.expose_secret(); // EXPOSE: written into a wiped buffer of sufficient size
    // Escaping makes of one byte six at the most.
    let size = object.len() + 6 * (value.len() + key.len()) + 16;
    let mut text = Zeroizing::new(Vec::with_capacity(size));
    let own = parsed.entry(key).map(|(own, _)| own);
    let kept =
        parsed.entries.iter().map(|(name, raw)| (name.as_ref(), if Some(name) == own { None } else { Some(raw) }));
    let added = own.is_none().then_some((key, None));
    text.push(b'{');
    for (index, (name, raw)) in kept.chain(added).enumerate() {
        if index > 0 {
            text.extend_from_slice(b", ");
        }
        write_text(name, &mut text)?;
        text.extend_from_slice(b": ");
        match raw {
            Some(raw) => text.extend_from_slice(raw.get().as_bytes()),
            None => write_text(value, &mut text)?,
        }
    }
    text.push(b'}');
    let text = std::str::from_utf8(&text).map_err(|_| not_json())?;
    Ok(text.into())
}

/// The text of the value under this key, as it is written; `None` when there is none, or no object.
#[cfg(any(feature = "dapr", feature = "vault"))]
pub(super) fn member<'t>(object: &'t str, key: &str) -> Option<&'t str> {
    Some(Object::parse(object).ok()?.entry(key)?.1.get())
}

fn write_text(text: &str, buffer: &mut Vec<u8>) -> Result<(), StoreError> {
    serde_json::to_writer(buffer, text).map_err(|_| not_json())
}

fn not_json() -> StoreError {
    StoreError::malformed().because("it begins with { and is no JSON object")
}

/// The entries of an object in their order, the values as they are written.
struct Object<'t> {
    entries: Vec<(Cow<'t, str>, &'t RawValue)>,
}

impl<'t> Object<'t> {
    fn parse(text: &'t str) -> Result<Self, StoreError> {
        // What serde_json says of the text may quote it.
        serde_json::from_str(text).map_err(|_| not_json())
    }

    /// The entry of this key, in its exact spelling first. Of several the last one counts, as everywhere in JSON.
    fn entry(&self, key: &str) -> Option<(&Cow<'t, str>, &'t RawValue)> {
        let mut entries = self.entries.iter().rev();
        let exact = entries.clone().find(|(name, _)| name == key);
        let entry = exact.or_else(|| entries.find(|(name, _)| name.eq_ignore_ascii_case(key)));
        entry.map(|(name, value)| (name, *value))
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut entries = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    entries.push((name, value));
                }
                Ok(Object { entries })
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// A key, borrowed unless it has escapes.
struct Name<'t>(Cow<'t, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(text.to_owned().into()))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

/// The text that a JSON string spells. That it is well formed is known, but for the halves of surrogate pairs.
fn unescape(string: &str) -> Result<SecretString, StoreError> {
    let broken = || StoreError::malformed().because("a JSON string in it has half a surrogate pair");
    let inner = string.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).ok_or_else(not_json)?;
    // No escape is shorter than what it stands for, so the buffer never grows.
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let (character, behind) = unescaped(escape).ok_or_else(broken)?;
        text.push(character);
        rest = behind;
    }
    text.push_str(rest);
    Ok(text.as_str().into())
}

/// The character that an escape stands for, whose backslash is gone, and what follows it.
fn unescaped(escape: &str) -> Option<(char, &str)> {
    let mut characters = escape.chars();
    let character = match characters.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let (first, rest) = unit(characters.as_str())?;
            // A character beyond the first 65,536 is written as two units.
            let Some(second) = rest.strip_prefix("\\u").filter(|_| (0xd800..0xdc00).contains(&first)) else {
                return Some((char::from_u32(first.into())?, rest));
            };
            let (second, rest) = unit(second)?;
            return Some((char::decode_utf16([first, second]).next()?.ok()?, rest));
        }
        itself => itself,
    };
    Some((character, characters.as_str()))
}

/// Four hexadecimal digits.
fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::super::{SecretKey, StoreErrorKind};
    use super::*;

    fn picked(object: &str) -> Result<String, StoreErrorKind> {
        let secret = pick(object, "API_KEY").map_err(|error| error.kind())?;
        Ok(secret.expose_secret().to_owned())
    }

    #[test]
    fn a_key_is_matched_exactly_and_then_in_any_case() {
        assert_eq!(picked(r#"{"api_key": "lower", "API_KEY": "exact"}"#).unwrap(), "exact");
        assert_eq!(picked(r#"{"Api_Key": "other"}"#).unwrap(), "other");
        assert_eq!(picked(r#"{"API_KEY": "first", "API_KEY": "last"}"#).unwrap(), "last");
        assert_eq!(picked(r#" {"API\u005fKEY": "escaped"}"#).unwrap(), "escaped");
    }

    #[test]
    fn a_value_is_its_text() {
        for (json, text) in [
            (r#""plain""#, "plain"),
            (r#""a\"b\\c\/d\b\f\n\r\t""#, "a\"b\\c/d\u{8}\u{c}\n\r\t"),
            (r#""\u00e9\ud83d\ude00x""#, "é😀x"),
            (r#""ends in a quote\"""#, "ends in a quote\""),
            ("5432", "5432"),
            ("true", "true"),
            (r#"["a", "b"]"#, r#"["a", "b"]"#),
        ] {
            assert_eq!(picked(&format!(r#"{{"other": 1, "API_KEY": {json}}}"#)).unwrap(), text);
        }
    }

    #[test]
    fn what_is_not_there_and_what_is_no_object() {
        for (object, kind) in [
            (r#"{}"#, StoreErrorKind::NotFound),
            (r#"{"API_KEY": null}"#, StoreErrorKind::NotFound),
            (r#"{"API_KEY": ""}"#, StoreErrorKind::NotFound),
            (r#"{"API_KEY": "a}"#, StoreErrorKind::Malformed),
            (r#"{"API_KEY": "a"} x"#, StoreErrorKind::Malformed),
            (r#"{"API_KEY": "\ud83d"}"#, StoreErrorKind::Malformed),
            (r#"{"API_KEY": "\ud83dx"}"#, StoreErrorKind::Malformed),
            (r#"{"API_KEY": "\ude00"}"#, StoreErrorKind::Malformed),
            (r#"{"API_KEY": "\ud83d\u0041"}"#, StoreErrorKind::Malformed),
        ] {
            assert_eq!(picked(object), Err(kind), "{object}");
        }
    }

    #[test]
    fn strings_read_as_serde_json_reads_them() {
        for text in ["", "\"", "\\", "\\\"", "\u{0}\u{1f}\u{7f}", "\u{ffff}\u{10000}", "/\u{2028}", "ends in \\"] {
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(unescape(&json).unwrap().expose_secret(), text);
        }
    }

    fn replaced(object: &str, value: &str) -> String {
        replace(object, "API_KEY", &value.into()).unwrap().expose_secret().to_owned()
    }

    #[test]
    fn other_keys_stay_as_they_are() {
        let object = r#"{ "b":1.50, "api_key" : "old", "a":{"API_KEY":"inner"} }"#;
        assert_eq!(replaced(object, "n\"w"), r#"{"b": 1.50, "api_key": "n\"w", "a": {"API_KEY":"inner"}}"#);
        assert_eq!(replaced("{}", "new"), r#"{"API_KEY": "new"}"#);
        assert_eq!(replaced(r#"{"b": 1}"#, "new"), r#"{"b": 1, "API_KEY": "new"}"#);
    }

    #[test]
    fn a_text_is_whole_unless_several_values_are_wanted() {
        let whole = |key: &SecretKey| key.value_in("plain").map(|_| ()).map_err(|error| error.kind());
        let key = SecretKey::new("API_KEY");
        assert_eq!(whole(&key), Ok(()));
        assert_eq!(whole(&key.clone().shared()), Err(StoreErrorKind::Malformed));
        assert_eq!(whole(&key.clone().with("key", "x")), Err(StoreErrorKind::Malformed));
        assert_eq!(key.value_in("").unwrap_err().kind(), StoreErrorKind::NotFound);
        assert_eq!(key.replace_in("old", &"new".into()).unwrap().expose_secret(), "new");
    }
}
