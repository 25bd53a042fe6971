//! A client's settings: arguments first, then the environment.

mod api_kind;
mod attempt;
mod builder;
mod check;
mod checked;
mod environment;
mod macros;
mod network;
mod options;
mod setting;
mod table;
mod url;
mod value;

pub(crate) use {
    check::needed,
    network::Network,
    url::{BaseUrl, has_valid_port, redacted},
    value::add_headers,
};

pub use api_kind::{ApiKind, Formation, Server};
pub use attempt::{Attempt, OnAttempt, OnUpdate};
pub use options::CallOptions;
pub use setting::{Language, ProxySetting, Setting, SettingFlags, SettingKind, SettingValue, Usage};
pub use table::{Builder, Config, Settings, rows};
pub use value::seconds;
