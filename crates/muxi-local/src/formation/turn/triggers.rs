//! Triggers: templates that are filled with data and answered like a message.

use super::background;
use super::running::Turn;
use crate::formation::http::call::Call;
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Answer, Data, Failure, Outcome, ok};
use crate::formation::library::documents::front_matter;
use crate::formation::log::events::Happening;
use crate::formation::responder::{Ask, Channel, Fired};
use crate::quirks::Quirk;
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A part of a template.
enum Part<'a> {
    Text(&'a str),
    /// A path below `data`.
    Field(&'a str),
}

/// Cuts a template at its `${{ data.x }}` and `{{ data.x }}`. Other braces are text.
fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut text_from, mut look_from, mut close) = (0, 0, 0);
    while let Some(open) = template[look_from..].find("{{").map(|at| at + look_from) {
        // Looked for again only behind the last one: it may be far away, and many may open before it.
        if close < open {
            let Some(found) = template[open..].find("}}") else { break };
            close = open + found;
        }
        match template[open + 2..close].trim().strip_prefix("data.") {
            Some(field) if !field.contains(['{', ' ']) => {
                let dollar = usize::from(template[text_from..open].ends_with('$'));
                parts.push(Part::Text(&template[text_from..open - dollar]));
                parts.push(Part::Field(field));
                text_from = close + 2;
                look_from = close + 2;
            }
            _ => look_from = open + 2,
        }
    }
    parts.push(Part::Text(&template[text_from..]));
    parts
}

/// The paths that a template takes from `data`, sorted.
fn fields(template: &str) -> BTreeSet<&str> {
    let field = |part| if let Part::Field(field) = part { Some(field) } else { None };
    parts(template).into_iter().filter_map(field).collect()
}

/// Fills a template. The error is the path that `data` lacks.
fn fill<'a>(template: &'a str, data: &Value) -> Result<String, &'a str> {
    let mut text = String::new();
    for part in parts(template) {
        match part {
            Part::Text(plain) => text.push_str(plain),
            Part::Field(field) => {
                let value = field.split('.').try_fold(data, |value, key| value.get(key)).ok_or(field)?;
                match value {
                    Value::String(plain) => text.push_str(plain),
                    other => text.push_str(&other.to_string()),
                }
            }
        }
    }
    Ok(text)
}

pub(crate) fn list(call: &Call) -> Outcome {
    let spec = &call.formation.spec;
    let names: Vec<&String> = spec.triggers.keys().collect();
    let data = json!({ "formation_id": spec.id, "count": names.len(), "triggers": names });
    ok("list", "list.retrieved", data)
}

pub(crate) fn get(call: &Call) -> Outcome {
    let name = call.path("name");
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
        return Err(Failure::bad(format!("Invalid trigger name '{name}'")));
    }
    let template = call.formation.spec.triggers.get(name);
    let template =
        template.ok_or_else(|| Failure::new(404, "TRIGGER_NOT_FOUND", format!("Trigger '{name}' not found")))?;
    let fields = fields(template);
    let fields = (!fields.is_empty()).then_some(fields);
    ok("trigger", "trigger.retrieved", json!({ "name": name, "content": template, "data_fields": fields }))
}

/// Fires a trigger. The envelope's `request.id` is the one to poll.
pub(crate) async fn fire(call: Call) -> Outcome {
    let mut check = Check::body(&call);
    let data = Value::Object(check.object("data"));
    let session_id = check.opt_text("session_id").filter(|id| !id.is_empty());
    let later = check.opt_bool("use_async").unwrap_or(true);
    check.done()?;
    let name = call.path("name");
    let template = call.formation.spec.triggers.get(name);
    let template = template.ok_or_else(|| {
        let path = call.quirk(Quirk::PathsInErrors).then(|| call.formation.spec.path(&format!("triggers/{name}.md")));
        let place = path.map(|path| format!(" at: {path}")).unwrap_or_default();
        Failure::no_resource(format!("Trigger template '{name}' not found{place}"))
    })?;
    let (fields, body) = front_matter(template)
        .map_err(|error| Failure::bad(format!("Invalid front matter in trigger '{name}': {error}")))?;
    let message = fill(body, &data).map_err(|field| {
        let keys: Vec<&String> = data.as_object().into_iter().flat_map(|fields| fields.keys()).collect();
        let text = format!("Template rendering failed: Data key 'data.{field}' not found. Available keys: {keys:?}");
        Failure::bad(text)
    })?;
    let user = call.user_or_default().to_owned();
    let trigger = Some(Fired { name: name.to_owned(), data });
    let ask = Ask { user, session_id, message, channel: Channel::Trigger, trigger, ..Ask::default() };
    let mut turn = Turn::start(&call.formation, &ask);
    let request_id = Some(turn.request_id.clone());
    call.formation.note(Happening {
        kind: "trigger.fired",
        level: "info",
        time: call.formation.seconds(),
        message: format!("Trigger '{name}' fired"),
        user: Some(ask.user.clone()),
        session: Some(turn.session_id.clone()),
        request: request_id.clone(),
        data: json!({ "trigger": name, "use_async": later }),
        ..Happening::default()
    });
    let (kind, data) = if later {
        let webhook = fields.get("webhook").and_then(Value::as_str).map(str::to_owned);
        background::run(turn, webhook);
        ("request.processing", json!({ "status": "processing" }))
    } else {
        turn.run().await;
        match &turn.reply {
            Ok(reply) => ("request.completed", json!({ "status": "completed", "content": reply.content })),
            Err(error) => return Err(Failure::new(500, "INTERNAL_ERROR", error.clone())),
        }
    };
    Ok(Answer::Data(Data { status: StatusCode::OK, object: "request", kind, data, request_id }))
}
