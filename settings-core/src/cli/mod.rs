//! A subcommand for the program's own command line, which checks the settings, explains them, and does what else follows
//! from the struct. With the feature `clap`.
//!
//! ```
//! use clap::{Parser, Subcommand};
//! use settings_core::cli::{Completions, SettingsArgs, SettingsCommand};
//! use settings_core::{Report, SecretString, Settings};
//!
//! #[derive(Settings)]
//! struct Chat {
//!     #[setting(default = 8080)]
//!     port: u16,
//!     openai_api_key: Option<SecretString>,
//! }
//!
//! #[derive(Parser)]
//! struct Cli {
//!     #[command(flatten)]
//!     set: SettingsArgs, // --set port=9000
//!     #[command(subcommand)]
//!     command: Option<Command>,
//! }
//!
//! #[derive(Subcommand)]
//! enum Command {
//!     /// Looks after the settings.
//!     Settings(SettingsCommand), // chat settings check
//!     Completions(Completions), // chat completions bash
//! }
//!
//! fn run(cli: Cli) -> Result<i32, Report> {
//!     match cli.command {
//!         Some(Command::Settings(command)) => Ok(command.run_with(Chat::loader().args(&cli.set))),
//!         Some(Command::Completions(completions)) => Ok(completions.run::<Cli>()),
//!         None => {
//!             Chat::loader().args(&cli.set).init_blocking()?;
//!             // .. serve
//!             Ok(0)
//!         }
//!     }
//! }
//!
//! # let cli = Cli::parse_from(["chat", "--set", "port=9000", "settings", "explain", "--json"]);
//! # assert_eq!(run(cli)?, 0);
//! # Ok::<(), Report>(())
//! ```
//!
//! `main` leaves with the code that `run` gives: `std::process::exit(run(Cli::parse()).unwrap_or_else(|report| report.exit()))`.
//! A program without subcommands of its own has the three in one, [`SettingsCli`].
//!
//! A page for each: [check and explain](crate::guide::check_and_explain), [env-example](crate::guide::env_example),
//! [docs and schema](crate::guide::documents), [provision and gitleaks](crate::guide::provision),
//! [scan](crate::guide::scan), [exec](crate::guide::exec), [rotate](crate::guide::rotate),
//! [arguments](crate::guide::arguments).

mod args;
mod check;
mod completions;
mod env_example;
mod exec;
mod program;
mod prompt;
mod provision;
mod rotate;
mod scan;
mod screen;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Subcommand};

use crate::generate::env_example::env_example as text;
use crate::generate::gitleaks::gitleaks;
use crate::generate::json_schema::json_schema;
use crate::generate::markdown::markdown;
use crate::generate::provision::{Target, provision};
use crate::loader::Loader;
use crate::value::Blueprint;

pub use self::args::SettingsArgs;
pub use self::completions::Completions;
pub use self::program::SettingsCli;

/// `check`, `explain`, `env-example`, `docs`, `schema`, `provision`, `gitleaks`, `rotate`, `scan` and `exec` for the settings of
/// the program that has it.
///
/// As a variant of the program's own subcommands it is a group of its own, `chat settings check`; with
/// `#[command(flatten)]` on that variant its commands stand beside the others, `chat check`. A program that does nothing
/// else flattens it into its struct of arguments.
///
/// ```
/// # use settings_core::{Settings, cli::SettingsCommand};
/// # #[derive(Settings)]
/// # struct Chat { #[setting(default = 8080)] port: u16 }
/// #[derive(clap::Parser)]
/// enum Cli {
///     #[command(flatten)]
///     Settings(SettingsCommand),
///     Serve,
/// }
///
/// # use clap::Parser;
/// let code = match Cli::parse_from(["chat", "check"]) {
///     Cli::Settings(command) => command.run::<Chat>(),
///     Cli::Serve => 0,
/// };
/// assert_eq!(code, 0);
/// ```
#[derive(Debug, Clone)]
pub struct SettingsCommand(Action);

#[derive(Debug, Clone, Subcommand)]
enum Action {
    /// Check whether the settings load, and show the state of each
    ///
    /// Exits with 0 when they do, with 78 when the configuration has to change, and with 75 when a store did not answer and
    /// trying again may help.
    Check {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show where the value of each setting comes from, and what it hides
    Explain {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what a .env file may hold, with comments
    EnvExample {
        /// Exit with 1 unless FILE is what would be printed
        #[arg(long, value_name = "FILE", conflicts_with = "write", value_hint = clap::ValueHint::FilePath)]
        check: Option<PathBuf>,
        /// Write it to FILE
        #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
        write: Option<PathBuf>,
    },
    /// Print the settings as a page of Markdown
    Docs,
    /// Print the JSON Schema of the config files
    Schema,
    /// Print what sets the secrets up in a store, with the rights to read them and nothing else
    Provision {
        /// Where to
        #[arg(value_parser = provision::parser())]
        target: Target,
    },
    /// Print a .gitleaks.toml with the beginnings of the keys
    Gitleaks,
    /// Write a new value for a secret to the store that it comes from
    ///
    /// The value is read from the standard input or, on a terminal, asked for without showing it. It is never an argument:
    /// those stand in the list of processes and in the shell's history.
    Rotate {
        /// The secret, by its field (`db.password`) or its variable
        name: String,
        /// What must not be here, so that no message repeats it
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        rest: Vec<OsString>,
    },
    /// Look for secrets in what is about to be committed
    ///
    /// Exits with 1 when there are any, and names file and line. It looks for the values that are in use now, as they are,
    /// in base64, and as JSON and URLs write them; and for text that looks like a key, a private key or a password. A line
    /// with `pragma: allowlist secret` passes.
    Scan {
        /// Search the files of the git index that differ from the last commit
        #[arg(long, required = true)]
        staged: bool,
    },
    /// Run a program with the settings in its environment
    ///
    /// Wherever a value comes from, the program finds it in the variable that the setting is read from.
    Exec {
        /// The program and its arguments
        #[arg(
            required = true,
            trailing_var_arg = true,
            allow_hyphen_values = true,
            value_name = "COMMAND",
            value_hint = clap::ValueHint::CommandWithArguments
        )]
        command: Vec<OsString>,
    },
}

impl SettingsCommand {
    /// Does what the command says, with the settings of `S` from where its attributes say, and gives the code to leave the
    /// process with. What there is to tell goes to the standard output, and why it failed to the standard error. An
    /// output that cannot be written is an error, with 1; one that is closed, as by `head`, is none.
    ///
    /// On Unix a program that `exec` starts takes the place of this one, so that this does not return.
    pub fn run<S: Blueprint>(self) -> i32 {
        self.run_with(Loader::<S>::new())
    }

    /// [`run`](Self::run) for a program whose settings come from elsewhere.
    pub fn run_with<S: Blueprint>(self, loader: Loader<S>) -> i32 {
        screen::code(match self.0 {
            Action::Check { json } => check::check(loader, json),
            Action::Explain { json } => check::explain(loader, json),
            Action::EnvExample { check: Some(file), .. } => env_example::check::<S>(&file),
            Action::EnvExample { write: Some(file), .. } => Ok(env_example::write::<S>(&file)),
            Action::EnvExample { .. } => env_example::print(&text::<S>()),
            Action::Docs => env_example::print(&markdown::<S>()),
            Action::Schema => env_example::print(&format!("{:#}", json_schema::<S>())),
            Action::Provision { target } => env_example::print(&provision(S::SCHEMA, target)),
            Action::Gitleaks => env_example::print(&gitleaks(S::SCHEMA)),
            Action::Rotate { name, rest } => rotate::rotate(loader, &name, rest.is_empty()),
            Action::Scan { .. } => scan::staged(loader),
            Action::Exec { command } => Ok(exec::exec(loader, &command)),
        })
    }
}

impl FromArgMatches for SettingsCommand {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Action::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl Subcommand for SettingsCommand {
    fn augment_subcommands(command: Command) -> Command {
        Action::augment_subcommands(command)
    }

    fn augment_subcommands_for_update(command: Command) -> Command {
        Action::augment_subcommands_for_update(command)
    }

    fn has_subcommand(name: &str) -> bool {
        Action::has_subcommand(name)
    }
}

impl Args for SettingsCommand {
    fn augment_args(command: Command) -> Command {
        Action::augment_subcommands(command.subcommand_required(true).arg_required_else_help(true))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Action::augment_subcommands_for_update(command)
    }
}
