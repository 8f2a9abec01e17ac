//! confique.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use confique::Config;

use super::Secret;

#[derive(Config)]
pub struct WithConfique {
    #[config(env = "BENCH_HOST")]
    pub host: IpAddr,
    #[config(env = "BENCH_WORKERS")]
    pub workers: usize,
    #[config(env = "BENCH_PUBLIC_URL")]
    pub public_url: String,
    #[config(env = "BENCH_DATA_DIR")]
    pub data_dir: PathBuf,
    #[config(env = "BENCH_IDLE_TIMEOUT", deserialize_with = humantime_serde::deserialize)]
    pub idle_timeout: Duration,
    #[config(env = "BENCH_MAX_CONNECTIONS")]
    pub max_connections: u32,
    #[config(env = "BENCH_MAX_BODY_BYTES")]
    pub max_body_bytes: u64,
    #[config(env = "BENCH_TEMPERATURE")]
    pub temperature: f64,
    #[config(env = "BENCH_API_KEY")]
    pub api_key: Secret,
    #[config(env = "BENCH_DATABASE_URL")]
    pub database_url: Secret,
    #[config(env = "BENCH_ENVIRONMENT", default = "dev")]
    pub environment: String,
    #[config(env = "BENCH_PORT", default = 8080)]
    pub port: u16,
    #[config(env = "BENCH_DEBUG", default = false)]
    pub debug: bool,
    #[config(env = "BENCH_LOG_LEVEL", default = "info")]
    pub log_level: String,
    #[config(env = "BENCH_CACHE_DIR")]
    pub cache_dir: Option<PathBuf>,
    #[config(env = "BENCH_REQUEST_TIMEOUT", default = "30s", deserialize_with = humantime_serde::deserialize)]
    pub request_timeout: Duration,
    #[config(env = "BENCH_SAMPLE_RATE", default = 1.0)]
    pub sample_rate: f64,
    #[config(env = "BENCH_REGION")]
    pub region: Option<String>,
    #[config(env = "BENCH_METRICS", default = true)]
    pub metrics: bool,
    #[config(env = "BENCH_SIGNING_KEY")]
    pub signing_key: Option<Secret>,
}
