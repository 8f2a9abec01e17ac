//! `scan --staged` in repositories of its own: what it finds in the index of git, what passes, and that it shows places
//! alone.
#![cfg(feature = "clap")]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use settings_tests::{Home, leak};

const CHAT: &str = env!("CARGO_BIN_EXE_chat");
/// Its parts are not of the form of any key, so that only the value itself can be what is found.
const CANARY: &str = "cana\"ry/Wk3 Xv+9=Bn&5";

/// A repository with one commit, and settings of which `OPENAI_API_KEY` is a canary.
struct Repository {
    home: Home,
    variables: Vec<(&'static str, String)>,
}

impl Repository {
    fn new() -> Self {
        Self::with(&[("OPENAI_API_KEY", CANARY)])
    }

    fn with(variables: &[(&'static str, &str)]) -> Self {
        let repository = Self {
            home: Home::new([("old.txt", "a clean file\nwith two lines\n")]),
            variables: variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        };
        repository.git(&["init", "--quiet"]);
        repository.git(&["add", "."]);
        repository.commit();
        repository
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.home.command(program);
        command.env("GIT_CONFIG_NOSYSTEM", "1").stdin(Stdio::null());
        // What is gone after the test need not be safe on the disk.
        command.envs([("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "core.fsync"), ("GIT_CONFIG_VALUE_0", "none")]);
        command
    }

    fn git(&self, arguments: &[&str]) {
        let output = self.command("git").args(arguments).output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn commit(&self) {
        self.git(&["-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "a commit"]);
    }

    fn answer(&self, arguments: &[&str]) -> String {
        let output = self.command("git").args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A commit of the index as it is.
    fn commit_tree(&self) -> String {
        let tree = self.answer(&["write-tree"]);
        self.answer(&[
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@example.com",
            "commit-tree",
            "-p",
            "HEAD",
            "-m",
            "all",
            &tree,
        ])
    }

    /// Stages a file of this name and content.
    fn stage(&self, name: impl AsRef<OsStr>, content: impl AsRef<[u8]>) {
        self.home.write(name.as_ref(), content);
        let add = self.command("git").args(["add", "--force", "--"]).arg(name.as_ref()).status().unwrap();
        assert!(add.success());
    }

    fn scan(&self) -> Output {
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        self.command(CHAT).args(["settings", "scan", "--staged"]).envs(variables).output().unwrap()
    }

    /// The lines that tell a place each.
    fn found(&self) -> Vec<String> {
        let output = self.scan();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        for (_, value) in &self.variables {
            assert_eq!(leak(&text, value), None, "{text}");
        }
        let places: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("  ")).map(str::to_owned).collect();
        if places.is_empty() {
            assert_eq!((text.as_str(), output.status.code()), ("", Some(0)));
        } else {
            assert!(text.starts_with("ERROR: Potential secrets detected in staged files!\n\n"), "{text}");
            assert_eq!(output.status.code(), Some(1));
        }
        places
    }
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| {
        let bits = bytes.iter().chain([&0, &0]).take(3).fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let letters = (0..=bytes.len()).map(move |at| char::from(LETTERS[bits >> (18 - 6 * at) & 63]));
        letters.chain("==".chars()).take(4).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

#[test]
fn a_value_is_found_in_all_four_forms() {
    let around = base64(&format!("{}{CANARY}{}", "x".repeat(31), "y".repeat(31)));
    let wrapped: Vec<_> = around.as_bytes().chunks(20).map(String::from_utf8_lossy).collect();
    for (content, form) in [
        (CANARY.to_owned(), ""),
        (format!("key: {CANARY}."), ""),
        (base64(CANARY), ", in base64"),
        (format!("data:\n  key: {}", base64(&format!("user:{CANARY}\n"))), ", in base64"),
        (base64(&format!("u:{CANARY}@h")).replace('+', "-").replace('/', "_"), ", in base64"),
        (wrapped.join("\n    "), ", in base64"),
        (serde_json::to_string(&[CANARY]).unwrap(), ", as JSON writes it"),
        (CANARY.replace('"', r"\u0022").replace('/', r"\/"), ", as JSON writes it"),
        ("https://h/?k=cana%22ry%2FWk3%20Xv%2B9%3DBn%265".to_owned(), ", as a URL writes it"),
        ("cana%22ry/Wk3%20Xv%2b9=Bn&5".to_owned(), ", as a URL writes it"),
    ] {
        let repository = Repository::new();
        repository.stage("file", format!("\n{content}\n"));
        let found = repository.found();
        assert_eq!(found.len(), 1, "{content}: {found:?}");
        assert!(
            found[0].starts_with("file:") && found[0].ends_with(&format!("  the value of OPENAI_API_KEY{form}")),
            "{found:?}"
        );
    }
}

#[test]
fn the_line_is_that_of_the_staged_file() {
    let repository = Repository::new();
    repository.stage("file", format!("one\ntwo \\n \\u0041 %20\n\n{CANARY}\n{} x\n", CANARY.replace('"', "\\\"")));
    assert_eq!(
        repository.found(),
        ["file:4  the value of OPENAI_API_KEY", "file:5  the value of OPENAI_API_KEY, as JSON writes it"]
    );
}

#[test]
fn any_file_name_works() {
    let repository = Repository::new();
    for name in ["a b.txt", "-flag", "quote\"d", "tab\there", "é.txt", "dir with blank/x y", "line\nbreak"] {
        repository.stage(name, CANARY);
    }
    repository.stage(OsStr::from_bytes(b"not-\xff-utf8"), CANARY);
    let mut found: Vec<_> = repository.found().iter().map(|line| line.split("  ").next().unwrap().to_owned()).collect();
    found.sort_unstable();
    let mut expected = [
        "a b.txt:1",
        "-flag:1",
        "quote\"d:1",
        r"tab\there:1",
        "é.txt:1",
        "dir with blank/x y:1",
        r"line\nbreak:1",
        "not-\u{fffd}-utf8:1",
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_renamed_file_is_searched_under_its_new_name() {
    let repository = Repository::new();
    repository.stage("secret.txt", format!("{}{CANARY}\n", "a line\n".repeat(50)));
    repository.commit();
    assert_eq!(repository.found(), [""; 0]);
    repository.git(&["mv", "secret.txt", "renamed.txt"]);
    assert_eq!(repository.found(), ["renamed.txt:51  the value of OPENAI_API_KEY"]);
}

#[test]
fn a_binary_file_is_searched() {
    let repository = Repository::new();
    let bytes: Vec<u8> = (0..4096_u32).map(|at| u8::try_from(at * 7 % 256).unwrap()).collect();
    repository.stage("image.png", [&bytes[..], CANARY.as_bytes(), &bytes[..]].concat());
    assert_eq!(repository.found().len(), 1);
    let utf16: Vec<u8> = format!("\u{feff}first\nkey={CANARY}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    repository.stage("image.png", utf16);
    assert_eq!(repository.found(), ["image.png:2  the value of OPENAI_API_KEY"]);
}

#[test]
fn it_is_the_index_that_counts_and_not_the_working_tree() {
    let repository = Repository::new();
    repository.stage("staged", CANARY);
    fs::remove_file(repository.home.path().join("staged")).unwrap();
    assert_eq!(repository.found(), ["staged:1  the value of OPENAI_API_KEY"]);
    repository.home.write("staged", "clean again, but not staged");
    assert_eq!(repository.found(), ["staged:1  the value of OPENAI_API_KEY"]);
    repository.stage("staged", "clean");
    repository.home.write("staged", CANARY);
    repository.home.write("not staged", CANARY);
    assert_eq!(repository.found(), [""; 0]);
}

#[test]
fn a_conflict_is_searched_when_it_is_resolved() {
    let repository = Repository::new();
    let config = ["-c", "user.name=T", "-c", "user.email=t@example.com"];
    repository.git(&["branch", "other"]);
    repository.stage("old.txt", "ours\n");
    repository.commit();
    repository.git(&["checkout", "--quiet", "other"]);
    repository.stage("old.txt", "theirs\n");
    repository.commit();
    let merge = repository.command("git").args(config).args(["merge", "--quiet", "-"]).output().unwrap();
    assert!(!merge.status.success());
    repository.stage("other.txt", CANARY);
    assert_eq!(repository.found(), ["other.txt:1  the value of OPENAI_API_KEY"]);
    repository.stage("old.txt", CANARY);
    assert_eq!(repository.found().len(), 2);
}

#[test]
fn outside_of_a_repository_it_says_so_and_no_more() {
    let home = Home::new([("old.txt", "a clean file\n")]);
    let mut command = home.command(CHAT);
    command.args(["settings", "scan", "--staged"]).env("OPENAI_API_KEY", CANARY).stdin(Stdio::null());
    let output = command.output().unwrap();
    let told = "error: not a git repository: run this within one, or make one with `git init`\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), told);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let home = Home::new([("file", CANARY)]);
    let repository = Repository { home, variables: vec![("OPENAI_API_KEY", CANARY.to_owned())] };
    repository.git(&["init", "--quiet"]);
    assert_eq!(repository.found(), [""; 0]);
    repository.git(&["add", "."]);
    assert_eq!(repository.found(), ["file:1  the value of OPENAI_API_KEY"]);
}

#[test]
fn what_is_clean_passes() {
    let repository = Repository::new();
    assert_eq!(repository.found(), [""; 0]);
    repository.stage("secret.txt", CANARY);
    repository.commit();
    repository.stage("new.txt", "a clean file\n");
    repository.stage("old.txt", "changed\n");
    repository.stage("empty", "");
    let example = repository.command(CHAT).args(["settings", "env-example"]).output().unwrap().stdout;
    repository.stage(".env.example", example);
    repository.git(&["rm", "--quiet", "secret.txt"]);
    assert_eq!(repository.found(), [""; 0]);
}

#[test]
fn a_line_that_is_marked_passes() {
    let repository = Repository::new();
    repository.stage("file", format!("{CANARY} # pragma: allowlist secret\n{CANARY}\n"));
    assert_eq!(repository.found(), ["file:2  the value of OPENAI_API_KEY"]);
}

#[test]
fn it_looks_for_what_every_layer_has() {
    let repository = Repository::with(&[
        ("OPENAI_API_KEY", "canary-env-1"),
        ("CHAT_SERVERS", r#"[{"host": "h", "token": "canary-element-1"}]"#),
        ("DATABASE_URL", "postgres://app:canary-url-1@db/chat"),
        ("CHAT_CORP_KEY_FILE", "corp.txt"),
    ]);
    repository.home.write(".env", "OPENAI_API_KEY=canary-dotenv-1\n");
    repository.home.write("secrets/openai_api_key", "canary-secret-file-1\n");
    repository.home.write("secrets/blob_key", b"canary-\xff-bytes-1");
    repository.home.write("corp.txt", "canary-named-file-1\n");
    let values: [&[u8]; 7] = [
        b"canary-env-1",
        b"canary-dotenv-1",
        b"canary-secret-file-1",
        b"canary-\xff-bytes-1",
        b"canary-named-file-1",
        b"canary-element-1",
        b"the password is canary-url-1",
    ];
    for value in values {
        repository.stage("file", value);
        assert_eq!(repository.found().len(), 1, "{}", String::from_utf8_lossy(value));
    }
}

#[test]
fn what_is_no_secret_is_not_looked_for() {
    let repository = Repository::with(&[
        ("OPENAI_API_KEY", "sk-test-key"),
        ("CHAT_CORP_KEY", "corp-test-key"),
        ("DATABASE_URL", "postgres"),
        ("CHAT_DB_PASSWORD", "changeme"),
        ("CHAT_DB_HOST", "db.example.com"),
        ("CHAT_BLOB_KEY", "seven77"),
    ]);
    repository.stage("file", "sk-test-key corp-test-key postgres changeme db.example.com seven77");
    assert_eq!(repository.found(), [""; 0]);
}

#[test]
fn with_nothing_loaded_it_finds_what_looks_like_a_secret() {
    let repository = Repository::with(&[]);
    // Put together here, so that this file passes.
    let [digits, key, word] = ["abcdefghijk1", "KEY", "password"];
    let lines = [
        (format!("sk-{digits}"), "looks like an OpenAI key"),
        (format!("sk-ant-{digits}"), "looks like an Anthropic key"),
        (format!("x=corp-{digits}"), "looks like a key that begins with corp-"),
        (format!("-----BEGIN RSA PRIVATE {key}-----"), "looks like a private key"),
        (format!("db_{word} = \"hunter-two\""), "looks like a password"),
        ("sk-test-key corp-short1 -----BEGIN PUBLIC KEY----- password=\"changeme\"".to_owned(), ""),
        (format!("sk-{digits} // pragma: allowlist secret"), ""),
    ];
    repository.stage("file", lines.each_ref().map(|(line, _)| line.as_str()).join("\n"));
    let found = repository.found();
    let expected = lines.iter().enumerate().filter(|(_, (_, what))| !what.is_empty());
    let expected: Vec<_> = expected.map(|(at, (_, what))| format!("file:{}  {what}", at + 1)).collect();
    assert_eq!(found, expected);
}

#[test]
fn what_is_found_in_the_name_of_a_file_is_not_shown() {
    let repository = Repository::with(&[("OPENAI_API_KEY", "canary-Zq7Wk3Xv9")]);
    repository.stage("keys/canary-Zq7Wk3Xv9.txt", "clean");
    assert_eq!(repository.found(), ["keys/[REDACTED].txt  the value of OPENAI_API_KEY, in the name of the file"]);
}

#[test]
fn no_output_depends_on_a_secret() {
    let outputs = ["canary-Zq7Wk3Xv9Bn5", "canary-Gf2Lr6Yc4Ds0"].map(|canary| {
        let repository = Repository::with(&[("OPENAI_API_KEY", canary), ("DATABASE_URL", canary)]);
        repository.home.write(".env", format!("{canary} is my key\n"));
        repository.stage("plain", canary);
        repository.stage("key", format!("sk-{canary}1"));
        repository.stage("password", format!("password='{canary}'")); // pragma: allowlist secret
        repository.stage(format!("{canary}.txt"), format!("-----BEGIN PRIVATE {}-----\n{canary}", "KEY"));
        let output = repository.scan();
        assert_eq!(output.status.code(), Some(1));
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(leak(&text.concat(), canary), None, "{text:?}");
        text
    });
    assert_eq!(outputs[0], outputs[1]);
    assert!(outputs[0][1].starts_with("warning: not all settings could be read"), "{outputs:?}");
}

#[test]
fn outside_of_a_repository_there_is_nothing_to_search() {
    let home = Home::new::<&str>([]);
    let output =
        home.command(CHAT).args(["settings", "scan", "--staged"]).env("GIT_CEILING_DIRECTORIES", "/").output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(error.starts_with("error: ") && error.contains("git"), "{error}");
    let output =
        home.command(CHAT).args(["settings", "scan", "--staged"]).env("PATH", "/nonexistent").output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "error: git cannot be run: entity not found\n");
}

#[test]
fn the_users_configuration_of_git_changes_nothing() {
    let repository = Repository::new();
    for (name, value) in [
        ("diff.external", "false"),
        ("diff.renames", "copies"),
        ("diff.relative", "true"),
        ("diff.noprefix", "true"),
        ("color.ui", "always"),
        ("core.quotePath", "true"),
    ] {
        repository.git(&["config", name, value]);
    }
    repository.stage("dir/é", CANARY);
    let mut command = repository.command(CHAT);
    command.args(["settings", "scan", "--staged"]).env("OPENAI_API_KEY", CANARY);
    // Below a directory that has none of the staged files.
    fs::create_dir(repository.home.path().join("other")).unwrap();
    let output = command.current_dir(repository.home.path().join("other")).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains("\n  dir/é:1  the value of OPENAI_API_KEY\n"));
}

#[test]
fn links_are_searched_and_submodules_are_not() {
    let repository = Repository::with(&[("OPENAI_API_KEY", "canary-1")]);
    std::os::unix::fs::symlink("canary-1", repository.home.path().join("link")).unwrap();
    repository.git(&["add", "link"]);
    repository.git(&["update-index", "--add", "--cacheinfo", "160000,1234567890123456789012345678901234567890,module"]);
    assert_eq!(repository.found(), ["link:1  the value of OPENAI_API_KEY"]);
}

/// 50,000 files in the index, of which five are changed.
#[test]
fn a_large_repository_takes_no_longer_than_its_small_diff() {
    let repository = Repository::new();
    repository.git(&["add", "."]);
    let blob = repository.answer(&["rev-parse", "HEAD:old.txt"]);
    let mut add =
        repository.command("git").args(["update-index", "--index-info"]).stdin(Stdio::piped()).spawn().unwrap();
    let entries: String = (0..50_000).map(|at| format!("100644 {blob} 0\tall/f{at}\n")).collect();
    add.stdin.take().unwrap().write_all(entries.as_bytes()).unwrap();
    assert!(add.wait().unwrap().success());
    // A commit without a look at the working tree, which has none of them.
    repository.git(&["update-ref", "HEAD", &repository.commit_tree()]);
    for at in 0..5 {
        repository.stage(format!("d{at}/changed"), CANARY);
    }
    let start = Instant::now();
    assert_eq!(repository.found().len(), 5);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
}
