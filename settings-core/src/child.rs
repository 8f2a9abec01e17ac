//! Tests that want a certain process environment run in a process of their own, for no test changes the one it is in.

use std::process::Command;

/// Runs an ignored test of this crate in a process that has these variables alone.
#[track_caller]
pub(crate) fn run(test: &str, variables: &[(&str, &str)]) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([test, "--exact", "--ignored"]).env_clear().envs(variables.iter().copied());
    let output = child.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}
