use settings_core::Settings;

#[derive(Settings)]
struct Chat {
    #[setting(nested)]
    inner: Option<Box<Chat>>,
    #[setting(nested)]
    boxed: Box<Self>,
    #[setting(nested)]
    list: Vec<Chat>,
}

fn main() {}
