//! The crates that read into any type of serde's.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use config::{Config, ConfigError, Environment};
use dynamic_config::LoadSpec;
use figment::Figment;
use figment::providers::Env;
use serde::Deserialize;

use super::Secret;

#[derive(Deserialize)]
pub struct WithSerde {
    pub host: IpAddr,
    pub workers: usize,
    pub public_url: String,
    pub data_dir: PathBuf,
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    pub max_connections: u32,
    pub max_body_bytes: u64,
    pub temperature: f64,
    pub api_key: Secret,
    pub database_url: Secret,
    #[serde(default = "default_environment")]
    pub environment: String,
    #[serde(default = "default_port")]
    pub port: u16,
    #[serde(default)]
    pub debug: bool,
    #[serde(default = "default_log_level")]
    pub log_level: String,
    pub cache_dir: Option<PathBuf>,
    #[serde(default = "default_request_timeout", with = "humantime_serde")]
    pub request_timeout: Duration,
    #[serde(default = "default_sample_rate")]
    pub sample_rate: f64,
    pub region: Option<String>,
    #[serde(default = "default_metrics")]
    pub metrics: bool,
    pub signing_key: Option<Secret>,
}

fn default_environment() -> String {
    "dev".to_owned()
}

fn default_port() -> u16 {
    8080
}

fn default_log_level() -> String {
    "info".to_owned()
}

fn default_request_timeout() -> Duration {
    Duration::from_secs(30)
}

fn default_sample_rate() -> f64 {
    1.0
}

fn default_metrics() -> bool {
    true
}

pub fn envy() -> envy::Result<WithSerde> {
    envy::prefixed("BENCH_").from_env()
}

pub fn figment() -> Result<WithSerde, Box<figment::Error>> {
    Figment::from(Env::prefixed("BENCH_")).extract().map_err(Box::new)
}

pub fn config() -> Result<WithSerde, ConfigError> {
    Config::builder().add_source(Environment::with_prefix("BENCH")).build()?.try_deserialize()
}

pub fn dynamic_config() -> Result<WithSerde, dynamic_config::Error> {
    // It puts the key, in capitals and with a `_`, behind the prefix.
    dynamic_config::load(&LoadSpec::new("bench", &[]).with_env(""))
}
