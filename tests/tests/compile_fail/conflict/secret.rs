use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[secret(default = "sk-test-key", prefix = "sk-")]
    first: SecretString,
    #[setting(default = "sk-test-key")]
    second: SecretString,
    #[secret(range = 1..3, one_of = ["a", "b"])]
    third: Option<SecretString>,
    #[setting(not_secret)]
    fourth: SecretString,
    #[secret(default)]
    fifth: Option<SecretString>,
    #[secret(prefix = "pk-", format = openai)]
    sixth: SecretString,
    #[secret(prefix = "")]
    seventh: SecretString,
}

fn main() {}
