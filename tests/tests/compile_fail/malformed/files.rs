use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(file = none, required_file, allow_unknown = true, profile_env = "", search_parents(".."), dotenv_dialect)]
struct Chat {
    port: u16,
}

#[derive(Settings)]
#[settings(file = ["chat.toml", "chat.ini", ""], required_file = "base", profile_env = "A=B", dotenv_dialect = "python")]
struct Other {
    #[setting(rename = "", separator = "", parse_with = "size", pattern = 5, deprecated_alias = "")]
    host: String,
    #[setting(rename, separator, deprecated_alias = OLD)]
    hosts: Vec<String>,
    #[secret(in_config_file = true)]
    openai: SecretString,
}

fn main() {}
