//! Calls of cargo, from the root of the repository and without input.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Result;

/// The root of the repository.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A call of cargo in the root of the repository.
pub(crate) fn command<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    command_in(Path::new(ROOT), args)
}

/// A call of cargo in another directory.
pub(crate) fn command_in<S: AsRef<OsStr>>(directory: &Path, args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new("cargo");
    command.args(args).current_dir(directory).stdin(Stdio::null());
    command
}

/// Runs the call; its output goes where this program's goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(format!("{} ({status})", to_copy(command)).into()) }
}

/// Runs the call without a word, unless it fails.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    read(command).map(drop)
}

/// Runs the call and gives what it wrote.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command.output()?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{} ({})\n{said}", to_copy(command), output.status).into())
    }
}

/// The call as one would type it.
pub(crate) fn to_copy(command: &Command) -> String {
    let variables =
        command.get_envs().filter_map(|(name, value)| Some(format!("{}={}", name.to_str()?, quoted(value?.to_str()?))));
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let words = words.map(|word| quoted(&word.to_string_lossy()));
    variables.chain(words).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_shown_as_one_would_type_it() {
        let mut doc = command(["doc", "--no-deps"]);
        doc.env("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(to_copy(&doc), "RUSTDOCFLAGS='-D warnings' cargo doc --no-deps");
    }

    #[test]
    fn a_call_that_fails_is_an_error_that_shows_the_call() {
        let error = read(&mut command(["no-such-command"])).unwrap_err().to_string();
        assert!(error.starts_with("cargo no-such-command (exit status: 101)\n"), "{error}");
    }
}
