//! Pages to read: how a .env file is read, how secrets are rotated, how a store of your own is made; and for those who have used something else, the same struct there and here.

#[doc = include_str!("../docs/dotenv_files.md")]
pub mod dotenv_files {}

#[doc = include_str!("../docs/rotation.md")]
pub mod rotation {}

#[doc = include_str!("../docs/own_store.md")]
pub mod own_store {}

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
