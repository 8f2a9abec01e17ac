//! The `.env.example` of a struct, and the test that a file in the repository still is it.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;
use std::{env, fs, io};

use super::default::Default;
use super::diff::diff;
use super::outline::{self, Entry, Group};

use crate::fold::fold;
use crate::layer::show;
use crate::schema::Schema;
use crate::store::kind::{self, Variable};
use crate::value::Blueprint;

/// Comments are broken at this width where there is a blank to break at.
const WIDTH: usize = 80;

/// What `.env.example` holds: every variable of the struct, with what a reader has to know to fill it in.
pub(crate) fn env_example<S: Blueprint>() -> String {
    let schema = S::SCHEMA;
    let mut page = Page::default();
    page.comment(&format!("The settings of {}.", schema.name));
    page.docs(schema.docs);
    page.comment("");
    page.comment(
        "Copy this file to .env and give every required variable a value. A line that is commented out shows the \
         default; an empty value counts as unset.",
    );
    for group in &outline::of::<S>() {
        page.group(group);
    }
    page.configuration(schema);
    page.text
}

/// Panics unless the file at `path` is what [`Settings::env_example`](crate::Settings::env_example) gives, so that a test
/// of one line keeps it in step with the struct. A relative path is one below the directory of the package.
///
/// With `BLESS=1` in the environment it writes the file instead.
///
/// ```
/// use settings_core::{Settings, assert_env_example_in_sync};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[setting(default = 8080)]
///     port: u16,
/// }
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join(".env.example");
/// # std::fs::write(&path, Chat::env_example())?;
/// assert_env_example_in_sync::<Chat>(&path); // in a test of yours ".env.example"
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
///
/// When the file is another, with the lines that differ; of what only the file has no values are shown. When it is not
/// there or cannot be read, and with `BLESS=1` when it cannot be written.
#[track_caller]
#[expect(clippy::panic, reason = "it is an assertion")]
pub fn assert_env_example_in_sync<S: Blueprint>(path: impl AsRef<Path>) {
    let path = path.as_ref();
    let done = if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        write::<S>(path).map_err(|error| error.to_string())
    } else {
        match check::<S>(path) {
            Ok(None) => Ok(()),
            Ok(Some(drift)) => Err(drift),
            Err(error) => Err(error.to_string()),
        }
    };
    if let Err(said) = done {
        panic!("{}\nBLESS=1 in the environment of this test writes the file anew.", said.trim_end());
    }
}

/// How the file differs from what it should be.
pub(crate) fn check<S: Blueprint>(path: &Path) -> io::Result<Option<String>> {
    let file = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Some(format!("There is no file {}.", show(path))));
        }
        Err(error) => return Err(in_file(path, &error)),
    };
    let drift = |diff| {
        let of = S::SCHEMA.name;
        format!("{} is not what {of} says. Lines that are gone from it have a -, new ones a +:\n\n{diff}", show(path))
    };
    Ok(diff(&file, &env_example::<S>()).map(drift))
}

/// Writes the file.
pub(crate) fn write<S: Blueprint>(path: &Path) -> io::Result<()> {
    fs::write(path, env_example::<S>()).map_err(|error| in_file(path, &error))
}

fn in_file(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {}", show(path), error.kind()))
}

/// The text as it grows, and the variables that it has.
#[derive(Default)]
struct Page {
    text: String,
    variables: HashSet<String>,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// A comment, on as many lines as it takes.
    fn comment(&mut self, text: &str) {
        for line in fold(text, WIDTH - 2, WIDTH - 2) {
            self.line(&format!("# {line}"));
        }
    }

    /// A doc comment, line by line as it is.
    fn docs(&mut self, docs: &str) {
        docs.lines().for_each(|line| self.line(&format!("# {line}")));
    }

    fn heading(&mut self, title: &str) {
        self.line("");
        self.line(&format!("# ---- {title} ----"));
    }

    fn group(&mut self, group: &Group) {
        if group.entries.is_empty() {
            return;
        }
        if !group.path.is_empty() {
            self.heading(&group.path);
            self.docs(group.docs);
            if group.part_of.as_ref() == Some(&group.path) {
                self.comment("All of it is optional: with nothing set here there is none.");
            }
        }
        for entry in &group.entries {
            self.line("");
            self.entry(entry, group);
        }
    }

    fn entry(&mut self, entry: &Entry, group: &Group) {
        let Entry { variable, field, required, takes, sources, elements } = entry;
        self.docs(field.docs);
        let need = match &group.part_of {
            _ if *required => "Required".to_owned(),
            Some(part_of) if field.required() => format!("Required as soon as anything of {part_of} is set"),
            _ => "Optional".to_owned(),
        };
        self.comment(&format!("{need}: {takes}."));
        if !elements.is_empty() {
            self.comment("Each of them has:");
            elements.iter().for_each(|line| self.line(&format!("#   {line}")));
        }
        let default = Default::of(field);
        match &default {
            Default::Code(code) => self.line(&format!("# Default: {code}")),
            Default::Empty => self.comment("Default: empty."),
            Default::OfType => self.comment("Default: that of its type."),
            Default::None | Default::Text(_) => {}
        }
        if let Some(example) = field.example {
            self.line(&format!("# Example: {}", quoted(example)));
        }
        if let Some(every) = field.secret().and_then(|rules| rules.rotate_every) {
            self.comment(&format!("To be replaced every {}.", span(every)));
        }
        if !sources.is_empty() {
            self.comment(&format!("In production from {}.", sources.join(", then ")));
        }
        if !self.variables.insert(variable.clone()) {
            self.comment(&format!("Read from {variable} too, which stands above."));
            return;
        }
        match default {
            Default::Text(text) => self.line(&format!("# {variable}={}", quoted(&text))),
            Default::None if !field.allow_empty => self.line(&format!("{variable}=")),
            _ => self.line(&format!("# {variable}=")),
        }
    }

    /// What configures how the struct is loaded: the variable that names the profile, and those of the stores in use.
    fn configuration(&mut self, schema: &'static Schema) {
        if let Some(variable) = schema.profile_env.filter(|&variable| self.variables.insert(variable.to_owned())) {
            self.heading("profile");
            self.comment("Optional: the name of a profile, whose .env.NAME stands above this file.");
            self.line(&format!("{variable}="));
        }
        let in_use = outline::stores_in_use(schema).into_iter().filter_map(kind::find);
        for store in in_use {
            // What a field or another store is read from stands above.
            let is_new = |variable: &&Variable| self.variables.insert(variable.name.to_owned());
            let variables: Vec<&Variable> = store.common_variables().filter(is_new).collect();
            if variables.is_empty() {
                continue;
            }
            self.heading(store.title);
            self.comment("Optional: where secrets come from that nothing above has.");
            for Variable { name: variable, docs, .. } in variables {
                self.line("");
                self.comment(docs);
                self.line(&format!("{variable}="));
            }
        }
    }
}

/// A length of time in days where it is one of whole days.
fn span(time: Duration) -> String {
    const DAY: u64 = 24 * 60 * 60;
    match time.as_secs() {
        DAY => "day".to_owned(),
        seconds if seconds % DAY == 0 => format!("{} days", seconds / DAY),
        _ => humantime::format_duration(time).to_string(),
    }
}

/// A value as a line of a .env file has it, in quotes only where it needs them.
fn quoted(text: &str) -> String {
    let begins_comment = text.starts_with('#') || text.contains(" #");
    let begins_quote = text.starts_with(['"', '\'', '`']);
    let in_one_line = text.trim() == text && !text.contains(char::is_control);
    if in_one_line && !begins_comment && !begins_quote && !text.contains("${") {
        text.to_owned()
    } else if !text.contains(['\'', '\\']) && !text.contains(char::is_control) {
        format!("'{text}'")
    } else {
        let mut quoted = "\"".to_owned();
        for c in text.chars() {
            match c {
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                '\t' => quoted.push_str("\\t"),
                '"' | '\\' | '$' => quoted.extend(['\\', c]),
                c => quoted.push(c),
            }
        }
        quoted + "\""
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    #[derive(Settings)]
    struct Plain {
        #[setting(allow_empty)]
        text: String,
    }

    #[test]
    fn what_is_quoted_is_read_as_itself() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        for text in [
            "",
            "a",
            "a b",
            " a ",
            "a # b",
            "#a",
            "a#b",
            "\"a\"",
            "'a'",
            "it's",
            "`a`",
            "a\\",
            "C:\\new",
            "a'\\",
            "${HOME}",
            "a'${HOME}",
            "$5",
            "two\nlines",
            "tab\there",
            "{\"a\": \"b # c\"}",
            "[1, 2]",
            "a=b",
            "é",
        ] {
            let line = quoted(text);
            assert!(!line.contains('\n'), "{line}");
            fs::write(&path, format!("TEXT={line}\n")).unwrap();
            let loaded = Plain::loader().hermetic().env_file(&path).load_blocking().unwrap();
            assert_eq!(loaded.text, text, "{line}");
        }
    }

    #[test]
    fn lengths_of_time_in_whole_days() {
        let days = |days: u64| span(Duration::from_secs(days * 24 * 60 * 60));
        assert_eq!((days(1), days(90)), ("day".to_owned(), "90 days".to_owned()));
        assert_eq!(span(Duration::from_secs(5400)), "1h 30m");
    }
}
