//! A formation bundle as a request sees it.

use std::{
    fmt::{self, Debug},
    io,
    sync::Arc,
};

/// The source of a bundle's bytes. They may be read several times: each attempt opens it anew.
pub trait BundleSource: Debug + Send + Sync {
    /// Opens the gzipped tar archive at its start.
    fn open(&self) -> io::Result<Box<dyn io::Read + Send>>;
    /// Its size in bytes.
    fn size(&self) -> u64;
    /// Called as the bytes go out, with the number of those that were given to the connection: 0 at the beginning of each
    /// attempt, [`size`](Self::size) at its end.
    fn sent(&self, bytes: u64) {
        let _ = bytes;
    }
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

impl Bundle {
    /// Calls `tell` as the bundle is uploaded, with the bytes sent and their total: with 0 at the beginning of each attempt,
    /// then about every 256 KiB. It runs between two pieces of the upload, so it should be quick.
    ///
    /// ```no_run
    /// use muxi_client::Bundle;
    ///
    /// let bundle = Bundle::from_path("formations/demo")?.on_progress(|sent, total| eprint!("\r{sent} of {total} bytes"));
    /// # Ok::<(), muxi_client::bundle::BundleError>(())
    /// ```
    #[must_use]
    pub fn on_progress(self, tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        let source = Arc::new(Watched { source: self.source, tell: Box::new(tell) });
        Self { source, ..self }
    }
}

/// A source whose reading is told of.
struct Watched {
    source: Arc<dyn BundleSource>,
    tell: Box<dyn Fn(u64, u64) + Send + Sync>,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl BundleSource for Watched {
    fn open(&self) -> io::Result<Box<dyn io::Read + Send>> {
        self.source.open()
    }

    fn size(&self) -> u64 {
        self.source.size()
    }

    fn sent(&self, bytes: u64) {
        self.source.sent(bytes);
        (self.tell)(bytes, self.size());
    }
}

impl From<&Bundle> for Bundle {
    /// The bytes are shared.
    fn from(bundle: &Bundle) -> Self {
        bundle.clone()
    }
}
