//! The names of secrets and their versions: <https://cloud.google.com/secret-manager/docs/reference/rest>.

use std::borrow::Cow;

use crate::store::{SecretKey, StoreError};

/// A version of a secret of a project.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Resource {
    pub(super) project: String,
    pub(super) secret: String,
    /// `None` for the latest.
    pub(super) version: Option<String>,
}

/// The parts that a name has: `api-keys`, or `projects/P/secrets/S`, with or without `/versions/V`.
struct Parts<'n> {
    project: Option<&'n str>,
    secret: &'n str,
    version: Option<&'n str>,
}

impl<'n> Parts<'n> {
    fn of(name: &'n str) -> Option<Self> {
        let segments: Vec<&str> = name.split('/').collect();
        let (project, secret, version) = match segments[..] {
            [secret] => (None, secret, None),
            ["projects", project, "secrets", secret] => (Some(project), secret, None),
            ["projects", project, "secrets", secret, "versions", version] => (Some(project), secret, Some(version)),
            _ => return None,
        };
        Some(Self { project, secret, version })
    }
}

impl Resource {
    /// What a key asks for. `project` and `secret` are those of sources that name none.
    pub(super) fn of(key: &SecretKey, project: Option<&str>, secret: Option<&str>) -> Result<Self, StoreError> {
        let malformed = |why| Err(StoreError::malformed().because(why));
        let Some(parts) = Parts::of(name(key, secret)) else {
            return malformed("a secret is named like api-keys or projects/my-project/secrets/api-keys");
        };
        let Some(own_project) = one_of(parts.project, key.text("project")) else {
            return malformed("its name and `project` name two projects");
        };
        let Some(version) = one_of(parts.version, key.text("version")) else {
            return malformed("its name and `version` name two versions");
        };
        let Some(project) = own_project.or(project) else {
            return Err(StoreError::not_configured().because("GOOGLE_CLOUD_PROJECT is not set"));
        };
        if !is_project(project) {
            return malformed("a project is named by its id or number, such as my-project-1");
        }
        if !is_secret(parts.secret) {
            return malformed("a secret's name is of letters, digits, - and _, 255 at the most");
        }
        if !version.is_none_or(is_version) {
            return malformed("a version is `latest`, a number or an alias");
        }
        let version = version.filter(|version| *version != "latest").map(str::to_owned);
        Ok(Self { project: project.to_owned(), secret: parts.secret.to_owned(), version })
    }

    /// Whether the key says by itself which project it is in.
    pub(super) fn names_project(key: &SecretKey, secret: Option<&str>) -> bool {
        key.text("project").is_some() || name(key, secret).starts_with("projects/")
    }
}

#[cfg(feature = "gcp")]
impl Resource {
    /// The name of the secret in the API.
    pub(super) fn secret_name(&self) -> String {
        format!("projects/{}/secrets/{}", self.project, self.secret)
    }

    /// The name of the version in the API.
    pub(super) fn version_name(&self) -> String {
        format!("{}/versions/{}", self.secret_name(), self.version.as_deref().unwrap_or("latest"))
    }
}

/// `agentds / api-keys#OPENAI_API_KEY (version 3)`, or without the key where the secret may be a plain text.
pub(super) fn place(key: &SecretKey, project: &Option<String>, secret: Option<&str>) -> String {
    let Ok(resource) = Resource::of(key, project.as_deref(), secret) else {
        return name(key, secret).to_owned();
    };
    let version = resource.version.map(|version| format!(" (version {version})")).unwrap_or_default();
    let seen = seen_here(key, secret);
    let part = if is_one_of_several(&seen) { format!("#{}", key.json_key()) } else { String::new() };
    format!("{} / {}{part}{version}", resource.project, resource.secret)
}

/// The key as this store sees it: where `GCP_SECRET_NAME` names a secret, all sources that name none have that one.
pub(super) fn seen_here<'k>(key: &'k SecretKey, secret: Option<&str>) -> Cow<'k, SecretKey> {
    let shares = key.name().is_none() && secret.is_some() && key.has_siblings();
    if shares { Cow::Owned(key.clone().shared()) } else { Cow::Borrowed(key) }
}

/// Whether the secret must hold several values.
pub(super) fn is_one_of_several(key: &SecretKey) -> bool {
    key.shared || key.text("key").is_some()
}

fn name<'k>(key: &'k SecretKey, secret: Option<&'k str>) -> &'k str {
    key.name().or(secret).unwrap_or(key.kebab())
}

/// What is said once, or twice alike; `None` where it is said differently.
fn one_of<'t>(one: Option<&'t str>, other: Option<&'t str>) -> Option<Option<&'t str>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => None,
        _ => Some(one.or(other)),
    }
}

/// An id or number; of old there are ids with a domain, `example.com:my-project`.
fn is_project(project: &str) -> bool {
    let is_name = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    let has_ends = |part: &str| {
        let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        is_end(part.as_bytes().first()) && is_end(part.as_bytes().last())
    };
    let (domain, id) = project.split_once(':').unwrap_or(("a", project));
    project.len() <= 255 && is_name(domain) && has_ends(domain) && is_name(id) && has_ends(id)
}

fn is_secret(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(is_word)
}

fn is_version(version: &str) -> bool {
    (1..=63).contains(&version.len()) && version.bytes().all(is_word)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(key: &SecretKey) -> Result<(String, String, Option<String>), String> {
        let resource = Resource::of(key, Some("agentds"), None).map_err(|error| error.to_string())?;
        Ok((resource.project, resource.secret, resource.version))
    }

    fn named(name: &str) -> SecretKey {
        SecretKey::new("OPENAI_API_KEY").named(name)
    }

    #[test]
    fn secrets_are_named_in_short_and_in_full() {
        for (key, project, secret, version) in [
            (SecretKey::new("OPENAI_API_KEY"), "agentds", "openai-api-key", None),
            (named("api-keys"), "agentds", "api-keys", None),
            (named("api-keys").with("version", "3"), "agentds", "api-keys", Some("3")),
            (named("api-keys").with("version", "latest"), "agentds", "api-keys", None),
            (named("api-keys").with("project", "example.com:old-1"), "example.com:old-1", "api-keys", None),
            (named("projects/p-1/secrets/S_2"), "p-1", "S_2", None),
            (named("projects/123/secrets/s/versions/latest"), "123", "s", None),
            (named("projects/p-1/secrets/s/versions/7").with("version", "7"), "p-1", "s", Some("7")),
        ] {
            assert_eq!(read(&key), Ok((project.to_owned(), secret.to_owned(), version.map(str::to_owned))));
        }
        let bare = Resource::of(&SecretKey::new("A"), None, Some("projects/p/secrets/all")).unwrap();
        assert_eq!((bare.project.as_str(), bare.secret.as_str()), ("p", "all"));
    }

    #[test]
    fn nothing_else_goes_into_an_address() {
        for key in [
            named(""),
            named("a/b"),
            named("a.b"),
            named(".."),
            named("a?b"),
            named("a%2fb"),
            named("é"),
            named(&"a".repeat(256)),
            named("projects/p/secrets/"),
            named("projects//secrets/s"),
            named("projects/../secrets/s"),
            named("projects/p/secrets/s/versions/"),
            named("projects/p/secrets/s/versions/1:destroy"),
            named("projects/p/locations/eu/secrets/s"),
            named("/projects/p/secrets/s"),
            named("s").with("project", "p/secrets/other/versions/1:access?"),
            named("s").with("project", "a:b:c"),
            named("s").with("project", "-p"),
            named("s").with("version", ""),
            named("s").with("version", "1/x"),
            named("projects/p/secrets/s").with("project", "q"),
            named("projects/p/secrets/s/versions/1").with("version", "2"),
        ] {
            let error = read(&key).expect_err(&key.to_string());
            assert!(error.starts_with("malformed"), "{error}");
        }
        let error = Resource::of(&named("s"), None, None).unwrap_err();
        assert_eq!(error.to_string(), "not configured (GOOGLE_CLOUD_PROJECT is not set)");
    }
}
