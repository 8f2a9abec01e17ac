//! Tokens: given ones, and those of an AppRole.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use settings_core::store::{StoreErrorKind::*, Vault};
use settings_tests::fault::When;
use settings_tests::servers::unique;

use crate::bao::{Bao, note, one, run, text};

/// An AppRole of one test.
pub(crate) struct Role {
    mount: String,
    name: String,
    pub(crate) role_id: String,
    pub(crate) secret_id: String,
}

impl Role {
    /// On a mount of its own.
    fn new(bao: &Bao, policy: &str, options: Value) -> Self {
        Self::at(&unique("approle"), bao, policy, options)
    }

    /// On this mount, which may be there already.
    pub(crate) fn at(mount: &str, bao: &Bao, policy: &str, options: Value) -> Self {
        bao.call("POST", &format!("sys/auth/{mount}"), &json!({"type": "approle"}), None);
        let (name, mut role) = (unique("shop"), json!({"token_policies": [policy]}));
        role.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        bao.admin("POST", &format!("auth/{mount}/role/{name}"), role, None);
        let role_id = bao.admin("GET", &format!("auth/{mount}/role/{name}/role-id"), Value::Null, None);
        let secret_id = bao.admin("POST", &format!("auth/{mount}/role/{name}/secret-id"), json!({}), None);
        let text = |answer: &Value, name: &str| answer["data"][name].as_str().unwrap().to_owned();
        let (role_id, secret_id) = (text(&role_id, "role_id"), text(&secret_id, "secret_id"));
        Self { mount: mount.to_owned(), name, role_id, secret_id }
    }

    pub(crate) fn delete(&self, bao: &Bao) {
        bao.admin("DELETE", &format!("auth/{}/role/{}", self.mount, self.name), Value::Null, None);
    }

    fn vault(&self, bao: &Bao) -> Vault {
        bao.anonymous().app_role_at(&self.mount, self.role_id.as_str(), self.secret_id.as_str())
    }

    fn logins(&self, bao: &Bao) -> usize {
        bao.proxy.calls(&When::request("POST", &format!("/v1/auth/{}/login", self.mount)))
    }
}

fn renewals(bao: &Bao) -> usize {
    bao.proxy.calls(&When::request("POST", "/v1/auth/token/renew-self"))
}

fn with_secret() -> Option<(Bao, String)> {
    let bao = Bao::new()?;
    bao.write("db", json!({"password": "p"}));
    let policy = bao.policy(r#""read""#);
    Some((bao, policy))
}

#[test]
fn a_token_that_is_wrong_is_told_from_one_that_may_not() {
    let Some((bao, policy)) = with_secret() else { return };
    let key = bao.key("PASSWORD", "db");
    assert_eq!(text(one(&bao.anonymous().token(bao.token(&policy)), &key)), "p");
    let wrong = bao.anonymous().token("no-such-token");
    assert_eq!(note(&wrong, &key), (Denied, "the token is not valid or has expired".to_owned()));
    let other = bao.policy(r#""list""#);
    let expected = format!("no policy of the token grants `read` on `{}/data/db`", bao.mount);
    assert_eq!(note(&bao.anonymous().token(bao.token(&other)), &key), (Denied, expected));
    let expected = "neither a token is set nor an AppRole";
    assert_eq!(note(&bao.anonymous(), &key), (NotConfigured, expected.to_owned()));
    let broken = bao.anonymous().token("two\nlines");
    assert_eq!(note(&broken, &key), (Misconfigured, "its token has characters that no header can have".to_owned()));
}

#[test]
fn a_role_logs_in_once() {
    let Some((bao, policy)) = with_secret() else { return };
    let role = Role::new(&bao, &policy, json!({"token_ttl": "1h"}));
    let vault = role.vault(&bao);
    let key = bao.key("PASSWORD", "db");
    (0..5).for_each(|_| assert_eq!(text(one(&vault, &key)), "p"));
    assert_eq!((role.logins(&bao), renewals(&bao), bao.proxy.seen().len()), (1, 0, 6));
}

#[test]
fn loads_that_begin_together_share_a_login() {
    let Some((bao, policy)) = with_secret() else { return };
    let role = Role::new(&bao, &policy, json!({"token_ttl": "1h"}));
    let vault = role.vault(&bao);
    let keys = [bao.key("PASSWORD", "db")];
    run(async {
        use settings_core::store::SecretStore;
        let (a, b, c) = (vault.fetch(&keys), vault.fetch(&keys), vault.fetch(&keys));
        let together = futures(vec![a, b, c]).await;
        assert!(together.iter().all(|answers| answers[0].is_ok()), "{together:?}");
    });
    assert_eq!(role.logins(&bao), 1);
}

/// All results, of futures that go on side by side.
async fn futures<T: Send>(futures: Vec<settings_core::store::BoxFuture<'_, T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (future, None)).collect();
    std::future::poll_fn(move |context| {
        for (future, result) in &mut futures {
            if result.is_none() {
                if let std::task::Poll::Ready(ready) = future.as_mut().poll(context) {
                    *result = Some(ready);
                }
            }
        }
        if futures.iter().any(|(_, result)| result.is_none()) {
            return std::task::Poll::Pending;
        }
        std::task::Poll::Ready(futures.iter_mut().filter_map(|(_, result)| result.take()).collect())
    })
    .await
}

#[test]
fn a_token_that_ends_between_two_loads_is_replaced() {
    let Some((bao, policy)) = with_secret() else { return };
    let role = Role::new(&bao, &policy, json!({"token_ttl": "1s"}));
    let vault = role.vault(&bao);
    let key = bao.key("PASSWORD", "db");
    for _ in 0..2 {
        assert_eq!(text(one(&vault, &key)), "p");
        sleep(Duration::from_millis(1200));
    }
    assert_eq!(text(one(&vault, &key)), "p");
    assert_eq!((role.logins(&bao), renewals(&bao)), (3, 0));
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let Some((bao, policy)) = with_secret() else { return };
    // A second login would be refused.
    let role = Role::new(&bao, &policy, json!({"token_ttl": "3s", "secret_id_num_uses": 1}));
    let vault = role.vault(&bao);
    let key = bao.key("PASSWORD", "db");
    for _ in 0..8 {
        assert_eq!(text(one(&vault, &key)), "p");
        sleep(Duration::from_millis(600));
    }
    assert_eq!(role.logins(&bao), 1);
    assert!((1..=4).contains(&renewals(&bao)), "{}", renewals(&bao));
}

#[test]
fn a_token_that_can_be_renewed_no_further_is_replaced() {
    let Some((bao, policy)) = with_secret() else { return };
    let role = Role::new(&bao, &policy, json!({"token_ttl": "2s", "token_max_ttl": "3s"}));
    let vault = role.vault(&bao);
    let key = bao.key("PASSWORD", "db");
    for _ in 0..12 {
        assert_eq!(text(one(&vault, &key)), "p");
        sleep(Duration::from_millis(400));
    }
    assert!((2..=3).contains(&role.logins(&bao)), "{}", role.logins(&bao));
    assert!(renewals(&bao) > 0);
}

#[test]
fn a_renewal_that_fails_for_a_while_does_not_fail_the_load() {
    use settings_tests::fault::Fault;
    let Some((bao, policy)) = with_secret() else { return };
    let role = Role::new(&bao, &policy, json!({"token_ttl": "3s"}));
    let vault = role.vault(&bao);
    let key = bao.key("PASSWORD", "db");
    assert_eq!(text(one(&vault, &key)), "p");
    bao.proxy.inject(When::request("POST", "/v1/auth/token/renew-self"), Fault::bad_gateway());
    sleep(Duration::from_millis(2100));
    assert_eq!(text(one(&vault, &key)), "p");
    assert_eq!((role.logins(&bao), renewals(&bao)), (1, 1));
}

#[test]
fn a_token_that_was_revoked_is_replaced_within_the_load() {
    let Some((bao, policy)) = with_secret() else { return };
    let role = Role::new(&bao, &policy, json!({"token_ttl": "1h"}));
    let vault = role.vault(&bao);
    let key = bao.key("PASSWORD", "db");
    assert_eq!(text(one(&vault, &key)), "p");
    bao.admin("POST", &format!("sys/leases/revoke-prefix/auth/{}/login", role.mount), json!({}), None);
    bao.write("second", json!({"password": "q"}));
    bao.proxy.forget_calls();
    let keys = [key, bao.key("PASSWORD", "second")];
    use settings_core::store::SecretStore;
    let answers: Vec<_> = run(vault.fetch(&keys)).into_iter().map(text).collect();
    assert_eq!(answers, ["p", "q"]);
    // Both were refused, and one login served both.
    assert_eq!((role.logins(&bao), bao.proxy.seen().len()), (1, 5));
}

#[test]
fn what_the_role_may_not_read_costs_one_more_login_and_is_denied() {
    let Some((bao, _)) = with_secret() else { return };
    let role = Role::new(&bao, &bao.policy(r#""list""#), json!({"token_ttl": "1h"}));
    let vault = role.vault(&bao);
    let key = bao.key("PASSWORD", "db");
    let expected = format!("no policy of the token grants `read` on `{}/data/db`", bao.mount);
    assert_eq!(note(&vault, &key), (Denied, expected.clone()));
    assert_eq!(role.logins(&bao), 1, "a login of just now is not made again");
    assert_eq!(note(&vault, &key), (Denied, expected));
    assert_eq!(role.logins(&bao), 2);
}

#[test]
fn a_role_that_is_revoked_is_denied_and_not_missing() {
    let Some((bao, policy)) = with_secret() else { return };
    let key = bao.key("PASSWORD", "db");
    let refused = "the role id or the secret id is wrong, has expired or is used up";

    let used_up = Role::new(&bao, &policy, json!({"token_ttl": "1s", "secret_id_num_uses": 1}));
    let vault = used_up.vault(&bao);
    assert_eq!(text(one(&vault, &key)), "p");
    sleep(Duration::from_millis(1200));
    assert_eq!(note(&vault, &key), (Denied, refused.to_owned()));

    let deleted = Role::new(&bao, &policy, json!({"token_ttl": "1s"}));
    let vault = deleted.vault(&bao);
    assert_eq!(text(one(&vault, &key)), "p");
    deleted.delete(&bao);
    sleep(Duration::from_millis(1200));
    assert_eq!(note(&vault, &key), (Denied, refused.to_owned()));

    let wrong = bao.anonymous().app_role_at(&deleted.mount, "x", "y");
    assert_eq!(note(&wrong, &key), (Denied, refused.to_owned()));
    let nowhere = bao.anonymous().app_role_at("no-such-mount", "x", "y");
    let expected = "this AppRole may not log in from here, or nothing is mounted at `auth/no-such-mount`";
    assert_eq!(note(&nowhere, &key), (Denied, expected.to_owned()));
}
