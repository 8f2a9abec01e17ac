//! `rotate`: a new value for a secret.

use std::io::{self, IsTerminal, Read};

use zeroize::Zeroizing;

use super::{prompt, screen};
use crate::loader::Loader;
use crate::report::{Report, Task};
use crate::resolve::names;
use crate::secret::SecretString;
use crate::tone::Tone;
use crate::value::Blueprint;

/// More than any store takes for one secret.
const MOST: usize = 256 * 1024;

/// What arguments that were not understood, and a value that could not be read, come to.
const USAGE: i32 = 2;
const FAILED: i32 = 1;
/// What Ctrl-C comes to, where whoever started the program has it ignore the signal.
const INTERRUPTED: i32 = 130;

/// Why there is no value.
enum NoValue {
    Interrupted,
    Broken(String),
}

/// Reads the value and writes it to the store. `alone` says that no argument follows the name.
pub(super) fn rotate<S: Blueprint>(loader: Loader<S>, name: &str, alone: bool) -> io::Result<i32> {
    if !alone {
        screen::error(
            "the new value is no argument: arguments stand in the list of processes and in the shell's history. Give it on \
             the standard input, or enter it when you are asked. If it was a real one, it has been seen.",
        );
        return Ok(USAGE);
    }
    if let Some(unknown) = names::unknown_typed(S::SCHEMA, name) {
        return Ok(screen::report(&Report::new(S::SCHEMA.name, Task::Rotate, vec![unknown])));
    }
    let value = match read(name) {
        Ok(value) => value,
        Err(NoValue::Interrupted) => return Ok(INTERRUPTED),
        Err(NoValue::Broken(error)) => {
            screen::error(&error);
            return Ok(FAILED);
        }
    };
    match loader.rotate_secret_blocking(name, value) {
        Ok(warning) => {
            screen::print(&format!("{name} {}", screen::paint("has a new value.", Tone::Good)))?;
            if let Some(warning) = warning {
                screen::print_folded("warning:", &warning.to_string())?;
            }
            Ok(0)
        }
        Err(report) => Ok(screen::report(&report)),
    }
}

/// The value from the terminal, which does not show it, or else from the standard input without the line break at its end.
fn read(name: &str) -> Result<SecretString, NoValue> {
    let broken = NoValue::Broken;
    if io::stdin().is_terminal() {
        let entered = prompt::ask(&format!("New value of {name}: "));
        return entered.map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => NoValue::Interrupted,
            kind => broken(format!("nothing could be entered: {kind}")),
        });
    }
    let mut input = io::stdin().lock();
    // Of its full size from the beginning: a buffer that grows leaves its text behind.
    let mut buffer = Zeroizing::new(vec![0; MOST + 1]);
    let mut length = 0;
    loop {
        match input.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(broken(format!("the standard input cannot be read: {}", error.kind()))),
        }
    }
    if length > MOST {
        return Err(broken(format!("the value is over {} KiB", MOST / 1024)));
    }
    let text = std::str::from_utf8(&buffer[..length]).map_err(|_| broken("the value is not UTF-8".to_owned()))?;
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    Ok(SecretString::from(text))
}
