//! Serves the chat page on port 8000, or `PORT`. URL and keys come from the environment (`MUXI_SERVER_URL`,
//! `MUXI_FORMATION_ID`, `MUXI_CLIENT_KEY`).

use muxi_client::FormationClient;
use std::env;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = axum_chat::app(FormationClient::from_env()?);
    let port = env::var("PORT").unwrap_or_else(|_| "8000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
