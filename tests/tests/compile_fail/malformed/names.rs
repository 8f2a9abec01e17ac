use settings_core::Settings;

#[derive(Settings)]
#[settings(env_prefix = "CHAT=", nested_delimiter = "\0", env_file = ["", ".env"])]
struct Chat {
    #[setting(env = "")]
    port: u16,
    #[setting(env = "A=B", alias = "", alias = "C\0D", alias = "E F")]
    host: String,
    #[setting(nested, env_prefix = "DB=")]
    db: Database,
}

#[derive(Settings)]
struct Database {
    host: String,
}

fn main() {}
