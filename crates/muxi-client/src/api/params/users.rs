//! Users and their credentials.

use crate::api::{
    arg::{Arg, IntoArg},
    table::{ArgType, Kind},
    types::Object,
};
use serde::Serialize;
use serde_json::Value;

params! {
    /// A credential to store for a user.
    pub struct NewCredential {
        /// The service, without spaces.
        #[required]
        service: String,
        /// The credential in the form that the service wants.
        #[required]
        credential: Object,
        /// A name for people.
        name: String,
    }
}

/// An identifier to link to a user: an e-mail address, a name, or whatever else identifies them.
///
/// ```
/// use muxi_client::api::params::NewIdentifier;
///
/// let identifiers: [NewIdentifier; 2] = ["ada@example.com".into(), ("+4912", "phone").into()];
/// assert_eq!(serde_json::to_string(&identifiers)?, r#"["ada@example.com",["+4912","phone"]]"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct NewIdentifier(Value);

impl NewIdentifier {
    /// An identifier of unknown kind.
    pub fn new(identifier: impl Into<String>) -> Self {
        Self(Value::String(identifier.into()))
    }

    /// An identifier of that kind, such as `email`.
    pub fn of_kind(identifier: impl Into<String>, kind: impl Into<String>) -> Self {
        Self(Value::Array(vec![identifier.into().into(), kind.into().into()]))
    }
}

impl From<(&str, &str)> for NewIdentifier {
    fn from((identifier, kind): (&str, &str)) -> Self {
        Self::of_kind(identifier, kind)
    }
}

impl From<Object> for NewIdentifier {
    /// An object with `identifier` and `type`.
    fn from(identifier: Object) -> Self {
        Self(Value::Object(identifier))
    }
}

impl ArgType for NewIdentifier {
    const KIND: Kind = Kind::Json;
}

impl From<&NewIdentifier> for NewIdentifier {
    fn from(other: &NewIdentifier) -> Self {
        other.clone()
    }
}

impl From<&str> for NewIdentifier {
    fn from(identifier: &str) -> Self {
        Self::new(identifier)
    }
}

impl From<&String> for NewIdentifier {
    fn from(identifier: &String) -> Self {
        Self::new(identifier)
    }
}

impl From<String> for NewIdentifier {
    fn from(identifier: String) -> Self {
        Self::new(identifier)
    }
}

impl NewCredential {
    /// The credential of a service (without spaces): an object whose fields the service knows.
    pub fn new(service: impl Into<String>, credential: impl Serialize) -> Self {
        Self::default().with("service", service.into()).with("credential", credential)
    }
}

/// The user to whom identifiers are linked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentifierOwner {
    /// The user with that MUXI id.
    User(String),
    /// A user who is made for them. The shipped runtime answers 500 to that.
    NewUser,
}

impl From<&str> for IdentifierOwner {
    fn from(muxi_user_id: &str) -> Self {
        Self::User(muxi_user_id.to_owned())
    }
}

impl From<String> for IdentifierOwner {
    fn from(muxi_user_id: String) -> Self {
        Self::User(muxi_user_id)
    }
}

impl From<&String> for IdentifierOwner {
    fn from(muxi_user_id: &String) -> Self {
        Self::User(muxi_user_id.to_owned())
    }
}

impl ArgType for IdentifierOwner {
    const KIND: Kind = Kind::Str;
    const NULLABLE: bool = true;
}

impl IntoArg for IdentifierOwner {
    fn into_arg(self) -> Option<Arg> {
        match self {
            Self::User(id) => Some(Arg::Str(id)),
            Self::NewUser => None,
        }
    }
}
