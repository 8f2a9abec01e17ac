//! Which files the names of a struct or loader stand for: those of a profile too, and those of parent directories.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Whether a profile's name is one plain part of a file name, so that it leads to no other directory.
pub(super) fn is_profile(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

/// `.env.production` of `.env`.
pub(super) fn dotenv_twin(path: &Path, profile: &str) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".");
    name.push(profile);
    path.with_file_name(name)
}

/// `chat.production.toml` of `chat.toml`.
pub(super) fn config_twin(path: &Path, profile: &str) -> PathBuf {
    let mut name = path.file_stem().map(OsString::from).unwrap_or_default();
    name.push(".");
    name.push(profile);
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

/// The file of this name that is nearest: in the current directory, or else in the parents. The name itself when there
/// is none, or when it tells the directory.
pub(super) fn nearest(path: &Path) -> Cow<'_, Path> {
    if path.is_absolute() {
        return path.into();
    }
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().map(|directory| directory.join(path)).find(|path| path.exists());
    found.map_or(path.into(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_one_plain_part() {
        for yes in ["production", "eu-west_1", "v1.2"] {
            assert!(is_profile(yes), "{yes}");
        }
        for no in ["", ".", "..", ".hidden", "a/b", "../x", "a\\b", "a\0", "a b", "ä"] {
            assert!(!is_profile(no), "{no}");
        }
    }

    #[test]
    fn twins_stand_beside_their_files() {
        let twins = |path: &str| [dotenv_twin(path.as_ref(), "p"), config_twin(path.as_ref(), "p")];
        assert_eq!(twins("dir/.env"), ["dir/.env.p", "dir/.env.p"].map(PathBuf::from));
        assert_eq!(twins("chat.toml"), ["chat.toml.p", "chat.p.toml"].map(PathBuf::from));
    }

    #[test]
    fn the_nearest_directory_has_the_file() {
        let here = std::env::current_dir().unwrap();
        let root = here.parent().unwrap();
        assert_eq!(nearest("Cargo.toml".as_ref()), here.join("Cargo.toml"));
        assert_eq!(nearest("Cargo.lock".as_ref()), root.join("Cargo.lock"));
        assert_eq!(nearest("no-such-file".as_ref()), Path::new("no-such-file"));
        assert_eq!(nearest("/Cargo.lock".as_ref()), Path::new("/Cargo.lock"));
    }
}
