//! Writing back.

use serde_json::{Value, json};
use settings_core::store::{SecretStore, StoreErrorKind::*};
use settings_tests::fault::{Fault, When};

use crate::bao::{Bao, one, run, text};

#[test]
fn a_write_leaves_other_keys_and_their_spelling() {
    let Some(bao) = Bao::new() else { return };
    bao.write("db", json!({"password": "old", "user": "u", "port": 5432, "tags": ["a", {"b": null}]}));
    let (vault, key) = (bao.vault(), bao.key("PASSWORD", "db"));
    run(vault.put(&key, &"n\"e\\w\n".into())).unwrap();
    let expected = json!({"password": "n\"e\\w\n", "user": "u", "port": 5432, "tags": ["a", {"b": null}]});
    assert_eq!(bao.read("db"), expected);
    assert_eq!(text(one(&vault, &key)), "n\"e\\w\n");
}

#[test]
fn a_write_makes_a_secret_that_is_not_there() {
    let Some(bao) = Bao::new() else { return };
    let vault = bao.vault();
    run(vault.put(&bao.key("PASSWORD", "new/db"), &"first".into())).unwrap();
    assert_eq!(bao.read("new/db"), json!({"PASSWORD": "first"}));

    bao.admin("DELETE", &format!("{}/data/new/db", bao.mount), Value::Null, None);
    run(vault.put(&bao.key("PASSWORD", "new/db"), &"second".into())).unwrap();
    assert_eq!(bao.read("new/db"), json!({"PASSWORD": "second"}));
}

#[test]
fn writers_of_one_secret_all_keep_their_keys() {
    let Some(bao) = Bao::new() else { return };
    bao.write("shared", json!({"other": "kept"}));
    let names: Vec<String> = (0..6).map(|index| format!("KEY_{index}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let (vault, key) = (bao.vault(), bao.key(name, "shared"));
            scope.spawn(move || run(vault.put(&key, &name.as_str().into())).unwrap());
        }
    });
    let shared = bao.read("shared");
    assert_eq!(shared["other"], "kept");
    names.iter().for_each(|name| assert_eq!(shared[name], name.as_str(), "{shared}"));
}

#[test]
fn a_write_that_others_always_precede_gives_up() {
    let Some(bao) = Bao::new() else { return };
    bao.write("db", json!({"password": "old"}));
    let conflict =
        settings_tests::fault::vault::error(400, "check-and-set parameter did not match the current version");
    bao.proxy.inject(When::request("POST", "/v1/"), conflict);
    let error = run(bao.vault().put(&bao.key("PASSWORD", "db"), &"new".into())).unwrap_err();
    assert_eq!((error.kind(), error.note()), (Unreachable, "others write to this secret all the time"));
}

#[test]
fn a_write_that_is_refused_changes_nothing() {
    let Some(bao) = Bao::new() else { return };
    bao.write("db", json!({"password": "old"}));
    let vault = bao.anonymous().token(bao.token(&bao.policy(r#""read""#)));
    let key = bao.key("PASSWORD", "db");
    let refused = |vault: &settings_core::store::Vault, key: &_| {
        let error = run(vault.put(key, &"new".into())).unwrap_err();
        (error.kind(), error.note().to_owned())
    };
    let expected = format!("no policy of the token grants `update` on `{}/data/db`", bao.mount);
    assert_eq!(refused(&vault, &key), (Denied, expected));
    let expected = "the source names a version, and a version cannot be written";
    assert_eq!(refused(&bao.vault(), &key.clone().with("version", "1")), (Denied, expected.to_owned()));
    let expected = format!("no engine is mounted at `{}x`: set `mount = \"..\"`", bao.mount);
    let elsewhere =
        settings_core::store::SecretKey::new("PASSWORD").named("db").with("mount", &format!("{}x", bao.mount));
    assert_eq!(refused(&bao.vault(), &elsewhere), (NotFound, expected));
    bao.proxy.inject(When::request("POST", "/v1/"), Fault::bad_gateway());
    assert_eq!(refused(&bao.vault(), &key), (Unreachable, "HTTP 502".to_owned()));
    assert_eq!(bao.read("db"), json!({"password": "old"}));
}
