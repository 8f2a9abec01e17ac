//! Completions for shells.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::screen;

/// Prints the completions of the program's whole command line for a shell.
///
/// ```
/// use clap::{Parser, Subcommand};
/// use settings_core::cli::Completions;
///
/// #[derive(Parser)]
/// struct Cli {
///     #[command(subcommand)]
///     command: Command,
/// }
///
/// #[derive(Subcommand)]
/// enum Command {
///     Completions(Completions), // chat completions bash > /etc/bash_completion.d/chat
/// }
///
/// let Command::Completions(completions) = Cli::parse_from(["chat", "completions", "bash"]).command;
/// assert_eq!(completions.run::<Cli>(), 0);
/// ```
#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// The shell to write for
    shell: Shell,
}

impl Completions {
    /// Prints them for the command line `C`, and gives the code to leave the process with.
    pub fn run<C: CommandFactory>(self) -> i32 {
        let mut command = C::command();
        let name = command.get_name().to_owned();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut script);
        let mut output = io::stdout();
        let written = output.write_all(&script).and_then(|()| output.flush());
        screen::code(screen::unless_closed(written).map(|()| 0))
    }
}
