//! A formation bundle as a request sees it.

use std::{fmt::Debug, io, sync::Arc};

/// Where a bundle's bytes come from. They may be read several times: each attempt opens it anew.
pub trait BundleSource: Debug + Send + Sync {
    /// Opens the gzipped tar archive at its start.
    fn open(&self) -> io::Result<Box<dyn io::Read + Send>>;
    /// Its size in bytes.
    fn size(&self) -> u64;
}

/// A checked formation bundle: a gzipped tar archive and what its configuration says of itself.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The formation's id.
    pub id: String,
    /// The formation's version.
    pub version: String,
    /// The archive.
    pub source: Arc<dyn BundleSource>,
}

impl From<&Bundle> for Bundle {
    /// The bytes are shared.
    fn from(bundle: &Bundle) -> Self {
        bundle.clone()
    }
}
