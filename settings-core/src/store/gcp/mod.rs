//! Google Secret Manager: what configures it, and where its secrets are.

#[cfg(feature = "gcp")]
mod client;
#[cfg(feature = "gcp")]
mod endpoint;
#[cfg(feature = "gcp")]
mod failure;
#[cfg(feature = "gcp")]
mod quiet;
mod resource;
#[cfg(feature = "gcp")]
mod sdk;
#[cfg(feature = "gcp")]
mod sign_in;
#[cfg(feature = "gcp")]
mod write;

use std::borrow::Cow;

#[cfg(feature = "gcp")]
pub use self::client::Gcp;
use self::resource::{Resource, place};
use super::SecretKey;
use super::kind::{Config, Kind, Variable};

const PROJECT: &str = "GOOGLE_CLOUD_PROJECT";
/// The secret of sources that name none.
const SECRET_NAME: &str = "GCP_SECRET_NAME";
const CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";
const GCLOUD_DIRECTORY: &str = "CLOUDSDK_CONFIG";
const METADATA_HOST: &str = "GCE_METADATA_HOST";
const QUOTA_PROJECT: &str = "GOOGLE_CLOUD_QUOTA_PROJECT";
const UNIVERSE: &str = "GOOGLE_CLOUD_UNIVERSE_DOMAIN";
const ENDPOINT: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER";

pub(super) const KIND: Kind = Kind {
    name: "gcp",
    title: "Google Secret Manager",
    variables: &[
        Variable::common(PROJECT, "Id of the Google Cloud project that has the secrets."),
        Variable::common(
            SECRET_NAME,
            "The secret of Google Secret Manager for sources that name none: one JSON for all.",
        ),
        Variable::common(CREDENTIALS, "File with Google credentials, such as the key of a service account."),
        Variable::rare(GCLOUD_DIRECTORY, "Another folder than ~/.config/gcloud."),
        Variable::rare(METADATA_HOST, "Another host than metadata.google.internal, which gives machines their tokens."),
        Variable::rare(QUOTA_PROJECT, "The Google Cloud project whose quota is used."),
        Variable::rare(UNIVERSE, "Another domain than googleapis.com, for clouds of their own."),
        Variable::rare(ENDPOINT, "Another address of Google Secret Manager, such as a private or regional endpoint."),
    ],
    configured,
    place: |key, config| place(key, &default_project(config), default_secret(config).as_deref()),
    #[cfg(feature = "gcp")]
    open: Some(|config| Ok(std::sync::Arc::new(Gcp::configured(config)))),
    #[cfg(not(feature = "gcp"))]
    open: None,
};

fn configured(key: &SecretKey, config: &Config<'_>) -> Result<(), Cow<'static, str>> {
    let is_known = default_project(config).is_some() || Resource::names_project(key, default_secret(config).as_deref());
    if is_known { Ok(()) } else { Err(Cow::Borrowed("GOOGLE_CLOUD_PROJECT is not set")) }
}

fn default_project(config: &Config<'_>) -> Option<String> {
    config.get(PROJECT).map(|project| project.trim().to_owned())
}

fn default_secret(config: &Config<'_>) -> Option<String> {
    config.get(SECRET_NAME).map(|name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn with<T>(variables: &[(&str, &str)], ask: impl FnOnce(&Config<'_>) -> T) -> T {
        let read = |name: &str| {
            let value = variables.iter().find(|(known, _)| *known == name)?.1;
            Some(Zeroizing::new(value.to_owned()))
        };
        ask(&Config { read: &read, isolated: true })
    }

    #[test]
    fn a_project_is_all_it_needs() {
        let missing = |key: &SecretKey, variables: &[(&str, &str)]| {
            with(variables, |config| configured(key, config)).map_or_else(Cow::into_owned, |()| String::new())
        };
        let bare = SecretKey::new("OPENAI_API_KEY");
        let unset = "GOOGLE_CLOUD_PROJECT is not set";
        assert_eq!(missing(&bare, &[]), unset);
        assert_eq!(missing(&bare, &[(SECRET_NAME, "api-keys")]), unset);
        assert_eq!(missing(&bare.clone().named("api-keys"), &[]), unset);
        assert_eq!(missing(&bare, &[(PROJECT, "agentds")]), "");
        assert_eq!(missing(&bare, &[(SECRET_NAME, "projects/agentds/secrets/api-keys")]), "");
        assert_eq!(missing(&bare.clone().with("project", "agentds"), &[]), "");
        assert_eq!(missing(&bare.named("projects/agentds/secrets/api-keys"), &[]), "");
    }

    #[test]
    fn a_place_has_the_project_and_the_key_in_what_holds_several_values() {
        let key = SecretKey::new("OPENAI_API_KEY");
        let named = key.clone().named("api-keys");
        for (key, wanted) in [
            (key.clone(), "agentds / openai-api-key"),
            (named.clone(), "agentds / api-keys"),
            (named.clone().shared(), "agentds / api-keys#OPENAI_API_KEY"),
            (named.clone().with("key", "openai").with("version", "3"), "agentds / api-keys#openai (version 3)"),
            (named.with("project", "other"), "other / api-keys"),
            (key.clone().named("projects/p-1/secrets/s/versions/7"), "p-1 / s (version 7)"),
            (key.named("a/b"), "a/b"),
        ] {
            assert_eq!(with(&[(PROJECT, "agentds")], |config| (KIND.place)(&key, config)), wanted);
        }
        let key = SecretKey { siblings: true, ..SecretKey::new("OPENAI_API_KEY") };
        let set = [(PROJECT, "agentds"), (SECRET_NAME, "keys")];
        assert_eq!(with(&set, |config| (KIND.place)(&key, config)), "agentds / keys#OPENAI_API_KEY");
        assert_eq!(with(&[], |config| (KIND.place)(&key, config)), "openai-api-key");
    }
}
