use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::super::Dialect;
use super::super::files::DotenvFiles;
use super::{file, layer, literal};
use crate::layer::read::{MAX_SIZE, ReadError};

/// A directory of its own, gone when the test is over.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("settings-dotenv-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn failure(path: &Path) -> Option<ReadError> {
    DotenvFiles::open(&[path.to_owned()], Dialect::Own).files()[0].failure()
}

#[test]
fn the_later_file_wins() {
    let files = layer(&[b"A=1\nB=1\nC=1", b"A=2\na=3\nC="]);
    assert_eq!(literal(&files, "A"), Some("2"));
    assert_eq!(literal(&files, "B"), Some("1"));
    assert_eq!(literal(&files, "C"), Some(""));
    assert_eq!(literal(&files, "D"), None);
    assert_eq!(files.files().iter().map(|file| file.len()).collect::<Vec<_>>(), [3, 3]);
}

#[test]
fn the_exact_name_wins_within_a_file() {
    let files = file("port=1\nPORT=2\nPort=3");
    assert_eq!(literal(&files, "port"), Some("1"));
    assert_eq!(literal(&files, "PORT"), Some("2"));
    assert_eq!(literal(&files, "pORT"), Some("3"));
}

#[test]
fn a_later_file_wins_in_any_case() {
    let files = layer(&[b"OPENAI_API_KEY=sk-test-key", b"openai_api_key="]);
    assert_eq!(literal(&files, "OPENAI_API_KEY"), Some(""));
    let hit = files.lookup("OPENAI_API_KEY").unwrap();
    assert_eq!((files.key(hit), files.path(hit)), ("openai_api_key", Path::new("1.env")));
}

#[test]
fn every_key_of_a_large_file_is_found() {
    let lines: String = (0..500).map(|n| format!("NAME_{n}={n}\n")).collect();
    let files = file(&lines);
    for n in 0..500 {
        let value = n.to_string();
        assert_eq!(literal(&files, &format!("NAME_{n}")), Some(&*value));
        assert_eq!(literal(&files, &format!("name_{n}")), Some(&*value));
    }
    assert_eq!(literal(&files, "NAME_500"), None);
}

#[test]
fn files_are_opened_in_order() {
    let directory = Directory::new();
    let paths = [directory.write(".env", "A=1\nB=1"), directory.0.join("none"), directory.write(".env.local", "A=2")];
    let files = DotenvFiles::open(&paths, Dialect::Own);
    assert_eq!([literal(&files, "A"), literal(&files, "B")], [Some("2"), Some("1")]);
    assert_eq!(files.files().iter().map(|file| file.missing()).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(files.files().iter().map(|file| file.path()).collect::<Vec<_>>(), paths.each_ref());
    assert!(files.files().iter().all(|file| file.failure().is_none()));
    assert_eq!(files.path(files.lookup("B").unwrap()), paths[0]);
}

#[test]
fn what_is_no_file_is_refused() {
    let directory = Directory::new();
    assert_eq!(failure(&directory.0), Some(ReadError::NotAFile));
    if cfg!(unix) {
        assert_eq!(failure(Path::new("/dev/zero")), Some(ReadError::NotAFile));
    }
}

#[test]
fn size_is_limited() {
    let directory = Directory::new();
    let largest = directory.write("largest", "#".repeat(MAX_SIZE));
    let larger = directory.write("larger", "#".repeat(MAX_SIZE + 1));
    assert_eq!(failure(&largest), None);
    assert_eq!(failure(&larger), Some(ReadError::TooLarge));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn symlinks_are_followed_and_pipes_are_not_waited_for() {
        let directory = Directory::new();
        directory.write("target", "A=1");
        let [link, dangling, pipe, to_pipe] =
            ["link", "dangling", "pipe", "to_pipe"].map(|name| directory.0.join(name));
        symlink("target", &link).unwrap();
        symlink("nowhere", &dangling).unwrap();
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        symlink("pipe", &to_pipe).unwrap();
        let files = DotenvFiles::open(&[link, dangling], Dialect::Own);
        assert_eq!(literal(&files, "A"), Some("1"));
        assert!(files.files()[1].missing());

        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || sender.send([failure(&pipe), failure(&to_pipe)]));
        let failures = receiver.recv_timeout(Duration::from_secs(20)).expect("an answer without a writer");
        assert_eq!(failures, [Some(ReadError::NotAFile); 2]);
    }

    #[test]
    fn a_file_that_everyone_may_write_to_is_refused() {
        let directory = Directory::new();
        let path = directory.write(".env", "A=1");
        for (mode, expected) in [(0o666, Some(ReadError::WritableByEveryone)), (0o664, None)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(failure(&path), expected, "{mode:o}");
        }
    }
}
