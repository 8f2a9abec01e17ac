//! What secrets are held to: key formats, placeholders, lengths and checks of the user's own.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use settings_core::report::{Code, Warning};
use settings_core::secret::KeyFormat;
use settings_core::{Blueprint, ExposeSecret, Report, SecretBox, SecretSlice, SecretString, Settings};
use settings_tests::EnvFile;

fn load<S: Blueprint>(env: &[(&str, &str)]) -> Result<S, Report> {
    S::loader().hermetic().env(env.iter().copied()).load_blocking()
}

fn code<S: Blueprint>(env: &[(&str, &str)]) -> Option<Code> {
    load::<S>(env).err().map(|report| report.problems()[0].code())
}

/// A format: how a struct with it loads a text, what its keys are called and begin with, and whether others are refused.
struct Row {
    format: &'static str,
    load: fn(&str) -> Result<Vec<Warning>, Report>,
    look: &'static str,
    prefixes: &'static [&'static str],
    strict: bool,
}

macro_rules! rows {
    ($($format:ident, $look:literal, [$($prefix:literal),+], $strict:literal;)+) => {
        const ROWS: &[Row] = &[$(Row {
            format: stringify!($format),
            load: |text| {
                #[derive(Settings)]
                struct Held {
                    #[secret(format = $format)]
                    key: SecretString,
                }
                let (held, warnings) = Held::loader().hermetic().env([("KEY", text)]).load_with_warnings_blocking()?;
                assert_eq!(held.key.expose_secret(), text);
                Ok(warnings)
            },
            look: $look,
            prefixes: &[$($prefix),+],
            strict: $strict,
        }),+];
    };
}

rows! {
    openai, "an OpenAI key", ["sk-", "sk-proj-", "sk-svcacct-", "sk-admin-"], true;
    anthropic, "an Anthropic key", ["sk-ant-", "sk-ant-api03-", "sk-ant-admin01-"], true;
    openrouter, "an OpenRouter key", ["sk-or-v1-"], false;
    gemini, "a Google AI key", ["AIza", "AQ."], false;
    groq, "a Groq key", ["gsk_"], false;
    xai, "an xAI key", ["xai-"], false;
    perplexity, "a Perplexity key", ["pplx-"], false;
    huggingface, "a Hugging Face key", ["hf_", "api_org_"], false;
    aws_access_key_id, "an AWS key", ["AKIA", "ASIA", "ABIA", "ACCA"], false;
    aws_bedrock, "an AWS Bedrock key", ["ABSK"], false;
    github, "a GitHub key", ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"], false;
    gitlab, "a GitLab key", ["glpat-"], false;
    stripe, "a Stripe key", ["sk_live_", "sk_test_", "rk_live_", "rk_test_"], false;
    slack, "a Slack key", ["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-"], false;
    vault, "a Vault key", ["hvs.", "hvb.", "s."], false;
    npm, "an npm key", ["npm_"], false;
    pypi, "a PyPI key", ["pypi-"], false;
    sendgrid, "a SendGrid key", ["SG."], false;
    twilio, "a Twilio key", ["SK"], false;
    databricks, "a Databricks key", ["dapi"], false;
    digitalocean, "a DigitalOcean key", ["dop_v1_"], false;
    grafana, "a Grafana key", ["glsa_"], false;
    sentry, "a Sentry key", ["sntrys_"], false;
    linear, "a Linear key", ["lin_api_"], false;
    notion, "a Notion key", ["ntn_"], false;
    postman, "a Postman key", ["PMAK-"], false;
    pulumi, "a Pulumi key", ["pul-"], false;
    doppler, "a Doppler key", ["dp.pt."], false;
    shopify, "a Shopify key", ["shpat_"], false;
    onepassword, "a 1Password key", ["ops_eyJ"], false;
    age, "an age key", ["AGE-SECRET-KEY-1"], false;
    pem, "a PEM key", ["-----BEGIN"], false;
}

fn key(prefix: &str) -> String {
    format!("{prefix}test-key")
}

/// What the report says was found, which names the provider of a foreign key.
fn refused(row: &Row, text: &str) -> String {
    let report = (row.load)(text).unwrap_err();
    let problem = &report.problems()[0];
    assert_eq!((problem.code(), problem.title()), (Code::Invalid, "invalid secret"), "{}", row.format);
    problem.found().unwrap().to_owned()
}

#[test]
fn the_table_is_that_of_the_library() {
    let ours = ROWS.iter().map(|row| (row.format, row.prefixes, row.strict));
    assert!(ours.eq(KeyFormat::ALL.iter().map(|format| (format.name(), format.prefixes(), format.is_strict()))));
}

#[test]
fn a_key_of_its_format_loads() {
    for row in ROWS {
        for prefix in row.prefixes {
            assert_eq!((row.load)(&key(prefix)).unwrap(), [], "{} {prefix}", row.format);
        }
    }
}

#[test]
fn the_key_of_another_provider_is_refused_and_named() {
    for row in ROWS {
        let (foreign, look) = match row.format {
            "github" => ("glpat-test-key", "a GitLab key"),
            _ => ("ghp_test-key", "a GitHub key"),
        };
        assert_eq!(refused(row, foreign), format!("one that looks like {look}"), "{}", row.format);
        let other =
            if row.format == "notion" { &ROWS[0] } else { ROWS.iter().find(|row| row.format == "notion").unwrap() };
        for prefix in row.prefixes.iter().filter(|prefix| prefix.len() >= 4) {
            assert_eq!(refused(other, &key(prefix)), format!("one that looks like {}", row.look));
        }
    }
}

#[test]
fn a_text_of_no_format_is_refused_by_the_strict_and_doubted_by_the_others() {
    for row in ROWS {
        // Three characters prove nothing, so a short prefix of another provider counts as none.
        for text in ["test-key", if row.format == "sendgrid" { "SKtest-key" } else { "SG.test-key" }] {
            if row.strict {
                assert_eq!(refused(row, text), "one that does not", "{}", row.format);
                continue;
            }
            let [warning] = &(row.load)(text).unwrap()[..] else { panic!("{} has no one warning", row.format) };
            assert!(warning.text().ends_with("found one that does not"), "{warning}");
            assert_eq!(warning.variable(), "KEY");
        }
    }
}

#[derive(Settings)]
struct Prefixed {
    #[secret(prefix = "sk-")]
    open: Option<SecretString>,
    #[secret(prefix = "corp-")]
    own: Option<SecretString>,
    #[secret(prefix = "sk-proj-")]
    both: Option<SecretString>,
}

#[test]
fn a_prefix_is_never_merely_doubted() {
    for (variable, text, fits) in [
        ("OPEN", "sk-test-key", true),
        ("OPEN", "sk-ant-test-key", false),
        ("OPEN", "test-key", false),
        ("OWN", "corp-test-key", true),
        ("OWN", "Corp-test-key", false),
        ("OWN", "sk-test-key", false),
        ("BOTH", "sk-proj-test-key", true),
        ("BOTH", "sk-test-key", false),
    ] {
        assert_eq!(load::<Prefixed>(&[(variable, text)]).is_ok(), fits, "{variable}={text}");
    }
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Templates {
    #[secret(placeholders = ["sk-insecure", "sk-test-dummy-key-for-learning"])]
    key: SecretString,
    other: Option<SecretString>,
}

#[test]
fn placeholders_count_as_missing() {
    for text in [
        "changeme",
        "change-me",
        "change_me",
        "replaceme",
        "replace-me",
        "replace_me",
        "todo",
        "tbd",
        "placeholder",
        "xxx",
        "xxxxxxxxxx",
        "CHANGEME",
        "ToDo",
        "XxX",
        "your-openai-api-key-here",
        "your-actual-gemini-api-key",
        "your_key_here",
        "your_api_key",
        "your-token",
        "your_token",
        "your-client-secret",
        "your-password",
        "YOUR-KEY",
        "<your key>",
        "${OPENAI_API_KEY}",
        "sk-...",
        "sk-ant-...",
        "sk-xxx",
        "sk-ant-xxx",
        "sk-proj-xxxxx",
        "sk-ant-api03-xxxxx",
        "ghp_***",
        "AKIAXXXX",
        "gsk_....",
        "[REDACTED]",
        "**********",
        "***",
        "sk-insecure",
        "SK-INSECURE",
        "sk-test-dummy-key-for-learning",
    ] {
        assert_eq!(code::<Templates>(&[("KEY", text)]), Some(Code::Placeholder), "{text}");
    }
}

#[test]
fn the_keys_of_tests_are_no_placeholders() {
    for text in ["sk-test-key", "sk-ant-test-key", "sk-new-dummy-key-rotated", "xx", "**", "your-name", "todos"] {
        assert_eq!(code::<Templates>(&[("KEY", text)]), None, "{text}");
    }
    let other = load::<Templates>(&[("KEY", "k"), ("OTHER", "sk-test-dummy-key-for-learning")]).unwrap().other;
    assert!(other.is_some(), "a placeholder of one field is none of another");
}

#[test]
fn missing_empty_and_placeholder_are_three_things() {
    let said = |env: &[(&str, &str)]| {
        let report = load::<Templates>(env).unwrap_err();
        let problem = &report.problems()[0];
        (problem.code().as_str(), problem.title(), problem.note().map(str::to_owned))
    };
    assert_eq!(said(&[]), ("E101", "missing secret", None));
    let empty = "The empty text counts as unset.";
    assert_eq!(said(&[("KEY", "")]), ("E103", "empty secret", Some(empty.into())));
    let template = "The text of a template counts as unset; put the real value there.";
    assert_eq!(said(&[("KEY", "changeme")]), ("E104", "placeholder instead of a secret", Some(template.into())));
}

#[test]
fn behind_a_placeholder_the_next_layer_is_asked() {
    let file = EnvFile::new("KEY=from-the-file\n");
    let loader = Templates::loader().hermetic().env([("KEY", "todo"), ("OTHER", "todo")]).env_file(file.path());
    let (loaded, warnings) = loader.load_with_warnings_blocking().unwrap();
    assert_eq!(loaded.key.expose_secret(), "from-the-file");
    assert!(loaded.other.is_none(), "a placeholder of an optional secret is no value");
    let warnings: Vec<_> = warnings.iter().map(|warning| (warning.variable(), warning.text())).collect();
    let text = "is a placeholder, which counts as unset";
    assert_eq!(warnings, [("KEY", text), ("OTHER", text)]);
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Urls {
    #[secret(expand)]
    expanded: SecretString,
    literal: SecretString,
    plain: String,
}

#[test]
fn references_in_secrets_are_expanded_only_when_asked_for() {
    let url = "postgres://${PG_USER}:pa$$word@host";
    let file = EnvFile::new(format!("PG_USER=app\nEXPANDED={url}\nLITERAL={url}\nPLAIN={url}\n"));
    let loader = Urls::loader().hermetic().env_file(file.path());
    let (urls, warnings) = loader.load_with_warnings_blocking().unwrap();
    assert_eq!(urls.expanded.expose_secret(), "postgres://app:pa$$word@host");
    assert_eq!(urls.plain, "postgres://app:pa$$word@host");
    assert_eq!(urls.literal.expose_secret(), url);
    let literal: Vec<_> = warnings.iter().filter(|warning| warning.variable() == "LITERAL").collect();
    assert!(literal.iter().any(|warning| warning.text().contains("`expand`")), "{literal:?}");
    let env = [("EXPANDED", url), ("LITERAL", url), ("PLAIN", url)];
    let urls = Urls::loader().hermetic().env(env).load_blocking().unwrap();
    assert_eq!((urls.expanded.expose_secret(), urls.plain.as_str()), (url, url), "in .env files alone");
}

#[derive(Settings)]
struct Bytes {
    #[secret(min_len = 3, validate = not_all_alike)]
    slice: SecretSlice<u8>,
    array: Option<SecretBox<[u8; 4]>>,
    #[secret(min_len = 8, validate = has_a_digit)]
    text: Option<SecretString>,
}

fn not_all_alike(bytes: &SecretSlice<u8>) -> Result<(), &'static str> {
    let bytes = bytes.expose_secret();
    if bytes.iter().all(|byte| *byte == bytes[0]) { Err("too simple") } else { Ok(()) }
}

fn has_a_digit(text: &SecretString) -> Result<(), &'static str> {
    if text.expose_secret().contains(char::is_numeric) { Ok(()) } else { Err("a digit is wanted") }
}

#[test]
fn secrets_of_bytes() {
    let bytes: Bytes = load(&[("SLICE", "abc"), ("ARRAY", "1234")]).unwrap();
    assert_eq!(bytes.slice.expose_secret(), b"abc");
    assert_eq!(bytes.array.as_ref().unwrap().expose_secret(), b"1234");
    assert_eq!(format!("{bytes:?}"), "Bytes { slice: [REDACTED], array: Some([REDACTED]), text: None }");
}

#[test]
fn secrets_that_break_their_rules() {
    for (variable, text, sentence) in [
        ("SLICE", "ab", "at least 3 characters"),
        ("SLICE", "aaa", "too simple"),
        ("ARRAY", "123", "exactly as many bytes"),
        ("ARRAY", "12345", "exactly as many bytes"),
        ("TEXT", "1234567", "at least 8 characters"),
        ("TEXT", "abcdefgh", "a digit is wanted"),
    ] {
        let env = [("SLICE", "abc"), (variable, text)];
        let report = load::<Bytes>(&env).unwrap_err();
        assert_eq!(report.problems().len(), 1, "{report}");
        assert!(report.to_string().contains(sentence), "{variable}={text}\n{report}");
        assert!(!report.to_string().contains(&format!("`{text}`")), "{report}");
    }
    let right = load::<Bytes>(&[("SLICE", "abc"), ("TEXT", "abcdefg1")]).unwrap();
    assert_eq!(right.text.unwrap().expose_secret(), "abcdefg1");
}
