//! A Dapr sidecar: its secrets API, whatever store stands behind it.

#[cfg(feature = "dapr")]
mod answer;
#[cfg(feature = "dapr")]
mod client;

#[cfg(feature = "dapr")]
pub use self::client::Dapr;
use super::SecretKey;
use super::kind::{Kind, Variable};

pub(super) const KIND: Kind = Kind {
    name: "dapr",
    title: "Dapr",
    variables: &[
        Variable::common("DAPR_HTTP_PORT", "The port of the sidecar on this machine, 3500."),
        Variable::rare(
            "DAPR_HTTP_ENDPOINT",
            "Address of a sidecar elsewhere, https://dapr.example.com; wins over the port.",
        ),
        Variable::rare("DAPR_API_TOKEN", "The token that the sidecar asks for."),
        Variable::rare("DAPR_ALLOW_HTTP", "1 allows plain http to another machine."),
    ],
    configured: |_, config| match config.has("DAPR_HTTP_ENDPOINT") || config.has("DAPR_HTTP_PORT") {
        true => Ok(()),
        false => Err("DAPR_HTTP_PORT is not set".into()),
    },
    place: |key, _| place(key, STORE),
    #[cfg(feature = "dapr")]
    open: Some(|config| Ok(std::sync::Arc::new(Dapr::configured(config)))),
    #[cfg(not(feature = "dapr"))]
    open: None,
};

/// The name of the component where neither the source nor the program says another.
const STORE: &str = "secretstore";

fn store<'k>(key: &'k SecretKey, otherwise: &'k str) -> &'k str {
    key.text("store").unwrap_or(otherwise)
}

fn name(key: &SecretKey) -> &str {
    key.name().unwrap_or(key.kebab())
}

/// `secretstore / openai-api-key`, or `secretstore / db#password` where a key is named.
fn place(key: &SecretKey, otherwise: &str) -> String {
    let own = key.text("key").map(|key| format!("#{key}")).unwrap_or_default();
    format!("{} / {}{own}", store(key, otherwise), name(key))
}
