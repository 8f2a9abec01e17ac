//! The stable codes of problems.

use std::fmt;

/// What a problem is, by a code that stays the same from version to version.
///
/// | code | title | what happened |
/// |---|---|---|
/// | E101 | missing | no layer has a value |
/// | E102 | invalid | the value breaks its type, its range or another rule of its field |
/// | E103 | empty | a secret is set to the empty text, and no other layer has it |
/// | E104 | placeholder | a secret is still the text of a template, and no other layer has it |
/// | E105 | not UTF-8 | the variable or file is not text |
/// | E106 | own check | the check that the struct brings (`validate`) refused the values as a whole |
/// | E107 | shared name | two fields are read from one variable name |
/// | E108 | unknown field | `set`, `get_secret` or `rotate_secret` was given a name that no field has |
/// | E110 | .env syntax | a line of a .env file is not a binding |
/// | E111 | unreadable file; of a secret, could not be checked | a file is there and cannot be read |
/// | E112 | file syntax | a config file is not of its format |
/// | E113 | unknown key | a config file has a key that no field has |
/// | E114 | secret in a file | a secret stands in a plain config file |
/// | E115 | missing file | a config file that is required is not there |
/// | E116 | secret in an argument | a secret was given on the command line |
/// | E120 | store not available | a store is asked for that this program does not have |
/// | E121 | store cannot be written to | a secret is to be rotated in a store that only reads |
/// | E122 | store wrongly configured | what a store is asked with, as its address, cannot be right |
/// | E130 | called while loading | the settings were asked for by code that is part of loading them |
/// | E201 | could not be checked | a store did not answer |
/// | E202 | could not be checked | a store refused |
/// | E203 | too old | the cached settings are older than `max_stale` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// E101: no layer has a value.
    Missing,
    /// E102: the value breaks its type or a rule of its field.
    Invalid,
    /// E103: a secret is set to the empty text.
    Empty,
    /// E104: a secret is still the text of a template.
    Placeholder,
    /// E105: the variable or file is not text.
    NotUtf8,
    /// E106: the struct's own check refused.
    OwnCheck,
    /// E107: two fields are read from one variable name.
    SharedName,
    /// E108: a name that no field has.
    UnknownField,
    /// E110: a line of a .env file is not a binding.
    DotenvSyntax,
    /// E111: a file is there and cannot be read.
    UnreadableFile,
    /// E112: a config file is not of its format.
    FileSyntax,
    /// E113: a config file has a key that no field has.
    UnknownKey,
    /// E114: a secret stands in a plain config file.
    SecretInFile,
    /// E115: a config file that is required is not there.
    MissingFile,
    /// E116: a secret was given on the command line.
    SecretInArgument,
    /// E120: a store that this program does not have.
    StoreUnavailable,
    /// E121: a secret is to be rotated in a store that only reads.
    ReadOnlyStore,
    /// E122: what a store is asked with cannot be right.
    StoreMisconfigured,
    /// E130: the settings were asked for while they were being loaded.
    WhileLoading,
    /// E201: a store did not answer.
    Unreachable,
    /// E202: a store refused.
    Denied,
    /// E203: the cached settings are older than they may be.
    Stale,
}

/// What a reader has to do about a problem: supply a value, correct it, try again, or correct the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// There is no value.
    Missing,
    /// There is one, and it is wrong.
    Invalid,
    /// Whether there is one is not known.
    Unchecked,
    /// The program uses the settings wrongly, whatever their values.
    Misuse,
}

impl Code {
    /// Every code, in ascending order.
    pub const ALL: &[Self] = &[
        Self::Missing,
        Self::Invalid,
        Self::Empty,
        Self::Placeholder,
        Self::NotUtf8,
        Self::OwnCheck,
        Self::SharedName,
        Self::UnknownField,
        Self::DotenvSyntax,
        Self::UnreadableFile,
        Self::FileSyntax,
        Self::UnknownKey,
        Self::SecretInFile,
        Self::MissingFile,
        Self::SecretInArgument,
        Self::StoreUnavailable,
        Self::ReadOnlyStore,
        Self::StoreMisconfigured,
        Self::WhileLoading,
        Self::Unreachable,
        Self::Denied,
        Self::Stale,
    ];

    /// The code as reports print it.
    ///
    /// ```
    /// use settings_core::report::Code;
    ///
    /// assert_eq!(Code::Missing.as_str(), "E101");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "E101",
            Self::Invalid => "E102",
            Self::Empty => "E103",
            Self::Placeholder => "E104",
            Self::NotUtf8 => "E105",
            Self::OwnCheck => "E106",
            Self::SharedName => "E107",
            Self::UnknownField => "E108",
            Self::DotenvSyntax => "E110",
            Self::UnreadableFile => "E111",
            Self::FileSyntax => "E112",
            Self::UnknownKey => "E113",
            Self::SecretInFile => "E114",
            Self::MissingFile => "E115",
            Self::SecretInArgument => "E116",
            Self::StoreUnavailable => "E120",
            Self::ReadOnlyStore => "E121",
            Self::StoreMisconfigured => "E122",
            Self::WhileLoading => "E130",
            Self::Unreachable => "E201",
            Self::Denied => "E202",
            Self::Stale => "E203",
        }
    }

    /// What has to be done about it.
    pub fn kind(self) -> Kind {
        match self {
            Self::Missing | Self::Empty | Self::Placeholder | Self::MissingFile => Kind::Missing,
            Self::Invalid
            | Self::NotUtf8
            | Self::OwnCheck
            | Self::DotenvSyntax
            | Self::FileSyntax
            | Self::UnknownKey
            | Self::SecretInFile
            | Self::SecretInArgument => Kind::Invalid,
            Self::UnreadableFile
            | Self::StoreUnavailable
            | Self::StoreMisconfigured
            | Self::Unreachable
            | Self::Denied
            | Self::Stale => Kind::Unchecked,
            Self::SharedName | Self::UnknownField | Self::ReadOnlyStore | Self::WhileLoading => Kind::Misuse,
        }
    }

    /// A few words for the headline of a problem.
    pub(crate) fn title(self, secret: bool) -> &'static str {
        match (self, secret) {
            (Self::Missing, true) => "missing secret",
            (Self::Missing, false) => "missing",
            (Self::Invalid, true) => "invalid secret",
            (Self::Invalid, false) => "invalid",
            (Self::Empty, true) => "empty secret",
            (Self::Empty, false) => "empty",
            (Self::Placeholder, true) => "placeholder instead of a secret",
            (Self::Placeholder, false) => "placeholder",
            (Self::NotUtf8, _) => "not UTF-8",
            (Self::OwnCheck, _) => "refused by its own check",
            (Self::SharedName, _) => "name of two fields",
            (Self::UnknownField, _) => "unknown field",
            (Self::DotenvSyntax | Self::FileSyntax, _) => "syntax error",
            (Self::UnreadableFile, false) => "unreadable file",
            (Self::UnknownKey, _) => "unknown key",
            (Self::SecretInFile, _) => "secret in a plain file",
            (Self::MissingFile, _) => "missing file",
            (Self::SecretInArgument, _) => "secret in an argument",
            (Self::StoreUnavailable, _) => "store not available",
            (Self::ReadOnlyStore, _) => "store cannot be written to",
            (Self::StoreMisconfigured, _) => "store wrongly configured",
            (Self::WhileLoading, _) => "called while loading",
            (Self::UnreadableFile, true) | (Self::Unreachable | Self::Denied, _) => "could not be checked",
            (Self::Stale, _) => "too old",
        }
    }

    /// The sentence that explains it where the problem has none of its own.
    pub(crate) fn note(self) -> Option<&'static str> {
        match self {
            Self::Empty => Some("The empty text counts as unset."),
            Self::Placeholder => Some("The text of a template counts as unset; put the real value there."),
            Self::UnreadableFile => {
                Some("Whether the file has the value is not known; let this program read it, or take it away.")
            }
            Self::SecretInFile => Some(
                "Files like this one are copied and committed. Give the secret in its variable, or in a file of secrets.",
            ),
            Self::SecretInArgument => Some(
                "Arguments stand in the list of processes, where every user sees them, and in the shell's history. Give \
                 the secret in its variable, or in a file of secrets.",
            ),
            Self::WhileLoading => Some("A default, a check or a store asked for the settings that it helps to load."),
            Self::StoreMisconfigured => Some(
                "The store could not be asked with this configuration; correct it, for trying again does not help.",
            ),
            Self::Unreachable => Some("The store did not answer; trying again may help."),
            Self::Denied => Some("The store answered that this program may not read it; trying again does not help."),
            _ => None,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Kind {
    /// One word, as the JSON form has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Invalid => "invalid",
            Self::Unchecked => "unchecked",
            Self::Misuse => "misuse",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_docs_has_every_code_in_order() {
        let rows = include_str!("code.rs").lines().filter_map(|line| line.strip_prefix("/// | E"));
        let documented: Vec<_> = rows.map(|row| format!("E{}", &row[..3])).collect();
        let codes: Vec<_> = Code::ALL.iter().map(Code::to_string).collect();
        assert_eq!(documented, codes);
        assert!(codes.is_sorted());
    }

    #[test]
    fn missing_invalid_and_unchecked_are_told_apart() {
        for (codes, kind) in [
            (vec!["E101", "E103", "E104", "E115"], "missing"),
            (vec!["E102", "E105", "E106", "E110", "E112", "E113", "E114", "E116"], "invalid"),
            (vec!["E111", "E120", "E122", "E201", "E202", "E203"], "unchecked"),
            (vec!["E107", "E108", "E121", "E130"], "misuse"),
        ] {
            let of_kind = Code::ALL.iter().filter(|code| code.kind().as_str() == kind);
            assert_eq!(of_kind.map(|code| code.as_str()).collect::<Vec<_>>(), codes, "{kind}");
        }
    }
}
