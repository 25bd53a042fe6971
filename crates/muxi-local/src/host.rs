//! What all parts of one server share.

use crate::{
    clock::Clock,
    fault::Faults,
    formation::responder::Responders,
    inspect::{Access, Log},
    outbound::Outbound,
    quirks::Quirks,
    stopping::Stopping,
};

/// Shared by the control plane and every formation of one server.
#[derive(Debug, Default)]
pub(crate) struct Host {
    /// The time as this server sees it.
    pub(crate) clock: Clock,
    /// The defects of the shipped runtime and server that are reproduced.
    pub(crate) quirks: Quirks,
    /// What answers messages.
    pub(crate) responders: Responders,
    /// For calls of the server's own.
    pub(crate) outbound: Outbound,
    /// The faults that requests meet.
    pub(crate) faults: Faults,
    /// The requests that came.
    pub(crate) log: Log,
    /// Who may look below `/_local`.
    pub(crate) access: Access,
    /// Whether the server stops.
    pub(crate) stopping: Stopping,
}
