//! What was found at a place.

use std::borrow::Cow;
use std::io;

use crate::secret::escape;
use crate::store::{StoreError, StoreErrorKind};

/// What was found at one place that a value was looked for in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The value is there.
    Found,
    /// The variable is not set.
    NotSet {
        /// A variable that is set and reads much alike.
        similar: Option<String>,
    },
    /// The text is empty, which counts as unset.
    Empty,
    /// The text is a placeholder, which counts as unset.
    Placeholder,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The file has no such key.
    NoSuchKey {
        /// How many keys it has.
        keys: usize,
        /// One of them that reads much alike.
        similar: Option<String>,
    },
    /// There is no such file.
    NoFile,
    /// There is a file that cannot be read, and why.
    Unreadable(io::ErrorKind),
    /// There is something that must not be read as the value, and why: `over 1 MiB`.
    Refused(&'static str),
    /// The file has so many errors of syntax.
    Syntax(usize),
    /// What the store needs to know in order to be asked is missing: what.
    NotConfigured(Cow<'static, str>),
    /// What the store is asked with cannot be right, and why.
    Misconfigured(Cow<'static, str>),
    /// The program is built without this store.
    NotBuiltIn,
    /// The store has no such secret, and why where that is known: `it is disabled`.
    NotFound(Cow<'static, str>),
    /// The store refused, and why where that is known.
    Denied(Cow<'static, str>),
    /// The store did not answer, and how that showed: `timed out after 5 s, 3 tries`.
    Unreachable(Cow<'static, str>),
    /// What the store has is not of the form that was asked for.
    Malformed(Cow<'static, str>),
}

impl Outcome {
    /// One word for programs, as the JSON form has it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NotSet { .. } => "not_set",
            Self::Empty => "empty",
            Self::Placeholder => "placeholder",
            Self::NotUtf8 => "not_utf8",
            Self::NoSuchKey { .. } => "no_such_key",
            Self::NoFile => "no_file",
            Self::Unreadable(_) => "unreadable",
            Self::Refused(_) => "refused",
            Self::Syntax(_) => "syntax",
            Self::NotConfigured(_) => "not_configured",
            Self::Misconfigured(_) => "misconfigured",
            Self::NotBuiltIn => "not_built_in",
            Self::NotFound(_) => "not_found",
            Self::Denied(_) => "denied",
            Self::Unreachable(_) => "unreachable",
            Self::Malformed(_) => "malformed",
        }
    }

    /// Whether the place may have the value, for it could not be read.
    pub(crate) fn leaves_open(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Denied(_) | Self::Misconfigured(_) | Self::Unreadable(_) | Self::Refused(_)
        )
    }

    /// A few words for readers, with control characters escaped.
    ///
    /// ```
    /// use settings_core::report::Outcome;
    ///
    /// assert_eq!(Outcome::NoSuchKey { keys: 6, similar: None }.sentence(), "6 keys, not this one");
    /// ```
    pub fn sentence(&self) -> String {
        let sentence = match self {
            Self::Found => "found".into(),
            Self::NotSet { similar: None } => "not set".into(),
            Self::NotSet { similar: Some(name) } => format!("not set ({name} is: did you mean that?)"),
            Self::Empty => "empty".into(),
            Self::Placeholder => "a placeholder".into(),
            Self::NotUtf8 => "not UTF-8".into(),
            Self::NoSuchKey { keys, similar } => {
                let missed = match keys {
                    0 => "no keys".into(),
                    1 => "1 key, not this one".into(),
                    _ => format!("{keys} keys, not this one"),
                };
                match similar {
                    Some(name) => format!("{missed} ({name} is: did you mean that?)"),
                    None => missed,
                }
            }
            Self::NoFile => "no such file".into(),
            Self::Unreadable(kind) => format!("unreadable: {kind}"),
            Self::Refused(why) => format!("refused: {why}"),
            Self::Syntax(1) => "1 syntax error".into(),
            Self::Syntax(count) => format!("{count} syntax errors"),
            Self::NotConfigured(missing) => noted("not configured", missing),
            Self::Misconfigured(why) => noted("wrongly configured", why),
            Self::NotBuiltIn => "not built into this program".into(),
            Self::NotFound(why) => noted("not found", why),
            Self::Denied(why) => noted("access denied", why),
            Self::Unreachable(how) if how.is_empty() => "did not answer".into(),
            Self::Unreachable(how) => how.to_string(),
            Self::Malformed(how) => noted("malformed", how),
        };
        escape(&sentence).into_owned()
    }
}

fn noted(what: &str, why: &str) -> String {
    if why.is_empty() { what.to_owned() } else { format!("{what} ({why})") }
}

impl From<&StoreError> for Outcome {
    fn from(error: &StoreError) -> Self {
        let note = Cow::Owned(error.note().to_owned());
        match error.kind() {
            StoreErrorKind::NotFound => Self::NotFound(note),
            StoreErrorKind::Denied => Self::Denied(note),
            StoreErrorKind::Unreachable => Self::Unreachable(note),
            StoreErrorKind::Malformed => Self::Malformed(note),
            StoreErrorKind::Misconfigured => Self::Misconfigured(note),
            StoreErrorKind::NotConfigured => Self::NotConfigured(note),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences() {
        let similar = || Some("CHAT_PROT".to_owned());
        for (outcome, word, sentence) in [
            (Outcome::Found, "found", "found"),
            (Outcome::NotSet { similar: None }, "not_set", "not set"),
            (Outcome::NotSet { similar: similar() }, "not_set", "not set (CHAT_PROT is: did you mean that?)"),
            (Outcome::Empty, "empty", "empty"),
            (Outcome::Placeholder, "placeholder", "a placeholder"),
            (Outcome::NotUtf8, "not_utf8", "not UTF-8"),
            (Outcome::NoSuchKey { keys: 0, similar: None }, "no_such_key", "no keys"),
            (Outcome::NoSuchKey { keys: 1, similar: None }, "no_such_key", "1 key, not this one"),
            (
                Outcome::NoSuchKey { keys: 2, similar: similar() },
                "no_such_key",
                "2 keys, not this one (CHAT_PROT is: did you mean that?)",
            ),
            (Outcome::NoFile, "no_file", "no such file"),
            (Outcome::Unreadable(io::ErrorKind::PermissionDenied), "unreadable", "unreadable: permission denied"),
            (Outcome::Refused("over 1 MiB"), "refused", "refused: over 1 MiB"),
            (Outcome::Syntax(1), "syntax", "1 syntax error"),
            (Outcome::Syntax(2), "syntax", "2 syntax errors"),
            (
                Outcome::NotConfigured("AWS_REGION is not set".into()),
                "not_configured",
                "not configured (AWS_REGION is not set)",
            ),
            (Outcome::Misconfigured("no port".into()), "misconfigured", "wrongly configured (no port)"),
            (Outcome::NotBuiltIn, "not_built_in", "not built into this program"),
            (Outcome::NotFound("".into()), "not_found", "not found"),
            (Outcome::NotFound("it is disabled".into()), "not_found", "not found (it is disabled)"),
            (Outcome::Denied("".into()), "denied", "access denied"),
            (Outcome::Unreachable("no route".into()), "unreachable", "no route"),
            (Outcome::Malformed("no JSON object".into()), "malformed", "malformed (no JSON object)"),
        ] {
            assert_eq!((outcome.as_str(), outcome.sentence().as_str()), (word, sentence));
        }
    }
}
