//! What `get()` takes of the time of the echo handler: `cargo bench -p chat-service`.
//!
//! Both are measured in turns within one run, and the medians are compared.

#![allow(clippy::print_stdout, reason = "it is there to print")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chat_service::{ChatSettings, router};
use settings_core::{Settings, get_settings};
use tower::ServiceExt;

const ROUNDS: usize = 101;
const HANDLED: u32 = 200;
const GOT: u32 = 100_000;
/// `get()` may take so much of the handler's time.
const BUDGET: f64 = 0.01;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    ChatSettings::loader().hermetic().init().await?;
    let router = router();
    let (mut handler, mut get) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..HANDLED {
            let body = r#"{"user_id": "alice", "text": "Hello", "metadata": {"session_id": "s1"}}"#;
            let request = Request::post("/chat/").header("content-type", "application/json").body(Body::from(body))?;
            let response = router.clone().oneshot(request).await?;
            assert_eq!(response.status(), StatusCode::OK);
        }
        handler.push(start.elapsed() / HANDLED);
        let start = Instant::now();
        for _ in 0..GOT {
            black_box(get_settings::<ChatSettings>().port);
        }
        get.push(start.elapsed().as_secs_f64() / f64::from(GOT));
    }
    handler.sort();
    get.sort_by(f64::total_cmp);
    let (handler, get) = (handler[ROUNDS / 2], get[ROUNDS / 2]);
    let part = get / handler.as_secs_f64();
    println!("get() {:.1} ns, the echo handler {:.1} µs: {:.3} % of it", get * 1e9, micros(handler), part * 100.0);
    if part < BUDGET { Ok(()) } else { Err("get() takes more than 1 % of the echo handler".into()) }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
