//! The code of an error of which nothing is known but its status and the operation.

use super::library::tuning;
use super::settings::secrets;
use muxi_client::api::error::ErrorKind;

/// The code that the runtime has for a status: the operation's own, or that of the status. A status without one has the
/// code that clients know it by.
pub(crate) fn code(operation: Option<&str>, status: u16) -> &'static str {
    match (status, operation) {
        (400, _) => "INVALID_REQUEST",
        (404, _) => "RESOURCE_NOT_FOUND",
        (408, _) => "TIMEOUT",
        (409, Some("create_secret")) => secrets::EXISTS,
        (409, Some("delete_secret")) => secrets::IN_USE,
        (410, _) => "GONE",
        (413, Some("replace_tuning")) => tuning::TOO_LARGE,
        (422, _) => "INVALID_PARAMS",
        (499, _) => "CANCELLED",
        (501, _) => "METHOD_NOT_FOUND",
        (502, _) => "BAD_GATEWAY",
        (503, _) => "SERVICE_UNAVAILABLE",
        (405, _) => ErrorKind::code_of_status(status),
        _ => match ErrorKind::of_status(status) {
            // The runtime has one code for whatever it has no other for.
            ErrorKind::Server | ErrorKind::Api => "INTERNAL_ERROR",
            kind => kind.default_code(),
        },
    }
}
