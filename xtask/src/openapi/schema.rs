//! JSON Schemas of arguments and replies.

use crate::model::{Def, Shape, Types};
use anyhow::{Context as _, Result};
use muxi_client::api::table::{Kind, Param};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The schemas of the reply types that a document uses.
pub(super) struct Schemas<'a> {
    types: &'a Types,
    used: BTreeMap<String, Value>,
}

impl<'a> Schemas<'a> {
    pub(super) fn new(types: &'a Types) -> Self {
        Self { types, used: BTreeMap::new() }
    }

    /// A reference to a declared type, which becomes part of the document.
    pub(super) fn reference(&mut self, name: &str) -> Result<Value> {
        if name == "Object" {
            return Ok(json!({"type": "object"}));
        }
        if !self.used.contains_key(name) {
            // Entered before its schema is made, since a type may contain itself.
            self.used.insert(name.to_owned(), Value::Null);
            let schema = self.definition(name)?;
            self.used.insert(name.to_owned(), schema);
        }
        Ok(json!({"$ref": format!("#/components/schemas/{name}")}))
    }

    /// Every schema that was referred to.
    pub(super) fn finish(self) -> Map<String, Value> {
        self.used.into_iter().collect()
    }

    fn definition(&mut self, name: &str) -> Result<Value> {
        let types = self.types;
        match types.get(name).with_context(|| format!("the type {name} is not declared"))? {
            Def::Alias(shape, doc) => Ok(described(self.shape(shape)?, doc)),
            Def::Words(words) => Ok(described(json!({"type": "string"}), &words.doc)),
            Def::Struct(item) => {
                let mut properties = Map::new();
                let mut required = Vec::new();
                for field in &item.fields {
                    properties.insert(field.name.clone(), described(self.shape(&field.shape)?, &field.doc));
                    if field.required {
                        required.push(field.name.as_str());
                    }
                }
                let mut schema = json!({"type": "object", "properties": properties});
                if !required.is_empty() {
                    schema["required"] = json!(required);
                }
                Ok(described(schema, &item.doc))
            }
        }
    }

    fn shape(&mut self, shape: &Shape) -> Result<Value> {
        Ok(match shape {
            Shape::Text | Shape::Word(_) | Shape::Bytes => json!({"type": "string"}),
            Shape::Int => json!({"type": "integer"}),
            Shape::Float => json!({"type": "number"}),
            Shape::Bool => json!({"type": "boolean"}),
            Shape::Any => json!({}),
            Shape::List(inner) => json!({"type": "array", "items": self.shape(inner)?}),
            Shape::Map(inner) if **inner == Shape::Any => json!({"type": "object"}),
            Shape::Map(inner) => json!({"type": "object", "additionalProperties": self.shape(inner)?}),
            Shape::Union(shapes) => {
                let schemas = shapes.iter().map(|shape| self.shape(shape)).collect::<Result<Vec<_>>>()?;
                json!({"anyOf": schemas})
            }
            Shape::Named(name) => self.reference(name)?,
            Shape::Nullable(inner) => {
                let mut schema = self.shape(inner)?;
                match schema.get("type").cloned() {
                    Some(kind) => {
                        schema["type"] = json!([kind, "null"]);
                        schema
                    }
                    None if **inner == Shape::Any => schema,
                    None => json!({"anyOf": [schema, {"type": "null"}]}),
                }
            }
        })
    }
}

fn described(mut schema: Value, doc: &str) -> Value {
    if !doc.is_empty() {
        schema["description"] = doc.replace('\n', " ").into();
    }
    schema
}

/// The schema of an argument.
pub(super) fn argument(param: &Param) -> Value {
    let mut schema = match param.kind {
        Kind::Str => json!({"type": "string"}),
        Kind::Int => json!({"type": "integer", "minimum": 0}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Json | Kind::Bytes | Kind::Bundle => json!({}),
        Kind::Object => json!({"type": "object"}),
        Kind::List if param.rust_type == "[String]" => json!({"type": "array", "items": {"type": "string"}}),
        Kind::List => json!({"type": "array", "items": {}}),
    };
    if is_nullable(param) {
        schema["type"] = json!([schema["type"], "null"]);
    }
    schema
}

/// True if an argument that the caller must give may be null.
pub(super) fn is_nullable(param: &Param) -> bool {
    param.nullable
}

/// The known fields of a chat turn.
pub(super) fn turn() -> Map<String, Value> {
    let fields = json!({
        "message": {"type": "string"},
        "files": {"type": "array", "items": {"type": "object"}},
        "session_id": {"type": "string"},
        "request_id": {"type": "string"},
        "agent_id": {"type": "string"},
        "ui_response": {"type": "object"},
    });
    fields.as_object().cloned().unwrap_or_default()
}

/// The formation's envelope and errors.
pub(super) fn formation() -> Map<String, Value> {
    let request = json!({"type": "object", "properties": {
        "id": {"type": "string"},
        "idempotency_key": {"type": ["string", "null"]},
    }});
    let error = json!({"type": "object", "required": ["code", "message"], "properties": {
        "code": {"type": "string"},
        "message": {"type": "string"},
        "data": {"type": ["object", "null"]},
    }});
    let envelope = |error: Value| {
        json!({
            "type": "object",
            "required": ["object", "timestamp", "type", "request", "success", "error", "data"],
            "properties": {
                "object": {"type": "string", "description": "The kind of `data`."},
                "timestamp": {"type": "integer", "description": "Unix milliseconds."},
                "type": {"type": "string", "description": "The name of the event."},
                "request": request.clone(),
                "success": {"type": "boolean"},
                "error": error,
                "data": {"type": "object"},
            },
        })
    };
    let mut out = Map::new();
    out.insert("Envelope".to_owned(), envelope(json!({"type": "null"})));
    out.insert("Error".to_owned(), envelope(error));
    out
}

/// The server's envelope and errors.
pub(super) fn server() -> Map<String, Value> {
    let mut out = Map::new();
    let envelope = json!({"type": "object", "required": ["success", "data"], "properties": {
        "success": {"type": "boolean"},
        "data": {},
    }});
    let error = json!({"type": "object", "properties": {
        "error": {"type": "string", "description": "The HTTP reason."},
        "message": {"type": "string"},
        "code": {"type": "integer", "description": "The HTTP status."},
    }});
    out.insert("Envelope".to_owned(), envelope);
    out.insert("Error".to_owned(), error);
    out
}
