//! Addresses of vaults, and what may stand in a path below one.

use crate::store::StoreError;

/// The address of a vault, `https://kv-chat.vault.azure.net`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct VaultUrl {
    /// In lower case, with the port where one is given.
    host: String,
}

impl VaultUrl {
    /// The vault of this address. Besides the host there may be a port and a `/` at the end.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let wrong = || StoreError::misconfigured().because("a vault's address is like https://kv-chat.vault.azure.net");
        let (scheme, rest) = url.trim().split_once("://").ok_or_else(wrong)?;
        if scheme.eq_ignore_ascii_case("http") {
            return Err(StoreError::misconfigured().because("a vault's address begins with https://"));
        }
        let host = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        let (domain, port) = host.split_once(':').unwrap_or((&host, "443"));
        let is_label = |label: &str| {
            let middle = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            middle && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
        };
        // The last label of a name is no number; that of an IP address is, and vaults have none.
        let last = domain.rsplit_once('.').map(|(_, last)| last);
        let is_domain = domain.split('.').all(is_label) && last.is_some_and(|last| last.parse::<u32>().is_err());
        if scheme.eq_ignore_ascii_case("https") && is_domain && port.parse().is_ok_and(|port: u16| port > 0) {
            Ok(Self { host })
        } else {
            Err(wrong())
        }
    }

    /// What people and `az` call the vault: `kv-chat`.
    pub(super) fn name(&self) -> &str {
        self.host.split('.').next().unwrap_or(&self.host)
    }
}

#[cfg(feature = "azure")]
impl VaultUrl {
    /// The address without a `/` at the end.
    pub(super) fn url(&self) -> String {
        format!("https://{}", self.host)
    }
}

/// Whether Key Vault takes this as the name or version of a secret. The SDK puts it into the address as it is.
#[cfg(feature = "azure")]
pub(super) fn is_path_part(part: &str) -> bool {
    (1..=127).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_vaults() {
        for (url, name) in [
            ("https://kv-chat.vault.azure.net/", "kv-chat"),
            ("https://kv-chat.vault.azure.net", "kv-chat"),
            (" HTTPS://KV-Chat.Vault.Azure.Net:443/ ", "kv-chat"),
            ("https://kv1.vault.azure.cn", "kv1"),
        ] {
            assert_eq!(VaultUrl::parse(url).unwrap().name(), name, "{url}");
        }
        for url in [
            "",
            "kv-chat",
            "kv-chat.vault.azure.net",
            "https://kv-chat",
            "https://",
            "https:///",
            "http://kv-chat.vault.azure.net",
            "ftp://kv-chat.vault.azure.net",
            "https://kv-chat.vault.azure.net/secrets",
            "https://kv-chat.vault.azure.net//",
            "https://kv-chat.vault.azure.net?x=y",
            "https://kv-chat.vault.azure.net#x",
            "https://me:you@kv-chat.vault.azure.net",
            "https://kv_chat.vault.azure.net",
            "https://kv-chat..azure.net",
            "https://-kv.vault.azure.net",
            "https://kv-chat.vault.azure.net:",
            "https://kv-chat.vault.azure.net:0",
            "https://kv-chat.vault.azure.net:65536",
            "https://kv-chat.vault.azure.net:443:1",
            "https://[::1]",
            "https://10.0.0.7:8443",
            "https://kv chat.vault.azure.net",
        ] {
            assert!(VaultUrl::parse(url).is_err(), "{url}");
        }
    }

    #[cfg(feature = "azure")]
    #[test]
    fn names_that_key_vault_takes() {
        assert!(is_path_part("openai-api-key"));
        assert!(is_path_part(&"a".repeat(127)));
        for name in ["", "a/b", "a_b", "..", "a.b", "a b", "a?b", "é", "a%2fb", &"a".repeat(128)] {
            assert!(!is_path_part(name), "{name}");
        }
    }
}
