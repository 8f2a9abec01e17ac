//! Starts the memory service, or looks after its settings.

use std::process::{ExitCode, exit};

use clap::Parser;
use memory_service::{Memory, MemorySettings, Store, router};
use reqwest::Client;
use service_parts::model::Provider;
use service_parts::web;
use settings_core::cli::SettingsCli;
use settings_core::{Loader, Settings};
use tracing::{error, info, warn};

/// What a chat remembers of its users.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(flatten)]
    settings: SettingsCli,
}

fn main() -> ExitCode {
    let settings = Cli::parse().settings;
    serve(settings.run::<Cli, _>(MemorySettings::loader()).unwrap_or_else(|code| exit(code)))
}

#[tokio::main]
async fn serve(loader: Loader<MemorySettings>) -> ExitCode {
    web::log();
    let live = MemorySettings::keep_fresh(loader).start().await.unwrap_or_else(|report| report.exit());
    let settings = live.get().into_arc();
    match settings.model.provider(settings.environment) {
        Ok(Provider::Endpoint { url, model, .. }) => info!("{model} at {url} writes summaries"),
        _ => warn!(
            "NO MODEL WRITES SUMMARIES, they stay what they are: set OPENAI_API_KEY or GEMINI_API_KEY, or MODEL_BASE_URL"
        ),
    }
    let http = Client::new();
    match Store::open(&settings, http.clone()) {
        Ok(store) => web::serve(router(Memory::new(store, http)), settings.bind_address, settings.port).await,
        Err(failed) => {
            error!("{failed}; DATABASE_URL says where memories are kept");
            ExitCode::FAILURE
        }
    }
}
