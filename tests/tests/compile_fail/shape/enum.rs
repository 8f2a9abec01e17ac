use settings_core::Settings;

#[derive(Settings)]
#[settings(env_prefix = "LEVEL_")]
enum Level {
    Low,
    High,
}

fn needs_settings<T: Settings>() {}

fn main() {
    needs_settings::<Level>();
}
