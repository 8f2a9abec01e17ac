use settings_core::Settings;

#[derive(Settings)]
struct Chat {
    #[setting(nested)]
    inner: Option<Chat>,
}

fn main() {}
