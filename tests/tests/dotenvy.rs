//! `dotenv_dialect = "dotenvy"`: .env files as `dotenvy` reads them. It looks into the environment of the process, in which
//! nobody sets the names that are used here.
#![cfg(feature = "dotenvy")]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "shown by Debug alone")]

use settings_core::report::Code;
use settings_core::schema::DotenvDialect;
use settings_core::{ExposeSecret, Loader, Report, SecretString, Settings};
use settings_tests::{EnvFile, leak};

const CANARY: &str = "Zq7Wk3Xv9Bn5Tm1Jh8Pd";

#[derive(Settings)]
#[settings(env_prefix = "SETTINGSTESTSUNSET", dotenv_dialect = "dotenvy", secrets_dir = none)]
struct Moved {
    #[setting(default = "none")]
    host: String,
    port: Option<u16>,
    password: Option<SecretString>,
    #[secret(expand)]
    address: Option<SecretString>,
}

/// The same with the project's own parser.
#[derive(Settings)]
#[settings(env_prefix = "SETTINGSTESTSUNSET", secrets_dir = none)]
struct Own {
    host: String,
    password: SecretString,
}

/// Writes the file, each `@` in it as the prefix of the names.
fn file(text: &str) -> EnvFile {
    EnvFile::new(text.replace('@', "SETTINGSTESTSUNSET"))
}

fn load(text: &str) -> Result<Moved, Report> {
    Moved::loader().env_file(file(text).path()).load_blocking()
}

fn text(secret: Option<SecretString>) -> String {
    secret.unwrap().expose_secret().to_owned()
}

#[test]
fn the_schema_names_the_dialect() {
    assert_eq!(Moved::schema().dotenv_dialect, DotenvDialect::Dotenvy);
    assert_eq!(Own::schema().dotenv_dialect, DotenvDialect::Own);
}

#[test]
fn values_are_those_of_dotenvy() {
    let moved = file("@HOST={\"a\":1}\n@PASSWORD=pa$word\n");
    let theirs = Moved::loader().env_file(moved.path()).load_blocking().unwrap();
    assert_eq!((theirs.host.as_str(), text(theirs.password).as_str()), ("{a:1}", "pa"));
    let ours = Own::loader().env_file(moved.path()).load_blocking().unwrap();
    assert_eq!((ours.host.as_str(), ours.password.expose_secret()), ("{\"a\":1}", "pa$word"));
}

#[test]
fn the_first_line_of_a_name_counts_and_the_later_file() {
    let (low, high) = (file("@HOST=a\n@HOST=b\n@PORT=1\n"), file("@HOST=c\n@HOST=d\n"));
    let one = Moved::loader().env_file(low.path()).load_blocking().unwrap();
    assert_eq!((one.host.as_str(), one.port), ("a", Some(1)));
    let both = Moved::loader().env_file(low.path()).env_file(high.path()).load_blocking().unwrap();
    assert_eq!((both.host.as_str(), both.port), ("c", Some(1)));
}

#[test]
fn references_are_expanded_in_secrets_too() {
    let moved = load("USR=app\n@PASSWORD=${USR}-pass\n@ADDRESS=\"db://${USR}@host\"\n@PORT=${NOPE}80\n").unwrap();
    assert_eq!(
        (text(moved.password), text(moved.address)),
        ("app-pass".into(), "db://appSETTINGSTESTSUNSEThost".into())
    );
    assert_eq!(moved.port, Some(80));
}

#[test]
fn a_plain_field_must_not_refer_to_a_secret() {
    for (what, text) in [
        ("to a field", format!("@PASSWORD={CANARY}\n@HOST=a${{SETTINGSTESTSUNSETPASSWORD}}\n")),
        ("to a field, without braces", format!("@PASSWORD={CANARY}\n@PORT=$SETTINGSTESTSUNSETPASSWORD\n")),
        ("over two lines", format!("@PASSWORD={CANARY}\nB=${{SETTINGSTESTSUNSETPASSWORD}}\n@HOST=$B\n")),
        ("by its name", format!("GITTOKEN={CANARY}\n@HOST=a${{GITTOKEN}}\n")),
    ] {
        let report = load(&text).expect_err(what);
        assert!(report.problems()[0].note().unwrap().contains("is a secret or named like one"), "{what}: {report}");
        assert_eq!(leak(&format!("{report} {}", report.to_json()), CANARY), None, "{what}");
    }
}

#[test]
fn a_value_is_shown_as_it_was_written() {
    let loader = |file: &EnvFile| Moved::loader().env_file(file.path());
    let file = file(&format!("BASE={CANARY}\n@PORT=${{BASE}}0\n"));
    let report = loader(&file).load_blocking().unwrap_err();
    assert_eq!(report.problems()[0].found(), Some("`${BASE}0`"));
    assert_eq!(loader(&file).explain_blocking().unwrap().rows()[1].value(), "${BASE}0");
}

#[test]
fn a_load_without_the_process_environment_refuses_references() {
    let text = "@HOST=a\n@PASSWORD='$x'\n@PORT=${HOME}80\n";
    let given = |loader: Loader<Moved>| loader.env_file(file(text).path()).load_blocking();
    for loader in [Moved::loader().hermetic(), Moved::loader().env([("A", "b")])] {
        let report = given(loader).unwrap_err();
        assert_eq!((report.problems().len(), report.problems()[0].path()), (1, "port"), "{report}");
        let note = report.problems()[0].note().unwrap();
        assert!(note.starts_with("dotenvy looks for references in the process environment"), "{note}");
    }
    let set = given(Moved::loader().hermetic().set("port", 1)).unwrap();
    assert_eq!((set.host.as_str(), text_of(&set)), ("a", "$x"));
}

fn text_of(moved: &Moved) -> &str {
    moved.password.as_ref().unwrap().expose_secret()
}

#[test]
fn no_error_quotes_a_line() {
    for text in [
        "@PASSWORD={} {}\n",
        "@PASSWORD=\"{}\n@HOST=x\n",
        "@PASSWORD='{}\n",
        "@PASSWORD={}\\q\n",
        "{}\n",
        "my {}={}\n",
        "@PASSWORD=-----BEGIN KEY-----\n{}\n{}==\n-----END KEY-----\n",
        "@PASSWORD=${{}\n",
    ] {
        let file = file(&text.replace("{}", CANARY));
        let report = Moved::loader().env_file(file.path()).load_blocking().expect_err(text);
        assert_eq!(report.problems()[0].code(), Code::DotenvSyntax, "{report}");
        assert!(report.problems()[0].location().unwrap().contains(".env:1:"), "{report}");
        let told = format!("{report} {report:?} {} {:?} {:?}", report.to_json(), report.problems(), report.warnings());
        assert_eq!(leak(&told, CANARY), None, "{told}");
        let explained = Moved::loader().env_file(file.path()).explain_blocking().unwrap();
        assert_eq!(leak(&format!("{explained} {explained:?}"), CANARY), None);
    }
}

#[test]
fn all_lines_that_are_refused_are_told_at_once() {
    let report = load("@HOST=a b\n@PORT=1\n@PASSWORD=it's\n").unwrap_err();
    let told: Vec<_> = report.problems().iter().map(|problem| (problem.code(), problem.variable())).collect();
    assert_eq!(told, [(Code::DotenvSyntax, "SETTINGSTESTSUNSETHOST"), (Code::DotenvSyntax, "")]);
    let note = report.problems()[0].note().unwrap();
    assert_eq!(note, "dotenvy refuses the line: put the value in quotes, or leave `dotenv_dialect` out of the struct");
}
