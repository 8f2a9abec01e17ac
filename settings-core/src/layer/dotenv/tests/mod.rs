//! Tests of the layer as a whole. What needs a file's private parts is tested beside them.

mod conformance;
#[cfg(feature = "dotenvy")]
mod dotenvy;
mod expand;
mod files;
mod lint;
mod parse;
mod random;

use super::Dialect;
use super::files::{DotenvFile, DotenvFiles};

/// A layer of files with these contents, the later above the earlier.
fn layer(contents: &[&[u8]]) -> DotenvFiles {
    layer_in(Dialect::Own, contents)
}

/// The same in another dialect.
fn layer_in(dialect: Dialect, contents: &[&[u8]]) -> DotenvFiles {
    let file = |(number, bytes): (usize, &&[u8])| DotenvFile::from_bytes(&format!("{number}.env"), bytes, dialect);
    DotenvFiles::new(contents.iter().enumerate().map(file).collect())
}

/// A layer of one file.
fn file(content: &str) -> DotenvFiles {
    layer(&[content.as_bytes()])
}

/// The literal value of a name.
fn literal<'a>(files: &'a DotenvFiles, name: &str) -> Option<&'a str> {
    files.lookup(name).map(|hit| files.literal(hit))
}

/// What a plain field reads in an empty environment, or the text of the error.
fn expanded(files: &DotenvFiles, name: &str) -> Result<String, String> {
    let hit = files.lookup(name).expect("a binding");
    files.expanded(hit, &|_| None).map(|text| text.to_string()).map_err(|error| error.kind.to_string())
}
