//! One server that runs.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Kind;
use crate::{Result, http};

/// How long one may take to answer. It compiles itself when it starts first, beside whatever else the machine does.
const DEADLINE: Duration = Duration::from_secs(120);

/// How often another port is tried when one was taken between our look and the server's.
const PORTS: usize = 3;

/// How much of a log an error shows.
const TAIL: usize = 20;

/// A server, stopped when dropped. Should this program end without that, `keep.py` stops it.
pub(crate) struct Server {
    kind: &'static Kind,
    port: u16,
    keeper: Child,
    start: Start,
}

/// What it takes to start it once more.
struct Start {
    python: PathBuf,
    home: PathBuf,
    log: PathBuf,
    at: Instant,
}

impl Server {
    pub(super) fn start(kind: &'static Kind, python: &Path, directory: &Path) -> Result<Self> {
        let home = directory.join("home");
        fs::create_dir_all(&home)?;
        let log = directory.join(kind.name).with_extension("log");
        let start = Start { python: python.to_owned(), home, log, at: Instant::now() };
        File::create(&start.log)?;
        let (port, keeper) = start.spawn(kind)?;
        Ok(Self { kind, port, keeper, start })
    }

    /// Waits until it answers.
    pub(super) fn wait_until_ready(&mut self) -> Result<()> {
        let mut ports = 1;
        loop {
            let answers = http::get(self.port, self.kind.ready).is_ok_and(|answer| answer.status == 200);
            if let Some(ended) = self.ended()? {
                let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).is_err();
                if !taken || ports == PORTS {
                    return Err(ended.into());
                }
                (self.port, self.keeper) = self.start.spawn(self.kind)?;
                ports += 1;
            } else if answers {
                break;
            } else if self.start.at.elapsed() > DEADLINE {
                let waited = DEADLINE.as_secs();
                return Err(self.start.tell(format!("{} did not answer within {waited} s", self.kind.name)).into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        eprintln!("      {} on {}, {:.1} s", self.kind.name, self.address(), self.start.at.elapsed().as_secs_f64());
        Ok(())
    }

    /// When it is no longer there, what its log ends with.
    pub(crate) fn ended(&mut self) -> Result<Option<String>> {
        let status = self.keeper.try_wait()?;
        Ok(status.map(|status| self.start.tell(format!("{} ended by itself ({status})", self.kind.name))))
    }

    pub(crate) fn kind(&self) -> &'static Kind {
        self.kind
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The keeper stops the server, and waits for that no longer than its own deadline.
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Start {
    fn spawn(&self, kind: &Kind) -> Result<(u16, Child)> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let with_port = |text: &str| text.replace("{port}", &port.to_string());
        let log = OpenOptions::new().append(true).open(&self.log)?;
        let mut keeper = Command::new(&self.python);
        keeper
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/servers/keep.py"))
            .arg(&self.python)
            .args(["-m", kind.module])
            .args(kind.args.iter().map(|arg| with_port(arg)))
            // Whatever is set here for a server of the same kind elsewhere is not for this one.
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", &self.home)
            .env("TMPDIR", &self.home)
            .envs(kind.variables.iter().map(|(name, value)| (name, with_port(value))))
            .current_dir(&self.home)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log);
        // Ctrl-C is for this program; the keeper stops the server when that ends.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut keeper, 0);
        Ok((port, keeper.spawn()?))
    }

    /// What happened, and the end of the log.
    fn tell(&self, what: String) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let tail: String = lines[lines.len().saturating_sub(TAIL)..].iter().map(|line| format!("\n  {line}")).collect();
        format!("{what}; {} ends with{tail}", self.log.display())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Speaks, install};
    use super::*;

    const FILES: Kind = Kind {
        name: "files",
        speaks: Speaks::Aws,
        test_variable: "SETTINGS_TEST_FILES",
        module: "http.server",
        args: &["--bind", "127.0.0.1", "{port}"],
        variables: &[],
        ready: "/",
    };
    static SERVES_FILES: Kind = FILES;
    static FAILS: Kind = Kind { name: "fails", args: &["--no-such-option"], ..FILES };

    fn start(kind: &'static Kind, directory: &tempfile::TempDir) -> Server {
        Server::start(kind, Path::new(install::found_python().unwrap()), directory.path()).unwrap()
    }

    #[test]
    fn a_server_answers_until_it_is_dropped() {
        let directory = tempfile::tempdir().unwrap();
        let mut server = start(&SERVES_FILES, &directory);
        server.wait_until_ready().unwrap();
        let port = server.port();
        assert_eq!(http::get(port, "/").unwrap().status, 200);
        assert_eq!(server.ended().unwrap(), None);
        drop(server);
        assert!(http::get(port, "/").is_err());
    }

    #[test]
    fn a_server_that_does_not_start_is_an_error_with_the_end_of_its_log() {
        let directory = tempfile::tempdir().unwrap();
        let error = start(&FAILS, &directory).wait_until_ready().unwrap_err().to_string();
        assert!(error.starts_with("fails ended by itself (exit status: 2); "), "{error}");
        assert!(error.contains("unrecognized arguments: --no-such-option"), "{error}");
    }
}
