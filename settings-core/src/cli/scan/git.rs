//! The index of git: what a commit made now would change.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A file of the index that differs from the last commit.
pub(super) struct Staged {
    /// From the top of the repository, as bytes: a name may be anything.
    pub(super) path: Vec<u8>,
    object: String,
}

/// Why the index cannot be read.
pub(super) struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn failed(what: &str) -> Error {
    Error(format!("git {what}"))
}

/// The files that are added or changed. What is taken out holds nothing, and a file that is renamed counts as added, so
/// that it is looked at under its new name.
pub(super) fn staged() -> Result<Vec<Staged>, Error> {
    const ARGUMENTS: [&str; 9] = [
        "diff",
        "--cached",
        "--raw",
        "-z",
        "--no-abbrev",
        "--no-renames",
        "--no-relative",
        "--diff-filter=d",
        "--ignore-submodules=none",
    ];
    let output = git(&ARGUMENTS).output().map_err(|error| failed(&format!("cannot be run: {}", error.kind())))?;
    if !output.status.success() {
        // Outside of a repository `diff` has no index, and prints how it is used, which is of no help.
        let asked = git(&["rev-parse", "--git-dir"]).env("LC_ALL", "C").output();
        let said = asked.ok().filter(|asked| !asked.status.success()).map_or(output.stderr, |asked| asked.stderr);
        let said = String::from_utf8_lossy(&said);
        let outside = "not a git repository: run this within one, or make one with `git init`";
        let is_outside = said.contains("not a git repository");
        return Err(Error(if is_outside { outside } else { said.trim() }.to_owned()));
    }
    let mut fields = output.stdout.split(|&byte| byte == 0);
    let mut files = Vec::new();
    while let (Some(meta), Some(path)) = (fields.next().filter(|meta| !meta.is_empty()), fields.next()) {
        // `:100644 100644 <old> <new> M`
        let meta = String::from_utf8_lossy(meta);
        let mut meta = meta.split(' ').skip(1);
        let (Some(mode), Some(object)) = (meta.next(), meta.nth(1)) else {
            return Err(failed("diff was not understood"));
        };
        // A submodule is a commit of another repository. What is not merged yet cannot be committed, and has no content.
        let is_unmerged = object.bytes().all(|digit| digit == b'0');
        if mode != "160000" && !is_unmerged {
            files.push(Staged { path: path.to_vec(), object: object.to_owned() });
        }
    }
    Ok(files)
}

/// Gives the contents of objects, by one process for all of them.
pub(super) struct Contents {
    process: Child,
    ask: ChildStdin,
    reply: BufReader<ChildStdout>,
}

impl Contents {
    pub(super) fn open() -> Result<Self, Error> {
        let mut process = git(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(&format!("cannot be run: {}", error.kind())))?;
        match (process.stdin.take(), process.stdout.take()) {
            (Some(ask), Some(reply)) => Ok(Self { process, ask, reply: BufReader::new(reply) }),
            _ => Err(failed("cannot be talked to")),
        }
    }

    /// What is staged of the file, in the place of what `content` held before.
    pub(super) fn read(&mut self, file: &Staged, content: &mut Vec<u8>) -> Result<(), Error> {
        let broken = || failed("cat-file ended before it was done");
        content.clear();
        writeln!(self.ask, "{}", file.object).map_err(|_| broken())?;
        let mut head = String::new();
        self.reply.read_line(&mut head).map_err(|_| broken())?;
        // `<object> blob <size>`
        let size = head.trim_end().rsplit_once("blob ").and_then(|(_, size)| size.parse::<u64>().ok());
        let size = size.ok_or_else(|| failed("has no content for a staged file"))?;
        let read = self.reply.by_ref().take(size).read_to_end(content).map_err(|_| broken())?;
        let mut line_break = [0];
        self.reply.read_exact(&mut line_break).map_err(|_| broken())?;
        if read as u64 == size { Ok(()) } else { Err(broken()) }
    }
}

impl Drop for Contents {
    fn drop(&mut self) {
        // It ends with its input, and nothing it could still say is of use.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn git(arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.args(arguments);
    git
}
