//! What the memory service answers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is known of a user.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Profile {
    /// What the user likes to be called.
    #[schema(example = "Alice")]
    pub name: String,
    /// How the user likes to be answered.
    #[schema(example = "short and friendly")]
    pub preferred_style: String,
    /// What the user and the conversations so far are about.
    pub user_summary: String,
}

impl Profile {
    /// A user of whom nothing is known.
    pub fn of_new_user(user_id: &str) -> Self {
        Self {
            name: user_id.to_owned(),
            preferred_style: "friendly".to_owned(),
            user_summary: format!("{user_id} is a new user."),
        }
    }
}

/// How much a user chats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Analytics {
    /// Messages that the user has sent.
    #[schema(example = 5)]
    pub message_count: u64,
}

/// What was said in a session, the first turn first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct History {
    /// The turns.
    pub history: Vec<Turn>,
}

/// A message and its reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Turn {
    /// What the user wrote.
    pub user_message: String,
    /// What the model replied.
    pub assistant_reply: String,
}
