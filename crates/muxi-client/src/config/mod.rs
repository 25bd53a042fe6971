//! A client's settings: arguments first, then the environment.

mod api_kind;
mod attempt;
mod builder;
mod check;
mod checked;
mod environment;
mod macros;
mod setting;
mod table;
mod url;
mod value;

pub(crate) use check::needed;

pub use api_kind::{ApiKind, Formation, Server};
pub use attempt::{Attempt, OnAttempt, OnUpdate};
pub use setting::{Language, Setting, SettingFlags, SettingKind, SettingValue, Usage};
pub use table::{Builder, Config, Settings, rows};
pub use value::{header_name, seconds};
