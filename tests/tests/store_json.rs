//! The store `json`: a file of the form that Dapr's local secret store reads.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "these are tests")]
#![allow(dead_code, reason = "not every field is looked at")]

use settings_core::report::Code;
use settings_core::store::JsonFile;
use settings_core::{ExposeSecret, Loader, Report, SecretString, Settings};
use settings_tests::{Secrets, leak};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none, source = [env, json("secrets.json")])]
struct Chat {
    #[secret(env = "OPENAI_API_KEY")]
    openai_api_key: SecretString,
    #[setting(nested)]
    db: Database,
    #[secret(source = json("secrets.json", key = "gateways:1:token"))]
    gateway_token: Option<SecretString>,
}

#[derive(Settings)]
struct Database {
    password: SecretString,
}

const FILE: &str = r#"{
    "openai-api-key": "sk-test-key",
    "db": {"password": "not-a-real-one"},
    "gateways": [{"token": "first"}, {"token": "second"}]
}"#;

fn loader(secrets: &Secrets) -> Loader<Chat> {
    Chat::loader().hermetic().store("json", JsonFile::new(secrets.join("secrets.json")))
}

fn refused(file: impl AsRef<[u8]>, mode: u32) -> Report {
    let secrets = Secrets::new([("secrets.json", file)]);
    secrets.allow("secrets.json", mode);
    loader(&secrets).load_blocking().err().unwrap()
}

fn codes(report: &Report) -> Vec<(&str, Code)> {
    report.problems().iter().map(|problem| (problem.path(), problem.code())).collect()
}

/// What was found in the file.
fn outcome(report: &Report, path: &str) -> String {
    let problem = report.problems().iter().find(|problem| problem.path() == path).unwrap();
    problem.looked().iter().find(|look| look.layer() == "json").unwrap().outcome().sentence()
}

#[test]
fn one_file_has_nested_values_and_lists() {
    let secrets = Secrets::new([("secrets.json", FILE)]);
    let chat = loader(&secrets).load_blocking().unwrap();
    assert_eq!(chat.openai_api_key.expose_secret(), "sk-test-key");
    assert_eq!(chat.db.password.expose_secret(), "not-a-real-one");
    assert_eq!(chat.gateway_token.unwrap().expose_secret(), "second");
}

#[test]
#[cfg(feature = "testing")]
fn it_does_what_every_store_has_to() {
    use settings_core::store::SecretKey;

    let secrets = Secrets::new([("secrets.json", FILE), ("broken.json", "{"), ("open.json", FILE)]);
    secrets.allow("open.json", 0o666);
    let file = |name: &str| JsonFile::new(secrets.join(name));
    settings_core::testing::store_conformance(file("secrets.json"))
        .holds(SecretKey::new("OPENAI_API_KEY"), "sk-test-key")
        .holds(SecretKey::new("DB_PASSWORD"), "not-a-real-one")
        .holds(SecretKey::new("ANY").with("key", "gateways:0:token"), "first")
        .lacks(SecretKey::new("GEMINI_API_KEY"))
        .misfits(SecretKey::new("X").with("secret", "openai-api-key").with("key", "x"))
        .refuses(file("open.json"), SecretKey::new("OPENAI_API_KEY"))
        .run();
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Plain {
    #[secret(source = json("/no/such/directory/secrets.json"))]
    token: Option<SecretString>,
    #[secret(source = [json("/no/such/directory/secrets.json"), env])]
    other: SecretString,
}

#[test]
fn the_source_names_the_file() {
    let plain = Plain::loader().env([("OTHER", "x")]).load_blocking().unwrap();
    assert!(plain.token.is_none());
    assert_eq!(plain.other.expose_secret(), "x");
    let report = Plain::loader().env([("ANY", "x")]).load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("other", Code::Missing)]);
    assert!(report.to_string().contains("json  /no/such/directory/secrets.json#other  "), "{report}");
    assert_eq!(outcome(&report, "other"), "not found (no such file)");
}

#[test]
fn a_hermetic_loader_reads_no_file_that_the_struct_names() {
    let report = Plain::loader().hermetic().load_blocking().err().unwrap();
    assert_eq!(outcome(&report, "other"), "not configured (the loader is hermetic)");
}

#[test]
fn another_separator_and_several_values() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Shop {
        #[secret(source = json("x", nested_separator = ".", key = "db.main.password"))]
        password: SecretString,
        #[secret(nested, source = json("x", multi_valued))]
        db: Database,
        #[secret(source = json("x", secret = "openai", key = "key"))]
        openai: SecretString,
    }
    let file = r#"{"db": {"password": "inner", "main": {"password": "deeper"}}, "openai": {"key": "sk-test-key"}}"#;
    let secrets = Secrets::new([("secrets.json", file)]);
    let store = JsonFile::new(secrets.join("secrets.json"));
    let shop = Shop::loader().hermetic().store("json", store).load_blocking().unwrap();
    assert_eq!(shop.password.expose_secret(), "deeper");
    assert_eq!(shop.db.password.expose_secret(), "inner");
    assert_eq!(shop.openai.expose_secret(), "sk-test-key");
}

/// Plain fields of the struct would show what is one secret.
#[test]
fn a_single_value_is_no_struct_of_several() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    #[allow(dead_code, reason = "it does not load")]
    struct Shop {
        #[setting(skip)]
        nothing: (),
        #[secret(nested, source = json("x", secret = "db", multi_valued))]
        db: Login,
    }
    #[derive(Settings)]
    #[allow(dead_code, reason = "it does not load")]
    struct Login {
        user: String,
        password: SecretString,
    }
    for file in [r#"{"db": "canary"}"#, r#"{"db": ["canary"]}"#, r#"{"db": "{\"user\": \"canary\"}"}"#] {
        let secrets = Secrets::new([("secrets.json", file)]);
        let store = || JsonFile::new(secrets.join("secrets.json"));
        let report = Shop::loader().hermetic().store("json", store()).load_blocking().err().unwrap();
        assert_eq!(report.problems().len(), 2, "{report}");
        let why = "malformed (a single value where a secret with several is wanted)";
        assert_eq!(outcome(&report, "db.user"), why);
        let explanation = Shop::loader().hermetic().store("json", store()).explain_blocking().unwrap();
        let shown = format!("{report} {} {explanation}", report.to_json());
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn a_file_is_read_anew_by_each_load() {
    let secrets = Secrets::new([("secrets.json", FILE)]);
    let loader = || loader(&secrets).load_blocking().unwrap().openai_api_key;
    assert_eq!(loader().expose_secret(), "sk-test-key");
    secrets.write("secrets.json", FILE.replace("sk-test-key", "sk-new-key"));
    assert_eq!(loader().expose_secret(), "sk-new-key");
}

#[test]
fn what_the_environment_has_is_not_looked_for() {
    let secrets = Secrets::empty();
    let env = [("OPENAI_API_KEY", "sk-env-key"), ("CHAT_DB_PASSWORD", "x"), ("CHAT_GATEWAY_TOKEN", "y")];
    let chat = loader(&secrets).env(env).load_blocking().unwrap();
    assert_eq!(chat.openai_api_key.expose_secret(), "sk-env-key");
}

#[test]
fn what_is_not_there_is_missing() {
    for (file, why) in [
        ("{}", "not found (it has no key `openai-api-key`)"),
        (r#"{"openai-api-key": ""}"#, "not found (its key `openai-api-key` is empty)"),
        (r#"{"openai-api-key": null}"#, "not found (its key `openai-api-key` is null)"),
        (" \n", "not found (the file is empty)"),
    ] {
        let report = refused(file, 0o600);
        assert_eq!(codes(&report), [("openai_api_key", Code::Missing), ("db.password", Code::Missing)], "{report}");
        assert_eq!(outcome(&report, "openai_api_key"), why);
        assert_eq!(report.exit_code(), 78);
    }
}

#[test]
fn a_file_that_is_none_of_the_kind_is_invalid() {
    let large = format!(r#"{{"openai-api-key": "{}"}}"#, "x".repeat(1024 * 1024));
    for (file, why) in [
        (&b"{\n  \"openai-api-key\": \"canary-1\"\n  \"a\": 1}"[..], "malformed (it is not JSON: line 3)"),
        (b"[\"canary-1\"]", "malformed (it is no JSON object)"),
        (b"{\"openai-api-key\": \"canary-1\xff\"}", "malformed (it is not UTF-8)"),
        (large.as_bytes(), "malformed (over 1 MiB)"),
    ] {
        let report = refused(file, 0o600);
        assert!(codes(&report).contains(&("openai_api_key", Code::Invalid)), "{report}");
        assert_eq!(outcome(&report, "openai_api_key"), why);
        let told = format!("{report}{}{report:?}", report.to_json());
        assert_eq!(leak(&told, "canary-1"), None);
    }
}

#[test]
fn a_value_of_64_kilobytes_is_a_value() {
    let long = "0123456789abcdef".repeat(4096);
    let file = serde_json::json!({ "openai-api-key": long, "db": { "password": "p" } });
    let secrets = Secrets::new([("secrets.json", file.to_string())]);
    let chat = loader(&secrets).load_blocking().unwrap();
    assert!(chat.openai_api_key.expose_secret() == long);
}

#[test]
fn a_file_that_everybody_may_write_to_is_refused() {
    let report = refused(FILE, 0o666);
    assert!(codes(&report).contains(&("openai_api_key", Code::Denied)), "{report}");
    assert_eq!(outcome(&report, "openai_api_key"), "access denied (writable by everyone)");
}

#[test]
fn a_directory_is_no_file() {
    let secrets = Secrets::empty();
    std::fs::create_dir(secrets.join("secrets.json")).unwrap();
    let report = loader(&secrets).load_blocking().err().unwrap();
    assert_eq!(outcome(&report, "openai_api_key"), "malformed (not a regular file)");
}

#[test]
fn a_secret_in_a_file_cannot_be_rotated() {
    let secrets = Secrets::new([("secrets.json", FILE)]);
    let before = std::fs::read(secrets.join("secrets.json")).unwrap();
    let report = loader(&secrets).rotate_secret_blocking("openai_api_key", "sk-new-key".into()).unwrap_err();
    assert!(report.to_string().contains("cannot be written to"), "{report}");
    assert_eq!(std::fs::read(secrets.join("secrets.json")).unwrap(), before);
}
