//! Users, their identifiers, channels and credentials.

use super::{Credential, IsoTime, Object};
use serde_json::Value;

replies! {
    /// A user behind an identifier.
    pub struct User {
        /// The identifier that was looked up.
        pub identifier: String,
        /// The MUXI user.
        pub muxi_user_id: String,
        /// The internal number of the user.
        pub internal_user_id: i64,
    }

    /// Identifiers of a MUXI user; after linking only those that were sent.
    pub struct UserIdentifierList {
        /// The MUXI user.
        pub muxi_user_id: String,
        /// The internal number of the user; none after linking.
        pub internal_user_id: Option<i64>,
        /// The identifiers.
        pub identifiers: Vec<UserIdentifier>,
        /// The number of identifiers.
        pub count: u64,
    }

    /// One identifier of a MUXI user.
    pub struct UserIdentifier {
        /// The identifier.
        pub identifier: String,
        /// Its kind, such as `email`, or `unknown`.
        #[serde(rename = "type")]
        pub kind: String,
        /// When it was linked, ISO 8601.
        pub created_at: Option<IsoTime>,
    }

    /// An unlinked identifier.
    pub struct UserIdentifierDeleted {
        /// A description of the outcome, for people.
        pub message: String,
        /// The MUXI user it belonged to.
        pub muxi_user_id: String,
    }

    /// A user's notification channels.
    pub struct UserChannels {
        /// The user.
        pub user_id: String,
        /// The channel that is used first.
        pub preferred_channel: Option<String>,
        /// Settings by channel.
        pub channels: Option<Object>,
        /// The channel that the user used last.
        pub last_channel: Option<String>,
        /// The user's time zone.
        pub timezone: Option<String>,
    }

    /// A sent notification.
    pub struct Notification {
        /// The request's id.
        pub request_id: Option<String>,
        /// The channels that were tried.
        pub channels: Option<Value>,
        /// The channels that took it.
        #[serde(default)]
        pub delivered: Vec<Value>,
        /// The channels that did not.
        #[serde(default)]
        pub failed: Vec<Value>,
    }

    /// The services for which users can store credentials.
    pub struct CredentialServices {
        /// The services.
        pub services: Vec<CredentialService>,
        /// The number of services.
        pub count: u64,
    }

    /// A service for which users can store credentials.
    pub struct CredentialService {
        /// Its name.
        pub service: String,
        /// The MCP server that uses it.
        pub server_id: Option<String>,
        /// Its description.
        pub description: Option<String>,
    }

    /// A user's credentials.
    pub struct CredentialList {
        /// The credentials, redacted.
        pub credentials: Vec<Credential>,
        /// The number of credentials.
        pub count: u64,
    }

    /// A deleted credential.
    pub struct CredentialDeleted {
        /// Its id.
        pub credential_id: String,
        /// True if it is gone.
        pub deleted: bool,
    }
}
