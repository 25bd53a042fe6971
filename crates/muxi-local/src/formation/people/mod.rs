//! Users, their credentials and their conversations.

pub(crate) mod buffers;
pub(crate) mod credentials;
pub(crate) mod sessions;
pub(crate) mod users;
