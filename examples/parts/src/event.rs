//! Events, as CloudEvents 1.0 in JSON: Dapr hands them on as they are, and without Dapr the chat service posts them itself.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The media type of a CloudEvent in JSON.
pub const MEDIA_TYPE: &str = "application/cloudevents+json";

/// What happened, in an envelope.
///
/// The id stays the same however often the event is sent, so that whoever gets it twice can tell.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CloudEvent<T> {
    /// `1.0`.
    pub specversion: String,
    /// Its own name.
    pub id: String,
    /// Who says it.
    pub source: String,
    /// What kind of event it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// What `data` is: JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacontenttype: Option<String>,
    /// When it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub time: Option<Timestamp>,
    /// What happened.
    pub data: T,
}

/// Something that can happen, and the topic where it is told.
pub trait Event: Serialize {
    /// The kind, as events are told apart.
    const KIND: &'static str;
    /// The topic.
    const TOPIC: &'static str;
}

impl<T: Event> CloudEvent<T> {
    /// A new event.
    pub fn new(source: &str, data: T) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id: Uuid::new_v4().to_string(),
            source: source.to_owned(),
            kind: T::KIND.to_owned(),
            datacontenttype: Some("application/json".to_owned()),
            time: Some(Timestamp::now()),
            data,
        }
    }
}

/// A user has sent a message.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MessageSent {
    /// Who.
    pub user_id: String,
    /// Where.
    pub session_id: String,
    /// What the sender wants to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Event for MessageSent {
    const KIND: &'static str = "MessageSent";
    const TOPIC: &'static str = "messages";
}

/// A message was replied to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ConversationUpdated {
    /// Whose message.
    pub user_id: String,
    /// In which session.
    pub session_id: String,
    /// The message.
    pub user_message: String,
    /// The reply.
    pub assistant_reply: String,
}

impl Event for ConversationUpdated {
    const KIND: &'static str = "ConversationUpdated";
    const TOPIC: &'static str = "conversations";
}
