//! Settings of a test's own: scopes on a thread, and how they fail.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::panic::catch_unwind;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use settings_core::report::Code;
use settings_core::testing::Mock;
use settings_core::{ExposeSecret, SecretString, Settings, check_required_secrets, get_settings};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[setting(default = 8080, range = 1024..=65535)]
    port: u16,
    #[setting(example = "https://example.com")]
    url: String,
    timeout: Option<Duration>,
    #[setting(nested)]
    db: Database,
    #[secret(env = "OPENAI_API_KEY", format = openai, min_len = 40)]
    openai_api_key: SecretString,
    second_key: Option<SecretString>,
}

#[derive(Settings)]
struct Database {
    #[setting(default = "localhost")]
    host: String,
    password: SecretString,
}

#[test]
fn a_mock_starts_from_defaults_examples_and_stand_ins() {
    let chat = Chat::mock().build().unwrap();
    assert_eq!((chat.port, chat.url.as_str(), chat.timeout), (8080, "https://example.com", None));
    assert_eq!(chat.db.host, "localhost");
    assert!(!chat.db.password.expose_secret().is_empty());
    assert!(chat.openai_api_key.expose_secret().starts_with("sk-"));
    assert!(chat.openai_api_key.expose_secret().len() >= 40);
    assert!(chat.second_key.is_none());
}

#[test]
fn values_go_by_path_or_variable() {
    let chat = Chat::mock()
        .set("port", 9000)
        .set("CHAT_TIMEOUT", "30s")
        .set("db.host", "by path")
        .set("CHAT_DB_PASSWORD", "by variable")
        .set("second_key", SecretString::from("a secret"))
        .build()
        .unwrap();
    assert_eq!((chat.port, chat.timeout), (9000, Some(Duration::from_secs(30))));
    assert_eq!((chat.db.host.as_str(), chat.db.password.expose_secret()), ("by path", "by variable"));
    assert_eq!(chat.second_key.unwrap().expose_secret(), "a secret");
}

#[test]
fn values_go_by_alias() {
    #[derive(Settings)]
    struct Renamed {
        #[setting(default = 1, alias = "OLD_SIZE")]
        size: u32,
        #[secret(deprecated_alias = "OLD_KEY")]
        api_key: SecretString,
    }
    let renamed = Renamed::mock().set("OLD_SIZE", 2).set("OLD_KEY", "sk-test-key-by-alias").build().unwrap();
    assert_eq!((renamed.size, renamed.api_key.expose_secret()), (2, "sk-test-key-by-alias"));
}

#[test]
fn a_struct_may_be_given_as_a_map() {
    let chat = Chat::mock().set("db", serde_json::json!({"host": "h", "password": "p"})).build().unwrap();
    assert_eq!((chat.db.host.as_str(), chat.db.password.expose_secret()), ("h", "p"));
}

#[test]
fn an_edit_changes_the_built_struct_and_no_check_runs_after_it() {
    let mock = || Chat::mock().set("port", 2000).edit(|chat| chat.port -= 1999).edit(|chat| chat.port += 1);
    assert_eq!(mock().build().unwrap().port, 2);
    let _scope = mock().install();
    assert_eq!((Chat::get().port, Chat::load_blocking().unwrap().port), (2, 2));
}

#[test]
fn unchecked_values_break_rules_and_not_types() {
    let mock = || Chat::mock().set("port", 80).set("openai_api_key", "changeme").set("db.password", "");
    assert!(mock().build().is_err());
    let chat = mock().unchecked().build().unwrap();
    assert_eq!((chat.port, chat.openai_api_key.expose_secret()), (80, "changeme"));
    assert_eq!(chat.db.password.expose_secret(), "");
    assert!(Chat::mock().set("port", "x").unchecked().build().is_err());
}

fn port() -> Option<u16> {
    Chat::try_get().ok().map(|chat| chat.port)
}

fn with_port(port: u16) -> Mock<Chat> {
    Chat::mock().set("port", port)
}

#[test]
fn the_latest_scope_counts_whatever_goes_first() {
    assert_eq!(port(), None, "nothing is set outside of a scope");
    let outer = with_port(2001).install();
    let middle = with_port(2002).install();
    let inner = with_port(2003).install();
    assert_eq!(port(), Some(2003));
    drop(middle);
    assert_eq!(port(), Some(2003));
    drop(inner);
    assert_eq!(port(), Some(2001));
    let again = with_port(2004).install();
    drop(outer);
    assert_eq!(port(), Some(2004));
    drop(again);
    assert_eq!(port(), None);
}

#[test]
fn a_guard_of_the_settings_outlives_the_scope() {
    let scope = with_port(2005).install();
    let chat = Chat::get();
    drop(scope);
    assert_eq!((chat.port, port()), (2005, None));
}

#[test]
fn a_panic_takes_its_scope_away() {
    let panic = catch_unwind(|| {
        let _scope = with_port(2006).install();
        panic!("as a failing test does");
    });
    assert!(panic.is_err());
    assert_eq!(port(), None);
}

#[test]
fn scopes_of_other_types_do_not_meddle() {
    #[derive(Settings)]
    struct Other {
        #[setting(default = 1)]
        port: u16,
    }
    let _chat = with_port(2007).install();
    let _other = Other::mock().set("port", 1).install();
    assert_eq!((port(), Other::get().port), (Some(2007), 1));
}

#[test]
fn everything_in_a_scope_sees_it() {
    let key = "sk-test-key-of-this-test-of-at-least-forty-characters";
    let _scope = with_port(2008).set("openai_api_key", key).install();
    assert_eq!(get_settings::<Chat>().port, 2008);
    assert_eq!(Chat::load_blocking().unwrap().port, 2008);
    assert_eq!(pollster::block_on(Chat::load()).unwrap().port, 2008);
    assert_eq!(Chat::loader().set("port", 1).load_blocking().unwrap().port, 2008, "the scope is the highest layer");
    Chat::init_blocking().unwrap();
    pollster::block_on(Chat::init()).unwrap();
    assert_eq!(Chat::get().port, 2008);
    pollster::block_on(check_required_secrets::<Chat>()).unwrap();
    Chat::check_required_secrets_blocking().unwrap();
    let secret = |name| Chat::get_secret_blocking(name).unwrap();
    assert_eq!(secret("openai_api_key").unwrap().expose_secret(), key);
    assert_eq!(secret("OPENAI_API_KEY").unwrap().expose_secret(), key);
    assert!(secret("second_key").is_none());
    assert_eq!(Chat::explain_row("port"), ("set", "2008".to_owned()));
}

impl Chat {
    fn explain_row(path: &str) -> (&'static str, String) {
        let explanation = Chat::loader().explain_blocking().unwrap();
        let row = explanation.rows().iter().find(|row| row.path() == path).unwrap();
        (row.layer(), row.value().to_owned())
    }
}

#[test]
fn a_scope_changes_nothing_that_is_cached() {
    #[derive(Settings)]
    #[settings(env_prefix = "SETTINGS_TESTS_UNSET_", env_file = none)]
    struct Kept {
        #[setting(default = 1)]
        number: u32,
    }
    let scope = Kept::mock().set("number", 2).install();
    assert_eq!(Kept::get().number, 2);
    Kept::init_blocking().unwrap();
    assert_eq!(thread::spawn(|| Kept::get().number).join().unwrap(), 1);
    drop(scope);
    assert_eq!(Kept::get().number, 1);
}

#[test]
fn a_mock_that_cannot_be_built_fails_the_test() {
    for (field, value, code, part) in [
        ("prot", "9000", Code::UnknownField, "did you mean `port`?"),
        ("db.pasword", "x", Code::UnknownField, "did you mean `db.password`?"),
        ("CHAT_PROT", "9000", Code::UnknownField, "did you mean `CHAT_PORT`?"),
        ("nothing_alike", "x", Code::UnknownField, "has no such field"),
        ("port", "80", Code::Invalid, "1024..=65535"),
        ("port", "x", Code::Invalid, "1024..=65535"),
        ("openai_api_key", "sk-ant-test-key", Code::Invalid, "looks like an"),
        ("db.password", "changeme", Code::Placeholder, "placeholder"),
        ("db", "text", Code::Invalid, "a map of its fields"),
    ] {
        let report = Chat::mock().set(field, value).build().unwrap_err();
        assert_eq!(report.problems().len(), 1, "{report}");
        assert_eq!(report.problems()[0].code(), code, "{report}");
        let panic = catch_unwind(|| drop(Chat::mock().set(field, value).install())).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message == &report.to_string() && message.contains(part), "{message}");
    }
}

#[test]
fn a_required_field_without_an_example_must_be_given() {
    #[derive(Settings)]
    struct Bare {
        name: String,
    }
    assert_eq!(Bare::mock().build().unwrap_err().problems()[0].code(), Code::Missing);
    assert_eq!(Bare::mock().set("name", "n").build().unwrap().name, "n");
}

#[test]
fn a_thousand_tests_side_by_side_have_their_own_values() {
    const AT_ONCE: u16 = 1000;
    let (start, installed) = (Barrier::new(AT_ONCE.into()), Barrier::new(AT_ONCE.into()));
    let test = |worker: u16| {
        start.wait();
        for round in 0..3 {
            let own = 2000 + worker * 3 + round;
            let _scope = with_port(own).set("db.host", format!("host-{own}")).install();
            // From here on all of them hold a mock.
            installed.wait();
            for _ in 0..10 {
                thread::yield_now();
                let chat = Chat::get();
                assert_eq!((chat.port, chat.db.host.as_str()), (own, format!("host-{own}").as_str()));
            }
            let inner = with_port(own + 10_000).install();
            assert_eq!(port(), Some(own + 10_000));
            drop(inner);
            assert_eq!(port(), Some(own));
        }
        assert_eq!(port(), None);
    };
    thread::scope(|scope| {
        let test = &test;
        (0..AT_ONCE).for_each(|worker| drop(scope.spawn(move || test(worker))));
    });
}

#[test]
fn a_mock_needs_no_store_that_the_program_registers() {
    #[derive(Settings)]
    struct Registered {
        #[secret(source = [env, store("pass")])]
        slack_token: Option<SecretString>,
        #[secret(source = store("pass"))]
        api_key: SecretString,
    }
    let settings = Registered::mock().build().unwrap();
    assert!(settings.slack_token.is_none());
    assert!(!settings.api_key.expose_secret().is_empty());
    let found = Registered::mock().set("slack_token", "sk-test-key").build().unwrap();
    assert_eq!(found.slack_token.unwrap().expose_secret(), "sk-test-key");
}
