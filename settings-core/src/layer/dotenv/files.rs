//! Several .env files as one layer, and the search for a name in them.

use std::path::{Path, PathBuf};

use super::Dialect;
use super::document::{Binding, Document, Error, Place};
use super::lint::{self, Warning};
use crate::layer::read::{ReadError, read};

/// The .env files of a load, the later above the earlier.
pub(crate) struct DotenvFiles {
    files: Vec<DotenvFile>,
    /// Every binding by the hash of its key, the bindings of one hash in the order of the files.
    index: Vec<(u64, Hit)>,
}

/// One file of the layer: read, missing, or refused.
pub(crate) struct DotenvFile {
    path: PathBuf,
    /// Empty when the file was not read.
    document: Document,
    failure: Option<ReadError>,
}

/// A binding that was found. The order is that of the files and their lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    file: u32,
    binding: u32,
}

impl DotenvFiles {
    /// Reads and parses every file. What is wrong with one is found in [`files`](Self::files).
    pub(crate) fn open(paths: &[PathBuf], dialect: Dialect) -> Self {
        Self::new(paths.iter().map(|path| DotenvFile::open(path, dialect)).collect())
    }

    pub(super) fn new(files: Vec<DotenvFile>) -> Self {
        let mut index = Vec::with_capacity(files.iter().map(DotenvFile::len).sum());
        for (number, file) in files.iter().enumerate() {
            let hits = (0..).map(|binding| Hit { file: number as u32, binding });
            let hashes = file.document.bindings().iter().map(|binding| hash(file.document.key(binding)));
            index.extend(hashes.zip(hits));
        }
        index.sort_unstable();
        Self { files, index }
    }

    /// The files, the lowest first.
    pub(crate) fn files(&self) -> &[DotenvFile] {
        &self.files
    }

    /// Whether some file has a line that holds, or should hold, a variable.
    pub(crate) fn has_lines(&self) -> bool {
        !self.index.is_empty() || self.files.iter().any(|file| !file.errors().is_empty())
    }

    /// The names of all variables.
    #[cfg(test)]
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.files.iter().flat_map(DotenvFile::keys)
    }

    /// The binding of the variable `name` that counts.
    ///
    /// The last file that has the name in any ASCII case wins, even with an empty value, which so hides the name in
    /// earlier files. Within a file the exact name wins over other cases, and then the last line.
    pub(crate) fn lookup(&self, name: &str) -> Option<Hit> {
        if self.index.is_empty() {
            return None;
        }
        let mut best: Option<Hit> = None;
        for &(_, hit) in self.namesakes(name).iter().rev() {
            if best.is_some_and(|best| best.file != hit.file) {
                break;
            }
            let key = self.key(hit);
            if key == name {
                return Some(hit);
            }
            if best.is_none() && key.eq_ignore_ascii_case(name) {
                best = Some(hit);
            }
        }
        best
    }

    /// What `${name}` within the binding `here` refers to: the nearest line above it, in its file or in an earlier one,
    /// or else the last line below it in its file.
    pub(super) fn referent(&self, name: &str, here: Hit) -> Option<Hit> {
        let namesakes = self.namesakes(name);
        let (above, below) = namesakes.split_at(namesakes.partition_point(|&(_, hit)| hit < here));
        let below = below.iter().filter(|(_, hit)| hit.file == here.file && *hit != here);
        let mut candidates = above.iter().rev().chain(below.rev()).map(|&(_, hit)| hit);
        candidates.find(|&hit| self.key(hit) == name)
    }

    /// The name as the file writes it.
    pub(crate) fn key(&self, hit: Hit) -> &str {
        let (document, binding) = self.binding(hit);
        document.key(binding)
    }

    /// The file that `hit` is in.
    pub(crate) fn path(&self, hit: Hit) -> &Path {
        self.files[hit.file as usize].path()
    }

    /// Where the value of `hit` begins.
    pub(crate) fn place(&self, hit: Hit) -> Place {
        self.binding(hit).1.place()
    }

    /// The value, each `${` in it as it stands: how a secret is read.
    pub(crate) fn literal(&self, hit: Hit) -> &str {
        let (document, binding) = self.binding(hit);
        document.text(binding)
    }

    /// Whether the value has a `${` that is not quoted away, so that [`expanded`](Self::expanded) differs from
    /// [`literal`](Self::literal).
    pub(crate) fn has_references(&self, hit: Hit) -> bool {
        self.references(hit, 0).next().is_some() || self.always_expands(hit)
    }

    /// Whether the value has references that are expanded even in a secret, because `dotenvy` did so.
    #[cfg(feature = "dotenvy")]
    pub(crate) fn always_expands(&self, hit: Hit) -> bool {
        self.expanded_by_dotenvy(hit).is_some()
    }

    #[cfg(not(feature = "dotenvy"))]
    pub(crate) fn always_expands(&self, _: Hit) -> bool {
        false
    }

    #[cfg(feature = "dotenvy")]
    pub(super) fn expanded_by_dotenvy(&self, hit: Hit) -> Option<&super::dotenvy::Expanded> {
        let expanded = &self.files[hit.file as usize].document.expanded;
        let at = expanded.binary_search_by_key(&(hit.binding as usize), |(binding, _)| *binding).ok()?;
        expanded.get(at).map(|(_, expanded)| expanded)
    }

    /// Where the literal value, after its first `skip` bytes, has a `${` that is not quoted away.
    pub(super) fn references(&self, hit: Hit, skip: usize) -> impl Iterator<Item = usize> {
        let (document, binding) = self.binding(hit);
        document.references(binding, skip)
    }

    fn binding(&self, hit: Hit) -> (&Document, &Binding) {
        let document = &self.files[hit.file as usize].document;
        (document, &document.bindings()[hit.binding as usize])
    }

    /// Every binding of the name in any ASCII case, and rarely one of another name with the same hash.
    fn namesakes(&self, name: &str) -> &[(u64, Hit)] {
        let wanted = hash(name);
        let start = self.index.partition_point(|&(hash, _)| hash < wanted);
        let namesakes = &self.index[start..];
        &namesakes[..namesakes.partition_point(|&(hash, _)| hash == wanted)]
    }
}

impl DotenvFile {
    fn open(path: &Path, dialect: Dialect) -> Self {
        match read(path) {
            Ok(bytes) => Self { path: path.into(), document: Document::read(bytes, dialect), failure: None },
            Err(failure) => Self { path: path.into(), document: Document::default(), failure: Some(failure) },
        }
    }

    #[cfg(test)]
    pub(super) fn from_bytes(path: &str, bytes: &[u8], dialect: Dialect) -> Self {
        let document = Document::read(zeroize::Zeroizing::new(bytes.to_vec()), dialect);
        Self { path: path.into(), document, failure: None }
    }

    /// The path as it was given.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of its variables, for hints.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.document.certain_bindings().iter().map(|binding| self.document.key(binding))
    }

    /// How many bindings there are.
    pub(crate) fn len(&self) -> usize {
        self.document.bindings().len()
    }

    /// Whether there is no such file, which is no mistake.
    pub(crate) fn missing(&self) -> bool {
        self.failure == Some(ReadError::Missing)
    }

    /// Why a file that is there was not read.
    pub(crate) fn failure(&self) -> Option<ReadError> {
        self.failure.filter(|&failure| failure != ReadError::Missing)
    }

    /// Every line that cannot be read.
    pub(crate) fn errors(&self) -> &[Error] {
        self.document.errors()
    }

    /// Every line that another tool would read otherwise.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        lint::warnings(&self.document)
    }
}

/// A hash that is the same for every ASCII case, eight bytes at a time. Whoever writes keys that collide slows down only
/// their own program.
fn hash(name: &str) -> u64 {
    const CASE_BITS: u64 = 0x2020_2020_2020_2020;
    name.as_bytes().chunks(8).fold(0, |hash: u64, chunk| {
        let word = chunk.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
        (hash.rotate_left(5) ^ (word | CASE_BITS)).wrapping_mul(0x517c_c1b7_2722_0a95)
    })
}
