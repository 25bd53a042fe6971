//! Health, and everything that only reads the formation's configuration.

use super::shown;
use crate::formation::http::call::Call;
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Answer, Failure, Outcome, compact, json_response, ok};
use crate::quirks::Quirk;
use http::StatusCode;
use serde_json::{Map, Value, json};

pub(crate) fn health(call: &Call) -> Outcome {
    let formation = &call.formation;
    let body = json!({
        "status": "healthy", "version": formation.spec.version, "uptime_seconds": formation.uptime(),
    });
    Ok(Answer::Whole(json_response(StatusCode::OK, compact(&body))))
}

pub(crate) fn status(call: &Call) -> Outcome {
    let formation = &call.formation;
    let spec = &formation.spec;
    let (agents, servers) = (spec.agents().len(), spec.mcp_servers().len());
    let state = formation.state();
    let memory = spec.document.pointer("/memory/working/max_memory_mb").cloned().unwrap_or(json!(512));
    let data = json!({
        "formation": { "id": spec.id, "name": spec.name, "description": spec.description, "version": spec.version },
        "agents": { "count": agents, "active": agents },
        "mcp_servers": { "count": servers, "active": servers },
        "stats": {
            "running": { "seconds": formation.uptime(), "since": formation.started.as_second() },
            "memory": { "working_memory_mb": memory, "memory_usage_mb": null },
            "requests": { "total": state.requests.total(), "active": state.requests.active() },
            "buffer_size": spec.document.pointer("/memory/buffer/size").cloned().unwrap_or(json!(0)),
            "cpu_percent": null,
        },
    });
    ok("formation_status", "formation.status.retrieved", data)
}

pub(crate) fn summary(call: &Call) -> Outcome {
    let spec = &call.formation.spec;
    let resource = |name: &str| json!({ "resource": format!("/v1/{name}") });
    let total = |count: usize, name: &str| json!({ "total": count, "resource": format!("/v1/{name}") });
    let mcp = mcp_defaults(call);
    let data = json!({
        "formation_id": spec.id, "version": spec.version, "description": spec.description,
        "schema_version": spec.document.get("schema").cloned().unwrap_or(json!("1.0.0")),
        "agents": total(spec.agents().len(), "agents"),
        "secrets": total(call.formation.state().secrets.count(), "secrets"),
        "mcp": {
            "default_retry_attempts": mcp["default_retry_attempts"],
            "default_timeout_seconds": mcp["default_timeout_seconds"],
            "servers": total(spec.mcp_servers().len(), "mcp/servers"),
        },
        "overlord": resource("overlord"), "llm": resource("llm/settings"), "memory": resource("memory"),
        "async": resource("async"), "scheduler": resource("scheduler"), "a2a": resource("a2a"),
        "logging": resource("logging"),
    });
    ok("formation_config", "formation.config.retrieved", data)
}

pub(crate) fn formation(call: &Call) -> Outcome {
    ok("formation_config", "formation.config.retrieved", presented(call, call.formation.spec.public_document()))
}

pub(crate) fn agents(call: &Call) -> Outcome {
    let agents = call.formation.spec.agents();
    ok("agent_list", "agent.list", json!({ "count": agents.len(), "agents": agents }))
}

/// The agent that a call names.
pub(crate) fn find_agent(call: &Call, id: &str) -> Result<Value, Failure> {
    let agent = call.formation.spec.agents().into_iter().find(|agent| agent["id"] == id);
    agent.ok_or_else(|| Failure::new(404, "AGENT_NOT_FOUND", format!("Agent '{id}' not found")))
}

pub(crate) fn agent(call: &Call) -> Outcome {
    ok("agent", "agent.retrieved", find_agent(call, call.path("agent_id"))?)
}

/// There are no trees: every agent is answered with empty lists.
pub(crate) fn rebuild_knowledge(call: &Call) -> Outcome {
    let mut check = Check::body(call);
    let (agent, source) = (check.opt_text("agent_id"), check.opt_text("source_id"));
    check.done()?;
    let mut names: Vec<String> =
        call.formation.spec.agents().iter().filter_map(|agent| agent["id"].as_str().map(str::to_owned)).collect();
    names.push("muxi-generalist".to_owned());
    if let Some(agent) = agent {
        if !names.contains(&agent) {
            find_agent(call, &agent)?;
        }
        names = vec![agent];
    }
    let none = json!({ "rebuilt": [], "failed": [], "skipped": [] });
    let agents: Map<String, Value> = names.into_iter().map(|name| (name, none.clone())).collect();
    ok("knowledge", "knowledge.trees.rebuilt", json!({ "agents": agents, "source_id": source }))
}

pub(crate) fn mcp_servers(call: &Call) -> Outcome {
    let servers = call.formation.spec.mcp_servers();
    ok("mcp_server_list", "mcp.server.list", json!({ "count": servers.len(), "servers": servers }))
}

pub(crate) fn mcp_server(call: &Call) -> Outcome {
    let id = call.path("server_id");
    let server = call.formation.spec.mcp_servers().into_iter().find(|server| server["id"] == id);
    let server =
        server.ok_or_else(|| Failure::new(404, "MCP_SERVER_NOT_FOUND", format!("MCP server '{id}' not found")))?;
    ok("mcp_server", "mcp.server.retrieved", server)
}

/// The tools with which a formation serves MCP clients, and those that its MCP servers declare.
pub(crate) fn mcp_tools(call: &Call) -> Outcome {
    let needed = |kind: &str| json!({ "type": kind, "required": true });
    let optional = |kind: &str| json!({ "type": kind, "required": false });
    let tool = |name: &str, description: &str, access: &str, parameters: Value| json!({ "name": name, "description": description, "access": access, "parameters": parameters });
    let action = json!({ "type": "string", "enum": ["create", "update", "delete"], "required": true });
    let limit = json!({ "type": "integer", "required": false, "default": 10 });
    let change = json!({ "agent_id": needed("string"), "updates": needed("object") });
    let secret = json!({ "action": action, "key": needed("string"), "value": optional("string") });
    let turn = json!({ "message": needed("string"), "user_id": optional("string"), "files": optional("array") });
    let page = json!({ "user_id": needed("string"), "limit": limit });
    let fact = json!({ "user_id": needed("string"), "content": needed("string"), "metadata": optional("object") });
    let mut tools = vec![
        tool("formation_list_agents", "List all agents in the formation", "admin", json!({})),
        tool("formation_update_agent", "Update agent configuration", "admin", change),
        tool("formation_manage_secrets", "Manage formation secrets", "admin", secret),
        tool("chat", "Send a message to the formation", "client", turn),
        tool("get_memories", "Retrieve user memories", "client", page),
        tool("create_memory", "Create a user memory", "client", fact),
    ];
    if !call.quirk(Quirk::FixedMcpTools) {
        tools.extend(call.formation.spec.mcp_servers().iter().flat_map(declared_tools));
    }
    ok("list", "mcp_tool.list", json!({ "tools": tools }))
}

/// The tools that an MCP server's configuration allows by name. Servers are not run here, so that others are unknown.
fn declared_tools(server: &Value) -> Vec<Value> {
    let id = server["id"].as_str().unwrap_or_default();
    let named = |list: &str| match &server["tools"][list] {
        Value::Array(names) => names.clone(),
        name => vec![name.clone()],
    };
    let names: Vec<Value> = ["allow", "whitelist"].into_iter().flat_map(named).collect();
    let whole = names.iter().filter_map(Value::as_str).filter(|name| !name.contains('*'));
    let row = |name: &str| json!({ "name": format!("{id}__{name}"), "description": "", "access": "client", "parameters": {} });
    whole.map(row).collect()
}

/// A part of the configuration as an administrator sees it.
fn presented(call: &Call, mut part: Value) -> Value {
    if !call.quirk(Quirk::LiteralPasswords) {
        shown::hide_passwords(&mut part);
    }
    part
}

/// A section with defaults below what the document says.
fn with_defaults(defaults: Value, section: Map<String, Value>) -> Value {
    let mut whole = defaults.as_object().cloned().unwrap_or_default();
    whole.extend(section);
    Value::Object(whole)
}

fn mcp_defaults(call: &Call) -> Value {
    let defaults = json!({
        "default_retry_attempts": 3, "default_timeout_seconds": 30, "max_tool_iterations": 10, "max_tool_calls": 50,
        "max_repeated_errors": 3, "max_timeout_in_seconds": 300, "max_tool_timeout_in_seconds": 60,
        "enhance_user_prompts": true, "servers": [],
    });
    let mut section = call.formation.spec.section("mcp");
    section.insert("servers".to_owned(), json!(call.formation.spec.mcp_servers()));
    with_defaults(defaults, section)
}

pub(crate) fn mcp(call: &Call) -> Outcome {
    ok("mcp_defaults", "mcp.defaults.retrieved", mcp_defaults(call))
}

fn section(call: &Call, name: &str) -> Value {
    presented(call, Value::Object(call.formation.spec.section(name)))
}

pub(crate) fn memory(call: &Call) -> Outcome {
    ok("memory_config", "memory.config.retrieved", section(call, "memory"))
}

pub(crate) fn llm(call: &Call) -> Outcome {
    ok("llm_settings", "llm.settings.retrieved", section(call, "llm"))
}

pub(crate) fn asynchronous(call: &Call) -> Outcome {
    ok("async", "async.retrieved", section(call, "async"))
}

pub(crate) fn a2a(call: &Call) -> Outcome {
    ok("a2a", "a2a.retrieved", section(call, "a2a"))
}

pub(crate) fn logging(call: &Call) -> Outcome {
    ok("logging", "logging.retrieved", section(call, "logging"))
}

pub(crate) fn overlord(call: &Call) -> Outcome {
    let defaults = json!({
        "soul": "", "llm": {}, "caching": { "enabled": true },
        "response": { "format": "markdown", "streaming": true },
        "workflow": {
            "auto_decomposition": true, "plan_approval_threshold": 10, "complexity_method": "heuristic",
            "complexity_threshold": 7.0, "routing_strategy": "capability_based", "enable_agent_affinity": true,
            "error_recovery": "retry_with_backoff", "parallel_execution": true, "max_parallel_tasks": 5,
            "partial_results": true,
        },
        "clarification": { "max_questions": 5, "style": "conversational", "persist_learned_info": true },
    });
    ok("overlord_config", "overlord.config.retrieved", with_defaults(defaults, call.formation.spec.section("overlord")))
}

pub(crate) fn soul(call: &Call) -> Outcome {
    let soul = call.formation.spec.section("overlord").get("soul").cloned().unwrap_or_else(|| json!(""));
    ok("soul", "soul.retrieved", json!({ "soul": soul }))
}

pub(crate) fn logging_destinations(call: &Call) -> Outcome {
    let section = section(call, "logging");
    let system = with_defaults(
        json!({ "level": "debug", "destination": "stdout" }),
        section.get("system").and_then(Value::as_object).cloned().unwrap_or_default(),
    );
    let streams = section.pointer("/conversation/streams").or_else(|| section.pointer("/conversation/destinations"));
    let streams = streams.and_then(Value::as_array).cloned().unwrap_or_default();
    let destination = |(index, stream): (usize, &Value)| {
        let defaults = json!({
            "id": format!("destination_{index}"), "transport": "stdout", "level": "info", "format": "jsonl",
            "enabled": true,
        });
        with_defaults(defaults, stream.as_object().cloned().unwrap_or_default())
    };
    let destinations: Vec<Value> = streams.iter().enumerate().map(destination).collect();
    let data =
        json!({ "system": system, "conversation": { "count": destinations.len(), "destinations": destinations } });
    ok("logging_destination_list", "logging.destinations.list", data)
}

pub(crate) fn scheduler(call: &Call) -> Outcome {
    let defaults = json!({
        "enabled": true, "timezone": "UTC", "check_interval_minutes": 1, "max_concurrent_jobs": 10,
        "max_failures_before_pause": 3, "default_time": "09:00",
    });
    ok("scheduler", "scheduler.retrieved", with_defaults(defaults, call.formation.spec.section("scheduler")))
}
