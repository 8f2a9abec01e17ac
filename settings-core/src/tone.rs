//! What a part of an output means to its reader, for terminals with colours.

/// How a part of an output is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tone {
    #[default]
    Plain,
    /// A heading, or a name that is looked for.
    Head,
    Good,
    Bad,
    /// Of little weight.
    Faint,
}

/// Dresses a text in its tone. It takes no more room on a terminal than before.
pub(crate) type Paint<'p> = &'p dyn Fn(&str, Tone) -> String;

/// Leaves every text as it is.
pub(crate) fn plain(text: &str, _: Tone) -> String {
    text.to_owned()
}
