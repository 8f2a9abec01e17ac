//! Loads the settings of a chat service, prints them, and tells where every value came from.
//!
//! `--broken` loads from a file with many mistakes instead, to show the report. `settings check` and its like are the
//! subcommand that every program can have. With the features `azure` and `aws`, secrets that neither the environment nor
//! the file has come from the Azure Key Vault of `KEY_VAULT_URI` and from the AWS secret of `AWS_SECRET_NAME`;
//! `--fake-vault` starts a vault in this process.

#![allow(clippy::print_stdout, reason = "it is there to print")]

#[cfg(feature = "azure")]
mod fake_vault;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use serde::Deserialize;
use settings_core::cli::{Completions, SettingsArgs, SettingsCommand};
use settings_core::{ExposeSecret, Loader, SecretString, Settings};

/// Loads the settings of a chat service, prints them, and tells where every value came from.
#[derive(Parser)]
struct Cli {
    /// Load from a file with many mistakes
    #[arg(long, global = true)]
    broken: bool,
    /// Ask an Azure Key Vault that runs in this process (with `--features azure`)
    #[arg(long, global = true)]
    fake_vault: bool,
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

/// The chat service.
#[derive(Settings)]
#[settings(env_prefix = "CHAT_", source = [env, docker, azure, aws])]
struct ChatSettings {
    /// Where the service runs.
    #[setting(env = "ENVIRONMENT", default = "dev")]
    environment: Environment,
    /// TCP port to listen on.
    #[setting(default = 8080, range = 1024..=65535)]
    port: u16,
    /// Origins that browsers may call from.
    #[setting(default = ["http://localhost:3000"])]
    cors_origins: Vec<String>,
    /// How long the model may take to answer.
    #[setting(default = "30s", range = Duration::from_secs(1)..=Duration::from_secs(600))]
    reply_timeout: Duration,
    /// Where the conversations are kept.
    #[setting(nested)]
    db: Database,
    /// The model that answers.
    #[setting(nested)]
    model: Model,
    /// Key of the OpenAI account.
    #[secret(env = "OPENAI_API_KEY", format = openai)]
    openai_api_key: SecretString,
    /// Key of the Anthropic account, the second choice.
    #[secret(env = "ANTHROPIC_API_KEY", format = anthropic)]
    anthropic_api_key: Option<SecretString>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Environment {
    Dev,
    Staging,
    Production,
}

/// The database.
#[derive(Settings)]
struct Database {
    /// Address with user and password.
    #[secret(env = "DATABASE_URL", expand)]
    url: SecretString,
    /// Connections kept open.
    #[setting(default = 10, range = 1..=100)]
    pool_size: u32,
}

/// The model.
#[derive(Settings)]
struct Model {
    /// Its name.
    #[setting(example = "gpt-4o-mini", min_len = 3)]
    name: String,
    /// How freely it answers.
    #[setting(default = 0.7, range = 0.0..=2.0)]
    temperature: f64,
}

fn main() {
    let cli = Cli::parse();
    let file = sample(if cli.broken { "broken.env" } else { "sample.env" });
    let vault = if cli.fake_vault { fake_vault() } else { Box::new(|loader| loader) };
    let set = cli.set;
    let loader = || vault(ChatSettings::loader().env_file(&file).args(&set));
    match cli.command {
        Some(Command::Settings(command)) => std::process::exit(command.run_with(loader())),
        Some(Command::Completions(completions)) => std::process::exit(completions.run::<Cli>()),
        None => show(loader),
    }
}

fn show(loader: impl Fn() -> Loader<ChatSettings>) {
    let start = Instant::now();
    let loaded = loader().load_blocking();
    let took = start.elapsed();
    let settings = loaded.unwrap_or_else(|report| report.exit());

    println!("{settings:#?}\n");
    println!("{:.80}\n", loader().explain_blocking().unwrap_or_else(|report| report.exit()));
    println!("{}\n\nloaded in {took:.0?}", summary(&settings));
}

/// What has a loader ask a vault in this process.
#[cfg(feature = "azure")]
fn fake_vault() -> Box<dyn Fn(Loader<ChatSettings>) -> Loader<ChatSettings>> {
    let vault = fake_vault::FakeVault::start();
    Box::new(move |loader| loader.store("azure", vault.store()))
}

#[cfg(not(feature = "azure"))]
fn fake_vault() -> Box<dyn Fn(Loader<ChatSettings>) -> Loader<ChatSettings>> {
    use clap::CommandFactory;
    let wanted = "`--fake-vault` wants `--features azure`";
    Cli::command().error(clap::error::ErrorKind::InvalidValue, wanted).exit()
}

/// What a service would do with its settings, as far as it can be told: a secret is used and not printed.
fn summary(settings: &ChatSettings) -> String {
    let ChatSettings { environment, port, cors_origins, reply_timeout, db, model, .. } = settings;
    let database = match db.url.expose_secret().split_once("://") {
        Some(("postgres" | "postgresql", _)) => "PostgreSQL",
        Some(("mysql", _)) => "MySQL",
        _ => "a database",
    };
    let owner = if settings.openai_api_key.expose_secret().starts_with("sk-proj-") { "a project" } else { "a person" };
    let second = if settings.anthropic_api_key.is_some() { "Anthropic" } else { "nobody" };
    format!(
        "a {environment:?} service on port {port} for {} origins would answer by {} (temperature {}) within \
         {reply_timeout:?}, with the OpenAI key of {owner}, then {second}, and keep {} connections to {database}",
        cors_origins.len(),
        model.name,
        model.temperature,
        db.pool_size,
    )
}

/// A sample file of this example, wherever it is started from.
fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}
