//! A `.gitleaks.toml` with the prefixes of the struct.

use crate::resolve::walk::{Step, walk};
use crate::schema::Schema;
use crate::secret::KeyFormat;

/// A prefix shorter than this begins too many words.
const LEAST_PREFIX: usize = 3;

/// The rules that gitleaks has by itself, and one for each beginning that a secret of the struct has. The form is that of
/// gitleaks 8.25, <https://github.com/gitleaks/gitleaks#configuration>.
pub(crate) fn gitleaks(schema: &'static Schema) -> String {
    let mut text = format!(
        "# What gitleaks (8.25 or later) looks for beside its own rules: the keys of {}.\ntitle = {}\n\n\
         [extend]\nuseDefault = true\n\n[[allowlists]]\ndescription = \"lines that are marked\"\nregexTarget = \"line\"\n\
         regexes = ['''pragma: allowlist secret''']\n",
        schema.name,
        quoted(schema.name)
    );
    for (at, (prefix, variables)) in prefixes(schema).iter().enumerate() {
        let word: String = prefix.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_lowercase).collect();
        text += &format!(
            "\n[[rules]]\nid = {}\ndescription = {}\nregex = {}\nsecretGroup = 1\nkeywords = [{}]\n",
            quoted(&format!("settings-{}-{word}", at + 1)),
            quoted(&format!("the value of {}", variables.join(" or "))),
            quoted(&format!("(?:^|[^A-Za-z0-9_])({}[A-Za-z0-9_-]{{12,}})", escaped(prefix))),
            quoted(&prefix.to_lowercase()),
        );
        // Words are no keys, nor are those of tests.
        text += "[[rules.allowlists]]\ndescription = \"without a digit\"\nregexes = ['''^[^0-9]*$''']\n";
    }
    text
}

/// The beginnings of the struct's secrets, each with the variables that have it.
fn prefixes(schema: &'static Schema) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        let Some(rules) = leaf.field.secret() else { return };
        let format = rules.format.and_then(KeyFormat::by_name).map_or(&[][..], KeyFormat::prefixes);
        // The head of a PEM file is no word; gitleaks has a rule for it.
        let whole =
            |prefix: &&str| prefix.len() >= LEAST_PREFIX && prefix.starts_with(|c: char| c.is_ascii_alphanumeric());
        for prefix in rules.prefix.iter().chain(format).copied().filter(whole) {
            let variable = leaf.variable.to_owned();
            match all.iter_mut().find(|(known, _)| known == prefix) {
                Some((_, variables)) => variables.push(variable),
                None => all.push((prefix.to_owned(), vec![variable])),
            }
        }
    });
    all
}

/// The text within a regular expression.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| (!c.is_ascii_alphanumeric() && c != '_').then_some('\\').into_iter().chain([c])).collect()
}

/// A basic string of TOML, whose escapes are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
