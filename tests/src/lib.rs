//! What several tests need: files that go away, and eyes for secrets in outputs.

#[cfg(feature = "servers")]
pub mod fault;
pub mod servers;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A .env file of one test, gone when it is dropped.
#[derive(Debug)]
pub struct EnvFile(PathBuf);

impl EnvFile {
    /// Writes a file with this content.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    #[expect(clippy::panic, reason = "a test without its file has failed")]
    pub fn new(content: impl AsRef<[u8]>) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("settings-tests-{}-{}.env", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        match fs::write(&path, content) {
            Ok(()) => Self(path),
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A text without this file's own path, which differs from run to run.
    pub fn hide_path(&self, text: &str) -> String {
        text.replace(&self.0.display().to_string(), "FILE")
    }
}

impl Drop for EnvFile {
    fn drop(&mut self) {
        // What is left behind in the directory for temporary files harms nobody.
        let _ = fs::remove_file(&self.0);
    }
}

/// A directory of secret files, gone when it is dropped. Its files may be read by their owner alone.
#[cfg(unix)]
#[derive(Debug)]
pub struct Secrets(tempfile::TempDir);

#[cfg(unix)]
#[expect(clippy::unwrap_used, reason = "a test without its files has failed")]
#[expect(clippy::missing_panics_doc, reason = "a test without its files has failed")]
impl Secrets {
    /// A directory with files of these names and contents.
    pub fn new<C: AsRef<[u8]>>(files: impl IntoIterator<Item = (&'static str, C)>) -> Self {
        let secrets = Self(tempfile::tempdir().unwrap());
        files.into_iter().for_each(|(name, content)| secrets.write(name, content));
        secrets
    }

    /// A directory without files.
    pub fn empty() -> Self {
        Self::new::<&str>([])
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the file of this name is.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.join(name), content).unwrap();
        self.allow(name, 0o600);
    }

    /// Gives the file these permissions.
    pub fn allow(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.join(name), fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Runs an ignored test of the same file in a process of its own, which has these variables alone: no test changes those of
/// the process it is in.
///
/// # Panics
///
/// When the test fails there.
#[track_caller]
#[expect(clippy::panic, reason = "a test that fails elsewhere fails here")]
pub fn in_process_with(variables: &[(&str, &str)], test: &str) {
    let child = std::env::current_exe().and_then(|this| {
        let mut child = Command::new(this);
        child.args([test, "--exact", "--ignored"]).env_clear().envs(variables.iter().copied()).output()
    });
    match child {
        Ok(output) if output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed") => {}
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => panic!("{error}"),
    }
}

/// A directory for one program, gone when it is dropped.
#[derive(Debug)]
pub struct Home(tempfile::TempDir);

#[expect(clippy::unwrap_used, reason = "a test without its files has failed")]
#[expect(clippy::missing_panics_doc, reason = "a test without its files has failed")]
impl Home {
    /// A directory with files of these names and contents.
    pub fn new<C: AsRef<[u8]>>(files: impl IntoIterator<Item = (&'static str, C)>) -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        files.into_iter().for_each(|(name, content)| home.write(name, content));
        home
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and the directories above it.
    pub fn write(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// The program, to be started here with nothing in its environment but where programs are.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> std::process::Command {
        let mut command = std::process::Command::new(program);
        command.current_dir(self.path()).env_clear();
        command.env("HOME", self.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    }
}

/// The first part of `secret`, six characters long, that `text` holds.
pub fn leak<'t>(text: &'t str, secret: &str) -> Option<&'t str> {
    let starts: Vec<usize> = secret.char_indices().map(|(at, _)| at).chain([secret.len()]).collect();
    let parts = starts.windows(7).map(|ends| &secret[ends[0]..ends[6]]);
    parts.filter_map(|part| text.find(part).map(|at| &text[at..at + part.len()])).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_secret_is_seen() {
        assert_eq!(leak("it is `anary-7`", "canary-77"), Some("anary-"));
        assert_eq!(leak("it is `nary-7`", "canary-77"), Some("nary-7"));
        assert_eq!(leak("it is `nary-`", "canary-77"), None);
        assert_eq!(leak("canary", "canary"), Some("canary"));
        assert_eq!(leak("canary", "canar"), None, "too short to be told from chance");
    }

    #[test]
    fn a_file_is_there_as_long_as_its_owner() {
        let file = EnvFile::new("A=1");
        let path = file.path().to_owned();
        assert_eq!(fs::read(&path).ok().as_deref(), Some(b"A=1".as_slice()));
        assert_eq!(file.hide_path(&format!("{}:1", path.display())), "FILE:1");
        drop(file);
        assert!(!path.exists());
    }
}
