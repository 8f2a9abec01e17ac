//! `.env.example`: what it says, that filling it in is enough, and that a test notices when it is out of step.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "not all that is loaded is looked at")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use serde::Deserialize;
use settings_core::{ExposeSecret, Loader, Report, SecretBox, SecretString, Settings, assert_env_example_in_sync};
use settings_tests::EnvFile;

/// The chat service.
///
/// It answers.
#[derive(Settings)]
#[settings(env_prefix = "CHAT_", profile_env = "CHAT_ENV")]
struct Chat {
    /// Where it runs.
    #[setting(env = "ENVIRONMENT", default = "dev")]
    environment: Environment,
    /// TCP port to listen on.
    #[setting(default = 8_080, range = 1024..=65535)]
    port: u16,
    /// The database.
    #[setting(nested)]
    db: Database,
    region: Region,
    #[setting(nested)]
    mail: Option<Mail>,
    /// Who may call, one
    /// after the other.
    #[setting(default = ["http://localhost:3000", "http://127.0.0.1:3000"])]
    origins: Vec<String>,
    #[setting(default = Duration::from_secs(30))]
    timeout: Duration,
    #[setting(nested)]
    servers: Vec<Server>,
    /// Key of the OpenAI account.
    #[secret(env = "OPENAI_API_KEY", source = [env, docker, azure, aws("chat/api-keys", key = "OPENAI")], format = openai)]
    openai_api_key: SecretString,
    #[secret(env = "ANTHROPIC_API_KEY", source = azure("anthropic-api-key"), rotate_every = "90d")]
    anthropic_api_key: Option<SecretString>,
    #[secret(source = [env("SIGNING"), docker], encoding = "base64")]
    signing_key: SecretBox<[u8; 32]>,
    #[setting(allow_empty, example = "Hello # there")]
    greeting: String,
    #[setting(default = "1x2", parse_with = size)]
    window: (u16, u16),
    #[setting(skip)]
    skipped: u8,
}

/// The type's own words.
#[derive(Settings)]
struct Database {
    #[setting(example = "db.example.com", min_len = 3)]
    host: String,
    #[secret(source = vault("secret/db"))]
    password: Option<SecretString>,
    #[setting(nested)]
    pool: Pool,
}

#[derive(Settings)]
struct Pool {
    #[setting(default)]
    size: u64,
}

/// Where mail is sent.
#[derive(Settings)]
struct Mail {
    host: String,
    #[setting(default = 25)]
    port: u16,
}

#[derive(Settings)]
struct Server {
    host: String,
    #[setting(default)]
    port: u16,
    token: Option<SecretString>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Environment {
    Dev,
    Production,
}

#[derive(Debug, Deserialize)]
enum Region {
    #[serde(rename = "eu-west")]
    EuWest,
    #[serde(rename = "us-east")]
    UsEast,
}

/// Not called with anything that nobody wrote: it would panic.
fn size(text: &str) -> Result<(u16, u16), std::num::ParseIntError> {
    let (width, height) = text.split_once('x').unwrap();
    Ok((width.parse()?, height.parse()?))
}

#[test]
fn the_text() {
    let text = Chat::env_example();
    let (of_fields, _) = text.split_once("# ---- Vault ----").unwrap();
    assert_eq!(of_fields, include_str!("../data/env_example.txt"));
}

#[test]
fn the_variables_of_the_stores_in_use_stand_at_the_end() {
    let text = Chat::env_example();
    let (_, stores) = text.split_once("# ---- Vault ----").unwrap();
    for variable in ["VAULT_ADDR", "KEY_VAULT_URI", "AWS_SECRET_NAME"] {
        assert!(stores.contains(&format!("\n{variable}=\n")), "{stores}");
    }
    assert!(!text.contains("DAPR") && !text.contains("GOOGLE"), "{text}");
}

/// A loader of nothing but a file with this text.
fn of_file(text: &str) -> (EnvFile, Loader<Chat>) {
    let file = EnvFile::new(text);
    let loader = Chat::loader().hermetic().env_file(file.path());
    (file, loader)
}

fn missing(report: &Report) -> Vec<&str> {
    report.problems().iter().map(|problem| problem.variable()).collect()
}

const REQUIRED: &[&str] =
    &["CHAT_REGION", "CHAT_SERVERS", "OPENAI_API_KEY", "CHAT_SIGNING_KEY", "CHAT_GREETING", "CHAT_DB_HOST"];

#[test]
fn unfilled_it_lacks_exactly_what_is_required() {
    let (_file, loader) = of_file(&Chat::env_example());
    let report = loader.load_blocking().unwrap_err();
    let mut wanted = REQUIRED.to_vec();
    wanted.sort_unstable();
    let mut missing = missing(&report);
    missing.sort_unstable();
    assert_eq!(missing, wanted, "{report}");
    assert!(report.problems().iter().all(|problem| problem.code().kind().as_str() == "missing"), "{report}");
}

/// What a reader would write by the comments of the file.
const FILLED: [(&str, &str); 6] = [
    ("CHAT_REGION=", "eu-west"),
    ("CHAT_SERVERS=", r#"[{"host": "a", "port": 1}, {"host": "b"}]"#),
    ("OPENAI_API_KEY=", "sk-test-key"),
    ("SIGNING=", "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktdGVzdCE="),
    ("# CHAT_GREETING=", "'Hello # there'"),
    ("CHAT_DB_HOST=", "db.example.com"),
];

fn filled() -> String {
    FILLED.iter().fold(Chat::env_example(), |text, (line, value)| {
        let of = format!("\n{line}\n");
        assert_eq!(text.matches(&of).count(), 1, "{line}");
        text.replace(&of, &format!("\n{}{value}\n", line.trim_start_matches("# ")))
    })
}

#[test]
fn filled_in_it_loads() {
    let (_file, loader) = of_file(&filled());
    let chat = loader.load_blocking().unwrap();
    assert_eq!((chat.port, chat.db.host.as_str(), chat.servers[0].port), (8080, "db.example.com", 1));
    assert_eq!((chat.openai_api_key.expose_secret(), chat.greeting.as_str()), ("sk-test-key", "Hello # there"));
    assert!(chat.mail.is_none() && chat.db.password.is_none());
}

#[test]
fn the_defaults_that_it_shows_are_those_of_the_struct() {
    let lines = filled();
    let lines = lines.lines().map(|line| match line.strip_prefix("# ") {
        Some(binding) if binding.starts_with("CHAT_") || binding.starts_with("ENVIRONMENT=") => binding,
        _ => line,
    });
    let text: String = lines.flat_map(|line| [line, "\n"]).filter(|line| !line.starts_with("CHAT_MAIL")).collect();
    assert!(text.contains("\nCHAT_PORT=8080\n"), "{text}");
    let (_file, explicit) = of_file(&text);
    let (_file, implicit) = of_file(&filled());
    let explicit = explicit.load_blocking().unwrap();
    assert_eq!(format!("{explicit:?}"), format!("{:?}", implicit.load_blocking().unwrap()));
    assert_eq!(explicit.environment, Environment::Dev);
    assert_eq!(explicit.origins.len(), 2);
}

/// The struct after a field was renamed.
#[derive(Settings)]
struct Before {
    host: String,
    api_key: SecretString,
}

#[derive(Settings)]
struct After {
    /// Where it listens.
    bind_host: String,
    api_key: SecretString,
}

fn drift<S: settings_core::Blueprint>(file: &EnvFile) -> Option<String> {
    let assert = AssertUnwindSafe(|| assert_env_example_in_sync::<S>(file.path()));
    let panic = catch_unwind(assert).err()?;
    Some(file.hide_path(panic.downcast_ref::<String>().unwrap()))
}

#[test]
fn a_file_in_step_passes() {
    assert_eq!(drift::<Chat>(&EnvFile::new(Chat::env_example())), None);
    assert_eq!(drift::<Chat>(&EnvFile::new(Chat::env_example().replace('\n', "\r\n"))), None);
}

#[test]
fn a_renamed_field_shows_its_new_line() {
    let file = EnvFile::new(Before::env_example().replace("Before", "After"));
    let said = drift::<After>(&file).unwrap();
    assert!(said.starts_with("FILE is not what After says."), "{said}");
    assert!(said.contains("\n-HOST=\n") && said.contains("\n+BIND_HOST=\n"), "{said}");
    assert!(said.contains("\n+# Where it listens.\n") && said.contains("BLESS=1"), "{said}");
}

#[test]
fn a_file_that_is_not_there_is_said() {
    let path = std::env::temp_dir().join("settings-tests-no-such-example");
    let panic = catch_unwind(|| assert_env_example_in_sync::<Chat>(&path)).unwrap_err();
    assert!(panic.downcast_ref::<String>().unwrap().starts_with("There is no file "));
}

#[test]
fn what_somebody_put_in_the_file_is_not_shown() {
    let said = ["Zq7Wk3Xv9Bn5Tm1Jh8Pd", "Gf2Lr6Yc4Ds0Ue5Va7Wi"].map(|canary| {
        let text = Before::env_example().replace("API_KEY=\n", &format!("API_KEY={canary}\n# {canary}\n{canary}\n"));
        let said = drift::<Before>(&EnvFile::new(text)).unwrap();
        assert!(!said.contains(canary) && said.contains("\n-API_KEY=…\n"), "{said}");
        said
    });
    assert_eq!(said[0], said[1]);
}

/// `BLESS` must be in the environment of the process, so that this is a test of another.
#[test]
fn bless_writes_the_file() {
    let file = EnvFile::new("old");
    let test = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "blessed", "--ignored"])
        .env("BLESS", "1")
        .env("FILE", file.path())
        .output()
        .unwrap();
    assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stdout));
    assert_eq!(fs::read_to_string(file.path()).unwrap(), Before::env_example());
}

#[test]
#[ignore = "run by `bless_writes_the_file`"]
fn blessed() {
    if let Some(file) = std::env::var_os("FILE") {
        assert_env_example_in_sync::<Before>(file);
    }
}
