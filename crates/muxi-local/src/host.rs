//! The parts that one server's formations and control plane share.

use crate::{
    arrivals::Log, clock::Clock, fault::Faults, outbound::Outbound, quirks::Quirks, stopping::Stopping, store::Store,
};
use std::{fmt, sync::OnceLock};

/// Takes the id of a formation and a line of its output.
pub(crate) type Printer = Box<dyn Fn(&str, String) + Send + Sync>;

/// Shared by the control plane and every formation of one server.
#[derive(Default)]
pub(crate) struct Host {
    /// The time as this server sees it.
    pub(crate) clock: Clock,
    /// The defects of the shipped runtime and server that are reproduced.
    pub(crate) quirks: Quirks,
    /// For calls of the server's own.
    pub(crate) outbound: Outbound,
    /// The faults that requests meet.
    pub(crate) faults: Faults,
    /// The requests that came.
    pub(crate) log: Log,
    /// The signal that the server stops.
    pub(crate) stopping: Stopping,
    /// The printer of formations. Set by the control plane, which keeps their logs.
    pub(crate) printer: OnceLock<Printer>,
    /// The store of the state.
    pub(crate) store: Store,
}

impl Host {
    /// Prints a line of a formation's output.
    pub(crate) fn print(&self, formation: &str, line: String) {
        if let Some(print) = self.printer.get() {
            print(formation, line);
        }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("clock", &self.clock).field("quirks", &self.quirks).finish_non_exhaustive()
    }
}
