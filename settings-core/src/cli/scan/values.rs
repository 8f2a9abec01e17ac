//! The values that the layers hold now, in the forms that they may stand in a file.

use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

use super::decoded::Decoded;
use crate::layer::{Layers, Places};
use crate::resolve::find::retrace_to_the_end;
use crate::resolve::walk::{Step, walk};
use crate::schema::{Field, Kind, Schema};
use crate::secret::{ExposeSecret, is_placeholder};
use crate::testing::stand_in;
use crate::value::Slot;

/// Below this length a value is found in any text.
const LEAST: usize = 8;
/// So is one word below this length: `postgres`, `developer`.
const LEAST_OF_WORD: usize = 12;
/// A line of a longer secret that is worth looking for by itself.
const LEAST_OF_LINE: usize = 16;

/// A text to look for.
pub(super) struct Needle {
    /// The variable of the secret that it is, or is a part of.
    pub(super) variable: String,
    pub(super) bytes: Zeroizing<Vec<u8>>,
    pub(super) in_base64: bool,
}

/// What to look for, and whether every file of the layers could be read. No store is asked: a commit is not to wait for
/// the network, and what a store alone has is on no developer's disk.
pub(super) fn needles(schema: &'static Schema, places: &Places) -> (Vec<Needle>, bool) {
    let layers = Layers::new(places, schema, None);
    drop(layers.stores.close());
    let mut needles = Needles::default();
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        if !matches!(leaf.field.kind, Kind::Secret(_) | Kind::Collection(_)) {
            return;
        }
        let (first, trail) = retrace_to_the_end(&layers, leaf);
        let stand_in = stand_in(leaf.field).map(|text| Zeroizing::new(text.into_bytes()));
        for slot in [first].iter().chain(&trail.hidden) {
            needles.add_slot(slot, leaf.field, leaf.variable, stand_in.as_ref().map(|text| text.as_slice()));
        }
    });
    (needles.0, layers.sound())
}

#[derive(Default)]
struct Needles(Vec<Needle>);

impl Needles {
    fn add_slot(&mut self, slot: &Slot, field: &Field, variable: &str, stand_in: Option<&[u8]>) {
        match slot {
            Slot::Secret(secret) => {
                let text = secret.expose_secret(); // EXPOSE: looked for in what is staged, and never shown
                let own = field.secret().map_or(&[][..], |rules| rules.placeholders);
                if !is_placeholder(text, own) && stand_in != Some(text.as_bytes()) {
                    self.add_text(text, variable);
                }
            }
            Slot::Bytes(bytes) => self.add(bytes.expose_secret(), variable), // EXPOSE: looked for, and never shown
            Slot::Elements(elements) => {
                for found in elements.iter().flat_map(|element| &element.found) {
                    self.add_slot(&found.slot, found.field, variable, None);
                }
            }
            _ => {}
        }
    }

    fn add_text(&mut self, text: &str, variable: &str) {
        self.add(text.as_bytes(), variable);
        // In another file it may be indented, or have other line endings.
        if let (Some(line), true) = (text.lines().map(str::trim).max_by_key(|line| line.len()), text.contains('\n')) {
            if line.len() >= LEAST_OF_LINE {
                self.add(line.as_bytes(), variable);
            }
        }
        if let Some(password) = password_of_url(text) {
            self.add(password.as_bytes(), variable);
            if let Some(decoded) = Decoded::percent(password.as_bytes()) {
                self.add(&Zeroizing::new(decoded.bytes), variable);
            }
        }
    }

    fn add(&mut self, bytes: &[u8], variable: &str) {
        if !is_worth_it(bytes) {
            return;
        }
        self.push(bytes, variable, false);
        for offset in 0..3 {
            let mut padded = Zeroizing::new(Vec::with_capacity(offset + bytes.len()));
            padded.resize(offset, 0);
            padded.extend_from_slice(bytes);
            let [standard, url] = [Base64Unpadded::encode_string, Base64UrlUnpadded::encode_string];
            let standard = Zeroizing::new(standard(&padded));
            let url = Zeroizing::new(url(&padded));
            // Characters at the edges hold bits of what stands before and behind.
            let own = (offset * 8).div_ceil(6)..padded.len() * 8 / 6;
            self.push(&standard.as_bytes()[own.clone()], variable, true);
            if url != standard {
                self.push(&url.as_bytes()[own], variable, true);
            }
        }
    }

    fn push(&mut self, bytes: &[u8], variable: &str, in_base64: bool) {
        if self.0.iter().all(|needle| needle.bytes.as_slice() != bytes) {
            let bytes = Zeroizing::new(bytes.to_vec());
            self.0.push(Needle { variable: variable.to_owned(), bytes, in_base64 });
        }
    }
}

fn is_worth_it(bytes: &[u8]) -> bool {
    let is_word = bytes.iter().all(u8::is_ascii_lowercase);
    bytes.len() >= if is_word { LEAST_OF_WORD } else { LEAST }
}

/// The password of `scheme://user:password@host`, as it is written there.
fn password_of_url(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    let (login, _) = rest.rsplit_once('@')?;
    login.split_once(':').map(|(_, password)| password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<Needle> {
        let mut needles = Needles::default();
        needles.add_text(text, "KEY");
        needles.0
    }

    fn finds(text: &str, file: &str) -> bool {
        of(text).iter().any(|needle| memchr::memmem::find(file.as_bytes(), &needle.bytes).is_some())
    }

    #[test]
    fn base64_is_found_whatever_stands_around_it() {
        for secret in
            ["canary-7", "canary-71", "canary-712", "canary>?>?7", "canary-canary-canary-canary-canary-canary-7"]
        {
            for (before, after) in [("", ""), ("u", "\n"), ("u:", "!"), ("user:", "@host"), ("?>?", "~~~")] {
                let around = format!("{before}{secret}{after}");
                for text in [
                    Base64Unpadded::encode_string(around.as_bytes()),
                    Base64UrlUnpadded::encode_string(around.as_bytes()),
                ] {
                    assert!(finds(secret, &text), "{around}");
                }
            }
        }
    }

    #[test]
    fn a_longer_secret_is_found_by_its_longest_line() {
        let secret = "-----BEGIN KEY-----\n0123456789abcdef0123456789abcdef\n0123\n-----END KEY-----\n";
        assert!(finds(secret, "key: |\r\n  0123456789abcdef0123456789abcdef\r\n"));
        assert!(!finds(secret, "-----BEGIN KEY-----\n"));
    }

    #[test]
    fn the_password_of_a_url_is_looked_for_too() {
        assert!(finds("postgres://app:s3cret%2Bword@db/chat", "it is s3cret%2Bword"));
        assert!(finds("postgres://app:s3cret%2Bword@db/chat", "it is s3cret+word"));
        assert!(finds("postgres://app:p@ss:word/1@db/chat", "it is p@ss:word/1"));
        assert!(!finds("postgres://app@db.example.com/chat", "db.example.com"));
    }

    #[test]
    fn what_any_text_holds_is_not_looked_for() {
        for short in ["canary7", "postgres", "localhost"] {
            assert!(of(short).is_empty(), "{short}");
        }
        assert!(!of("Postgres").is_empty() && !of("correcthorse").is_empty());
    }
}
