//! A program with the subcommand `settings`, for tests from outside: it reads its own environment and the directory that it
//! is started in.

use std::fs;
use std::time::{Duration, SystemTime};

use clap::{Parser, Subcommand};
use settings_core::cli::{Completions, SettingsArgs, SettingsCommand};
use settings_core::store::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};
use settings_core::{ExposeSecret, SecretSlice, SecretString, Settings};

/// A store in a file, which says that everything is a hundred days old.
#[derive(Debug)]
struct Attic;

impl SecretStore for Attic {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        let read = || match fs::read_to_string("attic") {
            Ok(text) if text == "closed" => Err(StoreError::unreachable()),
            Ok(text) => {
                let created = SystemTime::now() - Duration::from_secs(100 * 86_400);
                Ok(Secret::new(text.into()).version("7").created(created))
            }
            Err(_) => Err(StoreError::not_found()),
        };
        Box::pin(async move { keys.iter().map(|_| read()).collect() })
    }

    fn put<'a>(&'a self, _: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        let written = fs::write("attic", value.expose_secret()); // EXPOSE: it is the store
        Box::pin(async move { written.map_err(|_| StoreError::denied()) })
    }

    fn describe(&self) -> String {
        "the attic".to_owned()
    }
}

/// The chat service.
#[derive(Settings)]
#[settings(env_prefix = "CHAT_", file = "chat.toml", secrets_dir = "secrets")]
#[allow(dead_code, reason = "only looked at from outside")]
struct Chat {
    /// TCP port to listen on.
    #[setting(default = 8080, range = 1024..=65535)]
    port: u16,
    #[setting(default = ["a", "b"])]
    origins: Vec<String>,
    #[setting(default = Duration::from_secs(30))]
    timeout: Duration,
    #[setting(nested)]
    db: Database,
    #[setting(nested)]
    mail: Option<Mail>,
    #[setting(nested, default)]
    servers: Vec<Server>,
    #[secret(env = "OPENAI_API_KEY", format = openai)]
    openai_api_key: SecretString,
    #[secret(prefix = "corp-")]
    corp_key: Option<SecretString>,
    #[secret(env = "DATABASE_URL")]
    database_url: Option<SecretString>,
    blob_key: Option<SecretSlice<u8>>,
    #[secret(source = [env, store("attic")], rotate_every = "90d", min_len = 8)]
    old_key: Option<SecretString>,
}

#[derive(Settings)]
#[allow(dead_code, reason = "only looked at from outside")]
struct Database {
    #[setting(example = "localhost")]
    host: String,
    password: Option<SecretString>,
}

#[derive(Settings)]
#[allow(dead_code, reason = "only looked at from outside")]
struct Mail {
    host: String,
    #[setting(default = 25)]
    port: u16,
}

#[derive(Settings)]
#[allow(dead_code, reason = "only looked at from outside")]
struct Server {
    host: String,
    #[secret(in_config_file)]
    token: Option<SecretString>,
}

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    set: SettingsArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Look after the settings
    Settings(SettingsCommand),
    /// Print completions
    Completions(Completions),
}

fn main() {
    let cli = Cli::parse();
    std::process::exit(match cli.command {
        Command::Settings(command) => command.run_with(Chat::loader().store("attic", Attic).args(&cli.set)),
        Command::Completions(completions) => completions.run::<Cli>(),
    })
}
