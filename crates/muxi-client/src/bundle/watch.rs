//! A way to end the making of a bundle, which may take long.

use std::{
    fmt,
    io::{self, Read},
};

/// Makes bundles as `Bundle` does, and asks before each read whether to go on: an error ends the work. For `muxi-python`
/// alone: it may change at any time.
pub struct Watch<'a>(pub &'a dyn Fn() -> io::Result<()>);

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Watch<'_> {
    /// Returns an error if the packing is to end.
    pub(super) fn check(&self) -> io::Result<()> {
        (self.0)()
    }

    pub(super) fn reading<R: Read>(&self, inner: R) -> Watched<'_, R> {
        Watched { inner, watch: self }
    }
}

/// A reader that asks before each read.
pub(super) struct Watched<'a, R> {
    pub(super) inner: R,
    watch: &'a Watch<'a>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.watch.check()?;
        self.inner.read(buffer)
    }
}
