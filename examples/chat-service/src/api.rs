//! What the service answers over HTTP.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use reqwest::Client;
use serde::{Deserialize, Serialize};
use service_parts::web::{self, ApiError, Detail, Health, Json, Path, Query, with_layers};
use settings_core::get_settings;
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;
use uuid::Uuid;

use crate::settings::ChatSettings;
use crate::workflow::{Said, chat};

#[derive(OpenApi)]
#[openapi(info(title = "Chat service", description = "A chat that a language model answers."))]
struct Api;

/// All routes of the service.
pub fn router() -> axum::Router {
    let (router, api) = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(welcome))
        .routes(routes!(post_chat))
        .routes(routes!(user))
        .routes(routes!(healthz))
        .routes(routes!(readyz))
        .with_state(Client::new())
        .split_for_parts();
    with_layers(router.merge(SwaggerUi::new("/docs").url("/openapi.json", api))).layer(cors())
}

/// The origins are asked for with each request, so that new settings count at once.
fn cors() -> CorsLayer {
    let admitted = |origin: &HeaderValue, _: &_| {
        get_settings::<ChatSettings>()
            .cors_origins
            .iter()
            .any(|known| known == "*" || known.as_bytes() == origin.as_bytes())
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(admitted))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([HeaderName::from_static("content-type")])
}

/// A greeting.
#[derive(Debug, Serialize, ToSchema)]
struct Welcome {
    /// What this is.
    message: &'static str,
}

/// Says what this is.
#[utoipa::path(get, path = "/", responses((status = OK, body = Welcome)))]
async fn welcome() -> Json<Welcome> {
    Json(Welcome { message: "Welcome to the chat service! Its pages are at /docs." })
}

/// A message of a user.
#[derive(Debug, Deserialize, ToSchema)]
struct ChatRequest {
    /// Who writes.
    #[schema(example = "alice")]
    user_id: String,
    /// What.
    #[schema(example = "What time is it?")]
    text: String,
    /// When and in which session.
    #[serde(default)]
    metadata: RequestMetadata,
    /// What to find the message by.
    #[serde(default)]
    tags: Vec<String>,
}

/// What goes with a message.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct RequestMetadata {
    /// When it was written.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[expect(dead_code, reason = "checked, and what the sender's clock says is not used any further")]
    timestamp: Option<Timestamp>,
    /// The session it belongs to; a new one when there is none.
    session_id: Option<String>,
}

/// A reply.
#[derive(Debug, Serialize, ToSchema)]
struct ChatResponse {
    /// Who wrote.
    user_id: String,
    /// What the model replies.
    reply: String,
    /// When, and in which session.
    metadata: ResponseMetadata,
}

/// What goes with a reply.
#[derive(Debug, Serialize, ToSchema)]
struct ResponseMetadata {
    /// When the reply was made.
    #[schema(value_type = String, format = DateTime)]
    timestamp: Timestamp,
    /// The session; send it with the next message.
    session_id: String,
}

/// Answers a message.
#[utoipa::path(
    post,
    path = "/chat/",
    request_body = ChatRequest,
    responses(
        (status = OK, body = ChatResponse),
        (status = BAD_REQUEST, description = "The text is blank", body = Detail),
        (status = INTERNAL_SERVER_ERROR, description = "A step failed for good", body = Detail),
    )
)]
async fn post_chat(
    State(http): State<Client>,
    Json(request): Json<ChatRequest>,
) -> Result<Json<ChatResponse>, ApiError> {
    if request.text.trim().is_empty() {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, "Message text cannot be empty"));
    }
    // These hold for the whole chat, whatever is rotated meanwhile.
    let settings = get_settings::<ChatSettings>().into_arc();
    let session_id = request.metadata.session_id.filter(|id| !id.trim().is_empty());
    let session_id = session_id.unwrap_or_else(|| Uuid::new_v4().to_string());
    let said = Said { user_id: &request.user_id, session_id: &session_id, text: &request.text, tags: &request.tags };
    let failed = || ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Workflow failed to complete");
    let reply = chat(&settings, &http, said).await.ok_or_else(failed)?;
    let metadata = ResponseMetadata { timestamp: Timestamp::now(), session_id };
    Ok(Json(ChatResponse { user_id: request.user_id, reply, metadata }))
}

/// How a user is asked for.
#[derive(Debug, Deserialize)]
struct UserQuery {
    role: Option<String>,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
struct User {
    /// Who.
    user_id: String,
    /// As what.
    role: String,
}

/// Tells a user's role.
#[utoipa::path(
    get,
    path = "/users/{user_id}",
    params(("user_id" = String, Path, description = "Who"), ("role" = Option<String>, Query, description = "`guest` if none")),
    responses((status = OK, body = User))
)]
async fn user(Path(user_id): Path<String>, Query(query): Query<UserQuery>) -> Json<User> {
    Json(User { user_id, role: query.role.unwrap_or_else(|| "guest".to_owned()) })
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
    web::ready::<ChatSettings>()
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use serde_json::{Value, json};
    use settings_core::test_settings;
    use tower::ServiceExt;

    use super::*;

    async fn chat(text: &str) -> (StatusCode, Value) {
        let body = json!({"user_id": "alice", "text": text}).to_string();
        let request = Request::post("/chat/").header("content-type", "application/json").body(Body::from(body));
        let response = router().oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[test_settings(ChatSettings)]
    #[tokio::test]
    async fn without_a_key_an_echo_answers() {
        assert_eq!(chat("Hello").await.1["reply"], "Echo: Hello");
    }

    #[test_settings(
        ChatSettings,
        MODEL_BASE_URL = "http://127.0.0.1:9/v1", // nobody listens there
        OPENAI_API_KEY = "sk-test-key",
        patience.reply_retries = 0,
    )]
    #[tokio::test]
    async fn without_a_reply_the_chat_fails() {
        let failed = json!({"detail": "Workflow failed to complete"});
        assert_eq!(chat("Hello").await, (StatusCode::INTERNAL_SERVER_ERROR, failed));
    }
}
