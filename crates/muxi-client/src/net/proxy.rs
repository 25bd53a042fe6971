//! The proxy between this machine and an origin.

use crate::{
    api::error::{Error, Result},
    config::Config,
};
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;

/// A proxy, and what it asks for.
#[derive(Clone)]
pub(super) struct Proxy {
    pub(super) uri: Uri,
    pub(super) auth: Option<HeaderValue>,
}

/// The proxy that the settings or the environment name.
pub(super) fn proxy(config: &Config) -> Result<Option<Proxy>> {
    let matcher = match &config.proxy {
        Some(url) => Matcher::builder().all(url.clone()).build(),
        None => Matcher::from_env(),
    };
    let target: Uri = config.base.origin().parse().map_err(|_| Error::invalid("the URL is no valid URL"))?;
    let Some(found) = matcher.intercept(&target) else {
        return match &config.proxy {
            Some(_) => Err(Error::invalid("proxy must be a URL like http://proxy:3128")),
            None => Ok(None),
        };
    };
    if found.uri().scheme_str() != Some("http") {
        return Err(Error::invalid("proxy must be an http:// URL; other kinds of proxy are not supported"));
    }
    Ok(Some(Proxy { uri: found.uri().clone(), auth: found.basic_auth().cloned() }))
}
