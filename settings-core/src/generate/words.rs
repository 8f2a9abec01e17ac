//! What a field takes, in words for people who fill in a file.

use crate::schema::{Encoding, Field, Kind, Secret, Shape};
use crate::secret::expectation;

/// What a field takes. `expected` is what its type expects of a text, where it does not take any.
pub(super) fn takes(field: &Field, expected: Option<&str>) -> String {
    match &field.kind {
        Kind::Secret(rules) => secret(field, rules),
        Kind::Collection(collection) if collection.keyed => "a JSON object of objects, by name".to_owned(),
        Kind::Collection(_) => "a JSON list of objects".to_owned(),
        Kind::Plain | Kind::Nested(_) | Kind::Skipped => plain(field, expected),
    }
}

fn secret(field: &Field, rules: &Secret) -> String {
    let mut parts = vec!["a secret".to_owned()];
    parts.extend(expectation(rules).map(|begins| format!("that {begins}")));
    let bytes = match rules.shape {
        Shape::Array(length) => Some(format!("of {length} bytes")),
        Shape::Text | Shape::Bytes => None,
    };
    parts.extend(bytes);
    parts.extend(rules.encoding.map(|encoding| match encoding {
        Encoding::Base64 => "in base64".to_owned(),
        Encoding::Hex => "in hexadecimal digits".to_owned(),
    }));
    let unit = if rules.shape == Shape::Text { "character" } else { "byte" };
    with_rules(parts.join(" "), field, unit)
}

fn plain(field: &Field, expected: Option<&str>) -> String {
    let ty = inner(field);
    if let Some(item) = item(ty) {
        let separator = field.separator.map_or("commas".to_owned(), |separator| format!("`{separator}`"));
        let each = match one(field, item, expected).as_str() {
            "text" => String::new(),
            each => format!(", each {each}"),
        };
        return with_rules(format!("a list separated by {separator} or as JSON{each}"), field, "element");
    }
    with_rules(one(field, ty, expected), field, "character")
}

/// What one value of the type takes.
fn one(field: &Field, ty: &str, expected: Option<&str>) -> String {
    if !field.rules.one_of.is_empty() {
        return format!("one of {}", field.rules.one_of.join(", "));
    }
    let expected = expected.map(|expected| expected.replace('`', ""));
    match (expected, field.rules.range) {
        (Some(number), Some(range)) if number.starts_with("a whole number") => format!("a whole number in {range}"),
        (Some(number), None) if number.starts_with("a whole number") => whole_number(ty, &number),
        (expected, range) => {
            let words = expected.unwrap_or_else(|| by_name(ty));
            let comma = if words.contains(',') { "," } else { "" };
            range.map_or(words.clone(), |range| format!("{words}{comma} in {range}"))
        }
    }
}

/// The bounds of small numbers are worth telling; those of large ones are 20 digits long.
fn whole_number(ty: &str, expected: &str) -> String {
    match ty {
        "u8" | "i8" | "u16" | "i16" => expected.to_owned(),
        _ if expected.contains(" 0..") => "a whole number from 0 up".to_owned(),
        _ => "a whole number".to_owned(),
    }
}

/// A type that takes any text, or whose own code says what it takes.
pub(super) fn by_name(ty: &str) -> String {
    let name = match head(ty) {
        "String" | "str" | "Box" | "Arc" | "Rc" | "Cow" => "text",
        "PathBuf" | "Path" => "a path",
        "IpAddr" => "an IP address",
        "Ipv4Addr" => "an IPv4 address",
        "Ipv6Addr" => "an IPv6 address",
        "SocketAddr" | "SocketAddrV4" | "SocketAddrV6" => "an IP address with a port",
        "Url" => "a URL",
        "Uuid" => "a UUID",
        other => other,
    };
    name.to_owned()
}

fn with_rules(words: String, field: &Field, unit: &str) -> String {
    let least = field.rules.min_len.map(|least| {
        let plural = if least == 1 { "" } else { "s" };
        format!(", at least {least} {unit}{plural}")
    });
    let pattern = field.rules.pattern.map(|pattern| format!(", that matches {pattern}"));
    let empty = field.allow_empty.then(|| ", which may be empty".to_owned());
    [Some(words), least, pattern, empty].into_iter().flatten().collect()
}

/// The field's type without the `Option` around it.
pub(super) fn inner(field: &Field) -> &'static str {
    match field.ty.split_once('<').and_then(|(_, rest)| rest.strip_suffix('>')) {
        Some(inner) if field.optional => inner,
        _ => field.ty,
    }
}

/// Whether the field is a list of values.
pub(super) fn is_list(field: &Field) -> bool {
    item(inner(field)).is_some()
}

/// The type of a list's items.
pub(super) fn item(ty: &str) -> Option<&str> {
    if let Some(items) = ty.strip_prefix('[') {
        return items.split([';', ']']).next();
    }
    let (_, arguments) = ty.split_once('<')?;
    let arguments = arguments.strip_suffix('>')?;
    match head(ty) {
        "Vec" | "VecDeque" | "LinkedList" | "BTreeSet" | "BinaryHeap" => Some(arguments),
        // Behind the item there may be a hasher.
        "HashSet" => Some(arguments.split(',').next().unwrap_or(arguments)),
        "Box" | "Arc" | "Rc" => item(arguments),
        _ => None,
    }
}

/// The last name of the type's path: `Vec` of `std::vec::Vec<u8>`.
fn head(ty: &str) -> &str {
    let path = ty.trim_start_matches('&').split('<').next().unwrap_or(ty);
    path.rsplit("::").next().unwrap_or(path).trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Rules;

    fn of(ty: &'static str, expected: Option<&str>) -> String {
        takes(&Field { ty, ..Field::EMPTY }, expected)
    }

    #[test]
    fn types_by_what_they_expect() {
        assert_eq!(of("u16", Some("a whole number in 0..=65535")), "a whole number in 0..=65535");
        assert_eq!(of("u64", Some("a whole number in 0..=18446744073709551615")), "a whole number from 0 up");
        assert_eq!(of("i64", Some("a whole number in -9..=9")), "a whole number");
        assert_eq!(of("Level", Some("one of `low`, `high`")), "one of low, high");
    }

    #[test]
    fn types_by_their_names() {
        assert_eq!(of("String", None), "text");
        assert_eq!(of("std::net::IpAddr", None), "an IP address");
        assert_eq!(of("Box<str>", None), "text");
        assert_eq!(of("my::Region", None), "Region");
    }

    #[test]
    fn lists_tell_what_each_item_is() {
        let whole = Some("a whole number in 0..=65535");
        assert_eq!(of("Vec<String>", None), "a list separated by commas or as JSON");
        assert_eq!(of("Vec<u16>", whole), "a list separated by commas or as JSON, each a whole number in 0..=65535");
        assert_eq!(of("[u16; 2]", whole), of("Box<[u16]>", whole));
        let field = Field { ty: "HashSet<String, S>", separator: Some(";"), ..Field::EMPTY };
        assert_eq!(takes(&field, None), "a list separated by `;` or as JSON");
    }

    #[test]
    fn an_option_is_what_stands_in_it() {
        let field = Field { ty: "Option<Vec<String>>", optional: true, ..Field::EMPTY };
        assert_eq!(inner(&field), "Vec<String>");
        assert_eq!(inner(&Field { ty: "Wrapper<u8>", ..field }), "u8");
        assert_eq!(inner(&Field { optional: false, ..field }), "Option<Vec<String>>");
    }

    #[test]
    fn rules_are_told() {
        let rules = Rules { min_len: Some(1), pattern: Some("^a"), one_of: &["a", "b"], ..Rules::EMPTY };
        let field = Field { ty: "String", rules, ..Field::EMPTY };
        assert_eq!(takes(&field, None), "one of a, b, at least 1 character, that matches ^a");
        let rules = Rules { range: Some("1..=9"), ..Rules::EMPTY };
        let field = Field { ty: "u64", rules, ..Field::EMPTY };
        assert_eq!(takes(&field, Some("a whole number in 0..=1")), "a whole number in 1..=9");
        assert_eq!(takes(&field, Some("a number")), "a number in 1..=9");
    }

    #[test]
    fn secrets_tell_how_they_begin_and_how_they_are_written() {
        let openai = Secret { format: Some("openai"), ..Secret::EMPTY };
        let rules = Rules { min_len: Some(20), ..Rules::EMPTY };
        let field = Field { kind: Kind::Secret(openai), rules, ..Field::EMPTY };
        assert_eq!(takes(&field, None), "a secret that begins with sk-, at least 20 characters");
        let key = Secret { shape: Shape::Array(32), encoding: Some(Encoding::Base64), ..Secret::EMPTY };
        let field = Field { kind: Kind::Secret(key), ..Field::EMPTY };
        assert_eq!(takes(&field, None), "a secret of 32 bytes in base64");
    }
}
