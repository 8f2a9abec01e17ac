//! The text of one .env file, to its bindings.

use std::mem;
use std::ops::Range;

use zeroize::Zeroizing;

use super::document::{Binding, Document, Error, ErrorKind, Place, Quote};

/// Reads all of a file, past every line that is an error.
pub(super) fn parse(bytes: Zeroizing<Vec<u8>>) -> Document {
    let (source, invalid) = into_text(bytes);
    let mut document = Parser::new(&source, &invalid).run();
    document.source = source;
    document
}

/// Walks over the source, a line or a quoted value of several lines at a time.
struct Parser<'a> {
    source: &'a str,
    /// Where `source` has a NUL in place of bytes that are not UTF-8.
    invalid: &'a [usize],
    /// Spares the search in every line of a file that has none.
    has_nul: bool,
    /// The beginning of the line to be read next, and its number.
    at: usize,
    line: u32,
    document: Document,
}

/// What a line, or a quoted value of several lines, turned out to be.
enum Statement {
    Nothing,
    LoneWord(Place),
    Binding(Binding),
}

impl<'a> Parser<'a> {
    fn new(source: &'a str, invalid: &'a [usize]) -> Self {
        let byte_order_mark = if source.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let has_nul = source.contains('\0');
        Self { source, invalid, has_nul, at: byte_order_mark, line: 1, document: Document::default() }
    }

    fn run(mut self) -> Document {
        while self.at < self.source.len() {
            let (start, line) = (self.at, self.line);
            let statement = self.statement();
            match (statement, self.bad_byte(start..self.at)) {
                (Ok(Statement::Nothing), None) => {}
                (Ok(Statement::LoneWord(place)), None) => self.warn(place),
                (Ok(Statement::Binding(binding)), None) => self.document.bindings.push(binding),
                (Err(error), _) => self.fail(error),
                (Ok(Statement::Binding(Binding { key, place, .. })), Some(kind)) => {
                    self.fail(Error { place, key: Some(self.source[key].into()), kind });
                }
                (Ok(_), Some(kind)) => self.fail(Error { place: Place { line, column: 1 }, key: None, kind }),
            }
        }
        self.document
    }

    fn warn(&mut self, lone_word: Place) {
        if self.document.doubtful_from.is_none() {
            self.document.lone_words.push(lone_word);
        }
    }

    /// Behind a broken quote what looks like a key may be a piece of a value, so errors name none from there on.
    fn fail(&mut self, mut error: Error) {
        let document = &mut self.document;
        if document.doubtful_from.is_some() {
            error.key = None;
        } else if matches!(error.kind, ErrorKind::UnterminatedQuote | ErrorKind::TextAfterQuote) {
            document.doubtful_from = Some(document.bindings.len());
        }
        document.errors.push(error);
    }

    /// Reads one statement and moves on to the line after it.
    fn statement(&mut self) -> Result<Statement, Error> {
        let (source, start, line) = (self.source, self.at, self.line);
        let text = self.rest_of_line(start);
        let end = start + text.len();
        let place = |at| Place { line, column: source[start..at].chars().count() as u32 + 1 };

        let text = text.trim_start();
        if is_blank_or_comment(text) {
            return Ok(Statement::Nothing);
        }
        let head = place(end - text.len());
        let text = without_export(text);
        let key_at = end - text.len();
        let (key, rest) = text.split_at(text.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(text.len()));
        let rest = rest.trim_start();
        let Some(value) = rest.strip_prefix('=') else {
            let lone = is_blank_or_comment(rest);
            let missing = Error { place: head, key: None, kind: ErrorKind::MissingEquals };
            return if lone { Ok(Statement::LoneWord(head)) } else { Err(missing) };
        };
        if !is_key(key) {
            return Err(Error { place: head, key: None, kind: ErrorKind::BadKey });
        }

        let value_at = end - value.trim_start().len();
        let place = place(value_at);
        let quote = match source.as_bytes()[value_at..end].first() {
            Some(b'\'') => Quote::Single,
            Some(b'"') => Quote::Double,
            _ => Quote::None,
        };
        let written = match quote {
            Quote::None => value_at..value_at + unquoted(value).len(),
            _ => self.quoted(value_at + 1, line, quote).map_err(|kind| Error { place, key: Some(key.into()), kind })?,
        };
        let unescaped = if quote == Quote::None { None } else { self.unescape(&source[written.clone()], quote) };
        let key = key_at..key_at + key.len();
        Ok(Statement::Binding(Binding { key, written, unescaped, quote, place }))
    }

    /// What stands between `from` and the end of its line. The line after it is the next to be read.
    fn rest_of_line(&mut self, from: usize) -> &'a str {
        let rest = &self.source[from..];
        let length = rest.bytes().position(|b| b == b'\n' || b == b'\r').unwrap_or(rest.len());
        let (text, rest) = rest.split_at(length);
        let line_end = if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
        self.at = from + length + line_end;
        self.line += 1;
        text
    }

    /// The range of the value that begins at `from`, behind its opening quote in `line`.
    ///
    /// When the quote is never closed, reading goes on at the line after it.
    fn quoted(&mut self, from: usize, line: u32, quote: Quote) -> Result<Range<usize>, ErrorKind> {
        let length = closing_quote(&self.source.as_bytes()[from..], quote).ok_or(ErrorKind::UnterminatedQuote)?;
        let close = from + length;
        self.line = line + line_ends(&self.source[from..close]);
        if is_blank_or_comment(self.rest_of_line(close + 1).trim_start()) {
            Ok(from..close)
        } else {
            Err(ErrorKind::TextAfterQuote)
        }
    }

    /// Puts the value that is `written` into the buffer of unescaped ones, unless there is nothing to unescape.
    fn unescape(&mut self, written: &str, quote: Quote) -> Option<Range<usize>> {
        if !written.contains(['\\', '\r']) {
            return None;
        }
        let Document { unescaped, escaped_dollars, .. } = &mut self.document;
        if unescaped.capacity() == 0 {
            // Enough for all: no escape is longer than it is written.
            unescaped.reserve_exact(self.source.len());
        }
        let start = unescaped.len();
        let mut rest = written;
        while let Some(at) = rest.find(['\\', '\r']) {
            unescaped.push_str(&rest[..at]);
            let (length, meaning) = match (quote, &rest.as_bytes()[at..]) {
                (_, [b'\r', b'\n', ..]) => (2, '\n'),
                (_, [b'\r', ..]) => (1, '\n'),
                (Quote::Single, [_, b'\'', ..]) => (2, '\''),
                (Quote::Double, [_, b'n', ..]) => (2, '\n'),
                (Quote::Double, [_, b'r', ..]) => (2, '\r'),
                (Quote::Double, [_, b't', ..]) => (2, '\t'),
                (Quote::Double, [_, b'"', ..]) => (2, '"'),
                (Quote::Double, [_, b'\\', ..]) => (2, '\\'),
                (Quote::Double, [_, b'$', ..]) => {
                    escaped_dollars.push(unescaped.len());
                    (2, '$')
                }
                _ => (1, '\\'),
            };
            unescaped.push(meaning);
            rest = &rest[at + length..];
        }
        unescaped.push_str(rest);
        Some(start..unescaped.len())
    }

    /// What is wrong with the first byte in `range` that no text may have.
    fn bad_byte(&self, range: Range<usize>) -> Option<ErrorKind> {
        if !self.has_nul {
            return None;
        }
        let at = range.start + self.source[range].find('\0')?;
        Some(if self.invalid.binary_search(&at).is_ok() { ErrorKind::NotUtf8 } else { ErrorKind::Nul })
    }
}

/// The text, with NULs in place of bytes that are not UTF-8, and where each row of such bytes begins.
pub(super) fn into_text(bytes: Zeroizing<Vec<u8>>) -> (Zeroizing<String>, Vec<usize>) {
    match utf8(bytes) {
        Ok(text) => (text, Vec::new()),
        Err(mut bytes) => {
            let mut invalid = Vec::new();
            let mut at = 0;
            for chunk in bytes.utf8_chunks() {
                at += chunk.valid().len();
                invalid.push(at..at + chunk.invalid().len());
                at += chunk.invalid().len();
            }
            invalid.iter().for_each(|range| bytes[range.clone()].fill(0));
            (utf8(bytes).unwrap_or_default(), invalid.into_iter().map(|range| range.start).collect())
        }
    }
}

/// `String::from_utf8` for wiped buffers. Nothing is copied.
fn utf8(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, Zeroizing<Vec<u8>>> {
    String::from_utf8(mem::take(&mut *bytes)).map(Zeroizing::new).map_err(|error| Zeroizing::new(error.into_bytes()))
}

fn is_blank_or_comment(text: &str) -> bool {
    text.is_empty() || text.starts_with('#')
}

pub(super) fn is_key(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// What follows `export` and white space, unless `export` is itself the key.
pub(super) fn without_export(text: &str) -> &str {
    match text.strip_prefix("export").map(|rest| (rest, rest.trim_start())) {
        Some((rest, key)) if key.len() < rest.len() && !is_blank_or_comment(key) && !key.starts_with('=') => key,
        _ => text,
    }
}

/// The value in the rest of a line behind the `=`: up to a `#` that follows white space, and without white space around.
fn unquoted(rest: &str) -> &str {
    let mut hashes = rest.match_indices('#').map(|(at, _)| at);
    let comment = hashes.find(|&at| rest[..at].ends_with(char::is_whitespace));
    rest[..comment.unwrap_or(rest.len())].trim()
}

/// Where the value that `text` begins with ends.
fn closing_quote(text: &[u8], quote: Quote) -> Option<usize> {
    let (mark, any_escape) = if quote == Quote::Double { (b'"', true) } else { (b'\'', false) };
    let mut at = 0;
    loop {
        at += text[at..].iter().position(|&b| b == mark || b == b'\\')?;
        if text[at] == mark {
            return Some(at);
        }
        let escapes = any_escape || text.get(at + 1) == Some(&mark);
        at = (at + if escapes { 2 } else { 1 }).min(text.len());
    }
}

/// How many line ends there are in `text`: `\n`, `\r\n` or a lone `\r`.
pub(super) fn line_ends(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let ends = |at: usize| bytes[at] == b'\n' || (bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    (0..bytes.len()).filter(|&at| ends(at)).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_buffer_with_a_value_moves() {
        let content = "A=\"\\n\\$\"\nB='\\''\nC=\"\r\n\"\n".repeat(100);
        let bytes = Zeroizing::new(content.clone().into_bytes());
        let at = bytes.as_ptr();
        let document = parse(bytes);
        assert_eq!(document.source.as_ptr(), at);
        assert_eq!(document.bindings.len(), 300);
        assert_eq!(document.unescaped.len(), 400);
        assert_eq!(document.unescaped.capacity(), content.len());
    }
}
