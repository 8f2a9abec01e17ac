//! `env-example`, and texts of its kind.

use std::io;
use std::path::Path;

use super::screen;
use crate::generate::env_example;
use crate::value::Blueprint;

/// What a file that differs, or cannot be read or written, comes to.
const FAILED: i32 = 1;

pub(super) fn print(text: &str) -> io::Result<i32> {
    screen::print(text.trim_end())?;
    Ok(0)
}

pub(super) fn check<S: Blueprint>(file: &Path) -> io::Result<i32> {
    Ok(match env_example::check::<S>(file) {
        Ok(None) => 0,
        Ok(Some(drift)) => {
            screen::print(drift.trim_end())?;
            screen::print(&format!("\nWrite it anew with `env-example --write {}`.", file.display()))?;
            FAILED
        }
        Err(error) => refuse(&error),
    })
}

pub(super) fn write<S: Blueprint>(file: &Path) -> i32 {
    env_example::write::<S>(file).map_or_else(|error| refuse(&error), |()| 0)
}

fn refuse(error: &io::Error) -> i32 {
    screen::error(&error.to_string());
    FAILED
}
