//! The operations that only read: ping, health, status, list, get.

use super::{Call, VERSION, entry::Status, registry::PORTS};
use crate::reply;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) async fn ping(_: Call) -> Response {
    ([(header::CONTENT_TYPE, "text/plain")], "pong").into_response()
}

pub(super) async fn health(_: Call) -> Response {
    reply::bare(StatusCode::OK, &json!({"success": true, "status": "ok", "version": VERSION}))
}

pub(super) async fn status(call: Call) -> Response {
    let control = &call.control;
    let formations = control.formations();
    let count = |status| formations.values().filter(|entry| entry.status == status).count();
    let (total, ports) = (formations.len(), PORTS.len());
    reply::ok(json!({
        "formations": {
            "crashed": count(Status::Crashed), "running": count(Status::Running),
            "stopped": count(Status::Stopped), "total": total,
        },
        "port_pool": {"allocated": total, "available": ports.saturating_sub(total), "total": ports},
        // The names are the real server's, which is a Go program: tasks stand in for its goroutines.
        "runtime": {
            "go_version": "none (muxi-local)",
            "goroutines": tokio::runtime::Handle::current().metrics().num_alive_tasks(),
        },
        "server": {"id": control.server_id, "uptime": control.started.elapsed().as_secs(), "version": VERSION},
    }))
}

pub(super) async fn list(call: Call) -> Response {
    let formations = call.control.formations();
    let rows: Vec<Value> = formations
        .iter()
        .map(|(id, entry)| {
            json!({
                "id": id, "name": entry.name, "port": entry.port, "status": entry.status.as_str(),
                "pid": std::process::id(), "uptime": entry.uptime(), "restart_count": entry.restart_count,
                "healthy": entry.healthy(), "version": entry.version(true),
            })
        })
        .collect();
    let total = rows.len();
    reply::ok(json!({"formations": rows, "total": total}))
}

pub(super) async fn get(call: Call) -> Response {
    let formations = call.control.formations();
    let Some(entry) = formations.get(&call.id) else { return reply::not_found() };
    let mut data = json!({
        "created_at": entry.created_at.to_string(), "deployed_at": entry.deployed_at.to_string(),
        "healthy": entry.healthy(), "id": call.id,
    });
    if entry.status == Status::Running {
        data["last_health_check"] = Timestamp::now().to_string().into();
    }
    data["name"] = entry.name.as_str().into();
    data["pid"] = std::process::id().into();
    data["port"] = entry.port.into();
    data["restart_count"] = entry.restart_count.into();
    data["status"] = entry.status.as_str().into();
    data["updated_at"] = entry.updated_at.to_string().into();
    data["uptime"] = entry.uptime().into();
    data["version"] = entry.version(false);
    reply::ok(data)
}
