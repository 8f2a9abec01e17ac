//! `explain()`: the winning layer of every field, its place, and what it hides.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "shown by explain alone")]

use settings_core::{SecretString, Settings, State};
use settings_tests::EnvFile;

#[derive(Settings)]
#[settings(env_prefix = "CHAT_")]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
    host: String,
    region: Option<String>,
    #[setting(default = "info")]
    level: String,
    #[setting(nested)]
    db: Option<Database>,
    openai_api_key: SecretString,
}

#[derive(Settings)]
struct Database {
    name: String,
    #[setting(default = 10)]
    pool: u16,
}

fn rows(loader: settings_core::Loader<Chat>) -> Vec<(String, State, String, String, Vec<String>)> {
    let explanation = loader.explain_blocking().unwrap();
    let row = |row: &settings_core::Row| {
        let shadowed = row.shadowed().iter().map(|shadow| format!("{} {}", shadow.layer(), shadow.place()));
        (row.path().to_owned(), row.state(), row.layer().to_owned(), row.place().to_owned(), shadowed.collect())
    };
    explanation.rows().iter().map(row).collect()
}

#[test]
fn every_layer_that_has_the_field_is_named() {
    let file = EnvFile::new("CHAT_PORT=1\nCHAT_HOST=file\nCHAT_OPENAI_API_KEY=sk-test-key\n");
    let env = [("CHAT_PORT", "2"), ("CHAT_OPENAI_API_KEY", "sk-test-key")];
    let loader = Chat::loader().hermetic().env(env).env_file(file.path()).set("port", 3);
    let rows = rows(loader);
    let path = file.path().display();
    let port = &rows[0];
    assert_eq!((port.1, port.2.as_str()), (State::Set, "set"));
    assert_eq!(port.4, ["env CHAT_PORT".to_owned(), format!(".env {path}:1:11")]);
    assert_eq!((rows[1].2.as_str(), rows[1].3.clone(), rows[1].4.len()), (".env", format!("{path}:2:11"), 0));
    assert_eq!(rows[6].4, [format!(".env {path}:3:21")]);
}

#[test]
fn a_field_without_a_value_has_a_state() {
    let rows = rows(Chat::loader().hermetic().env([("CHAT_PORT", "many"), ("CHAT_REGION", "")]));
    let states: Vec<_> = rows.iter().map(|row| (row.0.as_str(), row.1)).collect();
    assert_eq!(
        states,
        [
            ("port", State::Invalid),
            ("host", State::Missing),
            ("region", State::Unset),
            ("level", State::Default),
            // An optional struct of which nothing is set is not there, and neither are its defaults.
            ("db.name", State::Unset),
            ("db.pool", State::Unset),
            ("openai_api_key", State::Missing),
        ]
    );
    assert_eq!((rows[0].2.as_str(), rows[0].3.as_str()), ("env", "CHAT_PORT"));
}

#[test]
fn an_optional_struct_of_which_something_is_set_wants_the_rest() {
    let rows = rows(Chat::loader().hermetic().env([("CHAT_DB_POOL", "1")]));
    assert_eq!((rows[4].1, rows[5].1), (State::Missing, State::Set));
}

#[test]
fn the_table_fits_a_terminal_and_hides_secrets() {
    let file = EnvFile::new("CHAT_PORT=1\n");
    let env = [("CHAT_PORT", "2"), ("CHAT_HOST", "chat.example.com"), ("CHAT_OPENAI_API_KEY", "sk-test-key")];
    let explanation = Chat::loader().hermetic().env(env).env_file(file.path()).explain_blocking().unwrap();
    assert_eq!(
        file.hide_path(&explanation.to_string()),
        "\
FIELD           VALUE             LAYER    PLACE
port            2                 env      CHAT_PORT
    over .env FILE:1:11
host            chat.example.com  env      CHAT_HOST
region                            unset    CHAT_REGION
level           info              default  CHAT_LEVEL
db.name                           unset    CHAT_DB_NAME
db.pool                           unset    CHAT_DB_POOL
openai_api_key  [REDACTED]        env      CHAT_OPENAI_API_KEY"
    );
    let narrow = format!("{explanation:.56}");
    // A path is not broken.
    let rows = narrow.lines().filter(|line| !line.starts_with(' '));
    assert!(rows.clone().count() == 8 && rows.clone().all(|line| line.chars().count() <= 56), "{narrow}");
    assert!(narrow.contains("host            chat.exam…  env      CHAT_HOST\n"), "{narrow}");
    let whole = narrow.split_whitespace().collect::<Vec<_>>().join(" ");
    let shadow = format!("over .env {}:1:11", file.path().display());
    assert!(whole.contains(&shadow), "nothing is cut of what stands below a line: {narrow}");
    let json = explanation.to_json();
    assert_eq!(json["fields"][0]["shadowed"][0]["layer"], ".env");
    assert_eq!(json["fields"][2]["state"], "unset");
}
