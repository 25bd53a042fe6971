//! The arguments of one call, and the request that they make.

use super::{
    arg::{Arg, IntoArg, json, json_text, plain_text},
    error::{Error, Result},
    ids::TurnIds,
    request::{Body, ENCODED, Query, Request, USER_HEADER, header_value},
    table::{self, Composite, Endpoint, Kind, Operation, Param, Place},
};
use http::{HeaderName, HeaderValue, Method};
use percent_encoding::utf8_percent_encode;
use serde_json::value::RawValue;
use std::{borrow::Cow, collections::BTreeMap, fmt, sync::Arc};
use uuid::Uuid;

/// The arguments of one call.
#[derive(Clone)]
pub struct Args {
    endpoint: &'static Endpoint,
    values: Vec<Option<Arg>>,
}

impl fmt::Debug for Args {
    /// Shows which arguments are given, and not what they hold: a value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.endpoint.name)?;
        f.debug_set().entries(self.given().map(|(param, _)| param.name)).finish()
    }
}

impl Args {
    /// No arguments yet.
    pub fn new(endpoint: &'static Endpoint) -> Self {
        Self { endpoint, values: vec![None; endpoint.params.len()] }
    }

    /// The operation.
    pub fn endpoint(&self) -> &'static Endpoint {
        self.endpoint
    }

    /// Sets an argument by name. An unknown name is ignored: names come from the table.
    pub fn set(&mut self, name: &str, value: impl IntoArg) {
        if let Some(at) = self.endpoint.params.iter().position(|p| p.name == name) {
            self.values[at] = value.into_arg();
        }
    }

    /// Sets the argument at that position of the table's row.
    pub fn set_at(&mut self, at: usize, value: Option<Arg>) {
        if let Some(slot) = self.values.get_mut(at) {
            *slot = value;
        }
    }

    fn get(&self, name: &str) -> Option<&Arg> {
        let at = self.endpoint.params.iter().position(|p| p.name == name)?;
        self.values[at].as_ref()
    }

    fn given(&self) -> impl Iterator<Item = (&'static Param, &Arg)> {
        self.endpoint.params.iter().zip(&self.values).filter_map(|(p, v)| Some((p, v.as_ref()?)))
    }

    /// The request for these arguments.
    pub fn build(mut self) -> Result<Request> {
        let endpoint = self.endpoint;
        let composite = endpoint.flags.composite;
        if composite == Some(Composite::LookupUser) && !matches!(self.get("create_user"), Some(Arg::Bool(true))) {
            return self.moved_to(table::formation::ops::lookup_user::ENDPOINT).build();
        }
        self.fill_in()?;
        let on_not_found = match composite {
            Some(Composite::Upsert) => {
                Some(Box::new(self.clone().moved_to(table::formation::ops::create_secret::ENDPOINT).build()?))
            }
            _ => None,
        };
        let picks = match (composite, self.get("key")) {
            (Some(Composite::PickSecret), Some(Arg::Str(key))) => Some(key.clone()),
            _ => None,
        };
        let (path, signed_path) = self.path()?;
        let query = self.query()?;
        let (body, turn) = self.body()?;
        Ok(Request {
            endpoint: Some(endpoint),
            method: Method::from_bytes(endpoint.method.as_bytes()).unwrap_or_default(),
            target: format!("{path}{}", query.0),
            signed_path,
            headers: self.headers()?,
            body,
            turn,
            on_not_found,
            picks,
            idempotency_key: None,
        })
    }

    /// The same arguments, as far as the other operation has them.
    fn moved_to(self, other: &'static Endpoint) -> Self {
        let mut args = Self::new(other);
        for (param, value) in self.given() {
            if let Some(at) = other.params.iter().position(|p| p.name == param.name) {
                args.values[at] = Some(value.clone());
            }
        }
        args
    }

    /// Checks what must be there, and adds defaults and what a bundle says of itself.
    fn fill_in(&mut self) -> Result<()> {
        let optional = || self.endpoint.params.iter().zip(&self.values).filter(|(p, _)| !p.required);
        let given = optional().filter(|(_, v)| v.is_some()).count();
        let names = || optional().map(|(p, _)| p.name).collect::<Vec<_>>().join(", ");
        if self.endpoint.flags.one_of && given != 1 {
            return Err(self.wrong(&format!("give exactly one of {}", names())));
        }
        if self.endpoint.flags.any_of && given == 0 {
            return Err(self.wrong(&format!("give at least one of {}", names())));
        }
        for (param, value) in self.given() {
            if let Arg::Invalid(why) = value {
                return Err(self.wrong(&format!("{}: {why}", param.name)));
            }
        }
        let bundle = self.values.iter().flatten().find_map(|v| match v {
            Arg::Bundle(bundle) => Some(bundle.clone()),
            _ => None,
        });
        for (param, value) in self.endpoint.params.iter().zip(&mut self.values) {
            if let Some(given) = value {
                if let (Some(bundle), Place::Header) = (&bundle, param.place) {
                    agrees(param, given, if param.name == "version" { &bundle.version } else { &bundle.id })?;
                }
                continue;
            }
            *value = match (&bundle, param.name) {
                (Some(bundle), "formation_id") => Some(Arg::Str(bundle.id.clone())),
                (Some(bundle), "version") => Some(Arg::Str(bundle.version.clone())),
                _ => param.default.map(|text| match (param.kind, text) {
                    (Kind::Bool, text) => Arg::Bool(text == "true"),
                    (_, text) => Arg::Str(text.to_owned()),
                }),
            };
            if value.is_none() && param.required && !param.nullable {
                return Err(Error::invalid(format!("{}: {} is required", self.endpoint.name, param.name)));
            }
        }
        Ok(())
    }

    fn path(&self) -> Result<(String, String)> {
        let (mut encoded, mut decoded) = (String::new(), String::new());
        for segment in self.endpoint.path.split('/').skip(1) {
            encoded.push('/');
            decoded.push('/');
            let Some(name) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) else {
                encoded.push_str(segment);
                decoded.push_str(segment);
                continue;
            };
            let value = match self.get(name) {
                Some(value) => plain_text(value),
                None => return Err(self.wrong(&format!("{name} is required"))),
            };
            if matches!(&*value, "" | "." | "..") {
                return Err(self.wrong(&format!("{name} must be an identifier, got {value:?}")));
            }
            encoded.extend(utf8_percent_encode(&value, ENCODED));
            decoded.push_str(&value);
        }
        Ok((encoded, decoded))
    }

    fn query(&self) -> Result<Query> {
        let mut query = Query::default();
        for (param, value) in self.given() {
            match (param.place, value) {
                (Place::Query, value) => query.push(param.wire, &plain_text(value)),
                (Place::Filters, Arg::Json(json)) => {
                    for (key, value) in self.object(param, json)? {
                        match value.get() {
                            "null" => {}
                            text if text.starts_with(['{', '[']) => {
                                return Err(
                                    self.wrong(&format!("{}[{key:?}] must be text, a number or a bool", param.name))
                                );
                            }
                            text => query.push(&key, &serde_json::from_str::<String>(text).unwrap_or(text.to_owned())),
                        }
                    }
                }
                _ => {}
            }
        }
        for constant in self.endpoint.constants.iter().filter(|c| c.place == Place::Query) {
            query.push(constant.wire, constant.json);
        }
        Ok(query)
    }

    fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>> {
        let mut headers = Vec::new();
        for (param, value) in self.given() {
            let name = match param.place {
                Place::User | Place::AnyUser => USER_HEADER,
                Place::Header => HeaderName::from_bytes(param.wire.as_bytes())
                    .map_err(|_| self.wrong(&format!("{} is no header name", param.wire)))?,
                _ => continue,
            };
            let text = plain_text(value);
            match (param.place, text.is_empty()) {
                (Place::AnyUser, true) => continue,
                (Place::User, true) => return Err(self.wrong(&format!("{} must name a user, got \"\"", param.name))),
                _ => {}
            }
            headers.push((name, header_value(param.name, &text)?));
        }
        Ok(headers)
    }

    fn body(&self) -> Result<(Body, Option<Arc<TurnIds>>)> {
        let mut fields: BTreeMap<Cow<'_, str>, Cow<'_, str>> = BTreeMap::new();
        let mut has_body = false;
        let mut is_turn = false;
        for (param, value) in self.endpoint.params.iter().zip(&self.values) {
            match (param.place, value) {
                (Place::Bundle, Some(Arg::Bundle(bundle))) => return Ok((Body::Bundle(bundle.source.clone()), None)),
                (Place::Raw, Some(Arg::Bytes(bytes))) => return Ok((Body::Json(bytes.clone()), None)),
                (Place::Payload | Place::Turn, Some(Arg::Json(json))) => {
                    has_body = true;
                    is_turn = param.place == Place::Turn;
                    fields.extend(self.object(param, json)?.into_iter().map(|(k, v)| (k, v.get().into())));
                }
                (Place::Trigger, Some(Arg::Json(json))) => {
                    has_body = true;
                    let whole = self.object(param, json)?;
                    if is_trigger_body(&whole) {
                        fields.extend(whole.into_iter().map(|(k, v)| (k, v.get().into())));
                    } else {
                        fields.insert("data".into(), String::from_utf8_lossy(json));
                    }
                }
                (Place::Body, value) => {
                    has_body = true;
                    if let Some(value) = value {
                        fields.entry(param.wire.into()).or_insert(json_text(value)?.into());
                    }
                }
                _ => {}
            }
        }
        for constant in self.endpoint.constants.iter().filter(|c| c.place == Place::Body) {
            has_body = true;
            fields.insert(constant.wire.into(), constant.json.into());
        }
        if !has_body {
            return Ok((Body::Empty, None));
        }
        let turn = is_turn.then(|| {
            Arc::new(TurnIds {
                session_id: id_in(&mut fields, "session_id", "sess_"),
                request_id: id_in(&mut fields, "request_id", "req_"),
            })
        });
        let mut body = String::from("{");
        for (key, value) in &fields {
            let comma = if body.len() > 1 { "," } else { "" };
            body.push_str(comma);
            body.push_str(&String::from_utf8_lossy(&json(key)));
            body.push(':');
            body.push_str(value);
        }
        body.push('}');
        Ok((Body::Json(body.into_bytes().into()), turn))
    }

    fn object<'a>(&self, param: &Param, json: &'a [u8]) -> Result<BTreeMap<Cow<'a, str>, &'a RawValue>> {
        serde_json::from_slice(json).map_err(|_| self.wrong(&format!("{} must be an object", param.name)))
    }

    fn wrong(&self, what: &str) -> Error {
        Error::invalid(format!("{}: {what}", self.endpoint.name))
    }
}

/// The server refuses a bundle that says otherwise than the header.
fn agrees(param: &Param, given: &Arg, own: &str) -> Result<()> {
    match plain_text(given) {
        given if given == own => Ok(()),
        given => Err(Error::invalid(format!(
            "{} is {given:?}, but the bundle says {own:?}: leave it out, or change the bundle's formation file",
            param.name
        ))),
    }
}

/// A new id in the form of the runtime's own.
fn new_id(prefix: &str) -> String {
    const LENGTH: usize = 21;
    format!("{prefix}{}", &Uuid::new_v4().simple().to_string()[..LENGTH])
}

/// The id of that name in the body; made when there is none.
fn id_in(fields: &mut BTreeMap<Cow<'_, str>, Cow<'_, str>>, key: &'static str, prefix: &str) -> String {
    match fields.get(key).map(|text| &**text) {
        // Anything but text goes out as the caller gave it, for the runtime to judge.
        Some(text) if !matches!(text, "null" | "\"\"") => serde_json::from_str(text).unwrap_or(text.to_owned()),
        _ => {
            let id = new_id(prefix);
            fields.insert(key.into(), format!("\"{id}\"").into());
            id
        }
    }
}

/// True if a trigger's data already is a whole body.
fn is_trigger_body(object: &BTreeMap<Cow<'_, str>, &RawValue>) -> bool {
    object.get("data").is_some_and(|data| data.get().starts_with('{'))
        && object.keys().all(|key| matches!(&**key, "data" | "session_id" | "use_async"))
}
