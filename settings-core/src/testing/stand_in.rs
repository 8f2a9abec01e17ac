//! Values for required fields that a test does not care about.

use crate::resolve::walk::Leaf;
use crate::schema::Shape;

/// A valid value for a required field that the test does not care about, where one can be told.
pub(crate) fn stand_in(leaf: &Leaf<'_>) -> Option<String> {
    if let Some(example) = leaf.field.example {
        return Some(example.to_owned());
    }
    let rules = leaf.field.secret()?;
    let beginning = crate::secret::beginning(rules);
    let mut text = format!("{beginning}test-key");
    let length = match rules.shape {
        Shape::Array(length) => Some(length),
        Shape::Text | Shape::Bytes => None,
    };
    while text.len() < length.or(leaf.field.rules.min_len).unwrap_or_default() {
        text.push_str("-test-key");
    }
    if let Some(length) = length {
        text.truncate(length.max(beginning.len()));
    }
    Some(match rules.encoding {
        Some(encoding) => encoding.encode(text.as_bytes()),
        None => text,
    })
}
