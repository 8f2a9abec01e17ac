//! What the contestants load: twenty variables, of which the first ten are required, among the variables of a service.

use std::process::Command;

use crate::many;

pub const VARIABLES: [(&str, &str); 20] = [
    ("BENCH_HOST", "10.1.2.3"),
    ("BENCH_WORKERS", "16"),
    ("BENCH_PUBLIC_URL", "https://chat.example.com/api"),
    ("BENCH_DATA_DIR", "/var/lib/chat/data"),
    ("BENCH_IDLE_TIMEOUT", "90s"),
    ("BENCH_MAX_CONNECTIONS", "512"),
    ("BENCH_MAX_BODY_BYTES", "10485760"),
    ("BENCH_TEMPERATURE", "0.7"),
    ("BENCH_API_KEY", "sk-test-3f9a1c77d0e24b58"), // pragma: allowlist secret
    ("BENCH_DATABASE_URL", "postgres://chat:test@db.example.com/chat"),
    ("BENCH_ENVIRONMENT", "production"),
    ("BENCH_PORT", "9000"),
    ("BENCH_DEBUG", "true"),
    ("BENCH_LOG_LEVEL", "warn"),
    ("BENCH_CACHE_DIR", "/var/cache/chat"),
    ("BENCH_REQUEST_TIMEOUT", "45s"),
    ("BENCH_SAMPLE_RATE", "0.25"),
    ("BENCH_REGION", "eu-central-1"),
    ("BENCH_METRICS", "false"),
    ("BENCH_SIGNING_KEY", "sk-test-77d0e24b583f9a1c"), // pragma: allowlist secret
];

/// The variables that have no default.
pub const REQUIRED: usize = 10;

/// The text of a .env file with all of them, a line each.
pub fn env_file() -> String {
    VARIABLES.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}

/// The variables of [`Many`](crate::many::Many), and nine times as many others that begin like them.
pub fn set_many(process: &mut Command) {
    process.env_clear();
    for group in many::GROUPS {
        for field in 0..many::FIELDS {
            process.env(format!("MANY_{group}_F{field:02}"), "12345");
            process.envs((0..9).map(|other| (format!("MANY_{group}_F{field:02}_{other}"), "tcp://10.96.0.1:8080")));
        }
    }
}

/// Gives a process the first `count` of the variables, and thirty others such as a container of a cluster has.
pub fn set(process: &mut Command, count: usize) {
    process.env_clear().envs(VARIABLES.iter().take(count).copied());
    process.envs([
        ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("HOME", "/home/chat"),
        ("HOSTNAME", "chat-6c9f7d5b8-x2x7q"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
        ("RUST_LOG", "info"),
    ]);
    for (service, port) in [("KUBERNETES", 443), ("POSTGRES", 5432), ("REDIS", 6379), ("AUTH", 8080)] {
        process.envs([
            (format!("{service}_SERVICE_HOST"), "10.96.0.1".to_owned()),
            (format!("{service}_SERVICE_PORT"), port.to_string()),
            (format!("{service}_PORT"), format!("tcp://10.96.0.1:{port}")),
            (format!("{service}_PORT_{port}_TCP"), format!("tcp://10.96.0.1:{port}")),
            (format!("{service}_PORT_{port}_TCP_PROTO"), "tcp".to_owned()),
            (format!("{service}_PORT_{port}_TCP_ADDR"), "10.96.0.1".to_owned()),
        ]);
    }
}
