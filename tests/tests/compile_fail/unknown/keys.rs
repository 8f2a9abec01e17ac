use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(env_prefx = "CHAT_", colour = "blue")]
struct Chat {
    #[setting(defualt = 8080, min_length = 3)]
    port: u16,
    #[secret(fromat = openai, placeholder = ["x"])]
    openai: SecretString,
    #[setting(unheard_of(a, b), nearly = Vec::<(u8, u8)>::new(), aliass = "PATH")]
    path: String,
}

fn main() {}
