//! The formats of keys that providers publish.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::schema::Secret;

/// How the keys of one provider begin.
///
/// ```
/// use settings_core::secret::KeyFormat;
///
/// let anthropic = KeyFormat::by_name("anthropic").unwrap();
/// assert_eq!(anthropic.provider(), "Anthropic");
/// assert_eq!(anthropic.prefixes()[0], "sk-ant-");
/// assert!(anthropic.is_strict());
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct KeyFormat {
    name: &'static str,
    provider: &'static str,
    prefixes: &'static [&'static str],
    strict: bool,
}

impl KeyFormat {
    /// Every format known by name.
    pub const ALL: &'static [Self] = &[
        strict("openai", "OpenAI", &["sk-", "sk-proj-", "sk-svcacct-", "sk-admin-"]),
        strict("anthropic", "Anthropic", &["sk-ant-", "sk-ant-api03-", "sk-ant-admin01-"]),
        lenient("openrouter", "OpenRouter", &["sk-or-v1-"]),
        lenient("gemini", "Google AI", &["AIza", "AQ."]),
        lenient("groq", "Groq", &["gsk_"]),
        lenient("xai", "xAI", &["xai-"]),
        lenient("perplexity", "Perplexity", &["pplx-"]),
        lenient("huggingface", "Hugging Face", &["hf_", "api_org_"]),
        lenient("aws_access_key_id", "AWS", &["AKIA", "ASIA", "ABIA", "ACCA"]),
        lenient("aws_bedrock", "AWS Bedrock", &["ABSK"]),
        lenient("github", "GitHub", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"]),
        lenient("gitlab", "GitLab", &["glpat-"]),
        lenient("stripe", "Stripe", &["sk_live_", "sk_test_", "rk_live_", "rk_test_"]),
        lenient("slack", "Slack", &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-"]),
        lenient("vault", "Vault", &["hvs.", "hvb.", "s."]),
        lenient("npm", "npm", &["npm_"]),
        lenient("pypi", "PyPI", &["pypi-"]),
        lenient("sendgrid", "SendGrid", &["SG."]),
        lenient("twilio", "Twilio", &["SK"]),
        lenient("databricks", "Databricks", &["dapi"]),
        lenient("digitalocean", "DigitalOcean", &["dop_v1_"]),
        lenient("grafana", "Grafana", &["glsa_"]),
        lenient("sentry", "Sentry", &["sntrys_"]),
        lenient("linear", "Linear", &["lin_api_"]),
        lenient("notion", "Notion", &["ntn_"]),
        lenient("postman", "Postman", &["PMAK-"]),
        lenient("pulumi", "Pulumi", &["pul-"]),
        lenient("doppler", "Doppler", &["dp.pt."]),
        lenient("shopify", "Shopify", &["shpat_"]),
        lenient("onepassword", "1Password", &["ops_eyJ"]),
        lenient("age", "age", &["AGE-SECRET-KEY-1"]),
        lenient("pem", "PEM", &["-----BEGIN"]),
    ];

    /// The format of that name, as `format = ..` takes it.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|format| format.name == name)
    }

    /// The name that `format = ..` takes.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Who gives out such keys.
    pub fn provider(&self) -> &'static str {
        self.provider
    }

    /// What its keys begin with; the longest prefix of all formats decides whose key it is.
    pub fn prefixes(&self) -> &'static [&'static str] {
        self.prefixes
    }

    /// Whether a value that begins otherwise is invalid. Otherwise that is a warning, because providers change their
    /// formats.
    pub fn is_strict(&self) -> bool {
        self.strict
    }

    /// The format whose prefix `text` begins with, and that prefix; the longest counts.
    fn of(text: &str) -> Option<(&'static Self, &'static str)> {
        prefixes().filter(|(_, prefix)| text.starts_with(prefix)).max_by_key(|(_, prefix)| prefix.len())
    }

    /// The format that has exactly this prefix.
    fn with_prefix(wanted: &str) -> Option<&'static Self> {
        prefixes().find(|&(_, prefix)| prefix == wanted).map(|(format, _)| format)
    }

    /// What a key of it looks like: `an OpenAI key`.
    pub(crate) fn look(&self) -> String {
        // By sound: "an npm key", "an xAI key".
        let vowel = self.provider.starts_with(['A', 'E', 'I', 'O', 'a']) || matches!(self.name, "npm" | "xai");
        let article = if vowel { "an" } else { "a" };
        format!("{article} {} key", self.provider)
    }
}

const fn strict(name: &'static str, provider: &'static str, prefixes: &'static [&'static str]) -> KeyFormat {
    KeyFormat { name, provider, prefixes, strict: true }
}

const fn lenient(name: &'static str, provider: &'static str, prefixes: &'static [&'static str]) -> KeyFormat {
    KeyFormat { name, provider, prefixes, strict: false }
}

/// Every prefix of every format.
pub(crate) fn prefixes() -> impl Iterator<Item = (&'static KeyFormat, &'static str)> {
    KeyFormat::ALL.iter().flat_map(|format| format.prefixes.iter().map(move |&prefix| (format, prefix)))
}

/// Whether a text is what its field's `prefix` and `format` ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is, or the field asks for nothing.
    Fits,
    /// It is not, which is worth a warning.
    Doubtful(Mismatch),
    /// It is not, and cannot be right.
    Wrong(Mismatch),
}

/// Why a text is not what its field asks for, in the words of the table and of the field's attributes alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// `a value that begins with sk-`.
    pub(crate) expected: String,
    /// `one that looks like an Anthropic key`.
    pub(crate) found: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

/// From this length on a prefix is proof of whose key it is; fewer characters may be chance.
const TELLING: usize = 4;

/// Holds `text` to the `prefix` and the `format` of its field, to both where it has both.
pub(crate) fn check(text: &str, rules: &Secret) -> Verdict {
    if let Some(prefix) = rules.prefix {
        // A prefix out of the table stands for its format: `sk-` refuses the `sk-ant-` of another.
        let verdict = judge(text, &[prefix], KeyFormat::with_prefix(prefix), true);
        // A prefix is never merely doubted.
        if verdict != Verdict::Fits {
            return verdict;
        }
    }
    match rules.format.and_then(KeyFormat::by_name) {
        Some(format) => judge(text, format.prefixes, Some(format), format.strict),
        None => Verdict::Fits,
    }
}

fn judge(text: &str, wanted: &[&str], own: Option<&'static KeyFormat>, strict: bool) -> Verdict {
    let fits = wanted.iter().any(|prefix| text.starts_with(prefix));
    let foreign = KeyFormat::of(text).filter(|&(format, _)| Some(format) != own);
    let mismatch = |found| Mismatch { expected: format!("a value that {}", begins_with(wanted)), found };
    match foreign {
        None if fits => Verdict::Fits,
        // A prefix of the user's own belongs to no format, so that nothing is foreign to it.
        Some(_) if fits && own.is_none() => Verdict::Fits,
        Some((format, prefix)) if prefix.len() >= TELLING => {
            Verdict::Wrong(mismatch(format!("one that looks like {}", format.look())))
        }
        _ if strict => Verdict::Wrong(mismatch("one that does not".into())),
        _ => Verdict::Doubtful(mismatch("one that does not".into())),
    }
}

/// How values of the field begin, for its documentation and for the fixes of a report: `begins with sk-`.
pub(crate) fn expectation(rules: &Secret) -> Option<String> {
    match (rules.prefix, rules.format.and_then(KeyFormat::by_name)) {
        (Some(prefix), _) => Some(begins_with(&[prefix])),
        (None, Some(format)) => Some(begins_with(format.prefixes)),
        (None, None) => None,
    }
}

/// How a stand-in for a test may begin, so that it passes for a value of the field.
pub(crate) fn beginning(rules: &Secret) -> &'static str {
    let format = rules.format.and_then(KeyFormat::by_name);
    rules.prefix.or_else(|| format?.prefixes.first().copied()).unwrap_or_default()
}

/// Whether a loaded secret is worth calling a service with: no placeholder, and of the right form. Where the form does
/// not decide, a key has over 10 characters.
pub(crate) fn is_usable_key(secret: &SecretString, rules: &Secret) -> bool {
    let text = secret.expose_secret(); // EXPOSE: judged, and only yes or no comes of it
    let verdict = check(text, rules);
    let decided = rules.prefix.is_some() || rules.format.is_some();
    let right = match verdict {
        Verdict::Wrong(_) => false,
        Verdict::Fits if decided => true,
        _ => text.chars().count() > 10,
    };
    right && !text.is_empty() && !super::is_placeholder(text, rules.placeholders)
}

/// `begins with AIza or AQ.`, without the prefixes that begin with another of them.
fn begins_with(prefixes: &[&str]) -> String {
    let longer = |prefix: &str| prefixes.iter().any(|&other| other != prefix && prefix.starts_with(other));
    let shortest: Vec<&str> = prefixes.iter().copied().filter(|prefix| !longer(prefix)).collect();
    match shortest.split_last() {
        Some((last, [])) => format!("begins with {last}"),
        Some((last, others)) => format!("begins with {} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(name: &'static str) -> Secret {
        assert!(KeyFormat::by_name(name).is_some(), "{name}");
        Secret { format: Some(name), ..Secret::EMPTY }
    }

    fn prefix(prefix: &'static str) -> Secret {
        Secret { prefix: Some(prefix), ..Secret::EMPTY }
    }

    fn wrong(text: &str, rules: &Secret) -> String {
        match check(text, rules) {
            Verdict::Wrong(mismatch) => mismatch.to_string(),
            other => panic!("{text} is not wrong but {other:?}"),
        }
    }

    fn doubtful(text: &str, rules: &Secret) -> String {
        match check(text, rules) {
            Verdict::Doubtful(mismatch) => mismatch.to_string(),
            other => panic!("{text} is not doubtful but {other:?}"),
        }
    }

    #[test]
    fn every_prefix_fits_its_format_and_no_other() {
        for (owner, prefix) in prefixes() {
            let text = format!("{prefix}test");
            for held_to in KeyFormat::ALL {
                let rules = format(held_to.name);
                if held_to == owner {
                    assert_eq!(check(&text, &rules), Verdict::Fits, "{text}");
                } else if prefix.len() >= 4 {
                    let sentence = wrong(&text, &rules);
                    assert!(sentence.ends_with(&format!("{} key", owner.provider)), "{sentence}");
                } else if held_to.strict {
                    assert!(wrong(&text, &rules).ends_with("found one that does not"));
                } else {
                    assert!(doubtful(&text, &rules).ends_with("found one that does not"));
                }
            }
        }
    }

    #[test]
    fn names_and_prefixes_are_unique() {
        for (index, format) in KeyFormat::ALL.iter().enumerate() {
            assert_eq!(KeyFormat::ALL.iter().position(|other| other.name == format.name), Some(index));
        }
        for (format, prefix) in prefixes() {
            assert_eq!(KeyFormat::with_prefix(prefix), Some(format), "{prefix}");
        }
        assert_eq!(KeyFormat::by_name("OpenAI"), None);
    }

    #[test]
    fn only_openai_and_anthropic_are_strict() {
        let strict: Vec<_> = KeyFormat::ALL.iter().filter(|format| format.strict).map(KeyFormat::name).collect();
        assert_eq!(strict, ["openai", "anthropic"]);
    }

    #[test]
    fn a_strict_format_refuses_what_begins_otherwise() {
        assert_eq!(wrong("key", &format("openai")), "expected a value that begins with sk-, found one that does not");
        assert_eq!(
            wrong("sk-test-key", &format("anthropic")),
            "expected a value that begins with sk-ant-, found one that does not"
        );
    }

    #[test]
    fn a_format_that_is_not_strict_doubts() {
        let sentence = "expected a value that begins with AIza or AQ., found one that does not";
        assert_eq!(doubtful("key", &format("gemini")), sentence);
        assert_eq!(doubtful("sk-test-key", &format("gemini")), sentence, "three characters prove nothing");
    }

    #[test]
    fn the_longest_prefix_decides() {
        let sentence = "expected a value that begins with sk-, found one that looks like an Anthropic key";
        assert_eq!(wrong("sk-ant-test-key", &format("openai")), sentence);
        assert_eq!(wrong("sk-ant-test-key", &prefix("sk-")), sentence);
        assert!(wrong("sk-or-v1-test", &prefix("sk-")).ends_with("looks like an OpenRouter key"));
        assert_eq!(check("sk-ant-test-key", &format("anthropic")), Verdict::Fits);
        assert_eq!(check("sk-ant-test-key", &prefix("sk-ant-")), Verdict::Fits);
        assert_eq!(check("sk-test-key", &prefix("sk-")), Verdict::Fits);
    }

    #[test]
    fn a_prefix_of_the_users_own_is_what_decides() {
        for (own, text) in [
            ("sk-lf-", "sk-lf-test"),
            ("sk-ant-api", "sk-ant-api03-test"),
            ("sk-a", "sk-ant-test"),
            ("gh", "ghp_test"),
            ("s", "s.t"),
        ] {
            assert_eq!(check(text, &prefix(own)), Verdict::Fits, "{own}");
        }
        assert_eq!(wrong("test", &prefix("corp-")), "expected a value that begins with corp-, found one that does not");
        assert!(wrong("ghp_test", &prefix("corp-")).ends_with("found one that looks like a GitHub key"));
    }

    #[test]
    fn prefix_and_format_both_hold() {
        let both = Secret { prefix: Some("sk-proj-"), format: Some("openai"), ..Secret::EMPTY };
        assert_eq!(check("sk-proj-test", &both), Verdict::Fits);
        assert_eq!(wrong("sk-test", &both), "expected a value that begins with sk-proj-, found one that does not");
        let doubted = Secret { prefix: Some("corp-"), format: Some("gemini"), ..Secret::EMPTY };
        assert!(doubtful("corp-test", &doubted).contains("AIza"));
        assert!(wrong("AIzatest", &doubted).contains("corp-"));
    }

    #[test]
    fn without_rules_nothing_is_checked() {
        for text in ["", "key", "sk-ant-test-key"] {
            assert_eq!(check(text, &Secret::EMPTY), Verdict::Fits);
        }
    }

    #[test]
    fn two_secrets_of_one_kind_give_one_verdict() {
        let rules = [format("openai"), format("anthropic"), format("gemini"), prefix("sk-"), prefix("corp-")];
        let pairs =
            [("qwerty", "42"), ("sk-ant-one", "sk-ant-another-one"), ("ghp_one", "ghp_two"), ("SKone", "SKthree")];
        for rules in &rules {
            for (one, other) in pairs {
                assert_eq!(check(one, rules), check(other, rules), "{rules:?}");
                assert!(!format!("{:?}", check(one, rules)).contains(one));
            }
        }
    }

    #[test]
    fn expectations() {
        assert_eq!(expectation(&format("openai")).as_deref(), Some("begins with sk-"));
        assert_eq!(expectation(&format("vault")).as_deref(), Some("begins with hvs., hvb. or s."));
        assert_eq!(expectation(&prefix("corp-")).as_deref(), Some("begins with corp-"));
        assert_eq!(expectation(&Secret::EMPTY), None);
    }

    #[test]
    fn articles() {
        let look = |name| KeyFormat::by_name(name).map(KeyFormat::look);
        for name in ["openai", "openrouter", "anthropic", "xai", "aws_access_key_id", "aws_bedrock", "npm", "age"] {
            assert!(look(name).unwrap().starts_with("an "), "{name}");
        }
        assert_eq!(look("onepassword").as_deref(), Some("a 1Password key"));
        assert_eq!(KeyFormat::ALL.iter().filter(|format| format.look().starts_with("an ")).count(), 8);
    }
}
