//! Deploys a formation from the folder in the first argument, and follows the progress.

use futures_util::StreamExt;
use muxi_client::{Bundle, ServerClient, api::types::LifecycleProgress};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("give a folder with a formation.afs")?;
    let bundle = Bundle::from_folder(folder)?;
    let server = ServerClient::from_env()?;
    let mut progress = server.deploy_formation_stream(&bundle).await?;
    while let Some(event) = progress.next().await {
        let event = event?;
        match &*event.event {
            "progress" => {
                let step: LifecycleProgress = event.json()?;
                println!("{}: {}", step.stage, step.message);
            }
            _ => println!("{}: {}", event.event, event.data),
        }
    }
    Ok(())
}
