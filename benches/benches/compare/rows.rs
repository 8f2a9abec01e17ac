//! What is measured. The first contestant of a row is its yardstick.

use std::fs;
use std::path::Path;

use arc_swap::ArcSwap;
use envconfig::Envconfig;
use settings_benches::by_hand::{self, ByHand};
use settings_benches::environment::{self, REQUIRED, VARIABLES};
use settings_benches::harness::{self, Contestant, Outcome};
use settings_benches::ours::Ours;
use settings_benches::peers::{self, WithEnvconfig};
use settings_core::Settings;

use crate::Result;

const OURS: &str = "settings-core";
const BY_HAND: &str = "by hand";
const ENVCONFIG: &str = "envconfig";
const DOTENVY: &str = "dotenvy alone";
const ARC_SWAP: &str = "arc-swap alone";

pub(crate) const COLUMNS: [&str; 5] = [OURS, BY_HAND, ENVCONFIG, DOTENVY, ARC_SWAP];

pub(crate) struct Row {
    pub(crate) title: &'static str,
    /// How many of the variables are set.
    pub(crate) variables: usize,
    pub(crate) measure: fn() -> Result<Vec<Outcome>>,
}

pub(crate) const ROWS: [Row; 5] = [
    Row { title: "load, 20 fields from env", variables: VARIABLES.len(), measure: load_from_env },
    Row { title: "load, 10 of 20 fields from env", variables: REQUIRED, measure: load_from_env },
    Row { title: "load, 20 fields from .env", variables: 0, measure: load_from_env_file },
    Row { title: "`get()`", variables: VARIABLES.len(), measure: get },
    Row { title: "`get()` on two threads", variables: VARIABLES.len(), measure: get_on_two_threads },
];

fn load_from_env() -> Result<Vec<Outcome>> {
    // What fails must not count as fast.
    drop((Ours::load_blocking()?, by_hand::from_env()?, WithEnvconfig::init_from_env()?));
    Ok(harness::compare(&[
        Contestant::new(BY_HAND, by_hand::from_env),
        Contestant::new(OURS, Ours::load_blocking),
        Contestant::new(ENVCONFIG, WithEnvconfig::init_from_env),
    ]))
}

fn load_from_env_file() -> Result<Vec<Outcome>> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench.env");
    fs::write(&path, environment::env_file())?;
    let dotenvy = || dotenvy::from_path_iter(&path).map(|lines| lines.flatten().count());
    let ours = || Ours::loader().env_file(&path).load_blocking();
    let by_hand = || -> Result<ByHand> { Ok(by_hand::from_map(&peers::dotenvy(&path)?)?) };
    let envconfig = || -> Result<WithEnvconfig> { Ok(WithEnvconfig::init_from_hashmap(&peers::dotenvy(&path)?)?) };
    drop((ours()?, by_hand()?, envconfig()?));
    assert_eq!(dotenvy()?, VARIABLES.len());
    Ok(harness::compare(&[
        Contestant::new(DOTENVY, dotenvy),
        Contestant::new(OURS, ours),
        Contestant::new(BY_HAND, by_hand),
        Contestant::new(ENVCONFIG, envconfig),
    ]))
}

fn get() -> Result<Vec<Outcome>> {
    Ours::init_blocking()?;
    let bare = ArcSwap::from_pointee(by_hand::from_env()?);
    Ok(harness::compare(&[Contestant::new(ARC_SWAP, || bare.load().port), Contestant::new(OURS, || Ours::get().port)]))
}

fn get_on_two_threads() -> Result<Vec<Outcome>> {
    Ours::init_blocking()?;
    let bare = ArcSwap::from_pointee(by_hand::from_env()?);
    Ok(harness::compare(&[
        Contestant::on_threads(2, ARC_SWAP, || bare.load().port),
        Contestant::on_threads(2, OURS, || Ours::get().port),
    ]))
}
