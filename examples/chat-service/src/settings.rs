//! All that can be set.

use std::net::IpAddr;
use std::time::Duration;

use service_parts::call::{Retry, is_http};
use service_parts::dapr::Dapr;
use service_parts::model::{Environment, Model};
use settings_core::{Loader, Settings};
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
    #[setting(default = "5m", range = Duration::from_secs(1)..=Duration::from_secs(1800))]
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

    /// Has the settings loaded anew every `settings_poll`. When that fails those in use stay, and after an hour, which no
    /// `settings_poll` comes near, `/readyz` says that they are too old.
    pub fn keep_fresh(loader: Loader<Self>) -> Loader<Self> {
        loader.poll_by(|settings| settings.settings_poll).max_stale(Duration::from_secs(3600))
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

#[cfg(test)]
mod tests {
    use service_parts::model::Provider;
    use settings_core::testing::Mock;
    use settings_core::{ExposeSecret, Report};

    use super::*;

    const OPENAI: &str = "sk-test-key";
    const GEMINI: &str = "AIza-test-key";

    /// Who answers: the address, the model, and the key that it is sent.
    fn answers(mock: Mock<ChatSettings>) -> Result<String, Report> {
        let settings = mock.build()?;
        Ok(match settings.model.provider(settings.environment) {
            Ok(Provider::Endpoint { url, model, key }) => {
                let key = key.map_or("no key", ExposeSecret::expose_secret); // EXPOSE: a key of this test is compared
                format!("{url} {model} {key}")
            }
            Ok(Provider::Echo) => "echo".to_owned(),
            Err(why) => why.to_owned(),
        })
    }

    fn refused(mock: Mock<ChatSettings>) -> String {
        answers(mock).unwrap_err().problems()[0].note().unwrap().to_owned()
    }

    #[test]
    fn the_keys_that_are_there_say_who_answers() {
        let mock = ChatSettings::mock;
        assert_eq!(answers(mock()).unwrap(), "echo");
        let openai = "https://api.openai.com/v1 gpt-4o-mini sk-test-key";
        assert_eq!(answers(mock().set("OPENAI_API_KEY", OPENAI)).unwrap(), openai);
        let both = mock().set("OPENAI_API_KEY", OPENAI).set("GEMINI_API_KEY", GEMINI).set("environment", "production");
        assert_eq!(answers(both).unwrap(), openai);
        let gemini = "https://generativelanguage.googleapis.com/v1beta/openai gemini-2.5-flash AIza-test-key";
        assert_eq!(answers(mock().set("GEMINI_API_KEY", GEMINI)).unwrap(), gemini);
        let named = mock().set("OPENAI_API_KEY", OPENAI).set("model.name", "gpt-5");
        assert_eq!(answers(named).unwrap(), "https://api.openai.com/v1 gpt-5 sk-test-key");
    }

    #[test]
    fn an_endpoint_of_this_machine_or_network_wants_no_key() {
        for url in ["http://localhost:11434/v1", "http://ollama:11434/v1", "http://10.0.0.7/v1", "http://[::1]:80/v1"] {
            let mock = || ChatSettings::mock().set("MODEL_BASE_URL", url).set("environment", "production");
            assert_eq!(answers(mock()).unwrap(), format!("{} gpt-4o-mini no key", url.replace(":80/", "/")));
        }
        // In the open a key goes to this machine alone.
        let with_key = |url| ChatSettings::mock().set("MODEL_BASE_URL", url).set("OPENAI_API_KEY", OPENAI);
        assert!(answers(with_key("http://localhost:11434/v1")).unwrap().ends_with(OPENAI));
        assert!(answers(with_key("http://ollama:11434/v1")).unwrap().ends_with("no key"));
        assert!(refused(with_key("http://models.example.com/v1")).contains("https://"));
        assert!(answers(with_key("https://models.example.com/v1")).unwrap().ends_with(OPENAI));
    }

    #[test]
    fn a_key_that_is_wanted_and_missing_is_named() {
        let at = |url| ChatSettings::mock().set("MODEL_BASE_URL", url);
        assert!(refused(at("https://models.example.com/v1")).contains("set OPENAI_API_KEY"));
        let gemini = "https://generativelanguage.googleapis.com/v1beta/openai";
        assert!(refused(at(gemini).set("OPENAI_API_KEY", OPENAI)).contains("set GEMINI_API_KEY"));
        assert!(answers(at(gemini).set("GEMINI_API_KEY", GEMINI)).unwrap().ends_with(GEMINI));
        for environment in ["staging", "production"] {
            let nothing = refused(ChatSettings::mock().set("environment", environment));
            assert!(nothing.contains("OPENAI_API_KEY or GEMINI_API_KEY"), "{nothing}");
        }
    }

    #[test]
    fn a_mounted_file_may_have_the_name_of_the_variable() {
        let mounted = tempfile::tempdir().unwrap();
        std::fs::write(mounted.path().join("openai_api_key"), "sk-test-key\n").unwrap();
        let settings = ChatSettings::loader().hermetic().secrets_dir(mounted.path()).load_blocking().unwrap();
        assert_eq!(settings.model.openai_api_key.unwrap().expose_secret(), OPENAI); // EXPOSE: compared
    }

    #[test]
    fn the_sidecars_token_goes_to_this_machine_or_over_tls() {
        let at = |endpoint| ChatSettings::mock().set("DAPR_API_TOKEN", "token").set("DAPR_HTTP_ENDPOINT", endpoint);
        assert!(refused(at("http://dapr.example.com")).contains("https://"));
        assert_eq!(answers(at("https://dapr.example.com")).unwrap(), "echo");
        assert_eq!(answers(at("http://localhost:3500")).unwrap(), "echo");
        let without = ChatSettings::mock().set("DAPR_HTTP_ENDPOINT", "http://dapr.example.com");
        assert_eq!(answers(without).unwrap(), "echo");
    }

    #[test]
    fn an_address_is_one_of_http() {
        for field in ["MODEL_BASE_URL", "MEMORY_SERVICE_URL", "DAPR_HTTP_ENDPOINT"] {
            assert!(ChatSettings::mock().set(field, "ftp://models.example.com").build().is_err(), "{field}");
        }
    }
}
