//! Events: published by one app, put in an envelope, and brought to those that subscribed, at least once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::apps::{Outgoing, send};
use super::{Inner, Sidecar, error};
use crate::message::{Answer, Request, unescape};
use crate::record::lock;
use crate::server::{Fake, Refusal};

/// A component that carries events.
#[derive(Default)]
pub(super) struct PubSub {
    /// All that was published, in its envelope.
    published: Vec<(String, Value)>,
    twice: bool,
}

/// What an app wants to be told of.
#[derive(Clone)]
pub(super) struct Subscription {
    pubsub: String,
    topic: String,
    route: String,
}

impl Fake<Sidecar> {
    /// Gives the sidecar a component that carries events.
    pub fn pubsub(&self, name: &str) {
        lock(&self.service.0).pubsubs.entry(name.to_owned()).or_default();
    }

    /// Brings every event twice from now on, as Dapr may: it promises at least once.
    ///
    /// # Panics
    ///
    /// When there is no such component.
    #[expect(clippy::expect_used, reason = "a test of a component that is not there has failed")]
    pub fn bring_twice(&self, pubsub: &str) {
        lock(&self.service.0).pubsubs.get_mut(pubsub).expect("a component that is there").twice = true;
    }

    /// The events that were published on a topic, each in its envelope.
    pub fn published(&self, pubsub: &str, topic: &str) -> Vec<Value> {
        let inner = lock(&self.service.0);
        let published = inner.pubsubs.get(pubsub).into_iter().flat_map(|pubsub| &pubsub.published);
        published.filter(|(on, _)| on == topic).map(|(_, event)| event.clone()).collect()
    }
}

/// An event that is in order.
pub struct Publication {
    pubsub: String,
    pub(super) topic: String,
    event: Map<String, Value>,
}

impl Publication {
    /// Reads what is published. What is no CloudEvent is put in one.
    pub(super) fn read(pubsub: &str, topic: &str, request: &Request) -> Result<Self, Refusal> {
        let (pubsub, topic) = (unescape(pubsub), unescape(topic));
        if topic.is_empty() {
            let answer = error(404, "ERR_TOPIC_EMPTY", &format!("topic is empty in pubsub {pubsub}"));
            return Err(Refusal { answer, why: "no topic".to_owned() });
        }
        let media_type = request.header("content-type").unwrap_or("text/plain");
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        let mut event = match media_type {
            "application/cloudevents+json" => cloud_event(&request.body)?,
            "application/json" => match serde_json::from_slice::<Value>(&request.body) {
                Ok(data) => wrapped(media_type, data),
                Err(_) => return Err(not_an_event("data that is not the JSON it says to be")),
            },
            _ => wrapped(media_type, Value::from(String::from_utf8_lossy(&request.body))),
        };
        event.insert("pubsubname".to_owned(), json!(pubsub));
        event.insert("topic".to_owned(), json!(topic));
        event.entry("traceid").or_insert(json!("00-00000000000000000000000000000001-0000000000000001-01"));
        Ok(Self { pubsub, topic, event })
    }
}

/// An envelope that the app made itself. The sidecar is content with less than CloudEvents 1.0 asks for; subscribers are not.
fn cloud_event(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let event: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| not_an_event("an envelope that is no JSON object"))?;
    for attribute in ["id", "source", "specversion", "type"] {
        if event.get(attribute).and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err(not_an_event(&format!("an envelope without `{attribute}`")));
        }
    }
    if event["specversion"] != "1.0" {
        return Err(not_an_event("an envelope of another version than 1.0"));
    }
    Ok(event)
}

fn not_an_event(why: &str) -> Refusal {
    let answer = error(500, "ERR_PUBSUB_CLOUD_EVENTS_SER", "cannot create cloudevent");
    Refusal { answer, why: why.to_owned() }
}

fn wrapped(media_type: &str, data: Value) -> Map<String, Value> {
    let event = json!({
        "specversion": "1.0",
        "id": format!("{:032x}", std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos()),
        "source": "app",
        "type": "com.dapr.event.sent",
        "datacontenttype": media_type,
        "data": data,
    });
    match event {
        Value::Object(event) => event,
        _ => Map::new(),
    }
}

/// Takes an event, and brings it to those that want it, after the publisher was answered.
pub(super) fn publish(inner: &Arc<Mutex<Inner>>, Publication { pubsub, topic, event }: Publication) -> Answer {
    let event = Value::Object(event);
    let times = {
        let mut inner = lock(inner);
        if inner.pubsubs.is_empty() {
            return error(400, "ERR_PUBSUB_NOT_CONFIGURED", "pubsub is not configured");
        }
        let Some(component) = inner.pubsubs.get_mut(&pubsub) else {
            return error(404, "ERR_PUBSUB_NOT_FOUND", &format!("pubsub {pubsub} not found"));
        };
        component.published.push((topic.clone(), event.clone()));
        if component.twice { 2 } else { 1 }
    };
    let inner = Arc::clone(inner);
    tokio::spawn(async move {
        for _ in 0..times {
            bring(&inner, &pubsub, &topic, &event).await;
        }
    });
    Answer::empty(StatusCode::NO_CONTENT)
}

/// So often an event is brought that is not taken.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

async fn bring(inner: &Mutex<Inner>, pubsub: &str, topic: &str, event: &Value) {
    let apps: Vec<String> = lock(inner).apps.keys().cloned().collect();
    for app in apps {
        for _ in 0..TRIES {
            let Some((address, subscriptions)) = subscriptions(inner, &app).await else {
                tokio::time::sleep(PAUSE).await; // it does not listen yet
                continue;
            };
            let wanted = subscriptions.iter().find(|known| known.pubsub == pubsub && known.topic == topic);
            let Some(Subscription { route, .. }) = wanted else { break };
            let answer = send(&address, post(route, event)).await;
            if answer.is_some_and(|answer| is_done(&answer)) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Whether the app took the event, or wants it dropped: 404 does, and the status `DROP`.
fn is_done(answer: &Answer) -> bool {
    if answer.status == StatusCode::NOT_FOUND {
        return true;
    }
    let said: Option<Value> = serde_json::from_slice(answer.body()).ok();
    answer.status.is_success() && said.is_none_or(|said| said["status"] != "RETRY")
}

fn post(route: &str, event: &Value) -> Outgoing {
    let content_type = HeaderValue::from_static("application/cloudevents+json");
    Outgoing {
        method: Method::POST,
        path: route.to_owned(),
        headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
        body: Bytes::from(event.to_string()),
    }
}

/// Where an app listens and what it wants to be told of, which it is asked for once. Nothing while it does not answer.
async fn subscriptions(inner: &Mutex<Inner>, app_id: &str) -> Option<(String, Vec<Subscription>)> {
    let app = lock(inner).apps.get(app_id).cloned()?;
    if let Some(subscriptions) = app.subscriptions {
        return Some((app.address, subscriptions));
    }
    let path = "/dapr/subscribe".to_owned();
    let ask = Outgoing { method: Method::GET, path, headers: HeaderMap::new(), body: Bytes::new() };
    let answer = send(&app.address, ask).await?;
    let told: Vec<Value> = serde_json::from_slice(answer.body()).unwrap_or_default();
    let text = |subscription: &Value, key: &str| subscription[key].as_str().map(str::to_owned);
    let read = |subscription: &Value| {
        let (pubsub, topic) = (text(subscription, "pubsubname")?, text(subscription, "topic")?);
        Some(Subscription { pubsub, topic, route: text(subscription, "route")? })
    };
    let subscriptions: Vec<Subscription> = told.iter().filter_map(read).collect();
    if let Some(app) = lock(inner).apps.get_mut(app_id) {
        app.subscriptions = Some(subscriptions.clone());
    }
    Some((app.address, subscriptions))
}
