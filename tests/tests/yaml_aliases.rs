//! Aliases in a YAML file, and the secrets in it.
#![cfg(feature = "yaml")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::collections::BTreeMap;
use std::fs;

use settings_core::report::Code;
use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(env_file = none)]
#[allow(dead_code, reason = "only looked at from outside")]
struct Shared {
    #[setting(default)]
    name: String,
    #[setting(default)]
    words: BTreeMap<String, String>,
    #[setting(nested, default)]
    doors: Vec<Door>,
    #[secret(in_config_file)]
    token: Option<SecretString>,
    #[secret(in_config_file)]
    other_token: Option<SecretString>,
}

#[derive(Settings)]
#[allow(dead_code, reason = "only looked at from outside")]
struct Door {
    #[setting(default)]
    name: String,
    #[secret(in_config_file)]
    code: Option<SecretString>,
}

/// Where a plain setting has the value, it is shown.
#[test]
fn an_alias_carries_no_secret_into_a_plain_setting() {
    let file = |text: &str| {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a.yaml"), text).unwrap();
        directory
    };
    for (text, place) in [
        ("token: &t canary\nname: *t\n", "1:8"),
        ("name: &t canary\ntoken: *t\n", "1:7"),
        ("token: &t canary\nwords: {a: *t}\n", "1:8"),
        ("doors:\n  - code: &t canary\n  - name: *t\n", "2:11"),
        ("doors: &d\n  - code: canary\nname: *d\n", "2:11"),
    ] {
        let directory = file(text);
        let loader = || Shared::loader().hermetic().file(directory.path().join("a.yaml"));
        let report = loader().load_blocking().unwrap_err();
        let shown = format!("{report}\n{}", loader().explain_blocking().unwrap());
        assert!(!shown.contains("canary"), "{shown}");
        let problem = &report.problems()[0];
        assert_eq!(problem.code(), Code::FileSyntax, "{report}");
        assert!(problem.location().unwrap().ends_with(place), "{report}");
    }
    // Two secrets may be one, and two plain settings.
    let directory = file("token: &t canary\nother_token: *t\nname: &n x\nwords: {a: *n}\n");
    let shared = Shared::loader().hermetic().file(directory.path().join("a.yaml")).load_blocking().unwrap();
    assert_eq!((shared.name.as_str(), shared.words["a"].as_str()), ("x", "x"));
}
