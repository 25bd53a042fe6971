//! Replies whose `Debug` form shows nothing: secrets and credentials. Servers mask them, but not all may.

use serde_json::Value;
use std::collections::BTreeMap;

secret_replies! {
    /// The secrets of a formation.
    pub struct SecretList {
        /// Masked values by name.
        pub secrets: BTreeMap<String, String>,
        /// The number of secrets.
        pub count: u64,
    }

    /// One secret, read from the secret list.
    pub struct Secret {
        /// Its name.
        pub key: String,
        /// Its masked value.
        pub value: String,
    }

    /// One credential, redacted.
    pub struct Credential {
        /// Its id.
        pub credential_id: String,
        /// The service it is for.
        pub service: Option<String>,
        /// Its name.
        pub name: Option<String>,
        /// The masked value.
        pub credential_preview: Option<Value>,
        /// When it was stored.
        pub created_at: Option<Value>,
        /// When it was changed last.
        pub updated_at: Option<Value>,
    }
}
