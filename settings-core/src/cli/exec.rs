//! `exec`: a program with the settings as its environment.

use std::ffi::OsString;
use std::io;
use std::process::Command;

use super::screen;
use crate::engine::block_on;
use crate::load::export::variables;
use crate::loader::Loader;
use crate::secret::escape;
use crate::value::Blueprint;

/// What shells give for a program that is not there, and for one that cannot be run.
const NOT_FOUND: i32 = 127;
const CANNOT_RUN: i32 = 126;

/// Loads the struct and runs the program, whose environment is this process's own with the loaded values above it.
pub(super) fn exec<S: Blueprint>(loader: Loader<S>, command: &[OsString]) -> i32 {
    let Some((program, arguments)) = command.split_first() else { return CANNOT_RUN };
    let variables = match block_on(variables::<S>(&loader.scoped_places())) {
        Ok(variables) => variables,
        Err(report) => return screen::report(&report),
    };
    match become_it(Command::new(program).args(arguments).envs(variables)) {
        Ok(code) => code,
        Err(error) => {
            let (why, code) = match error.kind() {
                io::ErrorKind::NotFound => ("there is no such program".to_owned(), NOT_FOUND),
                kind => (kind.to_string(), CANNOT_RUN),
            };
            screen::error(&format!("cannot run {}: {why}", escape(&program.to_string_lossy())));
            code
        }
    }
}

/// The program takes the place of this one, so that signals reach it and its exit is this one's. Nothing of this process
/// is left then, the values among it.
#[cfg(unix)]
fn become_it(command: &mut Command) -> io::Result<i32> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

/// Runs the program to its end. An interrupt from the console reaches both.
#[cfg(not(unix))]
fn become_it(command: &mut Command) -> io::Result<i32> {
    command.status().map(|status| status.code().unwrap_or(CANNOT_RUN))
}
