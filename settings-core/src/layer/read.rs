//! The bytes of one file, in a buffer that is wiped: how .env files and secret files are read.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use crate::report::Outcome;

/// The most bytes that a file may have.
pub(crate) const MAX_SIZE: usize = 1024 * 1024;

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// There is none, which by itself is no mistake.
    Missing,
    /// A directory, a pipe, a device or a socket.
    NotAFile,
    /// More than 1 MiB.
    TooLarge,
    /// Any user of the machine may write to it.
    WritableByEveryone,
    /// A link that leads out of the directory it stands in.
    LinkOut,
    /// The system refused.
    Unreadable(io::ErrorKind),
}

impl ReadError {
    /// A few words, without what the system said.
    fn why(self) -> &'static str {
        match self {
            Self::Missing => "no such file",
            Self::NotAFile => "not a regular file",
            Self::TooLarge => "over 1 MiB",
            Self::WritableByEveryone => "writable by everyone",
            Self::LinkOut => "a link out of its directory",
            Self::Unreadable(_) => "not readable",
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.why())?;
        if let Self::Unreadable(kind) = self { write!(f, ": {kind}") } else { Ok(()) }
    }
}

impl From<ReadError> for Outcome {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Missing => Self::NoFile,
            ReadError::Unreadable(kind) => Self::Unreadable(kind),
            other => Self::Refused(other.why()),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            kind => Self::Unreadable(kind),
        }
    }
}

/// Reads the file at `path`, through symlinks.
///
/// What is no regular file is never opened, for opening a pipe waits for its writer.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile);
    }
    if metadata.len() > MAX_SIZE as u64 {
        return Err(ReadError::TooLarge);
    }
    if writable_by_everyone(&metadata) {
        return Err(ReadError::WritableByEveryone);
    }
    read_to_end(File::open(path)?, metadata.len() as usize)
}

/// Reads all of `file`, which is `expected` bytes long unless someone is writing to it.
fn read_to_end(mut file: impl Read, expected: usize) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let mut buffer = Zeroizing::new(vec![0; expected + 1]);
    let mut filled = 0;
    loop {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
        if filled > MAX_SIZE {
            return Err(ReadError::TooLarge);
        }
        if filled == buffer.len() {
            // Not `resize`, which frees the smaller buffer as it is.
            let mut larger = Zeroizing::new(vec![0; 2 * filled]);
            larger[..filled].copy_from_slice(&buffer);
            buffer = larger;
        }
    }
    buffer.truncate(filled);
    Ok(buffer)
}

#[cfg(unix)]
fn writable_by_everyone(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o002 != 0
}

#[cfg(not(unix))]
fn writable_by_everyone(_: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives three bytes at a time, as a pipe might.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(3);
            self.0.read(&mut buffer[..length])
        }
    }

    #[test]
    fn a_file_that_grows_is_read_whole() {
        let text: Vec<u8> = (0..=255).collect();
        for expected in [0, 1, 100, 255, 256, 300] {
            assert_eq!(*read_to_end(Drip(&text), expected).unwrap(), text);
        }
    }

    #[test]
    fn a_file_that_grows_past_the_limit_is_refused() {
        let larger = io::repeat(b'x').take(MAX_SIZE as u64 + 1);
        assert_eq!(read_to_end(larger, 10).err(), Some(ReadError::TooLarge));
        let largest = vec![b'x'; MAX_SIZE];
        assert_eq!(read_to_end(&*largest, MAX_SIZE).unwrap().len(), MAX_SIZE);
    }
}
