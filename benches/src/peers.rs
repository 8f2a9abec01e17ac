//! Other crates. Each reads the variables into the same fields.

mod with_conf;
mod with_confique;
mod with_envconfig;
mod with_serde;

use std::collections::HashMap;
use std::convert::Infallible;
use std::env;
use std::path::Path;
use std::str::FromStr;

use conf::Conf;
use confique::Config;
use envconfig::Envconfig;
use secrecy::SecretString;
use serde::Deserialize;

pub use with_conf::WithConf;
pub use with_confique::WithConfique;
pub use with_envconfig::WithEnvconfig;
pub use with_serde::{WithSerde, config, dynamic_config, envy, figment};

pub fn envconfig() -> Result<WithEnvconfig, envconfig::Error> {
    WithEnvconfig::init_from_env()
}

pub fn confique() -> Result<WithConfique, confique::Error> {
    WithConfique::builder().env().load()
}

/// Without the arguments of this process, which conf would read too.
pub fn conf() -> Result<WithConf, conf::Error> {
    WithConf::try_parse_from(["bench"], env::vars_os())
}

/// `SecretString` has no `FromStr`, which envconfig and conf want, and `Deserialize` only with a feature that
/// settings-core does not turn on.
#[derive(Deserialize)]
#[serde(from = "String")]
pub struct Secret(pub SecretString);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.into()))
    }
}

/// Reads a .env file with dotenvy, without a change to the environment.
pub fn dotenvy(path: &Path) -> dotenvy::Result<HashMap<String, String>> {
    dotenvy::from_path_iter(path)?.collect()
}
