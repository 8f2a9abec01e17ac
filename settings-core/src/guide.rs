//! Pages to read: how a .env file is read, how secrets are rotated, how a store of your own is made; what the subcommand
//! `settings` does; and for those who have used something else, the same struct there and here.

#[doc = include_str!("../docs/dotenv_files.md")]
pub mod dotenv_files {}

#[doc = include_str!("../docs/rotation.md")]
pub mod rotation {}

#[doc = include_str!("../docs/own_store.md")]
pub mod own_store {}

#[doc = include_str!("../docs/env_example.md")]
pub mod env_example {}

#[doc = include_str!("../docs/documents.md")]
pub mod documents {}

#[doc = include_str!("../docs/provision.md")]
pub mod provision {}

#[cfg_attr(feature = "clap", doc = include_str!("../docs/check_and_explain.md"))]
#[cfg_attr(
    not(feature = "clap"),
    doc = "Whether the settings load, and where each value comes from, with the feature `clap`."
)]
pub mod check_and_explain {}

#[doc = include_str!("../docs/scan.md")]
pub mod scan {}

#[doc = include_str!("../docs/exec.md")]
pub mod exec {}

#[doc = include_str!("../docs/rotate.md")]
pub mod rotate {}

#[cfg_attr(feature = "clap", doc = include_str!("../docs/arguments.md"))]
#[cfg_attr(not(feature = "clap"), doc = "Settings from the command line, with the feature `clap`.")]
pub mod arguments {}

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
