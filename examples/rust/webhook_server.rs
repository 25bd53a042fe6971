//! Receives the webhooks of a formation. They are signed with its admin key (MUXI_ADMIN_KEY).

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use muxi_client::api::webhook;
use std::time::{SystemTime, UNIX_EPOCH};

async fn receive(headers: HeaderMap, body: Bytes) -> StatusCode {
    let secret = std::env::var("MUXI_ADMIN_KEY").unwrap_or_default();
    let signature = headers.get("x-muxi-signature").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if webhook::verify(&body, signature, &secret, 300, now).is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    match webhook::parse(&body) {
        Ok(event) => println!("{} {}", event.request_id, event.status),
        Err(error) => println!("{error}"),
    }
    StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on port {}", listener.local_addr()?.port());
    axum::serve(listener, Router::new().route("/", post(receive))).await
}
