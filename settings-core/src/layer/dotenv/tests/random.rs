//! Whatever a file holds, reading it does not panic, and no message quotes a value.

use super::super::files::DotenvFiles;
use super::layer;

const ROUNDS: u32 = 5_000;

/// Pieces of files, most of them with a meaning.
const PIECES: [&[u8]; 26] = [
    b"ZQ",
    b"Qx",
    b"ZQZQ=",
    b"~",
    b"^^",
    b"'",
    b"\"",
    b"\\",
    b"\\n",
    b"#",
    b" #",
    b" ",
    b"$",
    b"${",
    b"${ZQ",
    b"${K0:-",
    b"?",
    b"}",
    b"=",
    b"`",
    b"\t",
    b"\xc3\xa9",
    b"\xff",
    b"\0",
    b"\n",
    b"\r\n",
];

/// Xorshift, the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// A text of up to 12 pieces, without those that have one of the bytes of `except`.
    fn text(&mut self, except: &[u8]) -> Vec<u8> {
        let pieces: Vec<_> = PIECES.iter().filter(|piece| !piece.iter().any(|byte| except.contains(byte))).collect();
        (0..self.below(12)).flat_map(|_| pieces[self.below(pieces.len())].to_vec()).collect()
    }
}

/// All that is told of the files, with every name looked up and every value read.
fn messages(files: &DotenvFiles) -> String {
    let mut messages = String::new();
    for file in files.files() {
        file.errors().iter().for_each(|error| messages += &format!("{error} {error:?}\n"));
        file.warnings().iter().for_each(|warning| messages += &format!("{warning} {warning:?}\n"));
    }
    for key in files.keys() {
        let hit = files.lookup(key).expect("a key that is there");
        let _ = files.expanded(hit, &|_| None);
    }
    messages
}

#[test]
fn any_bytes_are_read_without_a_panic() {
    let mut random = Random(0x5eed);
    for _ in 0..ROUNDS {
        let files = [random.text(b""), random.text(b"")];
        messages(&layer(&[&files[0], &files[1]]));
        let noise: Vec<u8> = (0..random.below(40)).map(|_| random.below(256) as u8).collect();
        messages(&layer(&[&noise]));
    }
}

#[track_caller]
fn assert_tells_nothing_of(values: &[Vec<u8>], content: &[u8]) {
    let messages = messages(&layer(&[content]));
    for window in values.iter().flat_map(|value| value.windows(4)) {
        let told = messages.as_bytes().windows(4).any(|part| part == window);
        assert!(!told, "{messages}\n tells of {:?}", String::from_utf8_lossy(content));
    }
}

#[test]
fn no_message_quotes_a_value_of_one_line() {
    let mut random = Random(0xbeef);
    for _ in 0..ROUNDS {
        let values: Vec<_> = (0..4).map(|_| random.text(b"\r\n")).collect();
        let lines = values.iter().enumerate().map(|(n, value)| [format!("K{n}=").as_bytes(), value, b"\n"].concat());
        let content: Vec<u8> = lines.flatten().collect();
        assert_tells_nothing_of(&values, &content);
    }
}

#[test]
fn no_message_quotes_a_value_of_several_lines() {
    let mut random = Random(0xcafe);
    for _ in 0..ROUNDS {
        let quote = [b'"', b'\''][random.below(2)];
        let value = random.text(&[quote, b'\\']);
        let mut content = [b"K0=".as_slice(), &[quote], &value].concat();
        // Closed, left open, or closed with something behind.
        content.extend_from_slice([[quote].as_slice(), b"", &[quote, b'x']][random.below(3)]);
        assert_tells_nothing_of(&[value], &content);
    }
}
