//! What the derive makes of a struct: its schema, the names of its variables, its defaults, checks and `Debug`.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;
use std::time::Duration;

use settings_core::schema::{ArgumentValue, DefaultValue, Field, Kind, Schema};
use settings_core::{ExposeSecret, SecretString, Settings};

/// The chat service.
///
///   It chats.
#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none, source = [env, azure], validate = Self::check)]
struct Chat {
    /// TCP port to listen on.
    #[setting(default = 8080, range = 1024..=65535, validate = even)]
    port: u16,
    #[setting(default = "dev", one_of = ["dev", "prod"], validate = lowercase)]
    environment: String,
    #[setting(default = ["a", "b \"c\""], min_len = 1)]
    names: Vec<String>,
    #[setting(default = [1, 2])]
    numbers: Vec<u16>,
    #[setting(default = [("a".to_owned(), 1)])]
    map: BTreeMap<String, u8>,
    #[setting(default = Duration::from_secs(60 * 2), example = "30s")]
    timeout: Duration,
    #[setting(default = -1, range = -5..5)]
    level: i32,
    #[setting(default)]
    verbose: bool,
    #[setting(default = 7, range = ..10)]
    retries: Option<u8>,
    #[setting(min_len = 3, allow_empty)]
    nickname: Option<String>,
    #[setting(default)]
    colour: Option<String>,
    #[setting(nested, validate = on_this_network)]
    db: Database,
    #[setting(nested, env_prefix = "CACHE_")]
    cache: Option<Database>,
    #[secret(
        env = "OPENAI_API_KEY",
        alias = "OPENAI_KEY",
        source = [env, docker, azure("openai", version = "3"), aws("keys", raw), vault("v", version = 3)],
        format = openai,
        placeholders = ["sk-insecure"],
        rotate_every = "90d",
        expand,
        min_len = 5,
        validate = no_blank
    )]
    openai_api_key: SecretString,
    anthropic_api_key: Option<SecretString>,
    #[setting(skip)]
    hits: u64,
    r#type: Option<String>,
}

#[derive(Settings)]
struct Database {
    host: String,
    password: Option<SecretString>,
}

impl Chat {
    fn check(&self) -> Result<(), &'static str> {
        if self.port == 6666 { Err("6666 is taken") } else { Ok(()) }
    }
}

fn even(port: &u16) -> Result<(), String> {
    if port % 2 == 0 { Ok(()) } else { Err(format!("{port} is odd")) }
}

fn lowercase(text: &str) -> Result<(), String> {
    if text.chars().all(char::is_lowercase) { Ok(()) } else { Err("has capitals".to_owned()) }
}

fn on_this_network(database: &Database) -> Result<(), &'static str> {
    if database.host.contains('.') { Err("is not on this network") } else { Ok(()) }
}

fn no_blank(secret: &SecretString) -> Result<(), &'static str> {
    if secret.expose_secret().contains(' ') { Err("has a blank") } else { Ok(()) }
}

const REQUIRED: [(&str, &str); 2] = [("OPENAI_API_KEY", "sk-test-key"), ("CHAT_DB_HOST", "localhost")];

fn load(variables: &[(&str, &str)]) -> Result<Chat, settings_core::Report> {
    Chat::loader().hermetic().env(REQUIRED.into_iter().chain(variables.iter().copied())).load_blocking()
}

fn refused(variables: &[(&str, &str)]) -> String {
    load(variables).unwrap_err().to_string()
}

fn field(schema: &'static Schema, name: &str) -> &'static Field {
    schema.fields.iter().find(|field| field.name == name).unwrap()
}

#[test]
fn the_schema_says_what_the_struct_says() {
    let schema = Chat::schema();
    assert_eq!((schema.name, schema.docs), ("Chat", "The chat service.\n\n  It chats."));
    assert!(schema.env_files.is_empty());
    assert_eq!(schema.source.unwrap().iter().map(|source| source.kind).collect::<Vec<_>>(), ["env", "azure"]);
    let port = field(schema, "port");
    assert_eq!((port.docs, port.ty, port.variable), ("TCP port to listen on.", "u16", "CHAT_PORT"));
    assert_eq!(port.rules.range, Some("1024..=65535"));
    assert_eq!(field(schema, "environment").rules.one_of, ["dev", "prod"]);
    assert_eq!(field(schema, "level").rules.range, Some("-5..5"));
    assert_eq!(field(schema, "map").ty, "BTreeMap<String, u8>");
    assert_eq!(field(schema, "timeout").example, Some("30s"));
    assert!(field(schema, "nickname").allow_empty && !field(schema, "names").allow_empty);
    assert_eq!(field(schema, "type").variable, "CHAT_TYPE");
    assert!(matches!(field(schema, "hits").kind, Kind::Skipped));
}

#[test]
fn the_schema_keeps_defaults_as_they_are_written() {
    let default = |name| match field(Chat::schema(), name).default {
        DefaultValue::Code(code) => format!("code {code}"),
        DefaultValue::Text(text) => format!("text {text}"),
        DefaultValue::Trait => "trait".to_owned(),
        DefaultValue::None => "none".to_owned(),
    };
    assert_eq!(default("port"), "code 8080");
    assert_eq!(default("environment"), "text dev");
    assert_eq!(default("names"), r#"text ["a","b \"c\""]"#);
    assert_eq!(default("numbers"), "code [1, 2]");
    assert_eq!(default("timeout"), "code Duration::from_secs(60 * 2)");
    assert_eq!(default("level"), "code -1");
    assert_eq!(default("verbose"), "trait");
    assert_eq!((default("nickname").as_str(), default("colour").as_str()), ("none", "none"));
}

#[test]
fn the_schema_keeps_the_rules_and_sources_of_secrets() {
    let key = field(Chat::schema(), "openai_api_key");
    let secret = key.secret().unwrap();
    assert!(key.absolute && key.variable == "OPENAI_API_KEY" && key.aliases[0].name == "OPENAI_KEY");
    assert_eq!((secret.format, secret.placeholders), (Some("openai"), &["sk-insecure"][..]));
    assert_eq!((secret.rotate_every, secret.expand), (Some(Duration::from_secs(90 * 24 * 60 * 60)), true));
    assert_eq!(key.rules.min_len, Some(5));
    let sources: Vec<_> = secret.source.unwrap().iter().map(|source| (source.kind, source.name)).collect();
    let expected =
        [("env", None), ("docker", None), ("azure", Some("openai")), ("aws", Some("keys")), ("vault", Some("v"))];
    assert_eq!(sources, expected);
    let arguments: Vec<_> = secret.source.unwrap().iter().flat_map(|source| source.args).collect();
    assert!(matches!((arguments[0].name, arguments[0].value), ("version", ArgumentValue::Text("3"))));
    assert!(matches!((arguments[1].name, arguments[1].value), ("raw", ArgumentValue::Flag)));
    assert!(matches!((arguments[2].name, arguments[2].value), ("version", ArgumentValue::Number(3))));
}

#[test]
fn a_secret_type_is_a_secret_without_the_attribute() {
    let key = field(Chat::schema(), "anthropic_api_key");
    assert!(key.secret().is_some() && key.optional);
}

#[test]
fn defaults_stand_in_for_what_is_not_set() {
    let chat = load(&[]).unwrap();
    assert_eq!((chat.port, chat.environment.as_str(), chat.level, chat.verbose), (8080, "dev", -1, false));
    assert_eq!((chat.names, chat.numbers), (vec!["a".to_owned(), "b \"c\"".to_owned()], vec![1, 2]));
    assert_eq!((chat.map["a"], chat.timeout), (1, Duration::from_secs(120)));
    assert_eq!((chat.retries, chat.nickname, chat.r#type, chat.hits), (Some(7), None, None, 0));
    assert!(chat.colour.is_none() && chat.cache.is_none() && chat.anthropic_api_key.is_none());
}

#[test]
fn variables_are_read_by_their_names() {
    let chat = load(&[
        ("CHAT_PORT", "9000"),
        ("CHAT_RETRIES", "3"),
        ("CHAT_TYPE", "x"),
        ("CHAT_CACHE_HOST", "redis"),
        ("CHAT_DB_PASSWORD", "sk-test-pass"),
    ])
    .unwrap();
    assert_eq!((chat.port, chat.retries, chat.r#type.as_deref()), (9000, Some(3), Some("x")));
    assert_eq!((chat.db.host.as_str(), chat.cache.unwrap().host.as_str()), ("localhost", "redis"));
    assert!(chat.db.password.is_some());
}

#[test]
fn checks_run_on_the_value_inside() {
    assert!(refused(&[("CHAT_PORT", "80")]).contains("1024..=65535"));
    assert!(refused(&[("CHAT_PORT", "8081")]).contains("8081 is odd"));
    assert!(refused(&[("CHAT_ENVIRONMENT", "test")]).contains("dev"));
    assert!(refused(&[("CHAT_NAMES", "[]")]).contains("CHAT_NAMES"));
    assert!(refused(&[("CHAT_RETRIES", "10")]).contains("..10"));
    assert!(refused(&[("CHAT_NICKNAME", "ab")]).contains("CHAT_NICKNAME"));
    assert!(refused(&[("OPENAI_API_KEY", "sk-a b c")]).contains("has a blank"));
    assert!(refused(&[("CHAT_DB_HOST", "db.example.com")]).contains("is not on this network"));
    assert!(refused(&[("CHAT_PORT", "6666")]).contains("6666 is taken"));
}

#[test]
fn debug_shows_no_secret() {
    let chat = load(&[("CHAT_DB_PASSWORD", "sk-test-pass")]).unwrap();
    let text = format!("{chat:?}");
    assert!(text.starts_with("Chat { port: 8080, environment: \"dev\""), "{text}");
    assert!(text.contains("openai_api_key: [REDACTED], anthropic_api_key: None"), "{text}");
    assert!(text.contains("db: Database { host: \"localhost\", password: Some([REDACTED]) }"), "{text}");
    assert!(text.contains("type: None"), "{text}");
    assert!(!text.contains("sk-test"));
}

#[test]
fn every_field_that_is_wrong_is_reported_at_once() {
    let report = Chat::loader().hermetic().env([("CHAT_PORT", "x"), ("CHAT_LEVEL", "9")]).load_blocking().unwrap_err();
    let variables: Vec<_> = report.problems().iter().map(settings_core::report::Problem::variable).collect();
    assert_eq!(variables, ["CHAT_PORT", "CHAT_LEVEL", "CHAT_DB_HOST", "OPENAI_API_KEY"]);
}

#[derive(Settings)]
#[settings(debug = false)]
struct NoDebug {
    port: u16,
}

impl std::fmt::Debug for NoDebug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "on {}", self.port)
    }
}

#[test]
fn debug_may_be_the_users_own() {
    let settings = NoDebug::loader().hermetic().env([("PORT", "1")]).load_blocking().unwrap();
    assert_eq!(format!("{settings:?}"), "on 1");
}

#[derive(Settings)]
struct Empty {}

#[test]
fn a_struct_may_be_empty() {
    assert_eq!(format!("{:?}", Empty::loader().hermetic().load_blocking().unwrap()), "Empty");
}

#[derive(Settings)]
struct Generic<T, D, const N: usize>
where
    T: Clone,
{
    value: T,
    list: Option<Vec<T>>,
    #[setting(nested)]
    inner: D,
    #[setting(skip)]
    rest: Option<[T; N]>,
}

#[test]
fn generic_structs_load() {
    let loader = Generic::<u16, Database, 3>::loader().hermetic();
    let settings = loader.env([("VALUE", "1"), ("LIST", "[2,3]"), ("INNER_HOST", "h")]).load_blocking().unwrap();
    assert_eq!((settings.value, settings.list), (1, Some(vec![2, 3])));
    assert_eq!((settings.inner.host.as_str(), settings.rest), ("h", None));
}

#[test]
fn secrets_of_nested_structs_are_found() {
    let settings = load(&[("CHAT_DB_PASSWORD", "sk-test-pass"), ("CHAT_CACHE_HOST", "h")]).unwrap();
    let text = |path| settings_core::Blueprint::secret_text(&settings, path).map(ExposeSecret::expose_secret);
    assert_eq!(text("openai_api_key"), Some("sk-test-key"));
    assert_eq!(text("db.password"), Some("sk-test-pass"));
    for none in ["anthropic_api_key", "cache.password", "db.host", "db", "port", "nothing", "db.nothing", ""] {
        assert_eq!(text(none), None, "{none}");
    }
}
