//! `cargo xtask bench-build`: what this project costs a build, as ratios measured in one run.
//!
//! Crates that differ in nothing but what is compared are generated into `target/bench-build/`. The contestants take
//! turns, each result is the fastest of a few runs, and every run has the machine to itself as far as it can.

mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Result, cargo, metadata};

const RUNS: usize = 3;

/// Measures, and prints the tables.
pub(crate) fn run() -> Result<()> {
    let target = metadata::read()?["target_directory"].as_str().map(PathBuf::from);
    let root = target.ok_or("cargo metadata names no target directory")?.join("bench-build");
    sources::write(&root)?;
    cargo::run_quietly(&mut cargo::command_in(&root, ["fetch"]))?;

    println!("What a derive adds to the build of its own crate, dependencies prebuilt, fastest of {RUNS}.");
    println!("\"Used\" is one call of `serde_json::from_str`, which is where serde's generic code gets compiled.\n");
    println!(
        "| fields | command | no derive | serde | serde, used | `Settings`, used | added, to serde | to serde, used |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for fields in sources::FIELDS {
        for command in [&["check"][..], &["build", "--release"]] {
            let leaves = sources::SAMPLES.map(|sample| sample.name(fields));
            for leaf in &leaves {
                build_leaf(&root, command, leaf)?; // the dependencies
            }
            let times = fastest(&leaves, |leaf| {
                sources::touch(&root, leaf)?;
                timed(|| build_leaf(&root, command, leaf))
            })?;
            let [none, serde, used, settings] = times.map(|time| time.as_secs_f64());
            let added = settings - none;
            println!(
                "| {fields} | `{}` | {none:.2} s | {serde:.2} s | {used:.2} s | {settings:.2} s | {:.2} | {:.2} |",
                command.join(" "),
                added / (serde - none),
                added / (used - none),
            );
        }
    }

    println!("\nA clean `cargo build`, fastest of {RUNS}:\n");
    println!("| figment with TOML, serde with derive | settings-core, default features | ratio |");
    println!("|---|---|---|");
    let times = fastest(&[sources::PEERS, sources::OURS].map(str::to_owned), |name| build_clean(&root, name))?;
    let [peers, ours] = times.map(|time| time.as_secs_f64());
    println!("| {peers:.2} s | {ours:.2} s | {:.2} |", ours / peers);
    Ok(())
}

/// Lets the contestants take turns, and gives the fastest time of each.
fn fastest<const N: usize>(
    contestants: &[String; N],
    measure: impl Fn(&str) -> Result<Duration>,
) -> Result<[Duration; N]> {
    let mut best = [Duration::MAX; N];
    for _ in 0..RUNS {
        for (contestant, best) in contestants.iter().zip(&mut best) {
            *best = measure(contestant)?.min(*best);
        }
    }
    Ok(best)
}

fn build_leaf(root: &Path, command: &[&str], name: &str) -> Result<()> {
    cargo::run_quietly(build_command(root, command, name).arg("--target-dir").arg(root.join("target")))
}

/// Times a build that finds nothing built.
fn build_clean(root: &Path, name: &str) -> Result<Duration> {
    let target = root.join("clean");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    timed(|| cargo::run_quietly(build_command(root, &["build"], name).arg("--target-dir").arg(&target)))
}

fn build_command(root: &Path, command: &[&str], name: &str) -> Command {
    let mut build = cargo::command_in(root, command);
    // Incremental builds would find nothing changed in the text.
    build.args(["--offline", "--package", name]).env("CARGO_INCREMENTAL", "0");
    build
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}
