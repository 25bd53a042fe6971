//! Sections of the configuration.

use crate::api::table::endpoints;

endpoints! { Formation;
    /// The async section of the configuration; empty when there is none.
    json get_async_config -> Object = GET "/async", admin {}

    /// The agent-to-agent section of the configuration; empty when there is none.
    json get_a2a_config -> Object = GET "/a2a", admin {}

    /// The logging section of the configuration; empty when there is none.
    json get_logging_config -> Object = GET "/logging", admin {}

    /// The destinations of system and conversation logs.
    json get_logging_destinations -> LoggingDestinations = GET "/logging/destinations", admin {}
}
