//! A version of a secret as the service holds it.

use std::time::SystemTime;

use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use aws_sdk_secretsmanager::primitives::{Blob, DateTime};
use aws_sdk_secretsmanager::types::SecretValueEntry;
use zeroize::Zeroizing;

use super::super::{Secret, SecretKey, StoreError};
use super::is_one_of_several;

pub(super) struct Held {
    content: Option<Content>,
    version: Option<String>,
    created: Option<SystemTime>,
}

pub(super) enum Content {
    Text(Zeroizing<String>),
    Bytes(Zeroizing<Vec<u8>>),
}

impl Held {
    fn new(text: Option<String>, bytes: Option<Blob>, version: Option<String>, created: Option<DateTime>) -> Self {
        let text = text.map(|text| Content::Text(text.into()));
        let content = text.or_else(|| Some(Content::Bytes(bytes?.into_inner().into())));
        Self { content, version, created: created.and_then(|created| created.try_into().ok()) }
    }

    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    pub(super) fn is_binary(&self) -> bool {
        matches!(self.content, Some(Content::Bytes(_)))
    }

    /// What it holds, where that is a text.
    pub(super) fn text(&self) -> Option<&str> {
        match self.content.as_ref()? {
            Content::Text(text) => Some(text),
            Content::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        }
    }

    /// The value of the key in it.
    pub(super) fn secret(&self, key: &SecretKey) -> Result<Secret, StoreError> {
        let secret = match (self.text(), &self.content) {
            (Some(text), _) => Secret::new(key.value_in(text)?),
            (None, Some(Content::Bytes(_))) if is_one_of_several(key) => {
                return Err(StoreError::malformed().because("bytes where a JSON object is wanted"));
            }
            (None, Some(Content::Bytes(bytes))) => Secret::bytes(bytes.to_vec().into()),
            (None, _) => return Err(StoreError::not_found().because("it has no value")),
        };
        let secret = Secret { created: self.created, ..secret };
        Ok(match self.version() {
            Some(version) => secret.version(version),
            None => secret,
        })
    }
}

impl From<GetSecretValueOutput> for Held {
    fn from(output: GetSecretValueOutput) -> Self {
        Self::new(output.secret_string, output.secret_binary, output.version_id, output.created_date)
    }
}

impl From<SecretValueEntry> for Held {
    fn from(entry: SecretValueEntry) -> Self {
        Self::new(entry.secret_string, entry.secret_binary, entry.version_id, entry.created_date)
    }
}
