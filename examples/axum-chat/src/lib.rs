//! A chat page on axum: answers as they arrive, a stop button, and failures.

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use muxi_client::{ChatRequest, Error, ErrorKind, FormationClient, Relay};
use serde::Deserialize;
use serde_json::json;

/// The user of every turn. A real application takes it from its login, never from the page.
const USER: &str = "web";

/// Makes the application: the page at `/`, and `POST /chat` for its questions.
pub fn app(formation: FormationClient) -> Router {
    Router::new().route("/", get(page)).route("/chat", post(chat)).with_state(formation)
}

async fn page() -> Html<&'static str> {
    Html(include_str!("page.html"))
}

#[derive(Deserialize)]
struct Question {
    message: String,
    session_id: Option<String>,
}

/// Streams the answer. When the reader leaves, axum drops the body, which cancels the turn.
async fn chat(State(formation): State<FormationClient>, Json(question): Json<Question>) -> Response {
    let mut request = ChatRequest::new(question.message);
    if let Some(session) = question.session_id {
        request = request.session_id(session);
    }
    match formation.chat_stream(request).user_id(USER).await {
        Ok(turn) => (Relay::HEADERS, Body::from_stream(turn.into_sse(Relay::text()))).into_response(),
        Err(error) => refused(&error),
    }
}

/// The response for a turn that did not begin. The browser is told what it can do about it, and no more.
fn refused(error: &Error) -> Response {
    let (status, message) = match error.kind() {
        ErrorKind::InvalidArgument | ErrorKind::Validation => (StatusCode::BAD_REQUEST, error.message()),
        ErrorKind::RateLimit => (StatusCode::TOO_MANY_REQUESTS, "Too many questions: try again in a moment."),
        _ => (StatusCode::BAD_GATEWAY, "The assistant cannot be reached."),
    };
    eprintln!("chat: {error}");
    let body = json!({ "code": error.code(), "message": message, "request_id": error.request_id() });
    (status, Json(body)).into_response()
}
