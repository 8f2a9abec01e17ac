//! What is to be said of the files themselves, whatever the fields are: lines that cannot be read, and lines that other tools
//! read otherwise.

use super::dotenv::{self, DotenvFile, Error, ErrorKind, Place};
use super::{Layers, show};
use crate::report::{Code, Problem, Warning};

/// More lines of one file than this are not told one by one: it is something else than it should be.
const MOST_LINES: usize = 100;

impl Layers<'_> {
    /// What is wrong with the files that were opened. A key is named if it is one of those `claimed`: what looks like any
    /// other may be a line of a value that wants quotes.
    pub(crate) fn file_problems(&self, claimed: &[String]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for file in self.opened() {
            let path = show(file.path());
            if let Some(failure) = file.failure() {
                problems
                    .push(Problem::new(Code::UnreadableFile, "", &path).explain(&format!("The file is {failure}.")));
            }
            problems.extend(file.errors().iter().take(MOST_LINES).map(|error| {
                let Place { line, column } = error.place;
                let key = shown_key(error.key.as_deref(), claimed);
                Problem::new(Code::DotenvSyntax, "", key)
                    .at(&format!("{path}:{line}:{column}"))
                    .explain(&sentence(error))
            }));
            if let Some(more @ 1..) = file.errors().len().checked_sub(MOST_LINES) {
                let text = format!("{more} more lines of it cannot be read. Is it a .env file?");
                problems.push(Problem::new(Code::DotenvSyntax, "", &path).explain(&text));
            }
        }
        problems.extend_from_slice(self.config_problems());
        problems.extend(self.profile_problem().cloned());
        problems
    }

    /// The lines of the .env files that other tools read otherwise.
    pub(crate) fn lint(&self, claimed: &[String]) -> Vec<Warning> {
        let of_file = |file: &DotenvFile| {
            let path = show(file.path());
            let warnings = file.warnings();
            let more = warnings.len().checked_sub(MOST_LINES).filter(|&more| more > 0);
            let more =
                more.map(|more| Warning::new("", &path, &format!("{more} more lines that other tools read otherwise")));
            let warnings = warnings.into_iter().take(MOST_LINES);
            let warnings = warnings.map(|dotenv::Warning { place: Place { line, column }, key, kind }| {
                Warning::new(shown_key(key.as_deref(), claimed), &format!("{path}:{line}:{column}"), &kind.to_string())
            });
            warnings.chain(more).collect::<Vec<_>>()
        };
        self.opened().flat_map(of_file).collect()
    }
}

fn shown_key<'k>(key: Option<&'k str>, claimed: &[String]) -> &'k str {
    key.filter(|key| claimed.iter().any(|name| name.eq_ignore_ascii_case(key))).unwrap_or_default()
}

/// What is wrong with a line, and how it is put right.
fn sentence(error: &Error) -> String {
    let fix = match error.kind {
        ErrorKind::UnterminatedQuote => "close the quote, or put the value in the other kind of quotes",
        ErrorKind::TextAfterQuote => "quote the whole value, or begin a comment with ` #`",
        ErrorKind::MissingEquals => "write NAME=value, or begin a comment with #",
        ErrorKind::BadKey => "a name has letters, digits, `_`, `-` and `.`",
        ErrorKind::NotUtf8 | ErrorKind::Utf16 => "save the file as UTF-8",
        ErrorKind::Nul => "remove the NUL byte",
        #[cfg(feature = "dotenvy")]
        ErrorKind::Dotenvy => "put the value in quotes, or leave `dotenv_dialect` out of the struct",
    };
    format!("{}: {fix}", error.kind)
}
