use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(env_prefx = "CHAT_", nested_delimiter = 5, debug = false, debug = true)]
struct Chat {
    #[setting(defualt = 8080, range = 1024, env = "PORT", min_len = 3)]
    port: u16,
    api_key: String,
    #[secret(source = [evn, azure(versoin = "3"), file], format = opeani, default = "sk-test-key")]
    openai: SecretString,
    #[secret]
    anthropic: Option<String>,
    #[setting(skip, env = "STATE")]
    state: u8,
    #[setting(env = "PORT")]
    other_port: u16,
}

fn main() {
    let _ = Chat::schema();
}
