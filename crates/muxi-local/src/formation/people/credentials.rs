//! Users' credentials for the services behind MCP servers. Their values are dropped: nothing here uses them.

use crate::formation::http::call::Call;
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Failure, Outcome, ok, with_status};
use crate::formation::ids;
use crate::quirks::Quirk;
use crate::store::{Rows, Table};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One credential.
#[derive(Debug, Serialize, Deserialize)]
struct Credential {
    id: String,
    owner: u64,
    service: String,
    name: String,
    preview: String,
    created: Timestamp,
}

/// All credentials.
#[derive(Debug, Default)]
pub(crate) struct Credentials(Table<u64, Credential>);

impl Credential {
    fn row(&self) -> Value {
        let created = ids::iso_z(self.created);
        json!({
            "credential_id": self.id, "service": self.service, "name": self.name,
            "credential_preview": self.preview, "created_at": created, "updated_at": created,
        })
    }
}

/// The services that the MCP servers name in `${{ user.credentials.SERVICE }}`.
pub(crate) fn services(call: &Call) -> Outcome {
    let mut services = Vec::new();
    for server in call.formation.spec.mcp_servers() {
        let text = server.to_string();
        let Some((_, rest)) = text.split_once("user.credentials.") else { continue };
        let service: String = rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-')).collect();
        services.push(json!({
            "service": service.to_lowercase(), "server_id": server["id"], "description": server["description"],
        }));
    }
    ok("credential_list", "credentials.listed", json!({ "count": services.len(), "services": services }))
}

pub(crate) fn list(call: &Call) -> Outcome {
    let user = call.user()?;
    let mut state = call.formation.state();
    let owner = state.users.number(user, call.formation.now());
    let mine = state.credentials.0.values().filter(|credential| credential.owner == owner);
    let rows: Vec<Value> = mine.map(Credential::row).collect();
    ok("credential_list", "credentials.listed", json!({ "count": rows.len(), "credentials": rows }))
}

impl Credentials {
    /// A user's credential and its number.
    fn find(&self, owner: u64, id: &str) -> Result<(u64, &Credential), Failure> {
        let found = self.0.find(|credential| credential.id == id && credential.owner == owner);
        let found = found.map(|(number, credential)| (*number, credential));
        found.ok_or_else(|| Failure::no_resource(format!("Credential not found: {id}")))
    }

    pub(crate) fn table(&mut self) -> &mut dyn Rows {
        &mut self.0
    }
}

pub(crate) fn get(call: &Call) -> Outcome {
    let user = call.user()?;
    let mut state = call.formation.state();
    let owner = state.users.number(user, call.formation.now());
    let (_, credential) = state.credentials.find(owner, call.path("credential_id"))?;
    ok("credential", "credentials.retrieved", credential.row())
}

pub(crate) fn create(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (service, name) = (check.text("service"), check.opt_text("name"));
    let credential = check.object("credential");
    check.done()?;
    let user = call.user()?;
    if service.is_empty() || service.contains(char::is_whitespace) {
        let message = format!("Invalid service name '{service}'");
        return Err(Failure::new(400, "VALIDATION_ERROR", message));
    }
    if call.quirk(Quirk::Credentials500) {
        let message = "Failed to create credential: 'EncryptedCredentialResolver' object has no attribute 'store'";
        return Err(Failure::new(500, "INTERNAL_ERROR", message));
    }
    let value = credential.values().find_map(Value::as_str).unwrap_or_default();
    let shown: String = if value.len() > 8 { value.chars().take(4).collect() } else { String::new() };
    let service = service.to_lowercase();
    let mut state = call.formation.state();
    let credential = Credential {
        id: ids::random("cred_", 21),
        owner: state.users.number(user, call.formation.now()),
        name: name.unwrap_or_else(|| service.clone()),
        service,
        preview: format!("{shown}••••"),
        created: call.formation.now(),
    };
    let mut row = credential.row();
    if let Some(fields) = row.as_object_mut() {
        fields.remove("updated_at");
    }
    state.credentials.0.push(credential);
    with_status(StatusCode::CREATED, "credential", "credentials.created", row)
}

pub(crate) fn delete(call: &Call) -> Outcome {
    let user = call.user()?;
    let mut state = call.formation.state();
    let owner = state.users.number(user, call.formation.now());
    let id = call.path("credential_id");
    let (number, _) = state.credentials.find(owner, id)?;
    state.credentials.0.remove(&number);
    ok("credential", "credentials.deleted", json!({ "credential_id": id, "deleted": true }))
}
