//! Why a webhook is not accepted.

/// The header with the signature: `t=<Unix seconds>,v1=<hex>`.
pub const SIGNATURE_HEADER: &str = "X-Muxi-Signature";

/// Why a webhook was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// No secret was given.
    #[error("the webhook secret is empty: give the formation's admin key, with which it signs")]
    NoSecret,
    /// The request has no such header.
    #[error("the request has no header `{SIGNATURE_HEADER}`")]
    NoSignature,
    /// The header lacks a part.
    #[error("the signature header has no `{0}=` part: expected `t=<Unix seconds>,v1=<hex>`")]
    MissingPart(&'static str),
    /// The header's time is not a number.
    #[error("the signature's time `{0}` is not a number of seconds")]
    BadTimestamp(String),
    /// The signature is too old, or from the future.
    #[error("the signature's time differs by {difference} s from the clock, allowed are {tolerance} s")]
    OutsideTolerance {
        /// Seconds between the signature's time and the clock.
        difference: u64,
        /// Seconds allowed.
        tolerance: u64,
    },
    /// The signature is not of this payload and secret.
    #[error(
        "the signature does not fit: wrong secret or altered payload \
         (notices of a retried request's end are signed with a random key: poll the request instead)"
    )]
    Mismatch,
    /// The payload is not JSON.
    #[error("the payload is not JSON: {0}")]
    NotJson(String),
    /// The payload is JSON, but not an object.
    #[error("the payload is not a JSON object")]
    NotAnObject,
    /// The payload has no canonical form.
    #[error("the payload is nested too deeply")]
    TooDeep,
}
