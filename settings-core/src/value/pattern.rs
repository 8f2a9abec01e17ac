//! Texts held to a regular expression, with the feature `regex`.

#[cfg(feature = "regex")]
use super::Fault;

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

/// Lets a pattern on a secret pass where patterns can be looked at.
pub fn patterned<T: Patterned + ?Sized>() {}

/// What stands against the text, which is to match as a whole or in the part that the pattern speaks of.
#[cfg(feature = "regex")]
pub(crate) fn check(text: &str, pattern: &str) -> Option<Fault> {
    use super::Rule;
    match regex::Regex::new(pattern) {
        Ok(regex) => (!regex.is_match(text)).then_some(Fault::Rule(Rule::Pattern)),
        Err(_) => Some(Fault::Secret("the field's `pattern` is no regular expression")),
    }
}

/// Without the feature no pattern compiles.
#[cfg(not(feature = "regex"))]
pub(crate) fn check(_: &str, _: &str) -> Option<super::Fault> {
    None
}
