use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(env_prefix = 5, env_file = nowhere, case_insensitive = true, crate = "a b", debug = "false")]
struct Chat {
    #[setting(env, default =, range = 5, one_of = "a", min_len = -1)]
    port: u16,
    #[setting(range = .., one_of = [], min_len = 1.5, validate = "check", allow_empty(true))]
    host: String,
    #[setting(default = 3 +, example = example)]
    user: String,
    #[secret(format = "openai", placeholders = [1, "x", two], rotate_every = "90 days", expand = "x")]
    openai: SecretString,
    #[setting(skip = true)]
    state: u8,
    #[setting(nested = "yes")]
    level: u8,
    #[setting(default = vec![1, 2](3 4))]
    list: Vec<u8>,
}

fn main() {}
