//! What the service answers over HTTP, and the events it listens to.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use service_parts::contract::{Analytics, History, Profile};
use service_parts::event::{CloudEvent, ConversationUpdated, Event, MessageSent};
use service_parts::web::{self, ApiError, Detail, Health, Json, Path, with_layers};
use settings_core::get_settings;
use settings_core::testing::InCurrentSettings;
use tracing::{error, warn};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::memory::Memory;
use crate::settings::MemorySettings;
use crate::store::StoreFailed;

#[derive(OpenApi)]
#[openapi(info(title = "Memory service", description = "What a chat remembers of its users."))]
struct Api;

/// All routes of the service.
pub fn router(memory: Memory) -> axum::Router {
    let (router, api) = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(memories))
        .routes(routes!(initialize_memories))
        .routes(routes!(conversations))
        .routes(routes!(analytics))
        .routes(routes!(initialize_analytics))
        .routes(routes!(subscriptions))
        .routes(routes!(message_sent))
        .routes(routes!(conversation_updated))
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .with_state(memory)
        .split_for_parts();
    with_layers(router.merge(SwaggerUi::new("/docs").url("/openapi.json", api)))
}

/// A failure of the store, which the log tells and the caller need not know.
struct Unavailable(StoreFailed);

impl From<StoreFailed> for Unavailable {
    fn from(failed: StoreFailed) -> Self {
        Self(failed)
    }
}

impl IntoResponse for Unavailable {
    fn into_response(self) -> Response {
        error!(failed = %self.0, "the store failed");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The store does not answer").into_response()
    }
}

/// Tells who a user is.
#[utoipa::path(get, path = "/memories/{user}", responses((status = OK, body = Profile)))]
async fn memories(State(memory): State<Memory>, Path(user): Path<String>) -> Result<Json<Profile>, Unavailable> {
    Ok(Json(memory.profile(&user).await?))
}

/// Says who a user is.
#[utoipa::path(post, path = "/memories/{user}/initialize", request_body = Profile, responses((status = OK, body = Profile)))]
async fn initialize_memories(
    State(memory): State<Memory>,
    Path(user): Path<String>,
    Json(profile): Json<Profile>,
) -> Result<Json<Profile>, Unavailable> {
    Ok(Json(memory.set_profile(&user, profile).await?))
}

/// Tells what was said in a session.
#[utoipa::path(get, path = "/conversations/{session}", responses((status = OK, body = History)))]
async fn conversations(
    State(memory): State<Memory>,
    Path(session): Path<String>,
) -> Result<Json<History>, Unavailable> {
    Ok(Json(memory.history(&session).await?))
}

/// Tells how much a user has written.
#[utoipa::path(get, path = "/analytics/{user}", responses((status = OK, body = Analytics)))]
async fn analytics(State(memory): State<Memory>, Path(user): Path<String>) -> Result<Json<Analytics>, Unavailable> {
    Ok(Json(memory.analytics(&user).await?))
}

/// What was set.
#[derive(Debug, Serialize, ToSchema)]
struct Initialized {
    /// `success`.
    status: &'static str,
    /// Whose.
    user_id: String,
    /// What.
    message_count: u64,
}

/// Says how much a user has written.
#[utoipa::path(
    post,
    path = "/analytics/{user}/initialize",
    request_body = Analytics,
    responses((status = OK, body = Initialized))
)]
async fn initialize_analytics(
    State(memory): State<Memory>,
    Path(user_id): Path<String>,
    Json(analytics): Json<Analytics>,
) -> Result<Json<Initialized>, Unavailable> {
    memory.set_analytics(&user_id, analytics).await?;
    Ok(Json(Initialized { status: "success", user_id, message_count: analytics.message_count }))
}

/// A subscription, as Dapr reads it.
#[derive(Debug, Serialize, ToSchema)]
struct Subscription {
    pubsubname: String,
    topic: &'static str,
    route: String,
}

/// Tells the sidecar which events go where.
#[utoipa::path(get, path = "/dapr/subscribe", responses((status = OK, body = Vec<Subscription>)))]
async fn subscriptions() -> Json<Vec<Subscription>> {
    let pubsub = &get_settings::<MemorySettings>().dapr.pubsub;
    let topics = [MessageSent::TOPIC, ConversationUpdated::TOPIC];
    let subscribe = |topic| Subscription { pubsubname: pubsub.clone(), topic, route: format!("/events/{topic}") };
    Json(topics.map(subscribe).into())
}

/// What the sidecar does with an event next.
#[derive(Debug, Serialize, ToSchema)]
struct Taken {
    /// `SUCCESS`; `DROP` where sending it again would not help.
    status: &'static str,
}

const TAKEN: Json<Taken> = Json(Taken { status: "SUCCESS" });

/// Reads an event. One that means nothing is dropped: it would mean nothing later.
fn read<T: serde::de::DeserializeOwned>(event: Value) -> Result<CloudEvent<T>, Json<Taken>> {
    serde_json::from_value(event).map_err(|_| {
        warn!("an event was dropped that is not of the expected form");
        Json(Taken { status: "DROP" })
    })
}

/// Counts a message.
#[utoipa::path(post, path = "/events/messages", request_body = CloudEvent<MessageSent>, responses((status = OK, body = Taken)))]
async fn message_sent(State(memory): State<Memory>, Json(event): Json<Value>) -> Result<Json<Taken>, Unavailable> {
    match read(event) {
        Ok(event) => memory.message_sent(event).await.map(|()| TAKEN).map_err(Unavailable),
        Err(dropped) => Ok(dropped),
    }
}

/// Adds a turn to its session, and has the model write anew who the user is. The sender does not wait for the model.
#[utoipa::path(
    post,
    path = "/events/conversations",
    request_body = CloudEvent<ConversationUpdated>,
    responses((status = OK, body = Taken))
)]
async fn conversation_updated(
    State(memory): State<Memory>,
    Json(event): Json<Value>,
) -> Result<Json<Taken>, Unavailable> {
    let event: CloudEvent<ConversationUpdated> = match read(event) {
        Ok(event) => event,
        Err(dropped) => return Ok(dropped),
    };
    let ConversationUpdated { user_id, session_id, .. } = event.data.clone();
    memory.conversation_updated(event).await?;
    let summarize = async move { memory.summarize(&user_id, &session_id).await };
    tokio::spawn(summarize.in_current_settings());
    Ok(TAKEN)
}

/// Whether the service runs.
#[utoipa::path(get, path = "/healthz", responses((status = OK, body = Health)))]
async fn healthz() -> Json<Health> {
    web::healthy()
}

/// Whether the settings are loaded and fresh.
#[utoipa::path(
    get,
    path = "/readyz",
    responses((status = OK, body = Health), (status = SERVICE_UNAVAILABLE, body = Detail))
)]
async fn readyz() -> Result<Json<Health>, ApiError> {
    web::ready::<MemorySettings>()
}
