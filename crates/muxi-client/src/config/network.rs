//! The settings that making connections needs.

use super::{setting::ProxySetting, url::BaseUrl};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The part of a configuration that is about connections.
#[derive(Clone, Copy)]
pub(crate) struct Network<'a> {
    pub(crate) base: &'a BaseUrl,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) connect_timeout_name: &'static str,
    pub(crate) pool_idle_timeout: Option<Duration>,
    /// The proxy, after the name of its setting.
    pub(crate) proxy: Option<(&'static str, &'a ProxySetting)>,
    pub(crate) ca_file: Option<&'a Path>,
    pub(crate) verify: bool,
    pub(crate) client_certificate: Option<&'a (PathBuf, PathBuf)>,
    pub(crate) http2: bool,
}
