//! Whole loads, as programs make them: what configures the store stands in the environment.

use std::process::Command;
use std::slice::from_ref;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use settings_core::report::Code;
use settings_core::{ExposeSecret, Loader, Report, SecretString, Settings};
use settings_tests::Secrets;
use settings_tests::fault::{Fault, FaultProxy, Nobody, When};
use settings_tests::servers::{OPENBAO_TOKEN, unique};

use crate::bao::Bao;
use crate::login::Role;
use crate::transport::Authority;

#[derive(Settings)]
#[settings(env_prefix = "AGENTDS_", env_file = none, source = [env, vault("agentds/api-keys")])]
struct Keys {
    openai_api_key: SecretString,
    anthropic_api_key: SecretString,
    gemini_api_key: Option<SecretString>,
}

/// What an agent's operator writes.
fn write_keys(bao: &Bao) {
    let keys = json!({"openai_api_key": "sk-test-key", "anthropic_api_key": "sk-ant-test-key", "gemini_api_key": "g"});
    bao.admin("POST", "secret/data/agentds/api-keys", json!({"data": keys}), None);
}

fn assert_keys(keys: &Keys) {
    assert_eq!(keys.openai_api_key.expose_secret(), "sk-test-key");
    assert_eq!(keys.anthropic_api_key.expose_secret(), "sk-ant-test-key");
    assert_eq!(keys.gemini_api_key.as_ref().map(ExposeSecret::expose_secret), Some("g"));
}

fn with<'e>(env: impl IntoIterator<Item = (&'e str, String)>) -> Loader<Keys> {
    Keys::loader().env(env)
}

/// What was found in the store, for a field.
fn outcome(report: &Report, path: &str) -> String {
    let problem = report.problems().iter().find(|problem| problem.path() == path).unwrap();
    problem.looked().iter().find(|look| look.layer() == "vault").unwrap().outcome().sentence()
}

fn refused(loader: Loader<Keys>) -> Report {
    loader.load_blocking().err().unwrap()
}

#[test]
fn keys_of_an_agent_by_token_and_by_role() {
    let Some(bao) = Bao::new() else { return };
    write_keys(&bao);
    let address = || ("VAULT_ADDR", bao.proxy.address());
    let token = || ("VAULT_TOKEN", OPENBAO_TOKEN.to_owned());
    assert_keys(&with([address(), token()]).load_blocking().unwrap());
    assert_eq!(bao.proxy.seen().len(), 1, "one path for three keys");

    let policy = unique("policy");
    let rules = r#"path "secret/data/agentds/*" { capabilities = ["read"] }"#;
    bao.admin("POST", &format!("sys/policies/acl/{policy}"), json!({"policy": rules}), None);
    let role = Role::at("approle", &bao, &policy, json!({"token_ttl": "1h"}));
    let role = || [("VAULT_ROLE_ID", role.role_id.clone()), ("VAULT_SECRET_ID", role.secret_id.clone())];
    bao.proxy.forget_calls();
    // The role wins over a token.
    let wrong = ("VAULT_TOKEN", "no-such-token".to_owned());
    assert_keys(&with(role().into_iter().chain([address(), wrong])).load_blocking().unwrap());
    let logins = When::request("POST", "/v1/auth/approle/login");
    assert_eq!(bao.proxy.calls(&logins), 1);
    // The login outlives the load.
    assert_keys(
        &with(role().into_iter().chain([address(), ("VAULT_TOKEN", "no-such-token".to_owned())]))
            .load_blocking()
            .unwrap(),
    );
    assert_eq!((bao.proxy.calls(&logins), bao.proxy.connections()), (1, 1));
}

#[test]
fn what_the_environment_has_is_not_asked_for() {
    let server = FaultProxy::http(&Nobody::new().address());
    let env = [("AGENTDS_OPENAI_API_KEY", "a"), ("AGENTDS_ANTHROPIC_API_KEY", "b"), ("AGENTDS_GEMINI_API_KEY", "c")];
    let store = [("VAULT_ADDR", server.address()), ("VAULT_TOKEN", "test-token".to_owned())];
    with(env.map(|(name, value)| (name, value.to_owned())).into_iter().chain(store)).load_blocking().unwrap();
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_store_that_is_not_configured_says_what_is_missing() {
    let address = ("VAULT_ADDR", "https://vault.example.com".to_owned());
    let set = |name: &'static str| (name, "x".to_owned());
    for (env, missing) in [
        (vec![], "VAULT_ADDR is not set"),
        (vec![address.clone()], "neither VAULT_TOKEN is set, nor VAULT_ROLE_ID with VAULT_SECRET_ID"),
    ] {
        let start = Instant::now();
        let report = refused(with(env));
        assert_eq!(outcome(&report, "openai_api_key"), format!("not configured ({missing})"));
        assert!(report.to_string().contains("vault  secret/agentds/api-keys#OPENAI_API_KEY  "), "{report}");
        assert!(report.problems().iter().all(|problem| problem.code() == Code::Missing), "{report}");
        assert_eq!(report.problems().len(), 2, "the optional one is not there, which is no problem");
        assert!(start.elapsed() < Duration::from_millis(1500));
    }

    // What is half set up is a mistake, of an optional secret too.
    for (set_one, missing) in [("VAULT_ROLE_ID", "VAULT_SECRET_ID"), ("VAULT_SECRET_ID", "VAULT_ROLE_ID")] {
        let report = refused(with([address.clone(), set(set_one)]));
        let told = format!("wrongly configured ({set_one} is set and {missing} is not)");
        assert_eq!(outcome(&report, "openai_api_key"), told);
        assert!(report.problems().iter().all(|problem| problem.code() == Code::StoreMisconfigured), "{report}");
        assert_eq!(report.problems().len(), 3);
    }

    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Bare {
        #[secret(source = [env, vault])]
        #[allow(dead_code, reason = "it is never there")]
        password: SecretString,
    }
    let report = Bare::loader().env([address, set("VAULT_TOKEN")]).load_blocking().err().unwrap();
    assert_eq!(outcome(&report, "password"), "not configured (VAULT_SECRET_PATH is not set)");
    assert!(report.to_string().contains("secret/$VAULT_SECRET_PATH#PASSWORD"), "{report}");
}

#[test]
fn every_variable_counts() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Bare {
        #[secret(source = [env, vault])]
        db_password: SecretString,
    }
    let Some(bao) = Bao::new() else { return };
    let namespace = unique("team");
    bao.admin("POST", &format!("sys/namespaces/{namespace}"), json!({}), None);
    bao.admin("POST", "sys/mounts/secret", json!({"type": "kv-v2"}), Some(&namespace));
    while bao.call("GET", "secret/config", &Value::Null, Some(&namespace)).0 != 200 {
        sleep(Duration::from_millis(5));
    }
    bao.admin("POST", "secret/data/shop", json!({"data": {"db_password": "p"}}), Some(&namespace));
    let authority = Authority::new();
    let files = Secrets::new([("ca.pem", authority.pem())]);
    let env = [
        ("VAULT_ADDR", authority.in_front_of(&bao.proxy)),
        ("VAULT_TOKEN", OPENBAO_TOKEN.to_owned()),
        ("VAULT_NAMESPACE", namespace),
        ("VAULT_SECRET_PATH", "shop".to_owned()),
        ("VAULT_CACERT", files.join("ca.pem").display().to_string()),
    ];
    let bare = Bare::loader().env(env).load_blocking().unwrap();
    assert_eq!(bare.db_password.expose_secret(), "p");
}

#[test]
fn plain_http_elsewhere_is_refused_unless_it_is_allowed() {
    let env = || [("VAULT_ADDR", "http://vault.invalid".to_owned()), ("VAULT_TOKEN", "test-token".to_owned())];
    let report = refused(with(env()));
    assert!(outcome(&report, "openai_api_key").contains("set VAULT_ALLOW_HTTP=1"), "{report}");
    assert!(report.problems().iter().all(|problem| problem.code() == Code::StoreMisconfigured), "{report}");
    assert_eq!(report.problems().len(), 3, "whether the optional one is there is not known");
    let report = refused(with(env().into_iter().chain([("VAULT_ALLOW_HTTP", "1".to_owned())])));
    assert_eq!(outcome(&report, "openai_api_key"), "its name cannot be resolved, 3 tries");
    assert_eq!(report.exit_code(), 75);
}

#[test]
fn a_server_that_does_not_answer_is_tried_again_until_the_deadline() {
    let env = |address: String| [("VAULT_ADDR", address), ("VAULT_TOKEN", "test-token".to_owned())];
    let start = Instant::now();
    let report = refused(with(env(Nobody::new().address())));
    assert_eq!(outcome(&report, "openai_api_key"), "connection refused, 3 tries");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());

    let server = FaultProxy::http(&Nobody::new().address());
    server.inject(When::any(), Fault::Delay(Duration::from_secs(60)));
    let start = Instant::now();
    let report = refused(with(env(server.address())).timeout(Duration::from_millis(300)));
    assert_eq!(outcome(&report, "openai_api_key"), "timed out after 300ms");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn faults_that_pass_do_not_fail_a_load() {
    let Some(bao) = Bao::new() else { return };
    write_keys(&bao);
    let sealed = settings_tests::fault::vault::sealed();
    let throttled = settings_tests::fault::vault::too_many_requests(Some("0"));
    for fault in [Fault::bad_gateway(), Fault::Drop, Fault::Cut, sealed, throttled] {
        bao.proxy.clear_faults();
        bao.proxy.inject(When::any().first(2), fault.clone());
        bao.proxy.forget_calls();
        let env = [("VAULT_ADDR", bao.proxy.address()), ("VAULT_TOKEN", OPENBAO_TOKEN.to_owned())];
        assert_keys(&with(env).load_blocking().unwrap());
        assert_eq!(bao.proxy.seen().len(), 3, "{fault:?}");
    }
}

#[test]
fn a_token_that_ends_between_two_loads_does_not_fail_one() {
    let Some(bao) = Bao::new() else { return };
    write_keys(&bao);
    let policy = unique("policy");
    let rules = r#"path "secret/data/agentds/*" { capabilities = ["read"] }"#;
    bao.admin("POST", &format!("sys/policies/acl/{policy}"), json!({"policy": rules}), None);
    let role = Role::at("approle", &bao, &policy, json!({"token_ttl": "1s"}));
    let env = || {
        let role = [("VAULT_ROLE_ID", role.role_id.clone()), ("VAULT_SECRET_ID", role.secret_id.clone())];
        role.into_iter().chain([("VAULT_ADDR", bao.proxy.address())])
    };
    for _ in 0..3 {
        assert_keys(&with(env()).load_blocking().unwrap());
        sleep(Duration::from_millis(1100));
    }
    role.delete(&bao);
    let report = refused(with(env()));
    assert!(report.problems().iter().all(|problem| problem.code() == Code::Denied), "{report}");
    let expected = "access denied (the role id or the secret id is wrong, has expired or is used up)";
    assert_eq!(outcome(&report, "openai_api_key"), expected);
    assert_eq!((report.problems().len(), report.exit_code()), (3, 78));
}

#[test]
fn a_struct_takes_all_from_one_secret_and_writes_back() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Shop {
        #[secret(nested, source = vault("shop/db"))]
        db: Database,
    }
    #[derive(Settings)]
    struct Database {
        user: String,
        #[setting(default = 5432)]
        port: u16,
        password: SecretString,
    }
    let Some(bao) = Bao::new() else { return };
    let path = "secret/data/shop/db";
    bao.admin("POST", path, json!({"data": {"user": "shop", "port": 5433, "password": "old"}}), None);
    let env = || [("VAULT_ADDR", bao.proxy.address()), ("VAULT_TOKEN", OPENBAO_TOKEN.to_owned())];
    let shop = Shop::loader().env(env()).load_blocking().unwrap();
    assert_eq!((shop.db.user.as_str(), shop.db.port, shop.db.password.expose_secret()), ("shop", 5433, "old"));
    assert_eq!(bao.proxy.seen().len(), 1);

    Shop::loader().env(env()).rotate_secret_blocking("db.password", "new".into()).unwrap();
    let (_, answer) = bao.call("GET", path, &Value::Null, None);
    assert_eq!(answer["data"]["data"], json!({"user": "shop", "port": 5433, "password": "new"}));
    assert_eq!(Shop::loader().env(env()).load_blocking().unwrap().db.password.expose_secret(), "new");
}

#[test]
#[ignore = "reads its own process environment: run by the tests below"]
fn loads_from_the_process_environment() {
    match Keys::loader().load_blocking() {
        Ok(keys) => {
            assert_keys(&keys);
            println!("loaded");
        }
        Err(report) => println!("{}", outcome(&report, "openai_api_key")),
    }
}

/// What a program prints in this environment and home.
fn child(home: &Secrets, env: &[(&str, String)]) -> String {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["loads::loads_from_the_process_environment", "--exact", "--ignored", "--nocapture"])
        .env_clear()
        .env("HOME", home.path())
        .envs(env.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    String::from_utf8(child.stdout).unwrap()
}

#[test]
fn a_token_that_was_left_by_a_login_is_used_where_none_is_set() {
    let Some(bao) = Bao::new() else { return };
    write_keys(&bao);
    let home = Secrets::new([(".vault-token", format!("{OPENBAO_TOKEN}\n"))]);
    let address = ("VAULT_ADDR", bao.proxy.address());
    assert!(child(&home, from_ref(&address)).contains("loaded"));
    let token = ("VAULT_TOKEN", "no-such-token".to_owned());
    let told = child(&home, &[address.clone(), token]);
    assert!(told.contains("access denied (the token is not valid or has expired)"), "{told}");
    let told = child(&Secrets::empty(), from_ref(&address));
    assert!(told.contains("not configured (neither VAULT_TOKEN is set"), "{told}");
    let told = child(&Secrets::new([(".vault-token", "\n")]), from_ref(&address));
    assert!(told.contains("not configured (VAULT_TOKEN is not set, and ~/.vault-token holds none)"), "{told}");
    // A test's own environment is not the place of anybody's login.
    let isolated = [address.clone(), ("HOME", home.path().display().to_string())];
    let told = outcome(&refused(with(isolated)), "openai_api_key");
    assert!(told.starts_with("not configured (neither VAULT_TOKEN is set"), "{told}");
    home.allow(".vault-token", 0o666);
    let told = child(&home, &[address]);
    assert!(told.contains("and ~/.vault-token: writable by everyone"), "{told}");
}

#[test]
fn no_proxy_sees_what_stays_on_this_machine() {
    let Some(bao) = Bao::new() else { return };
    write_keys(&bao);
    let proxy = FaultProxy::http(&Nobody::new().address());
    let variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, proxy.address()));
    let store = [("VAULT_ADDR", bao.proxy.address()), ("VAULT_TOKEN", OPENBAO_TOKEN.to_owned())];
    assert!(child(&Secrets::empty(), &[&variables[..], &store].concat()).contains("loaded"));
    assert_eq!(proxy.connections(), 0);
}

/// A token that a process reads anew is not the one that it began with.
#[test]
#[ignore = "changes a file in its home while it runs: run by the test below"]
fn loads_twice_from_the_process_environment() {
    assert_keys(&Keys::loader().load_blocking().unwrap());
    let file = std::path::Path::new(&std::env::var_os("HOME").unwrap()).join(".vault-token");
    std::fs::write(file, std::env::var("NEXT_TOKEN").unwrap()).unwrap();
    let revoke = std::env::var("REVOKE").unwrap();
    settings_tests::servers::client()
        .post(revoke)
        .header("X-Vault-Token", std::env::var("FIRST_TOKEN").unwrap())
        .send("{}")
        .unwrap();
    assert_keys(&Keys::loader().load_blocking().unwrap());
}

#[test]
fn a_token_in_the_home_that_is_replaced_is_read_again() {
    let Some(bao) = Bao::new() else { return };
    write_keys(&bao);
    let token = || bao.token("root");
    let (first, next) = (token(), token());
    let home = Secrets::new([(".vault-token", first.clone())]);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["loads::loads_twice_from_the_process_environment", "--exact", "--ignored"])
        .env_clear()
        .env("HOME", home.path())
        .env("VAULT_ADDR", bao.proxy.address())
        .env("REVOKE", format!("{}/v1/auth/token/revoke-self", bao.proxy.address()))
        .env("FIRST_TOKEN", first)
        .env("NEXT_TOKEN", next)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}
