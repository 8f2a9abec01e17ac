//! Stores in general: when they are asked, what their answers mean, and what is told of them.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used, reason = "these are tests")]
#![allow(dead_code, reason = "not every field is looked at")]

use std::time::{Duration, Instant, SystemTime};

use settings_core::report::{Code, Outcome};
use settings_core::store::{BoxFuture, Fault, MemoryStore, Secret, SecretKey, SecretStore, StoreError};
use settings_core::{ExposeSecret, Loader, Report, SecretSlice, SecretString, Settings, State};
use settings_tests::{EnvFile, leak};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[secret(env = "OPENAI_API_KEY", source = [azure, aws("chat/keys")], format = openai)]
    openai_api_key: SecretString,
    #[secret(source = azure)]
    gateway_token: Option<SecretString>,
    #[secret(source = [azure("the-name"), env])]
    pinned_key: Option<SecretString>,
}

fn azure() -> MemoryStore {
    MemoryStore::new().named("kv-chat").with("openai-api-key", "sk-test-key").with("gateway-token", "test-token")
}

/// A store that has nothing.
fn aws() -> MemoryStore {
    MemoryStore::new().named("eu-west-1")
}

fn loader(azure: &MemoryStore, aws: &MemoryStore) -> Loader<Chat> {
    Chat::loader().hermetic().store("azure", azure.clone()).store("aws", aws.clone())
}

fn key(chat: &Chat) -> &str {
    chat.openai_api_key.expose_secret()
}

/// What the report says was found at each place, by layer.
fn outcomes(report: &Report, path: &str) -> Vec<(&'static str, String)> {
    let problem = report.problems().iter().find(|problem| problem.path() == path).unwrap();
    problem.looked().iter().map(|look| (look.layer(), look.outcome().as_str().to_owned())).collect()
}

fn codes(report: &Report) -> Vec<(&str, Code)> {
    report.problems().iter().map(|problem| (problem.path(), problem.code())).collect()
}

#[test]
fn a_store_is_asked_once_for_everything_that_is_lacking() {
    let (azure, aws) = (azure().with("the-name", "pinned"), aws());
    let chat = loader(&azure, &aws).load_blocking().unwrap();
    assert_eq!(key(&chat), "sk-test-key");
    assert_eq!(chat.gateway_token.unwrap().expose_secret(), "test-token");
    assert_eq!(chat.pinned_key.unwrap().expose_secret(), "pinned");
    assert_eq!((azure.calls(), azure.reads()), (1, 3));
    assert_eq!(aws.calls(), 0);
}

#[test]
fn what_the_environment_has_is_not_fetched() {
    let (azure, aws) = (azure(), aws());
    let chat = loader(&azure, &aws).env([("OPENAI_API_KEY", "sk-env-key"), ("CHAT_GATEWAY_TOKEN", "x")]);
    let chat = chat.load_blocking().unwrap();
    assert_eq!(key(&chat), "sk-env-key");
    // The source of the one that is asked for names the store before the environment.
    assert_eq!((azure.calls(), azure.reads(), aws.calls()), (1, 1, 0));
}

#[test]
fn a_store_that_stands_before_the_environment_is_asked_though_the_environment_has_the_value() {
    let azure = azure().with("the-name", "of the store");
    let with_env = || loader(&azure, &aws()).env([("CHAT_PINNED_KEY", "of the environment")]);
    assert_eq!(with_env().load_blocking().unwrap().pinned_key.unwrap().expose_secret(), "of the store");
    azure.remove("the-name");
    assert_eq!(with_env().load_blocking().unwrap().pinned_key.unwrap().expose_secret(), "of the environment");
}

#[test]
fn what_one_store_does_not_have_the_next_is_asked_for() {
    let (azure, aws) = (aws(), aws().with("chat/keys", r#"{"OPENAI_API_KEY": "sk-aws-key"}"#));
    assert_eq!(key(&loader(&azure, &aws).load_blocking().unwrap()), "sk-aws-key");
    assert_eq!((azure.calls(), aws.calls()), (1, 1));
}

#[test]
fn a_secret_that_no_store_has_is_missing_and_every_place_is_named() {
    let report = loader(&MemoryStore::new().named("kv-chat"), &aws()).load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("openai_api_key", Code::Missing)]);
    let text = report.to_string();
    assert!(text.contains("azure  kv-chat / openai-api-key"), "{text}");
    assert!(text.contains("aws    eu-west-1 / chat/keys"), "{text}");
    assert_eq!(report.exit_code(), 78);
}

#[test]
fn a_store_that_does_not_answer_is_passed_over_with_a_warning() {
    let (azure, aws) = (azure(), aws().with("chat/keys", r#"{"OPENAI_API_KEY": "sk-aws-key"}"#));
    azure.fail_for("openai-api-key", Fault::Drop);
    let (chat, warnings) = loader(&azure, &aws).load_with_warnings_blocking().unwrap();
    assert_eq!(key(&chat), "sk-aws-key");
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("azure could not be asked: connection dropped, 3 tries"), "{warnings:?}");
}

#[test]
fn a_secret_behind_a_store_that_does_not_answer_could_not_be_checked() {
    for (fault, code, exit) in [(Fault::Drop, Code::Unreachable, 75), (Fault::Deny, Code::Denied, 78)] {
        let azure = azure();
        azure.fail(fault);
        let report = loader(&azure, &aws()).load_blocking().err().unwrap();
        // An optional one is an error too: that it is not there is not known.
        let expected = [("openai_api_key", code), ("gateway_token", code), ("pinned_key", code)];
        assert_eq!(codes(&report), expected, "{report}");
        assert_eq!(report.exit_code(), exit);
    }
}

#[test]
fn what_is_no_secret_is_invalid_and_no_other_store_is_asked() {
    let (azure, aws) = (azure(), aws().with("chat/keys", r#"{"OPENAI_API_KEY": "sk-aws-key"}"#));
    azure.fail_for("openai-api-key", Fault::Garbage);
    let report = loader(&azure, &aws).load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("openai_api_key", Code::Invalid)]);
    assert!(report.to_string().contains("cannot be used: the answer is no secret."), "{report}");
    assert_eq!(aws.calls(), 0);
}

#[test]
fn an_answer_that_comes_at_the_third_try_is_an_answer() {
    for fault in [Fault::Drop, Fault::Throttle] {
        let azure = azure();
        azure.fail_times(2, fault);
        assert_eq!(key(&loader(&azure, &aws()).load_blocking().unwrap()), "sk-test-key");
        assert_eq!(azure.calls(), 3);
    }
}

#[test]
fn a_refusal_is_not_tried_again() {
    let azure = azure();
    azure.fail(Fault::Deny);
    loader(&azure, &aws()).load_blocking().err().unwrap();
    assert_eq!(azure.calls(), 1);
}

#[test]
fn all_stores_together_have_one_deadline() {
    let (azure, aws) = (azure(), aws());
    azure.fail(Fault::Delay(Duration::from_secs(60)));
    aws.fail(Fault::Delay(Duration::from_secs(60)));
    let start = Instant::now();
    let report = loader(&azure, &aws).timeout(Duration::from_millis(1500)).load_blocking().err().unwrap();
    let took = start.elapsed().as_millis();
    assert!((1500..1650).contains(&took), "{took} ms");
    assert!(report.to_string().contains("timed out after 1s 500ms"), "{report}");
    assert_eq!(report.exit_code(), 75);
}

#[test]
fn stores_are_asked_side_by_side() {
    #[derive(Settings)]
    struct Three {
        #[secret(source = aws)]
        first: SecretString,
        #[secret(source = azure)]
        second: SecretString,
        #[secret(source = gcp)]
        third: SecretString,
    }
    let slow = |name: &str| {
        let store = MemoryStore::new().with(name, "test");
        store.fail(Fault::Delay(Duration::from_millis(400)));
        store
    };
    let loader = Three::loader().hermetic();
    let loader = loader.store("aws", slow("first")).store("azure", slow("second")).store("gcp", slow("third"));
    let start = Instant::now();
    loader.load_blocking().unwrap();
    assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
}

#[test]
fn a_store_whose_code_panics_is_a_problem_and_no_panic() {
    let azure = azure();
    azure.fail(Fault::Panic);
    let report = loader(&azure, &aws()).load_blocking().err().unwrap();
    assert!(report.to_string().contains("the store's own code panicked"), "{report}");
}

#[test]
fn an_empty_value_or_placeholder_counts_as_none() {
    for (value, outcome) in [("sk-xxx", "placeholder"), ("  ", "empty")] {
        let azure = MemoryStore::new().with("openai-api-key", value);
        let report = loader(&azure, &aws()).load_blocking().err().unwrap();
        assert!(outcomes(&report, "openai_api_key").contains(&("azure", outcome.to_owned())), "{report}");
        let aws = aws().with("chat/keys", "sk-aws-key");
        assert_eq!(key(&loader(&azure, &aws).load_blocking().unwrap()), "sk-aws-key");
    }
}

#[test]
fn a_value_from_a_store_is_held_to_the_rules() {
    let report = loader(&azure().with("openai-api-key", "sk-ant-test-key"), &aws()).load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("openai_api_key", Code::Invalid)]);
    assert!(report.to_string().contains("looks like an\n      Anthropic key"), "{report}");
}

#[derive(Settings)]
#[settings(env_prefix = "APP_", env_file = none)]
struct App {
    #[secret(source = aws("app/keys"))]
    first_key: SecretString,
    #[secret(source = aws("app/keys", key = "other"))]
    second_key: SecretString,
    #[secret(source = aws("app/raw", raw))]
    document: Option<SecretString>,
    #[secret(nested, source = aws("app/db"))]
    db: Option<Credentials>,
}

#[derive(Settings)]
struct Credentials {
    #[setting(default = "localhost")]
    host: String,
    port: u16,
    #[setting(default)]
    replicas: Vec<String>,
    password: SecretString,
}

#[test]
fn a_secret_that_is_a_json_object_gives_each_field_its_key() {
    let aws = MemoryStore::new()
        .with("app/keys", r#"{"first_key": "one", "other": "two"}"#)
        .with("app/raw", r#"{"a": 1}"#)
        .with("app/db", r#"{"port": 5432, "password": "test-password", "replicas": ["a", "b"]}"#);
    let app = App::loader().hermetic().store("aws", aws.clone()).load_blocking().unwrap();
    assert_eq!((app.first_key.expose_secret(), app.second_key.expose_secret()), ("one", "two"));
    assert_eq!(app.document.unwrap().expose_secret(), r#"{"a": 1}"#);
    let db = app.db.unwrap();
    assert_eq!((db.host.as_str(), db.port, db.replicas), ("localhost", 5432, vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(db.password.expose_secret(), "test-password");
    assert_eq!(aws.calls(), 1);
}

#[test]
fn variables_stand_above_the_common_secret() {
    let aws = MemoryStore::new()
        .with("app/keys", r#"{"first_key": "one", "other": "two"}"#)
        .with("app/db", r#"{"port": 5432, "password": "test-password"}"#);
    let loader = App::loader().hermetic().env([("APP_DB_PORT", "1"), ("APP_DB_HOST", "db")]).store("aws", aws);
    let db = loader.load_blocking().unwrap().db.unwrap();
    assert_eq!((db.host.as_str(), db.port, db.password.expose_secret()), ("db", 1, "test-password"));
}

#[test]
fn one_change_of_a_secret_is_told_for_all_of_its_fields() {
    let keys = |json: &str| MemoryStore::new().with("app/keys", json);
    let report = |json: &str| App::loader().hermetic().store("aws", keys(json)).load_blocking().err().unwrap();
    let both = report(r#"{"unrelated": "new-key"}"#);
    assert_eq!(codes(&both), [("first_key", Code::Missing), ("second_key", Code::Missing)]);
    assert!(both.to_string().contains("it has no key `FIRST_KEY`"), "{both}");
    for malformed in ["plain text", r#"{"first_key": "one""#] {
        assert_eq!(codes(&report(malformed)), [("first_key", Code::Invalid), ("second_key", Code::Invalid)]);
    }
    assert!(!report(r#"{"first_key": "new-key""#).to_string().contains("new-key"));
}

#[test]
fn two_versions_of_a_plain_secret_are_two_secrets() {
    #[derive(Settings)]
    struct Sessions {
        #[secret(source = vault("session-key"))]
        key: SecretString,
        #[secret(source = vault("session-key", version = 1))]
        previous_key: Option<SecretString>,
    }
    let vault = MemoryStore::new().with("session-key", "first").with("session-key", "second");
    let sessions = Sessions::loader().hermetic().store("vault", vault).load_blocking().unwrap();
    assert_eq!(sessions.key.expose_secret(), "second");
    assert_eq!(sessions.previous_key.unwrap().expose_secret(), "first");
}

#[test]
fn bytes_are_for_fields_that_hold_bytes() {
    #[derive(Settings)]
    struct Bytes {
        #[secret(source = aws)]
        seal: SecretSlice<u8>,
        #[secret(source = aws)]
        text: Option<SecretString>,
    }
    let aws = MemoryStore::new().with("seal", [0xff, 0x00]);
    let load = || Bytes::loader().hermetic().store("aws", aws.clone()).load_blocking();
    assert_eq!(load().unwrap().seal.expose_secret(), [0xff, 0x00]);
    aws.set("text", [0xff]);
    assert_eq!(codes(&load().err().unwrap()), [("text", Code::NotUtf8)]);
}

#[test]
fn a_profile_stands_in_for_its_name_in_ids() {
    #[derive(Settings)]
    #[settings(env_file = none, profile_env = "STAGE")]
    struct Staged {
        #[secret(source = aws("{profile}/keys"))]
        api_key: SecretString,
    }
    let aws = MemoryStore::new().with("prod/keys", "test");
    let loader = |env: &[(&'static str, &'static str)]| {
        Staged::loader().hermetic().store("aws", aws.clone()).env(env.iter().copied())
    };
    assert!(loader(&[("STAGE", "prod")]).load_blocking().is_ok());
    assert!(loader(&[]).profile("prod").load_blocking().is_ok());
    let report = loader(&[]).load_blocking().err().unwrap();
    let outcome = report.problems()[0].looked().last().unwrap().outcome().sentence();
    assert_eq!(outcome, "not configured (its name holds `{profile}`, and no profile is set)");
}

#[test]
fn a_store_that_is_not_registered_is_an_error() {
    #[derive(Settings)]
    struct Own {
        #[secret(source = store("pass"))]
        api_key: Option<SecretString>,
    }
    let report = Own::loader().hermetic().load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("api_key", Code::StoreUnavailable)]);
    assert!(report.to_string().contains("loader().store(\"pass\", ..)"), "{report}");
    assert!(Own::loader().hermetic().env([("API_KEY", "x")]).load_blocking().is_ok());
}

#[test]
fn explain_asks_every_store_and_names_what_is_hidden() {
    let (azure, aws) = (azure(), aws().with("chat/keys", "sk-aws-key"));
    let loader = loader(&azure, &aws).env([("OPENAI_API_KEY", "sk-env-key")]);
    let explanation = loader.explain_blocking().unwrap();
    let [openai, gateway, pinned] = explanation.rows() else { panic!("{explanation}") };
    assert_eq!(openai.layer(), "env");
    let hidden: Vec<_> = openai.shadowed().iter().map(|shadow| (shadow.layer(), shadow.place())).collect();
    assert_eq!(hidden, [("azure", "kv-chat / openai-api-key"), ("aws", "eu-west-1 / chat/keys")]);
    assert_eq!((gateway.layer(), gateway.place(), gateway.version()), ("azure", "kv-chat / gateway-token", Some("1")));
    assert_eq!(pinned.state(), State::Unset);
    assert!(!explanation.to_string().contains("test-token"));
}

#[test]
fn explain_names_the_stores_that_the_search_went_past() {
    let (azure, aws) = (MemoryStore::new().named("kv-chat"), aws().with("chat/keys", "sk-aws-key"));
    azure.fail_for("gateway-token", Fault::Deny);
    let explanation = loader(&azure, &aws).explain_blocking().unwrap();
    let passed = |row: &settings_core::Row| -> Vec<_> {
        row.passed().iter().map(|look| (look.layer(), look.outcome().sentence())).collect()
    };
    let [openai, gateway, pinned] = explanation.rows() else { panic!("{explanation}") };
    assert_eq!((openai.layer(), passed(openai)), ("aws", vec![("azure", "not found".to_owned())]));
    assert_eq!((gateway.state(), passed(gateway)), (State::Unchecked, vec![("azure", "access denied".to_owned())]));
    assert_eq!((gateway.layer(), gateway.place()), ("azure", "kv-chat / gateway-token"));
    assert_eq!((pinned.state(), passed(pinned)), (State::Unset, vec![("azure", "not found".to_owned())]));
    let shown = explanation.to_string();
    assert!(shown.contains("past azure kv-chat / openai-api-key: not found\n"), "{shown}");
    let json = &explanation.to_json()["fields"][1]["passed"][0];
    assert_eq!((&json["layer"], &json["outcome"]), (&"azure".into(), &"denied".into()));
}

#[test]
fn a_check_asks_for_required_secrets_alone() {
    let (azure, aws) = (azure(), aws());
    loader(&azure, &aws).check_required_secrets_blocking().unwrap();
    assert_eq!((azure.calls(), azure.reads()), (1, 1));
    azure.remove("openai-api-key");
    let report = loader(&azure, &aws).check_required_secrets_blocking().unwrap_err();
    assert!(report.to_string().starts_with("Missing secrets: OPENAI_API_KEY\n"), "{report}");
    azure.fail(Fault::Drop);
    let report = loader(&azure, &aws).check_required_secrets_blocking().unwrap_err();
    assert!(report.to_string().starts_with("Could not be checked: OPENAI_API_KEY\n"), "{report}");
}

#[test]
fn one_secret_is_one_question() {
    let (azure, aws) = (azure(), aws());
    let secret = loader(&azure, &aws).get_secret_blocking("gateway_token").unwrap().unwrap();
    assert_eq!(secret.expose_secret(), "test-token");
    assert_eq!((azure.calls(), azure.reads(), aws.calls()), (1, 1, 0));
    azure.remove("gateway-token");
    assert!(loader(&azure, &aws).get_secret_blocking("CHAT_GATEWAY_TOKEN").unwrap().is_none());
}

#[test]
fn a_secret_that_no_field_declares_is_looked_for_where_the_structs_secrets_come_from() {
    #[derive(Settings)]
    #[settings(env_file = none, source = azure)]
    struct Bot {
        #[setting(default)]
        name: String,
    }
    let azure = MemoryStore::new().with("slack-api-key", "xoxb-test");
    let secret = Bot::loader().hermetic().store("azure", azure).get_secret_blocking("SLACK_API_KEY");
    assert_eq!(secret.unwrap().unwrap().expose_secret(), "xoxb-test");
}

#[test]
fn a_new_value_goes_to_the_store_that_has_the_old_one() {
    let (azure, aws) = (aws(), aws().with("chat/keys", r#"{"openai_api_key": "sk-old-key", "other": "stays"}"#));
    let warning = loader(&azure, &aws).rotate_secret_blocking("openai_api_key", "sk-new-key".into()).unwrap();
    assert!(warning.is_none());
    let expected = r#"{"openai_api_key": "sk-new-key", "other": "stays"}"#;
    assert_eq!(aws.value("chat/keys").unwrap().expose_secret(), expected);
    assert_eq!((azure.writes(), aws.writes()), (0, 1));
    assert_eq!(key(&loader(&azure, &aws).load_blocking().unwrap()), "sk-new-key");
}

#[test]
fn a_new_value_below_a_local_one_goes_to_the_first_store_with_a_warning() {
    let azure = aws();
    let loader = loader(&azure, &aws()).env([("OPENAI_API_KEY", "sk-env-key")]);
    let warning = loader.rotate_secret_blocking("OPENAI_API_KEY", "sk-new-key".into()).unwrap().unwrap();
    assert!(warning.text().contains("env has a value too"), "{warning}");
    assert_eq!(azure.value("openai-api-key").unwrap().expose_secret(), "sk-new-key");
}

#[test]
fn a_new_value_that_breaks_the_rules_is_not_written() {
    let azure = azure();
    for (name, value, code) in [
        ("openai_api_key", "sk-ant-test-key", Code::Invalid),
        ("openai_api_key", "sk-xxx", Code::Placeholder),
        ("openai_api_key", "", Code::Empty),
        ("no_such_key", "sk-new-key", Code::UnknownField),
        ("sk-ant-swapped-with-its-name", "gateway_token", Code::UnknownField),
    ] {
        let report = loader(&azure, &aws()).rotate_secret_blocking(name, value.into()).unwrap_err();
        assert_eq!(report.problems()[0].code(), code, "{report}");
        assert!(report.to_string().starts_with("Chat cannot rotate the secret: 1 problem"), "{report}");
        assert!(!report.to_string().contains("swapped"), "{report}");
    }
    assert_eq!(azure.writes(), 0);
}

#[test]
fn a_write_that_the_store_refuses_changes_nothing() {
    let azure = azure();
    azure.fail_times(2, Fault::Deny); // the read is one, the write the other
    let report = loader(&azure, &aws()).rotate_secret_blocking("gateway_token", "new-token".into()).unwrap_err();
    assert_eq!(report.problems()[0].code(), Code::Denied);
    assert!(report.to_string().contains("was not written"), "{report}");
    assert_eq!(azure.value("gateway-token").unwrap().expose_secret(), "test-token");
}

/// A store that only reads.
#[derive(Debug)]
struct Shelf;

impl SecretStore for Shelf {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(async move { keys.iter().map(|_| Ok(Secret::new("old-token".into()))).collect() })
    }

    fn describe(&self) -> String {
        "the shelf".to_owned()
    }
}

#[test]
fn a_store_that_only_reads_is_told_as_such() {
    let loader = loader(&azure(), &aws()).store("azure", Shelf);
    let report = loader.rotate_secret_blocking("gateway_token", "new-token".into()).unwrap_err();
    assert_eq!((report.problems()[0].code(), report.exit_code()), (Code::ReadOnlyStore, 78));
    let text = report.to_string();
    assert!(text.contains("store cannot be written to  [E121]") && !text.contains("could not be checked"), "{text}");
    let report = loader_of_token().rotate_secret_blocking("tokne", "new-token".into()).unwrap_err();
    assert!(report.to_string().contains("did you mean `TOKEN`?"), "{report}");
}

#[test]
fn a_memory_store_stands_for_stores_that_are_told_a_name() {
    #[derive(Settings)]
    struct Bot {
        #[secret(source = [env, store("pass", name = "slack/bot")])]
        slack_token: SecretString,
    }
    let pass = MemoryStore::new().with("slack/bot", "xoxb-test").with("slack-token", "other");
    let bot = Bot::loader().hermetic().store("pass", pass).load_blocking().unwrap();
    assert_eq!(bot.slack_token.expose_secret(), "xoxb-test");
}

fn loader_of_token() -> Loader<Token> {
    Token::loader().hermetic().store("azure", azure())
}

#[derive(Settings)]
struct Token {
    #[secret(source = azure)]
    token: SecretString,
}

#[test]
fn without_a_store_there_is_nowhere_to_write_to() {
    let report = Chat::loader().hermetic().rotate_secret_blocking("gateway_token", "new-token".into()).unwrap_err();
    assert_eq!(report.problems()[0].code(), Code::StoreUnavailable);
    assert!(report.to_string().contains("nowhere to write"), "{report}");
}

#[test]
fn a_version_that_is_older_than_it_should_be_is_warned_of() {
    #[derive(Settings)]
    struct Old {
        #[secret(source = azure, rotate_every = "90d")]
        api_key: SecretString,
    }
    let azure = MemoryStore::new();
    let warnings = |age: u64| {
        azure.set_at("api-key", "test", SystemTime::now() - Duration::from_secs(age * 86_400));
        Old::loader().hermetic().store("azure", azure.clone()).load_with_warnings_blocking().unwrap().1
    };
    assert!(warnings(89).is_empty());
    let warned = warnings(91);
    assert_eq!(warned.len(), 1);
    assert_eq!(warned[0].text(), "is 91 days old and should be rotated every 90 days");
}

#[test]
fn what_configures_a_store_may_stand_in_a_dotenv_file() {
    let file = EnvFile::new("VAULT_ADDR=\nSTAGE=prod\n");
    let report = Chat::loader().env([("PATH", "")]).env_file(file.path()).load_blocking().err().unwrap();
    // Neither store is registered here, and what is not built in is named as such.
    let outcomes = outcomes(&report, "openai_api_key");
    let unasked = ["not_built_in", "not_configured"];
    assert!(outcomes.iter().any(|(layer, what)| *layer == "azure" && unasked.contains(&what.as_str())), "{report}");
}

/// Two values of one kind, of which no output may depend.
const CANARIES: [&str; 2] = ["Zq7Wk3Xv9Bn5Tm1Jh8Pd", "Gf2Lr6Yc4Ds0Ue5Va7Wi"];

#[test]
fn no_output_depends_on_what_a_store_holds() {
    for (json, fault) in [
        (r#"{"first_key": "{}", "other": "{}"}"#, None),
        (r#"{"first_key": "{}"}"#, None),
        (r#"{"first_key": "{}"#, None),
        (r#"{"first_key": "\ud83d{}", "other": "x"}"#, None),
        ("{}", None),
        (r#"{"first_key": "{}", "other": "sk-ant-{}"}"#, Some(Fault::Drop)),
        (r#"{"first_key": "{}", "other": "sk-ant-{}"}"#, Some(Fault::Deny)),
        (r#"{"first_key": "{}", "other": "sk-ant-{}"}"#, Some(Fault::Garbage)),
    ] {
        let outputs = CANARIES.map(|canary| {
            let aws = MemoryStore::new().with("app/keys", json.replace("{}", canary)).with("app/raw", canary);
            fault.into_iter().for_each(|fault| aws.fail(fault));
            let loader = || App::loader().hermetic().store("aws", aws.clone());
            let loaded = match loader().load_with_warnings_blocking() {
                Ok((app, warnings)) => format!("{:?} {warnings:?}", app.first_key),
                Err(report) => format!("{report} {}", report.to_json()),
            };
            let explained = loader().explain_blocking().unwrap();
            let rotated = loader().rotate_secret_blocking("first_key", canary.into());
            let text = format!("{loaded}{explained}{}{rotated:?}{aws:?}", explained.to_json());
            assert_eq!(leak(&text, canary), None, "{text}");
            text.replace("3 tries", "tries")
        });
        assert_eq!(outputs[0], outputs[1]);
    }
}

#[test]
fn an_outcome_says_why() {
    let azure = azure();
    azure.fail_for("openai-api-key", Fault::Drop);
    let report = loader(&azure, &aws()).load_blocking().err().unwrap();
    let looks = report.problems()[0].looked();
    let of_azure = looks.iter().find(|look| look.layer() == "azure").unwrap();
    assert_eq!(*of_azure.outcome(), Outcome::Unreachable("connection dropped, 3 tries".into()));
}
