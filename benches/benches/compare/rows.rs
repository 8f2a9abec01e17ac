//! What is measured. The first contestant of a row is its yardstick.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use arc_swap::ArcSwap;
use envconfig::Envconfig;
use settings_benches::by_hand::{self, ByHand};
use settings_benches::environment::{self, REQUIRED, VARIABLES};
use settings_benches::harness::{self, Contestant, Outcome};
use settings_benches::many::Many;
use settings_benches::ours::Ours;
use settings_benches::peers::{self, WithEnvconfig};
use settings_core::Settings;

use crate::Result;

const OURS: &str = "settings-core";
const BY_HAND: &str = "by hand";
const CONF: &str = "conf";
const CONFIG: &str = "config";
const CONFIQUE: &str = "confique";
const DYNAMIC_CONFIG: &str = "dynamic-config";
const ENVCONFIG: &str = "envconfig";
const ENVY: &str = "envy";
const FIGMENT: &str = "figment";
const DOTENVY: &str = "dotenvy alone";
const ARC_SWAP: &str = "arc-swap alone";
const VARS_OS: &str = "`vars_os()` alone";

pub(crate) struct Table {
    pub(crate) columns: &'static [&'static str],
    pub(crate) rows: &'static [Row],
}

pub(crate) struct Row {
    pub(crate) title: &'static str,
    /// Sets the variables.
    pub(crate) environment: fn(&mut Command),
    pub(crate) measure: fn() -> Result<Vec<Outcome>>,
}

pub(crate) const TABLES: [Table; 2] = [
    Table {
        columns: &[OURS, BY_HAND, ENVCONFIG, CONFIQUE, ENVY, FIGMENT, CONFIG, CONF, DYNAMIC_CONFIG],
        rows: &[
            Row { title: "load, 20 fields from env", environment: set_all, measure: load_from_env },
            Row { title: "load, 10 of 20 fields from env", environment: set_required, measure: load_from_env },
        ],
    },
    Table {
        columns: &[OURS, BY_HAND, ENVCONFIG, DOTENVY, VARS_OS, ARC_SWAP],
        rows: &[
            Row { title: "load, 200 fields, 2,000 variables", environment: environment::set_many, measure: load_many },
            Row { title: "load, 20 fields from .env", environment: set_none, measure: load_from_env_file },
            Row { title: "`get()`", environment: set_all, measure: get },
            Row { title: "`get()` on two threads", environment: set_all, measure: get_on_two_threads },
        ],
    },
];

pub(crate) fn set_all(process: &mut Command) {
    environment::set(process, VARIABLES.len());
}

fn set_required(process: &mut Command) {
    environment::set(process, REQUIRED);
}

fn set_none(process: &mut Command) {
    environment::set(process, 0);
}

fn load_from_env() -> Result<Vec<Outcome>> {
    // What fails, or does not see a variable, must not count as fast.
    let ports = [
        Ours::load_blocking()?.port,
        peers::envconfig()?.port,
        peers::confique()?.port,
        peers::envy()?.port,
        peers::figment()?.port,
        peers::config()?.port,
        peers::conf()?.port,
        peers::dynamic_config()?.port,
    ];
    assert_eq!(ports, [by_hand::from_env()?.port; 8]);
    Ok(harness::compare(&[
        Contestant::new(BY_HAND, by_hand::from_env),
        Contestant::new(OURS, Ours::load_blocking),
        Contestant::new(ENVCONFIG, peers::envconfig),
        Contestant::new(CONFIQUE, peers::confique),
        Contestant::new(ENVY, peers::envy),
        Contestant::new(FIGMENT, peers::figment),
        Contestant::new(CONFIG, peers::config),
        Contestant::new(CONF, peers::conf),
        Contestant::new(DYNAMIC_CONFIG, peers::dynamic_config),
    ]))
}

fn load_many() -> Result<Vec<Outcome>> {
    drop(Many::load_blocking()?);
    assert_eq!(env::vars_os().count(), 2000);
    Ok(harness::compare(&[
        Contestant::new(VARS_OS, || env::vars_os().count()),
        Contestant::new(OURS, Many::load_blocking),
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
