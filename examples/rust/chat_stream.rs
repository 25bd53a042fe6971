//! Prints an answer as it arrives, and says so where the turn failed.

use muxi_client::FormationClient;
use std::io::{Write, stdout};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let question = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    let formation = FormationClient::from_env()?;
    let mut turn = formation.chat_stream(question).user_id("ada").await?;
    let mut answer = turn.text_deltas();
    while let Some(text) = answer.next().await {
        print!("{}", text?);
        stdout().flush()?;
    }
    println!();
    turn.collect_turn().await?.error_for_status()?;
    Ok(())
}
