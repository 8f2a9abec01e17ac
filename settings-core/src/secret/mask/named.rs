//! Values that follow the name of a secret.

use std::ops::Range;

use super::super::name::names_secret;
use super::{KEY, word_end};

/// What stands between a name and its value; what begins with another comes first.
const SEPARATORS: &[&str] = &["==", "=>", ":=", "=", ":", "%3D", "%3d", "%3A", "%3a"];
/// What may close a name before that: `"name": `, `x[name]=`, and `x%5Bname%5D=` in a URL.
const CLOSING: &str = "\"'`\\])";
const CLOSING_BRACKET: &[&str] = &["%5D", "%5d"];
/// Values that tell nothing.
const OPEN: &[&str] = &["None", "null", "true", "false"];

/// How a value is written, which tells where it ends.
enum Value<'a> {
    /// `?name=value&..`
    Query(&'a str),
    /// `name=value ..`, `--name value` or `Bearer value`.
    Word(&'a str),
    /// `name: value` of a header or of YAML, which may be anything; or of JSON and `Debug`, which quote it.
    Literal(&'a str),
}

/// The values of `password=..`, `&api_key=..`, `"token": ".."`, `Authorization: ..`, `--password ..` and their like.
pub(super) fn named_values(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = text[at..].find(is_of_name) {
        let (before, named) = text.split_at(at + begin);
        let (name, after) = named.split_at(named.find(|c| !is_of_name(c)).unwrap_or(named.len()));
        at = text.len() - after.len();
        // What looks like a value may itself be a name: `Bearer --password ..`.
        found.extend(secret(before, name, after).map(|secret| at + secret.start..at + secret.end));
    }
    found
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || "_-.".contains(c)
}

/// Where in `after` the value of that name stands, if it is a secret.
fn secret(before: &str, name: &str, after: &str) -> Option<Range<usize>> {
    let value = Value::after(before, name, after)?;
    let (text, length) = (value.text(), value.length());
    let begin = after.len() - text.len();
    let length = match value {
        Value::Word(word) => length - closing([before, &after[..begin]], &word[..length]),
        _ => length,
    };
    (length > 0 && !is_open(text)).then_some(begin..begin + length)
}

/// How many brackets at the end of a word close those that stand open before it: `{user=u, password=pw}`.
fn closing(before: [&str; 2], word: &str) -> usize {
    // Few words end so, and all others need no look at what stands before them.
    if !word.ends_with(['}', ']', ')']) {
        return 0;
    }
    let count = |bracket: char| before.iter().map(|text| text.matches(bracket).count()).sum::<usize>();
    let mut open = [('{', '}'), ('[', ']'), ('(', ')')].map(|(opens, closes)| (closes, count(opens), count(closes)));
    let closes = |c: &char| match open.iter_mut().find(|(closes, opened, closed)| closes == c && opened > closed) {
        Some((.., closed)) => {
            *closed += 1;
            true
        }
        None => false,
    };
    word.chars().rev().take_while(closes).count()
}

impl<'a> Value<'a> {
    /// The value of that name, if it is the name of a secret and a value follows.
    fn after(before: &str, name: &str, after: &'a str) -> Option<Self> {
        // `%26key%3D`: the name begins after the two digits.
        let name = if before.ends_with('%') { name.get(2..).unwrap_or(name) } else { name };
        if is_scheme(name, after) {
            return Some(Self::Word(after.trim_start()));
        }
        let is_flag = name.starts_with('-');
        let value = match separated(after) {
            Some((":", value)) => Self::Literal(value),
            Some((_, value)) if before.ends_with(['?', '&']) => Self::Query(value),
            Some((_, value)) => Self::Word(value),
            None if is_flag && after.starts_with(char::is_whitespace) => Self::Word(after.trim_start()),
            // `<name>value</name>`
            None if before.ends_with('<') => Self::Literal(after.strip_prefix('>')?),
            // `["--name", "value"]` and `[("name", "value")]`.
            None if is_flag || before.ends_with("(\"") => {
                Self::Literal(after.strip_prefix("\", ").filter(|value| value.starts_with('"'))?)
            }
            None => return None,
        };
        names_secret(name).then_some(value)
    }

    fn text(&self) -> &'a str {
        match self {
            Self::Query(text) | Self::Word(text) | Self::Literal(text) => text,
        }
    }

    fn length(&self) -> usize {
        match self {
            Self::Query(text) => text.find('&').unwrap_or(usize::MAX).min(word_end(text)),
            // Who quotes a value may put anything into it.
            Self::Word(text) if text.starts_with(['"', '\'', '\\']) => text.len(),
            Self::Word(text) => word_end(text),
            Self::Literal(text) => quoted(text).unwrap_or(text.len()),
        }
    }
}

/// Whether this is the scheme of an `Authorization` before its secret, not the words `basic auth`.
fn is_scheme(name: &str, after: &str) -> bool {
    let mut words = after.split_whitespace();
    let is_word = |word: &str| word.bytes().all(|b| b.is_ascii_lowercase());
    after.starts_with(char::is_whitespace)
        && (name.eq_ignore_ascii_case("bearer")
            || name.eq_ignore_ascii_case("basic") && words.next().is_some_and(|word| !is_word(word)))
}

/// The separator after a name, and what follows it.
fn separated(after: &str) -> Option<(&'static str, &str)> {
    let bracket = CLOSING_BRACKET.iter().find_map(|bracket| after.strip_prefix(bracket));
    let after = bracket.unwrap_or(after).trim_start_matches(|c: char| c.is_whitespace() || CLOSING.contains(c));
    let (separator, value) =
        SEPARATORS.iter().find_map(|&separator| Some((separator, after.strip_prefix(separator)?)))?;
    // `Token::new` is a path of Rust, and `token://` the scheme of a URL.
    let is_other = separator == ":" && (value.starts_with(':') || value.starts_with("//"));
    (!is_other).then(|| (separator, value.trim_start()))
}

/// The length of a value in double quotes, whose own quotes are escaped as JSON and `Debug` do it. Where a text of that
/// kind is itself quoted, its quotes are `\"` and those in its values `\\\"`.
fn quoted(value: &str) -> Option<usize> {
    let (quote, inner) = value.split_at(value.find('"')? + 1);
    let closes = |at: usize| {
        let next = inner[at + quote.len()..].chars().next();
        !inner[..at].ends_with('\\') && next.is_none_or(|c| c.is_whitespace() || ",:)]}".contains(c))
    };
    let is_quote = quote.bytes().rev().skip(1).all(|b| b == b'\\');
    let (end, _) = inner.match_indices(quote).find(|&(at, _)| is_quote && closes(at))?;
    Some(quote.len() + end + quote.len())
}

/// Whether a value tells nothing, or stands masked already, as in `Some(SecretBox<str>([REDACTED]))`.
fn is_open(value: &str) -> bool {
    let ends = |rest: &str| rest.is_empty() || rest.starts_with([',', ';', '&', ')', ']', '}', '"']);
    let inner = value.strip_prefix("Some(").unwrap_or(value);
    let inner =
        inner.strip_prefix("SecretBox<").and_then(|boxed| boxed.split_once(">(")).map_or(inner, |(_, inner)| inner);
    inner.starts_with(KEY)
        || OPEN.iter().any(|open| value.strip_prefix(open).is_some_and(|rest| ends(rest.trim_start())))
}
