//! What a failed load says.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use serde_json::{Value, json};
use settings_core::report::{Code, Kind, Outcome};
use settings_core::{Blueprint, Loader, Report, SecretString, Settings};
use settings_tests::EnvFile;

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = "data/broken.env")]
#[expect(dead_code, reason = "never built")]
struct ChatSettings {
    #[setting(default = 8080, range = 1024..=65535)]
    port: u16,
    #[setting(nested)]
    db: Database,
    #[setting(one_of = ["dev", "prod"])]
    environment: String,
    #[setting(example = "https://example.com")]
    url: String,
    #[secret(env = "OPENAI_API_KEY", source = [env], format = openai)]
    openai_api_key: SecretString,
    #[secret(source = [env], format = anthropic)]
    second_key: Option<SecretString>,
}

#[derive(Settings)]
#[expect(dead_code, reason = "never built")]
struct Database {
    host: String,
    #[secret(source = [env])]
    password: SecretString,
}

const ENV: [(&str, &str); 2] = [("CHAT_ENVIRONMENT", "test"), ("CHAT_DB_HOTS", "localhost")];

fn chat() -> Loader<ChatSettings> {
    ChatSettings::loader().env(ENV)
}

fn fail<S: Blueprint>(loader: Loader<S>) -> Report {
    loader.load_blocking().err().unwrap()
}

const BROKEN: &str = "
ChatSettings cannot load: 7 problems

 1. CHAT_SECOND_KEY  syntax error  [E110]   ./data/broken.env:5:17
      unterminated quote: close the quote, or put the value in the other kind of
      quotes

 2. CHAT_PORT  invalid  [E102]   port, ./data/broken.env:2:11
      expected a whole number in 1024..=65535, found `80a0`

 3. CHAT_DB_HOST  missing  [E101]   db.host
      looked in, highest first:
        env   CHAT_DB_HOST            not set (CHAT_DB_HOTS is: did you mean
                                      that?)
        .env  ./data/broken.env       1 syntax error
      fix:
        export CHAT_DB_HOST=...      (String)

 4. CHAT_DB_PASSWORD  placeholder instead of a secret  [E104]   db.password
      looked in, highest first:
        env   CHAT_DB_PASSWORD        not set
        .env  ./data/broken.env:3:18  a placeholder
      The text of a template counts as unset; put the real value there.
      fix:
        export CHAT_DB_PASSWORD=...

 5. CHAT_ENVIRONMENT  invalid  [E102]   environment
      expected one of `dev`, `prod`, found `test`
        env   CHAT_ENVIRONMENT        found

 6. CHAT_URL  missing  [E101]   url
      looked in, highest first:
        env   CHAT_URL                not set
        .env  ./data/broken.env       1 syntax error
      fix:
        export CHAT_URL=https://example.com

 7. OPENAI_API_KEY  missing secret  [E101]   openai_api_key
      looked in, highest first:
        env   OPENAI_API_KEY          not set
        .env  ./data/broken.env       3 keys, not this one (OPENAI_APIKEY is:
                                      did you mean that?)
      fix:
        export OPENAI_API_KEY=...      (begins with sk-)
";

#[test]
fn all_problems_at_once_in_one_text() {
    let report = fail(chat());
    assert_eq!(report.to_string(), BROKEN.trim(), "{report}");
    assert_eq!(format!("{report:?}"), report.to_string());
    assert_eq!(format!("{report:#?}"), report.to_string());
}

#[test]
fn problems_are_for_programs_too() {
    let report = fail(chat());
    assert_eq!((report.settings(), report.exit_code()), ("ChatSettings", 78));
    let seen: Vec<_> =
        report.problems().iter().map(|problem| (problem.code(), problem.code().kind(), problem.path())).collect();
    assert_eq!(
        seen,
        [
            (Code::DotenvSyntax, Kind::Invalid, ""),
            (Code::Invalid, Kind::Invalid, "port"),
            (Code::Missing, Kind::Missing, "db.host"),
            (Code::Placeholder, Kind::Missing, "db.password"),
            (Code::Invalid, Kind::Invalid, "environment"),
            (Code::Missing, Kind::Missing, "url"),
            (Code::Missing, Kind::Missing, "openai_api_key"),
        ]
    );
    let host = &report.problems()[2];
    let [env, file] = host.looked() else { panic!("{report}") };
    assert_eq!((env.layer(), env.place()), ("env", "CHAT_DB_HOST"));
    assert_eq!(env.outcome(), &Outcome::NotSet { similar: Some("CHAT_DB_HOTS".into()) });
    assert_eq!((file.layer(), file.outcome()), (".env", &Outcome::Syntax(1)));
    assert_eq!(host.fixes(), ["export CHAT_DB_HOST=...      (String)"]);
}

#[test]
fn the_json_form() {
    let report: Value = serde_json::from_str(&fail(chat()).to_json()).unwrap();
    assert_eq!((&report["settings"], &report["exit_code"]), (&json!("ChatSettings"), &json!(78)));
    assert_eq!(
        report["problems"][1],
        json!({
            "code": "E102",
            "kind": "invalid",
            "title": "invalid",
            "secret": false,
            "path": "port",
            "variable": "CHAT_PORT",
            "location": "./data/broken.env:2:11",
            "looked": [],
            "expected": "a whole number in 1024..=65535",
            "found": "`80a0`",
            "note": null,
            "fixes": [],
        })
    );
    let password = &report["problems"][3];
    assert_eq!((&password["secret"], &password["found"]), (&json!(true), &json!(null)));
    assert_eq!(password["looked"][1]["outcome"], "placeholder");
    assert_eq!(report["problems"].as_array().map(Vec::len), Some(7));
}

#[test]
#[ignore = "leaves the process: run by the test below"]
fn leaves() {
    fail(chat()).exit()
}

#[test]
fn exit_prints_the_report_and_leaves() {
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["leaves", "--exact", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    assert_eq!(child.status.code(), Some(78));
    assert_eq!(String::from_utf8(child.stderr).unwrap(), format!("error: {}\n", BROKEN.trim()));
}

#[derive(Debug, Settings)]
#[settings(debug = false, env_file = none)]
struct Service {
    port: Option<u16>,
    name: Option<String>,
    key: Option<SecretString>,
}

fn service(env: impl IntoIterator<Item = (&'static str, OsString)>) -> Result<Service, Report> {
    Service::loader().env(env).load_blocking()
}

#[test]
fn a_service_link_of_kubernetes_is_recognised() {
    let report = service([("PORT", "tcp://10.0.0.1:80".into())]).unwrap_err();
    let problem = &report.problems()[0];
    assert_eq!(problem.found(), Some("`tcp://10.0.0.1:80`"));
    assert!(problem.note().unwrap().contains("enableServiceLinks: false"), "{report}");
    let other = service([("PORT", "tcp://example.com".into())]).unwrap_err();
    assert_eq!(other.problems()[0].note(), None);
}

#[test]
fn bytes_that_are_no_text_are_an_error_where_they_are_used() {
    let bytes = || OsString::from_vec(vec![b'a', 0xff]);
    for variable in ["PORT", "NAME", "KEY"] {
        let report = service([(variable, bytes())]).unwrap_err();
        let problem = &report.problems()[0];
        assert_eq!((problem.code(), problem.variable()), (Code::NotUtf8, variable));
        assert_eq!(problem.looked()[0].outcome(), &Outcome::NotUtf8);
    }
    let unused = service([("OTHER", bytes()), ("PORT", "1".into())]).unwrap();
    assert_eq!((unused.port, unused.name, unused.key.is_none()), (Some(1), None, true));
    let above = Service::loader().env([("PORT", bytes())]).set("port", 2).load_blocking().unwrap();
    assert_eq!(above.port, Some(2));
}

#[test]
fn a_name_that_no_field_has_comes_with_the_nearest() {
    let report = fail(chat().set("prot", 1).set("db.passwrod", "x").set("CHAT_DB_HOTS", "x").set("zzz", 1));
    let notes: Vec<_> = report.problems().iter().map(|problem| (problem.code(), problem.note().unwrap())).collect();
    assert_eq!(
        notes,
        [
            (Code::UnknownField, "ChatSettings has no such field; did you mean `port`?"),
            (Code::UnknownField, "ChatSettings has no such field; did you mean `db.password`?"),
            (Code::UnknownField, "ChatSettings has no such field; did you mean `CHAT_DB_HOST`?"),
            (Code::UnknownField, "ChatSettings has no such field"),
        ]
    );
}

#[derive(Debug, Settings)]
#[settings(debug = false, env_file = none)]
struct Key {
    openai_api_key: SecretString,
}

#[test]
fn the_nearest_variable_is_hinted_at() {
    for (set, hinted) in [
        ("OPENAI_APIKEY", true),
        ("openai_api_key", true),
        ("OPENAI_API_KEYS", true),
        ("OPENIA_API_KEY", true),
        ("XAI_API_KEY", false),
        ("OPENAI_API", false),
    ] {
        let report = Key::loader().env([(set, "a value")]).load_blocking().unwrap_err();
        let similar = hinted.then(|| set.to_owned());
        assert_eq!(report.problems()[0].looked()[0].outcome(), &Outcome::NotSet { similar }, "{set}");
    }
}

#[test]
fn a_variable_of_another_field_is_no_slip() {
    #[derive(Debug, Settings)]
    #[settings(debug = false, env_file = none)]
    #[expect(dead_code, reason = "never built")]
    struct Ports {
        port_a: u16,
        port_b: u16,
    }
    let report = Ports::loader().env([("PORT_A", "1")]).load_blocking().unwrap_err();
    assert_eq!(report.problems()[0].looked()[0].outcome(), &Outcome::NotSet { similar: None });
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem() {
    let report = fail(Key::loader().env([("NONE", "")]).env_file(std::env::temp_dir()));
    let problem = &report.problems()[0];
    assert_eq!((problem.code(), problem.code().kind()), (Code::UnreadableFile, Kind::Unchecked));
    assert_eq!(problem.note(), Some("The file is not a regular file."));
    assert_eq!(report.exit_code(), 78);
}

#[test]
fn of_a_file_that_is_something_else_a_hundred_lines_are_told() {
    let file = EnvFile::new("no binding\n".repeat(1000) + &"word\n".repeat(1000));
    let report = Service::loader().hermetic().env_file(file.path()).load_blocking().unwrap_err();
    assert_eq!((report.problems().len(), report.warnings().len()), (101, 101));
    assert_eq!(report.problems()[100].note(), Some("900 more lines of it cannot be read. Is it a .env file?"));
    assert_eq!(report.warnings()[100].text(), "900 more lines that other tools read otherwise");
    let file = EnvFile::new("no binding\n".repeat(100));
    let report = Service::loader().hermetic().env_file(file.path()).load_blocking().unwrap_err();
    assert_eq!((report.problems().len(), report.warnings().len()), (100, 0));
}

#[test]
fn what_did_not_stop_the_load_is_told_beside_it() {
    let file = EnvFile::new("CHAT_PORT=9000#comment\nOPENAI_API_KEY=todo\n");
    let report = fail(ChatSettings::loader().env([("OPENAI_API_KEY", "sk-test-key")]).env_file(file.path()));
    let warnings: Vec<_> = report.warnings().iter().map(|warning| file.hide_path(&warning.to_string())).collect();
    assert_eq!(
        warnings,
        [
            "CHAT_PORT, FILE:1:11: # without white space before it is part of the value; node's dotenv begins a comment there"
        ]
    );
    assert!(report.to_string().contains("\nwarnings:\n      CHAT_PORT, "), "{report}");
}

#[test]
fn shown_values_are_masked_and_short() {
    let found = |text: &str| {
        let report = service([("PORT", text.into())]).unwrap_err();
        report.problems()[0].found().unwrap().to_owned()
    };
    assert_eq!(found("sk-ant-test-key"), "`[REDACTED]`");
    assert_eq!(found("amqp://app:pa/ss@host"), "`amqp://app:****@host`");
    assert_eq!(found("two\nlines"), r"`two\nlines`");
    assert_eq!(found(&"7".repeat(100)), format!("`{}…`", "7".repeat(64)));
}
