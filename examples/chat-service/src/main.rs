//! Starts the chat service, or looks after its settings.

use std::process::{ExitCode, exit};

use chat_service::{ChatSettings, router};
use clap::Parser;
use service_parts::model::Provider;
use service_parts::web;
use settings_core::cli::SettingsCli;
use settings_core::{Loader, Settings};
use tracing::{info, warn};

/// A chat that a language model answers.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    settings: SettingsCli,
}

fn main() -> ExitCode {
    let settings = Cli::parse().settings;
    serve(settings.run::<Cli, _>(ChatSettings::loader()).unwrap_or_else(|code| exit(code)))
}

#[tokio::main]
async fn serve(loader: Loader<ChatSettings>) -> ExitCode {
    web::log();
    let live = ChatSettings::keep_fresh(loader).start().await.unwrap_or_else(|report| report.exit());
    let settings = live.get().into_arc();
    match settings.model.provider(settings.environment) {
        Ok(Provider::Endpoint { url, model, .. }) => info!("{model} at {url} answers"),
        _ => warn!("NO MODEL ANSWERS, only an echo: set OPENAI_API_KEY or GEMINI_API_KEY, or MODEL_BASE_URL"),
    }
    web::serve(router(), settings.bind_address, settings.port).await
}
