//! Users, their identifiers and their notification channels.

use crate::formation::http::call::{Call, user_id};
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Failure, Outcome, ok, with_status};
use crate::formation::ids;
use crate::formation::log::webhooks;
use crate::quirks::Quirk;
use crate::store::{Rows, Table};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// Channels that a notification may go through.
const CHANNELS: [&str; 8] = ["discord", "email", "push", "slack", "sms", "telegram", "webhook", "whatsapp"];

/// One person, known by any number of identifiers.
#[derive(Debug, Serialize, Deserialize)]
struct User {
    muxi_user_id: String,
    number: u64,
    /// When the turn began that makes this user, while it runs.
    first_turn: Option<Timestamp>,
    identifiers: Vec<Identifier>,
    preferred_channel: Option<String>,
    channels: Map<String, Value>,
    timezone: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Identifier {
    text: String,
    kind: String,
    created: Timestamp,
}

/// All users by their internal numbers, and who of them has which identifier.
#[derive(Debug, Default)]
pub(crate) struct Users {
    all: Table<u64, User>,
    owners: HashMap<String, u64>,
}

impl Users {
    /// The internal number of the user with that identifier, who is made where unknown.
    pub(crate) fn number(&mut self, identifier: &str, now: Timestamp) -> u64 {
        self.resolve(identifier, "unknown", now)
    }

    pub(crate) fn table(&mut self) -> &mut dyn Rows {
        &mut self.all
    }

    /// Finds out who has which identifier.
    pub(crate) fn index(&mut self) {
        let owned =
            |user: &User| user.identifiers.iter().map(|own| (own.text.clone(), user.number)).collect::<Vec<_>>();
        self.owners = self.all.values().flat_map(owned).collect();
    }

    /// Makes the user whose first turn begins; `false` where the user is known.
    pub(crate) fn begin_first_turn(&mut self, identifier: &str, now: Timestamp) -> bool {
        if self.find(identifier).is_some() {
            return false;
        }
        let number = self.resolve(identifier, "unknown", now);
        if let Some(user) = self.all.get_mut(&number) {
            user.first_turn = Some(now);
        }
        true
    }

    /// The time since the first turn of a user began, while it runs.
    pub(crate) fn since_first_turn(&self, identifier: &str, now: Timestamp) -> Option<Duration> {
        let first = self.find(identifier)?.first_turn?;
        Some(Duration::try_from(now.duration_since(first)).unwrap_or_default())
    }

    /// Notes that the first turn of a user is over.
    pub(crate) fn end_first_turn(&mut self, identifier: &str) {
        if let Some(user) = self.owners.get(identifier).and_then(|number| self.all.get_mut(number)) {
            user.first_turn = None;
        }
    }

    /// The identifiers of all.
    pub(crate) fn identifiers(&self) -> Vec<String> {
        self.owners.keys().cloned().collect()
    }

    fn find(&self, identifier: &str) -> Option<&User> {
        self.all.get(self.owners.get(identifier)?)
    }

    /// The number of the user with that identifier, who is made where unknown.
    fn resolve(&mut self, identifier: &str, kind: &str, now: Timestamp) -> u64 {
        self.owners.get(identifier).copied().unwrap_or_else(|| {
            let number = self.make();
            self.give(number, identifier, kind, now);
            number
        })
    }

    /// Gives a user an identifier, which its owner so far loses.
    fn give(&mut self, number: u64, text: &str, kind: &str, now: Timestamp) {
        if self.owners.get(text) != Some(&number) {
            self.take(text);
        }
        let Some(user) = self.all.get_mut(&number) else { return };
        self.owners.insert(text.to_owned(), number);
        let own = &mut user.identifiers;
        match own.iter_mut().find(|own| own.text == text) {
            Some(own) => kind.clone_into(&mut own.kind),
            None => own.push(Identifier::new(text, kind, now)),
        }
    }

    /// Takes an identifier away; gives the user who had it.
    fn take(&mut self, text: &str) -> Option<&User> {
        let user = self.all.get_mut(&self.owners.remove(text)?)?;
        user.identifiers.retain(|own| own.text != text);
        Some(user)
    }

    /// Makes a user; gives the number.
    fn make(&mut self) -> u64 {
        self.all.push(User {
            muxi_user_id: ids::random("", 21),
            // Users are never deleted, so this is the number that the table gives.
            number: self.all.len() as u64 + 1,
            first_turn: None,
            identifiers: Vec::new(),
            preferred_channel: None,
            channels: Map::new(),
            timezone: None,
        })
    }

    /// The user with that MUXI user id.
    fn person(&self, muxi_user_id: &str) -> Result<&User, Failure> {
        let found = self.all.values().find(|user| user.muxi_user_id == muxi_user_id);
        found.ok_or_else(|| Failure::no_resource(format!("User '{muxi_user_id}' not found")))
    }
}

impl Identifier {
    fn new(text: &str, kind: &str, created: Timestamp) -> Self {
        Self { text: text.to_owned(), kind: kind.to_owned(), created }
    }
}

pub(crate) fn identifiers(call: &Call) -> Outcome {
    let state = call.formation.state();
    let user = state.users.person(call.path("user_id"))?;
    let row =
        |own: &Identifier| json!({ "identifier": own.text, "type": own.kind, "created_at": ids::iso_z(own.created) });
    let rows: Vec<Value> = user.identifiers.iter().map(row).collect();
    let data = json!({
        "muxi_user_id": user.muxi_user_id, "internal_user_id": user.number, "count": rows.len(), "identifiers": rows,
    });
    ok("user_identifier_list", "user.identifiers.list", data)
}

/// An identifier in any of the three forms: a text, a pair, an object.
fn read_identifier(value: &Value) -> Option<(String, String)> {
    let (text, kind) = match value {
        Value::String(text) => (Some(text.as_str()), None),
        Value::Array(pair) if pair.len() == 2 => (pair[0].as_str(), Some(pair[1].as_str()?)),
        Value::Object(fields) => (fields.get("identifier")?.as_str(), fields.get("type").and_then(Value::as_str)),
        _ => (None, None),
    };
    let text = text.filter(|text| !text.is_empty())?;
    Some((user_id(text), kind.unwrap_or("unknown").to_owned()))
}

/// Links identifiers; without a MUXI user id, to a new user. One that another user has moves.
pub(crate) fn link(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let owner = check.opt_text("muxi_user_id");
    let mut given = Vec::new();
    for (index, value) in check.list("identifiers").iter().enumerate() {
        match read_identifier(value) {
            Some(identifier) => given.push(identifier),
            None => check.reject(&format!("identifiers.{index}"), "Input should be a valid identifier", "invalid"),
        }
    }
    check.done()?;
    if given.is_empty() {
        return Err(Failure::bad("At least one identifier is required"));
    }
    if owner.is_none() && call.quirk(Quirk::Identifiers500) {
        let message = "Failed to associate identifiers: null value in column \"formation_id\" of relation \"users\" \
                       violates not-null constraint";
        return Err(Failure::new(500, "INTERNAL_ERROR", message));
    }
    let mut state = call.formation.state();
    let users = &mut state.users;
    let number = match &owner {
        Some(id) => users.person(id)?.number,
        None => users.make(),
    };
    given.iter().for_each(|(text, kind)| users.give(number, text, kind, call.formation.now()));
    let rows: Vec<Value> = given.iter().map(|(text, kind)| json!({ "identifier": text, "type": kind })).collect();
    let muxi_user_id = users.all.get(&number).map(|user| &user.muxi_user_id);
    let data = json!({ "muxi_user_id": muxi_user_id, "count": rows.len(), "identifiers": rows });
    ok("user_identifier_list", "user.identifiers.associated", data)
}

pub(crate) fn unlink(call: &Call) -> Outcome {
    let text = user_id(call.path("identifier"));
    let mut state = call.formation.state();
    let owner = state.users.take(&text);
    let owner = owner.ok_or_else(|| Failure::no_resource(format!("Identifier '{text}' not found")))?;
    let message = format!("Identifier '{text}' removed successfully");
    let data = json!({ "message": message, "muxi_user_id": owner.muxi_user_id });
    ok("message", "user.identifier.deleted", data)
}

fn resolved(identifier: &str, user: &User) -> Outcome {
    let data = json!({
        "identifier": identifier, "muxi_user_id": user.muxi_user_id, "internal_user_id": user.number,
    });
    ok("user", "user.resolved", data)
}

pub(crate) fn lookup(call: &Call) -> Outcome {
    let identifier = user_id(call.path("identifier"));
    let state = call.formation.state();
    let user = state.users.find(&identifier);
    resolved(&identifier, user.ok_or_else(|| Failure::no_resource(format!("Identifier not found: '{identifier}'")))?)
}

/// Always creates. This route words its own complaints, with status 400.
pub(crate) fn resolve(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (identifier, kind) = (check.text("identifier"), check.opt_text("identifier_type"));
    if check.done().is_err() || identifier.is_empty() {
        let text = "1 validation error for ResolveUserRequest\nidentifier\n  Field required or not a valid string";
        return Err(Failure::bad(text));
    }
    let identifier = user_id(&identifier);
    let mut state = call.formation.state();
    let number = state.users.resolve(&identifier, kind.as_deref().unwrap_or("unknown"), call.formation.now());
    let user = state.users.all.get(&number);
    resolved(&identifier, user.ok_or_else(|| Failure::no_resource(format!("User '{identifier}' not found")))?)
}

/// Channels and notifications need a `proactive` section.
fn proactive(call: &Call) -> Result<(), Failure> {
    match call.formation.spec.document.get("proactive") {
        Some(_) => Ok(()),
        None => Err(Failure::unavailable("Proactive messaging is not configured for this formation (proactive)")),
    }
}

/// The owner of the channels.
fn owner(call: &Call, id: &str) -> String {
    call.formation.tenant(&user_id(id)).to_owned()
}

fn channel_data(id: &str, user: Option<&User>) -> Value {
    json!({
        "user_id": id, "preferred_channel": user.and_then(|user| user.preferred_channel.as_ref()),
        "channels": user.map(|user| user.channels.clone()).unwrap_or_default(), "last_channel": null,
        "timezone": user.and_then(|user| user.timezone.as_ref()),
    })
}

pub(crate) fn channels(call: &Call) -> Outcome {
    proactive(call)?;
    let id = owner(call, call.path("user_id"));
    let state = call.formation.state();
    ok("user_channels", "user.channels.retrieved", channel_data(&id, state.users.find(&id)))
}

/// A channel is known by its kind, or by the name that the formation gives to one.
fn known_channel(call: &Call, name: &str) -> Result<(), Failure> {
    let own = call.formation.spec.document.pointer("/proactive/channels").and_then(|channels| channels.get(name));
    if CHANNELS.contains(&name) || own.is_some() {
        Ok(())
    } else {
        Err(Failure::bad(format!("Unknown channel '{name}'")))
    }
}

/// Changes what is given: an empty text clears a value, `{}` removes a channel.
pub(crate) fn update_channels(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (preferred, timezone) = (check.opt_text("preferred_channel"), check.opt_text("timezone"));
    let changes = check.opt_object("channels");
    check.done()?;
    proactive(call)?;
    if let Some(name) = preferred.as_deref().filter(|name| !name.is_empty()) {
        known_channel(call, name)?;
    }
    changes.iter().flat_map(Map::keys).try_for_each(|name| known_channel(call, name))?;
    let zone = |name: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/');
        name == "UTC" || name.contains('/') && name.chars().all(plain)
    };
    if let Some(name) = timezone.as_deref().filter(|name| !name.is_empty() && !zone(name)) {
        return Err(Failure::bad(format!("Unknown timezone '{name}'")));
    }
    let id = owner(call, call.path("user_id"));
    let mut state = call.formation.state();
    let number = state.users.resolve(&id, "unknown", call.formation.now());
    let absent = || Failure::no_resource(format!("User '{id}' not found"));
    let user = state.users.all.get_mut(&number).ok_or_else(absent)?;
    let set = |place: &mut Option<String>, given: Option<String>| {
        if let Some(text) = given {
            *place = Some(text).filter(|text| !text.is_empty());
        }
    };
    set(&mut user.preferred_channel, preferred);
    set(&mut user.timezone, timezone);
    for (name, value) in changes.into_iter().flatten() {
        if value.as_object().is_some_and(Map::is_empty) {
            user.channels.remove(&name);
        } else {
            user.channels.insert(name, value);
        }
    }
    ok("user_channels", "user.channels.updated", channel_data(&id, Some(user)))
}

/// Sends a message to a user. A channel of the formation's with a `url`, and the user's `webhook` with one, are really
/// called; any other channel that the user has set up counts as delivered. With none it is a failure.
pub(crate) async fn notify(call: Call) -> Outcome {
    let mut check = Check::body(&call);
    let (id, message) = (check.text("user_id"), check.text("message"));
    let wanted = check.opt_list("channels");
    check.done()?;
    proactive(&call)?;
    let id = owner(&call, &id);
    let (own, preferred) = {
        let state = call.formation.state();
        let user = state.users.find(&id);
        let own = user.map(|user| user.channels.clone()).unwrap_or_default();
        (own, user.and_then(|user| user.preferred_channel.clone()))
    };
    let mut channels: Vec<String> = match (wanted, preferred) {
        (Some(list), _) => {
            let known = list.iter().filter_map(Value::as_str).filter(|name| known_channel(&call, name).is_ok());
            known.map(str::to_owned).collect()
        }
        (None, Some(name)) => vec![name],
        (None, None) => own.keys().cloned().collect(),
    };
    if channels.is_empty() {
        // The runtime falls back on the formation's webhook.
        channels.push("webhook".to_owned());
    }
    let request = call.id.clone();
    let (mut delivered, mut failed) = (Vec::new(), Vec::new());
    for name in &channels {
        let text = |place: Option<&Value>, field: &str| Some(place?.get(field)?.as_str()?.to_owned());
        let shared = call.formation.spec.document.pointer("/proactive/channels").and_then(|all| all.get(name));
        let own = own.get(name);
        let url = text(own, "url").filter(|_| name == "webhook").or_else(|| text(shared, "url"));
        let reached = match (own, url) {
            (Some(own), Some(url)) if text(shared, "transformer").as_deref() == Some("slack") => {
                let payload = json!({ "channel": own["channel"], "text": message });
                webhooks::send_payload(&call.formation, &url, &id, &request, payload).await
            }
            (Some(_), Some(url)) => webhooks::notify(&call.formation, &url, &id, &message, &request).await,
            (own, _) => own.is_some(),
        };
        if reached { delivered.push(name) } else { failed.push(name) }
    }
    let data = json!({ "request_id": request, "channels": channels, "delivered": delivered, "failed": failed });
    let (object, kind) = ("notification", "notification.sent");
    match (delivered.is_empty(), call.quirk(Quirk::Notification502)) {
        (false, _) => ok(object, kind, data),
        (true, true) => with_status(StatusCode::BAD_GATEWAY, object, kind, data),
        (true, false) => Err(Failure::new(502, "BAD_GATEWAY", "No channel took the notification").with(data)),
    }
}
