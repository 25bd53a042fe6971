//! Asks a formation how it is. The URL comes from MUXI_SERVER_URL and MUXI_FORMATION_ID; no key is needed.

use muxi_client::FormationClient;

#[tokio::main]
async fn main() -> muxi_client::Result<()> {
    let formation = FormationClient::from_env()?;
    let health = formation.health().await?;
    println!("{} is {}, up for {} s", formation.base_url(), health.status, health.uptime_seconds);
    Ok(())
}
