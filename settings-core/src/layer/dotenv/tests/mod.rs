//! Tests of the layer as a whole. What needs a file's private parts is tested beside them.

mod conformance;
mod expand;
mod files;
mod lint;
mod parse;
mod random;

use super::files::{DotenvFile, DotenvFiles};

/// A layer of files with these contents, the later above the earlier.
fn layer(contents: &[&[u8]]) -> DotenvFiles {
    let files = contents.iter().enumerate();
    DotenvFiles::new(files.map(|(number, bytes)| DotenvFile::from_bytes(&format!("{number}.env"), bytes)).collect())
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
