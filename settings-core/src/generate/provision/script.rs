//! Shell scripts: how they begin, words that are safe, and where values come from.

use super::{Held, Wanted};
use crate::fold::fold;
use crate::schema::Schema;

/// Comments are broken at this width.
const WIDTH: usize = 80;

/// A script of POSIX shell as it grows.
pub(super) struct Script {
    pub(super) text: String,
    /// What stands in for `{profile}` in names.
    profile: &'static str,
}

/// How values get into `$value` without standing in a list of processes or in a history.
const VALUES: &str = r#"
# The value of one file, without the line break at its end.
text() {
    cat "$1"
}

# A JSON object of KEY FILE KEY FILE .., without the files that are not there.
json() {
    object='{}'
    while [ $# -gt 1 ]; do
        if [ -f "$2" ]; then
            object=$(printf %s "$object" | jq --arg key "$1" --rawfile value "$2" '.[$key] = ($value | rtrimstr("\n"))')
        fi
        shift 2
    done
    printf %s "$object"
}

# Stops when a file is not there that the program cannot do without.
required() {
    for file; do
        [ -f "$file" ] || { echo "$file is not there" >&2; exit 1; }
    done
}
"#;

impl Script {
    /// `what` says what the script sets up.
    pub(super) fn new(schema: &Schema, what: &str) -> Self {
        let mut script = Self { text: "#!/bin/sh\n".to_owned(), profile: profile_variable(schema) };
        script.comment(&format!("{what} From the struct {}.", schema.name));
        script.comment("");
        script.comment(
            "Values are read from files, so that none stands in a list of processes or in the history of a shell: \
             put each into the file of the folder `secrets` that is named below, and remove the folder when all is done. \
             What is there already is left as it is, so that this may be run again.",
        );
        script.line("set -eu");
        script.line("umask 077");
        script
    }

    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    pub(super) fn comment(&mut self, text: &str) {
        comment(&mut self.text, text);
    }

    /// A variable that has to be set for the script.
    pub(super) fn wants(&mut self, variable: &str, what: &str) {
        self.line(&format!(": \"${{{variable}:?{what}}}\""));
    }

    /// Checks the profile where some name holds it, defines the functions that read values, and has all files looked for
    /// before anything is done.
    pub(super) fn begin(&mut self, held: &[Held<'_>]) {
        if held.iter().any(|held| held.id.contains(PROFILE)) {
            self.wants(self.profile, "the profile");
        }
        self.text.push_str(VALUES);
        let fields = held.iter().flat_map(|held| &held.fields);
        let required: Vec<_> = fields.filter(|field| field.required).map(|field| file(field)).collect();
        if !required.is_empty() {
            self.line(&format!("\nrequired {}", required.join(" ")));
        }
    }

    /// The comments and the line that have the value of a secret in `$value`, and what is done with it, left out where an
    /// optional one has no file.
    pub(super) fn secret(&mut self, held: &Held<'_>, object: bool, then: &str) {
        self.line("");
        let shape = if object { ", a JSON object" } else { "" };
        self.comment(&format!("{}{shape}", held.id));
        for field in &held.fields {
            let key = if object { format!("{} is ", field.key.json_key()) } else { String::new() };
            self.comment(&format!("  {key}{}", field.docs));
        }
        let value = if object {
            let pairs = held.fields.iter().map(|field| format!("{} {}", self.word(field.key.json_key()), file(field)));
            format!("value=$(json {})", pairs.collect::<Vec<_>>().join(" "))
        } else {
            format!("value=$(text {})", held.fields.first().map(|field| file(field)).unwrap_or_default())
        };
        if held.is_optional() {
            let any = held.fields.iter().map(|field| format!("[ -f {} ]", file(field)));
            self.line(&format!("if {}; then", any.collect::<Vec<_>>().join(" || ")));
            self.line(&format!("    {value}"));
            then.lines().for_each(|line| self.line(&format!("    {line}")));
            self.line("fi");
        } else {
            self.line(&value);
            self.line(then);
        }
    }

    /// A text as one word of the shell, with the profile where it names one.
    pub(super) fn word(&self, text: &str) -> String {
        let is_safe = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
        if !text.is_empty() && text.chars().all(is_safe) {
            return text.to_owned();
        }
        format!("\"{}\"", self.in_quotes(text))
    }

    /// The same within double quotes, or a here-document.
    pub(super) fn in_quotes(&self, text: &str) -> String {
        let escaped = text.chars().flat_map(|c| {
            let escape = matches!(c, '"' | '\\' | '$' | '`').then_some('\\');
            escape.into_iter().chain([c])
        });
        escaped.collect::<String>().replace(PROFILE, &format!("${{{}}}", self.profile))
    }
}

pub(super) const PROFILE: &str = "{profile}";

/// The variable that names the profile.
pub(super) fn profile_variable(schema: &Schema) -> &'static str {
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    schema.profile_env.filter(is_name).unwrap_or("PROFILE")
}

/// Where the value of the field is. The names of fields need no quotes.
fn file(field: &Wanted) -> String {
    format!("secrets/{}", field.file)
}

/// A comment of shell and YAML alike, on as many lines as it takes.
pub(super) fn comment(to: &mut String, text: &str) {
    let indent = text.len() - text.trim_start().len();
    let blanks = " ".repeat(indent);
    for line in fold(text.trim_start(), WIDTH - 2 - indent, WIDTH - 2 - indent) {
        to.push_str(format!("# {blanks}{line}").trim_end());
        to.push('\n');
    }
}
