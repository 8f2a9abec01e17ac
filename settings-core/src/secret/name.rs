//! Names that secrets have.

use super::{REDACTED, mask};

/// Last words of names of secrets, each also in the plural.
const WORDS: &[&str] = &["key", "pwd", "dsn", "sig"];
/// What last words end with where words are not told apart, as in `PGPASSWORD`; no other English word ends so.
const ENDINGS: &[&str] = &["password", "passwd", "passphrase", "token", "secret", "credential", "signature"];
/// What stands before `key` in one word, as in `sharedaccesskey`; `monkey` and `turkey` are others.
const KEYS: &[&str] = &[
    "access",
    "account",
    "api",
    "app",
    "auth",
    "encryption",
    "license",
    "master",
    "private",
    "secret",
    "session",
    "shared",
    "signing",
];
/// Two last words that look like a secret's and are not.
const NO_SECRETS: &[[&str; 2]] = &[
    ["public", "key"],
    ["partition", "key"],
    ["primary", "key"],
    ["sort", "key"],
    ["cache", "key"],
    ["eos", "token"],
    ["bos", "token"],
    ["pad", "token"],
];
/// Two last words that secrets have.
const PAIRS: &[[&str; 2]] = &[["database", "url"], ["connection", "string"], ["key", "pem"]];
/// Words before `tokens` that make it a number of tokens.
const COUNTS: &[&str] = &["max", "min", "num", "number", "total", "count", "limit"];
/// Variables of the shell that hold the working directory.
const DIRECTORIES: &[&str] = &["PWD", "OLDPWD"];
/// Last words of parameters and headers that hold secrets. A setting of such a name may be something else.
const OF_PARAMETERS: &[&str] = &["pwd", "auth", "authorization", "cookie"];
/// What ends with `pass` and is no password.
const NO_PASSWORDS: &[&str] = &["bypass", "compass", "encompass", "overpass", "surpass", "trespass", "underpass"];

/// Whether a variable, parameter or key of that name most likely holds a secret: `DB_PASSWORD`, `apiKey`,
/// `DATABASE_URL`. Case does not count, and words are told by `_`, `-`, `.` and capitals. A number at the end does not
/// count either.
pub(crate) fn looks_secret(name: &str) -> bool {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return false };
    let previous = before.last().map_or("", String::as_str);
    let singular = last.strip_suffix('s').filter(|word| is_secret(word)).unwrap_or(last);
    let is_count = last == "tokens" && before.iter().any(|word| COUNTS.contains(&word.as_str()));
    let is_harmless = is_count || NO_SECRETS.contains(&[previous, singular]) || DIRECTORIES.contains(&name);
    (is_secret(singular) && !is_harmless) || PAIRS.contains(&[previous, last])
}

/// A name that no field has, as it may be shown: it may be anything, a value in the wrong place among others.
pub(crate) fn shown_name(name: &str) -> String {
    let is_path = name.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c));
    if is_path { mask(name) } else { REDACTED.to_string() }
}

/// Whether what is written after that name, as in `name=..` or `name: ..`, most likely is a secret.
pub(super) fn names_secret(name: &str) -> bool {
    looks_secret(name)
        || words(name).last().is_some_and(|last| {
            let is_password = last.ends_with("pass") && !NO_PASSWORDS.contains(&last.as_str());
            is_password || OF_PARAMETERS.contains(&last.as_str())
        })
}

fn is_secret(word: &str) -> bool {
    let is_key = |what: &str| KEYS.iter().any(|key| what.ends_with(key));
    WORDS.contains(&word)
        || ENDINGS.iter().any(|ending| word.ends_with(ending))
        || word.strip_suffix("key").is_some_and(is_key)
}

/// The words of a name in lower case, without a number at the end.
fn words(name: &str) -> Vec<String> {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit());
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
        for name in [
            "DB_PASSWORD",
            "apiKey",
            "api-keys",
            "X_TOKEN",
            "DATABASE_URL",
            "client.secret",
            "sig",
            "SENTRY_DSN",
            "PGPASSWORD",
            "sharedaccesskey",
            "SharedAccessKey",
            "APIKEY",
            "accesstoken",
            "clientsecrets",
            "X-Amz-Signature",
            "MYSQL_PWD",
            "API_KEY_2",
            "password2",
            "bearer_tokens",
        ] {
            assert!(looks_secret(name), "{name}");
        }
    }

    #[test]
    fn other_names() {
        for name in [
            "DB_HOST",
            "monkey",
            "PUBLIC_KEY",
            "KEY_ID",
            "URL",
            "BASE_URL",
            "keyboard",
            "",
            "_",
            "turkeys",
            "primary_key",
            "max_output_tokens",
            "eos_token",
            "tokenizer",
            "PWD",
            "OLDPWD",
            "design",
            "2",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn names_of_parameters() {
        for name in ["DB_PASS", "smtppass", "pwd", "PWD", "Authorization", "proxy-auth", "Set-Cookie", "token"] {
            assert!(names_secret(name), "{name}");
        }
        for name in ["bypass", "compass", "author", "oauth2_url", "monkey", ""] {
            assert!(!names_secret(name), "{name}");
        }
    }
}
