//! Guides: a page for each topic. Their examples run in this crate's tests against `muxi_local`, the local server that
//! [`testing`] is about; the lines that start it are left out where they would be the same everywhere.

pub mod auth {
    #![doc = include_str!("guide/auth.md")]
}
pub mod streaming {
    #![doc = include_str!("guide/streaming.md")]
}
pub mod errors_and_retries {
    #![doc = include_str!("guide/errors_and_retries.md")]
}
pub mod deploying {
    #![doc = include_str!("guide/deploying.md")]
}
pub mod webhooks {
    #![doc = include_str!("guide/webhooks.md")]
}
pub mod testing {
    #![doc = include_str!("guide/testing.md")]
}
