//! AWS Secrets Manager: what configures it, and where its secrets are.

#[cfg(feature = "aws")]
mod client;
#[cfg(feature = "aws")]
mod failure;
#[cfg(feature = "aws")]
mod held;
#[cfg(feature = "aws")]
mod read;
#[cfg(feature = "aws")]
mod sdk;
#[cfg(feature = "aws")]
mod write;

use std::borrow::Cow;

#[cfg(feature = "aws")]
pub use self::client::Aws;
use super::SecretKey;
use super::kind::{Config, Kind, Variable};

/// The secret of sources that name none.
const SECRET_NAME: &str = "AWS_SECRET_NAME";
const REGION: &str = "AWS_REGION";
const DEFAULT_REGION: &str = "AWS_DEFAULT_REGION";
const PROFILE: &str = "AWS_PROFILE";
#[cfg(feature = "aws")]
const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
#[cfg(feature = "aws")]
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";
#[cfg(feature = "aws")]
const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";
#[cfg(feature = "aws")]
const CONTAINER_TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
#[cfg(feature = "aws")]
const CONTAINER_URIS: [&str; 2] = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
#[cfg(feature = "aws")]
const ALLOW_HTTP: &str = "AWS_ALLOW_HTTP";

pub(super) const KIND: Kind = Kind {
    name: "aws",
    title: "AWS Secrets Manager",
    variables: &[
        Variable::common(SECRET_NAME, "Name or ARN of the AWS secret for sources that name none."),
        Variable::common(REGION, "Region of AWS Secrets Manager, such as eu-west-1."),
        Variable::rare(DEFAULT_REGION, "The region where AWS_REGION is not set."),
        Variable::rare(PROFILE, "The profile of ~/.aws/config that has region and credentials."),
        Variable::rare("AWS_CONFIG_FILE", "Another file than ~/.aws/config."),
        Variable::rare("AWS_SHARED_CREDENTIALS_FILE", "Another file than ~/.aws/credentials."),
        Variable::rare("AWS_ACCESS_KEY_ID", "An access key, with AWS_SECRET_ACCESS_KEY."),
        Variable::rare("AWS_SECRET_ACCESS_KEY", "The secret of the access key."),
        Variable::rare("AWS_SESSION_TOKEN", "The token of a temporary access key."),
        Variable::rare("AWS_ACCOUNT_ID", "The account of the access key."),
        Variable::rare("AWS_ROLE_ARN", "The role to take on with AWS_WEB_IDENTITY_TOKEN_FILE."),
        Variable::rare("AWS_ROLE_SESSION_NAME", "What the session of that role is called."),
        Variable::rare("AWS_WEB_IDENTITY_TOKEN_FILE", "The file that holds a web identity's token, as in EKS."),
        Variable::rare("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "Where ECS gives credentials to a container."),
        Variable::rare("AWS_CONTAINER_CREDENTIALS_FULL_URI", "Where another agent gives credentials to a container."),
        Variable::rare("AWS_CONTAINER_AUTHORIZATION_TOKEN", "What that agent wants to see."),
        Variable::rare("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "The file that holds what that agent wants to see."),
        Variable::rare("AWS_EC2_METADATA_DISABLED", "true: no credentials of the EC2 instance."),
        Variable::rare("AWS_EC2_METADATA_SERVICE_ENDPOINT", "Address of the EC2 instance metadata."),
        Variable::rare("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv4 or IPv6."),
        Variable::rare("AWS_ENDPOINT_URL", "Another address of AWS, for emulators and private endpoints."),
        Variable::rare("AWS_ENDPOINT_URL_SECRETS_MANAGER", "The same for Secrets Manager alone."),
        Variable::rare("AWS_ENDPOINT_URL_STS", "The same for the service that gives out a role's credentials."),
        Variable::rare("AWS_ENDPOINT_URL_SSO", "The same for single sign-on."),
        Variable::rare("AWS_ENDPOINT_URL_SSO_OIDC", "The same for the tokens of single sign-on."),
        Variable::rare("AWS_ENDPOINT_URL_SIGNIN", "The same for `aws login`."),
        Variable::rare("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true: as if none of these addresses were set."),
        Variable::rare("AWS_LOGIN_CACHE_DIRECTORY", "Where `aws login` keeps its tokens."),
        Variable::rare("AWS_USE_FIPS_ENDPOINT", "true: the FIPS endpoints."),
        Variable::rare("AWS_USE_DUALSTACK_ENDPOINT", "true: endpoints that speak IPv6 too."),
        Variable::rare("AWS_ALLOW_HTTP", "1 allows plain http to another machine, for emulators."),
    ],
    configured,
    place: |key, config| place(key, config.get(SECRET_NAME).as_deref().map(String::as_str)),
    #[cfg(feature = "aws")]
    open: Some(|config| Ok(std::sync::Arc::new(Aws::configured(config)))),
    #[cfg(not(feature = "aws"))]
    open: None,
};

fn configured(key: &SecretKey, config: &Config<'_>) -> Result<(), Cow<'static, str>> {
    let has_secret = key.name().is_some() || config.has(SECRET_NAME);
    let has_region = config.has(REGION) || config.has(DEFAULT_REGION) || profile_has_region(config);
    match (has_region, has_secret, config.get(PROFILE)) {
        (true, true, _) => Ok(()),
        (true, false, _) => Err("AWS_SECRET_NAME is not set".into()),
        (false, true, None) => Err("AWS_REGION is not set".into()),
        (false, false, None) => Err("AWS_REGION and AWS_SECRET_NAME are not set".into()),
        (false, _, Some(profile)) => {
            Err(format!("AWS_REGION is not set, and the profile `{}` has no region", *profile).into())
        }
    }
}

/// Whether the profile tells the region. Reads the files of profiles, and asks nobody.
#[cfg(feature = "aws")]
fn profile_has_region(config: &Config<'_>) -> bool {
    // Without a home directory these alone lead to a profile, and the SDK takes its time to look for one.
    let leads = [PROFILE, "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];
    (!config.isolated || leads.iter().any(|name| config.has(name))) && sdk::region(config).is_some()
}

/// Whether there might be a region. What is in a profile is only known to the SDK.
#[cfg(not(feature = "aws"))]
fn profile_has_region(config: &Config<'_>) -> bool {
    config.has(PROFILE)
}

/// The name or ARN of the secret; `bare` for sources that name none.
fn secret_id<'k>(key: &'k SecretKey, bare: Option<&'k str>) -> Option<&'k str> {
    key.name().or(bare).filter(|id| !id.is_empty())
}

/// The key as this store sees it: all sources that name no secret have the one that `AWS_SECRET_NAME` names.
fn seen_here(key: &SecretKey) -> Cow<'_, SecretKey> {
    if key.has_siblings() { Cow::Owned(key.clone().shared()) } else { Cow::Borrowed(key) }
}

/// `chat/api-keys#OPENAI_API_KEY`, or `chat/api-keys` where the secret may be a plain text.
fn place(key: &SecretKey, bare: Option<&str>) -> String {
    let id = secret_id(key, bare).unwrap_or("$AWS_SECRET_NAME");
    let stage = key.text("version_stage").map(|stage| format!(" ({stage})")).unwrap_or_default();
    let is_one_of_several = is_one_of_several(&seen_here(key));
    if is_one_of_several { format!("{id}#{}{stage}", key.json_key()) } else { format!("{id}{stage}") }
}

/// Whether the secret must hold several values.
fn is_one_of_several(key: &SecretKey) -> bool {
    !key.flag("raw") && (key.shared || key.text("key").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    fn with<T>(variables: &[(&str, &str)], ask: impl FnOnce(&Config<'_>) -> T) -> T {
        let read = |name: &str| {
            let value = variables.iter().find(|(known, _)| *known == name)?.1;
            Some(Zeroizing::new(value.to_owned()))
        };
        ask(&Config { read: &read, isolated: true })
    }

    fn missing(key: &SecretKey, variables: &[(&str, &str)]) -> String {
        with(variables, |config| configured(key, config)).map_or_else(Cow::into_owned, |()| String::new())
    }

    #[test]
    fn a_region_and_a_secret_are_all_it_needs() {
        let bare = SecretKey::new("OPENAI_API_KEY");
        let named = bare.clone().named("chat/api-keys");
        assert_eq!(missing(&bare, &[]), "AWS_REGION and AWS_SECRET_NAME are not set");
        assert_eq!(missing(&bare, &[(REGION, "eu-west-1")]), "AWS_SECRET_NAME is not set");
        assert_eq!(missing(&named, &[(SECRET_NAME, "x")]), "AWS_REGION is not set");
        assert_eq!(missing(&named, &[(REGION, "eu-west-1")]), "");
        assert_eq!(missing(&named, &[(DEFAULT_REGION, "eu-west-1")]), "");
        assert_eq!(missing(&bare, &[(REGION, "eu-west-1"), (SECRET_NAME, "x")]), "");
    }

    #[test]
    fn a_place_has_its_key_where_the_secret_holds_several_values() {
        let key = SecretKey::new("OPENAI_API_KEY");
        let named = key.clone().named("chat/api-keys");
        for (key, wanted) in [
            (named.clone(), "chat/api-keys"),
            (named.clone().shared(), "chat/api-keys#OPENAI_API_KEY"),
            (named.clone().with("key", "openai"), "chat/api-keys#openai"),
            (named.with("version_stage", "AWSPREVIOUS"), "chat/api-keys (AWSPREVIOUS)"),
            (key.clone(), "$AWS_SECRET_NAME"),
            (SecretKey { siblings: true, ..key }, "$AWS_SECRET_NAME#OPENAI_API_KEY"),
        ] {
            assert_eq!(with(&[], |config| (KIND.place)(&key, config)), wanted);
        }
        let set = [(SECRET_NAME, "prod/keys")];
        let key = SecretKey::new("OPENAI_API_KEY");
        assert_eq!(with(&set, |config| (KIND.place)(&key, config)), "prod/keys");
    }
}
