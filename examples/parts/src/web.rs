//! How the services answer: JSON in and out, errors as `{"detail": ".."}`, logs, and a server that ends well.

use std::any::Any;
use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use settings_core::{Cached, Settings};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;
use tracing::{error, info};
use tracing_subscriber::EnvFilter;
use utoipa::ToSchema;

/// A refusal, with what its sender is told.
#[derive(Debug, Clone)]
pub struct ApiError {
    status: StatusCode,
    detail: String,
}

/// The body of a refusal.
#[derive(Debug, Serialize, ToSchema)]
pub struct Detail {
    /// What is wrong.
    pub detail: String,
}

impl ApiError {
    /// A refusal.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, axum::Json(Detail { detail: self.detail })).into_response()
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

/// How a service is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`, or `ready`.
    status: &'static str,
}

/// The service runs.
pub fn healthy() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The settings are loaded and fresh.
///
/// # Errors
///
/// When they could not be loaded anew for too long.
pub fn ready<S: Cached>() -> Result<Json<Health>, ApiError> {
    match S::try_get() {
        Ok(_) => Ok(Json(Health { status: "ready" })),
        Err(_) => Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "The settings could not be loaded for too long")),
    }
}

/// JSON whose mistakes are told as [`ApiError`]s.
#[derive(Debug, FromRequest)]
#[from_request(via(axum::Json), rejection(ApiError))]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Parts of a path whose mistakes are told as [`ApiError`]s.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub struct Path<T>(pub T);

/// A query whose mistakes are told as [`ApiError`]s.
#[derive(Debug, FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub struct Query<T>(pub T);

/// What every request goes through: a span in the log, refusals in JSON, and an answer even when a handler panics.
pub fn with_layers(router: axum::Router) -> axum::Router {
    router
        .fallback(|| async { ApiError::new(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async { ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed") })
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TraceLayer::new_for_http())
}

/// What was thrown may quote anything, so it is not repeated.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
}

/// Logs go to the standard error, what is logged by the variable `RUST_LOG`: `info` unless set.
pub fn log() {
    let filter = EnvFilter::builder().with_default_directive(tracing::Level::INFO.into()).from_env_lossy();
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(std::io::stderr).init();
}

/// Serves until ctrl-c or a request to terminate, and lets requests under way end. The log says why it could not.
pub async fn serve(router: axum::Router, address: IpAddr, port: u16) -> ExitCode {
    let address = SocketAddr::new(address, port);
    let served = async {
        let listener = TcpListener::bind(address).await?;
        info!("listening on http://{}", listener.local_addr()?);
        axum::serve(listener, router).with_graceful_shutdown(terminated()).await
    };
    match served.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            error!("cannot listen on {address}: {cause}; PORT and BIND_ADDRESS say where to");
            ExitCode::FAILURE
        }
    }
}

async fn terminated() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupted => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    let _ = interrupted.await;
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    async fn panics() -> &'static str {
        panic!("sk-test-key")
    }

    async fn answer(path: &str, body: &str) -> (StatusCode, String) {
        let router = axum::Router::new()
            .route("/number", post(|Json(number): Json<u8>| async move { number.to_string() }))
            .route("/panic", post(panics));
        let request = Request::post(path).header("content-type", "application/json").body(Body::from(body.to_owned()));
        let response = with_layers(router.with_state(())).oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn every_refusal_is_json_with_a_detail() {
        assert_eq!(answer("/number", "7").await, (StatusCode::OK, "7".to_owned()));
        let (status, body) = answer("/number", "seven").await;
        assert!(status == StatusCode::BAD_REQUEST && body.starts_with(r#"{"detail":"Failed to parse"#), "{body}");
        assert_eq!(answer("/none", "").await, (StatusCode::NOT_FOUND, r#"{"detail":"Not Found"}"#.to_owned()));
    }

    #[tokio::test]
    async fn a_panic_is_answered_without_what_it_said() {
        let panicked = (StatusCode::INTERNAL_SERVER_ERROR, r#"{"detail":"Internal Server Error"}"#.to_owned());
        assert_eq!(answer("/panic", "").await, panicked);
    }
}
