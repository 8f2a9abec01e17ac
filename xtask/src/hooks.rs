//! No secret in the repository: the hook that looks at each commit, and a look at everything that is tracked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Result, cargo};

/// Where the hooks are, from the top of the repository.
const HOOKS: &str = ".githooks";

/// Has git run the hooks of this repository, unless it runs others.
pub(crate) fn install() -> Result<String> {
    match in_use() {
        Some(path) if path == HOOKS => Ok(format!("{HOOKS} was in use already")),
        Some(path) => Err(format!("core.hooksPath is `{path}` already: call {HOOKS}/pre-commit from there").into()),
        None => {
            git(&["config", "core.hooksPath", HOOKS]).map(|_| format!("{HOOKS} is in use: no commit holds a secret"))
        }
    }
}

/// Looks at every file that is tracked, as the hook looks at those of a commit.
pub(crate) fn check() -> Result<String> {
    let Ok(index) = git(&["rev-parse", "--path-format=absolute", "--git-path", "index"]) else {
        return Ok("no repository of git".to_owned());
    };
    let objects = git(&["rev-parse", "--path-format=absolute", "--git-path", "objects"])?;
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?);
    let empty = empty_repository(&top.join("target/secrets.git"), &objects)?;
    let mut scan = cargo::command(["run", "--quiet", "--package", "quickstart", "--", "settings", "scan", "--staged"]);
    scan.env("GIT_DIR", empty).env("GIT_WORK_TREE", top).env("GIT_INDEX_FILE", index);
    cargo::run(&mut scan)?;
    Ok(match in_use() {
        Some(_) => String::new(),
        None => "`cargo xtask hooks` has git look at each commit too".to_owned(),
    })
}

/// A repository without commits, to which every file of an index is new. It finds the contents in `objects`.
fn empty_repository(path: &Path, objects: &str) -> Result<PathBuf> {
    git(&["init", "--quiet", "--bare", path.to_str().ok_or("the path of the repository is not UTF-8")?])?;
    fs::create_dir_all(path.join("objects/info"))?;
    fs::write(path.join("objects/info/alternates"), format!("{objects}\n"))?;
    Ok(path.to_owned())
}

/// The folder of hooks that git is told of.
fn in_use() -> Option<String> {
    git(&["config", "core.hooksPath"]).ok()
}

fn git(arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).current_dir(cargo::ROOT).output()?;
    if !output.status.success() {
        return Err(format!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_new_to_an_empty_repository() {
        let path = std::env::temp_dir().join(format!("xtask-hooks-{}.git", std::process::id()));
        // An archive of the sources is no repository.
        let Ok(objects) = git(&["rev-parse", "--path-format=absolute", "--git-path", "objects"]) else { return };
        let index = git(&["rev-parse", "--path-format=absolute", "--git-path", "index"]).unwrap();
        let empty = empty_repository(&path, &objects).unwrap();
        let mut diff = Command::new("git");
        diff.args(["diff", "--cached", "--name-only"]).env("GIT_DIR", empty).env("GIT_INDEX_FILE", index);
        let listed = String::from_utf8(diff.output().unwrap().stdout).unwrap();
        fs::remove_dir_all(&path).unwrap();
        assert!(listed.lines().any(|file| file == "xtask/src/hooks.rs"), "{listed}");
    }
}
