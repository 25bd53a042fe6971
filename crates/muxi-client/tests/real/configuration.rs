//! State and configuration of the formation.

use super::*;
use muxi_client::api::types::{Access, HealthState, LogLevel};

macro_rules! reads {
    ($($name:ident: $reply:ident => $holds:expr;)*) => {
        $(#[tokio::test]
        async fn $name() {
            let $reply = ok(client().$name()).await;
            assert!($holds, "{:?}", *$reply);
        })*
    };
}

reads! {
    health: reply => reply.status == HealthState::Healthy && reply.version == "1.0.0";
    get_status: reply => reply.formation.id == "integration" && reply.agents.count == 2;
    get_config: reply => reply.mcp.servers.total == 1;
    get_formation_info: reply => reply["id"] == "integration";
    get_agents: reply => reply.agents[1].id == "researcher" && reply.count == 2;
    get_mcp_servers: reply => reply.servers[0].id == "toolbox";
    get_mcp_tools: reply => reply.tools.iter().any(|tool| tool.name == "chat" && tool.access == Access::Client);
    get_mcp_config: reply => reply.default_retry_attempts == 3 && reply.servers.len() == 1;
    get_overlord_config: reply => reply.response["format"] == "markdown";
    get_overlord_soul: reply => reply.soul == "You are a helpful, professional assistant.";
    get_llm_settings: reply => reply["settings"]["max_tokens"] == 1000;
    get_async_config: reply => reply["threshold_seconds"] == 30;
    get_a2a_config: reply => reply.is_empty();
    get_logging_config: reply => reply.is_empty();
    get_logging_destinations: reply => reply.system.level == LogLevel::Debug;
    get_memory_config: reply => reply["buffer"]["size"] == 10;
    get_scheduler_config: reply => reply.enabled && reply.timezone.as_deref() == Some("UTC");
}

#[tokio::test]
async fn get_agent() {
    let client = client();
    assert_eq!(ok(client.get_agent("researcher")).await.name.as_deref(), Some("Researcher"));
    refuses(client.get_agent("nobody"), 404, "AGENT_NOT_FOUND", "Agent 'nobody' not found").await;
}

#[tokio::test]
async fn get_mcp_server() {
    let client = client();
    assert_eq!(ok(client.get_mcp_server("toolbox")).await.kind.as_deref(), Some("command"));
    refuses(client.get_mcp_server("nothing"), 404, "MCP_SERVER_NOT_FOUND", "nothing").await;
}

#[tokio::test]
async fn sync_agent_knowledge() {
    let client = client();
    let synced = ok(client.sync_agent_knowledge("researcher").source_id("rivers")).await;
    assert_eq!(synced.results[0].status.as_deref(), Some("success"));
    refuses(client.sync_agent_knowledge("assistant"), 400, "INVALID_REQUEST", "no remote knowledge sources").await;
}

#[tokio::test]
async fn rebuild_knowledge_trees() {
    let client = client();
    assert_eq!(ok(client.rebuild_knowledge_trees()).await.agents.len(), 3);
    let one = ok(client.rebuild_knowledge_trees().agent_id("researcher").source_id("rivers")).await;
    assert_eq!((one.agents.len(), one.source_id.as_deref()), (1, Some("rivers")));
}
