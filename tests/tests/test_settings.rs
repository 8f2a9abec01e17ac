//! `#[test_settings(..)]`, on every kind of test and in either order.
#![allow(unused_qualifications, reason = "a path of several parts is a case of its own")]

use rstest::{fixture, rstest};
use settings_core::testing::InCurrentSettings;
use settings_core::{ExposeSecret, SecretString, Settings, test_settings};
use tokio::task::yield_now;

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[setting(default = 8080, range = 1024..=65535)]
    port: u16,
    #[setting(default = "chat", rename = "kind")]
    r#type: String,
    #[setting(default)]
    hosts: Vec<String>,
    #[setting(nested)]
    db: Database,
    #[secret(env = "OPENAI_API_KEY", format = openai)]
    openai_api_key: SecretString,
}

#[derive(Settings)]
struct Database {
    #[setting(default = "localhost")]
    host: String,
    password: SecretString,
}

#[derive(Settings)]
#[settings(env_prefix = "SETTINGS_TESTS_UNSET_", env_file = none)]
struct Other<const N: usize = 1> {
    #[setting(default = 0)]
    size: usize,
}

fn port() -> u16 {
    Chat::get().port
}

#[test_settings(Chat, openai_api_key = "sk-test-key-of-this-test", port = 9000)]
#[test]
fn above_a_test() {
    assert_eq!(port(), 9000);
    assert_eq!(Chat::get().openai_api_key.expose_secret(), "sk-test-key-of-this-test");
}

#[test]
#[test_settings(Chat, port = 9001)]
fn below_a_test() {
    assert_eq!(port(), 9001);
}

#[test_settings(Chat)]
#[test]
fn without_values_it_is_the_mock_alone() {
    assert_eq!(port(), 8080);
    assert!(Chat::get().openai_api_key.expose_secret().starts_with("sk-"));
}

#[test_settings(
    Chat,
    db.password = "by path",
    "db.host" = "in quotes",
    CHAT_PORT = 9002,
    type = String::from("by a keyword"),
    hosts = ["a", "b"],
)]
#[test]
fn fields_are_named_in_every_way() {
    let chat = Chat::get();
    assert_eq!((chat.db.password.expose_secret(), chat.db.host.as_str()), ("by path", "in quotes"));
    assert_eq!((chat.port, chat.r#type.as_str()), (9002, "by a keyword"));
    assert_eq!(chat.hosts, ["a", "b"]);
}

#[test_settings(Chat, r#type = "raw")]
#[test]
fn a_raw_identifier_is_the_name_behind_it() {
    assert_eq!(Chat::get().r#type, "raw");
}

#[test_settings(Chat, port = 9003)]
#[test_settings(Database, host = "alone")]
#[test]
fn several_structs_have_an_attribute_each() {
    assert_eq!((port(), Database::get().host.as_str()), (9003, "alone"));
}

#[test_settings(Chat, port = 9004)]
#[test]
#[test_settings(Database, host = "below")]
fn around_a_test() {
    assert_eq!((port(), Database::get().host.as_str()), (9004, "below"));
}

#[test_settings(Other::<7>, size = 7)]
#[test]
fn a_struct_with_parameters() {
    assert_eq!((Other::<7>::load_blocking().unwrap().size, Other::<8>::load_blocking().unwrap().size), (7, 0));
}

#[test_settings(Chat, port = 9005, crate = "settings_core")]
#[test]
fn the_crate_may_be_named() {
    assert_eq!(port(), 9005);
}

#[test_settings(Chat, port = 9006)]
#[test]
fn results_are_returned() -> Result<(), Box<dyn std::error::Error>> {
    if "9006".parse::<u16>()? != port() {
        return Err("another port".into());
    }
    Ok(())
}

#[test_settings(Chat, port = 9007)]
#[test]
#[should_panic(expected = "the port is 9007")]
fn panics_go_through() {
    panic!("the port is {}", port());
}

#[test_settings(Chat, prot = 9008)]
#[test]
#[should_panic(expected = "did you mean `port`?")]
fn a_wrong_name_fails() {
    unreachable!("the settings are made before the test");
}

#[test_settings(Chat, port = 80)]
#[test]
#[should_panic(expected = "1024..=65535")]
fn a_wrong_value_fails() {
    unreachable!("the settings are made before the test");
}

#[test_settings(Chat, db.pasword = "x")]
#[tokio::test]
#[should_panic(expected = "did you mean `db.password`?")]
async fn a_wrong_name_fails_in_a_scope() {
    unreachable!("the settings are made before the test");
}

/// A helper is no test, and may have settings of its own all the same.
#[test_settings(Chat, port = base + offset)]
fn port_of(base: u16, offset: u16) -> u16 {
    #![allow(unused_variables, reason = "an attribute within is kept")]
    let unused = 0;
    port()
}

#[test]
fn values_may_be_made_of_arguments() {
    assert_eq!((port_of(9000, 9), port_of(9010, 1)), (9009, 9011));
}

#[test_settings(Chat, port = 9012)]
#[tokio::test]
async fn above_a_tokio_test() {
    yield_now().await;
    assert_eq!(port(), 9012);
}

#[tokio::test]
#[test_settings(Chat, port = 9013)]
async fn below_a_tokio_test() {
    yield_now().await;
    assert_eq!(port(), 9013);
    let task = tokio::spawn(async { port() }.in_current_settings());
    assert_eq!(task.await.unwrap(), 9013);
}

#[test_settings(Chat, port = 9014)]
#[test_settings(Database, host = "on many threads")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn above_a_tokio_test_on_many_threads() -> Result<(), Box<dyn std::error::Error>> {
    yield_now().await;
    assert_eq!((port(), Database::get().host.as_str()), (9014, "on many threads"));
    let task = tokio::spawn(async { port() }.in_current_settings());
    if task.await? != 9014 {
        return Err("another port".into());
    }
    assert!(tokio::spawn(async { Chat::try_get().is_err() }).await?, "the real settings lack a key");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[test_settings(Chat, port = 9015)]
async fn below_a_tokio_test_on_many_threads() {
    yield_now().await;
    let task = tokio::spawn(async { port() }.in_current_settings());
    assert_eq!((task.await.unwrap(), port()), (9015, 9015));
}

#[test_settings(Chat, port = own)]
async fn port_after_a_while(own: u16) -> u16 {
    for _ in 0..10 {
        yield_now().await;
    }
    port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_async_function_takes_its_settings_along() {
    let tasks: Vec<_> = (3000..3100).map(|own| (own, tokio::spawn(port_after_a_while(own)))).collect();
    for (own, task) in tasks {
        assert_eq!(task.await.unwrap(), own);
    }
}

#[fixture]
fn port_of_the_fixture() -> Option<u16> {
    Chat::try_get().ok().map(|chat| chat.port)
}

#[rstest]
#[case(1)]
#[case(2)]
#[test_settings(Chat, port = 9016)]
fn below_rstest_its_fixtures_see_it(port_of_the_fixture: Option<u16>, #[case] number: u16) {
    assert_eq!((port(), port_of_the_fixture), (9016, Some(9016)));
    assert!(number < 3);
}

#[test_settings(Chat, port = number)]
#[rstest]
#[case(9017)]
#[case(9018)]
fn above_rstest_its_cases_make_it(port_of_the_fixture: Option<u16>, #[case] number: u16) {
    assert_eq!((port(), port_of_the_fixture), (number, None));
}

#[test_settings(Chat, port = number, db.host = host.clone())]
#[rstest]
#[tokio::test]
async fn above_rstest_and_tokio(#[values(9019, 9020)] number: u16, #[values("a".to_owned())] host: String) {
    yield_now().await;
    assert_eq!((port(), &Chat::get().db.host), (number, &host));
}

#[rstest]
#[test_settings(Chat, port = 9021)]
#[tokio::test]
async fn below_rstest_and_above_tokio(port_of_the_fixture: Option<u16>, #[values(1, 2)] number: u16) {
    yield_now().await;
    assert_eq!((port(), port_of_the_fixture), (9021, Some(9021)));
    assert!(number < 3);
}

#[rstest]
#[tokio::test]
#[test_settings(Chat, port = 9022)]
async fn below_rstest_and_tokio(port_of_the_fixture: Option<u16>) {
    yield_now().await;
    assert_eq!((port(), port_of_the_fixture), (9022, Some(9022)));
}
