//! Which variable a field is read from.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "what is refused is never read")]

use settings_core::report::{Code, Problem};
use settings_core::{Blueprint, Report, Settings};

fn load<S: Blueprint>(env: &[(&str, &str)]) -> Result<S, Report> {
    S::loader().hermetic().env(env.iter().copied()).load_blocking()
}

fn problem(report: Result<impl Settings, Report>) -> Problem {
    let report = report.err().unwrap();
    assert_eq!(report.problems().len(), 1, "{report}");
    report.problems()[0].clone()
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Plain(String);

#[derive(Settings)]
#[settings(env_prefix = "DB_")]
struct Db {
    host: String,
    #[setting(default = 5432)]
    port: u16,
    #[setting(nested)]
    pool: Pool,
}

#[derive(Settings)]
struct Pool {
    #[setting(default = 10)]
    size: u32,
    #[setting(env = "POOL_NAME", default = "main")]
    name: String,
}

#[derive(Settings)]
#[settings(env_prefix = "CHAT_")]
struct Chat {
    #[setting(nested)]
    primary: Db,
    #[setting(nested, env_prefix = "READ_")]
    replica: Db,
    #[setting(nested, env_prefix = "")]
    flat: Db,
}

#[test]
fn a_nested_field_is_named_after_its_path() {
    let chat: Chat = load(&[
        ("CHAT_PRIMARY_HOST", "a"),
        ("CHAT_PRIMARY_POOL_SIZE", "1"),
        ("CHAT_READ_HOST", "b"),
        ("CHAT_READ_POOL_SIZE", "2"),
        ("CHAT_HOST", "c"),
        ("CHAT_POOL_SIZE", "3"),
        ("POOL_NAME", "everywhere"),
    ])
    .unwrap();
    let parts = [chat.primary, chat.replica, chat.flat].map(|db| (db.host, db.pool.size, db.pool.name));
    let part = |host: &str, size| (host.to_owned(), size, "everywhere".to_owned());
    assert_eq!(parts, [part("a", 1), part("b", 2), part("c", 3)]);
}

#[test]
fn the_own_prefix_of_a_nested_struct_counts_only_when_it_is_loaded_alone() {
    let db: Db = load(&[("DB_HOST", "alone"), ("DB_POOL_SIZE", "7")]).unwrap();
    assert_eq!((db.host.as_str(), db.port, db.pool.size), ("alone", 5432, 7));
    let missing = problem(load::<Db>(&[("HOST", "no prefix")]));
    assert_eq!((missing.variable(), missing.path()), ("DB_HOST", "host"));
}

#[test]
fn problems_name_the_variable_and_the_path() {
    let report = load::<Chat>(&[("CHAT_READ_PORT", "x")]).err().unwrap();
    let names: Vec<_> = report.problems().iter().map(|problem| (problem.variable(), problem.path())).collect();
    assert_eq!(
        names,
        [
            ("CHAT_PRIMARY_HOST", "primary.host"),
            ("CHAT_READ_HOST", "replica.host"),
            ("CHAT_READ_PORT", "replica.port"),
            ("CHAT_HOST", "flat.host"),
        ]
    );
}

#[derive(Settings)]
#[settings(env_prefix = "APP_", nested_delimiter = "__")]
struct Delimited {
    r#type: String,
    #[setting(nested)]
    main_db: Db,
}

#[test]
fn a_delimiter_of_the_users_own() {
    let app: Delimited =
        load(&[("APP_TYPE", "t"), ("APP_MAIN_DB__HOST", "h"), ("APP_MAIN_DB__POOL__SIZE", "4")]).unwrap();
    assert_eq!((app.r#type.as_str(), app.main_db.host.as_str(), app.main_db.pool.size), ("t", "h", 4));
    assert_eq!(
        Delimited::loader().hermetic().set("type", "t").set("main_db.host", "h").load_blocking().unwrap().r#type,
        "t"
    );
}

#[test]
fn a_nested_struct_may_be_json_in_its_own_variable() {
    let env = [
        ("APP_TYPE", "t"),
        ("APP_MAIN_DB", r#"{"host": "json", "port": 1, "pool": {"size": 1, "name": "json"}}"#),
        ("APP_MAIN_DB__PORT", "2"),
        ("APP_MAIN_DB__POOL", r#"{"size": "2"}"#),
    ];
    let db = load::<Delimited>(&env).unwrap().main_db;
    assert_eq!((db.host.as_str(), db.port), ("json", 2), "a variable of its own wins");
    assert_eq!((db.pool.size, db.pool.name.as_str()), (2, "json"), "and so does the JSON of the inner struct");
}

#[test]
fn json_that_is_none_is_refused_once_for_all_of_its_fields() {
    for (text, path) in [
        (r#"{"host": "h", "pool": 3}"#, "main_db.pool"),
        ("nonsense", "main_db"),
        ("[1]", "main_db"),
        ("{\"host\": ", "main_db"),
        ("3", "main_db"),
    ] {
        let problem = problem(load::<Delimited>(&[("APP_TYPE", "t"), ("APP_MAIN_DB", text)]));
        assert_eq!((problem.variable(), problem.path()), ("APP_MAIN_DB", path));
        assert_eq!((problem.code(), problem.expected()), (Code::Invalid, Some("a JSON object")));
    }
    let typed = problem(load::<Delimited>(&[("APP_TYPE", "t"), ("APP_MAIN_DB", r#"{"host": "h", "port": true}"#)]));
    assert_eq!((typed.path(), typed.found()), ("main_db.port", Some("`true`")));
}

#[test]
fn what_is_given_in_code_for_a_struct_is_a_map_of_its_fields() {
    let load = |value: serde_json::Value| {
        Delimited::loader().hermetic().set("type", "t").set("main_db", value).set("main_db.port", 3).load_blocking()
    };
    let db = load(serde_json::json!({"host": "map", "port": 1, "pool": {"size": 2}})).unwrap().main_db;
    assert_eq!((db.host.as_str(), db.port, db.pool.size), ("map", 3, 2));
    for (value, code, path) in [
        (serde_json::json!("text"), Code::Invalid, "main_db"),
        (serde_json::json!({"host": "h", "pool": "text"}), Code::Invalid, "main_db.pool"),
        (serde_json::json!({"host": "h", "prot": 1}), Code::UnknownField, "main_db"),
    ] {
        let problem = problem(load(value));
        assert_eq!((problem.code(), problem.path()), (code, path));
    }
}

#[test]
fn an_unknown_key_in_json_is_refused_with_the_nearest_known_one() {
    let note = |json| {
        let problem = problem(load::<Delimited>(&[("APP_TYPE", "t"), ("APP_MAIN_DB", json)]));
        assert_eq!(problem.variable(), "APP_MAIN_DB");
        problem.note().unwrap().to_owned()
    };
    assert_eq!(
        note(r#"{"host": "h", "prot": 1}"#),
        "The JSON object has a key that no field of `main_db` has; did you mean `port`?"
    );
    assert!(note(r#"{"host": "h", "pool": {"sizes": 1}}"#).ends_with("did you mean `size`?"));
    assert!(note(r#"{"host": "h", "zzzzzz": 1}"#).ends_with("no field of `main_db` has"));
}

#[derive(Debug, Settings)]
#[settings(debug = false)]
struct Optional {
    #[setting(nested)]
    db: Option<Credentials>,
}

#[derive(Debug, Settings)]
#[settings(debug = false)]
struct Credentials {
    user: String,
    host: String,
    #[setting(default = 5432)]
    port: u16,
}

#[test]
fn an_optional_struct_is_none_when_nothing_of_it_is_set() {
    assert!(load::<Optional>(&[]).unwrap().db.is_none());
    assert!(load::<Optional>(&[("DB_USER", "")]).unwrap().db.is_none());
    let db = load::<Optional>(&[("DB_USER", "u"), ("DB", r#"{"host": "h"}"#)]).unwrap().db.unwrap();
    assert_eq!((db.user.as_str(), db.host.as_str(), db.port), ("u", "h", 5432));
}

#[test]
fn an_optional_struct_that_is_half_set_lacks_the_other_half() {
    for half in [[("DB_PORT", "1")].as_slice(), &[("DB_PORT", "1"), ("DB_USER", "u")]] {
        let report = load::<Optional>(half).unwrap_err();
        let missing: Vec<_> = report.problems().iter().map(|problem| (problem.path(), problem.code())).collect();
        let all = [("db.user", Code::Missing), ("db.host", Code::Missing)];
        assert_eq!(missing, all[half.len() - 1..]);
    }
}

#[derive(Settings)]
struct Clash {
    #[setting(default = "")]
    db_host: String,
    #[setting(nested)]
    db: Db,
}

#[derive(Settings)]
struct ClashWithJson {
    #[setting(default = "")]
    db_pool: String,
    #[setting(nested)]
    db: Db,
}

#[derive(Settings)]
struct OnlyNested {
    #[setting(nested)]
    pool: Pool,
}

#[derive(Settings)]
struct ClashWithOuterJson {
    #[setting(alias = "OTHER_INNER", default = "")]
    plain: String,
    #[setting(nested)]
    other: Wrapped,
}

#[derive(Settings)]
struct Wrapped {
    #[setting(nested)]
    inner: OnlyNested,
}

#[test]
fn two_fields_on_one_name_are_refused_by_both_paths() {
    fn clash<S: Blueprint>() -> (String, String) {
        let problem = problem(load::<S>(&[]));
        assert_eq!(problem.code(), Code::SharedName);
        (problem.variable().to_owned(), problem.note().unwrap().to_owned())
    }
    let expect =
        |name: &str, one: &str, other: &str| (name.to_owned(), format!("`{one}` and `{other}` are both read from it."));
    assert_eq!(clash::<Clash>(), expect("DB_HOST", "db_host", "db.host"));
    assert_eq!(clash::<ClashWithJson>(), expect("DB_POOL", "db_pool", "db.pool"));
    assert_eq!(clash::<ClashWithOuterJson>(), expect("OTHER_INNER", "plain", "other.inner"));
}

#[test]
fn an_alias_names_one_field() {
    #[derive(Settings)]
    struct Aliased {
        #[setting(alias = "PGHOST", default = "")]
        host: String,
    }
    #[derive(Settings)]
    struct Twice {
        #[setting(nested)]
        one: Aliased,
        #[setting(nested)]
        other: Aliased,
    }
    let problem = problem(load::<Twice>(&[]));
    assert_eq!((problem.code(), problem.variable(), problem.path()), (Code::SharedName, "PGHOST", "other.host"));
    assert_eq!(problem.fixes(), ["leave out the alias of `other.host`, which would not tell the two apart"]);
}

#[test]
fn a_written_name_may_be_shared() {
    #[derive(Settings)]
    struct Shared {
        #[setting(nested)]
        one: Pool,
        #[setting(nested)]
        other: Pool,
    }
    let shared: Shared = load(&[("POOL_NAME", "both")]).unwrap();
    assert_eq!((shared.one.name.as_str(), shared.other.name.as_str()), ("both", "both"));
    assert_eq!((shared.one.size, shared.other.size), (10, 10));
}

#[derive(Settings)]
struct Generic<T: std::fmt::Debug, const N: usize>
where
    T: serde::de::DeserializeOwned,
{
    value: T,
    other: Option<T>,
    #[setting(skip)]
    marker: std::marker::PhantomData<[T; N]>,
}

#[test]
fn generic_structs_load() {
    let number: Generic<u16, 1> = load(&[("VALUE", "007")]).unwrap();
    let text: Generic<Plain, 2> = load(&[("VALUE", "007"), ("OTHER", "8")]).unwrap();
    assert_eq!((number.value, number.other), (7, None));
    assert_eq!((&text.value, &text.other), (&Plain("007".into()), &Some(Plain("8".into()))));
    assert_eq!(
        format!("{text:?}"),
        r#"Generic { value: Plain("007"), other: Some(Plain("8")), marker: PhantomData<[names::Plain; 2]> }"#
    );
}

#[derive(Settings)]
struct Outer {
    #[setting(nested)]
    middle: Middle,
}

#[derive(Settings)]
struct Middle {
    #[setting(nested, env_prefix = "", validate = refuse)]
    flat: Pool,
}

fn refuse(_: &Pool) -> Result<(), &'static str> {
    Err("no")
}

#[test]
fn a_struct_without_a_variable_is_named_by_its_path() {
    let problem = problem(load::<Outer>(&[("MIDDLE_SIZE", "3")]));
    assert_eq!((problem.path(), problem.variable()), ("middle.flat", ""));
}
