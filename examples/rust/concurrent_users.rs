//! Several users talk to a formation at once, each in a session of their own.

use futures_util::future::try_join_all;
use muxi_client::{ChatRequest, FormationClient, Result};

async fn talk(formation: &FormationClient, user: &str) -> Result<()> {
    let first = formation.chat(format!("My name is {user}.")).user_id(user).await?.error_for_status()?;
    let next = ChatRequest::new("Who am I?").in_session_of(&first);
    let second = formation.chat(next).user_id(user).await?.error_for_status()?;
    println!("{user}: {}", second.text());
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let formation = FormationClient::from_env()?;
    try_join_all(["ada", "grace", "joan"].map(|user| talk(&formation, user))).await?;
    Ok(())
}
