//! The project's own commands: `cargo xtask help` lists them.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

mod aws;
mod bench_build;
mod cargo;
mod dependencies;
mod features;
mod hooks;
mod http;
mod metadata;
mod msrv;
mod pipeline;
mod public_api;
mod serve;
mod servers;
mod test;

use std::process::{Command, ExitCode};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const HELP: &str = "\
Usage: cargo xtask <command>

  test         run every check; what CI runs
                 --only <step,..>  run these steps alone, of fmt, secrets, clippy, test, doc, features,
                                    dependencies, msrv
                 --keep-going      do not stop at the first step that fails
  hooks        have git look for secrets before each commit
  serve [moto|ministack|openbao ..] [-- <command>]
               start these stores, all when none is named, run the command with the variables that lead to them, and
               stop them; without a command print the variables and keep them until ctrl-c
                 --secret <name=value>  put this secret into moto or ministack first; may be repeated
               AWS_ENDPOINT_URL leads to the one that is named first. For one test file against all of them:
                 cargo xtask serve -- cargo test --package settings-tests --all-features --test <file>
  bench        compare load and get with hand-written code and with other crates
  bench-stores compare loads of many secrets with loads of one, and of three stores with the slowest
  bench-build  compare the time to build the derive with serde's
  help         print this
";

/// Not with the profile of the other benches: what is measured waits, and the SDKs would be built once more for it.
const BENCH_STORES: [&str; 9] =
    ["bench", "--profile", "release", "--package", "settings-benches", "--features", "stores", "--bench", "stores"];

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next();
    let args: Vec<String> = args.collect();
    run(command.as_deref(), &args).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// A call that measures. Backtraces are off, as they are by default: Azure's SDK takes some where nothing has failed.
fn measured(args: &[&str]) -> Command {
    let mut command = cargo::command(args);
    command.env("RUST_BACKTRACE", "0");
    command
}

fn run(command: Option<&str>, args: &[String]) -> Result<ExitCode> {
    match (command, args) {
        (Some("test"), options) => test::run(options)?,
        (Some("hooks"), []) => println!("{}", hooks::install()?),
        (Some("serve"), options) => return serve::run(options),
        (Some("bench"), []) => cargo::run(&mut measured(&["bench", "--package", "settings-benches"]))?,
        (Some("bench-stores"), []) => cargo::run(&mut measured(&BENCH_STORES))?,
        (Some("bench-build"), []) => bench_build::run()?,
        (None | Some("help" | "--help" | "-h"), _) => print!("{HELP}"),
        (Some(_), _) => return Err(format!("no such command\n\n{HELP}").into()),
    }
    Ok(ExitCode::SUCCESS)
}
