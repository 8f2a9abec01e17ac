//! Words that begin like the keys of providers.

use std::ops::Range;

use super::super::format;
use super::word_end;

/// How the first line of a PEM file begins, and its last one; both end with `DASHES`.
const PEM: &str = "-----BEGIN";
const PEM_END: &str = "-----END";
const DASHES: &str = "-----";
/// How JSON begins in base64, and so every signed web token.
const WEB_TOKEN: &str = "eyJ";

/// Every word that begins like a known key, and every PEM file.
pub(super) fn keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = text[at..].find(PEM) {
        let pem = at + begin;
        words(text, at..pem, &mut found);
        at = pem + pem_length(&text[pem..]);
        found.push(pem..at);
    }
    words(text, at..text.len(), &mut found);
    found
}

/// The length of a PEM file. Where its last line is not there, all that follows belongs to it but the quote that `Debug`
/// closes the text with.
fn pem_length(text: &str) -> usize {
    let label = text.find(PEM_END).map(|end| end + PEM_END.len());
    let end = label.and_then(|label| Some(label + text[label..].find(DASHES)? + DASHES.len()));
    end.unwrap_or_else(|| text.strip_suffix('"').filter(|text| !text.ends_with('\\')).unwrap_or(text).len())
}

/// Every word of this part that begins like a known key.
fn words(text: &str, part: Range<usize>, found: &mut Vec<Range<usize>>) {
    let Range { start: mut at, end: limit } = part;
    while let Some(c) = text[at..limit].chars().next() {
        if begins_word(&text.as_bytes()[..at]) && begins_key(&text[at..limit]) {
            let end = at + word_end(&text[at..limit]);
            found.push(at..end);
            at = end;
        } else {
            at += c.len_utf8();
        }
    }
}

/// Whether a word begins after this; also after `\n` as `Debug` writes it and after `%3D` as a URL does.
pub(crate) fn begins_word(before: &[u8]) -> bool {
    match before {
        [.., b'\\', _] | [.., b'%', _, _] => true,
        [.., last] => !last.is_ascii_alphanumeric(),
        [] => true,
    }
}

/// Whether `text` begins with a known prefix and goes on as a key does.
fn begins_key(text: &str) -> bool {
    let known = format::prefixes().map(|(_, prefix)| prefix).chain([WEB_TOKEN]);
    known.filter_map(|prefix| Some((prefix, after_prefix(text, prefix)?))).any(|(prefix, rest)| {
        let letters = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        if prefix.len() < 3 || prefix == WEB_TOKEN {
            // `SK` and `s.` begin too many words: a key is longer than these.
            letters >= 8
        } else if prefix.ends_with(['-', '_', '.']) {
            word_end(rest) > 0 && !(prefix.len() == 3 && is_short_word(rest))
        } else {
            letters >= 1
        }
    })
}

/// What follows the prefix. The case of a prefix that ends with `-` does not count; others are like names of variables.
fn after_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    (head == prefix || prefix.ends_with('-') && head.eq_ignore_ascii_case(prefix)).then_some(rest)
}

/// Whether fewer than 9 letters come, and nothing that a key would go on with: `sk-learn`, `hf_transfer`, `sk-SK`.
fn is_short_word(text: &str) -> bool {
    let word = text.find(|c: char| !(c.is_alphanumeric() || "-_".contains(c))).unwrap_or(text.len());
    word < 9 && text[..word].bytes().all(|b| b.is_ascii_alphabetic())
}
