//! This project.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(env_prefix = "BENCH_", env_file = none, source = env)]
pub struct Ours {
    pub host: IpAddr,
    pub workers: usize,
    pub public_url: String,
    pub data_dir: PathBuf,
    pub idle_timeout: Duration,
    pub max_connections: u32,
    pub max_body_bytes: u64,
    pub temperature: f64,
    #[secret]
    pub api_key: SecretString,
    #[secret]
    pub database_url: SecretString,
    #[setting(default = "dev")]
    pub environment: String,
    #[setting(default = 8080)]
    pub port: u16,
    #[setting(default)]
    pub debug: bool,
    #[setting(default = "info")]
    pub log_level: String,
    pub cache_dir: Option<PathBuf>,
    #[setting(default = "30s")]
    pub request_timeout: Duration,
    #[setting(default = 1.0)]
    pub sample_rate: f64,
    pub region: Option<String>,
    #[setting(default = true)]
    pub metrics: bool,
    #[secret]
    pub signing_key: Option<SecretString>,
}
