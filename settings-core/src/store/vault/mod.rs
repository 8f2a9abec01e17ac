//! HashiCorp Vault and OpenBao: the KV engine, version 2.

#[cfg(feature = "vault")]
mod answer;
#[cfg(feature = "vault")]
mod client;
#[cfg(feature = "vault")]
mod session;

use std::borrow::Cow;
use std::path::PathBuf;

#[cfg(feature = "vault")]
pub use self::client::Vault;
use super::SecretKey;
use super::kind::{Config, Kind, Variable};

pub(super) const KIND: Kind = Kind {
    name: "vault",
    title: "Vault",
    variables: &[
        Variable::common("VAULT_ADDR", "Address of the server, https://vault.example.com:8200."),
        Variable::common("VAULT_ROLE_ID", "The role id of an AppRole; with VAULT_SECRET_ID it wins over VAULT_TOKEN."),
        Variable::common("VAULT_SECRET_ID", "The secret id of the AppRole."),
        Variable::common("VAULT_TOKEN", "A token; where it is not set, what `vault login` left in ~/.vault-token."),
        Variable::rare("VAULT_NAMESPACE", "The namespace."),
        Variable::rare("VAULT_SECRET_PATH", "Path of the secret for sources that name none, without the mount."),
        Variable::rare("VAULT_CACERT", "A PEM file of the authorities to trust, instead of the system's."),
        Variable::rare("VAULT_ALLOW_HTTP", "1 allows plain http to another machine."),
    ],
    configured,
    place: |key, config| {
        let path = config.get("VAULT_SECRET_PATH");
        place(key, path.as_deref().map(String::as_str))
    },
    #[cfg(feature = "vault")]
    open: Some(|config| match half_a_role(config) {
        Some(missing) => Err(super::StoreError::misconfigured().because(missing)),
        None => Ok(std::sync::Arc::new(Vault::configured(config))),
    }),
    #[cfg(not(feature = "vault"))]
    open: None,
};

fn configured(key: &SecretKey, config: &Config<'_>) -> Result<(), Cow<'static, str>> {
    if !config.has("VAULT_ADDR") {
        return Err("VAULT_ADDR is not set".into());
    }
    // Half a role is a mistake, which is told when the store is opened.
    let has_role = config.has("VAULT_ROLE_ID") || config.has("VAULT_SECRET_ID");
    if !has_role && !has_token(config) {
        return Err("neither VAULT_TOKEN is set, nor VAULT_ROLE_ID with VAULT_SECRET_ID".into());
    }
    if key.name().is_none() && !config.has("VAULT_SECRET_PATH") {
        return Err("VAULT_SECRET_PATH is not set".into());
    }
    Ok(())
}

fn has_token(config: &Config<'_>) -> bool {
    config.has("VAULT_TOKEN") || token_file(config).is_some_and(|path| path.exists())
}

/// What an AppRole lacks that is to sign in, as there is no token.
#[cfg(feature = "vault")]
fn half_a_role(config: &Config<'_>) -> Option<&'static str> {
    let missing = match (config.has("VAULT_ROLE_ID"), config.has("VAULT_SECRET_ID")) {
        (true, false) => "VAULT_ROLE_ID is set and VAULT_SECRET_ID is not",
        (false, true) => "VAULT_SECRET_ID is set and VAULT_ROLE_ID is not",
        _ => return None,
    };
    (!has_token(config)).then_some(missing)
}

/// Where `vault login` leaves its token. What lies in the home directory counts for a program, and for no test.
fn token_file(config: &Config<'_>) -> Option<PathBuf> {
    let home = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    let home = config.get(home).filter(|_| !config.isolated)?;
    Some(PathBuf::from(home.as_str()).join(".vault-token"))
}

/// Where the engine is mounted that holds the secret.
fn mount(key: &SecretKey) -> &str {
    key.text("mount").unwrap_or("secret").trim_matches('/')
}

/// The path below the mount; `bare` for sources that name none.
fn path<'k>(key: &'k SecretKey, bare: Option<&'k str>) -> Option<&'k str> {
    key.name().or(bare).map(|path| path.trim_matches('/')).filter(|path| !path.is_empty())
}

/// The version that the source wants; `None` for the last one.
fn version(key: &SecretKey) -> Option<Cow<'_, str>> {
    let number = || key.number("version").map(|number| number.to_string().into());
    key.text("version").map(Cow::Borrowed).or_else(number)
}

/// `secret/db#password`
fn place(key: &SecretKey, bare: Option<&str>) -> String {
    let path = path(key, bare).unwrap_or("$VAULT_SECRET_PATH");
    let version = version(key).map(|version| format!(", version {version}")).unwrap_or_default();
    format!("{}/{path}#{}{version}", mount(key), key.json_key())
}
