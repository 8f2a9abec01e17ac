//! What stands in an output instead of a value.

use std::borrow::Cow;

use super::format;

/// Shown instead of a key.
pub(super) const KEY: &str = "[REDACTED]";
/// Shown instead of a part of a value.
const PART: &str = "****";
/// The most characters of a value that are shown.
const SHOWN: usize = 64;
/// The most bytes of a value that are looked at; nothing beyond is shown.
pub(super) const READ: usize = 4096;
/// What the rest of a value is masked from.
const PEM: &str = "-----BEGIN";
/// The names of parameters that hold secrets end so.
const SECRET_NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "token",
    "key",
    "secret",
    "sig",
    "signature",
    "credential",
    "credentials",
    "auth",
];

/// A value as it may be shown: without the passwords of URLs, secret parameters and whatever begins like a known key,
/// on one line, and at most 64 characters of it.
///
/// This is for values that are no secrets. A secret is not shown at all.
///
/// ```
/// use settings_core::secret::mask;
///
/// assert_eq!(mask("postgres://app:p@ss/w@db:5432/chat"), "postgres://app:****@db:5432/chat");
/// assert_eq!(mask("https://api.example.com/v1?page=2&token=abc"), "https://api.example.com/v1?page=2&token=****");
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
    let masked = keys(&parameters(&user_infos(text, cut)));
    let escaped = escape(&masked);
    match escaped.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &escaped[..end]),
        None if cut => format!("{escaped}…"),
        None => escaped.into_owned(),
    }
}

/// The first `most` bytes, or fewer where that would split a character.
pub(super) fn start(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at));
    &text[..end.unwrap_or(0)]
}

/// Masks what stands between `//` and `@`, from the first colon on. A password that is not percent-encoded may hold
/// any character, so the last `@` ends it.
fn user_infos(text: &str, cut: bool) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("//") {
        let (url, beyond) = after.split_at(reach(after));
        let unended = cut && beyond.is_empty();
        shown.extend([before, "//"]);
        match url.rfind('@').or(unended.then_some(url.len())) {
            Some(end) => {
                let user = url[..end].find(':').map_or("", |colon| &url[..=colon]);
                let host = if unended { "" } else { &url[end..] };
                shown.extend([user, PART, host]);
            }
            None => shown.push_str(url),
        }
        rest = beyond;
    }
    shown.push_str(rest);
    shown
}

/// How far a URL may reach: up to the word in which the next one begins.
fn reach(text: &str) -> usize {
    let next = text.find(char::is_whitespace).and_then(|blank| Some(blank + text[blank..].find("//")?));
    next.and_then(|next| text[..next].rfind(char::is_whitespace)).unwrap_or(text.len())
}

/// Masks the values of `password=..`, `&api_key=..`, `;SharedAccessKey=..` and their like.
fn parameters(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once('=') {
        let before = head.trim_end().trim_end_matches(|c: char| c.is_alphanumeric() || "_-.".contains(c));
        let name = head[before.len()..].trim_end().to_ascii_lowercase();
        shown.extend([head, "="]);
        rest = tail;
        if SECRET_NAMES.iter().any(|ending| name.ends_with(ending)) {
            let value = tail.trim_start();
            let length = if before.ends_with(['?', '&']) {
                value.find('&').unwrap_or(usize::MAX).min(word_end(value))
            } else if value.starts_with(['"', '\'', '\\']) {
                // Who quotes a value may put anything into it.
                value.len()
            } else {
                word_end(value)
            };
            if length > 0 {
                shown.push_str(PART);
                rest = &value[length..];
            }
        }
    }
    shown.push_str(rest);
    shown
}

/// Masks every word that begins like a known key, and whatever follows the head of a PEM file.
fn keys(text: &str) -> String {
    let (text, pem) = match text.find(PEM) {
        Some(at) => (&text[..at], KEY),
        None => (text, ""),
    };
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (before, _) = text.split_at(text.len() - rest.len());
        if begins_word(before.as_bytes()) && begins_key(rest) {
            shown.push_str(KEY);
            rest = &rest[word_end(rest)..];
        } else {
            shown.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    shown.push_str(pem);
    shown
}

/// Whether a word begins after this; also after `\n` as `Debug` writes it and after `%3D` as a URL does.
fn begins_word(before: &[u8]) -> bool {
    match before {
        [.., b'\\', _] | [.., b'%', _, _] => true,
        [.., last] => !last.is_ascii_alphanumeric(),
        [] => true,
    }
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

/// Whether `text` begins with a known prefix and goes on as a key does.
fn begins_key(text: &str) -> bool {
    format::prefixes().filter_map(|(_, prefix)| Some((prefix, text.strip_prefix(prefix)?))).any(|(prefix, rest)| {
        let letters = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if prefix.len() < 3 {
            // `SK` and `s.` begin too many words: a key is longer than these.
            letters >= 8
        } else if prefix.ends_with(['-', '_', '.']) {
            word_end(rest) > 0
        } else {
            letters >= 1
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::Shown;
    use super::*;

    /// What `Debug` shows of a text, without its quotes.
    fn shown(text: &str) -> String {
        format!("{:?}", Shown(text))
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in [
            "",
            "80a0",
            "dev",
            "a b c",
            "http://localhost:3000/docs",
            "/run/secrets/key",
            "ops@example.com",
            "tcp://10.0.0.1:80",
            "page=2&sort=asc",
            "=",
            "naïve",
            "task-force",
            "SK",
            "SKIP",
            "ASIA",
            "ASIA-PACIFIC",
            "s.example.com",
            "begins with sk-",
            "sk-",
        ] {
            assert_eq!(mask(text), text);
        }
    }

    #[test]
    fn passwords_of_urls() {
        for (text, masked) in [
            ("postgres://u:p@ss/w@host/db", "postgres://u:****@host/db"),
            ("postgres://u:p:p://p//p@host/db", "postgres://u:****@host/db"),
            ("postgres://u:p w@host/db", "postgres://u:****@host/db"),
            ("redis://:pw@host:6379/0", "redis://:****@host:6379/0"),
            ("https://pat@host/repo.git", "https://****@host/repo.git"),
            ("postgres://a:pw@h1,postgres://b:pw@h2", "postgres://a:****@h2"),
            (
                "http://h:80/ postgres://a:pw@h1 amqp://b:pw@h2/v",
                "http://h:80/ postgres://a:****@h1 amqp://b:****@h2/v",
            ),
            ("amqp://u:@host", "amqp://u:****@host"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn parameters_that_are_secrets() {
        for (text, masked) in [
            ("https://h/?password=pw", "https://h/?password=****"),
            ("https://h/?a=1&api_key=pw&b=2", "https://h/?a=1&api_key=****&b=2"),
            ("https://h/?X-Amz-Signature=pw&x=1", "https://h/?X-Amz-Signature=****&x=1"),
            ("https://h/?sig=p;w", "https://h/?sig=****"),
            ("Server=h;Password=p;w&x", "Server=h;Password=****"),
            ("host=h password=pw user=u", "host=h password=**** user=u"),
            ("Endpoint=sb://h/;SharedAccessKey=pw=", "Endpoint=sb://h/;SharedAccessKey=****"),
            ("password='p w' host=h", "password=****"),
            ("password = pw", "password =****"),
            ("token=", "token="),
            ("token=p\"w", "token=****"),
        ] {
            assert_eq!(mask(text), masked);
        }
        assert_eq!(shown("a?token=p\"w"), "\"a?token=****\"");
        assert_eq!(shown("a?token=p\",w"), "\"a?token=****\"");
        for name in SECRET_NAMES {
            assert_eq!(mask(&format!("?x_{name}=pw&y=1")), format!("?x_{name}=****&y=1"));
        }
    }

    #[test]
    fn every_known_key() {
        for (_, prefix) in format::prefixes() {
            let key = format!("{prefix}test1234CANARY");
            for (before, after) in
                [("", ""), ("Bearer ", ""), ("a,", " b"), ("a=", ""), ("\n", "\n"), ("%3D", ""), ("é", "")]
            {
                let text = format!("{before}{key}{after}");
                assert!(mask(&text).contains(KEY), "{text:?}: {}", mask(&text));
                assert!(!mask(&text).contains("CANARY"), "{text:?}: {}", mask(&text));
                assert!(!shown(&text).contains("CANARY"), "{text:?}: {}", shown(&text));
            }
        }
        assert_eq!(mask("first sk-test-key then"), "first [REDACTED] then");
        assert_eq!(format!("{:?}", Shown(&["sk-test-key", "b"])), r#"["[REDACTED]", "b"]"#);
    }

    #[test]
    fn the_rest_of_a_pem_file() {
        assert_eq!(mask("key: -----BEGIN TEST KEY-----\nAAAA\n-----END TEST KEY-----\n"), "key: [REDACTED]");
    }

    #[test]
    fn a_password_of_any_characters() {
        for odd in "@/:?#&=;,'\"\\ \n\t\u{1b}%[](){}<>é…".chars() {
            let url = format!("postgres://user:one{odd}two{odd}{odd}three@host/db");
            for output in [mask(&url), shown(&url)] {
                assert!(output.contains("postgres://user:****@host/db"), "{odd:?}: {output}");
            }
        }
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(mask("a\r\n\u{1b}[31mb\u{9b}c\u{7f}"), r"a\r\n\u{1b}[31mb\u{9b}c\u{7f}");
        assert_eq!(mask("a\u{202e}b\u{2028}c"), r"a\u{202e}b\u{2028}c");
        assert!(matches!(escape("naïve … 日本"), Cow::Borrowed(_)));
    }

    #[test]
    fn no_more_than_64_characters() {
        assert_eq!(mask(&"é".repeat(64)), "é".repeat(64));
        assert_eq!(mask(&"é".repeat(65)), format!("{}…", "é".repeat(64)));
        assert_eq!(shown(&"a".repeat(100)), format!("\"{}…", "a".repeat(63)));
    }

    #[test]
    fn masking_comes_before_shortening() {
        let long = "p".repeat(100);
        assert_eq!(mask(&format!("postgres://u:{long}@host/db")), "postgres://u:****@host/db");
        let longer_than_read = "p".repeat(2 * READ);
        for text in [
            format!("postgres://u:{longer_than_read}@host"),
            format!("https://{longer_than_read}@host"),
            format!("?token={longer_than_read}"),
            format!("sk-{longer_than_read}"),
        ] {
            for output in [mask(&text), shown(&text)] {
                assert!(!output.contains("pp") && output.ends_with('…'), "{output}");
            }
        }
    }
}
