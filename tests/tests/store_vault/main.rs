//! The store `vault` against a real server, OpenBao in development mode, and with faults in front of it.
#![cfg(feature = "vault")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod bao;
mod faults;
mod loads;
mod login;
mod transport;
mod write;

use bao::{Bao, error, note, one, run, text};
use serde_json::json;
use settings_core::store::{SecretStore, StoreErrorKind::*, Vault};
use settings_core::testing::store_conformance;
use settings_tests::fault::{Fault, FaultProxy, Nobody, When};

#[test]
fn a_secret_is_read_for_all_of_its_keys() {
    let Some(bao) = Bao::new() else { return };
    bao.write("agentds/api-keys", json!({"openai_api_key": "sk-test-key", "ANTHROPIC_API_KEY": "sk-ant-test-key"}));
    let keys = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];
    let keys = keys.map(|name| bao.key(name, "agentds/api-keys"));
    let [openai, anthropic, gemini] = run(bao.vault().fetch(&keys)).try_into().unwrap();
    assert_eq!(text(openai), "sk-test-key");
    assert_eq!(text(anthropic), "sk-ant-test-key");
    assert_eq!(error(gemini), (NotFound, "it has no key `GEMINI_API_KEY`".to_owned()));
    assert_eq!(bao.proxy.seen().len(), 1);
}

#[test]
fn paths_are_read_side_by_side_over_kept_connections() {
    let Some(bao) = Bao::new() else { return };
    let keys: Vec<_> = (0..8).map(|index| bao.key("PASSWORD", &format!("db/{index}"))).collect();
    (0..8).for_each(|index| bao.write(&format!("db/{index}"), json!({"password": format!("p{index}")})));
    let vault = bao.vault();
    for _ in 0..3 {
        let answers = run(vault.fetch(&keys)).into_iter().map(text).collect::<Vec<_>>();
        assert_eq!(answers, ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"]);
    }
    assert_eq!(bao.proxy.seen().len(), 24);
    assert!(bao.proxy.most_at_once() > 1);
}

#[test]
fn a_version_is_the_last_one_or_the_one_that_is_named() {
    let Some(bao) = Bao::new() else { return };
    bao.write("db", json!({"password": "first"}));
    bao.write("db", json!({"password": "second"}));
    let vault = bao.vault();
    let key = bao.key("PASSWORD", "db");
    let last = one(&vault, &key).unwrap();
    assert!(format!("{last:?}").contains("Some(\"2\")"), "{last:?}");
    assert_eq!(text(Ok(last)), "second");
    let first = one(&vault, &key.clone().with("version", "1")).unwrap();
    assert!(format!("{first:?}").contains("Some(\"1\")"), "{first:?}");
    assert_eq!(text(Ok(first)), "first");
    assert_eq!(note(&vault, &key.with("version", "9")), (NotFound, "there is no version 9".to_owned()));
}

#[test]
fn a_version_that_is_deleted_or_destroyed_is_not_there() {
    let Some(bao) = Bao::new() else { return };
    (1..=3).for_each(|version| bao.write("db", json!({"password": format!("p{version}")})));
    bao.post(&format!("destroy/{}", "db"), json!({"versions": [1]}));
    bao.post(&format!("delete/{}", "db"), json!({"versions": [3]}));
    let vault = bao.vault();
    let key = bao.key("PASSWORD", "db");
    assert_eq!(note(&vault, &key), (NotFound, "version 3 is deleted".to_owned()));
    assert_eq!(note(&vault, &key.clone().with("version", "1")), (NotFound, "version 1 is destroyed".to_owned()));
    assert_eq!(text(one(&vault, &key.with("version", "2"))), "p2");
}

#[test]
fn what_is_wrong_with_a_path_is_told() {
    let Some(bao) = Bao::new() else { return };
    bao.write("db", json!({"password": "p"}));
    let vault = bao.vault();
    let told = |path: &str| note(&vault, &bao.key("PASSWORD", path));
    assert_eq!(told("none"), (NotFound, String::new()));
    assert_eq!(told("data/db"), (NotFound, "in a source the path is `db`, without `data/`".to_owned()));
    let mount = &bao.mount;
    let expected = format!("in a source the path is `db`, without `{mount}/`");
    assert_eq!(told(&format!("{mount}/db")), (NotFound, expected));
    let expected = format!("in a source the path is `db`, without `{mount}/data/`");
    assert_eq!(told(&format!("{mount}/data/db")), (NotFound, expected));
    assert_eq!(text(one(&vault, &bao.key("PASSWORD", "/db/"))), "p");

    let elsewhere = bao.key("PASSWORD", "db").with("mount", "none");
    // Of two arguments of one name the first one counts.
    assert_eq!(text(one(&vault, &elsewhere)), "p");
    let elsewhere = settings_core::store::SecretKey::new("PASSWORD").named("db").with("mount", "no-such-mount");
    let expected = "no engine is mounted at `no-such-mount`: set `mount = \"..\"`";
    assert_eq!(note(&vault, &elsewhere), (NotFound, expected.to_owned()));
}

#[test]
fn a_source_without_a_name_means_the_secret_path() {
    let Some(bao) = Bao::new() else { return };
    bao.write("shop/db", json!({"password": "p"}));
    let bare = settings_core::store::SecretKey::new("PASSWORD").with("mount", &bao.mount);
    assert_eq!(text(one(&bao.vault().secret_path("shop/db"), &bare)), "p");
    let expected = "the source names no path, and no secret path is set";
    assert_eq!(note(&bao.vault(), &bare), (NotConfigured, expected.to_owned()));
}

#[test]
fn values_of_every_kind() {
    let Some(bao) = Bao::new() else { return };
    let long = "é\"\\\n".repeat(16 * 1024);
    bao.write(
        "kinds",
        json!({"long": long, "number": 5432, "list": ["a"], "empty": "", "null": null, "path with/slash?": "odd"}),
    );
    let vault = bao.vault();
    let key = |name: &str| bao.key("ANY", "kinds").with("key", name);
    assert!(text(one(&vault, &key("long"))) == long);
    assert_eq!(text(one(&vault, &key("number"))), "5432");
    assert_eq!(text(one(&vault, &key("list"))), r#"["a"]"#);
    assert_eq!(text(one(&vault, &key("path with/slash?"))), "odd");
    assert_eq!(note(&vault, &key("empty")), (NotFound, "its key `empty` is empty".to_owned()));
    assert_eq!(note(&vault, &key("null")), (NotFound, "its key `null` is null".to_owned()));
    bao.write("odd%20name/with%20spaces%20&%20more", json!({"any": "found"}));
    assert_eq!(text(one(&vault, &bao.key("ANY", "odd name/with spaces & more"))), "found");
}

#[test]
fn a_namespace_has_mounts_of_its_own() {
    let Some(bao) = Bao::new() else { return };
    let namespace = settings_tests::servers::unique("team");
    bao.admin("POST", &format!("sys/namespaces/{namespace}"), json!({}), None);
    let within = Some(namespace.as_str());
    bao.mount_in(within);
    bao.admin("POST", &format!("{}/data/db", bao.mount), json!({"data": {"password": "of the team"}}), within);
    bao.write("db", json!({"password": "of the root"}));
    let key = bao.key("PASSWORD", "db");
    assert_eq!(text(one(&bao.vault().namespace(&namespace), &key)), "of the team");
    assert_eq!(text(one(&bao.vault(), &key)), "of the root");
    let nowhere = bao.vault().namespace("no-such-namespace");
    assert_eq!(note(&nowhere, &key), (NotFound, "there is no such namespace".to_owned()));
}

#[test]
fn it_does_what_every_store_has_to() {
    let Some(bao) = Bao::new() else { return };
    bao.write("chat/api-keys", json!({"openai_api_key": "sk-test-key", "port": 5432, "empty": ""}));
    bao.write("gone", json!({"password": "sk-test-key"}));
    bao.post("delete/gone", json!({"versions": [1]}));
    let key = |variable: &str| bao.key(variable, "chat/api-keys");
    let broken = FaultProxy::http(&Nobody::new().address());
    broken.inject(When::any(), Fault::bad_gateway());
    store_conformance(bao.vault())
        .holds(key("OPENAI_API_KEY"), "sk-test-key")
        .holds(key("ANY").with("key", "port"), "5432")
        .lacks(key("GEMINI_API_KEY"))
        .lacks(key("EMPTY"))
        .lacks(bao.key("PASSWORD", "gone"))
        .lacks(bao.key("PASSWORD", "none"))
        .refuses(bao.anonymous().token("no-such-token"), key("OPENAI_API_KEY"))
        .refuses(bao.anonymous().app_role("no", "role"), key("OPENAI_API_KEY"))
        .does_not_answer(Vault::new(Nobody::new().address()).token("test-token"), key("OPENAI_API_KEY"))
        .does_not_answer(Vault::new(broken.address()).token("test-token"), key("OPENAI_API_KEY"))
        .writes(key("GEMINI_API_KEY"), "new-test-key")
        .writes(bao.key("PASSWORD", "gone"), "new-test-key")
        .run();
}

#[test]
fn a_place_and_what_puts_a_secret_there() {
    let vault = Vault::new("https://user:password@vault.example.com/prefix/?query").token("t").secret_path("shop/db");
    let key = settings_core::store::SecretKey::new("DB_PASSWORD");
    assert_eq!(vault.describe(), "https://vault.example.com/prefix");
    assert_eq!(vault.place(&key), "secret/shop/db#DB_PASSWORD");
    let key = key.named("db").with("key", "password").with("mount", "kv").with("version", "3");
    assert_eq!(vault.place(&key), "kv/db#password, version 3");
    let fix = vault.fix(&key).unwrap();
    assert!(fix.starts_with("vault kv patch -mount=kv db password=@<path>  "), "{fix}");
    let debug = format!("{vault:?}");
    assert_eq!(debug, r#"Vault { address: "https://vault.example.com/prefix", namespace: None, .. }"#);
}
