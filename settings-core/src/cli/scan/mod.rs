//! `scan --staged`: secrets in what is about to be committed.
//!
//! Each file of the index that differs from the last commit is searched whole, as it is staged: for the values that the
//! layers hold now, and for text that looks like a secret. What is found is told by its place, and never shown.

mod decoded;
mod git;
mod shapes;
mod values;

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;

use memchr::memmem;

use self::decoded::Decoded;
use self::git::{Contents, Error, Staged};
use self::shapes::{Prefixes, shapes};
use self::values::{Needle, needles};
use super::screen;
use crate::loader::Loader;
use crate::secret::{REDACTED, escape};
use crate::tone::Tone;
use crate::value::Blueprint;

/// What a line has that is no secret, though it looks like one.
const PRAGMA: &[u8] = b"pragma: allowlist secret";
/// So many places are told; whoever has more begins with these.
const TOLD: usize = 100;

/// The exit codes beside 0.
const FOUND: i32 = 1;
const FAILED: i32 = 2;

/// Searches the index of the repository that the current directory is in.
pub(super) fn staged<S: Blueprint>(loader: Loader<S>) -> io::Result<i32> {
    let (needles, all_read) = needles(S::SCHEMA, &loader.scoped_places());
    let scanner = Scanner { needles, prefixes: Prefixes::of(S::SCHEMA) };
    let found = git::staged().and_then(|files| scanner.files(&files));
    if !all_read {
        screen::warning("not all settings could be read, so not all values were looked for; `check` tells why");
    }
    Ok(match found {
        Ok(found) if found.is_empty() => 0,
        Ok(found) => {
            tell(&found)?;
            FOUND
        }
        Err(error) => {
            screen::error(&escape(&error.to_string()));
            FAILED
        }
    })
}

fn tell(found: &[Finding]) -> io::Result<()> {
    screen::print(&screen::paint("ERROR: Potential secrets detected in staged files!", Tone::Bad))?;
    screen::print("")?;
    for Finding { place, what } in found.iter().take(TOLD) {
        screen::print(&format!("  {}  {what}", screen::paint(place, Tone::Head)))?;
    }
    if found.len() > TOLD {
        screen::print(&format!("  and {} more", found.len() - TOLD))?;
    }
    screen::print(
        "\nTake them out of the files and stage these again. A line that holds no secret\n\
         passes with the comment `pragma: allowlist secret`.",
    )
}

/// Something that must not be committed.
struct Finding {
    /// `path:line`.
    place: String,
    /// `the value of OPENAI_API_KEY, in base64`.
    what: String,
}

struct Scanner {
    needles: Vec<Needle>,
    prefixes: Prefixes,
}

/// What was found in some bytes: where each begins and ends, and what it is, the surest first.
type Found = Vec<(Range<usize>, String)>;

impl Scanner {
    fn files(&self, files: &[Staged]) -> Result<Vec<Finding>, Error> {
        let mut found = Vec::new();
        if files.is_empty() {
            return Ok(found);
        }
        let (mut contents, mut content) = (Contents::open()?, Vec::new());
        for file in files {
            contents.read(file, &mut content)?;
            self.file(&file.path, &content, &mut found);
        }
        Ok(found)
    }

    fn file(&self, path: &[u8], content: &[u8], findings: &mut Vec<Finding>) {
        let in_name = self.search(path);
        let path = shown(path, &in_name);
        findings.extend(
            in_name
                .into_iter()
                .take(1)
                .map(|(_, what)| Finding { place: path.clone(), what: format!("{what}, in the name of the file") }),
        );
        // Some editors and shells write UTF-16.
        let text = from_utf16(content);
        let content = text.as_deref().unwrap_or(content);
        let mut lines = BTreeMap::new();
        for (range, what) in self.search(content) {
            if !line_of(content, range.start).windows(PRAGMA.len()).any(|part| part == PRAGMA) {
                let number = memchr::memchr_iter(b'\n', &content[..range.start]).count() + 1;
                lines.entry(number).or_insert(what);
            }
        }
        findings.extend(lines.into_iter().map(|(line, what)| Finding { place: format!("{path}:{line}"), what }));
    }

    fn search(&self, bytes: &[u8]) -> Found {
        let mut found = Vec::new();
        self.values(bytes, false, "", &|at| at, &mut found);
        if let Some(percent) = Decoded::percent(bytes) {
            self.values(&percent.bytes, false, ", as a URL writes it", &|at| percent.place(at), &mut found);
            self.values(&percent.bytes, true, ", in base64", &|at| percent.place(at), &mut found);
        }
        let json = Decoded::json(bytes);
        if let Some(json) = &json {
            self.values(&json.bytes, false, ", as JSON writes it", &|at| json.place(at), &mut found);
            self.base64(&json.bytes, &|at| json.place(at), &mut found);
        }
        self.base64(bytes, &|at| at, &mut found);
        found.extend(shapes(bytes, &self.prefixes));
        found
    }

    /// Base64 may be broken into lines.
    fn base64(&self, bytes: &[u8], place: &dyn Fn(usize) -> usize, found: &mut Found) {
        const FORM: &str = ", in base64";
        match Decoded::joined(bytes) {
            Some(joined) => self.values(&joined.bytes, true, FORM, &|at| place(joined.place(at)), found),
            None => self.values(bytes, true, FORM, place, found),
        }
    }

    fn values(&self, bytes: &[u8], in_base64: bool, form: &str, place: &dyn Fn(usize) -> usize, found: &mut Found) {
        for needle in self.needles.iter().filter(|needle| needle.in_base64 == in_base64) {
            for at in memmem::find_iter(bytes, needle.bytes.as_slice()) {
                let range = place(at)..place(at + needle.bytes.len());
                found.push((range, format!("the value of {}{form}", needle.variable)));
            }
        }
    }
}

/// The line that the byte stands in.
fn line_of(content: &[u8], at: usize) -> &[u8] {
    let start = memchr::memrchr(b'\n', &content[..at]).map_or(0, |end| end + 1);
    let end = memchr::memchr(b'\n', &content[at..]).map_or(content.len(), |end| at + end);
    &content[start..end]
}

/// A name as it may be shown: what was found in it is not.
fn shown(path: &[u8], found: &Found) -> String {
    let mut shown = String::new();
    let mut at = 0;
    let mut ranges: Vec<_> = found.iter().map(|(range, _)| range.clone()).collect();
    ranges.sort_by_key(|range| range.start);
    for range in ranges {
        if range.start >= at {
            shown.push_str(&String::from_utf8_lossy(&path[at..range.start]));
            shown.push_str(&REDACTED.to_string());
        }
        at = at.max(range.end);
    }
    shown.push_str(&String::from_utf8_lossy(&path[at..]));
    escape(&shown).into_owned()
}

/// The text of a file that begins with the mark of UTF-16.
fn from_utf16(content: &[u8]) -> Option<Vec<u8>> {
    let (mark, rest) = content.split_at_checked(2)?;
    let read: fn([u8; 2]) -> u16 = match mark {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let units: Vec<u16> = rest.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
    Some(String::from_utf16_lossy(&units).into_bytes())
}
