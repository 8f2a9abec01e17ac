//! What a server, or what stands before it, answers in the place of a secret.

use std::time::{Duration, Instant};

use serde_json::json;
use settings_core::store::{StoreErrorKind::*, Vault};
use settings_tests::fault::{Fault, FaultProxy, Nobody, When, vault as fault};

use crate::bao::{Bao, note, one, text};

#[test]
fn answers_that_are_none() {
    let server = FaultProxy::http(&Nobody::new().address());
    let vault = Vault::new(server.address()).token("test-token");
    let key = settings_core::store::SecretKey::new("PASSWORD").named("db");
    let redirect = Fault::answer(307, "text/plain", "").with_header("location", "http://127.0.0.1:1/v1/secret/data/db");
    let no_secret = "the answer is not JSON of the kind that this store gives";
    for (fault, kind, told) in [
        (Fault::bad_gateway(), Unreachable, "HTTP 502"),
        (fault::error(500, "internal error"), Unreachable, "HTTP 500"),
        (fault::sealed(), Unreachable, "HTTP 503, sealed"),
        (fault::error(503, "no active cluster node"), Unreachable, "HTTP 503"),
        (fault::too_many_requests(None), Unreachable, "throttled"),
        (
            fault::error(412, "required index state not present"),
            Unreachable,
            "HTTP 412: this server has not yet what another one wrote",
        ),
        (fault::error(400, "missing client token"), Denied, "HTTP 400"),
        (fault::error(405, "unsupported operation"), Denied, "at `secret` is no KV engine of version 2"),
        (fault::permission_denied(), Denied, "the token is not valid or has expired"),
        (redirect, Misconfigured, "HTTP 307: it sends to another host, where a token must not go"),
        (Fault::Drop, Unreachable, "the connection was dropped"),
        (Fault::garbage(), Malformed, no_secret),
        (Fault::answer(200, "text/html", "<html>please log in</html>"), Malformed, no_secret),
        (Fault::answer(200, "application/json", ""), Malformed, no_secret),
        (Fault::json(200, &json!({"data": {"password": "of version 1"}})), Malformed, no_secret),
        (Fault::json(200, &json!({"data": {"data": ["x"], "metadata": {"version": 1}}})), Malformed, no_secret),
        (Fault::answer(404, "text/html", "<html>404</html>"), NotFound, ""),
    ] {
        server.clear_faults();
        server.inject(When::any(), fault.clone());
        assert_eq!(note(&vault, &key), (kind, told.to_owned()), "{fault:?}");
    }
}

#[test]
fn a_pause_that_is_asked_for_is_passed_on() {
    let server = FaultProxy::http(&Nobody::new().address());
    server.inject(When::any(), fault::too_many_requests(Some("7")));
    let vault = Vault::new(server.address()).token("test-token");
    let error = one(&vault, &settings_core::store::SecretKey::new("PASSWORD").named("db")).unwrap_err();
    assert!(format!("{error:?}").contains("retry_after: Some(7s)"), "{error:?}");
}

#[test]
fn an_answer_that_breaks_off_is_no_answer() {
    let Some(bao) = Bao::new() else { return };
    bao.write("db", json!({"password": "p"}));
    bao.proxy.inject(When::any().first(1), Fault::Cut);
    let (vault, key) = (bao.vault(), bao.key("PASSWORD", "db"));
    assert_eq!(note(&vault, &key), (Unreachable, "the connection was dropped".to_owned()));
    assert_eq!(text(one(&vault, &key)), "p");
}

#[test]
fn a_quota_that_is_used_up_is_throttling() {
    let Some(bao) = Bao::new() else { return };
    bao.write("db", json!({"password": "p"}));
    let quota = json!({"path": format!("{}/", bao.mount), "rate": 1, "interval": "60s"});
    bao.admin("POST", &format!("sys/quotas/rate-limit/{}", bao.mount), quota, None);
    let (vault, key) = (bao.vault(), bao.key("PASSWORD", "db"));
    assert_eq!(text(one(&vault, &key)), "p");
    assert_eq!(note(&vault, &key), (Unreachable, "throttled".to_owned()));
    bao.admin("DELETE", &format!("sys/quotas/rate-limit/{}", bao.mount), serde_json::Value::Null, None);
    assert_eq!(text(one(&vault, &key)), "p");
}

#[test]
fn nobody_there_is_said_at_once() {
    let nobody = Nobody::new();
    let vault = Vault::new(nobody.address()).token("test-token");
    let start = Instant::now();
    let key = settings_core::store::SecretKey::new("PASSWORD").named("db");
    assert_eq!(note(&vault, &key), (Unreachable, "connection refused".to_owned()));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    let nowhere = Vault::new("https://vault.invalid").token("test-token");
    assert_eq!(note(&nowhere, &key), (Unreachable, "its name cannot be resolved".to_owned()));
}

#[test]
fn a_slow_answer_does_not_hold_up_the_others() {
    let Some(bao) = Bao::new() else { return };
    ["slow", "quick"].iter().for_each(|path| bao.write(path, json!({"password": *path})));
    bao.proxy
        .inject(When::request("GET", &format!("/v1/{}/data/slow", bao.mount)), Fault::Delay(Duration::from_secs(30)));
    let (vault, start) = (bao.vault(), Instant::now());
    let keys = [bao.key("PASSWORD", "slow"), bao.key("PASSWORD", "quick")];
    use settings_core::store::SecretStore;
    let [slow, quick] = crate::run(vault.fetch(&keys)).try_into().unwrap();
    assert_eq!(crate::error(slow), (Unreachable, "timed out".to_owned()));
    assert_eq!(text(quick), "quick");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}
