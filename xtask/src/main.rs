//! The project's own commands: `cargo xtask help` lists them.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool prints")]

mod bench_build;
mod cargo;
mod dependencies;
mod metadata;
mod msrv;
mod pipeline;
mod test;

use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const HELP: &str = "\
Usage: cargo xtask <command>

  test         run every check; what CI runs
                 --only <step,..>  run these steps alone, of fmt, clippy, test, doc, dependencies, msrv
                 --keep-going      do not stop at the first step that fails
  bench        compare load and get with hand-written code and with other crates
  bench-build  compare the time to build the derive with serde's
  help         print this
";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let command = args.next();
    let args: Vec<String> = args.collect();
    let done = match (command.as_deref(), &args[..]) {
        (Some("test"), options) => test::run(options),
        (Some("bench"), []) => cargo::run(&mut cargo::command(["bench", "--package", "settings-benches"])),
        (Some("bench-build"), []) => bench_build::run(),
        (None | Some("help" | "--help" | "-h"), _) => {
            print!("{HELP}");
            Ok(())
        }
        (Some(_), _) => Err(format!("no such command\n\n{HELP}").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
