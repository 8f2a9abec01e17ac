//! conf.

use std::net::IpAddr;
use std::path::PathBuf;

use conf::Conf;

use super::Secret;

#[derive(Conf)]
#[conf(env_prefix = "BENCH_")]
pub struct WithConf {
    #[conf(env)]
    pub host: IpAddr,
    #[conf(env)]
    pub workers: usize,
    #[conf(env)]
    pub public_url: String,
    #[conf(env)]
    pub data_dir: PathBuf,
    #[conf(env)]
    pub idle_timeout: humantime::Duration,
    #[conf(env)]
    pub max_connections: u32,
    #[conf(env)]
    pub max_body_bytes: u64,
    #[conf(env)]
    pub temperature: f64,
    #[conf(env, secret)]
    pub api_key: Secret,
    #[conf(env, secret)]
    pub database_url: Secret,
    #[conf(env, default_value = "dev")]
    pub environment: String,
    #[conf(env, default_value = "8080")]
    pub port: u16,
    #[conf(parameter, env, default_value = "false")]
    pub debug: bool,
    #[conf(env, default_value = "info")]
    pub log_level: String,
    #[conf(env)]
    pub cache_dir: Option<PathBuf>,
    #[conf(env, default_value = "30s")]
    pub request_timeout: humantime::Duration,
    #[conf(env, default_value = "1.0")]
    pub sample_rate: f64,
    #[conf(env)]
    pub region: Option<String>,
    #[conf(parameter, env, default_value = "true")]
    pub metrics: bool,
    #[conf(env, secret)]
    pub signing_key: Option<Secret>,
}
