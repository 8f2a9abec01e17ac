//! Settings from arguments.

use clap::Args;

use crate::loader::Loader;
use crate::report::{Code, Problem};
use crate::resolve::names;
use crate::resolve::walk::{Step, walk};
use crate::schema::Schema;
use crate::value::{Blueprint, Tree};

/// `--set FIELD=VALUE` for the program's own command line, which [`Loader::args`] takes.
#[derive(Debug, Clone, Default, Args)]
pub struct SettingsArgs {
    /// Give a setting its value, above every other place that has one
    #[arg(long, value_name = "FIELD=VALUE", global = true)]
    set: Vec<String>,
}

impl<S: Blueprint> Loader<S> {
    /// Gives fields the values that arguments have for them, above every layer; beside [`set`](Self::set) the later call
    /// wins. A field is named by its path, `--set db.port=5432`, or by its variable, and the text is read as text from a
    /// variable is.
    ///
    /// Secrets are refused, in the report of the load: arguments stand in the list of processes and in the shell's history.
    /// So is an argument without `=`. With the feature `clap`.
    ///
    /// ```
    /// # use settings_core::{Settings, cli::SettingsArgs};
    /// # #[derive(Settings)]
    /// # struct Chat { port: u16 }
    /// #[derive(clap::Parser)]
    /// struct Cli {
    ///     #[command(flatten)]
    ///     set: SettingsArgs,
    /// }
    ///
    /// # use clap::Parser;
    /// let cli = Cli::parse_from(["chat", "--set", "port=9000"]);
    /// let chat = Chat::loader().hermetic().args(&cli.set).load_blocking()?;
    /// assert_eq!(chat.port, 9000);
    /// # Ok::<(), settings_core::Report>(())
    /// ```
    pub fn args(self, args: &SettingsArgs) -> Self {
        args.set.iter().fold(self, |loader, argument| loader.argument(read(S::SCHEMA, argument)))
    }
}

fn read(schema: &'static Schema, argument: &str) -> Result<(String, Tree), Box<Problem>> {
    let Some((name, value)) = argument.split_once('=') else {
        // It is not shown: it may be a secret whose name was forgotten.
        let problem = Problem::new(Code::Invalid, "", "--set").expect("FIELD=VALUE");
        return Err(Box::new(problem.describe("an argument without `=`").fix("--set FIELD=VALUE")));
    };
    let mut refused = names::unknown_typed(schema, name).map(Box::new);
    walk(schema, &mut |step| match step {
        Step::Field(leaf) if leaf.is_called(name) && leaf.field.holds_secrets() => {
            let problem = Problem::of_secret(Code::SecretInArgument, &leaf.path(), leaf.variable);
            refused = Some(Box::new(problem.at("--set")));
        }
        _ => {}
    });
    refused.map_or_else(|| Ok((name.to_owned(), Tree::text(value))), Err)
}
