//! The description of a setting.

use crate::api::{retry::Retry, table::Api};
use std::{path::PathBuf, sync::Arc};

/// A setting of a client: one row of the table.
#[derive(Debug)]
#[non_exhaustive]
pub struct Setting {
    /// The name of the field, of the builder's method and, unless it is internal, of the Python keyword.
    pub name: &'static str,
    /// The form of its value.
    pub kind: SettingKind,
    /// The default as it is shown; seconds without the unit.
    pub default: Option<&'static str>,
    /// The languages that have it as an argument.
    pub language: Language,
    /// Everything else that distinguishes it.
    pub flags: SettingFlags,
    /// One entry for each meaning: most settings have one, for one client or for both.
    pub usages: &'static [Usage],
}

/// The meaning of a setting for one kind of client, or for both.
#[derive(Debug)]
#[non_exhaustive]
pub struct Usage {
    /// The APIs whose clients have it.
    pub apis: &'static [Api],
    /// The environment variable that counts when the setting is not given.
    pub variable: Option<&'static str>,
    /// The documentation.
    pub doc: &'static str,
}

/// The form of a setting's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettingKind {
    /// Text.
    Text,
    /// A whole number from 0.
    Count,
    /// A duration in seconds; infinity for no limit.
    Seconds,
    /// A bool.
    Flag,
    /// A bool, or any value that a language takes for one, as the official SDK does.
    Truth,
    /// The path of a file.
    Path,
    /// The paths of two PEM files: a certificate chain, and its private key.
    Certificate,
    /// The URL of a proxy, or `false` for none.
    Proxy,
    /// Names and values of headers.
    Headers,
    /// Two texts.
    Pair,
    /// A rule for further attempts.
    Retry,
    /// A Rust object: a service or a function.
    Object,
    /// A Python logger.
    Logger,
    /// A Python function that is given an attempt.
    Hook,
}

/// The languages that have a setting as an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Language {
    /// All of them.
    All,
    /// Rust only. A variable counts in the others, too.
    Rust,
    /// Python only.
    Python,
}

/// The flags of a setting, off unless its row names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingFlags {
    /// The builder's method is written by hand, or there is none.
    pub by_hand: bool,
    /// A field of the official configuration dataclasses.
    pub config: bool,
    /// A value that no error, log or `repr` may show.
    pub secret: bool,
    /// One of the ways to name the API's URL: their variables count when none of them is given.
    pub address: bool,
    /// No effect with `http_service`, which makes connections itself.
    pub connection: bool,
    /// An argument for wrappers around the SDK. In Python it is undocumented, and its name begins with an underscore.
    pub internal: bool,
}

impl SettingFlags {
    pub(super) const NONE: Self =
        Self { by_hand: false, config: false, secret: false, address: false, connection: false, internal: false };
}

impl Setting {
    /// The meaning of the setting for the client of an API.
    pub fn usage(&self, api: Api) -> Option<&'static Usage> {
        self.usages.iter().find(|usage| usage.apis.contains(&api))
    }

    /// The name of the Python keyword.
    pub fn keyword(&self) -> String {
        format!("{}{}", if self.flags.internal { "_" } else { "" }, self.name)
    }

    /// The environment variable that counts for the client of an API when the setting is not given.
    pub fn variable(&self, api: Api) -> Option<&'static str> {
        self.usage(api).and_then(|usage| usage.variable)
    }
}

/// A setting's value, in the form of its kind.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum SettingValue {
    /// The value of a [`SettingKind::Text`], or the URL of a [`SettingKind::Proxy`].
    Text(String),
    /// The value of a [`SettingKind::Count`].
    Count(u32),
    /// The value of a [`SettingKind::Seconds`].
    Seconds(f64),
    /// The value of a [`SettingKind::Flag`] or a [`SettingKind::Truth`], or the `false` of a [`SettingKind::Proxy`].
    Flag(bool),
    /// The value of a [`SettingKind::Path`].
    Path(PathBuf),
    /// The value of a [`SettingKind::Certificate`].
    Certificate(PathBuf, PathBuf),
    /// The value of a [`SettingKind::Headers`].
    Headers(Vec<(String, String)>),
    /// The value of a [`SettingKind::Pair`].
    Pair(String, String),
    /// The value of a [`SettingKind::Retry`].
    Retry(Retry),
}

impl std::fmt::Debug for SettingValue {
    /// Shows the form only: a value may be a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Count(_) => "Count",
            Self::Seconds(_) => "Seconds",
            Self::Flag(_) => "Flag",
            Self::Path(_) => "Path",
            Self::Certificate(..) => "Certificate",
            Self::Headers(_) => "Headers",
            Self::Pair(..) => "Pair",
            Self::Retry(_) => "Retry",
        })
    }
}

/// The value of the setting `proxy`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxySetting {
    /// No proxy, whatever the environment says.
    Off,
    /// The URL of a proxy.
    Url(String),
}

impl std::fmt::Debug for ProxySetting {
    /// Shows the form only: a URL may have a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "Off",
            Self::Url(_) => "Url",
        })
    }
}

/// A field of `Settings`.
pub(super) trait Slot {
    /// Takes a value, if it has the right form. Returns whether it has.
    fn put(&mut self, value: SettingValue) -> bool;
    /// Tells whether there is a value.
    fn is_given(&self) -> bool;
}

macro_rules! slots {
    ($($type:ty = $pattern:pat => $value:expr;)+) => {
        $(impl Slot for Option<$type> {
            fn put(&mut self, value: SettingValue) -> bool {
                if let $pattern = value {
                    *self = Some($value);
                    return true;
                }
                false
            }

            fn is_given(&self) -> bool {
                self.is_some()
            }
        })+
    };
}

slots! {
    String = SettingValue::Text(text) => text;
    u32 = SettingValue::Count(count) => count;
    f64 = SettingValue::Seconds(seconds) => seconds;
    bool = SettingValue::Flag(flag) => flag;
    PathBuf = SettingValue::Path(path) => path;
    (PathBuf, PathBuf) = SettingValue::Certificate(chain, key) => (chain, key);
    (String, String) = SettingValue::Pair(first, second) => (first, second);
    Retry = SettingValue::Retry(retry) => retry;
}

impl Slot for Option<ProxySetting> {
    fn put(&mut self, value: SettingValue) -> bool {
        *self = Some(match value {
            SettingValue::Text(url) => ProxySetting::Url(url),
            SettingValue::Flag(false) => ProxySetting::Off,
            _ => return false,
        });
        true
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl Slot for Vec<(String, String)> {
    fn put(&mut self, value: SettingValue) -> bool {
        let SettingValue::Headers(headers) = value else { return false };
        *self = headers;
        true
    }

    fn is_given(&self) -> bool {
        !self.is_empty()
    }
}

impl<T: ?Sized> Slot for Option<Arc<T>> {
    fn put(&mut self, _: SettingValue) -> bool {
        false
    }

    fn is_given(&self) -> bool {
        self.is_some()
    }
}
