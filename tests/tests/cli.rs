//! The subcommand `settings` from outside: what it prints and where, the codes it leaves with, and that no value of a
//! secret is in any of it.
#![cfg(feature = "clap")]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use settings_tests::{Home, leak};

const CHAT: &str = env!("CARGO_BIN_EXE_chat");
const KEY: (&str, &str) = ("OPENAI_API_KEY", "sk-test-key");
const HOST: (&str, &str) = ("CHAT_DB_HOST", "db");

/// Runs `chat` with these arguments and variables.
fn chat(home: &Home, arguments: &str, variables: &[(&str, &str)]) -> Output {
    let arguments = arguments.split(' ').filter(|argument| !argument.is_empty());
    home.command(CHAT).args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn empty() -> Home {
    Home::new::<&str>([])
}

#[test]
fn check_tells_the_state_of_each_field() {
    let home = Home::new([(".env", "CHAT_PORT=9000\nCHAT_DB_HOST=db\n"), ("attic", "old-test-key")]);
    let output = chat(&home, "settings check", &[KEY]);
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
    assert_eq!(
        out(&output),
        "\
FIELD           STATE    AGE    LAYER  PLACE
port            set             .env   ./.env:1:11
origins         default                CHAT_ORIGINS
timeout         default                CHAT_TIMEOUT
db.host         set             .env   ./.env:2:14
db.password     unset                  CHAT_DB_PASSWORD
mail.host       unset                  CHAT_MAIL_HOST
mail.port       unset                  CHAT_MAIL_PORT
servers         default                CHAT_SERVERS
openai_api_key  set             env    OPENAI_API_KEY
corp_key        unset                  CHAT_CORP_KEY
database_url    unset                  DATABASE_URL
blob_key        unset                  CHAT_BLOB_KEY
old_key         set      100 d  attic  old-key

warning: CHAT_OLD_KEY, old-key: is 100 days old and should be rotated every 90 days

Chat loads: 4 set, 3 by default, 6 unset.
"
    );
}

#[test]
fn check_fails_with_the_report_on_the_standard_error() {
    let output = chat(&empty(), "settings check", &[KEY, ("CHAT_PORT", "80a0")]);
    assert_eq!(code(&output), 78);
    assert!(out(&output).contains("\nport            invalid  env    CHAT_PORT\n"), "{}", out(&output));
    assert!(out(&output).contains("\ndb.host         missing         CHAT_DB_HOST\n"), "{}", out(&output));
    assert!(err(&output).starts_with("error: Chat cannot load: 2 problems\n"), "{}", err(&output));
}

#[test]
fn a_store_that_does_not_answer_is_worth_another_try() {
    let home = Home::new([("attic", "closed")]);
    for arguments in ["settings check", "settings check --json", "settings exec -- true"] {
        assert_eq!(code(&chat(&home, arguments, &[KEY, HOST])), 75, "{arguments}");
    }
}

#[test]
fn what_could_not_be_checked_is_told_with_its_place() {
    let home = Home::new([("attic", "closed")]);
    let field = |path: &str, arguments: &str| {
        // A folder cannot be read as a file.
        let output = chat(&home, arguments, &[("OPENAI_API_KEY_FILE", "."), HOST]);
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let field = json["fields"].as_array().unwrap().iter().find(|field| field["path"] == path).unwrap().clone();
        ["state", "layer", "place"].map(|name| field[name].as_str().unwrap().to_owned())
    };
    for arguments in ["settings check --json", "settings explain --json"] {
        assert_eq!(field("old_key", arguments), ["unchecked", "attic", "old-key"], "{arguments}");
        let [state, layer, place] = field("openai_api_key", arguments);
        assert_eq!((state.as_str(), layer.as_str()), ("unchecked", "docker"), "{arguments}");
        assert!(place.contains("OPENAI_API_KEY_FILE") || place == ".", "{place}");
    }
    let check = out(&chat(&home, "settings check", &[KEY, HOST]));
    let row = check.lines().find(|line| line.starts_with("old_key")).unwrap();
    assert_eq!(
        row.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect::<Vec<_>>(),
        ["old_key", "could not be checked", "attic", "old-key"]
    );
    let explain = out(&chat(&home, "settings explain", &[KEY, HOST]));
    assert!(explain.contains("attic (could not be checked)  old-key\n"), "{explain}");
}

#[test]
fn check_as_json() {
    let home = Home::new([("attic", "old-test-key"), (".env", "OPENAI_API_KEY=sk-test-key-2\n")]);
    let output = chat(&home, "settings check --json", &[KEY, HOST]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
    assert_eq!((&json["settings"], &json["exit_code"], &json["problems"]), (&json!("Chat"), &json!(0), &json!([])));
    let field = |path: &str| {
        let fields = json["fields"].as_array().unwrap();
        fields.iter().find(|field| field["path"] == path).unwrap().clone()
    };
    let expected = json!({
        "path": "openai_api_key",
        "variable": "OPENAI_API_KEY",
        "state": "set",
        "layer": "env",
        "place": "OPENAI_API_KEY",
        "version": null,
        "created": null,
        "passed": [],
        "shadowed": [{"layer": ".env", "place": "./.env:1:16"}],
    });
    assert_eq!(field("openai_api_key"), expected);
    let old = field("old_key");
    assert_eq!(old["version"], "7");
    assert!(old["created"].as_str().is_some_and(|time| time.ends_with('Z')), "{old}");
    let warnings = json["warnings"].as_array().unwrap();
    assert!(warnings.iter().any(|warning| warning["variable"] == "CHAT_OLD_KEY"), "{json}");

    let output = chat(&empty(), "settings check --json", &[KEY]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((code(&output), err(&output).as_str()), (78, ""));
    assert_eq!((&json["exit_code"], &json["problems"][0]["code"]), (&json!(78), &json!("E101")));
}

#[test]
fn explain_tells_where_values_come_from_whether_they_are_right_or_not() {
    let home = Home::new([(".env", "CHAT_PORT=9000\n")]);
    let output = chat(&home, "settings explain", &[KEY, ("CHAT_PORT", "80a0")]);
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
    let expected = "\
FIELD           VALUE                    LAYER          PLACE
port            80a0                     env (invalid)  CHAT_PORT
    over .env ./.env:1:11
";
    assert!(out(&output).starts_with(expected), "{}", out(&output));
    let origins = "http://localhost:3000,https://chat.example.com";
    let whole = out(&chat(&home, "settings explain", &[KEY, ("CHAT_ORIGINS", origins)]));
    assert!(whole.contains(&format!(" {origins}  env ")), "in a pipe nothing is cut: {whole}");
    let output = chat(&home, "settings explain --json", &[KEY]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let port = json!({
        "path": "port", "variable": "CHAT_PORT", "state": "set", "layer": ".env", "place": "./.env:1:11",
        "value": "9000", "version": null, "created": null, "passed": [],
        "shadowed": [],
    });
    assert_eq!((code(&output), &json["fields"][0]), (0, &port));
}

#[test]
fn there_are_no_colours_in_a_pipe_unless_they_are_asked_for() {
    let home = empty();
    let output = chat(&home, "settings check", &[]);
    assert!(!out(&output).contains('\u{1b}') && !err(&output).contains('\u{1b}'));
    let forced = ("CLICOLOR_FORCE", "1");
    let output = chat(&home, "settings check", &[forced]);
    assert!(out(&output).contains("\u{1b}[1m\u{1b}[31mmissing\u{1b}[0m"), "{:?}", out(&output));
    assert!(err(&output).starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m Chat cannot load"), "{:?}", err(&output));
}

#[test]
fn env_example_is_printed_checked_and_written() {
    let home = empty();
    let text = out(&chat(&home, "settings env-example", &[]));
    assert!(text.starts_with("# The settings of Chat.\n") && text.contains("\nCHAT_DB_HOST=\n"), "{text}");
    let check = || chat(&home, "settings env-example --check .env.example", &[]);
    let output = check();
    assert_eq!((code(&output), out(&output).lines().next()), (1, Some("There is no file ./.env.example.")));
    let output = chat(&home, "settings env-example --write .env.example", &[]);
    assert_eq!((code(&output), out(&output).as_str()), (0, ""));
    assert_eq!(fs::read_to_string(home.path().join(".env.example")).unwrap(), text);
    assert_eq!(code(&check()), 0);
    home.write(".env.example", text.replace("\nCHAT_DB_HOST=\n", "\nCHAT_DB_NAME=canary-1\n"));
    let output = check();
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("\n-CHAT_DB_NAME=…\n+CHAT_DB_HOST=\n"), "{}", out(&output));
    assert_eq!(leak(&out(&output), "canary-1"), None);
    let output = chat(&home, "settings env-example --write no/such/directory", &[]);
    assert_eq!((code(&output), err(&output).as_str()), (1, "error: ./no/such/directory: entity not found\n"));
}

#[test]
fn docs_and_schema_are_printed() {
    let docs = chat(&empty(), "settings docs", &[]);
    assert!(code(&docs) == 0 && out(&docs).starts_with("# Chat\n\nThe chat service.\n"), "{}", out(&docs));
    let schema = chat(&empty(), "settings schema", &[]);
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema["properties"]["port"]["maximum"], 65535);
}

#[test]
fn what_sets_secrets_up_is_printed() {
    let compose = chat(&empty(), "settings provision docker", &[]);
    assert_eq!((code(&compose), err(&compose).as_str()), (0, ""));
    assert!(out(&compose).contains("\n  openai_api_key:\n    file: ./secrets/openai_api_key\n"), "{}", out(&compose));
    let rules = chat(&empty(), "settings gitleaks", &[]);
    assert!(code(&rules) == 0 && out(&rules).contains("keywords = [\"corp-\"]\n"), "{}", out(&rules));
    let unknown = chat(&empty(), "settings provision moon", &[]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("aws, azure, google, vault, kubernetes, docker, dapr"), "{}", err(&unknown));
}

#[test]
fn exec_gives_the_program_every_value_by_its_variable() {
    let home = Home::new([
        (".env", "CHAT_ORIGINS=x,y\nOPENAI_API_KEY=sk-test-key # a comment\n"),
        (
            "chat.toml",
            "port = 9000\ndb.host = \"db\"\n[[servers]]\nhost = \"a\"\ntoken = \"t1\"\n[[servers]]\nhost = \"b\"\n",
        ),
        ("secrets/db_password", "file-test-key\n"),
        ("attic", "old-test-key"),
    ]);
    let output = chat(&home, "settings exec env", &[("OTHER", "1"), ("CHAT_TIMEOUT", "5s")]);
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
    let mut lines: Vec<_> = out(&output).lines().map(str::to_owned).collect();
    lines.retain(|line| !line.starts_with("PATH=") && !line.starts_with("HOME="));
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "CHAT_DB_HOST=db",
            "CHAT_DB_PASSWORD=file-test-key",
            "CHAT_OLD_KEY=old-test-key",
            "CHAT_ORIGINS=x,y",
            "CHAT_PORT=9000",
            r#"CHAT_SERVERS=[{"host":"a","token":"t1"},{"host":"b"}]"#,
            "CHAT_TIMEOUT=5s",
            "OPENAI_API_KEY=sk-test-key",
            "OTHER=1",
        ]
    );
    // What it was given, it loads itself.
    let output = chat(&home, &format!("settings exec -- {CHAT} settings explain --json"), &[]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let layers: Vec<_> =
        json["fields"].as_array().unwrap().iter().map(|field| field["layer"].as_str().unwrap()).collect();
    assert!(layers.iter().all(|layer| ["env", "unset", "default"].contains(layer)), "{json}");
    assert_eq!(json["fields"][7]["value"], "2 elements");
}

#[test]
fn exec_runs_nothing_when_the_settings_do_not_load() {
    let output = chat(&empty(), "settings exec -- touch ran", &[KEY]);
    assert_eq!((code(&output), out(&output).as_str()), (78, ""));
    assert!(err(&output).starts_with("error: Chat cannot load: 1 problem\n"));
    let home = empty();
    let output = chat(&home, "settings exec -- no-such-program", &[KEY, HOST]);
    assert_eq!(
        (code(&output), err(&output).as_str()),
        (127, "error: cannot run no-such-program: there is no such program\n")
    );
    let output = chat(&home, "settings exec -- /", &[KEY, HOST]);
    assert_eq!((code(&output), err(&output).as_str()), (126, "error: cannot run /: permission denied\n"));
    assert!(fs::read_dir(home.path()).unwrap().next().is_none());
}

#[test]
fn exec_passes_on_the_exit_code_and_signals() {
    use std::os::unix::process::ExitStatusExt;
    let home = empty();
    let run = |script: &str| {
        let mut command = home.command(CHAT);
        command.args(["settings", "exec", "--", "sh", "-c", script]).envs([KEY, HOST]);
        command
    };
    assert_eq!(run("exit 7").status().unwrap().code(), Some(7));
    assert_eq!(run("kill -TERM $$").status().unwrap().signal(), Some(15));
    // A signal to this process is one to the program.
    let mut child =
        run("trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done").stdout(Stdio::piped()).spawn().unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    home.command("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9));
}

#[test]
fn exec_says_what_no_variable_can_hold() {
    let home = Home::new([("secrets/blob_key", b"canary\0canary".as_slice())]);
    let output = chat(&home, "settings exec -- true", &[KEY, HOST]);
    assert_eq!(code(&output), 78);
    assert!(
        err(&output).contains("CHAT_BLOB_KEY  invalid secret") && err(&output).contains("NUL byte"),
        "{}",
        err(&output)
    );
}

#[test]
fn arguments_stand_above_every_layer() {
    let home = Home::new([(".env", "CHAT_PORT=9000\nCHAT_DB_HOST=db\n")]);
    let output = chat(&home, "--set port=9001 settings explain --json", &[KEY, ("CHAT_PORT", "9002")]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["fields"][0]["value"], &json["fields"][0]["layer"]), (&json!("9001"), &json!("set")));
    // After the subcommand as well, by the variable, and the last one wins.
    let output = chat(&home, "settings explain --json --set port=9001 --set CHAT_PORT=9003 --set db.host=x=y", &[KEY]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["fields"][0]["value"], &json["fields"][3]["value"]), (&json!("9003"), &json!("x=y")));
}

#[test]
fn what_arguments_must_not_give_is_refused_with_the_reason() {
    let errors = ["canary-Zq7Wk3", "canary-Gf2Lr6"].map(|canary| {
        let arguments = format!(
            "settings check --set openai_api_key=sk-{canary} --set CHAT_CORP_KEY=corp-{canary} --set {canary} \
             --set servers=[{{\"host\":\"{canary}\"}}] --set prot=9000 --set port={canary} --set {canary}=1"
        );
        let output = chat(&empty(), &arguments, &[KEY, HOST]);
        assert_eq!((code(&output), out(&output).as_str()), (78, ""));
        assert_eq!(leak(&err(&output), canary), None, "{}", err(&output));
        err(&output)
    });
    assert_eq!(errors[0], errors[1]);
    let error = &errors[0];
    for part in [
        "Chat cannot load: 6 problems\n",
        " prot  unknown field  [E108]\n      Chat has no such field; did you mean `port`?\n",
        " OPENAI_API_KEY  secret in an argument  [E116]   openai_api_key, --set\n",
        " CHAT_CORP_KEY  secret in an argument  [E116]   corp_key, --set\n",
        " CHAT_SERVERS  secret in an argument  [E116]   servers, --set\n",
        " --set  invalid  [E102]\n      expected FIELD=VALUE, found an argument without `=`\n",
        "Arguments stand in the list of processes",
    ] {
        assert!(error.contains(part), "{part}\n{error}");
    }
}

/// Runs `rotate` with this on its standard input.
fn rotate(home: &Home, arguments: &str, value: &[u8]) -> Output {
    let mut command = home.command(CHAT);
    command.args(["settings", "rotate"]).args(arguments.split(' ')).envs([KEY, HOST]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Where it is not read, the pipe is closed already.
    let _ = child.stdin.take().unwrap().write_all(value);
    child.wait_with_output().unwrap()
}

#[test]
fn rotate_writes_what_it_reads() {
    let home = Home::new([("attic", "old-test-key")]);
    let output = rotate(&home, "old_key", b"new-test-key\n");
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
    assert_eq!(out(&output), "old_key has a new value.\n");
    assert_eq!(fs::read_to_string(home.path().join("attic")).unwrap(), "new-test-key");
    assert_eq!(code(&rotate(&home, "CHAT_OLD_KEY", b"a new one\r\n")), 0);
    assert_eq!(fs::read_to_string(home.path().join("attic")).unwrap(), "a new one");
}

#[test]
fn rotate_refuses_what_cannot_be_right_and_shows_none_of_it() {
    let long = |canary: &str| canary.repeat(30_000).into_bytes();
    let outputs = ["canary-Zq7Wk3", "canary-Gf2Lr6"].map(|canary| {
        let home = Home::new([("attic", "old-test-key")]);
        let cases = [
            (rotate(&home, "old_key", &canary.as_bytes()[..7]), 78, "[E102]"),
            (rotate(&home, "old_key", b"\n"), 78, "[E103]"),
            (rotate(&home, "old_key", format!("your-{canary}-here").as_bytes()), 78, "[E104]"),
            (rotate(&home, "openai_api_key", canary.as_bytes()), 78, "expected a value that begins with sk-"),
            (rotate(&home, "corp_key", format!("corp-{canary}").as_bytes()), 78, "[E120]"),
            (rotate(&home, "old_kye", canary.as_bytes()), 78, "did you mean `old_key`?"),
            (rotate(&home, "port", canary.as_bytes()), 78, "`port` is no secret"),
            (rotate(&home, canary, b"old_key"), 78, "[E108]"),
            (rotate(&home, "old_key", &[canary.as_bytes(), b"\xff"].concat()), 1, "not UTF-8"),
            (rotate(&home, "old_key", &long(canary)), 1, "over 256 KiB"),
            (rotate(&home, &format!("old_key {canary}"), b""), 2, "list of processes"),
            (rotate(&home, &format!("old_key --value={canary}"), b""), 2, "list of processes"),
            (rotate(&home, &format!("old_key -v {canary}"), b""), 2, "list of processes"),
        ];
        assert!(fs::read_to_string(home.path().join("attic")).unwrap() == "old-test-key");
        cases.map(|(output, exit, part)| {
            assert_eq!((code(&output), out(&output).as_str()), (exit, ""), "{}", err(&output));
            assert!(err(&output).contains(part), "{part}: {}", err(&output));
            assert_eq!(leak(&err(&output), canary), None, "{}", err(&output));
            err(&output)
        })
    });
    assert_eq!(outputs[0], outputs[1]);
}

/// Every command that tells of values, with secrets in every layer and in places where they are wrong.
#[test]
fn no_output_depends_on_a_secret() {
    let outputs = ["canary-Zq7Wk3Xv9Bn5", "canary-Gf2Lr6Yc4Ds0"].map(|canary| {
        let variables = [
            ("OPENAI_API_KEY", format!("sk-{canary}")),
            ("CHAT_CORP_KEY", canary.to_owned()),
            ("DATABASE_URL", format!("postgres://u:{canary}@h")),
            ("CHAT_DB_HOST", format!("sk-ant-{canary}")),
            ("CHAT_PORT", format!("sk-ant-{canary}")),
            ("CHAT_SERVERS", format!(r#"[{{"host": "h", "token": "{canary}"}}]"#)),
        ];
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let home = Home::new([
            (".env", format!("OPENAI_API_KEY=sk-{canary}\nCHAT_DB_PASSWORD={canary}\n{canary} is my key\n")),
            ("chat.toml", format!("db.password = \"{canary}\"\n")),
            ("secrets/db_password", canary.to_owned()),
            ("attic", canary.to_owned()),
            (".env.example", format!("OPENAI_API_KEY=sk-{canary}\n# {canary}\n")),
        ]);
        ["check", "check --json", "explain", "explain --json", "exec -- true", "env-example --check .env.example"].map(
            |command| {
                let output = chat(&home, &format!("settings {command}"), &variables);
                let text = out(&output) + &err(&output);
                assert_eq!(leak(&text, canary), None, "{command}: {text}");
                assert!(!text.is_empty(), "{command}");
                // The store's clock goes on between the two.
                text.lines().filter(|line| !line.contains("\"created\"")).collect::<Vec<_>>().join("\n")
            },
        )
    });
    assert_eq!(outputs[0], outputs[1]);
}

#[test]
fn completions_are_of_the_whole_command_line() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = chat(&empty(), &format!("completions {shell}"), &[]);
        assert_eq!((code(&output), err(&output).as_str()), (0, ""), "{shell}");
        for word in ["settings", "completions", "env-example", "staged", "explain", "set"] {
            assert!(out(&output).contains(word), "{shell} {word}");
        }
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error() {
    let home = Home::new([("attic", "old-test-key")]);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for arguments in ["docs", "schema", "env-example", "gitleaks", "check", "check --json", "explain", "explain --json"]
    {
        let mut command = home.command(CHAT);
        command.arg("settings").args(arguments.split(' ')).envs([KEY, HOST]).stdin(Stdio::null());
        let output = command.stdout(full()).output().unwrap();
        let told = "error: the output cannot be written: no storage space\n";
        assert_eq!((code(&output), err(&output).as_str()), (1, told), "{arguments}");
    }
}

#[test]
fn a_closed_output_is_no_error() {
    let home = empty();
    let mut child = home.command(CHAT).args(["settings", "env-example"]).stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
