//! Pages for those who have used something else: the same struct there and here, and what differs.

#[doc = include_str!("../docs/from_pydantic_settings.md")]
pub mod from_pydantic_settings {}

#[doc = include_str!("../docs/from_dotenvy.md")]
pub mod from_dotenvy {}

#[doc = include_str!("../docs/from_figment.md")]
pub mod from_figment {}

#[doc = include_str!("../docs/from_config.md")]
pub mod from_config {}

#[doc = include_str!("../docs/from_envconfig.md")]
pub mod from_envconfig {}
