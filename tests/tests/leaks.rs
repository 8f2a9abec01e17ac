//! No output holds any part of a secret: every way to fail is gone with a secret of a known text, and again with another
//! of the same kind. Neither may show, and all outputs must be alike to the byte.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "shown by Debug alone")]

use std::collections::HashMap;
use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::Deserialize;
use settings_core::value::Tree;
use settings_core::{ExposeSecret, Loader, Report, SecretBox, SecretSlice, SecretString, Settings};
use settings_tests::{EnvFile, Home, leak};

/// Two secrets of one kind. No part of either stands in any message.
const CANARIES: [&str; 2] = ["Zq7Wk3Xv9Bn5Tm1Jh8Pd", "Gf2Lr6Yc4Ds0Ue5Va7Wi"];

#[derive(Settings)]
#[settings(env_file = none, validate = whole)]
struct Agent {
    #[secret(format = openai)]
    openai: Option<SecretString>,
    #[secret(format = gemini, placeholders = ["sk-insecure"])]
    gemini: Option<SecretString>,
    #[secret(prefix = "corp-")]
    prefixed: Option<SecretString>,
    #[secret(min_len = 1000)]
    long: Option<SecretString>,
    #[secret(validate = refuse)]
    checked: Option<SecretString>,
    #[secret(expand)]
    expanded: Option<SecretString>,
    array: Option<SecretBox<[u8; 4]>>,
    bytes: Option<SecretSlice<u8>>,
    required: SecretString,
    #[setting(nested)]
    db: Option<Database>,
    #[setting(nested, validate = never)]
    other_db: Option<Database>,
    #[setting(nested)]
    outer_db: Option<Outer>,
    endpoint: Option<String>,
    port: Option<u16>,
    level: Option<Level>,
    address: Option<IpAddr>,
    timeout: Option<Duration>,
    numbers: Option<Vec<u16>>,
    counts: Option<HashMap<String, u16>>,
    switch: Option<bool>,
    picky: Option<Picky>,
    #[setting(validate = quote)]
    quoted: Option<String>,
    #[setting(one_of = ["a", "b"])]
    letter: Option<String>,
    #[setting(min_len = 1000)]
    text: Option<String>,
    refused: Option<bool>,
}

#[derive(Settings)]
struct Outer {
    #[setting(nested)]
    inner: Database,
}

#[derive(Settings)]
#[settings(validate = same_as_user)]
struct Database {
    user: String,
    password: SecretString,
    #[setting(default)]
    host: String,
}

#[derive(Debug, Clone, Deserialize)]
enum Level {
    Low,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Picky;

impl TryFrom<String> for Picky {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Err(format!("cannot take `{text}`"))
    }
}

fn refuse(_: &SecretString) -> Result<(), &'static str> {
    Err("not a key of ours")
}

fn quote(text: &str) -> Result<(), String> {
    Err(format!("`{text}` is taken"))
}

fn whole(agent: &Agent) -> Result<(), &'static str> {
    if agent.refused == Some(true) { Err("these do not go together") } else { Ok(()) }
}

fn never(_: &Database) -> Result<(), &'static str> {
    Err("no second database")
}

fn same_as_user(db: &Database) -> Result<(), &'static str> {
    if db.password.expose_secret() == db.user { Err("the password is the user's name") } else { Ok(()) }
}

/// Where a secret is put. `{}` in a text stands for it.
#[derive(Clone, Copy)]
enum At {
    /// In the value of a variable.
    Env(&'static str, &'static str),
    /// The same, and the value ends in a byte that is not UTF-8.
    NotUtf8(&'static str, &'static str),
    /// In a .env file.
    File(&'static str),
    /// In a config file.
    Config(&'static str),
    /// In the name of the profile.
    Profile(&'static str),
    /// In a value given in code, made of this text.
    Set(&'static str, fn(&str) -> Tree),
}

/// How to fail, and the code that has to come of it; none where the load succeeds.
const CASES: &[(&str, At, Option<&str>)] = &[
    ("a secret that is right", At::Env("OPENAI", "sk-{}"), None),
    ("no such prefix", At::Env("OPENAI", "{}"), Some("E102")),
    ("the key of another provider", At::Env("OPENAI", "sk-ant-{}"), Some("E102")),
    ("doubted by a format that is not strict", At::Env("GEMINI", "{}"), None),
    ("the key of another provider, not strict", At::Env("GEMINI", "ghp_{}"), Some("E102")),
    ("a prefix of one's own", At::Env("PREFIXED", "{}"), Some("E102")),
    ("too short", At::Env("LONG", "{}"), Some("E102")),
    ("refused by its check", At::Env("CHECKED", "{}"), Some("E102")),
    ("not the bytes of an array", At::Env("ARRAY", "{}"), Some("E102")),
    ("bytes that are right", At::Env("BYTES", "{}"), None),
    ("a template in words", At::Env("REQUIRED", "your-{}-here"), Some("E104")),
    ("a template in brackets", At::Env("REQUIRED", "<{}>"), Some("E104")),
    ("a template as a reference", At::Env("REQUIRED", "${{}}"), Some("E104")),
    ("a template with dots", At::Env("REQUIRED", "{}..."), Some("E104")),
    ("a template in an optional secret", At::Env("GEMINI", "<{}>"), None),
    ("a template in a file", At::File("REQUIRED=your-{}-key\n"), Some("E104")),
    ("empty, with a secret in the next variable", At::File("REQUIRED=\nOTHER={}\n"), Some("E103")),
    ("not UTF-8", At::NotUtf8("REQUIRED", "{}"), Some("E105")),
    ("not UTF-8 in a plain field", At::NotUtf8("PORT", "{}"), Some("E105")),
    ("not UTF-8 in the JSON of a struct", At::NotUtf8("DB", "{\"user\": \"{}\"}"), Some("E105")),
    ("refused as a whole", At::Env("REFUSED", "true"), Some("E106")),
    ("JSON that ends too soon", At::Env("DB", r#"{"user": "u", "password": "{}"#), Some("E102")),
    ("JSON that is text", At::Env("DB", "{}"), Some("E102")),
    ("JSON that is a text", At::Env("DB", "\"{}\""), Some("E102")),
    ("JSON with text for a struct", At::Env("OUTER_DB", r#"{"inner": "{}"}"#), Some("E102")),
    ("JSON with an unknown key", At::Env("DB", r#"{"user": "u", "passwrod": "{}"}"#), Some("E102")),
    ("JSON with a secret for a key", At::Env("DB", r#"{"user": "u", "{}": 1}"#), Some("E102")),
    ("JSON with a list for a secret", At::Env("DB", r#"{"user": "u", "password": ["{}"]}"#), Some("E102")),
    ("JSON with a map for a secret", At::Env("DB", r#"{"user": "u", "password": {"{}": "{}"}}"#), Some("E102")),
    ("JSON with a template", At::Env("DB", r#"{"user": "u", "password": "<{}>"}"#), Some("E104")),
    ("JSON with a URL", At::Env("DB", r#"{"user": "u", "password": "{}", "host": "pg://u:{}@h"}"#), None),
    ("JSON refused as a whole", At::Env("DB", r#"{"user": "sk-{}", "password": "sk-{}"}"#), Some("E106")),
    ("JSON refused by its field", At::Env("OTHER_DB", r#"{"user": "u", "password": "{}"}"#), Some("E106")),
    (
        "JSON in a file refused by its field",
        At::File("OTHER_DB={\"user\": \"u\", \"password\": \"{}\"}\n"),
        Some("E106"),
    ),
    ("JSON in a file", At::File("DB={\"user\": \"u\", \"password\": \"{}\n"), Some("E102")),
    ("JSON half set", At::Env("DB", r#"{"password": "{}"}"#), Some("E101")),
    ("a quote that is not closed", At::File("OPENAI=\"sk-{}\nPORT=1\n"), Some("E110")),
    ("a line of a value that looks like a key", At::File("OPENAI=-----BEGIN KEY-----\n{}=\"\n"), Some("E110")),
    ("a single quote that is not closed", At::File("OPENAI='sk-{}\nPORT=1\n"), Some("E110")),
    ("text after a quote", At::File("OPENAI=\"sk-\"{}\n"), Some("E110")),
    ("a line of junk", At::File("{} is my key\n"), Some("E110")),
    ("a colon", At::File("OPENAI: sk-{}\n"), Some("E110")),
    ("a word alone", At::File("{}\n"), None),
    ("a key that is none", At::File("my key {}=1\n"), Some("E110")),
    ("a NUL byte", At::File("OPENAI=sk-{}\0\n"), Some("E110")),
    ("a PEM without quotes", At::File("OPENAI=-----BEGIN KEY-----\n{}\n{}==\n-----END KEY-----\n"), Some("E110")),
    ("a value that refers to itself", At::File("EXPANDED={}${LONG}\nLONG={}${EXPANDED}\n"), Some("E102")),
    ("a reference that is not closed", At::File("EXPANDED={}${HOME\n"), Some("E102")),
    ("a reference that must be set", At::File("EXPANDED={}${NOPE:?{}}\n"), Some("E102")),
    ("a reference that is malformed", At::File("EXPANDED={}${NOPE!{}}\n"), Some("E102")),
    (
        "lines that other tools read otherwise",
        At::File("OPENAI=sk-{}#{}\nLONG=$PORT{}\nCHECKED='${{}}'\n"),
        Some("E102"),
    ),
    ("a secret in a config file", At::Config("openai = \"sk-{}\"\n"), Some("E114")),
    ("a list for a secret in a config file", At::Config("openai = [\"sk-{}\"]\n"), Some("E114")),
    ("a table for a secret in a config file", At::Config("[openai]\n{} = \"{}\"\n"), Some("E114")),
    ("a secret of a struct in a config file", At::Config("[db]\nuser = \"u\"\npassword = \"{}\"\n"), Some("E114")),
    ("a config file that breaks off", At::Config("openai = \"sk-{}\n"), Some("E112")),
    ("a config file of junk", At::Config("{} is my key\n"), Some("E112")),
    ("a value without quotes in a config file", At::Config("openai = sk-{}\n"), Some("E112")),
    (
        "a key that is written twice in a config file",
        At::Config("endpoint = \"{}\"\nendpoint = \"{}\"\n"),
        Some("E112"),
    ),
    ("a key for a key of a config file", At::Config("\"sk-ant-{}\" = 1\n"), Some("E113")),
    ("a key in a number of a config file", At::Config("port = \"sk-ant-{}\"\n"), Some("E102")),
    ("a key in a list of a config file", At::Config("numbers = [1, \"sk-ant-{}\"]\n"), Some("E102")),
    ("a key for a key of a map in a config file", At::Config("[counts]\n\"sk-ant-{}\" = \"many\"\n"), Some("E102")),
    ("a URL in a config file", At::Config("endpoint = \"postgres://user:{}@host/db\"\n"), None),
    ("a key for a profile", At::Profile("sk-ant-{}"), None),
    ("a key with a slash for a profile", At::Profile("sk-ant-{}/x"), Some("E102")),
    ("a name that no field has", At::Set("opnai", |s| s.into()), Some("E108")),
    ("a list for a secret", At::Set("openai", |s| vec![s].into()), Some("E102")),
    ("a map for a secret", At::Set("openai", |s| HashMap::from([(s, s)]).into()), Some("E102")),
    ("a secret of the wrong form", At::Set("openai", |s| SecretString::from(s).into()), Some("E102")),
    ("text for a struct", At::Set("db", |s| s.into()), Some("E102")),
    ("an unknown key for a struct", At::Set("db", |s| HashMap::from([("pasword", s)]).into()), Some("E108")),
    ("a key in a number", At::Env("PORT", "sk-ant-{}"), Some("E102")),
    ("a key in an enum", At::Env("LEVEL", "sk-ant-{}"), Some("E102")),
    ("a key in an address", At::Env("ADDRESS", "sk-ant-{}"), Some("E102")),
    ("a key in a duration", At::Env("TIMEOUT", "sk-ant-{}"), Some("E102")),
    ("a key in a list", At::Env("NUMBERS", "1,sk-ant-{}"), Some("E102")),
    ("a key in a map", At::Env("COUNTS", "key=sk-ant-{}"), Some("E102")),
    ("a key in a switch", At::Env("SWITCH", "sk-ant-{}"), Some("E102")),
    ("a key that the type quotes", At::Env("PICKY", "sk-ant-{}"), Some("E102")),
    ("a key that the check quotes", At::Env("QUOTED", "sk-ant-{}"), Some("E102")),
    ("a key that is none of those allowed", At::Env("LETTER", "sk-ant-{}"), Some("E102")),
    ("a key in a text that is too short", At::Env("TEXT", "key sk-ant-{}"), Some("E102")),
    ("a key in a file", At::File("PORT=sk-ant-{}\n"), Some("E102")),
    ("a key given in code", At::Set("port", |s| format!("sk-ant-{s}").into()), Some("E102")),
    ("a key in a list given in code", At::Set("port", |s| vec![format!("sk-ant-{s}")].into()), Some("E102")),
    ("a key in a plain field", At::Env("ENDPOINT", "sk-ant-{}"), None),
    ("a URL in a plain field", At::Env("ENDPOINT", "postgres://user:{}@host/db"), None),
    ("a URL with a token", At::Env("ENDPOINT", "https://host/path?token={}&page=2"), None),
    ("a URL in a number", At::Env("PORT", "amqp://user:{}@host"), Some("E102")),
    ("a URL that the check quotes", At::Env("QUOTED", "postgres://user:{}@host/db"), Some("E102")),
];

#[test]
fn no_output_depends_on_a_secret() {
    for (name, at, code) in CASES {
        let [one, other] = CANARIES.map(|canary| outputs(name, *at, canary, *code));
        assert_eq!(one, other, "{name}");
    }
}

/// Everything that can be seen of a load with this secret.
fn outputs(name: &str, at: At, canary: &str, code: Option<&str>) -> Vec<String> {
    let fill = |text: &str| text.replace("{}", canary);
    let file = match at {
        At::File(text) => EnvFile::new(fill(text)),
        _ => EnvFile::new(""),
    };
    let mut env: HashMap<&str, OsString> = HashMap::from([("REQUIRED", "sk-test-key".into())]);
    match at {
        At::Env(variable, text) => drop(env.insert(variable, fill(text).into())),
        At::NotUtf8(variable, text) => {
            drop(env.insert(variable, OsString::from_vec([fill(text).as_bytes(), &[0xff]].concat())));
        }
        At::File(text) if text.contains("REQUIRED") => drop(env.remove("REQUIRED")),
        At::File(_) | At::Set(..) | At::Config(_) | At::Profile(_) => {}
    }
    let home = match at {
        At::Config(text) => Home::new([("agent.toml", fill(text))]),
        _ => Home::new([("agent.toml", "")]),
    };
    let loader = || -> Loader<Agent> {
        let loader = Agent::loader().hermetic().env(env.clone()).env_file(file.path());
        match at {
            At::Config(_) => loader.file(home.path().join("agent.toml")),
            At::Profile(name) => loader.profile(fill(name)),
            At::Set(field, value) => loader.set(field, value(canary)),
            _ => loader,
        }
    };

    let mut seen = vec![format!("{:?}", loader())];
    match loader().load_with_warnings_blocking() {
        Ok((agent, warnings)) => {
            assert_eq!(code, None, "{name} loads");
            seen.extend([format!("{agent:?}"), format!("{agent:#?}"), format!("{warnings:?}")]);
            seen.extend(warnings.iter().map(ToString::to_string));
        }
        Err(report) => {
            let codes: Vec<_> = report.problems().iter().map(|problem| problem.code().as_str()).collect();
            assert!(code.is_some_and(|code| codes.contains(&code)), "{name}: {codes:?}\n{report}");
            see(&report, &mut seen);
        }
    }
    match loader().explain_blocking() {
        Ok(explanation) => {
            seen.extend([explanation.to_string(), format!("{explanation:?}"), explanation.to_json().to_string()]);
        }
        Err(report) => see(&report, &mut seen),
    }
    if let Err(report) = loader().check_required_secrets_blocking() {
        see(&report, &mut seen);
    }
    for field in Agent::schema().fields {
        if let Err(report) = loader().get_secret_blocking(field.name) {
            see(&report, &mut seen);
        }
    }
    in_a_mock(at, canary, &mut seen);

    for text in &mut seen {
        *text = file.hide_path(text).replace(&home.path().display().to_string(), "HOME");
        assert_eq!(leak(text, canary), None, "{name}\n{text}");
    }
    seen
}

/// The same value in a mock, whose failure is a panic.
fn in_a_mock(at: At, canary: &str, seen: &mut Vec<String>) {
    let (field, value) = match at {
        At::Env(variable, text) if !variable.ends_with("DB") => (variable, text.replace("{}", canary).into()),
        At::Set(field, value) => (field, value(canary)),
        _ => return,
    };
    seen.push(format!("{value:?}"));
    let mock = || Agent::mock().set(field, value.clone());
    seen.push(format!("{:?}", mock()));
    let installed = catch_unwind(AssertUnwindSafe(|| {
        let _scope = mock().install();
        format!("{:?} {:?}", Agent::get(), Agent::try_get())
    }));
    seen.push(match installed {
        Ok(text) => text,
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    });
}

/// Every form of a report.
fn see(report: &Report, seen: &mut Vec<String>) {
    seen.extend([report.to_string(), format!("{report:?}"), format!("{report:#?}"), report.to_json()]);
    seen.push(format!("{:?} {:?}", report.problems(), report.warnings()));
    let error: &dyn std::error::Error = report;
    seen.extend(std::iter::successors(error.source(), |error| error.source()).map(ToString::to_string));
}
