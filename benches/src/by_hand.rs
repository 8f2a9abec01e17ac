//! What one writes without a crate, with care: it stops at the first error, and names the variable.

use std::collections::HashMap;
use std::env::{self, VarError};
use std::fmt::Display;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;

pub struct ByHand {
    pub host: IpAddr,
    pub workers: usize,
    pub public_url: String,
    pub data_dir: PathBuf,
    pub idle_timeout: Duration,
    pub max_connections: u32,
    pub max_body_bytes: u64,
    pub temperature: f64,
    pub api_key: SecretString,
    pub database_url: SecretString,
    pub environment: String,
    pub port: u16,
    pub debug: bool,
    pub log_level: String,
    pub cache_dir: Option<PathBuf>,
    pub request_timeout: Duration,
    pub sample_rate: f64,
    pub region: Option<String>,
    pub metrics: bool,
    pub signing_key: Option<SecretString>,
}

pub fn from_env() -> Result<ByHand, String> {
    load(|name| env::var(name))
}

pub fn from_map(variables: &HashMap<String, String>) -> Result<ByHand, String> {
    load(|name| variables.get(name).cloned().ok_or(VarError::NotPresent))
}

fn load(variable: impl Fn(&str) -> Result<String, VarError>) -> Result<ByHand, String> {
    let text = |name| variable(name).map_err(|error| format!("{name}: {error}"));
    let optional = |name| match variable(name) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(error) => Err(format!("{name}: {error}")),
    };
    Ok(ByHand {
        host: parse("BENCH_HOST", &text("BENCH_HOST")?)?,
        workers: parse("BENCH_WORKERS", &text("BENCH_WORKERS")?)?,
        public_url: text("BENCH_PUBLIC_URL")?,
        data_dir: text("BENCH_DATA_DIR")?.into(),
        idle_timeout: duration("BENCH_IDLE_TIMEOUT", &text("BENCH_IDLE_TIMEOUT")?)?,
        max_connections: parse("BENCH_MAX_CONNECTIONS", &text("BENCH_MAX_CONNECTIONS")?)?,
        max_body_bytes: parse("BENCH_MAX_BODY_BYTES", &text("BENCH_MAX_BODY_BYTES")?)?,
        temperature: parse("BENCH_TEMPERATURE", &text("BENCH_TEMPERATURE")?)?,
        api_key: text("BENCH_API_KEY")?.into(),
        database_url: text("BENCH_DATABASE_URL")?.into(),
        environment: optional("BENCH_ENVIRONMENT")?.unwrap_or_else(|| "dev".to_owned()),
        port: parse_or("BENCH_PORT", optional("BENCH_PORT")?, 8080)?,
        debug: parse_or("BENCH_DEBUG", optional("BENCH_DEBUG")?, false)?,
        log_level: optional("BENCH_LOG_LEVEL")?.unwrap_or_else(|| "info".to_owned()),
        cache_dir: optional("BENCH_CACHE_DIR")?.map(PathBuf::from),
        request_timeout: match optional("BENCH_REQUEST_TIMEOUT")? {
            Some(text) => duration("BENCH_REQUEST_TIMEOUT", &text)?,
            None => Duration::from_secs(30),
        },
        sample_rate: parse_or("BENCH_SAMPLE_RATE", optional("BENCH_SAMPLE_RATE")?, 1.0)?,
        region: optional("BENCH_REGION")?,
        metrics: parse_or("BENCH_METRICS", optional("BENCH_METRICS")?, true)?,
        signing_key: optional("BENCH_SIGNING_KEY")?.map(SecretString::from),
    })
}

fn parse<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, String> {
    text.parse().map_err(|error| format!("{name}: {error}"))
}

fn parse_or<T: FromStr<Err: Display>>(name: &str, text: Option<String>, default: T) -> Result<T, String> {
    text.map_or(Ok(default), |text| parse(name, &text))
}

fn duration(name: &str, text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{name}: {error}"))
}
