//! Several users talk to a formation at once, each with a conversation of two turns.

use futures_util::future::try_join_all;
use muxi_client::FormationClient;
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

async fn talk(formation: &FormationClient, user: &str) -> Result<(), Failure> {
    let first = json!({ "message": format!("My name is {user}.") });
    let answer = formation.chat(first.as_object().ok_or("no object")?).user_id(user).await?;
    let session = answer.session_id.clone().ok_or("no session")?;
    let second = json!({ "message": "Who am I?", "session_id": session });
    formation.chat(second.as_object().ok_or("no object")?).user_id(user).await?;
    let messages = formation.get_session_messages(&session, user).limit(100).await?;
    println!("{user}: {} messages in the session", messages.count);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let formation = FormationClient::from_env()?;
    try_join_all(["ada", "grace", "joan"].map(|user| talk(&formation, user))).await?;
    Ok(())
}
