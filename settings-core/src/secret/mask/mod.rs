//! What stands in an output instead of a value.

mod key;
mod login;
mod named;

use std::borrow::Cow;
use std::ops::Range;

#[cfg(feature = "clap")]
pub(crate) use self::key::begins_word;

/// Shown instead of a key.
pub(super) const KEY: &str = "[REDACTED]";
/// Shown instead of a part of a value.
const PART: &str = "****";
/// The most characters of a value that are shown.
const SHOWN: usize = 64;
/// The most bytes of a value that are looked at; nothing beyond is shown.
pub(super) const READ: usize = 4096;

/// A value as it may be shown: without the passwords of URLs, the values of secret parameters and headers, and whatever
/// begins like a known key; on one line, and at most 64 characters of it.
///
/// This is for values that are no secrets, in case one stands where it should not; it goes by the look of the text, and
/// cannot know every secret. A secret is not shown at all.
///
/// ```
/// use settings_core::secret::mask;
///
/// assert_eq!(mask("postgres://app:p@ss/w@db:5432/chat"), "postgres://app:****@db:5432/chat");
/// assert_eq!(mask("https://api.example.com/v1?page=2&token=abc"), "https://api.example.com/v1?page=2&token=****");
/// assert_eq!(mask(r#"{"password": "abc", "page": 2}"#), r#"{"password": ****, "page": 2}"#);
/// assert_eq!(mask("Bearer sk-test-key"), "Bearer [REDACTED]");
/// assert_eq!(mask("two\nlines"), r"two\nlines");
/// ```
pub fn mask(text: &str) -> String {
    let read = start(text, READ);
    masked(read, read.len() < text.len())
}

/// Text with its control characters escaped, and those that change the direction of writing, so that it can forge
/// neither a line of an output nor what a terminal shows.
///
/// ```
/// use settings_core::secret::escape;
///
/// assert_eq!(escape("a\u{1b}[2Jb\nc"), r"a\u{1b}[2Jb\nc");
/// ```
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_control(c) { escaped.extend(c.escape_default()) } else { escaped.push(c) }
    }
    Cow::Owned(escaped)
}

fn is_control(c: char) -> bool {
    let directs = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks_line = matches!(c, '\u{2028}' | '\u{2029}');
    c.is_control() || directs || breaks_line
}

/// Masking comes before shortening, so that no cut can hide what would have been masked. `cut` says that the value goes
/// on after `text`.
pub(super) fn masked(text: &str, cut: bool) -> String {
    let masked = replaced(text, &secrets(text, cut));
    let escaped = escape(&masked);
    match escaped.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &escaped[..end]),
        None if cut => format!("{escaped}…"),
        None => escaped.into_owned(),
    }
}

/// Where secrets most likely stand in a text, in order, and the mark for each. Every rule sees the whole text, so that
/// none hides from another what it goes by; each finds too much where it is in doubt.
fn secrets(text: &str, cut: bool) -> Vec<(Range<usize>, &'static str)> {
    let keys = key::keys(text).into_iter().map(|key| (key, KEY));
    let parts =
        [login::user_infos(text, cut), login::logins(text, cut), login::webhooks(text), named::named_values(text)];
    let mut found: Vec<_> = keys.chain(parts.into_iter().flatten().map(|part| (part, PART))).collect();
    // Of two that begin together the key comes first, for the sort is stable.
    found.sort_by_key(|(secret, _)| secret.start);
    found
}

/// The text with a mark for each secret, and with one mark, that of the first, for those that overlap.
fn replaced(text: &str, secrets: &[(Range<usize>, &str)]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut end = None;
    for (secret, mark) in secrets {
        if end.is_none_or(|end| secret.start > end) {
            shown.extend([&text[end.unwrap_or(0)..secret.start], mark]);
        }
        end = end.max(Some(secret.end));
    }
    shown.push_str(&text[end.unwrap_or(0)..]);
    shown
}

/// The first `most` bytes, or fewer where that would split a character.
pub(super) fn start(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    &text[..end.unwrap_or(0)]
}

/// Where the word at the beginning of `text` ends: at white space, or at the quote that `Debug` closes a string with.
fn word_end(text: &str) -> usize {
    let closes = |at: usize| {
        let next = text[at + 1..].chars().next();
        !text[..at].ends_with('\\') && next.is_none_or(|c| c.is_whitespace() || ",:)]}".contains(c))
    };
    let end = text.char_indices().find(|&(at, c)| c.is_whitespace() || c == '"' && closes(at));
    end.map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests;
