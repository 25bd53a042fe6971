//! Deploys a formation from the folder in the first argument, and follows the progress.

use muxi_client::{Bundle, LifecycleEvent, ServerClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("give a folder with a formation.afs")?;
    let server = ServerClient::from_env()?;
    let mut progress = server.deploy_formation_stream(Bundle::from_folder(folder)?).await?;
    while let Some(event) = progress.next().await {
        match event? {
            LifecycleEvent::Progress(step) => println!("{}: {}", step.stage, step.message),
            LifecycleEvent::Complete(done) => println!("{} is {}", done.formation_id, done.status),
            _ => {}
        }
    }
    Ok(())
}
