//! Answers one question, prints the answer, and keeps it as a Markdown file.
//!
//! The answer goes to the standard output; progress, warnings and errors go to the standard error. `RUST_LOG` sets how much
//! of them. Exits with 1 when there is no answer, with 78 when the settings have to change.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use research_agent::agent::{Agent, Answer, SAVE};
use research_agent::failure::{Failure, what_to_check};
use research_agent::gateway::Gateway;
use research_agent::model::Model;
use research_agent::notebook::Notebook;
use research_agent::settings::{AgentSettings, KeyOrigin, Loaded, load};
use settings_core::cli::{SettingsArgs, SettingsCommand};
use settings_core::{Loader, Settings};
use tracing::{info, warn};
use tracing_subscriber::EnvFilter;

/// Answers a question with a model and tools, and keeps the answer as a Markdown file
#[derive(Parser)]
struct Cli {
    /// What to find out, instead of the setting QUESTION
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    question: Option<String>,
    /// The folder of secret files, instead of /run/secrets
    #[arg(long, value_name = "DIR", global = true)]
    secrets_dir: Option<PathBuf>,
    #[command(flatten)]
    set: SettingsArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Check the settings, explain them, and more
    Settings(SettingsCommand),
}

impl Cli {
    fn loader(&self) -> Loader<AgentSettings> {
        let mut loader = AgentSettings::loader().args(&self.set);
        if let Some(directory) = &self.secrets_dir {
            loader = loader.secrets_dir(directory);
        }
        match &self.question {
            Some(question) => loader.set("question", question.clone()),
            None => loader,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let mut cli = Cli::parse();
    let command = cli.command.take();
    if let Some(Command::Settings(command)) = command {
        std::process::exit(command.run_with(cli.loader()));
    }
    log();
    let Loaded { settings, origin, warnings } = load(|| cli.loader()).unwrap_or_else(|report| report.exit());
    warnings.iter().for_each(|warning| warn!("{warning}"));
    let model = match Model::choose(&settings, &origin) {
        Ok(model) => model,
        Err(failure) => return fail(&failure, &[]),
    };
    match run(&settings, &origin, &model).await {
        Ok(answer) => print(&answer),
        Err(failure) => fail(&failure, &what_to_check(&settings, &origin, &model)),
    }
}

/// What is told where `RUST_LOG` is not set. The agent itself tells of the settings, and of what goes wrong with the gateway.
const FILTER: &str = "warn,rmcp=off,settings=off,research_agent=info";

/// Warnings of the settings and progress of the agent, on the standard error.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(FILTER));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .without_time()
        .with_target(false)
        .init();
}

async fn run(settings: &AgentSettings, origin: &KeyOrigin, model: &Model) -> Result<Answer, Failure> {
    info!("using the model {} at {}: {}", model.name(), model.url(), model.why());
    if let KeyOrigin::Environment(_) = origin {
        warn!("a key in the environment is less safe than one in a secret file: child processes inherit it");
    }
    let gateway = match &settings.mcp_server_url {
        Some(url) => {
            let gateway = Gateway::connect(url, SAVE, settings.request_timeout).await?;
            info!("the MCP gateway at {url} has the tools: {}", gateway.names().collect::<Vec<_>>().join(", "));
            Some(gateway)
        }
        None => None,
    };
    let notebook = Notebook::new(&settings.research_dir);
    let agent = Agent { model, notebook: &notebook, gateway: gateway.as_ref() };
    info!("question: {}", shortened(&settings.question));
    let answer = agent.research(&settings.question).await;
    if let Some(gateway) = gateway {
        gateway.close().await;
    }
    answer
}

fn shortened(text: &str) -> String {
    let short: String = text.chars().take(200).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

fn print(answer: &Answer) -> ExitCode {
    match writeln!(std::io::stdout(), "{}", answer.text.trim()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(failure: &Failure, checks: &[String]) -> ExitCode {
    let checks: String = checks.iter().map(|check| format!("\n  {check}")).collect();
    let checks = if checks.is_empty() { checks } else { format!("\nwhat to check:{checks}") };
    // Without a standard error there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "error: {failure}{checks}");
    ExitCode::FAILURE
}
