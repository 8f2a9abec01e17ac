//! The layer of .env files.
//!
//! The parser is the project's own. Its buffers are wiped, its errors name the line and never quote it, and a bare `$`
//! is a `$`: `dotenvy` prints the line, cuts `pa$word` at the `$`, and drops the quotes of JSON.
//!
//! Data goes one way: [`read`](super::read) gives the bytes of one file, [`parse`] its bindings, [`files`] finds a name
//! in all the files, [`expand`] puts in what `${NAME}` stands for, and [`lint`] says what other tools read otherwise.
//! With the feature `dotenvy` a struct may ask for that parser instead.

mod document;
#[cfg(feature = "dotenvy")]
mod dotenvy;
mod expand;
mod files;
mod lint;
mod parse;

#[cfg(test)]
mod tests;

pub(crate) use document::{Error, ErrorKind, Place};
pub(crate) use files::{DotenvFile, DotenvFiles, Hit};
pub(crate) use lint::Warning;

/// How the files of a load are parsed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dialect {
    Own,
    /// By `dotenvy`; `process` says whether the process environment, which it looks into, may be read.
    #[cfg(feature = "dotenvy")]
    Dotenvy {
        process: bool,
    },
}
