//! A conversation of two turns, with a file in the first.

use muxi_client::{ChatRequest, File, FormationClient};

#[tokio::main]
async fn main() -> muxi_client::Result<()> {
    let formation = FormationClient::from_env()?;
    let notes = File::from_bytes("notes.txt", "text/plain", "Ada likes tea.");
    let first =
        formation.chat(ChatRequest::new("Remember my notes.").file(notes)).user_id("ada").await?.error_for_status()?;
    println!("{}", first.text());

    let next = ChatRequest::new("What do I like?").in_session_of(&first);
    println!("{}", formation.chat(next).user_id("ada").await?.error_for_status()?.text());
    Ok(())
}
