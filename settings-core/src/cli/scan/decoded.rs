//! A file as a reader of URLs, of JSON or of base64 would see it, and where each of its bytes stands in the file.

/// Bytes of a file after some were replaced, or left out.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    /// After each that was replaced: the place in `bytes`, and that in the file.
    shifts: Vec<(usize, usize)>,
}

/// What stands in the place of some bytes.
struct Escape {
    bytes: [u8; 4],
    count: usize,
    /// How many bytes of the file it replaces.
    length: usize,
}

impl Decoded {
    /// `%2B` and its like replaced; `None` where there are none.
    pub(super) fn percent(file: &[u8]) -> Option<Self> {
        Self::of(file, [b'%'; 2], |file| {
            let byte = hex(file.get(1..3)?)?;
            Some(Escape { bytes: [u8::try_from(byte).ok()?, 0, 0, 0], count: 1, length: 3 })
        })
    }

    /// `\"`, `\n`, `\u00e9` and their like replaced; `None` where there are none.
    pub(super) fn json(file: &[u8]) -> Option<Self> {
        Self::of(file, [b'\\'; 2], |file| {
            let (c, length) = match file.get(1)? {
                b'n' => ('\n', 2),
                b'r' => ('\r', 2),
                b't' => ('\t', 2),
                b'b' => ('\u{8}', 2),
                b'f' => ('\u{c}', 2),
                b'u' => unicode(file)?,
                c @ (b'"' | b'\\' | b'/') => (char::from(*c), 2),
                _ => return None,
            };
            let mut bytes = [0; 4];
            let count = c.encode_utf8(&mut bytes).len();
            Some(Escape { bytes, count, length })
        })
    }

    /// Without line breaks and the blanks behind them; `None` where there are none.
    pub(super) fn joined(file: &[u8]) -> Option<Self> {
        Self::of(file, [b'\n', b'\r'], |file| {
            let length = 1 + file[1..].iter().take_while(|byte| b" \t".contains(byte)).count();
            Some(Escape { bytes: [0; 4], count: 0, length })
        })
    }

    fn of(file: &[u8], markers: [u8; 2], escape: impl Fn(&[u8]) -> Option<Escape>) -> Option<Self> {
        let mut decoded = Self { bytes: Vec::new(), shifts: Vec::new() };
        let mut at = 0;
        while let Some(next) = memchr::memchr2(markers[0], markers[1], &file[at..]) {
            decoded.bytes.extend_from_slice(&file[at..at + next]);
            at += next;
            if let Some(Escape { bytes, count, length }) = escape(&file[at..]) {
                decoded.bytes.extend_from_slice(&bytes[..count]);
                at += length;
                decoded.shifts.push((decoded.bytes.len(), at));
            } else {
                decoded.bytes.push(file[at]);
                at += 1;
            }
        }
        decoded.bytes.extend_from_slice(&file[at..]);
        (!decoded.shifts.is_empty()).then_some(decoded)
    }

    /// Where the byte at this place stands in the file; of an escape, where it begins or later.
    pub(super) fn place(&self, at: usize) -> usize {
        let before = self.shifts.partition_point(|(decoded, _)| *decoded <= at);
        let (decoded, file) = before.checked_sub(1).and_then(|index| self.shifts.get(index)).copied().unwrap_or((0, 0));
        file + (at - decoded)
    }
}

/// `\u00e9`, or the two of a pair.
fn unicode(file: &[u8]) -> Option<(char, usize)> {
    let unit = hex(file.get(2..6)?)?;
    if let Some(c) = char::from_u32(unit) {
        return Some((c, 6));
    }
    let low = file.get(6..8).filter(|start| *start == b"\\u").and_then(|_| hex(file.get(8..12)?))?;
    let units = [u16::try_from(unit).ok()?, u16::try_from(low).ok()?];
    char::decode_utf16(units).next()?.ok().map(|c| (c, 12))
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number * 16 + char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_decoded(decoded: Option<Decoded>, text: &str, places: &[(usize, usize)]) {
        let decoded = decoded.unwrap();
        assert_eq!(String::from_utf8_lossy(&decoded.bytes), text);
        for &(at, place) in places {
            assert_eq!(decoded.place(at), place, "{at}");
        }
    }

    #[test]
    fn percent() {
        assert_decoded(Decoded::percent(b"a%2Bb%c3%A9%zz%4"), "a+bé%zz%4", &[(0, 0), (2, 4), (5, 11), (9, 15)]);
        assert!(Decoded::percent(b"100 %, no escape").is_none());
    }

    #[test]
    fn joined() {
        assert_decoded(Decoded::joined(b"ab\r\n\t cd\n\nef"), "abcdef", &[(1, 1), (2, 6), (4, 10)]);
        assert!(Decoded::joined(b"one line").is_none());
    }

    #[test]
    fn json() {
        let text = br#"a\"b\\\/\n\u00e9\ud83d\ude00\q\u12"#;
        assert_decoded(Decoded::json(text), "a\"b\\/\né😀\\q\\u12", &[(0, 0), (2, 3), (12, 28)]);
        assert!(Decoded::json(br"\d+").is_none());
        assert!(Decoded::json(br"\ud83d alone").is_none());
    }
}
