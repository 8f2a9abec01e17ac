//! A directory of secrets, and the search for a name in it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::volume::Volume;
use super::{Contents, Volumes, inside};
use crate::layer::read::{ReadError, read};

/// A directory that holds one file for each secret.
pub(crate) struct Directory {
    /// As it was given.
    path: PathBuf,
    /// Without links.
    real: PathBuf,
    listing: Listing,
    volume: Option<Rc<Volume>>,
}

enum Listing {
    /// The names of everything that is there.
    Names(Vec<String>),
    /// The directory may not be listed. Its files may be readable all the same by who knows their names.
    Hidden,
    /// The directory is missing, or cannot be read.
    Failed(ReadError),
}

impl Directory {
    pub(super) fn open(path: &Path, volumes: &Volumes) -> Self {
        let path = path.to_owned();
        match fs::canonicalize(&path) {
            Ok(real) => {
                let volume = volumes.at(&real);
                Self { listing: Listing::of(&real), path, real, volume }
            }
            Err(error) => Self { real: path.clone(), path, listing: Listing::Failed(error.into()), volume: None },
        }
    }

    /// The file that has one of the names: its path as reports show it, and what it holds.
    ///
    /// The names are tried in order as they are written, and then in any ASCII case.
    pub(crate) fn read(&self, names: &[String]) -> (PathBuf, Contents) {
        let (name, contents) = match self.find(names) {
            Some(name) => (name, self.contents(name)),
            None => (names.first().map_or("", String::as_str), Err(self.failure())),
        };
        (self.path.join(name), contents)
    }

    fn find<'a>(&'a self, names: &'a [String]) -> Option<&'a str> {
        let mut wanted = names.iter().map(String::as_str);
        match &self.listing {
            Listing::Failed(_) => None,
            Listing::Hidden => wanted.find(|name| {
                let found = fs::symlink_metadata(self.real.join(name));
                is_name(name) && !found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
            }),
            Listing::Names(there) => {
                let there = || there.iter().map(String::as_str);
                let in_any_case = |name: &str| there().find(|there| there.eq_ignore_ascii_case(name));
                wanted
                    .clone()
                    .find_map(|name| there().find(|there| *there == name))
                    .or_else(|| wanted.find_map(in_any_case))
            }
        }
    }

    /// Why there is no file of the name.
    fn failure(&self) -> ReadError {
        match self.listing {
            Listing::Failed(error) => error,
            _ => ReadError::Missing,
        }
    }

    fn contents(&self, name: &str) -> Contents {
        if let Some(contents) = self.volume.as_ref().and_then(|volume| volume.file(name)) {
            return contents;
        }
        read(&inside(&self.real, &self.real.join(name))?).map(Rc::new)
    }
}

/// Whether it names a file and is no path; `get_secret` takes any text.
fn is_name(text: &str) -> bool {
    Path::new(text).file_name().is_some_and(|name| name == text)
}

impl Listing {
    fn of(dir: &Path) -> Self {
        match fs::read_dir(dir).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Ok(entries) => {
                Self::Names(entries.into_iter().filter_map(|entry| entry.file_name().into_string().ok()).collect())
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Self::Hidden,
            Err(error) => Self::Failed(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(directory: &Directory, names: &[&str]) -> Result<String, ReadError> {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        directory.read(&names).1.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn the_names_are_tried_in_order_and_then_in_any_case() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("db_password"), "path").unwrap();
        fs::write(dir.path().join("CHAT_DB_PASSWORD"), "variable").unwrap();
        let listed = Directory::open(dir.path(), &Volumes::default());
        assert_eq!(contents(&listed, &["db_password", "CHAT_DB_PASSWORD"]).unwrap(), "path");
        assert_eq!(contents(&listed, &["DB_PASSWORD", "CHAT_DB_PASSWORD"]).unwrap(), "variable");
        assert_eq!(contents(&listed, &["DB_PASSWORD", "chat_db_password"]).unwrap(), "path");
        assert_eq!(contents(&listed, &["password"]), Err(ReadError::Missing));
        assert_eq!(contents(&listed, &[]), Err(ReadError::Missing));
    }

    #[test]
    fn a_directory_that_may_not_be_listed_is_asked_for_the_names_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("db_password"), "pass").unwrap();
        // Root may list every directory, so that permissions would not do.
        let hidden = Directory { listing: Listing::Hidden, ..Directory::open(dir.path(), &Volumes::default()) };
        assert_eq!(contents(&hidden, &["chat_db_password", "db_password"]).unwrap(), "pass");
        assert_eq!(contents(&hidden, &["other"]), Err(ReadError::Missing));
        assert_eq!(contents(&hidden, &["../../etc/passwd"]), Err(ReadError::Missing));
    }
}
