//! Names that secrets have.

/// Last words of names of secrets, each also in the plural.
const WORDS: &[&str] = &[
    "key",
    "apikey",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "dsn",
    "signature",
    "sig",
];

/// Whether a variable, parameter or key of that name most likely holds a secret: `DB_PASSWORD`, `apiKey`,
/// `DATABASE_URL`. Case does not count, and words are told by `_`, `-`, `.` and capitals.
pub(crate) fn looks_secret(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    let singular = last.strip_suffix('s').filter(|word| WORDS.contains(word)).unwrap_or(last);
    let database_url = last == "url" && before.last().is_some_and(|word| word == "database");
    let public = singular == "key" && before.last().is_some_and(|word| word == "public");
    (WORDS.contains(&singular) && !public) || database_url
}

/// The words of a name in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        let ends = !c.is_alphanumeric() || (lower && c.is_uppercase());
        if ends && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        lower = c.is_lowercase();
        if let (Some(word), true) = (words.last_mut(), c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in
            ["DB_PASSWORD", "apiKey", "api-keys", "X_TOKEN", "DATABASE_URL", "client.secret", "sig", "SENTRY_DSN"]
        {
            assert!(looks_secret(name), "{name}");
        }
    }

    #[test]
    fn other_names() {
        for name in ["DB_HOST", "monkey", "PUBLIC_KEY", "KEY_ID", "URL", "BASE_URL", "keyboard", "", "_"] {
            assert!(!looks_secret(name), "{name}");
        }
    }
}
