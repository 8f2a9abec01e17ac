//! Files that cannot be used, in the place of a .env file, a config file and a secret file: each is an error that names the
//! path, quickly, and nothing is loaded in part. `secret_files.rs` and `config_files.rs` have what only one of them can be.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "shown by Debug alone")]

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use settings_core::report::Code;
use settings_core::{Loader, Report, SecretString, Settings};
use settings_tests::leak;

const CANARY: &str = "Zq7Wk3Xv9Bn5Tm1Jh8Pd";

#[derive(Settings)]
#[settings(env_prefix = "SETTINGS_TESTS_UNSET_")]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
    host: Option<String>,
    api_key: Option<SecretString>,
}

/// Puts something at the path.
type Make = fn(&Path);

fn utf16(path: &Path, mark: &[u8], unit: fn(u16) -> [u8; 2]) {
    let text = format!("SETTINGS_TESTS_UNSET_HOST=\"{CANARY}\"\n");
    fs::write(path, [mark, &text.encode_utf16().flat_map(unit).collect::<Vec<_>>()].concat()).unwrap();
}

const UNUSABLE: &[(&str, Make, &str)] = &[
    ("a directory", |path| fs::create_dir(path).unwrap(), "not a regular file"),
    ("a FIFO", |path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()), "not a regular file"),
    (
        "a link to a FIFO",
        |path| {
            let fifo = path.with_extension("fifo");
            assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
            symlink(fifo.file_name().unwrap(), path).unwrap();
        },
        "not a regular file",
    ),
    ("a socket", |path| drop(UnixListener::bind(path).unwrap()), "not a regular file"),
    ("100 MB", |path| File::create(path).unwrap().set_len(100_000_000).unwrap(), "over 1 MiB"),
    (
        "writable by everyone",
        |path| {
            fs::write(path, CANARY).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o666)).unwrap();
        },
        "writable by everyone",
    ),
    // What root cannot read either.
    ("unreadable", |path| symlink(path.file_name().unwrap(), path).unwrap(), "readable: "),
    ("UTF-16", |path| utf16(path, &[0xff, 0xfe], u16::to_le_bytes), "UTF-8"),
    ("UTF-16 the other way round", |path| utf16(path, &[0xfe, 0xff], u16::to_be_bytes), "UTF-8"),
    ("Latin-1", |path| fs::write(path, [b"HOST=\"", CANARY.as_bytes(), b"\xe4\"\n"].concat()).unwrap(), "UTF-8"),
];

/// Makes the file at the path one that is read.
type Place = fn(Loader<Chat>, &Path) -> Loader<Chat>;

/// The name of the file in each place.
const PLACES: &[(&str, Place)] = &[
    (".env", |loader, path| loader.env_file(path)),
    ("chat.toml", |loader, path| loader.file(path)),
    ("api_key", |loader, path| loader.secrets_dir(path.parent().unwrap())),
];

#[test]
fn each_is_an_error_that_names_the_path_quickly() {
    for (what, make, sentence) in UNUSABLE {
        for (name, place) in PLACES {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join(name);
            make(&path);
            let begin = Instant::now();
            let load = || place(Chat::loader().hermetic(), &path).load_blocking();
            let report: Report = load().map(drop).expect_err(&format!("{what} for {name}"));
            assert!(begin.elapsed() < Duration::from_secs(5), "{what} for {name}: {:?}", begin.elapsed());
            assert_eq!(report.problems().len(), 1, "{what} for {name}: {report}");
            let code = report.problems()[0].code();
            let codes = [Code::UnreadableFile, Code::NotUtf8, Code::DotenvSyntax];
            assert!(codes.contains(&code), "{what} for {name}: {report}");
            let text = report.to_string().replace("\n      ", " ");
            assert!(text.contains(&path.display().to_string()), "{what} for {name}: {report}");
            assert!(text.contains(sentence), "{what} for {name}: {report}");
            assert_eq!(leak(&format!("{report} {}", report.to_json()), CANARY), None, "{what} for {name}");
        }
    }
}

#[test]
fn nothing_is_loaded_in_part() {
    let directory = tempfile::tempdir().unwrap();
    let (good, bad) = (directory.path().join("good.env"), directory.path().join("bad.env"));
    fs::write(&good, "SETTINGS_TESTS_UNSET_PORT=1\n").unwrap();
    fs::create_dir(&bad).unwrap();
    let loader = |path: &Path| Chat::loader().hermetic().env_file(&good).env_file(path);
    loader(&good).init_blocking().unwrap();
    assert_eq!(Chat::get().port, 1);
    let report = loader(&bad).set("port", 2).init_blocking().unwrap_err();
    assert_eq!(report.problems()[0].code(), Code::UnreadableFile);
    assert_eq!(Chat::get().port, 1, "what was there stays");
}

#[test]
fn references_in_a_circle_are_told_at_their_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".env");
    for (text, field) in [
        ("SETTINGS_TESTS_UNSET_HOST=${A}\nA=${B}\nB=${A}\n", "host"),
        ("SETTINGS_TESTS_UNSET_HOST=${SETTINGS_TESTS_UNSET_HOST}\n", "host"),
        // Each value is ten times the one before, for a hundred lines.
        (&billion_laughs(), "host"),
    ] {
        fs::write(&path, text).unwrap();
        let begin = Instant::now();
        let report = Chat::loader().hermetic().env_file(&path).load_blocking().map(drop).unwrap_err();
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
        assert_eq!((report.problems().len(), report.problems()[0].path()), (1, field), "{report}");
        let place = report.problems()[0].location().unwrap();
        assert!(place.starts_with(&path.display().to_string()), "{place}");
    }
}

fn billion_laughs() -> String {
    let lines = (1..100).map(|line| format!("L{line}={}\n", format!("${{L{}}}", line - 1).repeat(10)));
    std::iter::once("L0=ha\n".to_owned()).chain(lines).collect::<String>() + "SETTINGS_TESTS_UNSET_HOST=${L99}\n"
}
