//! All that can be set.

use std::net::IpAddr;
use std::time::Duration;

use service_parts::call::{Retry, is_http};
use service_parts::dapr::Dapr;
use service_parts::model::{Environment, Model};
use settings_core::Settings;
use url::Url;

/// The chat service.
#[derive(Settings)]
#[settings(validate = Self::check)]
pub struct ChatSettings {
    /// Where the service runs. With dev an echo answers when there is no key of any model.
    #[setting(default = "dev")]
    pub environment: Environment,
    /// Address to listen on; 0.0.0.0 in a container.
    #[setting(default = "127.0.0.1")]
    pub bind_address: IpAddr,
    /// TCP port to listen on.
    #[setting(default = 8010)]
    pub port: u16,
    /// Origins that browsers may call from.
    #[setting(default = ["http://localhost:3000"])]
    pub cors_origins: Vec<String>,
    /// How often to look for new secrets.
    #[setting(default = "5m")]
    pub settings_poll: Duration,
    /// The model that answers.
    #[setting(nested, env_prefix = "")]
    pub model: Model,
    /// The memory service.
    #[setting(nested, env_prefix = "")]
    pub memory: Memory,
    /// The Dapr sidecar.
    #[setting(nested, env_prefix = "")]
    pub dapr: Dapr,
    /// What may go wrong, and for how long.
    #[setting(nested, env_prefix = "")]
    pub patience: Patience,
}

/// Where the memory service is.
#[derive(Settings)]
pub struct Memory {
    /// Its address, where there is no sidecar. Without either the chat remembers nothing.
    #[setting(env = "MEMORY_SERVICE_URL", validate = is_http, example = "http://localhost:8001")]
    pub url: Option<Url>,
    /// Its name behind the sidecar.
    #[setting(env = "MEMORY_APP_ID", default = "memory-service")]
    pub app_id: String,
}

/// How often each step of a chat is tried again, and how long after.
#[derive(Settings)]
pub struct Patience {
    /// Further tries to fetch what is remembered.
    #[setting(default = 3, range = 0..=100)]
    pub fetch_retries: usize,
    /// The pause before each.
    #[setting(default = "5s")]
    pub fetch_retry_delay: Duration,
    /// Further tries to get a reply.
    #[setting(default = 2, range = 0..=100)]
    pub reply_retries: usize,
    /// The pause before each.
    #[setting(default = "3s")]
    pub reply_retry_delay: Duration,
    /// Further tries to publish an event.
    #[setting(default = 5, range = 0..=100)]
    pub publish_retries: usize,
    /// The pause before each.
    #[setting(default = "2s")]
    pub publish_retry_delay: Duration,
    /// How long a chat may take in all.
    #[setting(default = "60s")]
    pub chat_timeout: Duration,
}

impl ChatSettings {
    /// Whether there is a model that can answer.
    fn check(&self) -> Result<(), &'static str> {
        self.model.provider(self.environment).map(drop)
    }
}

impl Patience {
    /// For fetching what is remembered.
    pub fn fetch(&self) -> Retry {
        Retry { times: self.fetch_retries, delay: self.fetch_retry_delay }
    }

    /// For the reply.
    pub fn reply(&self) -> Retry {
        Retry { times: self.reply_retries, delay: self.reply_retry_delay }
    }

    /// For an event.
    pub fn publish(&self) -> Retry {
        Retry { times: self.publish_retries, delay: self.publish_retry_delay }
    }
}
