//! The texts of templates, which stand where a secret should be.

use super::format;

/// The words that stand for a value which is still to come.
const WORDS: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "replaceme",
    "replace-me",
    "replace_me",
    "todo",
    "tbd",
    "placeholder",
    "[redacted]",
];
/// `your-...-here`: how it begins, and how it ends.
const YOURS: &[&str] = &["your-", "your_"];
const YOURS_ENDS: &[&str] = &["-here", "_here", "-key", "_key", "-token", "_token", "-secret", "-password"];

/// Whether `text` is a placeholder, by a closed table and the field's `own` list. ASCII case does not count, nor white
/// space around it.
///
/// ```
/// use settings_core::secret::is_placeholder;
///
/// assert!(is_placeholder("your-openai-api-key-here", &[]));
/// assert!(is_placeholder("sk-ant-xxx", &[]));
/// assert!(!is_placeholder("sk-ant-test-key", &[]));
/// assert!(is_placeholder("sk-insecure", &["sk-insecure"]));
/// ```
pub fn is_placeholder(text: &str, own: &[&str]) -> bool {
    let text = text.trim();
    let is = |word: &&str| text.eq_ignore_ascii_case(word);
    own.iter().any(is)
        || WORDS.iter().any(is)
        || is_run(text, b"xX")
        || is_run(text, b"*")
        || is_yours(text)
        || is_slot(text)
        || is_bare_prefix(text)
}

/// `xxx`, `***` and longer.
fn is_run(text: &str, of: &[u8]) -> bool {
    text.len() >= 3 && text.bytes().all(|byte| of.contains(&byte))
}

fn is_yours(text: &str) -> bool {
    YOURS.iter().any(|beginning| begins_with(text, beginning)) && YOURS_ENDS.iter().any(|end| ends_with(text, end))
}

/// `<your key>`, `${KEY}`, `sk-...`.
fn is_slot(text: &str) -> bool {
    let within = |open, close| text.starts_with(open) && text.ends_with(close);
    within("<", ">") || within("${", "}") || text.ends_with("...")
}

/// `sk-ant-xxx`: a known prefix, and then nothing but filling.
fn is_bare_prefix(text: &str) -> bool {
    // Few texts end so, and all others need not be compared with the table.
    if !text.ends_with(['x', 'X', '*', '.']) {
        return false;
    }
    format::prefixes().any(|(_, prefix)| {
        let filling = text.as_bytes().get(prefix.len()..).unwrap_or_default();
        begins_with(text, prefix) && !filling.is_empty() && filling.iter().all(|byte| b"xX*.".contains(byte))
    })
}

// Bytes in place: a lower-case copy of a secret would have to be wiped.
fn begins_with(text: &str, beginning: &str) -> bool {
    text.as_bytes().get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning.as_bytes()))
}

fn ends_with(text: &str, end: &str) -> bool {
    let at = text.len().checked_sub(end.len());
    at.and_then(|at| text.as_bytes().get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(texts: &[&str]) {
        for text in texts {
            assert!(is_placeholder(text, &[]), "{text}");
            assert!(is_placeholder(&text.to_ascii_uppercase(), &[]), "{text} in upper case");
            assert!(is_placeholder(&format!(" {text}\n"), &[]), "{text} among white space");
        }
    }

    fn none(texts: &[&str]) {
        for text in texts {
            assert!(!is_placeholder(text, &[]), "{text}");
        }
    }

    #[test]
    fn words() {
        all(&[
            "changeme",
            "change-me",
            "change_me",
            "replaceme",
            "replace-me",
            "replace_me",
            "todo",
            "tbd",
            "placeholder",
        ]);
        all(&["xxx", "xxxx", "xXx", "xxxxxxxxxxxxxxxxxxxx"]);
        none(&["", "changeme1", "todos", "x", "xx", "xxy"]);
    }

    #[test]
    fn yours() {
        all(&["your-openai-api-key-here", "your-actual-gemini-api-key", "your_key_here", "your_key", "your-key"]);
        all(&["your-token", "your_bot_token", "your-client-secret", "your-db-password", "YOUR_API-KEY"]);
        none(&["your-", "your-name", "yourkey", "my-api-key", "not-your-key", "your-keys", "key"]);
    }

    #[test]
    fn slots() {
        all(&["<your key>", "<>", "${OPENAI_API_KEY}", "sk-...", "sk-ant-...", "..."]);
        none(&["<your key", "your key>", "$OPENAI_API_KEY", "${OPENAI_API_KEY", "a..", "...a", "sk-…"]);
    }

    #[test]
    fn bare_prefixes() {
        all(&[
            "sk-xxx",
            "sk-ant-xxx",
            "sk-proj-xxxxx",
            "sk-ant-api03-xxxxx",
            "sk-x",
            "ghp_****",
            "hvs....",
            "AKIAXXXX",
        ]);
        none(&["sk-", "sk-ant-", "sk-ant-api03-", "sk-xxx1", "sk-foo-xxx", "AKIA"]);
        for (_, prefix) in format::prefixes() {
            for filling in ["x", "X", "*", ".", "xxxx", "x*X."] {
                assert!(is_placeholder(&format!("{prefix}{filling}"), &[]), "{prefix}{filling}");
            }
            assert!(!is_placeholder(&format!("{prefix}x1"), &[]), "{prefix}x1");
        }
    }

    #[test]
    fn redactions() {
        all(&["[REDACTED]", "***", "**********", "*****************"]);
        none(&["*", "**", "REDACTED", "**a**"]);
    }

    #[test]
    fn keys_of_tests_are_none() {
        none(&["sk-test-key", "sk-ant-test-key", "sk-new-dummy-key-rotated", "sk-test-dummy-key-for-learning"]);
    }

    #[test]
    fn a_field_has_its_own() {
        let own = ["sk-insecure", "sk-test-dummy-key-for-learning"];
        assert!(is_placeholder("sk-test-dummy-key-for-learning", &own));
        assert!(is_placeholder("SK-Insecure", &own));
        assert!(!is_placeholder("sk-insecure-not", &own));
        assert!(is_placeholder("changeme", &own));
    }

    #[test]
    fn text_that_is_not_ascii() {
        none(&["é", "yöur-key", "ключ", "your-é"]);
        all(&["your-é-key", "your-ключ-here"]);
    }
}
