//! A secret that is entered on the terminal.
//!
//! `rpassword` reads the keys and edits the line. How the terminal is set is ours on Unix: it writes its prompt while the
//! terminal still shows what is typed, and at Ctrl-C it ends the process without setting the terminal back.

use std::io;

use crate::secret::{SecretString, secret_string};

/// Asks for a secret, and shows nothing of what is typed.
#[cfg(not(unix))]
pub(super) fn ask(prompt: &str) -> io::Result<SecretString> {
    rpassword::prompt_password(prompt).map(secret_string)
}

/// Asks for a secret, and shows nothing of what is typed from before the prompt appears.
#[cfg(unix)]
pub(super) fn ask(prompt: &str) -> io::Result<SecretString> {
    use std::io::Write;

    let mut screen = std::fs::File::options().read(true).write(true).open("/dev/tty")?;
    let keys = unix::SilentKeys::of(screen.try_clone()?)?;
    screen.write_all(prompt.as_bytes())?;
    let config = rpassword::ConfigBuilder::new().input_reader(keys).output_discard().build();
    let entered = rpassword::read_password_with_config(config);
    // The line break that was typed was not shown either.
    screen.write_all(b"\n")?;
    entered.map(secret_string)
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{self, Read, Write};

    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

    /// What Ctrl-C sends where it is a key like any other.
    const INTERRUPT: u8 = 3;

    /// The keys of a terminal that shows none of them, and gives each at once: a line that it collects itself ends after
    /// 4096 bytes. It is set back when this is dropped.
    pub(super) struct SilentKeys {
        terminal: File,
        before: Termios,
    }

    impl SilentKeys {
        pub(super) fn of(terminal: File) -> io::Result<Self> {
            let before = tcgetattr(&terminal)?;
            let mut silent = before.clone();
            silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            silent.special_codes[SpecialCodeIndex::VMIN] = 1;
            silent.special_codes[SpecialCodeIndex::VTIME] = 0;
            // What was typed ahead is kept: without its beginning a value would be written that is nobody's.
            tcsetattr(&terminal, OptionalActions::Now, &silent)?;
            Ok(Self { terminal, before })
        }

        fn set_back(&self) -> io::Result<()> {
            Ok(tcsetattr(&self.terminal, OptionalActions::Now, &self.before)?)
        }
    }

    impl Read for SilentKeys {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let read = self.terminal.read(buffer)?;
            if buffer[..read].contains(&INTERRUPT) {
                // Whoever reads it ends the process by a signal, and then nothing is dropped.
                self.set_back()?;
                self.terminal.write_all(b"\n")?;
            }
            Ok(read)
        }
    }

    impl Drop for SilentKeys {
        fn drop(&mut self) {
            // A terminal that is gone needs nothing.
            let _ = self.set_back();
        }
    }
}
