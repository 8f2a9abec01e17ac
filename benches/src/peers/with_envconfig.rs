//! envconfig.

use std::net::IpAddr;
use std::path::PathBuf;

use envconfig::Envconfig;

use super::Secret;

#[derive(Envconfig)]
pub struct WithEnvconfig {
    #[envconfig(from = "BENCH_HOST")]
    pub host: IpAddr,
    #[envconfig(from = "BENCH_WORKERS")]
    pub workers: usize,
    #[envconfig(from = "BENCH_PUBLIC_URL")]
    pub public_url: String,
    #[envconfig(from = "BENCH_DATA_DIR")]
    pub data_dir: PathBuf,
    #[envconfig(from = "BENCH_IDLE_TIMEOUT")]
    pub idle_timeout: humantime::Duration,
    #[envconfig(from = "BENCH_MAX_CONNECTIONS")]
    pub max_connections: u32,
    #[envconfig(from = "BENCH_MAX_BODY_BYTES")]
    pub max_body_bytes: u64,
    #[envconfig(from = "BENCH_TEMPERATURE")]
    pub temperature: f64,
    #[envconfig(from = "BENCH_API_KEY")]
    pub api_key: Secret,
    #[envconfig(from = "BENCH_DATABASE_URL")]
    pub database_url: Secret,
    #[envconfig(from = "BENCH_ENVIRONMENT", default = "dev")]
    pub environment: String,
    #[envconfig(from = "BENCH_PORT", default = "8080")]
    pub port: u16,
    #[envconfig(from = "BENCH_DEBUG", default = "false")]
    pub debug: bool,
    #[envconfig(from = "BENCH_LOG_LEVEL", default = "info")]
    pub log_level: String,
    #[envconfig(from = "BENCH_CACHE_DIR")]
    pub cache_dir: Option<PathBuf>,
    #[envconfig(from = "BENCH_REQUEST_TIMEOUT", default = "30s")]
    pub request_timeout: humantime::Duration,
    #[envconfig(from = "BENCH_SAMPLE_RATE", default = "1.0")]
    pub sample_rate: f64,
    #[envconfig(from = "BENCH_REGION")]
    pub region: Option<String>,
    #[envconfig(from = "BENCH_METRICS", default = "true")]
    pub metrics: bool,
    #[envconfig(from = "BENCH_SIGNING_KEY")]
    pub signing_key: Option<Secret>,
}
