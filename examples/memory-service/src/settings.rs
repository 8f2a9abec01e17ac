//! All that can be set.

use std::net::IpAddr;
use std::time::Duration;

use service_parts::dapr::Dapr;
use service_parts::model::{Environment, Model};
use settings_core::{ExposeSecret, Loader, SecretString, Settings};

/// The memory service.
#[derive(Settings)]
#[settings(validate = Self::check)]
pub struct MemorySettings {
    /// Where the service runs. With dev it runs without the key of any model, and then writes no summaries.
    #[setting(default = "dev")]
    pub environment: Environment,
    /// Address to listen on; 0.0.0.0 in a container.
    #[setting(default = "127.0.0.1")]
    pub bind_address: IpAddr,
    /// TCP port to listen on.
    #[setting(default = 8001)]
    pub port: u16,
    /// How often to look for new secrets.
    #[setting(default = "5m", range = Duration::from_secs(1)..=Duration::from_secs(1800))]
    pub settings_poll: Duration,
    /// Where memories are kept: redb:memory.redb is a file here, redb:/var/lib/memory.redb one anywhere, memory: nothing that
    /// lasts. Unset: the state store of the Dapr sidecar when there is one, else redb:memory.redb.
    #[secret(
        env = "DATABASE_URL",
        validate = is_database,
        source = [
            env, docker,
            dapr("database-url", store = "secretstore"),
            azure("database-url"), aws, gcp("database-url"), vault,
        ]
    )]
    pub database_url: Option<SecretString>,
    /// The model that writes summaries.
    #[setting(nested, env_prefix = "")]
    pub model: Model,
    /// The Dapr sidecar.
    #[setting(nested, env_prefix = "")]
    pub dapr: Dapr,
}

/// Where memories are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'s> {
    /// In this file.
    File(&'s str),
    /// In this process, as long as it runs.
    Process,
    /// In the state store of the sidecar.
    Sidecar,
}

impl MemorySettings {
    /// Whether there is a model that can write.
    fn check(&self) -> Result<(), &'static str> {
        self.model.provider(self.environment).map(drop)
    }

    /// Has the settings loaded anew every `settings_poll`. When that fails those in use stay, and after an hour, which no
    /// `settings_poll` comes near, `/readyz` says that they are too old.
    pub fn keep_fresh(loader: Loader<Self>) -> Loader<Self> {
        loader.poll_by(|settings| settings.settings_poll).max_stale(Duration::from_secs(3600))
    }

    /// Where memories are kept.
    pub fn place(&self) -> Place<'_> {
        match &self.database_url {
            Some(url) => place(url.expose_secret()).unwrap_or(Place::Process), // EXPOSE: it is parsed; its form was checked
            None if self.dapr.sidecar().is_some() => Place::Sidecar,
            None => Place::File("memory.redb"),
        }
    }
}

fn place(url: &str) -> Option<Place<'_>> {
    match url.split_once(':')? {
        ("memory", "") => Some(Place::Process),
        ("redb", path) => Some(Place::File(path.strip_prefix("//").unwrap_or(path))).filter(|_| !path.is_empty()),
        _ => None,
    }
}

fn is_database(url: &SecretString) -> Result<(), &'static str> {
    let place = place(url.expose_secret()); // EXPOSE: its form is checked
    place.map(drop).ok_or("expected redb:PATH, or memory: for nothing that lasts")
}
