//! The file that a new user copies.

use research_agent::settings::AgentSettings;

#[test]
fn it_is_what_the_struct_says() {
    settings_core::assert_env_example_in_sync::<AgentSettings>(".env.example");
}
