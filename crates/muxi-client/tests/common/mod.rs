//! Arguments for any row of the table, and what a request must say of them.
#![allow(dead_code, unreachable_pub, clippy::expect_used, clippy::panic)]

use muxi_client::{
    Bundle,
    api::{
        arg::Arg,
        args::Args,
        bundle::BundleSource,
        table,
        table::{Api, Composite, Endpoint, Flags, Kind, Param, Place},
    },
};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, io, sync::Arc};

/// A text that breaks a client that encodes too little, too much or twice.
pub const NASTY: &str = "a/b?c#d%41 é\u{2028}\"&=+;";
/// The same for a header, which carries ASCII only.
pub const NASTY_HEADER: &str = "a/b?c#d%41 \"&=+;,\\";

/// Every row of both tables.
pub fn rows() -> impl Iterator<Item = &'static Endpoint> {
    [Api::Server, Api::Formation].into_iter().flat_map(|api| table::all(api).iter().copied())
}

/// Argument values by name, as JSON; a bundle is its id, bytes are text.
pub type Given = BTreeMap<&'static str, Value>;

/// Sets of arguments to try: all; the required ones; and, where only one may be given, each by itself.
pub fn variants(row: &'static Endpoint) -> Vec<Given> {
    let all = |keep: &dyn Fn(&Param) -> bool| -> Given {
        row.params.iter().filter(|p| p.required || keep(p)).map(|p| (p.name, value(row, p))).collect()
    };
    let optional: Vec<_> = row.params.iter().filter(|p| !p.required).collect();
    let each = || optional.iter().map(|one| all(&|p| p.name == one.name));
    match row.flags {
        Flags { one_of: true, .. } => each().collect(),
        Flags { any_of: true, .. } => each().chain([all(&|_| true)]).collect(),
        _ if optional.is_empty() => vec![all(&|_| true)],
        _ => vec![all(&|_| true), all(&|_| false)],
    }
}

fn value(row: &Endpoint, param: &Param) -> Value {
    let text = format!("{NASTY}{}", param.name);
    match (param.kind, param.place) {
        // The version in a bundle must agree with the header.
        (Kind::Str, Place::Header) if row.params.iter().any(|p| p.kind == Kind::Bundle) => {
            if param.name == "version" {
                "2.1.0".into()
            } else {
                "demo-app".into()
            }
        }
        (Kind::Str, Place::Header | Place::User | Place::AnyUser) => format!("{NASTY_HEADER}{}", param.name).into(),
        (Kind::Str, _) => text.into(),
        (Kind::Int, _) => 17.into(),
        (Kind::Bool, _) => true.into(),
        (Kind::Bundle, _) => "demo-app".into(),
        (Kind::Bytes, _) => format!("{{\"raw\": \"{NASTY_HEADER}\"}}").into(),
        (Kind::Object, Place::Filters) => json!({ NASTY: text, "n": "1" }),
        (Kind::Object | Kind::Json, _) => json!({ NASTY: [text, null, true, 1.5], "deep": { "": {} } }),
        (Kind::List, _) if param.rust_type == "[String]" => json!([text, ""]),
        (Kind::List, _) => json!([{ NASTY: text }, [NASTY], 7]),
    }
}

/// The arguments as the client takes them.
pub fn args(row: &'static Endpoint, given: &Given) -> Args {
    let mut args = Args::new(row);
    for (at, param) in row.params.iter().enumerate() {
        args.set_at(at, given.get(param.name).map(|value| arg(param, value)));
    }
    args
}

fn arg(param: &Param, value: &Value) -> Arg {
    let text = || value.as_str().unwrap_or_else(|| panic!("{}: {value}", param.name)).to_owned();
    match param.kind {
        Kind::Str => Arg::Str(text()),
        Kind::Int => Arg::Int(value.as_i64().expect("a number")),
        Kind::Bool => Arg::Bool(value.as_bool().expect("a bool")),
        Kind::Bytes => Arg::Bytes(text().into()),
        Kind::Bundle => Arg::Bundle(Bundle { id: text(), version: "2.1.0".to_owned(), source: Arc::new(Archive) }),
        Kind::Json | Kind::Object | Kind::List => Arg::Json(value.to_string().into_bytes()),
    }
}

/// The text in place of a bundle's bytes.
pub const ARCHIVE: &str = "an archive";

#[derive(Debug)]
struct Archive;

impl BundleSource for Archive {
    fn open(&self) -> io::Result<Box<dyn io::Read + Send>> {
        Ok(Box::new(ARCHIVE.as_bytes()))
    }
    fn size(&self) -> u64 {
        ARCHIVE.len() as u64
    }
}

/// A request as the other side reads it.
#[derive(Debug)]
pub struct Seen<'a> {
    pub method: &'a str,
    pub target: &'a str,
    pub headers: BTreeMap<String, String>,
    pub body: &'a str,
}

/// Checks that the arguments can be read back from the request, and that it says nothing else.
pub fn check_request(row: &Endpoint, given: &Given, seen: &Seen<'_>) {
    let row = really_sent(row, given);
    let name = row.name;
    assert_eq!(seen.method, row.method, "{name}");
    let (path, query) = seen.target.split_once('?').unwrap_or((seen.target, ""));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~%/".contains(c);
    assert!(path.chars().all(plain), "{name}: {path}");
    let mut left = given.clone();
    read_path(row, path, &mut left);
    read_query(row, query, &mut left);
    read_headers(row, &seen.headers, &mut left);
    read_body(row, seen.body, &mut left);
    left.retain(|name, _| row.param(name).is_some_and(|p| p.place != Place::Local));
    assert!(left.is_empty(), "{name}: not in the request: {left:?}");
}

/// The operation that a rule sends instead of another one.
pub fn really_sent(row: &Endpoint, given: &Given) -> &'static Endpoint {
    let name = if row.flags.composite == Some(Composite::LookupUser) && !given.contains_key("create_user") {
        "lookup_user"
    } else {
        row.name
    };
    rows().find(|r| r.api == row.api && r.name == name).expect("a row")
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}

fn read_path(row: &Endpoint, path: &str, left: &mut Given) {
    let (template, got): (Vec<_>, Vec<_>) = (row.path.split('/').collect(), path.split('/').collect());
    assert_eq!(template.len(), got.len(), "{}: {path}", row.name);
    for (want, got) in template.iter().zip(got) {
        match want.strip_prefix('{').and_then(|w| w.strip_suffix('}')) {
            // A formation id that is not given is the bundle's.
            Some(param) => {
                let want = left.remove(param).unwrap_or("demo-app".into());
                assert_eq!(decoded(got), want, "{}", row.name);
            }
            None => assert_eq!(got, *want, "{}", row.name),
        }
    }
}

fn read_query(row: &Endpoint, query: &str, left: &mut Given) {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').expect("a pair"))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect();
    let mut take = |wire: &str, want: &Value| {
        let text = want.as_str().map_or_else(|| want.to_string(), str::to_owned);
        let at = pairs.iter().position(|(key, value)| key == wire && *value == text);
        pairs.remove(at.unwrap_or_else(|| panic!("{}: {wire}={want} is not in {query}", row.name)));
    };
    for param in row.params {
        match (param.place, left.get(param.name).cloned()) {
            (Place::Query, Some(want)) => take(param.wire, &want),
            (Place::Filters, Some(Value::Object(filters))) => filters.iter().for_each(|(key, want)| take(key, want)),
            _ => continue,
        }
        left.remove(param.name);
    }
    for constant in row.constants.iter().filter(|c| c.place == Place::Query) {
        take(constant.wire, &constant.json.into());
    }
    assert!(pairs.is_empty(), "{}: the query says more: {pairs:?}", row.name);
}

fn read_headers(row: &Endpoint, headers: &BTreeMap<String, String>, left: &mut Given) {
    for param in row.params {
        let wire = match param.place {
            Place::User | Place::AnyUser => "x-muxi-user-id".to_owned(),
            Place::Header => param.wire.to_lowercase(),
            _ => continue,
        };
        let got = headers.get(&wire).map(String::as_str);
        let own = match param.name {
            "formation_id" => Some("demo-app"),
            "version" => Some("2.1.0"),
            _ => None,
        };
        let want = left.remove(param.name);
        assert_eq!(got, want.as_ref().map_or(own, Value::as_str), "{}: {wire}", row.name);
    }
}

fn read_body(row: &Endpoint, body: &str, left: &mut Given) {
    let mut want = Map::new();
    let mut is_turn = false;
    for param in row.params {
        let given = if matches!(
            param.place,
            Place::Raw | Place::Bundle | Place::Payload | Place::Turn | Place::Trigger | Place::Body
        ) {
            left.remove(param.name)
        } else {
            continue;
        };
        match (param.place, given) {
            (Place::Raw, Some(raw)) => return assert_eq!(raw, body, "{}", row.name),
            (Place::Bundle, Some(_)) => return assert_eq!(body, ARCHIVE, "{}", row.name),
            (Place::Payload | Place::Turn, Some(Value::Object(all))) => {
                want.extend(all);
                is_turn = param.place == Place::Turn;
            }
            (Place::Trigger, Some(data)) => drop(want.insert("data".to_owned(), data)),
            (_, given) => {
                let default = param.default.map(|text| serde_json::from_str(text).expect("JSON"));
                if let Some(value) = given.or(default) {
                    want.insert(param.wire.to_owned(), value);
                }
            }
        }
    }
    for constant in row.constants.iter().filter(|c| c.place == Place::Body) {
        want.insert(constant.wire.to_owned(), serde_json::from_str(constant.json).expect("JSON"));
    }
    let has_body =
        row.params.iter().any(|p| matches!(p.place, Place::Body | Place::Payload | Place::Turn | Place::Trigger))
            || row.constants.iter().any(|c| c.place == Place::Body);
    if !has_body {
        return assert_eq!(body, "", "{}", row.name);
    }
    let mut got: Map<String, Value> =
        serde_json::from_str(body).unwrap_or_else(|e| panic!("{}: {e}: {body}", row.name));
    for id in ["session_id", "request_id"].into_iter().filter(|_| is_turn) {
        assert!(got.remove(id).is_some_and(|id| id.is_string()), "{}: {id}", row.name);
    }
    assert_eq!(Value::Object(got), Value::Object(want), "{}", row.name);
}
