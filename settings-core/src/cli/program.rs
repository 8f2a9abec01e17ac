//! All of this for a program's command line at once.

use clap::{Args, CommandFactory, Subcommand};

use super::{Completions, SettingsArgs, SettingsCommand};
use crate::loader::Loader;
use crate::value::Blueprint;

/// `--set`, `settings ..` and `completions ..` in one, for a program without subcommands of its own.
///
/// Without a subcommand the program does what it is for, with the loader that [`run`](Self::run) gives back.
///
/// ```
/// use clap::Parser;
/// use settings_core::cli::SettingsCli;
/// use settings_core::{Report, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[setting(default = 8080)]
///     port: u16,
/// }
///
/// /// Answers questions.
/// #[derive(Parser)]
/// #[command(version)]
/// struct Cli {
///     #[command(flatten)]
///     settings: SettingsCli, // chat --set port=9000, chat settings check, chat completions bash
/// }
///
/// fn serve(cli: Cli) -> Result<u16, Report> {
///     let loader = cli.settings.run::<Cli, _>(Chat::loader()).unwrap_or_else(|code| std::process::exit(code));
///     Ok(loader.load_blocking()?.port)
/// }
///
/// assert_eq!(serve(Cli::parse_from(["chat", "--set", "port=9000"]))?, 9000);
/// # assert_eq!(Cli::parse_from(["chat", "settings", "check"]).settings.run::<Cli, _>(Chat::loader()).err(), Some(0));
/// # assert_eq!(Cli::parse_from(["chat", "completions", "bash"]).settings.run::<Cli, _>(Chat::loader()).err(), Some(0));
/// # Ok::<(), Report>(())
/// ```
#[derive(Debug, Clone, Args)]
pub struct SettingsCli {
    #[command(flatten)]
    set: SettingsArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Check the settings, explain them, and more
    Settings(SettingsCommand),
    /// Print the completions of this command line for a shell
    Completions(Completions),
}

impl SettingsCli {
    /// Does what a subcommand says. `C` is the program's whole command line, which the completions are of.
    ///
    /// Without a subcommand it gives the loader back, with the values of `--set`.
    ///
    /// # Errors
    ///
    /// After a subcommand, the code to leave the process with; 0 when it went well.
    pub fn run<C: CommandFactory, S: Blueprint>(self, loader: Loader<S>) -> Result<Loader<S>, i32> {
        let loader = loader.args(&self.set);
        match self.command {
            Some(Command::Settings(command)) => Err(command.run_with(loader)),
            Some(Command::Completions(completions)) => Err(completions.run::<C>()),
            None => Ok(loader),
        }
    }
}
