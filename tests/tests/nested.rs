//! Structs within structs: as tables, as JSON, in lists and in maps.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::{BTreeMap, HashMap};
use std::fs;

use settings_core::figment::providers::{Format, Toml};
use settings_core::report::{Code, Problem};
use settings_core::value::Tree;
use settings_core::{ExposeSecret, Report, SecretString, Settings};

#[derive(Settings)]
#[settings(env_prefix = "APP_")]
struct App {
    #[setting(nested, default, min_len = 0)]
    servers: Vec<Server>,
    #[setting(nested, default)]
    models: BTreeMap<String, Model>,
    #[setting(nested)]
    spares: Option<Vec<Server>>,
    #[setting(nested)]
    group: Group,
    #[setting(nested)]
    cache: Option<Cache>,
}

#[derive(Settings, Clone)]
#[settings(validate = Self::check)]
struct Server {
    host: String,
    #[setting(default = 80, range = 1..=9999, rename = "tcp-port")]
    port: u16,
    token: Option<SecretString>,
    #[setting(nested)]
    limits: Limits,
}

impl Server {
    fn check(&self) -> Result<(), &'static str> {
        if self.host == "forbidden" { Err("that host is not allowed") } else { Ok(()) }
    }
}

#[derive(Settings, Clone)]
struct Limits {
    #[setting(default = 10)]
    connections: u32,
    #[setting(nested, default)]
    rules: Vec<Rule>,
}

#[derive(Settings, Clone)]
struct Rule {
    path: String,
}

#[derive(Settings)]
struct Model {
    name: String,
    #[secret(in_config_file)]
    license_key: Option<SecretString>,
}

#[derive(Settings)]
struct Group {
    #[setting(nested, default)]
    members: HashMap<String, Model>,
    #[setting(default = "none")]
    name: String,
}

#[derive(Settings)]
struct Cache {
    #[setting(default = "localhost")]
    host: String,
    #[setting(default = 6379)]
    port: u16,
}

fn from_file(text: &str) -> Result<App, Report> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.toml");
    fs::write(&path, text).unwrap();
    App::loader().hermetic().file(path).load_blocking()
}

fn from_variable(name: &str, text: &str) -> Result<App, Report> {
    App::loader().hermetic().env([(name, text)]).load_blocking()
}

fn told(problem: &Problem) -> (Code, &str, &str) {
    (problem.code(), problem.path(), problem.location().unwrap_or_default().rsplit('/').next().unwrap_or_default())
}

fn all_told(report: &Report) -> Vec<(Code, &str, &str)> {
    report.problems().iter().map(told).collect()
}

#[test]
fn what_is_not_mentioned_has_its_defaults() {
    let app = App::loader().hermetic().load_blocking().unwrap();
    assert!(app.servers.is_empty() && app.models.is_empty() && app.spares.is_none() && app.cache.is_none());
    assert_eq!(app.group.name, "none");
}

#[test]
fn lists_and_maps_of_structs_come_from_files() {
    let app = from_file(
        "[[servers]]\nhost = \"a\"\n[[servers]]\nhost = \"b\"\ntcp-port = \"90\"\nlimits.connections = 3\n\
         [[servers.limits.rules]]\npath = \"/x\"\n\
         [models.fast]\nname = \"f\"\nlicense_key = \"sk-test-key\"\n[models.slow]\nname = \"s\"\n\
         [group.members.one]\nname = \"m\"\n",
    )
    .unwrap();
    let servers: Vec<_> = app.servers.iter().map(|server| (server.host.as_str(), server.port)).collect();
    assert_eq!(servers, [("a", 80), ("b", 90)]);
    assert_eq!((app.servers[0].limits.connections, app.servers[1].limits.connections), (10, 3));
    assert_eq!(app.servers[1].limits.rules[0].path, "/x");
    assert_eq!(
        app.models.iter().map(|(key, model)| (key.as_str(), model.name.as_str())).collect::<Vec<_>>(),
        [("fast", "f"), ("slow", "s")]
    );
    assert_eq!(app.models["fast"].license_key.as_ref().unwrap().expose_secret(), "sk-test-key");
    assert_eq!(app.group.members["one"].name, "m");
    assert!(format!("{app:?}").contains("license_key: Some([REDACTED])"), "{app:?}");
}

#[test]
fn lists_and_maps_of_structs_come_from_json_in_one_variable() {
    let app = from_variable("APP_SERVERS", r#"[{"host": "a", "token": "sk-test-key"}, {"host": "b", "tcp-port": 1}]"#);
    let app = app.unwrap();
    assert_eq!((app.servers.len(), app.servers[1].port), (2, 1));
    assert_eq!(app.servers[0].token.as_ref().unwrap().expose_secret(), "sk-test-key");
    assert_eq!(from_variable("APP_MODELS", r#"{"a": {"name": "x"}}"#).unwrap().models["a"].name, "x");
    assert_eq!(from_variable("APP_SPARES", "[]").unwrap().spares.unwrap().len(), 0);
    let group = r#"{"name": "g", "members": {"a": {"name": "x"}}}"#;
    assert_eq!(from_variable("APP_GROUP", group).unwrap().group.members["a"].name, "x");
}

#[test]
fn either_case_of_a_key_is_right_in_the_json_of_a_variable_and_the_exact_one_counts() {
    let servers = r#"[{"HOST": "a", "Tcp-Port": 1, "LIMITS": {"CONNECTIONS": 2, "Rules": [{"PATH": "/x"}]}}]"#;
    let server = &from_variable("APP_SERVERS", servers).unwrap().servers[0];
    assert_eq!((server.host.as_str(), server.port, server.limits.connections), ("a", 1, 2));
    assert_eq!(server.limits.rules[0].path, "/x");
    let models = from_variable("APP_MODELS", r#"{"Name": {"NAME": "x"}}"#).unwrap().models;
    assert_eq!(models["Name"].name, "x", "the keys of a map are data");
    let group = from_variable("APP_GROUP", r#"{"NAME": "g", "MEMBERS": {"A": {"name": "x"}}}"#).unwrap().group;
    assert_eq!((group.name.as_str(), group.members["A"].name.as_str()), ("g", "x"));
    let cache = |json| from_variable("APP_CACHE", json).map(|app| app.cache.unwrap().host);
    assert_eq!(cache(r#"{"HOST": "upper"}"#).unwrap(), "upper");
    let both = cache(r#"{"HOST": "upper", "host": "exact"}"#).unwrap_err();
    assert!(both.problems()[0].note().unwrap().contains("did you mean `host`?"), "{both}");
    assert_eq!(all_told(&from_file("[cache]\nHOST = \"x\"\n").unwrap_err())[0].0, Code::UnknownKey, "not in files");
}

#[test]
fn lists_and_maps_of_structs_are_given_in_code() {
    let server: Tree = BTreeMap::from([("host", "a")]).into();
    let app = App::loader().hermetic().set("servers", vec![server]).load_blocking().unwrap();
    assert_eq!(app.servers[0].host, "a");
    let mock = App::mock().set("models", r#"{"a": {"name": "x"}}"#).build().unwrap();
    assert_eq!(mock.models["a"].name, "x");
}

#[test]
fn the_highest_layer_has_the_whole_list() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.toml");
    fs::write(&path, "[[servers]]\nhost = \"file\"\ntcp-port = 90\n[[servers]]\nhost = \"second\"\n").unwrap();
    let app = App::loader().hermetic().file(path).env([("APP_SERVERS", r#"[{"host": "env"}]"#)]).load_blocking();
    let app = app.unwrap();
    assert_eq!((app.servers.len(), app.servers[0].host.as_str(), app.servers[0].port), (1, "env", 80));
}

#[test]
fn single_variables_stand_above_json_and_files_key_by_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.toml");
    fs::write(&path, "[cache]\nhost = \"file\"\nport = 1\n").unwrap();
    let load = |variables: &[(&str, &str)]| {
        let loader = App::loader().hermetic().file(&path).env(variables.iter().copied());
        let cache = loader.load_blocking().unwrap().cache.unwrap();
        (cache.host, cache.port)
    };
    assert_eq!(load(&[]), ("file".to_owned(), 1));
    assert_eq!(load(&[("APP_CACHE_PORT", "2")]), ("file".to_owned(), 2));
    assert_eq!(load(&[("APP_CACHE", r#"{"host": "json"}"#)]), ("json".to_owned(), 1));
    assert_eq!(load(&[("APP_CACHE", r#"{"host": "json"}"#), ("APP_CACHE_HOST", "own")]), ("own".to_owned(), 1));
}

#[test]
fn problems_name_the_element_and_its_line() {
    let report = from_file(
        "[[servers]]\nhost = \"a\"\ntcp-port = \"80a0\"\n[[servers]]\ntcp-port = 0\n[[servers]]\nhost = \"forbidden\"\n\
         [models.fast]\nname = 5\n[[spares]]\nhost = \"a\"\n[[spares.limits.rules]]\npath = 1\n",
    )
    .unwrap_err();
    assert_eq!(
        all_told(&report),
        [
            (Code::Invalid, "servers[0].port", "app.toml:3:12"),
            (Code::Missing, "servers[1].host", "app.toml:4:1"),
            (Code::Invalid, "servers[1].port", "app.toml:5:12"),
            (Code::OwnCheck, "servers[2]", "app.toml:6:1"),
            (Code::Invalid, "models.fast.name", "app.toml:9:8"),
            (Code::Invalid, "spares[0].limits.rules[0].path", "app.toml:13:8"),
        ]
    );
    assert_eq!(report.problems()[0].found(), Some("`80a0`"));
    assert_eq!(report.problems()[2].expected(), Some("a value in 1..=9999"));
    assert_eq!(report.problems()[3].note(), Some("that host is not allowed"));
}

#[test]
fn json_for_a_struct_is_strict_and_told_all_at_once() {
    #[derive(Settings)]
    struct Outer {
        #[setting(nested)]
        middle: Middle,
    }
    #[derive(Settings)]
    struct Middle {
        #[setting(nested)]
        cache: Option<Cache>,
        #[setting(nested)]
        other: Option<Cache>,
        #[setting(rename = "display-name")]
        name: Option<String>,
    }
    let load = |text: &str| Outer::loader().hermetic().env([("MIDDLE", text)]).load_blocking();
    let right = load(r#"{"cache": {"port": "1"}, "other": null, "display-name": "x"}"#).unwrap().middle;
    assert_eq!((right.cache.unwrap().port, right.other.is_none(), right.name.as_deref()), (1, true, Some("x")));
    let wrong = r#"{"cache": {"prot": "canary", "hots": 1}, "other": "canary", "name": "canary", "display_name": 1}"#;
    let report = load(wrong).unwrap_err();
    assert_eq!(
        all_told(&report),
        [
            (Code::Invalid, "middle", ""),
            (Code::Invalid, "middle", ""),
            (Code::Invalid, "middle.cache", ""),
            (Code::Invalid, "middle.cache", ""),
            (Code::Invalid, "middle.other", ""),
        ]
    );
    assert!(report.problems().iter().all(|problem| problem.variable() == "MIDDLE"));
    assert!(report.problems()[2].note().unwrap().contains("did you mean `port`?"), "{report}");
    assert!(!format!("{report}{}", report.to_json()).contains("canary"));
}

#[test]
fn unknown_keys_in_elements_are_errors() {
    let report =
        from_file("[[servers]]\nhost = \"a\"\nprot = \"canary\"\n[models.fast]\nname = \"x\"\nnam = \"canary\"\n");
    let report = report.unwrap_err();
    assert_eq!(
        all_told(&report),
        [(Code::UnknownKey, "servers[0].prot", "app.toml:3:1"), (Code::UnknownKey, "models.fast.nam", "app.toml:6:1")]
    );
    let json = r#"[{"host": "a"}, {"host": "b", "tcpport": "canary", "limits": {"conections": "canary"}}]"#;
    let in_json = from_variable("APP_SERVERS", json).unwrap_err();
    assert_eq!(all_told(&in_json), [(Code::Invalid, "servers[1]", ""), (Code::Invalid, "servers[1].limits", "")]);
    assert!(in_json.problems()[0].note().unwrap().contains("did you mean `tcp-port`?"));
    assert!(in_json.problems()[1].note().unwrap().contains("did you mean `connections`?"));
    assert!(!format!("{report}{in_json}{}", in_json.to_json()).contains("canary"));
}

#[test]
fn what_is_no_list_or_table_is_told_without_its_text() {
    for (name, text) in [
        ("APP_SERVERS", "canary"),
        ("APP_SERVERS", "[canary]"),
        ("APP_SERVERS", r#"{"host": "canary"}"#),
        ("APP_SERVERS", r#"["canary"]"#),
        ("APP_SERVERS", r#"[{"host": "a", "limits": "canary"}]"#),
        ("APP_SERVERS", r#"[{"host": "a", "limits": {"rules": "canary"}}]"#),
        ("APP_SERVERS", r#"[{"host": "a", "token": ["canary"]}]"#),
        ("APP_MODELS", r#"["canary"]"#),
        ("APP_MODELS", "a=canary"),
        ("APP_GROUP", r#"{"members": "canary"}"#),
    ] {
        let report = from_variable(name, text).unwrap_err();
        assert_eq!(report.problems().len(), 1, "{report}");
        assert_eq!(report.problems()[0].code(), Code::Invalid, "{report}");
        assert!(!format!("{report}{}", report.to_json()).contains("canary"), "{report}");
    }
    for text in ["servers = 5\n", "servers = [5]\n", "[servers]\nx = 1\n", "models = []\n", "models.x = 1\n"] {
        let report = from_file(text).unwrap_err();
        assert_eq!(report.problems().len(), 1, "{text} {report}");
        assert_eq!(report.problems()[0].code(), Code::Invalid, "{text} {report}");
    }
}

#[test]
fn a_secret_in_an_element_of_a_plain_file_is_refused() {
    let text = "[[servers]]\nhost = \"a\"\ntoken = \"canary\"\n";
    let report = from_file(text).unwrap_err();
    assert_eq!(all_told(&report), [(Code::SecretInFile, "servers[0].token", "app.toml:3:9")]);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.toml");
    fs::write(&path, text).unwrap();
    let by_provider = App::loader().hermetic().provider(Toml::file_exact(&path)).load_blocking().unwrap_err();
    assert_eq!((by_provider.problems().len(), by_provider.problems()[0].code()), (1, Code::SecretInFile));
    fs::write(&path, "servers = '[{\"host\": \"a\", \"token\": \"canary\"}]'\n").unwrap();
    let as_text = App::loader().hermetic().file(&path).load_blocking().unwrap_err();
    assert_eq!((as_text.problems().len(), as_text.problems()[0].code()), (1, Code::SecretInFile));
    assert!(!format!("{report}{by_provider}{as_text}").contains("canary"));
}

#[test]
fn explain_counts_the_elements() {
    let json = r#"[{"host": "canary-host", "token": "canary"}]"#;
    let explanation = App::loader().hermetic().env([("APP_SERVERS", json)]).explain_blocking().unwrap();
    let row = &explanation.rows()[0];
    assert_eq!((row.path(), row.layer(), row.value()), ("servers", "env", "1 element"));
    assert!(!explanation.to_string().contains("canary"));
}
