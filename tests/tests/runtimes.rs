//! Loads that wait for a store, on whatever runtime they are made: each in a process of its own, whose environment says
//! where the store is, because `get()` loads from the usual places.
#![cfg(feature = "vault")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use settings_core::{ExposeSecret, SecretString, Settings};
use settings_tests::fault::{Fault, FaultProxy, Nobody, When};
use settings_tests::in_process_with;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Barrier;

#[derive(Settings)]
#[settings(env_file = none)]
struct Keys {
    #[secret(source = vault("keys"))]
    api_key: SecretString,
}

fn key(keys: &Keys) -> &str {
    keys.api_key.expose_secret()
}

/// Runs an ignored test where there is such a store. How often the store was asked, and over how many connections.
#[track_caller]
fn asked_by(test: &str) -> (usize, usize) {
    let server = FaultProxy::http(&Nobody::new().address());
    let secret = json!({ "data": { "data": { "api_key": "test-value" }, "metadata": { "version": 1 } } });
    server.inject(When::any(), Fault::Delay(Duration::from_millis(300)));
    server.inject(When::any(), Fault::json(200, &secret));
    in_process_with(&[("VAULT_ADDR", &server.address()), ("VAULT_TOKEN", "test-token")], test);
    (server.seen().len(), server.connections())
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi_thread() -> Runtime {
    Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
}

#[test]
fn a_blocking_get_beside_an_async_load_on_one_thread() {
    assert_eq!(asked_by("gets_beside_a_load"), (1, 1));
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn gets_beside_a_load() {
    current_thread().block_on(async {
        let load = tokio::spawn(Keys::init());
        tokio::task::yield_now().await;
        // It holds up the runtime that the load is on.
        assert_eq!(key(&Keys::get()), "test-value");
        load.await.unwrap().unwrap();
    });
}

#[test]
fn two_hundred_tasks_that_get_first_are_one_load() {
    assert_eq!(asked_by("gets_from_two_hundred_tasks"), (1, 1));
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn gets_from_two_hundred_tasks() {
    const TASKS: usize = 200;
    multi_thread().block_on(async {
        let start = Arc::new(Barrier::new(TASKS));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let start = Arc::clone(&start);
                tokio::spawn(async move {
                    start.wait().await;
                    assert_eq!(key(&Keys::get()), "test-value");
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    assert_eq!(Keys::status().generation(), 1);
}

#[test]
fn two_hundred_threads_and_async_loads_are_one_load() {
    assert_eq!(asked_by("loads_in_every_way_at_once"), (1, 1));
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn loads_in_every_way_at_once() {
    std::thread::scope(|scope| {
        for index in 0..200 {
            scope.spawn(move || match index % 3 {
                0 => drop(Keys::get()),
                1 => current_thread().block_on(Keys::init()).unwrap(),
                _ => drop(Keys::try_get().unwrap()),
            });
        }
    });
    assert_eq!(key(&Keys::get()), "test-value");
}

#[test]
fn a_blocking_load_works_anywhere() {
    assert_eq!(asked_by("loads_anywhere"), (5, 1), "the connection outlives the runtimes");
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn loads_anywhere() {
    let load = || assert_eq!(key(&Keys::load_blocking().unwrap()), "test-value");
    load();
    current_thread().block_on(async { load() });
    multi_thread().block_on(async { load() });
    multi_thread().block_on(async { tokio::spawn(async move { load() }).await.unwrap() });
    assert_eq!(key(&pollster::block_on(Keys::load()).unwrap()), "test-value", "an async one needs no runtime");
}
