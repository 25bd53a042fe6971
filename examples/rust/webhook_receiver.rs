//! Receives the webhooks of a formation with axum. They are signed with its admin key (MUXI_ADMIN_KEY).

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use muxi_client::api::webhook;

async fn receive(State(secret): State<String>, headers: HeaderMap, body: Bytes) -> StatusCode {
    match webhook::unwrap(&body, &headers, &secret, webhook::TOLERANCE_SECONDS) {
        Ok(event) => {
            println!("{} {}", event.request_id, event.status);
            StatusCode::NO_CONTENT
        }
        Err(error) => {
            println!("refused: {error}");
            StatusCode::UNAUTHORIZED
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let secret = std::env::var("MUXI_ADMIN_KEY")?;
    let port = std::env::var("PORT").unwrap_or_else(|_| "8000".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on port {}", listener.local_addr()?.port());
    axum::serve(listener, Router::new().route("/", post(receive)).with_state(secret)).await?;
    Ok(())
}
