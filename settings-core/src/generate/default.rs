//! The default of a field as text, where it can be told without running the program's own code.

use super::words;
use crate::schema::{DefaultValue, Field};

/// What stands in for a value that is not given.
pub(crate) enum Default {
    None,
    /// What may be written in its place.
    Text(String),
    /// An expression that only the program can evaluate.
    Code(&'static str),
    Empty,
    OfType,
}

impl Default {
    pub(crate) fn of(field: &Field) -> Self {
        match field.default {
            DefaultValue::None => Self::None,
            DefaultValue::Text("") => Self::Empty,
            DefaultValue::Text("[]") if words::is_list(field) => Self::Empty,
            DefaultValue::Text(text) => Self::Text(separated(text, field).unwrap_or_else(|| text.to_owned())),
            DefaultValue::Code(code) => literal(code).map_or(Self::Code(code), Self::Text),
            DefaultValue::Trait => match words::inner(field) {
                _ if field.secret().is_some() => Self::OfType,
                "bool" => Self::Text("false".to_owned()),
                ty if NUMBERS.contains(&ty) => Self::Text("0".to_owned()),
                "String" => Self::Empty,
                _ if words::is_list(field) => Self::Empty,
                _ => Self::OfType,
            },
        }
    }
}

/// A JSON list of texts as one would write it by hand, where that reads as the same list.
fn separated(text: &str, field: &Field) -> Option<String> {
    if !words::is_list(field) {
        return None;
    }
    let items: Vec<String> = serde_json::from_str(text).ok()?;
    let separator = field.separator.unwrap_or(",");
    let plain = |item: &String| !item.is_empty() && item.trim() == item && !item.contains(separator);
    let list = items.join(separator);
    (items.iter().all(plain) && !list.starts_with('[')).then_some(list)
}

/// The types of numbers, which are the endings of their literals.
const NUMBERS: &[&str] =
    &["usize", "isize", "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "u128", "i128", "f32", "f64"];

/// The text of a literal, a number without what only Rust writes: `8_080_u16`.
pub(super) fn literal(code: &str) -> Option<String> {
    if matches!(code, "true" | "false") {
        return Some(code.to_owned());
    }
    if !code.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return None;
    }
    let plain = code.replace('_', "");
    let plain = NUMBERS.iter().find_map(|suffix| plain.strip_suffix(suffix)).unwrap_or(&plain);
    plain.parse::<f64>().is_ok().then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_rust_become_text() {
        for (code, text) in [
            ("8_080", Some("8080")),
            ("8080_u16", Some("8080")),
            ("-1", Some("-1")),
            ("0.7f64", Some("0.7")),
            ("true", Some("true")),
            ("0xff", None),
            ("INFINITY", None),
            ("Level::Low", None),
            ("1 + 1", None),
        ] {
            assert_eq!(literal(code).as_deref(), text, "{code}");
        }
    }

    #[test]
    fn a_list_is_written_as_by_hand_where_it_is_read_the_same() {
        let field = Field { ty: "Vec<String>", ..Field::EMPTY };
        assert_eq!(separated(r#"["a","b c"]"#, &field).as_deref(), Some("a,b c"));
        for json in [r#"["a,b"]"#, r#"[" a"]"#, r#"[""]"#, r#"["[a]"]"#, "[1]"] {
            assert_eq!(separated(json, &field), None, "{json}");
        }
        assert_eq!(separated(r#"["a","b"]"#, &Field { ty: "String", ..field }), None);
    }
}
