//! The memory service, as the settings lead to it: through the sidecar, straight, or not at all.

use reqwest::{Client, Method, RequestBuilder};
use serde_json::to_vec;
use service_parts::call::{self, Failed, below};
use service_parts::contract::{Analytics, History, Profile};
use service_parts::dapr::Sidecar;
use service_parts::event::{CloudEvent, Event, MEDIA_TYPE};
use url::Url;

use crate::settings::ChatSettings;

/// What is remembered of a user and a session.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    /// Who the user is.
    pub(crate) profile: Profile,
    /// What the user did.
    pub(crate) analytics: Analytics,
    /// What was said.
    pub(crate) history: History,
}

impl Remembered {
    /// Of a user of whom nothing is known.
    pub(crate) fn nothing(user_id: &str) -> Self {
        Self { profile: Profile::of_new_user(user_id), analytics: Analytics::default(), history: History::default() }
    }
}

/// The way to the memory service.
#[derive(Debug)]
pub(crate) struct MemoryService<'s> {
    http: &'s Client,
    way: Way<'s>,
}

#[derive(Debug)]
enum Way<'s> {
    Sidecar(Sidecar<'s>, &'s str),
    Straight(&'s Url),
}

impl<'s> MemoryService<'s> {
    /// The way that the settings know, if they know one.
    pub(crate) fn of(settings: &'s ChatSettings, http: &'s Client) -> Option<Self> {
        let way = match (settings.dapr.sidecar(), &settings.memory.url) {
            (Some(sidecar), _) => Way::Sidecar(sidecar, &settings.memory.app_id),
            (None, Some(url)) => Way::Straight(url),
            (None, None) => return None,
        };
        Some(Self { http, way })
    }

    /// All that is remembered, asked for at once.
    ///
    /// # Errors
    ///
    /// When any of it is not answered.
    pub(crate) async fn remembered(&self, user_id: &str, session_id: &str) -> Result<Remembered, Failed> {
        let (profile, analytics, history) = tokio::try_join!(
            call::fetch(self.get(&["memories", user_id])),
            call::fetch(self.get(&["analytics", user_id])),
            call::fetch(self.get(&["conversations", session_id])),
        )?;
        Ok(Remembered { profile, analytics, history })
    }

    /// Tells an event to whoever listens; without a sidecar that is the memory service.
    ///
    /// # Errors
    ///
    /// When it was not taken.
    pub(crate) async fn publish<T: Event>(&self, event: &CloudEvent<T>) -> Result<(), Failed> {
        let request = match &self.way {
            Way::Sidecar(sidecar, _) => sidecar.publish(self.http, T::TOPIC),
            Way::Straight(url) => self.http.post(below(url, ["events", T::TOPIC])),
        };
        let body = to_vec(event).map_err(|_| Failed::Malformed)?;
        call::send(request.header("content-type", MEDIA_TYPE).body(body)).await.map(drop)
    }

    fn get(&self, path: &[&str]) -> RequestBuilder {
        match &self.way {
            Way::Sidecar(sidecar, app_id) => sidecar.invoke(self.http, Method::GET, app_id, path),
            Way::Straight(url) => self.http.get(below(url, path.iter().copied())),
        }
    }
}
