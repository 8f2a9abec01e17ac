//! `cargo xtask bench-stores`: what a load from stores takes, where each call of a service takes 20 ms. A load of one secret
//! is the yardstick: it has the call, and all that a client does for it.
//!
//! The services are in this process, and spoken to by plain HTTP. "Kept" is a store as a program has it after its first
//! load, with its connections; "fresh" is one that has just been made: it connects, for each of its calls that go on at one
//! time, and Azure's asks the vault first who gives out tokens. What a machine needs to read the system's authorities and
//! to agree on TLS comes to a first load besides. The line without a store tells what is the machine's: the same calls, by
//! who does nothing but write and read.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

mod bare;
mod services;
mod structs;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bare::Bare;
use services::{Aws, AzureVault, DaprSidecar, Google, VaultServer};
use settings_benches::harness::{Contestant, compare_in};
use settings_core::store::{Fault, MemoryStore, SecretStore};
use settings_core::{Loader, Settings};
use structs::*;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How long a call takes.
const CALL: Duration = Duration::from_millis(20);
/// How often each contestant loads.
const ROUNDS: usize = 41;

fn main() -> Result<()> {
    println!("Loads, where each call takes 20 ms. A ratio is to a load of one secret; the budget is 1.20.\n");
    println!("| store | secrets | one, kept | all, kept | ratio | one, fresh | all, fresh | ratio |");
    println!("|---|---|---|---|---|---|---|---|");
    let aws = Aws::new(CALL);
    let one: [&dyn Fn(); 2] = [&|| load(aws.kept::<AwsOne>()), &|| load(aws.fresh::<AwsOne>())];
    let fifty: [&dyn Fn(); 2] = [&|| load(aws.kept::<AwsFifty>()), &|| load(aws.fresh::<AwsFifty>())];
    let twenty: [&dyn Fn(); 2] = [&|| load(aws.kept::<AwsTwenty>()), &|| load(aws.fresh::<AwsTwenty>())];
    row("aws", "50 in one, 1 call", one, fifty);
    row("aws", "20, 1 call", one, twenty);
    let azure = AzureVault::new(CALL);
    of_store::<AzureOne, AzureFifty, _>("azure", "50, 50 calls", || azure.store());
    let google = Google::new(CALL);
    of_store::<GcpOne, GcpFifty, _>("gcp", "50, 50 calls", || google.store());
    let vault = VaultServer::new(CALL);
    of_store::<VaultOne, VaultFifty, _>("vault", "50 in one, 1 call", || vault.store());
    of_store::<VaultOne, VaultFiftyPaths, _>("vault", "50, 50 calls", || vault.store());
    let (one, fifty) = (Bare::new(&vault.address(), 1)?, Bare::new(&vault.address(), 50)?);
    println!("| no store: bare TCP | 50, 50 calls | {} | | | |", compared(&|| called(&one), &|| called(&fifty)));
    let dapr = DaprSidecar::new(CALL)?;
    of_store::<DaprOne, DaprFifty, _>("dapr", "50, 50 calls", || dapr.store());

    println!("\nThree stores, whose calls take 20, 60 and 100 ms, with a secret each. The budget is 1.20.\n");
    println!("| stores | the slowest alone | all three | ratio |");
    println!("|---|---|---|---|");
    let [short, middle, long] = [20, 60, 100].map(Duration::from_millis);
    let (aws, azure, google) = (Aws::new(short), AzureVault::new(middle), Google::new(long));
    let (azure, google) = (Arc::new(azure.store()), Arc::new(google.store()));
    let cells = compared(&|| load(GcpOne::loader().hermetic().store("gcp", Arc::clone(&google))), &|| {
        load(aws.kept::<Three>().store("azure", Arc::clone(&azure)).store("gcp", Arc::clone(&google)))
    });
    println!("| aws, azure, gcp | {cells} |");
    let memory = |name, value, delay| {
        let store = MemoryStore::new().with(name, value);
        store.fail(Fault::Delay(delay));
        store
    };
    let first = memory("keys", r#"{"f-00": "not-a-real-value"}"#, short);
    let (second, third) = (memory("f-00", "not-a-real-value", middle), memory("f-00", "not-a-real-value", long));
    let cells = compared(&|| load(GcpOne::loader().hermetic().store("gcp", third.clone())), &|| {
        let loader = Three::loader().hermetic().store("aws", first.clone()).store("azure", second.clone());
        load(loader.store("gcp", third.clone()));
    });
    println!("| in memory | {cells} |");
    Ok(())
}

/// A line about a store that is given to its loads in code.
fn of_store<One: Settings, All: Settings, T: SecretStore + 'static>(
    name: &'static str,
    secrets: &str,
    store: impl Fn() -> T,
) {
    let kept = Arc::new(store());
    let one: [&dyn Fn(); 2] = [&|| load(One::loader().hermetic().store(name, Arc::clone(&kept))), &|| {
        load(One::loader().hermetic().store(name, store()))
    }];
    let all: [&dyn Fn(); 2] = [&|| load(All::loader().hermetic().store(name, Arc::clone(&kept))), &|| {
        load(All::loader().hermetic().store(name, store()))
    }];
    row(name, secrets, one, all);
}

/// A line of the first table: loads of one secret and of all, each from a store that is kept and from a fresh one.
fn row(store: &str, secrets: &str, one: [&dyn Fn(); 2], all: [&dyn Fn(); 2]) {
    println!("| {store} | {secrets} | {} | {} |", compared(one[0], all[0]), compared(one[1], all[1]));
}

/// The fastest time of either, and the ratio of the second to the first.
fn compared(one: &dyn Fn(), all: &dyn Fn()) -> String {
    let outcomes = compare_in(ROUNDS, &[Contestant::new("one", one), Contestant::new("all", all)]);
    let times: Vec<String> = outcomes.iter().map(|outcome| format!("{:.1} ms", outcome.fastest / 1e6)).collect();
    format!("{} | {:.2}", times.join(" | "), outcomes[1].ratio)
}

/// Calls, and ends where that fails.
#[expect(clippy::panic, reason = "there is nothing left to measure")]
fn called(bare: &Bare) {
    if let Err(error) = bare.call() {
        panic!("{error}");
    }
}

/// Loads, and ends where that fails: what fails must not count as fast.
#[expect(clippy::panic, reason = "there is nothing left to measure")]
fn load<S: Settings>(loader: Loader<S>) {
    if let Err(report) = loader.load_blocking() {
        panic!("{report}");
    }
}
