//! What does not stop a load and is still worth a look.

use std::fmt;

use crate::secret::escape;

/// Something that did not stop the load and is not as it should be: a deprecated name, a placeholder that was passed
/// over, a secret that hides another, a file that everybody may read, a key that does not look like its provider's, a line
/// that other tools read otherwise.
///
/// [`Loader::load_with_warnings`](crate::Loader::load_with_warnings) gives them, and a [`Report`](crate::Report) holds them; a
/// plain `load`, `init` or `get` does not look for them, unless the feature `tracing` is on and somebody listens to the
/// level `warn` of the target `settings`: each is an event there. `Display` is one line. It holds no part of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    variable: String,
    place: String,
    text: String,
}

impl Warning {
    pub(crate) fn new(variable: &str, place: &str, text: &str) -> Self {
        let clean = |text: &str| escape(text).into_owned();
        Self { variable: clean(variable), place: clean(place), text: clean(text) }
    }

    /// The variable it speaks of; empty when it is about no variable.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Where it was seen: `./.env:7:6`, or the layer and name.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is to be said.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = vec![self.variable.as_str(), &self.place];
        names.retain(|name| !name.is_empty());
        // The place in the environment is the variable.
        names.dedup();
        write!(f, "{}: {}", names.join(", "), self.text)
    }
}
