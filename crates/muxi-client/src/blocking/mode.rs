//! The way in which blocking clients call.

use crate::{
    api::{
        error::Result,
        table::{formation, server},
    },
    client::{Client, Formation, Mode, Server, index::index},
    net::driver::Driver,
};
use std::sync::Arc;

/// Marks a client whose calls block.
#[derive(Debug)]
pub enum Blocking {}

/// Blocking client of a MUXI server.
///
#[doc = server::rows!(index)]
pub type ServerClient = Client<Server, Blocking>;
/// Blocking client of a formation.
///
#[doc = formation::rows!(index)]
pub type FormationClient = Client<Formation, Blocking>;

impl Mode for Blocking {
    fn driver() -> Result<Option<Arc<Driver>>> {
        Ok(Some(Arc::new(Driver::new()?)))
    }
}
