//! The way in which blocking clients call.

use crate::{
    api::error::Result,
    client::{Client, Formation, Mode, Server},
    net::driver::Driver,
};
use std::sync::Arc;

/// Marks a client whose calls block.
#[derive(Debug)]
pub enum Blocking {}

/// Blocking client of a MUXI server.
pub type ServerClient = Client<Server, Blocking>;
/// Blocking client of a formation.
pub type FormationClient = Client<Formation, Blocking>;

impl Mode for Blocking {
    fn driver() -> Result<Option<Arc<Driver>>> {
        Ok(Some(Arc::new(Driver::new()?)))
    }
}
