use settings_core::Settings;

#[derive(Settings)]
struct Chat {
    openai_api_key: String,
    #[setting(env = "BEARER")]
    bearer_tokens: Vec<String>,
    password: Option<Box<str>>,
    database_url: std::borrow::Cow<'static, str>,
    #[setting(skip)]
    session_token: String,

    public_key: String,
    max_tokens: String,
    token_count: String,
    retry_tokens: u32,
    #[setting(not_secret)]
    cache_tokens: String,
}

fn main() {}
