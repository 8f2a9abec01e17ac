//! Starts the chat service, or looks after its settings.

use std::process::exit;
use std::time::Duration;

use chat_service::{ChatSettings, router};
use clap::{Parser, Subcommand};
use service_parts::model::Provider;
use service_parts::web;
use settings_core::cli::{Completions, SettingsArgs, SettingsCommand};
use settings_core::{Loader, Settings};
use tracing::{error, info, warn};

/// A chat that a language model answers.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    set: SettingsArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Check the settings, explain them, and more
    Settings(SettingsCommand),
    /// Print the completions of this command line for a shell
    Completions(Completions),
}

fn main() {
    let cli = Cli::parse();
    let loader = ChatSettings::loader().args(&cli.set);
    match cli.command {
        Some(Command::Settings(command)) => exit(command.run_with(loader)),
        Some(Command::Completions(completions)) => exit(completions.run::<Cli>()),
        None => exit(serve(loader)),
    }
}

/// So old settings may grow while a store does not answer, before `/readyz` says so.
const STALE: Duration = Duration::from_secs(3600);

#[tokio::main]
async fn serve(loader: Loader<ChatSettings>) -> i32 {
    web::log();
    let live = loader.poll_by(|settings| settings.settings_poll).max_stale(STALE).start().await;
    let live = live.unwrap_or_else(|report| report.exit());
    let settings = live.get().into_arc();
    match settings.model.provider(settings.environment) {
        Ok(Provider::Endpoint { url, model, .. }) => info!("{model} at {url} answers"),
        _ => warn!("NO MODEL ANSWERS, only an echo: set OPENAI_API_KEY or GEMINI_API_KEY, or MODEL_BASE_URL"),
    }
    match web::serve(router(), settings.bind_address, settings.port).await {
        Ok(()) => 0,
        Err(cannot) => {
            error!("{cannot}");
            1
        }
    }
}
