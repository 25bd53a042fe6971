//! Users: credentials, identifiers, channels and notifications.

use crate::api::{params::{IdentifierOwner, NewCredential, NewIdentifier}, table::endpoints, types::Object};

endpoints! { Formation;
    /// The services for which users can store credentials.
    json list_credential_services -> CredentialServices = GET "/credentials/services", client_or_admin {}

    /// A user's credentials, redacted.
    json list_credentials -> CredentialList = GET "/credentials", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
    }

    /// One credential, redacted.
    json get_credential -> Credential = GET "/credentials/{credential_id}", client_or_admin {
        /// The credential's id.
        credential_id: String => path,
        /// The user on whose behalf the call is made.
        user_id: String => user,
    }

    /// Store a credential: `service`, `credential` (an object) and optionally `name`. The shipped runtime answers 500.
    json create_credential -> Credential = POST "/credentials", client_or_admin {
        /// The user on whose behalf the call is made.
        user_id: String => user,
        /// `service`, `credential` (an object) and optionally `name`.
        payload: NewCredential => payload,
    }

    /// Delete a credential.
    json delete_credential -> CredentialDeleted = DELETE "/credentials/{credential_id}", client_or_admin {
        /// The credential's id.
        credential_id: String => path,
        /// The user on whose behalf the call is made.
        user_id: String => user,
    }

    /// The identifiers linked to a MUXI user.
    json get_user_identifiers_for_user -> UserIdentifierList = GET "/users/identifiers/{user_id}", client {
        /// The user's MUXI id.
        user_id: String => path,
    }

    /// Link identifiers to a MUXI user. Each is a text, a pair of text and type, or an object with `identifier` and
    /// `type`.
    json link_user_identifier -> UserIdentifierList = POST "/users/identifiers", client {
        /// The user's MUXI id; without one a user is made.
        muxi_user_id: IdentifierOwner => body,
        /// The identifiers.
        identifiers: [NewIdentifier] => body,
    }

    /// Unlink an identifier.
    json unlink_user_identifier -> UserIdentifierDeleted = DELETE "/users/identifiers/{identifier}", client {
        /// An e-mail address, a name, or whatever else identifies the user.
        identifier: String => path,
    }

    /// Look a user up; with `create_user` an unknown one is created.
    json resolve_user -> User = POST "/users/resolve", client; composite(LookupUser) {
        /// An e-mail address, a name, or whatever else identifies the user.
        identifier: String => body,
    } with {
        /// Create the user when there is none.
        opt create_user: bool => local = "false",
        /// The kind of identifier, for example `email`.
        kw identifier_type: String => body,
    }

    /// Look a user up without creating one.
    json lookup_user -> User = GET "/users/{identifier}", client {
        /// An e-mail address, a name, or whatever else identifies the user.
        identifier: String => path,
    }

    /// A user's notification channels.
    json get_user_channels -> UserChannels = GET "/users/{user_id}/channels", client {
        /// The user's id.
        user_id: String => path,
    }

    /// Change a user's notification channels. An empty text clears a value, `{}` removes a channel.
    json update_user_channels -> UserChannels = PUT "/users/{user_id}/channels", client {
        /// The user's id.
        user_id: String => path,
    } with {
        /// The channel to use first.
        kw preferred_channel: String => body,
        /// Settings by channel name.
        kw channels: Object => body,
        /// The user's time zone, for example `Europe/Berlin`.
        kw timezone: String => body,
    }

    /// Push a text to a user over their channels.
    json send_notification -> Notification = POST "/notifications", client {
        /// The user to notify.
        user_id: String => body,
        /// The text to push.
        message: String => body,
    } with {
        /// Names of the channels to use, instead of the preferred one.
        kw channels: [String] => body,
    }
}
