//! Bytes written as text.
//!
//! The decoders are those of `base64ct` and `base16ct`, whose time does not depend on what they decode.

use base64ct::{Base64, Base64Unpadded, Base64Url, Base64UrlUnpadded, Encoding as _};
use zeroize::Zeroizing;

use crate::schema::Encoding;

impl Encoding {
    /// The bytes that the text spells. White space in it does not count: `base64` breaks its lines.
    ///
    /// An error is a fixed sentence, so that no part of the text, nor its length, can enter it.
    pub(crate) fn decode(self, text: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        let mut written = Zeroizing::new(Vec::with_capacity(text.len()));
        written.extend(text.bytes().filter(|byte| !byte.is_ascii_whitespace()));
        // Neither spells more bytes than it has letters.
        let mut bytes = Zeroizing::new(vec![0; written.len()]);
        let spelt = match self {
            Self::Base64 => base64(&written, &mut bytes).ok_or("the text must be base64"),
            Self::Hex => {
                let spelt = base16ct::mixed::decode(&written, &mut bytes).map(<[u8]>::len);
                spelt.map_err(|_| "the text must be hexadecimal digits, two for each byte")
            }
        }?;
        bytes.truncate(spelt);
        Ok(bytes)
    }

    /// The text that spells the bytes.
    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Base64 => Base64::encode_string(bytes),
            Self::Hex => base16ct::lower::encode_string(bytes),
        }
    }
}

/// Decodes any of the four ways of writing base64; gives the number of bytes.
fn base64(written: &[u8], to: &mut [u8]) -> Option<usize> {
    let is_padded = written.ends_with(b"=");
    let is_url_safe = written.iter().any(|byte| b"-_".contains(byte));
    let spelt = match (is_padded, is_url_safe) {
        (true, false) => Base64::decode(written, to),
        (false, false) => Base64Unpadded::decode(written, to),
        (true, true) => Base64Url::decode(written, to),
        (false, true) => Base64UrlUnpadded::decode(written, to),
    };
    spelt.ok().map(<[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base64(text: &str) -> Option<Vec<u8>> {
        Encoding::Base64.decode(text).ok().map(|bytes| bytes.to_vec())
    }

    fn hex(text: &str) -> Option<Vec<u8>> {
        Encoding::Hex.decode(text).ok().map(|bytes| bytes.to_vec())
    }

    #[test]
    fn base64_in_all_four_ways() {
        let bytes = [0xfb, 0xff, 0xfe, 0x01];
        for text in ["+//+AQ==", "+//+AQ", "-__-AQ==", "-__-AQ", " +//+\r\nAQ==\n"] {
            assert_eq!(base64(text).as_deref(), Some(bytes.as_slice()), "{text}");
        }
        assert_eq!(base64(""), Some(Vec::new()));
        for wrong in ["+//+A", "+//+AQ=", "=", "a===", "+-AQ", "ab!d", "äbcd", "AR=="] {
            assert_eq!(base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hex_in_either_case() {
        assert_eq!(hex("00fFA1"), Some(vec![0x00, 0xff, 0xa1]));
        assert_eq!(hex("00 ff\na1\n"), Some(vec![0x00, 0xff, 0xa1]));
        for wrong in ["0", "0g", "0x00", "ää"] {
            assert_eq!(hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let bytes: Vec<u8> = (0..=255).collect();
        for encoding in [Encoding::Base64, Encoding::Hex] {
            assert_eq!(*encoding.decode(&encoding.encode(&bytes)).unwrap(), bytes);
        }
    }
}
