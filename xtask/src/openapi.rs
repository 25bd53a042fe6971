//! An OpenAPI 3.1 document of each API: what goes over the wire, so operations that share method and path are one.

mod schema;

use crate::{model::Types, text};
use anyhow::{Context as _, Result, ensure};
use muxi_client::api::table::{Api, Auth, Composite, Constant, Endpoint, Kind, Param, Place, Reply};
use schema::Schemas;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The document of the API that the operations belong to.
pub(crate) fn document(endpoints: &[&'static Endpoint], types: &Types) -> Result<String> {
    let api = endpoints.first().context("no operations")?.api;
    let mut schemas = Schemas::new(types);
    let mut paths = Map::new();
    for group in groups(endpoints) {
        let operation = operation(&group, &mut schemas)?;
        let path = paths.entry(group[0].path).or_insert_with(|| json!({}));
        path[group[0].method.to_lowercase()] = operation;
    }
    let mut components = schemas.finish();
    let own = match api {
        Api::Formation => schema::formation(),
        Api::Server => schema::server(),
    };
    for (name, schema) in own {
        ensure!(components.insert(name.clone(), schema).is_none(), "a reply type must not be called {name}");
    }
    let (title, servers, security) = match api {
        Api::Formation => (
            "MUXI formation",
            json!([
                {"url": "http://localhost:7890/api/{formation_id}/v1", "description": "Through a MUXI server",
                    "variables": {"formation_id": {"default": "demo"}}},
                {"url": "http://localhost:7890/draft/{formation_id}/v1", "description": "A draft, through a MUXI server",
                    "variables": {"formation_id": {"default": "demo"}}},
                {"url": "http://localhost:8001/v1", "description": "Straight to the formation"},
            ]),
            json!({
                "ClientKey": {"type": "apiKey", "in": "header", "name": "X-Muxi-Client-Key"},
                "AdminKey": {"type": "apiKey", "in": "header", "name": "X-Muxi-Admin-Key"},
            }),
        ),
        Api::Server => (
            "MUXI server",
            json!([{"url": "http://localhost:7890"}]),
            json!({"Signature": {"type": "apiKey", "in": "header", "name": "Authorization", "description":
                "`MUXI-HMAC key=KEY, timestamp=SECONDS, signature=SIGNATURE`: the signature is the base64 HMAC-SHA256 of \
                 `SECONDS;METHOD;PATH` with the secret key; PATH is percent-decoded and without query."}}),
        ),
    };
    let document = json!({
        "openapi": "3.1.0",
        "info": {"title": title, "version": "v1", "description": "Made from the operation table of muxi-client."},
        "servers": servers,
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": security,
            "responses": {"Error": {
                "description": "The call failed.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            }},
        },
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// Operations by method and path, in table order. Those that the client makes out of another's reply are left out.
fn groups(endpoints: &[&'static Endpoint]) -> Vec<Vec<&'static Endpoint>> {
    let mut groups: Vec<Vec<&'static Endpoint>> = Vec::new();
    for endpoint in endpoints.iter().filter(|endpoint| endpoint.flags.composite != Some(Composite::PickSecret)) {
        let same = |group: &&mut Vec<&'static Endpoint>| {
            group.first().is_some_and(|first| (first.method, first.path) == (endpoint.method, endpoint.path))
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(endpoint),
            None => groups.push(vec![endpoint]),
        }
    }
    groups
}

fn operation(group: &[&'static Endpoint], schemas: &mut Schemas<'_>) -> Result<Value> {
    let first = group.first().context("an empty group")?;
    let mut out = Map::new();
    let (summary, rest) = text::summary(first.doc);
    out.insert("operationId".to_owned(), first.name.into());
    out.insert("summary".to_owned(), summary.trim_end_matches('.').into());
    let mut description = rest;
    for other in group.iter().skip(1) {
        description.push(format!("`{}`: {}", other.name, text::paragraphs(other.doc).join(" ")));
    }
    if !description.is_empty() {
        out.insert("description".to_owned(), description.join("\n\n").into());
    }
    if group.len() > 1 {
        out.insert("x-muxi-operations".to_owned(), group.iter().map(|row| row.name).collect());
    }
    out.insert("security".to_owned(), security(first.auth));
    let parameters = parameters(group)?;
    if !parameters.is_empty() {
        out.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(body) = request_body(group)? {
        out.insert("requestBody".to_owned(), body);
    }
    out.insert("responses".to_owned(), responses(group, schemas)?);
    Ok(Value::Object(out))
}

fn security(auth: Auth) -> Value {
    match auth {
        Auth::None => json!([]),
        Auth::Client => json!([{"ClientKey": []}]),
        Auth::Admin => json!([{"AdminKey": []}]),
        Auth::ClientOrAdmin => json!([{"ClientKey": []}, {"AdminKey": []}]),
        Auth::Hmac => json!([{"Signature": []}]),
    }
}

/// The parameters of all operations of a group: one is required when every operation requires it.
fn parameters(group: &[&'static Endpoint]) -> Result<Vec<Value>> {
    let mut found: Vec<(Value, usize)> = Vec::new();
    for endpoint in group {
        let mut own: Vec<(Value, bool)> =
            endpoint.params.iter().filter_map(|param| parameter(endpoint, param)).collect();
        for Constant { wire, json, .. } in endpoint.constants.iter().filter(|part| part.place == Place::Query) {
            own.push((json!({"name": wire, "in": "query", "schema": {"const": json}}), true));
        }
        for (value, required) in own {
            let same = |old: &&mut (Value, usize)| old.0["in"] == value["in"] && old.0["name"] == value["name"];
            match found.iter_mut().find(same) {
                Some(old) => old.1 += usize::from(required),
                None => found.push((value, usize::from(required))),
            }
        }
    }
    for (value, times) in &mut found {
        if *times == group.len() {
            value["required"] = true.into();
        }
    }
    Ok(found.into_iter().map(|(value, _)| value).collect())
}

/// A parameter and whether the wire requires it; none for what goes elsewhere.
fn parameter(endpoint: &Endpoint, param: &Param) -> Option<(Value, bool)> {
    let place = match param.place {
        Place::Path => "path",
        Place::Query | Place::Filters => "query",
        Place::Header | Place::User | Place::AnyUser => "header",
        _ => return None,
    };
    // A bundle's id is optional for the caller only: the client reads it from the bundle.
    let from_bundle = param.name == "formation_id" && endpoint.params.iter().any(|param| param.kind == Kind::Bundle);
    let required = place == "path" || from_bundle || (param.required && param.place != Place::AnyUser);
    let mut value = json!({
        "name": param.wire,
        "in": place,
        "description": text::paragraphs(param.doc).join(" "),
        "schema": schema::argument(param),
    });
    if param.place == Place::Filters {
        value["style"] = "form".into();
        value["explode"] = true.into();
    }
    Some((value, required))
}

fn request_body(group: &[&'static Endpoint]) -> Result<Option<Value>> {
    let mut content: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut required = true;
    for endpoint in group {
        match body(endpoint)? {
            Some((kind, schema, needed)) => {
                let schemas = content.entry(kind).or_default();
                if !schemas.contains(&schema) {
                    schemas.push(schema);
                }
                required &= needed;
            }
            None => required = false,
        }
    }
    if content.is_empty() {
        return Ok(None);
    }
    let content: Map<String, Value> =
        content.into_iter().map(|(kind, schemas)| (kind.to_owned(), json!({"schema": any_of(schemas)}))).collect();
    Ok(Some(json!({"required": required, "content": content})))
}

/// An operation's body: its media type, its schema and whether it must be there.
fn body(endpoint: &Endpoint) -> Result<Option<(&'static str, Value, bool)>> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut open = false;
    for param in endpoint.params {
        let name = match param.place {
            Place::Raw => return Ok(Some(("application/json", json!({}), true))),
            Place::Bundle => return Ok(Some(("application/gzip", json!({}), true))),
            Place::Payload | Place::Turn => {
                open = true;
                if param.place == Place::Turn {
                    properties.extend(schema::turn());
                }
                continue;
            }
            Place::Trigger => "data",
            Place::Body => param.wire,
            _ => continue,
        };
        let mut schema = schema::argument(param);
        schema["description"] = text::paragraphs(param.doc).join(" ").into();
        properties.insert(name.to_owned(), schema);
        if param.required && !schema::is_nullable(param) {
            required.push(name);
        }
    }
    for Constant { wire, json, .. } in endpoint.constants.iter().filter(|part| part.place == Place::Body) {
        let value: Value = serde_json::from_str(json).with_context(|| format!("the constant {wire}"))?;
        properties.insert((*wire).to_owned(), json!({"const": value}));
        required.push(wire);
    }
    if properties.is_empty() && !open {
        return Ok(None);
    }
    let needed = open || !required.is_empty();
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    Ok(Some(("application/json", schema, needed)))
}

fn responses(group: &[&'static Endpoint], schemas: &mut Schemas<'_>) -> Result<Value> {
    let mut content: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for endpoint in group {
        let (kind, schema) = match endpoint.reply {
            Reply::Events(_) => ("text/event-stream", json!({"type": "string"})),
            Reply::Text => ("text/plain", json!({"type": "string"})),
            Reply::Bytes => ("application/octet-stream", json!({})),
            Reply::Json => {
                let data = schemas.reference(endpoint.reply_type)?;
                let envelope = json!({"allOf": [
                    {"$ref": "#/components/schemas/Envelope"},
                    {"type": "object", "properties": {"data": data.clone()}},
                ]});
                ("application/json", if endpoint.flags.bare || endpoint.flags.whole { data } else { envelope })
            }
        };
        let schemas = content.entry(kind).or_default();
        if !schemas.contains(&schema) {
            schemas.push(schema);
        }
    }
    let content: Map<String, Value> =
        content.into_iter().map(|(kind, schemas)| (kind.to_owned(), json!({"schema": any_of(schemas)}))).collect();
    Ok(json!({
        "2XX": {"description": "The call succeeded.", "content": content},
        "default": {"$ref": "#/components/responses/Error"},
    }))
}

fn any_of(mut schemas: Vec<Value>) -> Value {
    if schemas.len() == 1 { schemas.remove(0) } else { json!({"anyOf": schemas}) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use muxi_client::api::table::{formation, server};
    use std::{collections::BTreeSet, path::Path};

    /// Calls `visit` with every object inside a value.
    fn objects(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
        match value {
            Value::Object(map) => {
                visit(map);
                map.values().for_each(|value| objects(value, visit));
            }
            Value::Array(list) => list.iter().for_each(|value| objects(value, visit)),
            _ => {}
        }
    }

    #[test]
    fn every_operation_and_reference_is_there() -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(crate::REPLIES);
        let types = Types::read(&[&folder])?;
        for endpoints in [formation::ENDPOINTS, server::ENDPOINTS] {
            let document: Value = serde_json::from_str(&super::document(endpoints, &types)?)?;
            let mut names = BTreeSet::new();
            objects(&document, &mut |map| {
                names.extend(map.get("operationId").and_then(Value::as_str).map(str::to_owned));
                let all = map.get("x-muxi-operations").and_then(Value::as_array);
                names.extend(all.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
                if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                    assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target} is not there");
                }
            });
            for endpoint in endpoints.iter().filter(|endpoint| endpoint.flags.composite != Some(Composite::PickSecret))
            {
                assert!(names.contains(endpoint.name), "{} is missing", endpoint.name);
                let item = &document["paths"][endpoint.path][endpoint.method.to_lowercase()];
                for param in endpoint.params.iter().filter(|param| param.place == Place::Path) {
                    assert!(endpoint.path.contains(&format!("{{{}}}", param.name)), "{}", endpoint.name);
                    let found =
                        item["parameters"].as_array().into_iter().flatten().any(|have| have["name"] == param.name);
                    assert!(found, "{} does not declare {}", endpoint.name, param.name);
                }
            }
        }
        Ok(())
    }
}
