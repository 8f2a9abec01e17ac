//! Profiles, files of parent directories, and the keys of fields that change how a value is found or read.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;
use std::fs;

use settings_core::report::Code;
use settings_core::{ExposeSecret, Loader, SecretString, Settings};
use tempfile::TempDir;

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", profile_env = "ENVIRONMENT")]
struct Chat {
    #[setting(default = "default")]
    a: String,
    #[setting(default = "default")]
    b: String,
    #[setting(default = "default")]
    c: String,
    api_key: Option<SecretString>,
}

fn files<const N: usize>(files: [(&str, &str); N]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// Plain files and those of two profiles.
fn both() -> TempDir {
    files([
        ("chat.toml", "a = \"toml\"\nb = \"toml\"\nc = \"toml\"\n"),
        ("chat.production.toml", "b = \"production.toml\"\nc = \"production.toml\"\n"),
        (".env", "CHAT_C=env\nCHAT_API_KEY=sk-test-key-of-the-developer\n"),
        (".env.production", "CHAT_API_KEY=\n"),
        (".env.staging", "CHAT_C=env.staging\n"),
    ])
}

fn loader(directory: &TempDir) -> Loader<Chat> {
    Chat::loader().hermetic().file(directory.path().join("chat.toml")).env_file(directory.path().join(".env"))
}

fn values(loader: Loader<Chat>) -> [String; 3] {
    let chat = loader.load_blocking().unwrap();
    [chat.a, chat.b, chat.c]
}

#[test]
fn without_a_profile_its_files_are_not_read() {
    assert_eq!(values(loader(&both())), ["toml", "toml", "env"]);
    assert_eq!(values(loader(&both()).env([("ENVIRONMENT", "")])), ["toml", "toml", "env"]);
    assert_eq!(values(loader(&both()).env([("ENVIRONMENT", "none-such")])), ["toml", "toml", "env"]);
}

#[test]
fn the_files_of_a_profile_stand_above_their_plain_twins() {
    let directory = both();
    let production = loader(&directory).env([("ENVIRONMENT", "production")]);
    assert_eq!(values(production), ["toml", "production.toml", "env"]);
    let staging = loader(&directory).env([("ENVIRONMENT", "staging")]);
    assert_eq!(values(staging), ["toml", "toml", "env.staging"]);
}

#[test]
fn explain_tells_the_profile_and_the_files_that_it_lacks() {
    let directory = both();
    let told = |profile: &str| {
        let explanation = loader(&directory).env([("ENVIRONMENT", profile)]).explain_blocking().unwrap();
        let last = explanation.to_string().lines().last().unwrap().to_owned();
        (last.replace(&format!("{}/", directory.path().display()), ""), explanation.to_json()["profile"].clone())
    };
    assert_eq!(told("production").0, "profile production: .env.production, chat.production.toml");
    assert_eq!(told("staging").0, "profile staging: .env.staging, no file chat.staging.toml");
    let (last, json) = told("prodution");
    assert_eq!(last, "profile prodution: no file .env.prodution, no file chat.prodution.toml");
    assert_eq!((&json["name"], &json["files"][0]["found"]), (&"prodution".into(), &false.into()));
    let (last, json) = told("");
    assert!(last.starts_with("api_key") && json.is_null(), "{last}");
}

#[test]
fn an_empty_key_of_the_profile_hides_the_developers() {
    let key = |loader: Loader<Chat>| loader.load_blocking().unwrap().api_key.map(|key| key.expose_secret().to_owned());
    assert_eq!(key(loader(&both())).unwrap(), "sk-test-key-of-the-developer");
    assert_eq!(key(loader(&both()).profile("production")), None);
}

#[test]
fn a_profile_given_in_code_goes_before_the_variable() {
    let directory = both();
    let given = loader(&directory).env([("ENVIRONMENT", "production")]).profile("staging");
    assert_eq!(values(given), ["toml", "toml", "env.staging"]);
}

#[test]
fn the_profile_may_be_named_in_the_plain_env_file() {
    let directory = files([
        (".env", "ENVIRONMENT=production\n"),
        (".env.production", "CHAT_A=production\nENVIRONMENT=staging\n"),
        ("chat.production.toml", "b = \"production.toml\"\n"),
    ]);
    assert_eq!(values(loader(&directory)), ["production", "production.toml", "default"]);
    let in_env = loader(&directory).env([("ENVIRONMENT", "staging")]);
    assert_eq!(values(in_env), ["default", "default", "default"]);
}

#[test]
fn a_profile_leads_to_no_other_directory() {
    let directory = files([("chat.toml", ""), (".env", "")]);
    for name in ["../x", "a/b", "..", ".", "a\\b", " production"] {
        for loader in [loader(&directory).profile(name), loader(&directory).env([("ENVIRONMENT", name)])] {
            let report = loader.load_blocking().unwrap_err();
            assert_eq!(report.problems().len(), 1, "{report}");
            assert_eq!((report.problems()[0].code(), report.problems()[0].variable()), (Code::Invalid, "ENVIRONMENT"));
        }
    }
    fs::write(directory.path().join(".env"), "A=1\nENVIRONMENT=../x\n").unwrap();
    let report = loader(&directory).load_blocking().unwrap_err();
    assert!(report.problems()[0].location().unwrap().ends_with(".env:2:13"), "{report}");
}

#[test]
fn files_are_looked_for_in_parent_directories() {
    // The tests run in a directory of the workspace, which has files of its own and a parent with others.
    #[derive(Settings)]
    #[settings(env_file = none, file = ["Cargo.toml", "rustfmt.toml"], search_parents, allow_unknown)]
    struct Nearest {
        #[setting(nested)]
        package: Package,
        max_width: Option<u32>,
    }
    #[derive(Settings)]
    struct Package {
        #[setting(default = "")]
        name: String,
    }
    let found = Nearest::loader().env([("X", "")]).load_blocking().unwrap();
    assert_eq!((found.package.name.as_str(), found.max_width.is_some()), ("settings-tests", true));
    #[derive(Settings)]
    #[settings(env_file = none, file = "rustfmt.toml", allow_unknown)]
    struct Here {
        max_width: Option<u32>,
    }
    assert_eq!(Here::loader().env([("X", "")]).load_blocking().unwrap().max_width, None);
}

#[derive(Settings)]
#[settings(env_prefix = "NEW_")]
struct Renamed {
    #[setting(default = 1, alias = "OTHER_PORT", deprecated_alias = "OLD_PORT")]
    port: u16,
    #[secret(deprecated_alias = "OLD_KEY")]
    api_key: Option<SecretString>,
}

#[test]
fn a_deprecated_name_works_and_warns() {
    let load = |variables: &[(&str, &str)]| {
        let loader = Renamed::loader().hermetic().env(variables.iter().copied());
        let (settings, warnings) = loader.load_with_warnings_blocking().unwrap();
        (settings.port, warnings.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let warning = "OLD_PORT: is deprecated; its new name is NEW_PORT".to_owned();
    assert_eq!(load(&[("OLD_PORT", "2")]), (2, vec![warning]));
    assert_eq!(load(&[("OTHER_PORT", "3"), ("OLD_PORT", "2")]), (3, vec![]));
    assert_eq!(load(&[("NEW_PORT", "4"), ("OLD_PORT", "2")]), (4, vec![]));
    let (_, warnings) = load(&[("OLD_KEY", "sk-test-key")]);
    assert_eq!(warnings, ["OLD_KEY: is deprecated; its new name is NEW_API_KEY"]);
}

#[test]
fn a_deprecated_name_in_a_file_is_placed() {
    let directory = files([(".env", "A=1\nOLD_PORT=2\n")]);
    let loader = Renamed::loader().hermetic().env_file(directory.path().join(".env"));
    let (_, warnings) = loader.load_with_warnings_blocking().unwrap();
    assert_eq!(warnings[0].variable(), "OLD_PORT");
    assert!(warnings[0].place().ends_with(".env:2:10"), "{}", warnings[0].place());
}

#[derive(Settings)]
struct Shaped {
    #[setting(default = "/bin:/sbin", separator = ":")]
    paths: Vec<String>,
    #[setting(default = "a=1; b=2", separator = ";")]
    weights: BTreeMap<String, u8>,
    #[setting(default = "2x3", parse_with = size)]
    size: Size,
    #[setting(parse_with = size)]
    spare: Option<Size>,
    #[secret(parse_with = shouted, prefix = "sk-")]
    api_key: Option<SecretString>,
}

/// Implements nothing that a plain value has to.
#[derive(Debug, PartialEq, Eq)]
struct Size(u32, u32);

fn size(text: &str) -> Result<Size, String> {
    let parts = text.split_once('x').and_then(|(a, b)| Some(Size(a.parse().ok()?, b.parse().ok()?)));
    parts.ok_or_else(|| format!("`{text}` is no width and height, such as 2x3"))
}

fn shouted(text: &str) -> Result<SecretString, &'static str> {
    if text.contains(' ') { Err("blanks are not allowed") } else { Ok(text.to_uppercase().into()) }
}

fn shaped(variables: &[(&str, &str)]) -> Loader<Shaped> {
    Shaped::loader().hermetic().env(variables.iter().copied())
}

#[test]
fn lists_and_maps_have_their_separator() {
    let defaults = shaped(&[]).load_blocking().unwrap();
    assert_eq!((defaults.paths, defaults.weights["b"]), (vec!["/bin".to_owned(), "/sbin".to_owned()], 2));
    let given = shaped(&[("PATHS", "a,b:c"), ("WEIGHTS", "x=1;y=2;")]).load_blocking().unwrap();
    assert_eq!((given.paths, given.weights.len()), (vec!["a,b".to_owned(), "c".to_owned()], 2));
    let json = shaped(&[("PATHS", r#"["a:b"]"#), ("WEIGHTS", r#"{"x": 1}"#)]).load_blocking().unwrap();
    assert_eq!((json.paths, json.weights["x"]), (vec!["a:b".to_owned()], 1));
    let report = shaped(&[("WEIGHTS", "x")]).load_blocking().unwrap_err();
    assert_eq!(report.problems()[0].expected(), Some("`key=value` pairs separated by `;`, or a JSON object"));
}

#[test]
fn a_value_is_read_by_its_own_function() {
    let given = shaped(&[("SPARE", "4x5"), ("API_KEY", "sk-test-key")]).load_blocking().unwrap();
    assert_eq!((given.size, given.spare), (Size(2, 3), Some(Size(4, 5))));
    assert_eq!(given.api_key.unwrap().expose_secret(), "SK-TEST-KEY");
    let report = shaped(&[("SIZE", "wide")]).load_blocking().unwrap_err();
    assert_eq!((report.problems()[0].code(), report.problems()[0].path()), (Code::Invalid, "size"));
    assert_eq!(report.problems()[0].note(), Some("`wide` is no width and height, such as 2x3"));
    let typed = shaped(&[]).set("size", vec!["2x3"]).load_blocking().unwrap_err();
    assert_eq!(typed.problems()[0].expected(), Some("text"));
}

#[test]
fn a_secret_is_held_to_its_rules_and_never_quoted() {
    for text in ["canary-key", "sk-canary key"] {
        let report = shaped(&[("API_KEY", text)]).load_blocking().unwrap_err();
        assert_eq!(report.problems()[0].code(), Code::Invalid);
        assert!(!format!("{report}{}", report.to_json()).contains("canary"), "{report}");
    }
}

#[cfg(feature = "regex")]
#[test]
fn texts_match_their_pattern() {
    #[derive(Settings)]
    struct Patterned {
        #[setting(default = "dev-1", pattern = "^[a-z]+-[0-9]+$")]
        host: String,
        #[setting(pattern = "^[a-z]+$")]
        zone: Option<Box<str>>,
        #[secret(pattern = "^sk-[a-z-]+$")]
        api_key: Option<SecretString>,
    }
    let load =
        |variables: &[(&str, &str)]| Patterned::loader().hermetic().env(variables.iter().copied()).load_blocking();
    let right = load(&[("ZONE", "eu"), ("API_KEY", "sk-test-key")]).unwrap();
    assert_eq!((right.host.as_str(), right.zone.as_deref(), right.api_key.is_some()), ("dev-1", Some("eu"), true));
    let report = load(&[("HOST", "Dev"), ("ZONE", "1"), ("API_KEY", "CANARY")]).unwrap_err();
    let expected: Vec<_> = report.problems().iter().map(|problem| problem.expected().unwrap()).collect();
    assert_eq!(
        expected,
        ["text that matches `^[a-z]+-[0-9]+$`", "text that matches `^[a-z]+$`", "text that matches `^sk-[a-z-]+$`"]
    );
    assert!(!report.to_string().contains("CANARY"));
    #[derive(Settings)]
    struct Broken {
        #[setting(default = "a", pattern = "(")]
        #[expect(dead_code)]
        a: String,
    }
    let report = Broken::loader().hermetic().load_blocking().unwrap_err();
    assert_eq!(report.problems()[0].note(), Some("the field's `pattern` is no regular expression"));
}
