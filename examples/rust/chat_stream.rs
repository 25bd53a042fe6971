//! Prints an answer as it arrives.

use futures_util::StreamExt;
use muxi_client::FormationClient;
use serde_json::json;
use std::io::Write;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let question = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let question = if question.is_empty() { "What can you do for me?" } else { &question };
    let formation = FormationClient::from_env()?;
    let payload = json!({ "message": question });
    let mut turn = formation.chat_stream(payload.as_object().ok_or("no object")?).user_id("ada").await?;
    while let Some(event) = turn.next().await {
        if let Some(text) = event?.text() {
            print!("{text}");
            std::io::stdout().flush()?;
        }
    }
    println!("\n(session {})", turn.turn().ok_or("no turn")?.session_id);
    Ok(())
}
