//! One chat: fetch what is remembered, get a reply, tell what happened. Plain functions, each tried again as the settings say.

use reqwest::Client;
use service_parts::call::Failed;
use service_parts::event::{CloudEvent, ConversationUpdated, Event, MessageSent};
use service_parts::model::{Message, Tool};
use tracing::{info, warn};

use crate::memory::{MemoryService, Remembered};
use crate::settings::ChatSettings;

/// Who the events are from.
const SOURCE: &str = "chat-service";
/// So many turns of a session are told to the model.
const TURNS: usize = 20;

/// What a user says.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// Who.
    pub user_id: &'a str,
    /// In which session.
    pub session_id: &'a str,
    /// What.
    pub text: &'a str,
    /// What to find it by.
    pub tags: &'a [String],
}

/// Gives the reply, or nothing when a step failed for good or all of them took too long; the log says which.
pub async fn chat(settings: &ChatSettings, http: &Client, said: Said<'_>) -> Option<String> {
    match tokio::time::timeout(settings.patience.chat_timeout, steps(settings, http, said)).await {
        Ok(Ok(reply)) => Some(reply),
        Ok(Err((step, failed))) => {
            warn!(%failed, "{step} failed for good");
            None
        }
        Err(_) => {
            warn!("the chat took longer than CHAT_TIMEOUT");
            None
        }
    }
}

type Step = &'static str;

async fn steps(settings: &ChatSettings, http: &Client, said: Said<'_>) -> Result<String, (Step, Failed)> {
    let memory = MemoryService::of(settings, http);
    if memory.is_none() {
        info!("neither a sidecar nor MEMORY_SERVICE_URL is set: nothing is fetched and nothing published");
    }
    let remembered = match &memory {
        Some(memory) => fetch(settings, memory, said).await,
        None => Remembered::nothing(said.user_id),
    };
    let reply = reply(settings, http, said, &remembered).await.map_err(|failed| ("the reply", failed))?;
    if let Some(memory) = &memory {
        let sent = MessageSent {
            user_id: said.user_id.to_owned(),
            session_id: said.session_id.to_owned(),
            tags: said.tags.to_vec(),
        };
        let updated = ConversationUpdated {
            user_id: said.user_id.to_owned(),
            session_id: said.session_id.to_owned(),
            user_message: said.text.to_owned(),
            assistant_reply: reply.clone(),
        };
        publish(settings, memory, sent).await.map_err(|failed| ("publishing MessageSent", failed))?;
        publish(settings, memory, updated).await.map_err(|failed| ("publishing ConversationUpdated", failed))?;
    }
    Ok(reply)
}

async fn fetch(settings: &ChatSettings, memory: &MemoryService<'_>, said: Said<'_>) -> Remembered {
    let fetch = || memory.remembered(said.user_id, said.session_id);
    match settings.patience.fetch().run("fetching what is remembered", fetch).await {
        Ok(remembered) => remembered,
        Err(failed) => {
            warn!(%failed, "the memory service does not answer: the user counts as new");
            Remembered::nothing(said.user_id)
        }
    }
}

async fn reply(
    settings: &ChatSettings,
    http: &Client,
    said: Said<'_>,
    remembered: &Remembered,
) -> Result<String, Failed> {
    // The settings were checked; one that cannot answer any more is no error of the network.
    let provider = settings.model.provider(settings.environment).map_err(|_| Failed::Malformed)?;
    let messages = prompt(said, remembered);
    let reply = || provider.reply(http, messages.clone(), &[GET_CURRENT_TIME]);
    settings.patience.reply().run("the reply", reply).await
}

async fn publish<T: Event>(settings: &ChatSettings, memory: &MemoryService<'_>, event: T) -> Result<(), Failed> {
    let event = CloudEvent::new(SOURCE, event);
    settings.patience.publish().run("publishing an event", || memory.publish(&event)).await
}

/// What the model is told: who the user is, what was said before, what is said now.
fn prompt(said: Said<'_>, Remembered { profile, analytics, history }: &Remembered) -> Vec<Message> {
    let count = match analytics.message_count {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    };
    let system = format!(
        "You chat with {name}, who has sent {count} so far. Answer in this style: {style}. What you know of {name}: {summary} \
         Ask the tool get_current_time when the answer depends on the time.",
        name = profile.name,
        style = profile.preferred_style,
        summary = profile.user_summary,
    );
    let recent = &history.history[history.history.len().saturating_sub(TURNS)..];
    let turns =
        recent.iter().flat_map(|turn| [Message::user(&turn.user_message), Message::assistant(&turn.assistant_reply)]);
    std::iter::once(Message::system(system)).chain(turns).chain([Message::user(said.text)]).collect()
}

const GET_CURRENT_TIME: Tool = Tool {
    name: "get_current_time",
    description: "Tells the current date and time in UTC.",
    run: || jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
};
