//! State and configuration of a formation.

use super::{Access, HealthState, LogLevel, Nullable, Object};
use serde_json::Value;
use std::collections::BTreeMap;

replies! {
    /// Health of a formation.
    pub struct Health {
        /// `healthy` or `unhealthy`.
        pub status: HealthState,
        /// The formation's version.
        pub version: String,
        /// Seconds since its start.
        pub uptime_seconds: f64,
    }

    /// Counters, memory and uptime of a formation.
    pub struct FormationStatus {
        /// The formation itself.
        pub formation: FormationInfo,
        /// Its agents.
        pub agents: ActiveCount,
        /// Its MCP servers.
        pub mcp_servers: ActiveCount,
        /// Its statistics.
        pub stats: FormationStats,
    }

    /// The formation itself.
    pub struct FormationInfo {
        /// The formation's id.
        pub id: String,
        /// Its name.
        pub name: String,
        /// Its description.
        pub description: String,
        /// Its version.
        pub version: String,
    }

    /// The number of all items and of active ones.
    pub struct ActiveCount {
        /// All.
        pub count: u64,
        /// Active ones.
        pub active: u64,
    }

    /// Statistics of a formation.
    pub struct FormationStats {
        /// The time for which it has been running.
        pub running: RunningStats,
        /// Its memory.
        pub memory: MemoryStats,
        /// Its requests.
        pub requests: RequestStats,
        /// The size of the message buffer, in messages.
        pub buffer_size: u64,
        /// Processor load in percent.
        pub cpu_percent: Option<f64>,
    }

    /// The time for which a formation has been running.
    pub struct RunningStats {
        /// Seconds since its start.
        pub seconds: u64,
        /// When it was started, Unix seconds.
        pub since: i64,
    }

    /// The memory of a formation.
    pub struct MemoryStats {
        /// The configured working memory, as configured (MB).
        pub working_memory_mb: Option<Value>,
        /// The memory in use, in MB.
        pub memory_usage_mb: Option<f64>,
    }

    /// The requests of a formation.
    pub struct RequestStats {
        /// All tracked requests.
        pub total: u64,
        /// Running ones.
        pub active: u64,
    }

    /// A short summary of the configuration.
    pub struct FormationConfigSummary {
        /// The formation's id.
        pub formation_id: String,
        /// Its version.
        pub version: String,
        /// Its description.
        pub description: String,
        /// The version of the formation format.
        pub schema_version: String,
        /// Its agents.
        pub agents: ResourceCount,
        /// Its secrets.
        pub secrets: ResourceCount,
        /// Its MCP settings.
        pub mcp: McpSummary,
        /// The orchestrator.
        pub overlord: ResourceLink,
        /// The language models.
        pub llm: ResourceLink,
        /// The memory.
        pub memory: ResourceLink,
        /// Asynchronous work.
        #[serde(rename = "async")]
        pub async_work: ResourceLink,
        /// The scheduler.
        pub scheduler: ResourceLink,
        /// Agent to agent.
        pub a2a: ResourceLink,
        /// Logging.
        pub logging: ResourceLink,
    }

    /// The number of items, and the route that lists them.
    pub struct ResourceCount {
        /// The number of items.
        pub total: u64,
        /// The route that lists them.
        pub resource: String,
    }

    /// The place of a part of the configuration.
    pub struct ResourceLink {
        /// The route that gives it.
        pub resource: String,
    }

    /// A summary of the MCP settings.
    pub struct McpSummary {
        /// Attempts at a tool call.
        pub default_retry_attempts: u64,
        /// Seconds that a tool call may take.
        pub default_timeout_seconds: f64,
        /// The MCP servers.
        pub servers: ResourceCount,
    }

    /// The agents of a formation.
    pub struct AgentList {
        /// The agents.
        pub agents: Vec<Agent>,
        /// The number of items.
        pub count: u64,
    }

    /// An agent, as its file has it. Fields that are not listed are kept.
    pub struct Agent {
        /// Its id.
        pub id: String,
        /// Its name.
        pub name: Nullable<String>,
        /// Its purpose.
        pub description: Option<String>,
        /// Its instructions.
        pub system_message: Option<String>,
        /// The place of its declaration: `formation`.
        pub source: Option<String>,
        /// The version of the format of its file.
        pub schema: Option<Value>,
        /// True if it takes part.
        pub active: Option<Value>,
        /// Its role.
        pub role: Option<Value>,
        /// Its language models, where they are not the formation's.
        pub llm_models: Option<Value>,
        /// The ids of its MCP servers, or the servers themselves.
        pub mcp_servers: Option<Value>,
        /// Its knowledge: `enabled` and `sources`.
        pub knowledge: Option<Value>,
        /// The way in which other agents reach it.
        pub a2a: Option<Value>,
        /// The names of its skills.
        pub skills: Option<Value>,
    }

    /// The result of synchronising an agent's knowledge.
    pub struct KnowledgeSync {
        /// The agent's id.
        pub agent_id: String,
        /// One entry per source.
        pub results: Vec<KnowledgeSource>,
    }

    /// The result of synchronising one source.
    pub struct KnowledgeSource {
        /// The source's id.
        pub source_id: Option<String>,
        /// The source's address.
        pub url: Option<String>,
        /// The outcome, such as `skipped`.
        pub status: Option<String>,
        /// Why it was skipped.
        pub reason: Option<String>,
        /// New files.
        pub files_added: Option<u64>,
        /// Changed files.
        pub files_modified: Option<u64>,
        /// Deleted files.
        pub files_deleted: Option<u64>,
        /// Files that could not be read.
        pub files_failed: Option<u64>,
        /// Bytes that were fetched.
        pub bytes_downloaded: Option<u64>,
        /// The duration in milliseconds.
        pub duration_ms: Option<f64>,
        /// Why it failed; empty when it did not.
        pub error: Option<String>,
    }

    /// The result of rebuilding knowledge trees.
    pub struct KnowledgeRebuild {
        /// The results by agent id.
        pub agents: BTreeMap<String, KnowledgeTrees>,
        /// The only source that was rebuilt.
        pub source_id: Option<String>,
    }

    /// The knowledge trees of one agent.
    pub struct KnowledgeTrees {
        /// Rebuilt ones.
        #[serde(default)]
        pub rebuilt: Vec<Value>,
        /// Failed ones.
        #[serde(default)]
        pub failed: Vec<Value>,
        /// Skipped ones.
        #[serde(default)]
        pub skipped: Vec<Value>,
    }

    /// The MCP servers of a formation.
    pub struct McpServerList {
        /// The servers.
        pub servers: Vec<McpServer>,
        /// The number of items.
        pub count: u64,
    }

    /// An MCP server, as its file has it. Fields that are not listed are kept.
    pub struct McpServer {
        /// Its id.
        pub id: String,
        /// Its purpose.
        pub description: Option<String>,
        /// The way in which it is reached: `command` or `http`.
        #[serde(rename = "type")]
        pub kind: Option<String>,
        /// The program that is it.
        pub command: Option<String>,
        /// The program's arguments.
        pub args: Option<Vec<Value>>,
        /// Its address.
        pub url: Option<String>,
        /// The place of its declaration: `formation`.
        pub source: Option<String>,
        /// The version of the format of its file.
        pub schema: Option<Value>,
    }

    /// The tools that the formation itself offers over MCP.
    pub struct McpToolList {
        /// The tools.
        pub tools: Vec<McpTool>,
    }

    /// A tool that the formation itself offers over MCP.
    pub struct McpTool {
        /// Its name.
        pub name: String,
        /// Its description.
        pub description: String,
        /// The key it needs: `admin` or `client`.
        pub access: Access,
        /// Its parameters by name.
        pub parameters: Object,
    }

    /// MCP defaults and servers.
    pub struct McpDefaults {
        /// Attempts at a tool call.
        pub default_retry_attempts: u64,
        /// Seconds that a tool call may take.
        pub default_timeout_seconds: f64,
        /// Rounds of tool calls in one turn.
        pub max_tool_iterations: u64,
        /// Tool calls in one turn.
        pub max_tool_calls: u64,
        /// Times that the same error may come.
        pub max_repeated_errors: u64,
        /// Seconds that all tool calls of a turn may take.
        pub max_timeout_in_seconds: f64,
        /// Seconds that one tool call may take at most.
        pub max_tool_timeout_in_seconds: f64,
        /// True if prompts are rewritten before tools are chosen.
        pub enhance_user_prompts: bool,
        /// The servers.
        #[serde(default)]
        pub servers: Vec<McpServer>,
    }

    /// The orchestrator's configuration.
    pub struct OverlordConfig {
        /// The persona.
        pub soul: String,
        /// The language model.
        pub llm: Object,
        /// Caching: `enabled` and `ttl` (seconds).
        pub caching: Object,
        /// The form of answers: `format`, `streaming` and more.
        pub response: Object,
        /// Workflows: what the formation file sets, or else the defaults.
        pub workflow: Object,
        /// Questions back: `max_questions`, `style`, `persist_learned_info`.
        pub clarification: Object,
    }

    /// The orchestrator's persona.
    pub struct Soul {
        /// The text.
        pub soul: String,
    }

    /// The destinations of logs.
    pub struct LoggingDestinations {
        /// The log of the system.
        pub system: SystemLog,
        /// The log of conversations.
        pub conversation: ConversationLogs,
    }

    /// The log of the system.
    pub struct SystemLog {
        /// The least severity that is logged.
        pub level: LogLevel,
        /// Its destination, such as `stdout`.
        pub destination: String,
    }

    /// The log of conversations.
    pub struct ConversationLogs {
        /// Its destinations.
        pub destinations: Vec<LogDestination>,
        /// The number of destinations.
        pub count: u64,
    }

    /// One destination of the log of conversations.
    pub struct LogDestination {
        /// Its id.
        pub id: Option<String>,
        /// The transport of entries.
        pub transport: Option<String>,
        /// The least severity that is sent.
        pub level: Option<LogLevel>,
        /// The form of an entry.
        pub format: Option<String>,
        /// True if it is in use.
        pub enabled: Option<bool>,
        /// The target of entries.
        pub destination: Option<Value>,
    }
}
