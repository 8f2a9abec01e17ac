//! The page of Markdown and the JSON Schema that come from a struct.
#![allow(dead_code, reason = "not all that is loaded is looked at")]

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use settings_core::{SecretString, Settings};
use settings_tests::Home;

/// The chat service.
#[derive(Settings)]
#[settings(env_prefix = "CHAT_")]
struct Chat {
    /// TCP port | to listen on,
    /// if any.
    #[setting(default = 8_080, range = 1024..65000)]
    port: u16,
    #[setting(default = "fast")]
    mode: Mode,
    #[setting(one_of = ["eu", "us"], example = "eu")]
    region: String,
    #[setting(default = 0.5, range = 0.0..=1.0)]
    rate: f64,
    #[setting(default)]
    debug: bool,
    #[setting(default = Duration::from_secs(30))]
    timeout: Duration,
    #[setting(default = ["a", "b"], min_len = 1)]
    hosts: Vec<String>,
    weights: Option<HashMap<String, u8>>,
    address: Option<std::net::IpAddr>,
    /// The database.
    #[setting(nested)]
    db: Option<Database>,
    #[setting(nested, default)]
    servers: Vec<Server>,
    #[setting(nested, default)]
    named: BTreeMap<String, Server>,
    /// Key of the account.
    #[secret(source = azure("api-key"))]
    api_key: SecretString,
}

#[derive(Settings)]
struct Database {
    #[setting(rename = "hostname", min_len = 2)]
    host: String,
    #[secret(in_config_file)]
    password: Option<SecretString>,
}

#[derive(Settings)]
#[settings(allow_unknown)]
struct Server {
    host: String,
    #[setting(default)]
    port: u16,
    token: Option<SecretString>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
    Careful,
}

#[test]
fn a_page_of_markdown() {
    assert_eq!(
        Chat::markdown(),
        "\
# Chat

The chat service.

| variable | what it is | default |
|---|---|---|
| `CHAT_PORT` | TCP port \\| to listen on,<br>if any.<br>A whole number in 1024..65000. | `8080` |
| `CHAT_MODE` | One of fast, careful. | `fast` |
| `CHAT_REGION` | One of eu, us.<br>Example: `eu`. | **required** |
| `CHAT_RATE` | A number in 0.0..=1.0. | `0.5` |
| `CHAT_DEBUG` | True or false (also yes/no, on/off, 1/0). | `false` |
| `CHAT_TIMEOUT` | A length of time with its unit, such as 30s, 500ms or 1h 30m. | `Duration::from_secs(30)` |
| `CHAT_HOSTS` | A list separated by commas or as JSON, at least 1 element. | `a,b` |
| `CHAT_WEIGHTS` | Key=value pairs separated by commas, or a JSON object. | none |
| `CHAT_ADDRESS` | An IP address. | none |
| `CHAT_SERVERS` | A JSON list of objects.<br>Each has host: required, text; port: optional, a whole number in 0..=65535; token: optional, a secret. | empty |
| `CHAT_NAMED` | A JSON object of objects, by name.<br>Each has host: required, text; port: optional, a whole number in 0..=65535; token: optional, a secret. | that of its type |
| `CHAT_API_KEY` | Key of the account.<br>A secret.<br>In production from the file /run/secrets/api_key, then Azure Key Vault (api-key). | **required** |

## db

The database.

All of it is optional: with nothing of it set there is none.

| variable | what it is | default |
|---|---|---|
| `CHAT_DB_HOST` | Text, at least 2 characters. | required with `db` |
| `CHAT_DB_PASSWORD` | A secret.<br>In production from the file /run/secrets/db_password. | none |

## Azure Key Vault

| variable | what it is |
|---|---|
| `KEY_VAULT_URI` | Address of the Azure Key Vault, such as https://kv-chat.vault.azure.net/ |
"
    );
}

#[test]
fn a_json_schema() {
    let text = "string";
    let server = json!({
        "type": "object",
        "properties": { "host": { "type": text }, "port": { "type": ["integer", "string"], "default": 0 } },
        "required": ["host"],
    });
    let expected = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Chat",
        "description": "The chat service.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "port": {
                "description": "TCP port | to listen on,\nif any.", "type": ["integer", "string"],
                "minimum": 1024, "exclusiveMaximum": 65000, "default": 8080,
            },
            "mode": { "anyOf": [{ "enum": ["fast", "careful"] }, { "type": "object" }], "default": "fast" },
            "region": { "type": text, "enum": ["eu", "us"], "examples": ["eu"] },
            "rate": { "type": ["number", "string"], "minimum": 0.0, "maximum": 1.0, "default": 0.5 },
            "debug": { "type": ["boolean", "string"], "default": false },
            "timeout": { "type": "string" },
            "hosts": { "type": ["array", "string"], "items": { "type": text }, "minItems": 1, "default": ["a", "b"] },
            "weights": { "type": ["object", "string"] },
            "address": {},
            "db": {
                "description": "The database.",
                "type": "object",
                "additionalProperties": false,
                "properties": { "hostname": { "type": text, "minLength": 2 }, "password": { "type": "string" } },
            },
            "servers": { "type": ["array", "string"], "items": server },
            "named": { "type": ["object", "string"], "additionalProperties": server },
        },
    });
    assert_eq!(Chat::json_schema(), expected);
}

/// Every form that the schema allows for a value is one that a load takes.
#[test]
fn what_the_schema_allows_is_loaded() {
    for (line, expected) in [
        ("port = 9000", "port: 9000"),
        ("port = '9000'", "port: 9000"),
        ("rate = 1", "rate: 1.0"),
        ("rate = '0.25'", "rate: 0.25"),
        ("debug = true", "debug: true"),
        ("debug = 'yes'", "debug: true"),
        ("hosts = ['c']", "hosts: [\"c\"]"),
        ("hosts = 'c,d'", "hosts: [\"c\", \"d\"]"),
        ("weights = { a = 1 }", "{\"a\": 1}"),
        ("weights = 'a=1'", "{\"a\": 1}"),
        ("timeout = '5s'", "timeout: 5s"),
        ("db = { hostname = 'h1' }", "host: \"h1\""),
        ("servers = [{ host = 'h', other = 1 }]", "servers: [Server { host: \"h\", port: 0"),
        ("servers = '[{\"host\": \"h\"}]'", "servers: [Server { host: \"h\", port: 0"),
        ("named = { n = { host = 'h' } }", "{\"n\": Server { host: \"h\""),
    ] {
        let home = Home::new([("chat.toml", format!("region = 'eu'\n{line}\n"))]);
        let loader =
            Chat::loader().hermetic().file(home.path().join("chat.toml")).env([("CHAT_API_KEY", "sk-test-key")]);
        let loaded = format!("{:?}", loader.load_blocking().unwrap());
        assert!(loaded.contains(expected), "{line}: {loaded}");
    }
}
