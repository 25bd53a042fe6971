//! The keys that a server asks for.

use crate::store::{Change, Store};
use muxi_client::api::request::header_value;

/// The place of the keys in the store. They are there as they are, like everything secret.
const SCOPE: &str = "keys";

/// The keys of one server.
#[derive(Clone, Default)]
pub(crate) struct Keys<T = String> {
    pub(crate) key_id: T,
    pub(crate) secret_key: T,
    pub(crate) admin_key: T,
    pub(crate) client_key: T,
}

impl Keys<Option<String>> {
    /// The keys that were given; for the others those that the store has from before, or new random ones. From then
    /// on the store has them.
    pub(crate) fn complete(&self, store: &Store) -> Result<Keys, String> {
        self.check()?;
        let stored = store.read(SCOPE)?;
        let mut changes = Vec::new();
        let mut key = |area: &'static str, given: &Option<String>, prefix: &str, length: usize| {
            let known = stored.iter().find(|row| row.area == area).map(|row| row.value.clone());
            let key = given.clone().or_else(|| known.clone()).unwrap_or_else(|| format!("{prefix}{}", random(length)));
            if known.as_ref() != Some(&key) {
                let (key, value) = (String::new(), Some(key.clone()));
                changes.push(Change::Row { scope: SCOPE.into(), area, key, value });
            }
            key
        };
        let keys = Keys {
            key_id: key("key_id", &self.key_id, "MUXI_", 12),
            secret_key: key("secret_key", &self.secret_key, "sk_", 32),
            admin_key: key("admin_key", &self.admin_key, "fma_", 24),
            client_key: key("client_key", &self.client_key, "fmc_", 24),
        };
        store.write(changes);
        // Keys that a restart would not know must not be told to a caller.
        store.read(SCOPE)?;
        Ok(keys)
    }

    /// Checks that a client can send each key that is given, which travels in a header.
    fn check(&self) -> Result<(), String> {
        let Self { key_id, secret_key, admin_key, client_key } = self;
        for (name, key) in
            [("key id", key_id), ("secret key", secret_key), ("admin key", admin_key), ("client key", client_key)]
        {
            let Some(key) = key else { continue };
            if key.trim().is_empty() || header_value(name, key).is_err() {
                return Err(format!("the {name} must be printable ASCII text without blanks around it"));
            }
        }
        Ok(())
    }
}

/// `length` (at most 32) random hexadecimal digits.
fn random(length: usize) -> String {
    let mut text = uuid::Uuid::new_v4().simple().to_string();
    // The version digit of a UUID is not random, but 122 bits are plenty for keys of a local server.
    text.truncate(length);
    text
}
