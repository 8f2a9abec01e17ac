//! Where memories are kept: an embedded database, or the state store of the sidecar. Both keep JSON under a key.

use std::sync::Arc;

use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};
use reqwest::{Client, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use service_parts::call::{Failed, send};
use settings_core::get_settings;

use crate::settings::{MemorySettings, Place};

/// Where memories are kept.
#[derive(Clone)]
pub struct Store(Kind);

#[derive(Clone)]
enum Kind {
    Embedded(Arc<Database>),
    Sidecar(Client),
}

/// Why nothing could be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreFailed {
    /// The sidecar or its store.
    #[error("the state store of the sidecar failed: {0}")]
    Sidecar(#[from] Failed),
    /// The sidecar's store again and again had something new.
    #[error("too many write at once")]
    Contended,
    /// The database.
    #[error("the database failed: {0}")]
    Database(#[from] redb::Error),
    /// What is there is not what this service wrote.
    #[error("what is kept there is of another form")]
    Malformed,
}

const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("memories");

impl Store {
    /// Opens what the settings name. It stays open: another place needs a restart.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened.
    pub fn open(settings: &MemorySettings, http: Client) -> Result<Self, StoreFailed> {
        let database = match settings.place() {
            Place::Sidecar => return Ok(Self(Kind::Sidecar(http))),
            Place::File(path) => Database::create(path),
            Place::Process => Database::builder().create_with_backend(InMemoryBackend::new()),
        };
        Ok(Self(Kind::Embedded(Arc::new(database.map_err(redb::Error::from)?))))
    }

    /// What is kept under this key.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub async fn get<T: DeserializeOwned + Send + 'static>(&self, key: &str) -> Result<Option<T>, StoreFailed> {
        match &self.0 {
            Kind::Embedded(database) => {
                let (database, key) = (Arc::clone(database), key.to_owned());
                blocking(move || read(&database, &key)).await
            }
            Kind::Sidecar(http) => Ok(fetch(http, key).await?.map(|(value, _)| value)),
        }
    }

    /// Changes what is kept under this key, or what is there for the first time, and gives what it is then. Of several who
    /// change it at once each sees what the one before wrote.
    ///
    /// # Errors
    ///
    /// When it cannot be read or written; then nothing has changed.
    pub async fn update<T>(
        &self,
        key: &str,
        first: impl Fn() -> T + Send + 'static,
        change: impl Fn(&mut T) + Send + 'static,
    ) -> Result<T, StoreFailed>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        match &self.0 {
            Kind::Embedded(database) => {
                let (database, key) = (Arc::clone(database), key.to_owned());
                blocking(move || write(&database, &key, first, change)).await
            }
            Kind::Sidecar(http) => {
                for _ in 0..TRIES {
                    let (mut value, etag) = match fetch(http, key).await? {
                        Some((value, etag)) => (value, etag),
                        None => (first(), None),
                    };
                    change(&mut value);
                    if save(http, key, &value, etag).await? {
                        return Ok(value);
                    }
                }
                Err(StoreFailed::Contended)
            }
        }
    }
}

/// So often a change is made anew when somebody else was quicker.
const TRIES: usize = 20;

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreFailed> + Send + 'static,
) -> Result<T, StoreFailed> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreFailed::Malformed))
}

fn read<T: DeserializeOwned>(database: &Database, key: &str) -> Result<Option<T>, StoreFailed> {
    let transaction = database.begin_read().map_err(redb::Error::from)?;
    let table = match transaction.open_table(TABLE) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        table => table.map_err(redb::Error::from)?,
    };
    let found = table.get(key).map_err(redb::Error::from)?;
    found.map(|found| parse(found.value())).transpose()
}

fn write<T: Serialize + DeserializeOwned>(
    database: &Database,
    key: &str,
    first: impl Fn() -> T,
    change: impl Fn(&mut T),
) -> Result<T, StoreFailed> {
    let transaction = database.begin_write().map_err(redb::Error::from)?;
    let value = {
        let mut table = transaction.open_table(TABLE).map_err(redb::Error::from)?;
        let found = table.get(key).map_err(redb::Error::from)?.map(|found| parse(found.value())).transpose()?;
        let mut value = found.unwrap_or_else(first);
        change(&mut value);
        let text = serde_json::to_vec(&value).map_err(|_| StoreFailed::Malformed)?;
        table.insert(key, text.as_slice()).map_err(redb::Error::from)?;
        value
    };
    transaction.commit().map_err(redb::Error::from)?;
    Ok(value)
}

fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, StoreFailed> {
    serde_json::from_slice(text).map_err(|_| StoreFailed::Malformed)
}

/// What the sidecar has, and the version of it.
async fn fetch<T: DeserializeOwned>(http: &Client, key: &str) -> Result<Option<(T, Option<String>)>, StoreFailed> {
    let settings = get_settings::<MemorySettings>().into_arc();
    let sidecar = settings.dapr.sidecar().ok_or(Failed::Unreachable)?;
    let response = send(sidecar.get_state(http, key)).await?;
    if response.status() == StatusCode::NO_CONTENT {
        return Ok(None);
    }
    let etag = response.headers().get("etag").and_then(|etag| etag.to_str().ok()).map(str::to_owned);
    Ok(Some((parse(&response.bytes().await.map_err(Failed::from)?)?, etag)))
}

/// Writes unless somebody else has written since; false then.
async fn save<T: Serialize>(http: &Client, key: &str, value: &T, etag: Option<String>) -> Result<bool, StoreFailed> {
    let settings = get_settings::<MemorySettings>().into_arc();
    let sidecar = settings.dapr.sidecar().ok_or(Failed::Unreachable)?;
    let mut item = json!({ "key": key, "value": value, "options": { "concurrency": "first-write" } });
    if let Some(etag) = etag {
        item["etag"] = Value::from(etag);
    }
    match send(sidecar.save_state(http).json(&[item])).await {
        Ok(_) => Ok(true),
        Err(Failed::Status(StatusCode::CONFLICT)) => Ok(false),
        Err(failed) => Err(failed.into()),
    }
}
