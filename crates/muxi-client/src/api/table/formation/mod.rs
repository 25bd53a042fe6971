//! The formation's operations.

use super::macros::areas;

areas! {
    configuration,
    chat,
    memory,
    memory_administration,
    artifacts,
    scheduler,
    services,
    users,
    automation,
    administration,
    events,
}
