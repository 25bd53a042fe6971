//! The formation itself: health, configuration, agents, MCP servers and secrets.

use crate::api::table::endpoints;

endpoints! { Formation;
    /// Liveness and version of the formation. Needs no key.
    json health -> Health = GET "/health", none; bare {}

    /// Counters, memory and uptime of the formation.
    json get_status -> FormationStatus = GET "/status", admin {}

    /// A short summary of the configuration.
    json get_config -> FormationConfigSummary = GET "/config", admin {}

    /// The whole formation document. References to secrets stay placeholders.
    json get_formation_info -> Object = GET "/formation", admin {}

    /// All agents: `agents` and `count`.
    json get_agents -> AgentList = GET "/agents", admin {}

    /// One agent's configuration.
    json get_agent -> Agent = GET "/agents/{agent_id}", admin {
        /// The agent's id.
        agent_id: String => path,
    }

    /// Synchronise an agent's remote knowledge sources now.
    json sync_agent_knowledge -> KnowledgeSync = POST "/agents/{agent_id}/knowledge/sync", admin {
        /// The agent's id.
        agent_id: String => path,
    } with {
        /// Only this knowledge source.
        kw source_id: String => body,
    }

    /// Rebuild the stored knowledge trees, of all agents or of one.
    json rebuild_knowledge_trees -> KnowledgeRebuild = POST "/knowledge/rebuild", admin {
    } with {
        /// Only this agent's trees.
        kw agent_id: String => body,
        /// Only this knowledge source.
        kw source_id: String => body,
    }

    /// The MCP servers of the formation.
    json get_mcp_servers -> McpServerList = GET "/mcp/servers", admin {}

    /// One MCP server.
    json get_mcp_server -> McpServer = GET "/mcp/servers/{server_id}", admin {
        /// The MCP server's id.
        server_id: String => path,
    }

    /// The fixed tools that the formation itself offers over MCP; not the tools of its MCP servers.
    json get_mcp_tools -> McpToolList = GET "/mcp/tools", admin {}

    /// MCP defaults and servers.
    json get_mcp_config -> McpDefaults = GET "/mcp", admin {}

    /// The names of the secrets with masked values.
    json get_secrets -> SecretList = GET "/secrets", admin {}

    /// One secret with its masked value, read from the secret list.
    json get_secret -> Secret = GET "/secrets", admin; composite(PickSecret) {
        /// The secret's name.
        key: String => local,
    }

    /// Set a secret: replaces it, or creates it when there is none.
    json set_secret -> Message = PUT "/secrets/{key}", admin; composite(Upsert) {
        /// The secret's name.
        key: String => path,
        /// The secret's value.
        value: String => body,
    }

    /// Create a secret. The name is normalised by the runtime (upper case, underscores).
    json create_secret -> Message = POST "/secrets", admin {
        /// The secret's name.
        key: String => body,
        /// The secret's value.
        value: String => body,
    }

    /// Delete a secret. One that the formation still uses is refused with a conflict.
    json delete_secret -> Message = DELETE "/secrets/{key}", admin {
        /// The secret's name.
        key: String => path,
    }

    /// Merge the secret file on disk into memory.
    json reload_secrets -> SecretReload = POST "/secrets/reload", admin {}
}
