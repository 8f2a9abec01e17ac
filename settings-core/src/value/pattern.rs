//! Texts held to a regular expression, with the feature `regex`.

use super::{Fault, Rule};

/// A type that `pattern` can look at: text.
#[cfg_attr(
    feature = "regex",
    diagnostic::on_unimplemented(message = "`pattern` is for texts, and `{Self}` is none", label = "is no text")
)]
#[cfg_attr(
    not(feature = "regex"),
    diagnostic::on_unimplemented(
        message = "`pattern` needs the feature `regex` of `settings-core`",
        label = "cannot be held to a pattern without it"
    )
)]
pub trait Patterned {
    /// The text.
    fn text(&self) -> &str;
}

#[cfg(feature = "regex")]
impl<T: AsRef<str> + ?Sized> Patterned for T {
    fn text(&self) -> &str {
        self.as_ref()
    }
}

/// What a pattern looks at in a value.
pub fn patterned<T: Patterned + ?Sized>(value: &T) -> &str {
    value.text()
}

/// What stands against a text that should match.
pub(crate) fn check(text: &str, pattern: &str) -> Option<Fault> {
    match matches(text, pattern) {
        Some(true) => None,
        Some(false) => Some(Fault::Rule(Rule::Pattern)),
        None => Some(Fault::Secret("the field's `pattern` is no regular expression")),
    }
}

/// Whether some part of the text matches, if the pattern is one.
#[cfg(feature = "regex")]
fn matches(text: &str, pattern: &str) -> Option<bool> {
    Some(regex::Regex::new(pattern).ok()?.is_match(text))
}

/// Without the feature no struct with a pattern compiles.
#[cfg(not(feature = "regex"))]
fn matches(_: &str, _: &str) -> Option<bool> {
    Some(true)
}
