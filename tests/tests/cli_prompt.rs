//! `settings rotate` on a terminal: nothing of what is typed is shown, and the terminal is afterwards what it was.
#![cfg(all(feature = "clap", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::fs;
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use settings_tests::{Home, leak};

const CHAT: &str = env!("CARGO_BIN_EXE_chat");
const PROMPT: &str = "New value of old_key: ";

/// A terminal of its own, which `script` makes, and what is seen on it.
struct Terminal {
    script: Child,
    keys: ChildStdin,
    screen: ChildStdout,
    seen: String,
}

impl Terminal {
    /// Runs a line of a shell that can say `$CHAT`.
    fn running(home: &Home, line: &str) -> Self {
        let mut script = home.command("script");
        script.args(["-qec", line, "/dev/null"]).env("SHELL", "/bin/sh").env("CHAT", CHAT);
        script.env("OPENAI_API_KEY", "sk-test-key").env("CHAT_DB_HOST", "db");
        let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (keys, screen) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        Self { script, keys, screen, seen: String::new() }
    }

    fn type_in(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Reads the screen until this is on it, or until the end.
    fn read_until(&mut self, text: &str) {
        let mut buffer = [0; 1024];
        while !self.seen.contains(text) {
            let length = self.screen.read(&mut buffer).unwrap();
            assert!(length > 0, "{text:?} is not in {:?}", self.seen);
            self.seen += std::str::from_utf8(&buffer[..length]).unwrap();
        }
    }

    /// All that was seen.
    fn end(mut self) -> String {
        self.screen.read_to_string(&mut self.seen).unwrap();
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // What runs on it goes with it, also where it waits for ever.
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

/// The modes of a terminal that `stty -a` tells.
fn modes(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| ["echo", "icanon", "isig"].contains(&word.trim_start_matches('-'))).collect()
}

fn attic() -> Home {
    Home::new([("attic", "old-test-key")])
}

#[test]
fn what_is_entered_is_written_and_not_shown() {
    let home = attic();
    let mut terminal = Terminal::running(&home, "$CHAT settings rotate old_key; echo left $?; stty -a");
    terminal.read_until(PROMPT);
    terminal.type_in("canary-Zq7Wk3X\x7fv9\r");
    terminal.read_until("left 0");
    let seen = terminal.end();
    assert_eq!(leak(&seen, "canary-Zq7Wk3Xv9"), None, "{seen}");
    assert!(seen.starts_with(&format!("{PROMPT}\r\nold_key has a new value.\r\nleft 0\r\n")), "{seen}");
    assert_eq!(modes(&seen), ["isig", "icanon", "echo"], "{seen}");
    assert_eq!(fs::read_to_string(home.path().join("attic")).unwrap(), "canary-Zq7Wk3v9");
}

#[test]
fn the_terminal_is_silent_before_the_prompt_is_there() {
    let home = attic();
    let mut terminal = Terminal::running(&home, "tty > name; read start; exec $CHAT settings rotate old_key");
    // Ctrl-S holds the screen up, so that the prompt cannot appear.
    terminal.type_in("\x13\r");
    let name = wait_for(|| fs::read_to_string(home.path().join("name")).ok().filter(|name| name.ends_with('\n')));
    wait_for(|| {
        let modes_now = Command::new("stty").args(["-F", name.trim(), "-a"]).output().unwrap();
        let text = String::from_utf8(modes_now.stdout).unwrap();
        modes(&text).contains(&"-echo").then_some(())
    });
    terminal.type_in("canary-Zq7Wk3\r\x11");
    terminal.read_until("has a new value");
    let seen = terminal.end();
    assert_eq!(leak(&seen, "canary-Zq7Wk3"), None, "{seen}");
    assert_eq!(fs::read_to_string(home.path().join("attic")).unwrap(), "canary-Zq7Wk3");
}

#[test]
fn an_interrupt_changes_nothing() {
    // Also where the shell has its programs ignore the signal, as it does with those that run behind.
    for before in ["", "trap '' INT; "] {
        let home = attic();
        let line = format!("{before}$CHAT settings rotate old_key; echo left $?; stty -a");
        let mut terminal = Terminal::running(&home, &line);
        terminal.read_until(PROMPT);
        terminal.type_in("canary-Zq7Wk3\x03");
        terminal.read_until("left 130");
        let seen = terminal.end();
        assert_eq!(leak(&seen, "canary-Zq7Wk3"), None, "{seen}");
        assert_eq!(modes(&seen), ["isig", "icanon", "echo"], "{seen}");
        assert_eq!(fs::read_to_string(home.path().join("attic")).unwrap(), "old-test-key");
    }
}

/// What is there sooner or later.
fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "it did not come");
        std::thread::sleep(Duration::from_millis(5));
    }
}
