//! Config files as a layer: what they give, what they refuse, and what they never say.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use settings_core::figment::providers::{Format, Serialized, Toml};
use settings_core::report::{Code, Problem};
use settings_core::{ExposeSecret, Loader, Report, SecretString, Settings};
use tempfile::TempDir;

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", file = ["chat.toml", "local.toml"])]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
    #[setting(default = "dev")]
    environment: String,
    #[setting(default)]
    hosts: Vec<String>,
    #[setting(default)]
    labels: BTreeMap<String, String>,
    #[setting(default = "1s")]
    timeout: Duration,
    #[setting(rename = "log-level")]
    log_level: Option<String>,
    #[setting(nested)]
    db: Database,
    api_key: Option<SecretString>,
    #[secret(in_config_file)]
    license_key: Option<SecretString>,
    #[setting(skip)]
    hits: u64,
}

#[derive(Settings)]
struct Database {
    #[setting(default = "localhost")]
    host: String,
    #[setting(default = 5432)]
    port: u16,
    password: Option<SecretString>,
}

/// Files of these names and texts, in a directory of their own.
fn files<const N: usize>(files: [(&str, &str); N]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn loader(directory: &TempDir, names: &[&str]) -> Loader<Chat> {
    names.iter().fold(Chat::loader().hermetic(), |loader, name| loader.file(directory.path().join(name)))
}

fn load(text: &str) -> Result<Chat, Report> {
    loader(&files([("chat.toml", text)]), &["chat.toml"]).load_blocking()
}

/// Code, path, and the place without the directory.
fn told(problem: &Problem) -> (Code, &str, &str) {
    let place = problem.location().unwrap_or_else(|| problem.variable());
    (problem.code(), problem.path(), place.rsplit('/').next().unwrap_or_default())
}

fn all_told(report: &Report) -> Vec<(Code, &str, &str)> {
    report.problems().iter().map(told).collect()
}

#[test]
fn values_are_typed_or_text() {
    let typed = load(
        "port = 1\nhosts = [\"a\", \"b\"]\ntimeout = \"2s\"\nlog-level = \"info\"\nlabels = { a = \"x\" }\n[db]\nport = 2\n",
    );
    let typed = typed.unwrap();
    let text = load(
        "port = \"1\"\nhosts = \"a,b\"\ntimeout = \"2s\"\nlog-level = \"info\"\nlabels = \"a=x\"\ndb.port = \"2\"\n",
    );
    assert_eq!(format!("{typed:?}"), format!("{:?}", text.unwrap()));
    assert_eq!((typed.port, typed.db.port, typed.timeout), (1, 2, Duration::from_secs(2)));
    assert_eq!(
        (typed.hosts, typed.log_level.as_deref(), typed.hits),
        (vec!["a".to_owned(), "b".to_owned()], Some("info"), 0)
    );
}

#[test]
fn a_date_is_text() {
    assert_eq!(load("environment = 1979-05-27T07:32:00Z\n").unwrap().environment, "1979-05-27T07:32:00Z");
}

#[test]
fn the_later_file_wins_table_by_table() {
    let directory = files([
        ("a.toml", "port = 1\nhosts = [\"a\", \"b\"]\n[db]\nhost = \"a\"\nport = 1\n[labels]\nx = \"a\"\ny = \"a\"\n"),
        ("b.toml", "hosts = [\"c\"]\n[db]\nport = 2\n[labels]\ny = \"b\"\n"),
    ]);
    let chat = loader(&directory, &["a.toml", "absent.toml", "b.toml"]).load_blocking().unwrap();
    assert_eq!((chat.port, chat.hosts, chat.db.host.as_str(), chat.db.port), (1, vec!["c".to_owned()], "a", 2));
    assert_eq!(
        chat.labels.into_iter().collect::<Vec<_>>(),
        [("x", "a"), ("y", "b")].map(|(k, v)| (k.into(), v.into()))
    );
}

#[test]
fn variables_stand_above_files_key_by_key() {
    let directory = files([("chat.toml", "port = 1\n[db]\nhost = \"file\"\nport = 2\n"), (".env", "CHAT_PORT=4\n")]);
    let chat = loader(&directory, &["chat.toml"])
        .env_file(directory.path().join(".env"))
        .env([("CHAT_DB_PORT", "3")])
        .load_blocking()
        .unwrap();
    assert_eq!((chat.port, chat.db.host.as_str(), chat.db.port), (4, "file", 3));
}

#[test]
fn an_empty_value_is_unset() {
    assert_eq!(load("environment = \"\"\n").unwrap().environment, "dev");
}

#[test]
fn the_layer_is_opened_only_when_a_value_is_lacking() {
    #[derive(Settings)]
    struct Small {
        port: u16,
    }
    let directory = files([("broken.toml", "port = ")]);
    let load = |variables: &[(&str, &str)]| {
        let loader = Small::loader().hermetic().env(variables.iter().copied());
        loader.file(directory.path().join("broken.toml")).load_blocking()
    };
    assert_eq!(load(&[("PORT", "1")]).unwrap().port, 1);
    assert_eq!(all_told(&load(&[]).unwrap_err()), [(Code::FileSyntax, "", "broken.toml:1:8")]);
}

#[test]
fn the_files_of_the_struct_are_read_unless_others_are_given() {
    let schema = Chat::schema();
    assert_eq!(
        schema.files.iter().map(|file| (file.path, file.required)).collect::<Vec<_>>(),
        [("chat.toml", false), ("local.toml", false)]
    );
    // These tests run where no such file is, and a hermetic load would not look.
    assert_eq!(Chat::loader().env([("X", "")]).load_blocking().unwrap().port, 8080);
    #[derive(Settings)]
    #[settings(required_file = "no-such-directory/base.toml", file = "no-such-directory/over.toml")]
    struct Strict {
        #[setting(default = 1)]
        port: u16,
    }
    let report = Strict::loader().env([("X", "")]).load_blocking().unwrap_err();
    assert_eq!(all_told(&report), [(Code::MissingFile, "", "base.toml")]);
    assert_eq!(Strict::loader().hermetic().load_blocking().unwrap().port, 1);
    assert_eq!(Strict::loader().env([("X", "")]).file("no-such-directory/x.toml").load_blocking().unwrap().port, 1);
    let report = Strict::loader().hermetic().required_file("no-such-directory/x.toml").load_blocking().unwrap_err();
    assert_eq!(report.problems()[0].code(), Code::MissingFile);
}

#[test]
fn unknown_keys_are_told_all_at_once_with_the_nearest_known() {
    let directory = files([
        ("a.toml", "prot = 1\n\n[db]\n  hots = \"canary-1\"\n  port = 1\nhits = 3\n"),
        ("b.toml", "colour = \"canary-2\"\nlog_level = \"info\"\n"),
    ]);
    let report = loader(&directory, &["a.toml", "b.toml"]).load_blocking().unwrap_err();
    assert_eq!(
        all_told(&report),
        [
            (Code::UnknownKey, "prot", "a.toml:1:1"),
            (Code::UnknownKey, "db.hots", "a.toml:4:3"),
            (Code::UnknownKey, "db.hits", "a.toml:6:1"),
            (Code::UnknownKey, "colour", "b.toml:1:1"),
            (Code::UnknownKey, "log_level", "b.toml:2:1"),
        ]
    );
    let notes: Vec<_> = report.problems().iter().map(|problem| problem.note().unwrap()).collect();
    assert_eq!(
        notes,
        [
            "No field has this key; did you mean `port`?",
            "No field has this key; did you mean `host`?",
            "No field has this key.",
            "No field has this key.",
            "No field has this key; did you mean `log-level`?",
        ]
    );
    assert!(!report.to_string().contains("canary") && !report.to_json().contains("canary"));
}

#[test]
fn a_skipped_field_has_no_key() {
    assert_eq!(all_told(&load("hits = 3\n").unwrap_err()), [(Code::UnknownKey, "hits", "chat.toml:1:1")]);
}

#[test]
fn unknown_keys_may_be_allowed() {
    #[derive(Settings)]
    #[settings(allow_unknown)]
    struct Lax {
        #[setting(nested)]
        db: Database,
    }
    let directory = files([("lax.toml", "x = 1\n[db]\ny = 2\nport = 3\n")]);
    let lax = Lax::loader().hermetic().file(directory.path().join("lax.toml")).load_blocking().unwrap();
    assert_eq!(lax.db.port, 3);
}

#[test]
fn a_nested_struct_is_a_table() {
    let report = load("db = 5\n").unwrap_err();
    assert_eq!(all_told(&report), [(Code::Invalid, "db", "chat.toml:1:6")]);
    assert_eq!(report.problems()[0].expected(), Some("a table of keys and values"));
}

#[test]
fn a_value_that_cannot_be_read_is_placed() {
    let report = load("\n# a comment\nport = \"80a0\"\n[db]\nport = 70_000\n").unwrap_err();
    assert_eq!(
        all_told(&report),
        [(Code::Invalid, "port", "chat.toml:3:8"), (Code::Invalid, "db.port", "chat.toml:5:8")]
    );
    assert_eq!(report.problems()[0].found(), Some("`80a0`"));
    assert_eq!(report.problems()[1].found(), Some("`70000`"));
}

#[test]
fn a_secret_in_a_plain_file_is_refused() {
    let text = "api_key = \"canary-key\"\n[db]\npassword = \"canary-password\"\n";
    let report = load(text).unwrap_err();
    assert_eq!(
        all_told(&report),
        [(Code::SecretInFile, "api_key", "chat.toml:1:11"), (Code::SecretInFile, "db.password", "chat.toml:3:12")]
    );
    assert!(!format!("{report} {}", report.to_json()).contains("canary"));
    let problem = &report.problems()[1];
    assert_eq!(
        (problem.variable(), problem.fixes()),
        ("CHAT_DB_PASSWORD", &["export CHAT_DB_PASSWORD=...".to_owned()][..])
    );
    // That the secret is set elsewhere does not make the file a better place.
    let directory = files([("chat.toml", text)]);
    let report = loader(&directory, &["chat.toml"]).env([("CHAT_API_KEY", "sk-test-key")]).load_blocking().unwrap_err();
    assert_eq!(report.problems().len(), 2);
}

#[test]
fn a_secret_may_be_allowed_in_a_file() {
    let chat = load("license_key = \"sk-test-key\"\n").unwrap();
    assert_eq!(chat.license_key.unwrap().expose_secret(), "sk-test-key");
    // A number is no secret's text, and is not shown.
    let report = load("license_key = 12345678\n").unwrap_err();
    assert_eq!(all_told(&report), [(Code::Invalid, "license_key", "chat.toml:1:15")]);
    assert!(!report.to_string().contains("12345678"));
}

#[test]
fn a_secret_from_a_provider_is_one_of_the_program() {
    let given = Chat::loader().hermetic().provider(Serialized::default("api_key", "sk-test-key"));
    assert_eq!(given.load_blocking().unwrap().api_key.unwrap().expose_secret(), "sk-test-key");
    let directory = files([("chat.toml", "api_key = \"canary\"\n")]);
    let plain = Chat::loader().hermetic().provider(Toml::file_exact(directory.path().join("chat.toml")));
    let report = plain.load_blocking().unwrap_err();
    assert_eq!(all_told(&report), [(Code::SecretInFile, "api_key", "chat.toml")]);
    assert!(!report.to_string().contains("canary"));
}

#[test]
fn providers_stand_above_files() {
    let directory = files([("chat.toml", "port = 1\nenvironment = \"file\"\n")]);
    let chat = loader(&directory, &["chat.toml"])
        .provider(Serialized::default("port", 2))
        .provider(Serialized::default("port", 3))
        .provider(Serialized::default("unknown", 4));
    let explanation = chat.explain_blocking().unwrap();
    assert_eq!((explanation.rows()[0].layer(), explanation.rows()[0].value()), ("provider", "3"));
    assert_eq!(explanation.rows()[1].layer(), "file");
}

#[test]
fn a_provider_that_fails_is_named_and_not_quoted() {
    let loader = Chat::loader().hermetic().provider(Toml::string("port = canary"));
    let report = loader.load_blocking().unwrap_err();
    assert_eq!(report.problems()[0].code(), Code::UnreadableFile);
    assert!(report.to_string().contains("TOML") && !report.to_string().contains("canary"), "{report}");
}

#[test]
fn explain_names_file_line_and_column() {
    let directory = files([("chat.toml", "# first\nport = 9000\n[db]\nhost = \"h\"\n")]);
    let explanation = loader(&directory, &["chat.toml"]).explain_blocking().unwrap();
    let row = |path: &str| explanation.rows().iter().find(|row| row.path() == path).unwrap();
    assert_eq!((row("port").layer(), row("port").value()), ("file", "9000"));
    assert!(row("port").place().ends_with("/chat.toml:2:8"), "{}", row("port").place());
    assert!(row("db.host").place().ends_with("/chat.toml:4:8"));
    assert_eq!(row("db.port").layer(), "default");
}

#[test]
fn what_is_missing_was_looked_for_in_the_files() {
    #[derive(Settings)]
    struct Small {
        #[expect(dead_code)]
        port: u16,
    }
    let directory = files([("small.toml", "")]);
    let report = Small::loader()
        .hermetic()
        .file(directory.path().join("small.toml"))
        .file("no-such-directory/small.toml")
        .load_blocking()
        .unwrap_err();
    let looked: Vec<_> =
        report.problems()[0].looked().iter().map(|look| (look.layer(), look.outcome().as_str())).collect();
    assert_eq!(looked, [("env", "not_set"), ("file", "no_file"), ("file", "no_such_key")]);
}

#[test]
fn a_secret_that_is_missing_is_not_looked_for_where_it_must_not_stand() {
    #[derive(Settings)]
    #[allow(dead_code, reason = "never built")]
    struct Keys {
        refused: SecretString,
        #[secret(in_config_file)]
        allowed: SecretString,
    }
    let directory = files([("keys.toml", "")]);
    let report = Keys::loader().hermetic().file(directory.path().join("keys.toml")).load_blocking().unwrap_err();
    let layers = |problem: &Problem| problem.looked().iter().map(|look| look.layer()).collect::<Vec<_>>();
    let looked: Vec<_> = report.problems().iter().map(layers).collect();
    assert_eq!(looked, [vec!["env"], vec!["env", "file"]]);
}

/// The report on a file that cannot be used, which is given quickly and quotes nothing.
fn refused(path: &Path) -> Report {
    let begin = Instant::now();
    let report = Chat::loader().hermetic().file(path).load_blocking().unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(5));
    let text = report.to_string();
    assert!(text.contains(path.file_name().unwrap().to_str().unwrap()), "{text}");
    assert!(!text.contains("canary") && !report.to_json().contains("canary"), "{text}");
    report
}

#[test]
fn files_that_cannot_be_used_are_named_quickly() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let directory = files([]);
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("directory.toml")).unwrap();
    fs::File::create(at("large.toml")).unwrap().set_len(100 << 20).unwrap();
    fs::write(at("utf16.toml"), [vec![0xff, 0xfe], utf16("port = 1 # canary")].concat()).unwrap();
    fs::write(at("latin.toml"), b"environment = \"canary \xe4\"").unwrap();
    fs::write(at("unknown.ini"), "canary = 1").unwrap();
    fs::write(at("broken.toml"), "port = 1\nenvironment = \"canary\nhosts = canary").unwrap();
    for (name, code) in [
        ("directory.toml", Code::UnreadableFile),
        ("large.toml", Code::UnreadableFile),
        ("utf16.toml", Code::NotUtf8),
        ("latin.toml", Code::NotUtf8),
        ("unknown.ini", Code::UnreadableFile),
        ("broken.toml", Code::FileSyntax),
    ] {
        let report = refused(&at(name));
        assert_eq!(report.problems().iter().map(Problem::code).collect::<Vec<_>>(), [code], "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let directory = files([]);
    let path = directory.path().join("pipe.toml");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    assert_eq!(refused(&path).problems()[0].code(), Code::UnreadableFile);
}

#[cfg(unix)]
#[test]
fn a_file_that_everyone_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let directory = files([("chat.toml", "port = 1\n")]);
    let path = directory.path().join("chat.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(refused(&path).problems()[0].code(), Code::UnreadableFile);
}

#[test]
fn a_file_of_unknown_keys_alone_is_told_quickly() {
    let text: String = (0..40_000).map(|number| format!("canary_{number} = \"x\"\n")).collect();
    let directory = files([("large.toml", &text)]);
    let begin = Instant::now();
    let report = loader(&directory, &["large.toml"]).load_blocking().unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert_eq!(report.problems().len(), 100);
}

#[test]
fn a_byte_order_mark_is_no_text() {
    assert_eq!(load("\u{feff}port = 1\r\nenvironment = \"x\"\r\n").unwrap().port, 1);
}

#[test]
fn formats_that_are_not_built_in_name_their_feature() {
    for (name, feature) in [("chat.yaml", "yaml"), ("chat.yml", "yaml"), ("chat.json", "json")] {
        let built_in = (feature == "yaml" && cfg!(feature = "yaml")) || (feature == "json" && cfg!(feature = "json"));
        let directory = files([(name, if feature == "yaml" { "port: 1\n" } else { "{\"port\": 1}" })]);
        match loader(&directory, &[name]).load_blocking() {
            Ok(chat) => assert!(built_in && chat.port == 1, "{name}"),
            Err(report) => {
                assert!(!built_in && report.to_string().contains(&format!("the feature `{feature}`")), "{report}");
            }
        }
    }
}

#[cfg(feature = "yaml")]
#[test]
fn yaml_texts_are_read_by_their_fields() {
    let directory = files([(
        "chat.yaml",
        "port: 0808\nenvironment: no\nhosts:\n  - a\n  - 1.10\ntimeout: 2s\nlog-level: ~\ndb: &db\n  host: h\n  port: '1'\nlabels: {on: off}\n",
    )]);
    let chat = loader(&directory, &["chat.yaml"]).load_blocking().unwrap();
    assert_eq!((chat.port, chat.environment.as_str(), chat.log_level), (808, "no", None));
    assert_eq!((chat.hosts, chat.db.port, chat.labels["on"].as_str()), (vec!["a".into(), "1.10".into()], 1, "off"));
}

#[cfg(feature = "yaml")]
#[test]
fn yaml_problems_are_placed() {
    let directory =
        files([("a.yaml", "port: 80a0\ndb:\n  hots: canary\n  password: canary\n"), ("b.yaml", "port: [canary\n")]);
    let report = loader(&directory, &["a.yaml", "b.yaml"]).load_blocking().unwrap_err();
    assert!(!report.to_string().contains("canary"));
    let told = all_told(&report);
    assert_eq!(told[0].0, Code::FileSyntax);
    assert_eq!(
        told[1..],
        [
            (Code::UnknownKey, "db.hots", "a.yaml:3:3"),
            (Code::SecretInFile, "db.password", "a.yaml:4:13"),
            (Code::Invalid, "port", "a.yaml:1:7")
        ]
    );
}

#[cfg(all(feature = "json", feature = "yaml"))]
#[test]
fn a_byte_order_mark_is_no_text_in_any_format() {
    let directory = files([("a.json", "\u{feff}{\"port\": 1}"), ("b.yaml", "\u{feff}environment: x\n")]);
    let chat = loader(&directory, &["a.json", "b.yaml"]).load_blocking().unwrap();
    assert_eq!((chat.port, chat.environment.as_str()), (1, "x"));
}

#[test]
fn a_number_with_a_point_looks_like_one() {
    let directory = files([("a.toml", "port = 1.0\n")]);
    let report = loader(&directory, &["a.toml"]).load_blocking().unwrap_err();
    assert_eq!(report.problems()[0].found(), Some("`1.0`"));
}

#[cfg(feature = "json")]
#[test]
fn json_problems_are_placed() {
    let directory = files([
        ("a.json", "{\n  \"port\": \"80a0\",\n  \"db\": {\"hots\": \"canary\", \"password\": \"canary\"}\n}\n"),
        ("b.json", "{\"port\": canary}\n"),
    ]);
    let report = loader(&directory, &["a.json", "b.json"]).load_blocking().unwrap_err();
    assert!(!report.to_string().contains("canary"));
    assert_eq!(
        all_told(&report),
        [
            (Code::FileSyntax, "", "b.json:1:10"),
            (Code::UnknownKey, "db.hots", "a.json:3:10"),
            (Code::SecretInFile, "db.password", "a.json:3:40"),
            (Code::Invalid, "port", "a.json:2:11")
        ]
    );
}
