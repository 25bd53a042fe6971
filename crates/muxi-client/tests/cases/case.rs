//! The form of a case. `contract/cases/README.md` explains the fields.

use muxi_client::{
    api::table::Api,
    config::{Setting, SettingKind, SettingValue, Settings},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    pub name: String,
    #[serde(deserialize_with = "api")]
    pub api: Api,
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default)]
    pub earlier: Vec<CallSpec>,
    pub call: CallSpec,
    #[serde(default)]
    pub replies: Vec<scripted::Reply>,
    pub expect: Expect,
    #[serde(default)]
    not: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallSpec {
    pub operation: String,
    #[serde(default)]
    pub args: Map<String, Value>,
    pub timeout: Option<f64>,
    pub deadline: Option<f64>,
    pub max_retries: Option<u32>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    pub idempotency_key: Option<String>,
    pub take: Option<usize>,
    pub relay: Option<String>,
    #[serde(default)]
    pub pause_ms: u64,
    #[serde(default)]
    pub closed: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    pub requests: Option<Vec<ExpectedRequest>>,
    pub same: Vec<String>,
    pub differs: Vec<String>,
    pub result: Option<Value>,
    pub absent: Vec<String>,
    pub metadata: Map<String, Value>,
    pub events: Option<Vec<(String, String)>>,
    pub count: Option<usize>,
    pub last: Option<(String, String)>,
    pub contains: Vec<String>,
    pub relayed: Option<String>,
    pub error: Option<ExpectedError>,
    pub seconds: Range,
    pub connections: Option<usize>,
    pub closed: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedRequest {
    pub method: Option<String>,
    pub target: Option<String>,
    pub headers: BTreeMap<String, Option<String>>,
    pub json: Option<Value>,
    pub body: Option<String>,
    pub size: Option<usize>,
    pub signed: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedError {
    pub kind: String,
    pub code: Option<String>,
    pub status: Option<u16>,
    pub message: Vec<String>,
    pub without: Vec<String>,
    pub retry_after: Option<f64>,
    pub request_id: Option<String>,
    pub session_id: Option<String>,
    pub attempts: Option<u32>,
    pub text: Option<String>,
    pub details: Option<Value>,
    pub body: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Range {
    pub min: Option<f64>,
}

/// The secret that signatures are checked with.
pub const SECRET: &str = "sk_case";

impl Case {
    /// True if the case gives a reason why that face cannot run it.
    pub fn excludes(&self, face: &str) -> bool {
        self.not.iter().any(|(name, why)| {
            assert!(!why.is_empty(), "{}: say why not {name}", self.name);
            face == name || face.split('-').next() == Some(name)
        })
    }

    /// The usual settings with the case's own over them; one that is null is not given.
    pub fn settings(&self, url: &str) -> Settings {
        let usual = match self.api {
            Api::Formation => json!({ "url": "{url}", "client_key": "fmc_case", "admin_key": "fma_case" }),
            Api::Server => json!({ "url": "{url}", "key_id": "MUXI_case", "secret_key": SECRET }),
        };
        let mut all = usual.as_object().expect("an object").clone();
        all.extend(self.settings.clone());
        let mut settings = Settings::default();
        for (name, value) in all.iter().filter(|(_, value)| !value.is_null()) {
            let row = Setting::all().find(|row| row.name == name && row.usage(self.api).is_some());
            let row = row.unwrap_or_else(|| panic!("{}: there is no setting {name}", self.name));
            settings.set(row, setting(row, value, url)).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        }
        settings
    }
}

/// A setting's value; `{url}` in it stands for `url`.
fn setting(row: &Setting, value: &Value, url: &str) -> SettingValue {
    let text = |value: &Value| value.as_str().expect("text").replace("{url}", url);
    match row.kind {
        SettingKind::Text => SettingValue::Text(text(value)),
        SettingKind::Count => SettingValue::Count(value.as_u64().and_then(|n| n.try_into().ok()).expect("a count")),
        SettingKind::Seconds => SettingValue::Seconds(value.as_f64().expect("a number")),
        SettingKind::Flag | SettingKind::Truth => SettingValue::Flag(value.as_bool().expect("a bool")),
        SettingKind::Proxy => value.as_bool().map_or_else(|| SettingValue::Text(text(value)), SettingValue::Flag),
        SettingKind::Path => SettingValue::Path(text(value).into()),
        SettingKind::Headers => {
            let headers = value.as_object().expect("an object").iter();
            SettingValue::Headers(headers.map(|(name, value)| (name.clone(), text(value))).collect())
        }
        kind => panic!("{}: a case cannot say a {kind:?}", row.name),
    }
}

fn api<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Api, D::Error> {
    match &*String::deserialize(from)? {
        "server" => Ok(Api::Server),
        "formation" => Ok(Api::Formation),
        other => Err(serde::de::Error::unknown_variant(other, &["server", "formation"])),
    }
}
