//! Prints what a server runs. URL and keys come from MUXI_SERVER_URL, MUXI_KEY_ID and MUXI_SECRET_KEY.

use muxi_client::blocking::ServerClient;

fn main() -> muxi_client::Result<()> {
    let server = ServerClient::from_env()?;
    let status = server.status().send()?;
    println!("server {}, version {}", status.server.id, status.server.version);
    for formation in &server.list_formations().send()?.formations {
        println!("{:20} {:10} port {}", formation.id, formation.status, formation.port);
    }
    Ok(())
}
