//! Values for required fields that a test does not care about.

#[cfg(feature = "regex")]
mod pattern;

use crate::resolve::walk::{Leaf, Step, walk};
use crate::schema::{Encoding, Field, Schema, Secret, Shape};
use crate::secret::{SecretString, beginning, is_placeholder};
use crate::value::{Tree, check_secret};

/// What the required fields have that `given` says nothing of, by path.
pub(super) fn stand_ins(schema: &'static Schema, given: &[(String, Tree)]) -> Vec<(String, Tree)> {
    let given: Vec<&str> =
        given.iter().filter(|(_, value)| *value != Tree::Null).map(|(name, _)| name.as_str()).collect();
    // The structs that the test wants something of.
    let mut wanted = Vec::new();
    walk(schema, &mut |step| match step {
        Step::Enter(leaf) if given.contains(&leaf.path().as_str()) => wanted.push(leaf.path()),
        Step::Field(leaf) if given.iter().any(|name| leaf.is_called(name)) => wanted.push(leaf.path()),
        _ => {}
    });
    let mut stand_ins = Vec::new();
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        if leaf.field.required() && is_within(leaf, &wanted) && !given.iter().any(|name| leaf.is_called(name)) {
            stand_ins.extend(stand_in(leaf.field).map(|text| (leaf.path(), text.into())));
        }
    });
    stand_ins
}

/// Whether every optional struct around the field is wanted.
fn is_within(leaf: &Leaf<'_>, wanted: &[String]) -> bool {
    let optional = leaf.scopes.iter().filter(|scope| scope.field.optional);
    optional.map(|scope| leaf.path_of(scope)).all(|path| {
        let below =
            |wanted: &String| wanted.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        wanted.iter().any(below)
    })
}

/// The field's example; or for a secret the first text that its rules accept, where one is found.
pub(crate) fn stand_in(field: &Field) -> Option<String> {
    if let Some(example) = field.example {
        return Some(example.to_owned());
    }
    let rules = field.secret()?;
    let is_valid = |text: &String| {
        !is_placeholder(text, rules.placeholders) && check_secret(&SecretString::from(text.as_str()), field).is_none()
    };
    candidates(field, rules).into_iter().find(is_valid)
}

fn candidates(field: &Field, rules: &Secret) -> Vec<String> {
    let (least, is_exact) = match rules.shape {
        Shape::Array(length) => (length, true),
        Shape::Text | Shape::Bytes => (field.rules.min_len.unwrap_or_default(), false),
    };
    let beginning = beginning(rules);
    let (head, head_length) = match rules.encoding {
        None => (beginning.to_owned(), beginning.len()),
        Some(encoding) => whole_groups(beginning, encoding),
    };
    let rest = least.saturating_sub(head_length);
    // A field's own placeholders may hold the shorter one.
    let lengths = if is_exact { vec![rest] } else { vec![rest.max(8), rest.max(8) + 9] };
    let written = lengths.into_iter().map(|length| {
        let filling: Vec<u8> = b"test-key-".iter().copied().cycle().take(length).collect();
        match rules.encoding {
            None => head.clone() + &String::from_utf8_lossy(&filling),
            Some(encoding) => head.clone() + &encoding.encode(&filling),
        }
    });
    written.chain(of_pattern(field, beginning, least)).collect()
}

/// A beginning of encoded text, filled up so that other text can follow; and how many bytes it spells.
fn whole_groups(beginning: &str, encoding: Encoding) -> (String, usize) {
    let (letters, bytes) = match encoding {
        Encoding::Base64 => (4, 3),
        Encoding::Hex => (2, 1),
    };
    let groups = beginning.len().div_ceil(letters);
    // A letter of either alphabet.
    (format!("{beginning:A<0$}", groups * letters), groups * bytes)
}

/// Texts that match the field's pattern, with as few repetitions as it allows and with many; alone and after the beginning.
#[cfg(feature = "regex")]
fn of_pattern(field: &Field, beginning: &str, least: usize) -> Vec<String> {
    let texts = field.rules.pattern.into_iter().flat_map(|pattern| [0, least].map(|more| pattern::text(pattern, more)));
    texts.flatten().flat_map(|text| [format!("{beginning}{text}"), text]).collect()
}

#[cfg(not(feature = "regex"))]
fn of_pattern(_: &Field, _: &str, _: usize) -> Vec<String> {
    Vec::new()
}
