//! What is remembered: who a user is, how much of a message was counted, what was said.

use std::collections::VecDeque;

use reqwest::Client;
use serde::{Deserialize, Serialize};
use service_parts::call::Failed;
use service_parts::contract::{Analytics, History, Profile, Turn};
use service_parts::event::{CloudEvent, ConversationUpdated, MessageSent};
use service_parts::model::{Message, Provider};
use settings_core::get_settings;
use tracing::warn;

use crate::settings::MemorySettings;
use crate::store::{Store, StoreFailed};

/// What the handlers work with.
#[derive(Clone)]
pub struct Memory {
    store: Store,
    http: Client,
}

/// Events that were counted already, the last ones.
const REMEMBERED_EVENTS: usize = 100;
/// Turns of a session that are kept.
const TURNS: usize = 200;
/// Turns that a summary is written of.
const SUMMARIZED_TURNS: usize = 20;

/// What is kept of a user's messages. Events may come twice, so it also has the ids of the last ones.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Counted {
    message_count: u64,
    events: VecDeque<String>,
}

/// What is kept of a session.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Session {
    turns: VecDeque<Told>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Told {
    event: String,
    #[serde(flatten)]
    turn: Turn,
}

/// Why a summary was not written.
#[derive(Debug, thiserror::Error)]
enum SummaryFailed {
    #[error(transparent)]
    Store(#[from] StoreFailed),
    #[error("the model failed: {0}")]
    Model(#[from] Failed),
}

impl Memory {
    /// What a store has.
    pub fn new(store: Store, http: Client) -> Self {
        Self { store, http }
    }

    /// Who a user is.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn profile(&self, user_id: &str) -> Result<Profile, StoreFailed> {
        let known = self.store.get(&key("memory", user_id)).await?;
        Ok(known.unwrap_or_else(|| Profile::of_new_user(user_id)))
    }

    /// Says who a user is.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn set_profile(&self, user_id: &str, profile: Profile) -> Result<Profile, StoreFailed> {
        let first = profile.clone();
        self.store.update(&key("memory", user_id), move || first.clone(), move |known| *known = profile.clone()).await
    }

    /// What was said in a session.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn history(&self, session_id: &str) -> Result<History, StoreFailed> {
        let session: Session = self.store.get(&key("conversation", session_id)).await?.unwrap_or_default();
        Ok(History { history: session.turns.into_iter().map(|told| told.turn).collect() })
    }

    /// How much a user has written.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn analytics(&self, user_id: &str) -> Result<Analytics, StoreFailed> {
        let Counted { message_count, .. } = self.store.get(&key("analytics", user_id)).await?.unwrap_or_default();
        Ok(Analytics { message_count })
    }

    /// Says how much a user has written.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn set_analytics(
        &self,
        user_id: &str,
        Analytics { message_count }: Analytics,
    ) -> Result<(), StoreFailed> {
        let set = move |counted: &mut Counted| counted.message_count = message_count;
        self.store.update(&key("analytics", user_id), Counted::default, set).await.map(drop)
    }

    /// Counts a message, once.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn message_sent(&self, event: CloudEvent<MessageSent>) -> Result<(), StoreFailed> {
        let count = move |counted: &mut Counted| {
            if !counted.events.contains(&event.id) {
                counted.message_count += 1;
                counted.events.push_back(event.id.clone());
                keep_last(&mut counted.events, REMEMBERED_EVENTS);
            }
        };
        self.store.update(&key("analytics", &event.data.user_id), Counted::default, count).await.map(drop)
    }

    /// Adds a turn to its session, once.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn conversation_updated(&self, event: CloudEvent<ConversationUpdated>) -> Result<(), StoreFailed> {
        let key = key("conversation", &event.data.session_id);
        let add = move |session: &mut Session| {
            if session.turns.iter().all(|told| told.event != event.id) {
                let ConversationUpdated { user_message, assistant_reply, .. } = event.data.clone();
                let turn = Turn { user_message, assistant_reply };
                session.turns.push_back(Told { event: event.id.clone(), turn });
                keep_last(&mut session.turns, TURNS);
            }
        };
        self.store.update(&key, Session::default, add).await.map(drop)
    }

    /// Has the model write anew what is known of a user. A summary that could not be written stays what it was: the next
    /// turn of the conversation brings a new one.
    pub async fn summarize(&self, user_id: &str, session_id: &str) {
        if let Err(failed) = self.try_summarize(user_id, session_id).await {
            warn!(%failed, "the summary of a user stays what it was");
        }
    }

    async fn try_summarize(&self, user_id: &str, session_id: &str) -> Result<(), SummaryFailed> {
        let (profile, history) = tokio::try_join!(self.profile(user_id), self.history(session_id))?;
        let settings = get_settings::<MemorySettings>().into_arc();
        let provider = settings.model.provider(settings.environment).map_err(|_| Failed::Malformed)?;
        if matches!(provider, Provider::Echo) {
            return Ok(()); // an echo would only repeat the question
        }
        let summary = provider.reply(&self.http, prompt(&profile, &history), &[]).await?;
        let first = Profile::of_new_user(user_id);
        let update = move |profile: &mut Profile| profile.user_summary.clone_from(&summary);
        self.store.update(&key("memory", user_id), move || first.clone(), update).await?;
        Ok(())
    }
}

fn prompt(profile: &Profile, History { history }: &History) -> Vec<Message> {
    let system = "Summarize in at most three sentences who the user is and what the user cares about, for an assistant that \
                  talks to the user later. Keep what still holds of the summary so far.";
    let recent = &history[history.len().saturating_sub(SUMMARIZED_TURNS)..];
    let said: String = recent
        .iter()
        .map(|turn| format!("User: {}\nAssistant: {}\n", turn.user_message, turn.assistant_reply))
        .collect();
    let told = format!("Name: {}\nSummary so far: {}\n\n{said}", profile.name, profile.user_summary);
    vec![Message::system(system), Message::user(told)]
}

/// Where something of this kind is kept. Dapr joins keys by `||`, and refuses those that have it.
fn key(kind: &str, id: &str) -> String {
    format!("{kind}-{}", id.replace('%', "%25").replace('|', "%7C"))
}

/// Drops what is too old.
fn keep_last<T>(items: &mut VecDeque<T>, count: usize) {
    items.drain(..items.len().saturating_sub(count));
}
