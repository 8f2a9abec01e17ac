//! Which layer a value comes from.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use settings_core::{ExposeSecret, Loader, SecretString, Settings};
use settings_tests::{EnvFile, in_process_with};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[setting(default = "default")]
    host: String,
    #[setting(allow_empty)]
    motd: Option<String>,
    #[setting(alias = "CHAT_LANG", alias = "LANGUAGE")]
    language: Option<String>,
    model: Option<String>,
}

fn chat() -> Loader<Chat> {
    Chat::loader().hermetic()
}

fn host(loader: Loader<Chat>) -> String {
    loader.load_blocking().unwrap().host
}

#[test]
fn the_highest_layer_wins() {
    let file = EnvFile::new("CHAT_HOST=file\n");
    assert_eq!(host(chat()), "default");
    assert_eq!(host(chat().env_file(file.path())), "file");
    assert_eq!(host(chat().env_file(file.path()).env([("CHAT_HOST", "env")])), "env");
    assert_eq!(host(chat().env_file(file.path()).env([("CHAT_HOST", "env")]).set("host", "set")), "set");
}

#[test]
fn values_given_in_code_go_by_path_or_variable_and_the_last_wins() {
    assert_eq!(host(chat().set("CHAT_HOST", "by variable")), "by variable");
    assert_eq!(host(chat().set("CHAT_HOST", "first").set("host", "second")), "second");
    assert_eq!(host(chat().set("host", "first").set("CHAT_HOST", "second")), "second");
}

#[test]
fn the_later_of_two_files_wins() {
    let (low, high) = (EnvFile::new("CHAT_HOST=low\nCHAT_MODEL=low\n"), EnvFile::new("CHAT_HOST=high\n"));
    let chat = chat().env_file(low.path()).env_file(high.path()).load_blocking().unwrap();
    assert_eq!((chat.host.as_str(), chat.model.as_deref()), ("high", Some("low")));
}

#[test]
fn an_empty_value_hides_the_name_in_earlier_files() {
    let (low, high) = (EnvFile::new("CHAT_HOST=low\nCHAT_MOTD=low\n"), EnvFile::new("CHAT_HOST=\nCHAT_MOTD=\n"));
    let chat = chat().env_file(low.path()).env_file(high.path()).load_blocking().unwrap();
    assert_eq!(chat.host, "default", "the file below is not asked, the default is");
    assert_eq!(chat.motd.as_deref(), Some(""), "with `allow_empty` it is a value");
}

#[test]
fn an_empty_variable_is_unset_and_the_next_layer_is_asked() {
    let file = EnvFile::new("CHAT_HOST=file\nCHAT_MOTD=file\n");
    let loader = || chat().env([("CHAT_HOST", ""), ("CHAT_MOTD", ""), ("CHAT_MODEL", "")]);
    let chat = loader().env_file(file.path()).load_blocking().unwrap();
    assert_eq!(chat.host, "file");
    assert_eq!(chat.motd.as_deref(), Some(""));
    assert_eq!(chat.model, None);
    assert_eq!(host(loader()), "default");
}

#[test]
fn aliases_are_asked_in_order() {
    let language = |variables: &[(&str, &str)]| {
        let variables = variables.iter().copied();
        chat().env(variables).load_blocking().unwrap().language.unwrap_or_default()
    };
    let (own, first, second) = (("CHAT_LANGUAGE", "own"), ("CHAT_LANG", "first"), ("LANGUAGE", "second"));
    assert_eq!(language(&[second]), "second");
    assert_eq!(language(&[second, first]), "first");
    assert_eq!(language(&[second, first, own]), "own");
    assert_eq!(language(&[second, ("CHAT_LANG", ""), ("CHAT_LANGUAGE", "")]), "second");
}

#[test]
fn an_alias_in_env_wins_over_the_own_name_in_a_file() {
    let file = EnvFile::new("CHAT_LANGUAGE=file\n");
    let chat = chat().env([("LANGUAGE", "env")]).env_file(file.path()).load_blocking().unwrap();
    assert_eq!(chat.language.as_deref(), Some("env"));
}

#[derive(Settings)]
#[settings(env_prefix = "chat_", case_insensitive)]
struct AnyCase {
    port: u16,
}

#[test]
fn case_counts_in_env_unless_the_struct_says_otherwise() {
    assert_eq!(host(chat().env([("chat_host", "env")])), "default");
    for name in ["CHAT_PORT", "chat_port", "Chat_Port"] {
        assert_eq!(AnyCase::loader().hermetic().env([(name, "9000")]).load_blocking().unwrap().port, 9000, "{name}");
    }
    let both = [("CHAT_PORT", "1"), ("chat_PORT", "2")];
    assert_eq!(AnyCase::loader().hermetic().env(both).load_blocking().unwrap().port, 2, "the exact name first");
}

#[test]
fn either_case_counts_in_files() {
    let lower = EnvFile::new("chat_host=lower\n");
    assert_eq!(host(chat().env_file(lower.path())), "lower");
    let both = EnvFile::new("CHAT_HOST=exact\nchat_host=lower\n");
    assert_eq!(host(chat().env_file(both.path())), "exact");
    assert_eq!(host(chat().env_file(both.path()).env_file(lower.path())), "lower", "the later file, whatever the case");
}

#[derive(Settings)]
#[settings(env_file = none, source = [dotenv, env])]
struct Sources {
    of_the_struct: Option<SecretString>,
    #[secret(source = [env])]
    env_first: Option<SecretString>,
    #[secret(source = dotenv)]
    usual: Option<SecretString>,
}

#[test]
fn a_source_list_is_the_order_for_its_secrets() {
    let names = ["OF_THE_STRUCT", "ENV_FIRST", "USUAL"];
    let file = EnvFile::new(names.map(|name| format!("{name}=file\n")).concat());
    let loader = || Sources::loader().hermetic().env(names.map(|name| (name, "env")));
    let secrets = loader().env_file(file.path()).load_blocking().unwrap();
    let Sources { of_the_struct, env_first, usual } = &secrets;
    for (secret, expected) in [(of_the_struct, "file"), (env_first, "env"), (usual, "env")] {
        assert_eq!(secret.as_ref().unwrap().expose_secret(), expected);
    }
    assert_eq!(loader().load_blocking().unwrap().of_the_struct.unwrap().expose_secret(), "env");
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Renamed {
    #[secret(source = [env("NEW_NAME"), env])]
    key: Option<SecretString>,
    #[secret(source = [env("ONLY_NAME")])]
    only: Option<SecretString>,
}

#[test]
fn another_variable_stands_in_the_place_of_the_own_one() {
    let load = |env: &[(&str, &str)]| Renamed::loader().hermetic().env(env.iter().copied()).load_blocking().unwrap();
    let both = load(&[("KEY", "old"), ("NEW_NAME", "new"), ("ONLY", "not asked")]);
    assert_eq!(both.key.unwrap().expose_secret(), "new");
    assert!(both.only.is_none());
    let old = load(&[("KEY", "old"), ("NEW_NAME", ""), ("ONLY_NAME", "asked")]);
    assert_eq!((old.key.unwrap().expose_secret(), old.only.unwrap().expose_secret()), ("old", "asked"));
    let file = EnvFile::new("NEW_NAME=file\n");
    let from_file = Renamed::loader().hermetic().env([("KEY", "old")]).env_file(file.path()).load_blocking().unwrap();
    assert_eq!(from_file.key.unwrap().expose_secret(), "file");
}

#[derive(Settings)]
#[settings(source = dotenv)]
struct Outer {
    #[setting(nested)]
    inner: Inner,
    #[secret(nested, source = [dotenv, env])]
    from_files: Inner,
}

#[derive(Settings)]
struct Inner {
    key: Option<SecretString>,
}

#[test]
fn the_source_of_the_nearest_struct_counts() {
    let file = EnvFile::new("INNER_KEY=file\nFROM_FILES_KEY=file\n");
    let env = [("INNER_KEY", "env"), ("FROM_FILES_KEY", "env")];
    let outer = Outer::loader().hermetic().env(env).env_file(file.path()).load_blocking().unwrap();
    assert_eq!(outer.inner.key.unwrap().expose_secret(), "env");
    assert_eq!(outer.from_files.key.unwrap().expose_secret(), "file");
}

#[test]
fn a_layer_is_opened_only_while_a_field_lacks_a_value() {
    let broken = EnvFile::new("CHAT_MODEL=\"never closed\n");
    let all = ["CHAT_HOST", "CHAT_MOTD", "CHAT_LANGUAGE", "CHAT_MODEL"];
    let loader = |names: &[&'static str]| chat().env_file(broken.path()).env(names.iter().map(|name| (*name, "env")));
    assert_eq!(host(loader(&all)), "env");
    let report = loader(&all[..3]).load_blocking().err().unwrap();
    assert_eq!(report.problems()[0].code().as_str(), "E110");
}

#[test]
fn a_missing_file_is_no_mistake() {
    assert_eq!(host(chat().env_file("no/such/file.env")), "default");
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Process {
    path: Option<String>,
}

#[test]
fn what_is_given_stands_in_the_place_of_the_process_environment() {
    in_process_with(&[("PATH", "/bin")], "the_path_is_bin");
}

#[test]
#[ignore = "wants a variable: run by the test above"]
fn the_path_is_bin() {
    let path = |loader: Loader<Process>| loader.load_blocking().unwrap().path;
    assert_eq!(path(Process::loader()).as_deref(), Some("/bin"));
    assert_eq!(pollster::block_on(Process::load()).unwrap().path.as_deref(), Some("/bin"));
    assert_eq!(path(Process::loader().hermetic()), None);
    assert_eq!(path(Process::loader().env([("HOME", "/")])), None);
    assert_eq!(path(Process::loader().env([("PATH", "given")])).as_deref(), Some("given"));
    let twice = Process::loader().env([("PATH", "first")]).env([("PATH", "second")]).env([("HOME", "/")]);
    assert_eq!(path(twice).as_deref(), Some("second"));
}

#[test]
fn the_async_twin_needs_no_runtime() {
    let chat = pollster::block_on(chat().env([("CHAT_HOST", "env")]).load()).unwrap();
    assert_eq!(chat.host, "env");
}
