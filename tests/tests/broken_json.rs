//! JSON in a variable that cannot be read: where, and never what stands there.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[allow(dead_code, reason = "only looked at from outside")]
struct Chat {
    #[setting(nested)]
    plain: Option<Plain>,
    #[setting(nested)]
    secret: Option<Keys>,
    #[setting(nested)]
    deep: Option<Deep>,
}

#[derive(Settings)]
#[allow(dead_code, reason = "only looked at from outside")]
struct Plain {
    host: String,
}

#[derive(Settings)]
#[allow(dead_code, reason = "only looked at from outside")]
struct Keys {
    api_key: SecretString,
}

#[derive(Settings)]
#[allow(dead_code, reason = "only looked at from outside")]
struct Deep {
    #[setting(nested)]
    keys: Keys,
}

fn told(variable: &str, text: &str) -> String {
    let report = Chat::loader().hermetic().env([(variable, text)]).load_blocking().err().unwrap();
    let shown = format!("{report} {}", report.to_json());
    assert!(!shown.contains("canary"), "{shown}");
    let problem = &report.problems()[0];
    format!("{} {}", problem.variable(), problem.found().unwrap())
}

#[test]
fn a_struct_without_secrets_tells_line_and_column() {
    let place = |line, column| format!("PLAIN text that is no JSON at line {line}, column {column} of the value");
    assert_eq!(told("PLAIN", r#"{"host": canary}"#), place(1, 10));
    assert_eq!(told("PLAIN", "{\n  \"host\": \"canary\",\n}"), place(3, 1));
    assert_eq!(told("PLAIN", r#"{"host": "canary""#), place(1, 17));
}

/// Its keys may be misspelt, and then nothing tells which of them is a secret.
#[test]
fn json_that_a_type_does_not_take_is_not_quoted() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "it does not load")]
    struct Login {
        user: String,
        password: String,
    }
    #[derive(Settings)]
    #[settings(env_file = none)]
    #[allow(dead_code, reason = "it does not load")]
    struct Shop {
        login: Login,
        ports: Vec<u16>,
    }
    for (login, found) in [
        (r#"{"user": "u", "pasword": "canary"}"#, "a JSON object"),
        (r#" ["canary"]"#, "a JSON list"),
        (r#"{"user": "canary", "password": 5}"#, "a JSON object"),
    ] {
        let report = Shop::loader().hermetic().env([("LOGIN", login), ("PORTS", "[1, 99999]")]).load_blocking();
        let report = report.err().unwrap();
        let shown = format!("{report} {}", report.to_json());
        assert!(!shown.contains("canary"), "{shown}");
        assert_eq!(report.problems()[0].found(), Some(found));
        assert_eq!(report.problems()[1].found(), Some("`[1, 99999]`"), "{report}");
    }
}

/// A column would tell how long what stands before it is, or where a quote stands in it.
#[test]
fn a_struct_with_secrets_tells_no_place() {
    for variable in ["SECRET", "DEEP"] {
        let other = format!("{variable} other text, which is not shown as it may hold secrets");
        assert_eq!(told(variable, r#"{"api_key": "canary"x"#), other);
        assert_eq!(told(variable, r#"{"api_key": "canary canary"x"#), other);
    }
    // JSON, and no object.
    assert_eq!(told("PLAIN", "[1]"), "PLAIN other text, which is not shown as it may hold secrets");
}
