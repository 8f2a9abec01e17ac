//! Text that looks like a secret: keys by how they begin, private keys, and passwords that are written out.

use std::ops::Range;

use memchr::memmem;

use crate::schema::{Kind, Schema};
use crate::secret::{begins_word, is_placeholder, key_prefixes};

/// A prefix shorter than this begins too many words.
const LEAST_PREFIX: usize = 3;
/// So many characters of a key follow its prefix at least.
const LEAST_KEY: usize = 12;
/// A password that is shorter is no secret worth the name.
const LEAST_PASSWORD: usize = 8;

/// Something that looks like a secret: where it stands, and `looks like an OpenAI key`.
pub(super) type Shape = (Range<usize>, String);

/// How keys begin: those of the table of key formats, and those of the struct.
pub(super) struct Prefixes {
    /// With what a key of it looks like.
    all: Vec<(&'static str, String)>,
    /// Whether any begins with this byte.
    begins: [bool; 256],
}

impl Prefixes {
    pub(super) fn of(schema: &'static Schema) -> Self {
        let mut all: Vec<(&'static str, String)> = Vec::new();
        for (format, prefix) in key_prefixes() {
            all.push((prefix, format!("looks like {}", format.look())));
        }
        add_own(schema, &mut all);
        all.retain(|(prefix, _)| prefix.len() >= LEAST_PREFIX);
        let mut begins = [false; 256];
        for first in all.iter().filter_map(|(prefix, _)| prefix.bytes().next()) {
            begins[usize::from(first)] = true;
        }
        Self { all, begins }
    }

    /// The longest that the text begins with.
    fn longest(&self, text: &[u8]) -> Option<&(&'static str, String)> {
        let fitting = self.all.iter().filter(|(prefix, _)| text.starts_with(prefix.as_bytes()));
        fitting.max_by_key(|(prefix, _)| prefix.len())
    }
}

fn add_own(schema: &'static Schema, all: &mut Vec<(&'static str, String)>) {
    for field in schema.fields {
        match field.kind {
            Kind::Secret(rules) => {
                if let Some(prefix) = rules.prefix.filter(|own| all.iter().all(|(known, _)| known != own)) {
                    all.push((prefix, format!("looks like a key that begins with {prefix}")));
                }
            }
            Kind::Nested(nested) => add_own(nested.schema, all),
            Kind::Collection(collection) => add_own(collection.schema, all),
            Kind::Plain | Kind::Skipped => {}
        }
    }
}

/// Everything in the file that looks like a secret.
pub(super) fn shapes(file: &[u8], prefixes: &Prefixes) -> Vec<Shape> {
    let mut shapes = Vec::new();
    keys(file, prefixes, &mut shapes);
    private_keys(file, &mut shapes);
    passwords(file, &mut shapes);
    shapes
}

fn keys(file: &[u8], prefixes: &Prefixes, shapes: &mut Vec<Shape>) {
    let mut at = 0;
    while let Some(&byte) = file.get(at) {
        if !prefixes.begins[usize::from(byte)] || file[..at].ends_with(b"_") || !begins_word(&file[..at]) {
            at += 1;
            continue;
        }
        let Some((prefix, what)) = prefixes.longest(&file[at..]) else {
            at += 1;
            continue;
        };
        let rest = &file[at + prefix.len()..];
        let key = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte)).count();
        if key >= LEAST_KEY && rest[..key].iter().any(u8::is_ascii_digit) {
            shapes.push((at..at + prefix.len() + key, what.clone()));
        }
        at += prefix.len() + key;
    }
}

fn private_keys(file: &[u8], shapes: &mut Vec<Shape>) {
    const BEGIN: &[u8] = b"-----BEGIN ";
    for at in memmem::find_iter(file, BEGIN) {
        let rest = &file[at + BEGIN.len()..];
        let label = rest.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b' ');
        let (label, rest) = rest.split_at(label.count());
        let is_private = [&b"PRIVATE KEY"[..], b"PRIVATE KEY BLOCK"].iter().any(|end| label.ends_with(end));
        if is_private && rest.starts_with(b"-----") {
            shapes.push((at..at + BEGIN.len() + label.len(), "looks like a private key".to_owned()));
        }
    }
}

fn passwords(file: &[u8], shapes: &mut Vec<Shape>) {
    const WORD: &[u8] = b"password";
    let mut from = 0;
    while let Some(at) = memchr::memchr2(b'p', b'P', &file[from..]).map(|at| from + at) {
        from = at + 1;
        let Some(word) = file.get(at..at + WORD.len()).filter(|word| word.eq_ignore_ascii_case(WORD)) else { continue };
        let behind = &file[at + word.len()..];
        let line = memchr::memchr(b'\n', behind).map_or(behind, |end| &behind[..end]);
        let before = &file[memchr::memrchr(b'\n', &file[..at]).map_or(0, |end| end + 1)..at];
        if is_given(&String::from_utf8_lossy(before), &String::from_utf8_lossy(line)) {
            shapes.push((at..at + WORD.len() + line.len(), "looks like a password".to_owned()));
        }
    }
}

/// Whether a literal is given to the name that ends between `before` and `behind`, the two parts of a line.
fn is_given(before: &str, behind: &str) -> bool {
    // The name may be a key in quotes.
    let end = behind.trim_start_matches(['"', '\'', '`', ']']);
    let Some(value) = end.trim_start().strip_prefix('=').filter(|rest| !rest.starts_with(['=', '>', '~'])) else {
        return false;
    };
    let literal = value.trim_start();
    // `r".."` and `b".."` are literals too.
    let quoted = literal.trim_start_matches(['r', 'b', 'u', 'R', 'B', 'U']);
    if let Some(quote) = quoted.chars().next().filter(|c| "\"'`".contains(*c)) {
        let text = quoted[1..].split(quote).next().unwrap_or_default();
        return is_password(text);
    }
    let ends = |c: char| c.is_whitespace() || "\"'`,;&)}]<>|".contains(c);
    let text = literal.split(ends).next().unwrap_or_default();
    let is_tight = end.starts_with('=') && literal.len() == value.len();
    if text.starts_with(['$', '{', '<', '%', '*', '(', '[', '&', '@']) || !is_tight || !is_password(text) {
        return false;
    }
    // A shell or a .env file: the whole line is this one binding.
    let name = before.trim_start().strip_prefix("export ").unwrap_or(before.trim_start());
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if is_name && literal.trim_end() == text {
        return true;
    }
    // Elsewhere what has no digit, or a dot or a call in it, is more likely an expression.
    text.contains(|c: char| c.is_ascii_digit()) && !text.contains(['.', '(', '[', ':'])
}

fn is_password(text: &str) -> bool {
    let is_made = ["${", "{{", "#{", "%(", "$("].iter().any(|mark| text.contains(mark));
    text.chars().count() >= LEAST_PASSWORD && !is_made && !is_placeholder(text, &[])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Field, Secret};

    const OWN: &Schema = &Schema {
        fields: &[
            Field { kind: Kind::Secret(Secret { prefix: Some("corp-"), ..Secret::EMPTY }), ..Field::EMPTY },
            Field { kind: Kind::Secret(Secret { prefix: Some("c-"), ..Secret::EMPTY }), ..Field::EMPTY },
        ],
        ..Schema::EMPTY
    };

    fn found(text: &str) -> Vec<(usize, String)> {
        shapes(text.as_bytes(), &Prefixes::of(OWN)).into_iter().map(|(range, what)| (range.start, what)).collect()
    }

    fn what(text: &str) -> Option<String> {
        found(text).into_iter().next().map(|(_, what)| what)
    }

    /// Written in two parts, so that this file holds nothing that looks like a key.
    fn key(prefix: &str) -> String {
        format!("{prefix}{}", "abcdefghijk1")
    }

    #[test]
    fn keys_of_every_format_and_of_the_struct() {
        for (format, prefix) in key_prefixes().filter(|(_, prefix)| prefix.len() >= 3) {
            let expected = Some(format!("looks like {}", format.look()));
            assert_eq!(what(&format!("key: {}", key(prefix))), expected, "{prefix}");
        }
        assert_eq!(what(&key("corp-")).as_deref(), Some("looks like a key that begins with corp-"));
        assert_eq!(what(&key("c-")), None, "two characters begin too much");
        assert_eq!(what(&key("SK")), None);
    }

    #[test]
    fn a_key_goes_on_for_12_characters_with_a_digit() {
        assert!(what(&format!("sk-{}", "abcdefghijk1")).is_some());
        assert!(what(&format!("sk-{}", "abcdefghij1")).is_none());
        assert!(what(&format!("sk-{}", "abcdefghijkl")).is_none());
        assert!(what(&format!("sk-{}", "abc_defg-hij1")).is_some());
        assert!(what("sk-test-key").is_none() && what("sk-ant-test-key").is_none());
    }

    #[test]
    fn the_longest_prefix_counts() {
        assert_eq!(what(&key("sk-ant-")).as_deref(), Some("looks like an Anthropic key"));
        // After the longest there are too few, though after `sk-` there would be enough.
        assert!(what(&format!("sk-ant-api03-{}", "abcdefghij1")).is_none());
    }

    #[test]
    fn a_key_begins_a_word() {
        for before in ["", " ", "\"", "=", "\n", "-", "\\n", "%3D", "é "] {
            assert!(what(&format!("{before}{}", key("sk-"))).is_some(), "{before:?}");
        }
        for before in ["a", "1", "_", "ta"] {
            assert!(what(&format!("{before}{}", key("sk-"))).is_none(), "{before:?}");
        }
    }

    #[test]
    fn places_are_those_in_the_file() {
        let key = key("sk-");
        let places: Vec<_> = found(&format!("{key}\n  {key}")).into_iter().map(|(at, _)| at).collect();
        assert_eq!(places, [0, key.len() + 3]);
    }

    #[test]
    fn private_keys() {
        for kind in ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "] {
            assert!(what(&format!("x -----BEGIN {kind}PRIVATE {}-----", "KEY")).is_some(), "{kind}");
        }
        assert!(what(&format!("-----BEGIN PGP PRIVATE {} BLOCK-----", "KEY")).is_some());
        for harmless in ["-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----", "BEGIN PRIVATE KEY"] {
            assert!(what(harmless).is_none(), "{harmless}");
        }
    }

    #[test]
    fn passwords_that_are_written_out() {
        for line in [
            r#"PASS="hunter2x""#,
            r"db_PASS = 'correct horse'",
            r#"{"PASS"="hunter2x"}"#,
            r#"c["PASS"] = r"hunter2x""#,
            "DB_PASS=hunterxx",
            "export DB_PASS=hunter.x.y",
            "url?PASS=hunter2x&a=b",
            "mysql --PASS=hunter2x db",
            "User=a;PASS=hunter2x;",
        ] {
            let line = line.replace("PASS", "password");
            assert_eq!(what(&line).as_deref(), Some("looks like a password"), "{line}");
            assert!(what(&line.replace("password", "PassWord")).is_some(), "{line}");
        }
    }

    #[test]
    fn passwords_that_are_not() {
        for line in [
            r#"PASS="short""#,
            r#"PASS="""#,
            "PASS=",
            r#"PASS="changeme""#,
            r#"PASS="<your password>""#,
            r#"PASS="${DB_PASSWORD}""#,
            r#"PASS="{{ db_password }}""#,
            "PASS=$DB_PASSWORD",
            "PASS=$(pass show db)",
            "PASS=your-password",
            "connect(PASS=user_password, port=1)",
            "PASS = settings.db_password;",
            "PASS=os.environ[\"DB_PASSWORD\"]",
            "let PASS = read_line1();",
            r#"if PASS == "hunter2x""#,
            "PASSs=\"hunter2x\"",
            "PASS_hash=\"hunter2x\"",
            "PASS: \"hunter2x\"",
            "a PASS = anything2 in prose",
        ] {
            let line = line.replace("PASS", "password");
            assert_eq!(what(&line), None, "{line}");
        }
    }
}
