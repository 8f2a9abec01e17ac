//! Whole loads.

use std::time::{Duration, Instant};

use fake_stores::{Call, Fault, SecretManager};
use settings_core::report::Code;
use settings_core::store::MemoryStore;
use settings_core::{ExposeSecret, Loader, Report, SecretString, Settings, State};
use settings_tests::{EnvFile, leak};

use crate::server::Server;
use crate::{Bench, store};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[secret(env = "OPENAI_API_KEY", source = [env, gcp, aws("chat/keys")], format = openai)]
    openai_api_key: SecretString,
    #[secret(source = gcp("the-token"))]
    gateway_token: Option<SecretString>,
}

impl Bench {
    fn chat(&self) -> Loader<Chat> {
        Chat::loader().hermetic().store("gcp", self.store.clone())
    }
}

/// What the load of a chat came to, where the project has both of its secrets and this fault.
fn with(fault: Fault) -> (Bench, Result<Chat, Report>) {
    let bench = Bench::new();
    bench.project.set("openai-api-key", "sk-test-key");
    bench.project.set("the-token", "test-token");
    bench.google.inject(fault);
    let chat = bench.chat().load_blocking();
    (bench, chat)
}

pub(crate) fn codes(report: &Report) -> Vec<(&str, Code)> {
    report.problems().iter().map(|problem| (problem.path(), problem.code())).collect()
}

/// The report without its line breaks.
pub(crate) fn flat(report: &Report) -> String {
    report.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn both(code: Code) -> [(&'static str, Code); 2] {
    [("openai_api_key", code), ("gateway_token", code)]
}

/// Agents, whose keys are one JSON secret: `GCP_SECRET_NAME=agentds-api-keys`.
#[derive(Settings)]
#[settings(env_file = ".env")]
struct Agents {
    #[secret(source = gcp)]
    openai_api_key: SecretString,
    #[secret(source = gcp)]
    anthropic_api_key: SecretString,
    #[secret(source = gcp)]
    gemini_api_key: Option<SecretString>,
}

/// What a user writes down, in a .env file: the project, the secret, and a file of credentials.
#[test]
fn one_json_secret_feeds_all_fields_as_its_users_configure_it() {
    let bench = Bench::new();
    let json = r#"{"openai_api_key": "sk-test-key", "ANTHROPIC_API_KEY": "sk-ant-test-key", "other": 1}"#;
    bench.project.set("agentds-api-keys", json);
    let tokens = Server::of_token("test-token");
    let account = EnvFile::new(format!(
        r#"{{"type": "authorized_user", "client_id": "id", "client_secret": "canary-1", "refresh_token": "canary-2",
             "token_uri": "{}"}}"#,
        tokens.url()
    ));
    let dotenv = EnvFile::new(format!(
        "GOOGLE_CLOUD_PROJECT=agentds\nGCP_SECRET_NAME=agentds-api-keys\nGOOGLE_APPLICATION_CREDENTIALS={}\n\
         CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER={}/\n",
        account.path().display(),
        bench.google.url()
    ));
    let loader = || Agents::loader().hermetic().env_file(dotenv.path());
    let agents = loader().load_blocking().unwrap();
    assert_eq!(agents.openai_api_key.expose_secret(), "sk-test-key");
    assert_eq!(agents.anthropic_api_key.expose_secret(), "sk-ant-test-key");
    assert!(agents.gemini_api_key.is_none());
    assert_eq!(bench.google.counts().reads, 1);
    for _ in 0..3 {
        loader().load_blocking().unwrap();
    }
    assert_eq!((bench.google.counts().reads, bench.google.counts().connections), (4, 1));
    assert_eq!(tokens.heard().len(), 1, "one token for all loads");

    loader().rotate_secret_blocking("gemini_api_key", "test-gemini".into()).unwrap();
    let agents = loader().load_blocking().unwrap();
    assert_eq!(agents.gemini_api_key.unwrap().expose_secret(), "test-gemini");
    assert_eq!(agents.openai_api_key.expose_secret(), "sk-test-key");
    assert!(bench.value("agentds-api-keys").contains(r#""other": 1"#));

    bench.project.set("agentds-api-keys", r#"{"openai_api_key": "canary", "gemini_api_key": ""}"#);
    let report = loader().load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("anthropic_api_key", Code::Missing)]);
    let place = "gcp agentds / agentds-api-keys#ANTHROPIC_API_KEY not found (it has no key `ANTHROPIC_API_KEY`)";
    assert!(flat(&report).contains(place), "{report}");
    assert!(flat(&report).contains("gcloud secrets versions add agentds-api-keys --project=agentds"), "{report}");

    bench.project.set("agentds-api-keys", "canary-xq7wzk2vpl9");
    let report = loader().load_blocking().err().unwrap();
    assert!(report.problems().iter().all(|problem| problem.code() == Code::Invalid), "{report}");
    assert_eq!(report.problems().len(), 3);
    assert_eq!(leak(&report.to_string(), "canary-xq7wzk2vpl9"), None);
    bench.is_in_order();
}

#[test]
fn each_field_has_a_secret_of_its_own_unless_one_is_named() {
    let bench = Bench::new();
    bench.project.set("openai-api-key", "sk-test-key");
    bench.project.set("anthropic-api-key", "sk-ant-test-key");
    let loader = || Agents::loader().hermetic();
    let agents = loader().store("gcp", bench.store.clone()).load_blocking().unwrap();
    assert_eq!(agents.openai_api_key.expose_secret(), "sk-test-key");
    assert_eq!(agents.anthropic_api_key.expose_secret(), "sk-ant-test-key");
    assert!(agents.gemini_api_key.is_none());
    assert_eq!(bench.google.counts().reads, 3);

    bench.project.set("keys", r#"{"OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": "sk-ant-1"}"#);
    let gcp = store(&bench.google).secret_name("projects/agentds/secrets/keys");
    assert_eq!(loader().store("gcp", gcp).load_blocking().unwrap().openai_api_key.expose_secret(), "sk-1");
    bench.is_in_order();
}

#[test]
fn what_the_environment_has_is_not_fetched() {
    let (bench, chat) = with(Fault::delay(Duration::ZERO));
    let chat = chat.unwrap();
    assert_eq!(chat.openai_api_key.expose_secret(), "sk-test-key");
    assert_eq!(chat.gateway_token.unwrap().expose_secret(), "test-token");
    assert_eq!(bench.google.counts().reads, 2);
    let chat =
        bench.chat().env([("OPENAI_API_KEY", "sk-env-key"), ("CHAT_GATEWAY_TOKEN", "x")]).load_blocking().unwrap();
    assert_eq!(chat.openai_api_key.expose_secret(), "sk-env-key");
    assert_eq!(bench.google.counts().reads, 2);
}

#[test]
fn explain_tells_project_name_and_version() {
    let bench = Bench::new();
    bench.project.set("openai-api-key", "sk-old-key");
    bench.project.set("openai-api-key", "sk-test-key");
    let explanation = bench.chat().explain_blocking().unwrap();
    let [openai, gateway] = explanation.rows() else { panic!("{explanation}") };
    assert_eq!((openai.layer(), openai.place()), ("gcp", "agentds / openai-api-key"));
    assert_eq!(openai.version(), Some("2"));
    assert_eq!(gateway.state(), State::Unset);
}

#[test]
fn what_is_not_there_is_missing_and_an_optional_one_is_none() {
    for (change, told) in [
        ((|_| ()) as fn(&Bench), "not found aws"),
        (|bench| bench.project.disable("openai-api-key", 1), "not found (its version is disabled or destroyed)"),
        (|bench| assert_eq!(bench.project.set("openai-api-key", ""), 2), "not found (it is empty)"),
    ] {
        let bench = Bench::new();
        if told != "not found aws" {
            bench.project.set("openai-api-key", "sk-test-key");
        }
        change(&bench);
        let report = bench.chat().load_blocking().err().unwrap();
        assert_eq!(codes(&report), [("openai_api_key", Code::Missing)]);
        assert_eq!(report.exit_code(), 78);
        assert!(flat(&report).contains(&format!("gcp agentds / openai-api-key {told}")), "{report}");
        let fix = "gcloud secrets versions add openai-api-key --project=agentds --data-file=<path>";
        assert!(flat(&report).contains(fix), "{report}");
    }
}

#[test]
fn what_google_refuses_could_not_be_checked_and_the_hint_helps() {
    let (bench, chat) = with(SecretManager::permission_denied());
    let report = chat.err().unwrap();
    // An optional one is an error too: whether it is there is not known.
    assert_eq!(codes(&report), both(Code::Denied));
    assert_eq!(report.exit_code(), 78);
    assert!(flat(&report).contains("Secret Manager Secret Accessor is missing, or it may not exist"), "{report}");
    assert_eq!(bench.google.counts().reads, 2, "a refusal is not tried again");
}

#[test]
fn a_service_that_fails_is_asked_three_times() {
    for (fault, told) in [
        (SecretManager::unavailable(), "HTTP 503, 3 tries"),
        (SecretManager::throttled(), "throttled, 3 tries"),
        (Fault::bad_gateway(), "HTTP 502, 3 tries"),
        (Fault::dropped(), "the connection was dropped, 3 tries"),
    ] {
        let (bench, chat) = with(fault.clone());
        let report = chat.err().unwrap();
        assert_eq!(codes(&report), both(Code::Unreachable));
        assert_eq!(report.exit_code(), 75);
        assert!(flat(&report).contains(told), "{report}");
        assert_eq!(bench.google.counts().reads, 6);

        let (bench, chat) = with(fault.on("openai-api-key").times(2));
        assert_eq!(chat.unwrap().openai_api_key.expose_secret(), "sk-test-key");
        assert_eq!((bench.google.reads_of("openai-api-key"), bench.google.reads_of("the-token")), (3, 1));
    }
}

#[test]
fn what_does_not_match_its_checksum_is_asked_for_again_and_then_told() {
    let bench = Bench::new();
    bench.project.set("openai-api-key", "sk-canary");
    bench.project.corrupt("openai-api-key", 1);
    let report = bench.chat().load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("openai_api_key", Code::Unreachable)]);
    assert!(flat(&report).contains("what came does not match its checksum, 3 tries"), "{report}");
    assert_eq!(bench.google.reads_of("openai-api-key"), 3);
}

#[test]
fn an_answer_that_is_none_is_invalid() {
    let (_, chat) = with(Fault::garbage());
    let report = chat.err().unwrap();
    assert_eq!(codes(&report), both(Code::Invalid));
    assert!(flat(&report).contains("the answer is none of Secret Manager"), "{report}");
}

#[test]
fn bytes_where_a_text_is_wanted_are_invalid() {
    let bench = Bench::new();
    bench.project.set("openai-api-key", [b's', b'k', 0xff]);
    let report = bench.chat().load_blocking().err().unwrap();
    assert_eq!(codes(&report)[0].0, "openai_api_key");
    assert!(flat(&report).contains("UTF-8"), "{report}");
}

#[test]
fn a_load_ends_at_its_deadline() {
    let bench = Bench::new();
    bench.google.inject(Fault::delay(Duration::from_secs(60)));
    let start = Instant::now();
    let report = bench.chat().timeout(Duration::from_millis(1500)).load_blocking().err().unwrap();
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(1500) && took < Duration::from_millis(1650), "{took:?}");
    assert_eq!(codes(&report), both(Code::Unreachable));
    assert!(flat(&report).contains("timed out after 1s 500ms"), "{report}");
}

#[test]
fn a_service_that_is_down_is_told_within_a_second() {
    let bench = Bench::at(SecretManager::reserved());
    // The client is made first, which reads the system's roots: that takes a while without optimisation.
    bench.fetch(&[crate::key("any")]);
    let start = Instant::now();
    let report = bench.chat().load_blocking().err().unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(codes(&report), both(Code::Unreachable));
    assert!(flat(&report).contains("connection refused, 3 tries"), "{report}");
    assert_eq!(report.exit_code(), 75);
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Half {
    #[secret(source = [gcp, aws("chat/keys")])]
    openai_api_key: SecretString,
}

#[test]
fn where_google_is_down_and_another_store_has_the_key_there_is_one_warning() {
    let bench = Bench::at(SecretManager::reserved());
    let aws = MemoryStore::new().with("chat/keys", "sk-aws-key");
    let loader = Half::loader().hermetic().store("gcp", bench.store.clone()).store("aws", aws);
    let (half, warnings) = loader.load_with_warnings_blocking().unwrap();
    assert_eq!(half.openai_api_key.expose_secret(), "sk-aws-key");
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert!(
        matches!(&warnings[..], [one] if one.contains("gcp could not be asked: connection refused")),
        "{warnings:?}"
    );
}

#[test]
fn a_value_of_64_kilobytes_is_a_value() {
    let bench = Bench::new();
    let long = format!("sk-{}", "é\"\\\n".repeat(13 * 1024));
    bench.project.set("openai-api-key", &long);
    let chat = bench.chat().load_blocking().unwrap();
    assert!(chat.openai_api_key.expose_secret() == long);
}

#[derive(Settings)]
#[settings(env_file = none)]
struct App {
    #[secret(nested, source = gcp("app-db"))]
    db: Option<Db>,
    #[secret(source = gcp("token", version = "1"))]
    old_token: Option<SecretString>,
    #[secret(source = gcp("shared-token", project = "shared-1"))]
    shared_token: Option<SecretString>,
}

#[derive(Settings)]
struct Db {
    host: String,
    port: u16,
    password: SecretString,
}

#[test]
fn a_nested_struct_takes_its_fields_from_one_json_object() {
    let bench = Bench::new();
    bench.project.set("app-db", r#"{"host": "db.example.com", "port": 5432, "PASSWORD": "test-password"}"#);
    bench.project.set("token", "old");
    bench.project.set("token", "new");
    bench.google.project("shared-1").set("shared-token", "shared");
    let loader = || App::loader().hermetic().store("gcp", bench.store.clone());
    let app = loader().load_blocking().unwrap();
    let db = app.db.unwrap();
    assert_eq!((db.host.as_str(), db.port, db.password.expose_secret()), ("db.example.com", 5432, "test-password"));
    assert_eq!(app.old_token.unwrap().expose_secret(), "old");
    assert_eq!(app.shared_token.unwrap().expose_secret(), "shared");
    assert_eq!(bench.google.reads_of("app-db"), 1);

    loader().rotate_secret_blocking("db.password", "test-password-2".into()).unwrap();
    let db = loader().load_blocking().unwrap().db.unwrap();
    assert_eq!((db.host.as_str(), db.port, db.password.expose_secret()), ("db.example.com", 5432, "test-password-2"));
    let report = loader().rotate_secret_blocking("old_token", "canary".into()).unwrap_err();
    assert_eq!(codes(&report), [("old_token", Code::Denied)]);
    bench.is_in_order();
}

#[test]
fn a_secret_is_rotated_where_it_is() {
    let bench = Bench::new();
    bench.project.set("openai-api-key", "sk-test-key");
    assert!(bench.chat().rotate_secret_blocking("openai_api_key", "sk-test-key-2".into()).unwrap().is_none());
    assert_eq!(bench.chat().load_blocking().unwrap().openai_api_key.expose_secret(), "sk-test-key-2");

    bench.google.inject(SecretManager::permission_denied().only(Call::Write));
    let report = bench.chat().rotate_secret_blocking("openai_api_key", "sk-canary-key".into()).unwrap_err();
    assert_eq!(codes(&report), [("openai_api_key", Code::Denied)]);
    assert!(flat(&report).contains("Secret Manager Secret Version Adder"), "{report}");
    assert_eq!(leak(&report.to_string(), "sk-canary-key"), None);
    assert_eq!(bench.value("openai-api-key"), "sk-test-key-2");
}

#[test]
fn without_any_configuration_nobody_is_asked() {
    let start = Instant::now();
    let report = Chat::loader().hermetic().load_blocking().err().unwrap();
    assert!(start.elapsed() < Duration::from_millis(1500));
    assert_eq!(codes(&report), [("openai_api_key", Code::Missing)]);
    let told = "gcp openai-api-key not configured (GOOGLE_CLOUD_PROJECT is not set)";
    assert!(flat(&report).contains(told), "{report}");
}
