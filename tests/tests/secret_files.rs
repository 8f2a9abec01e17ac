//! Secrets from files: the one that `NAME_FILE` names, secrets directories, Kubernetes volumes, and `file("..")`.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use settings_core::report::{Code, Warning};
use settings_core::{ExposeSecret, Loader, Report, SecretBox, SecretSlice, SecretString, Settings};
use settings_tests::{Secrets, leak};

/// A secret as tests write it, no part of which stands in any message.
const CANARY: &str = "Zq7Wk3Xv9Bn5Tm1Jh8Pd";

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[secret(alias = "OLD_KEY")]
    api_key: Option<SecretString>,
    #[setting(nested)]
    db: Database,
}

#[derive(Settings)]
struct Database {
    password: Option<SecretString>,
}

fn chat(secrets: &Secrets) -> Loader<Chat> {
    Chat::loader().hermetic().secrets_dir(secrets.path())
}

fn text(secret: Option<&SecretString>) -> &str {
    secret.map_or("none", |secret| secret.expose_secret())
}

fn key(loader: Loader<Chat>) -> String {
    text(loader.load_blocking().unwrap().api_key.as_ref()).to_owned()
}

/// The one problem of a report.
fn problem(report: &Report) -> (Code, String) {
    assert_eq!(report.problems().len(), 1, "{report}");
    (report.problems()[0].code(), report.to_string())
}

/// The text of a report has a row with the layer, the path and the outcome.
fn assert_row(report: &str, layer: &str, path: &Path, outcome: &str) {
    let path = path.display().to_string();
    let row = |line: &&str| line.trim_start().starts_with(layer) && line.contains(&path) && line.contains(outcome);
    assert!(report.lines().any(|line| row(&line)), "no row `{layer} {path} {outcome}`\n{report}");
}

#[test]
fn a_file_is_named_after_the_path_or_the_variable_in_either_case() {
    for name in ["api_key", "API_KEY", "CHAT_API_KEY", "chat_api_key", "Api_Key", "OLD_KEY", "old_key"] {
        assert_eq!(key(chat(&Secrets::new([(name, "sk-test-key")]))), "sk-test-key", "{name}");
    }
    for name in ["db_password", "DB_PASSWORD", "CHAT_DB_PASSWORD", "chat_db_password"] {
        let chat = chat(&Secrets::new([(name, "pass")])).load_blocking().unwrap();
        assert_eq!(text(chat.db.password.as_ref()), "pass", "{name}");
    }
    for name in ["apikey", "api-key", "password", "db.password", "api_key.txt"] {
        let chat = chat(&Secrets::new([(name, "pass")])).load_blocking().unwrap();
        assert!(chat.api_key.is_none() && chat.db.password.is_none(), "{name}");
    }
}

#[test]
fn a_name_as_it_is_written_goes_before_one_in_another_case() {
    let all = [("Api_Key", "other case"), ("CHAT_API_KEY", "variable"), ("api_key", "path")];
    for from in 0..all.len() {
        let there = all[..=from].iter().copied();
        assert_eq!(key(chat(&Secrets::new(there))), all[from].1);
    }
}

#[test]
fn the_later_directory_wins_and_a_missing_one_is_skipped() {
    let (first, second) = (Secrets::new([("api_key", "first")]), Secrets::new([("api_key", "second")]));
    assert_eq!(key(chat(&first).secrets_dir(second.path())), "second");
    assert_eq!(key(chat(&second).secrets_dir(first.path()).secrets_dir("/nowhere/at/all")), "first");
    second.write("api_key", "");
    assert_eq!(key(chat(&first).secrets_dir(second.path())), "first");
}

#[test]
fn the_directories_of_the_struct_are_left_out_of_a_hermetic_load_and_replaced_by_those_given() {
    #[derive(Settings)]
    #[settings(env_file = none, secrets_dir = ["/etc", "/nowhere"])]
    struct InEtc {
        passwd: Option<SecretString>,
    }
    #[derive(Settings)]
    #[settings(env_file = none, secrets_dir = none)]
    struct Nowhere {
        passwd: Option<SecretString>,
    }
    assert_eq!(InEtc::schema().secrets_dirs, ["/etc", "/nowhere"]);
    assert_eq!(Chat::schema().secrets_dirs, ["/run/secrets"]);
    assert!(InEtc::loader().env([("A", "b")]).load_blocking().unwrap().passwd.is_some());
    assert!(InEtc::loader().hermetic().load_blocking().unwrap().passwd.is_none());
    assert!(InEtc::loader().secrets_dir("/nowhere").env([("A", "b")]).load_blocking().unwrap().passwd.is_none());
    assert!(Nowhere::loader().env([("A", "b")]).load_blocking().unwrap().passwd.is_none());
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Orders {
    #[secret(source = [env, docker])]
    env_first: SecretString,
    #[secret(source = [docker, env])]
    docker_first: SecretString,
    #[secret(source = [k8s, env])]
    k8s_first: SecretString,
    #[secret(source = docker)]
    docker: SecretString,
    common: SecretString,
}

#[test]
fn the_order_is_that_of_the_source() {
    let names = ["env_first", "docker_first", "k8s_first", "docker", "common"];
    let variables = names.map(|name| (name.to_uppercase(), "env"));
    let found = |secrets: &Secrets, variables: &[(String, &str)]| {
        let loader = Orders::loader().hermetic().secrets_dir(secrets.path()).env(variables.iter().cloned());
        let orders = loader.load_blocking().unwrap();
        let all = [orders.env_first, orders.docker_first, orders.k8s_first, orders.docker, orders.common];
        all.map(|secret| secret.expose_secret().to_owned())
    };
    let files = |content| Secrets::new(names.map(|name| (name, content)));
    assert_eq!(found(&files("file"), &variables), ["env", "file", "file", "env", "env"]);
    assert_eq!(found(&files("file"), &[]), ["file"; 5]);
    assert_eq!(found(&Secrets::empty(), &variables), ["env"; 5]);
    assert_eq!(found(&files(""), &variables), ["env"; 5], "an empty file");
    assert_eq!(found(&files("\n"), &variables), ["env"; 5], "a file of one newline");
    assert_eq!(found(&files("changeme\n"), &variables), ["env"; 5], "a placeholder");
    let empty = variables.map(|(name, _)| (name, ""));
    assert_eq!(found(&files("file"), &empty), ["file"; 5], "empty variables");
}

#[test]
fn a_list_that_names_docker_asks_it_once() {
    let report = Orders::loader().hermetic().secrets_dir("/nowhere").load_blocking().unwrap_err();
    for problem in report.problems() {
        let layers: Vec<_> = problem.looked().iter().map(|look| look.layer()).collect();
        let expected = match problem.path() {
            "docker_first" => ["docker", "env"],
            "k8s_first" => ["k8s", "env"],
            _ => ["env", "docker"],
        };
        assert_eq!(layers, expected, "{}", problem.path());
    }
}

#[test]
fn one_newline_at_the_end_goes() {
    for (content, value) in [
        ("a", "a"),
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        ("a\r", "a\r"),
        (" a ", " a "),
        ("-----BEGIN\nab\n-----END\n", "-----BEGIN\nab\n-----END"),
    ] {
        assert_eq!(key(chat(&Secrets::new([("api_key", content)]))), value, "{content:?}");
    }
    #[derive(Settings)]
    struct Kept {
        #[secret(keep_newline)]
        key: SecretString,
    }
    let secrets = Secrets::new([("key", "a\r\n")]);
    let kept = Kept::loader().hermetic().secrets_dir(secrets.path()).load_blocking().unwrap();
    assert_eq!(kept.key.expose_secret(), "a\r\n");
}

#[test]
fn a_variable_may_name_the_file() {
    let secrets = Secrets::new([("of-env", "from env\n"), ("of-dotenv", "from .env\n"), ("api_key", "mounted")]);
    let path = |name: &str| secrets.join(name).display().to_string();
    let env_file = secrets.join(".env");
    fs::write(&env_file, format!("DIR={}\nCHAT_API_KEY_FILE=${{DIR}}/of-dotenv\n", secrets.path().display())).unwrap();

    let of_env = || chat(&secrets).env([("CHAT_API_KEY_FILE", path("of-env"))]);
    assert_eq!(key(of_env()), "from env");
    assert_eq!(key(of_env().env_file(&env_file)), "from env");
    assert_eq!(key(chat(&secrets).env_file(&env_file)), "from .env");
    assert_eq!(key(of_env().env([("CHAT_API_KEY", "sk-test-key")])), "sk-test-key", "the variable itself goes before");
    assert_eq!(key(chat(&secrets).env([("CHAT_API_KEY_FILE", "")])), "mounted");
    assert_eq!(key(chat(&secrets).env([("OLD_KEY_FILE", path("of-env"))])), "from env", "that of an alias");

    let (chat, warnings) =
        chat(&secrets).env([("CHAT_API_KEY_FILE", path("nowhere"))]).load_with_warnings_blocking().unwrap();
    assert_eq!(text(chat.api_key.as_ref()), "mounted");
    let warnings: Vec<_> = warnings.iter().map(Warning::to_string).collect();
    assert_eq!(warnings, ["CHAT_API_KEY, CHAT_API_KEY_FILE: names a file that does not exist"]);
}

#[test]
fn a_relative_path_begins_at_the_current_directory() {
    let directory = std::env::current_dir().unwrap();
    let up: PathBuf = directory.components().skip(1).map(|_| "..").collect();
    let secrets = Secrets::new([("api_key", "sk-test-key")]);
    let relative = up.join(secrets.path().strip_prefix("/").unwrap());
    assert_eq!(key(Chat::loader().hermetic().secrets_dir(&relative)), "sk-test-key");
    let file = relative.join("api_key").display().to_string();
    assert_eq!(key(Chat::loader().hermetic().env([("CHAT_API_KEY_FILE", file)])), "sk-test-key");
}

#[test]
fn a_source_may_name_the_file() {
    #[derive(Settings)]
    #[settings(env_file = none, secrets_dir = none)]
    struct Named {
        #[secret(source = file("/proc/sys/kernel/ostype"))]
        kernel: Option<SecretString>,
        #[secret(source = [env, file("/proc/sys")])]
        directory: Option<SecretString>,
    }
    let named = Named::loader().env([("DIRECTORY", "x")]).load_blocking().unwrap();
    assert_eq!(text(named.kernel.as_ref()), std::env::consts::OS.replace('l', "L"));
    assert!(Named::loader().hermetic().load_blocking().unwrap().kernel.is_none());
    let report = Named::loader().env([("KERNEL", "x")]).load_blocking().unwrap_err();
    let (code, text) = problem(&report);
    assert_eq!(code, Code::UnreadableFile);
    assert_row(&text, "file", Path::new("/proc/sys"), "refused: not a regular file");
}

/// Puts something into the directory.
type Make = fn(&Secrets);

/// What must not be read as a secret: how it is made, and what the report says.
const REFUSED: &[(&str, Make, &str)] = &[
    ("a directory", |secrets| fs::create_dir(secrets.join("api_key")).unwrap(), "refused: not a regular file"),
    ("a FIFO", |secrets| make_fifo(&secrets.join("api_key")), "refused: not a regular file"),
    ("100 MB", |secrets| File::create(secrets.join("api_key")).unwrap().set_len(100_000_000).unwrap(), "over 1 MiB"),
    ("one byte too many", |secrets| secrets.write("api_key", vec![b'x'; 1024 * 1024 + 1]), "refused: over 1 MiB"),
    ("a link to /etc/passwd", |secrets| symlink("/etc/passwd", secrets.join("api_key")).unwrap(), "a link out of"),
    ("a link up", |secrets| symlink("..", secrets.join("api_key")).unwrap(), "a link out of"),
    (
        "writable by everyone",
        |secrets| {
            secrets.write("api_key", CANARY);
            secrets.allow("api_key", 0o666);
        },
        "refused: writable by everyone",
    ),
    (
        "a generation elsewhere",
        |secrets| {
            symlink("/etc", secrets.join("..data")).unwrap();
            symlink("..data/passwd", secrets.join("api_key")).unwrap();
        },
        "a link out of",
    ),
];

fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn what_is_no_file_of_a_secret_is_refused_quickly_whoever_else_has_the_value() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Refusing {
        #[secret(source = [docker, env])]
        api_key: Option<SecretString>,
    }
    for (name, make, outcome) in REFUSED {
        let secrets = Secrets::empty();
        make(&secrets);
        let begin = Instant::now();
        let loader = Refusing::loader().hermetic().secrets_dir(secrets.path()).env([("API_KEY", "sk-test-key")]);
        let report = loader.load_blocking().map(drop).expect_err(name);
        assert!(begin.elapsed() < Duration::from_secs(1), "{name}");
        let (code, text) = problem(&report);
        assert_eq!(code, Code::UnreadableFile, "{name}");
        assert_row(&text, "docker", &secrets.join("api_key"), outcome);
        assert_eq!(leak(&text, CANARY), None);
    }
}

#[test]
fn a_file_of_the_largest_size_is_read() {
    let secrets = Secrets::new([("api_key", vec![b'k'; 1024 * 1024])]);
    assert_eq!(key(chat(&secrets)).len(), 1024 * 1024);
}

#[test]
fn a_link_within_the_directory_is_followed_and_a_dangling_one_is_no_file() {
    let secrets = Secrets::new([("real", "sk-test-key")]);
    symlink("real", secrets.join("api_key")).unwrap();
    symlink("nowhere", secrets.join("db_password")).unwrap();
    let chat = chat(&secrets).load_blocking().unwrap();
    assert_eq!(text(chat.api_key.as_ref()), "sk-test-key");
    assert!(chat.db.password.is_none());
}

#[test]
fn a_directory_that_is_a_link_is_followed() {
    let (secrets, other) = (Secrets::new([("api_key", "sk-test-key")]), Secrets::empty());
    symlink(secrets.path(), other.join("link")).unwrap();
    assert_eq!(key(Chat::loader().hermetic().secrets_dir(other.join("link"))), "sk-test-key");
}

/// A link to itself cannot be read, and not even by root.
fn unreadable() -> Secrets {
    let secrets = Secrets::empty();
    symlink("api_key", secrets.join("api_key")).unwrap();
    secrets
}

#[test]
fn an_unreadable_file_is_passed_over_when_another_place_has_the_value() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Fallback {
        #[secret(source = [docker, env])]
        api_key: Option<SecretString>,
    }
    let secrets = unreadable();
    let loader = || Fallback::loader().hermetic().secrets_dir(secrets.path());
    let (found, warnings) = loader().env([("API_KEY", "sk-test-key")]).load_with_warnings_blocking().unwrap();
    assert_eq!(text(found.api_key.as_ref()), "sk-test-key");
    let warnings: Vec<_> = warnings.iter().map(Warning::to_string).collect();
    let path = secrets.join("api_key");
    let cause = fs::read(&path).unwrap_err().kind();
    let told = format!("API_KEY, {}: cannot be read ({cause}); the value comes from another place", path.display());
    assert_eq!(warnings, [told]);

    // Whether there is a value is not known, so an optional secret is not `None`.
    let (code, text) = problem(&loader().load_blocking().map(drop).unwrap_err());
    assert_eq!(code, Code::UnreadableFile);
    assert_row(&text, "docker", &path, "unreadable: ");
    let error = loader().get_secret_blocking("API_KEY").unwrap_err();
    assert_eq!(problem(&error).0, Code::UnreadableFile);
}

#[test]
fn an_empty_file_that_is_passed_over_is_named() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Fallback {
        #[secret(source = [docker, env])]
        api_key: Option<SecretString>,
    }
    let secrets = Secrets::new([("api_key", "\n")]);
    let loader = || Fallback::loader().hermetic().secrets_dir(secrets.path());
    let told = format!("API_KEY, {}: is empty, which counts as unset", secrets.join("api_key").display());
    for (env, value) in [(None, "none"), (Some(("API_KEY", "sk-test-key")), "sk-test-key")] {
        let (found, warnings) = loader().env(env).load_with_warnings_blocking().unwrap();
        assert_eq!(text(found.api_key.as_ref()), value);
        assert_eq!(warnings.iter().map(Warning::to_string).collect::<Vec<_>>(), [told.as_str()]);
    }
}

#[test]
fn a_required_secret_behind_an_unreadable_file_could_not_be_checked() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Required {
        api_key: SecretString,
        other_key: SecretString,
    }
    let secrets = unreadable();
    let report = Required::loader().hermetic().secrets_dir(secrets.path()).check_required_secrets_blocking();
    let text = report.unwrap_err().to_string();
    assert!(text.starts_with("Missing secrets: OTHER_KEY\nCould not be checked: API_KEY\n"), "{text}");
}

#[test]
fn what_is_no_directory_could_not_be_checked() {
    let secrets = Secrets::new([("file", "")]);
    let report = Chat::loader().hermetic().secrets_dir(secrets.join("file")).load_blocking().map(drop).unwrap_err();
    let codes: Vec<_> = report.problems().iter().map(|problem| problem.code()).collect();
    assert_eq!(codes, [Code::UnreadableFile, Code::UnreadableFile]);
    assert_row(&report.to_string(), "docker", &secrets.join("file/api_key"), "unreadable: not a directory");
}

#[test]
fn the_report_names_the_file_that_is_missing_empty_or_a_placeholder() {
    #[derive(Settings)]
    #[settings(env_prefix = "CHAT_", env_file = none)]
    struct Required {
        #[secret(env = "OPENAI_API_KEY")]
        openai_api_key: SecretString,
    }
    let secrets = Secrets::empty();
    let report = || {
        let loader = Required::loader().hermetic().secrets_dir(secrets.path());
        problem(&loader.load_blocking().map(drop).unwrap_err())
    };
    for (content, code, outcome) in [
        (None, Code::Missing, "no such file"),
        (Some("\n"), Code::Empty, "empty"),
        (Some("your-key-here\n"), Code::Placeholder, "a placeholder"),
    ] {
        content.into_iter().for_each(|content| secrets.write("openai_api_key", content));
        let (found, text) = report();
        assert_eq!(found, code, "{text}");
        assert_row(&text, "docker", &secrets.join("openai_api_key"), outcome);
    }
    let text = Required::loader().hermetic().secrets_dir("/run/nowhere").load_blocking().map(drop).unwrap_err();
    assert_row(&text.to_string(), "docker", Path::new("/run/nowhere/openai_api_key"), "no such file");
}

#[test]
fn explain_shows_the_file() {
    let secrets = Secrets::new([("api_key", CANARY)]);
    let explanation = chat(&secrets).explain_blocking().unwrap();
    let row = &explanation.rows()[0];
    let place = secrets.join("api_key").display().to_string();
    assert_eq!((row.layer(), row.place(), row.value()), ("docker", place.as_str(), "[REDACTED]"));
    assert_eq!(leak(&format!("{explanation} {explanation:?} {}", explanation.to_json()), CANARY), None);
}

#[test]
fn a_file_that_everyone_may_read_is_warned_of() {
    let secrets = Secrets::new([("api_key", "sk-test-key")]);
    let warnings = || chat(&secrets).load_with_warnings_blocking().unwrap().1;
    assert_eq!(warnings(), []);
    secrets.allow("api_key", 0o640);
    assert_eq!(warnings(), []);
    secrets.allow("api_key", 0o644);
    let place = secrets.join("api_key").display().to_string();
    let warnings: Vec<_> = warnings().iter().map(Warning::to_string).collect();
    assert_eq!(
        warnings,
        [format!("CHAT_API_KEY, {place}: can be read by every user of this machine; take that away with `chmod o-r`")]
    );
}

#[test]
fn a_file_on_a_mount_of_its_own_may_be_read_by_everyone() {
    // /proc is mounted everywhere, and its files may be read by everyone.
    let loader = chat(&Secrets::empty()).env([("CHAT_API_KEY_FILE", "/proc/version")]);
    let (chat, warnings) = loader.load_with_warnings_blocking().unwrap();
    assert!(chat.api_key.is_some());
    assert_eq!(warnings, []);
}

#[test]
fn two_secrets_on_one_file_are_refused_by_both_paths() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Clash {
        #[secret(env = "TOKEN")]
        db_password: Option<SecretString>,
        #[setting(nested, env_prefix = "OTHER_")]
        db: Database,
    }
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct NoClash {
        #[secret(env = "TOKEN", source = env)]
        db_password: Option<SecretString>,
        #[setting(nested, env_prefix = "OTHER_")]
        db: Database,
    }
    let report = Clash::loader().hermetic().load_blocking().map(drop).unwrap_err();
    assert_eq!(problem(&report).0, Code::SharedName);
    let note = "`db_password` and `db.password` are both read from the secret file `db_password`.";
    assert_eq!(report.problems()[0].note(), Some(note));
    let secrets = Secrets::new([("db_password", "pass")]);
    let loaded = NoClash::loader().hermetic().secrets_dir(secrets.path()).load_blocking().unwrap();
    assert_eq!((text(loaded.db_password.as_ref()), text(loaded.db.password.as_ref())), ("none", "pass"));
}

#[test]
fn no_output_depends_on_the_content() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Keys {
        #[secret(format = openai)]
        openai: Option<SecretString>,
        #[secret(min_len = 1000)]
        long: Option<SecretString>,
        array: Option<SecretBox<[u8; 4]>>,
        #[secret(encoding = "base64")]
        base64: Option<SecretSlice<u8>>,
        #[secret(encoding = "hex")]
        hex: Option<SecretSlice<u8>>,
        #[secret(source = [docker, env])]
        first: Option<SecretString>,
    }
    const OTHER: &str = "Gf2Lr6Yc4Ds0Ue5Va7Wi";
    for (name, content, code) in [
        ("openai", "{}", Some(Code::Invalid)),
        ("openai", "sk-ant-{}", Some(Code::Invalid)),
        ("openai", "sk-{}", None),
        ("openai", "<{}>", None),
        ("openai", "sk-{}¿", Some(Code::NotUtf8)),
        ("long", "{}", Some(Code::Invalid)),
        ("array", "{}", Some(Code::Invalid)),
        ("array", "{}¿", Some(Code::Invalid)),
        ("base64", "{}!", Some(Code::Invalid)),
        ("base64", "{}¿", Some(Code::NotUtf8)),
        ("hex", "{}", Some(Code::Invalid)),
        ("first", "{}", None),
    ] {
        let [one, other] = [CANARY, OTHER].map(|secret| {
            let content = content.replace("{}", secret);
            // What it stands for is no text.
            let bytes = match content.strip_suffix('¿') {
                Some(text) => [text.as_bytes(), b"\xff"].concat(),
                None => content.into_bytes(),
            };
            let secrets = Secrets::new([(name, bytes)]);
            let loader = || Keys::loader().hermetic().secrets_dir(secrets.path());
            let mut seen = match loader().load_with_warnings_blocking() {
                Ok((keys, warnings)) => format!("{keys:?} {warnings:?}"),
                Err(report) => {
                    assert_eq!(Some(problem(&report).0), code, "{name}");
                    format!("{report} {report:?} {} {:?}", report.to_json(), report.problems())
                }
            };
            seen.push_str(&format!("{:?}", loader().explain_blocking()));
            seen.push_str(&format!("{:?}", loader().get_secret_blocking(name)));
            seen.replace(&secrets.path().display().to_string(), "DIR")
        });
        assert_eq!(one, other, "{name}");
        assert_eq!(leak(&one, CANARY), None, "{one}");
        assert!(one.contains("DIR") || code.is_none(), "{one}");
    }
}

#[test]
fn the_secret_itself_in_the_variable_for_its_path_is_not_shown() {
    for value in [CANARY.to_owned(), format!("/{CANARY}"), format!("{CANARY}/{CANARY}"), CANARY.repeat(300)] {
        let loader = || Chat::loader().hermetic().env([("CHAT_API_KEY_FILE", value.clone())]);
        let texts = match loader().load_with_warnings_blocking() {
            Ok((_, warnings)) => format!("{warnings:?}"),
            Err(report) => format!("{report} {} {:?}", report.to_json(), report.problems()),
        };
        assert!(texts.contains("CHAT_API_KEY_FILE"), "{texts}");
        assert_eq!(leak(&texts, CANARY), None);
        assert_eq!(leak(&loader().explain_blocking().unwrap().to_string(), CANARY), None);
    }
}

#[test]
fn a_secret_that_no_field_declares_is_found_by_its_name_and_not_by_a_path() {
    let secrets = Secrets::new([("openai_api_key", "sk-test-key")]);
    let get = |name: &str| chat(&secrets).get_secret_blocking(name).unwrap();
    assert_eq!(text(get("OPENAI_API_KEY").as_ref()), "sk-test-key");
    assert_eq!(text(get("../../etc/passwd").as_ref()), "none");
    assert_eq!(text(get("/etc/passwd").as_ref()), "none");
}
