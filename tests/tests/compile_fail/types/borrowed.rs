use settings_core::Settings;

#[derive(Settings)]
struct Chat<'a> {
    host: &'a str,
    region: Option<&'static str>,
    #[setting(parse_with = leaked)]
    motd: &'static str,
}

fn leaked(text: &str) -> Result<&'static str, String> {
    Ok(Box::leak(text.into()))
}

fn main() {}
