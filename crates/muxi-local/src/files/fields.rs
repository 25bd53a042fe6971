//! The fields of a formation's files that are known, after the schema of formations, version 1.0.0.

use super::schema::{
    Field,
    Kind::{self, Any, Bool, Cron, Each, Either, List, Map, Number, Open, Scalar, Text, Url, Whole, Word},
};

const SCHEMA: Kind = Word(&["1.0.0"]);
const SECONDS: Kind = Number(0.0, f64::MAX);
const TEXTS: Kind = List(&Text);

/// A formation's configuration. Agents and MCP servers are checked one by one.
pub(super) const FORMATION: &[Field] = &[
    Field("schema", SCHEMA),
    Field("id", Text),
    Field("name", Text),
    Field("description", Text),
    Field("version", Scalar),
    Field("author", Any),
    Field("url", Text),
    Field("license", Text),
    Field("tags", TEXTS),
    Field("init", Text),
    Field("runtime", Either(&[Scalar, Open(&[])])),
    Field("llm", LLM),
    Field("agents", List(&Any)),
    Field("mcp", MCP),
    Field("skills", Either(&[List(&Any), Map(&[Field("disable_builtin", TEXTS)])])),
    Field("overlord", OVERLORD),
    Field("memory", MEMORY),
    Field("server", SERVER),
    Field("scheduler", SCHEDULER),
    Field("async", ASYNC),
    Field("a2a", Open(&[])),
    Field("logging", LOGGING),
    Field("proactive", PROACTIVE),
    Field("user_credentials", Open(&[Field("mode", Word(&["redirect", "dynamic"])), Field("redirect_message", Text)])),
    Field("rbac", Open(&[])),
    Field("middleware", Open(&[])),
    Field("commands", Any),
    Field("artifacts", Open(&[])),
    Field("document_processing", Open(&[])),
    Field("knowledge", Any),
    Field("input_limits", Open(&[Field("max_message_length", Whole(1)), Field("max_file_size_bytes", Whole(1))])),
    Field("rce", Open(&[Field("url", Url), Field("token", Text)])),
    Field("secrets", Open(&[])),
];

const MODEL_SETTINGS: Kind = Open(&[
    Field("temperature", Number(0.0, 1.0)),
    Field("max_tokens", Whole(1)),
    Field("timeout_seconds", SECONDS),
    Field("caching", Either(&[Bool, Open(&[Field("enabled", Bool)])])),
]);

const LLM: Kind = Map(&[
    Field("api_keys", Open(&[])),
    Field("settings", MODEL_SETTINGS),
    Field(
        "models",
        List(&Open(&[
            Field("text", Text),
            Field("embedding", Text),
            Field("audio", Text),
            Field("settings", MODEL_SETTINGS),
        ])),
    ),
    Field("aliases", Open(&[])),
]);

const PROACTIVE: Kind = Open(&[
    Field("enabled", Bool),
    Field("channels", Each(&Either(&[Open(&[Field("transformer", Text), Field("url", Url)]), Any]))),
    Field("heartbeat", Open(&[])),
]);

const MCP: Kind = Open(&[
    Field("servers", List(&Any)),
    Field("default_timeout_seconds", SECONDS),
    Field("default_retry_attempts", Whole(0)),
    Field("max_tool_iterations", Whole(1)),
    Field("max_tool_calls", Whole(1)),
    Field("max_repeated_errors", Whole(1)),
    Field("max_timeout_in_seconds", SECONDS),
    Field("max_tool_timeout_in_seconds", SECONDS),
    Field("connection_ttl", SECONDS),
    Field("enhance_user_prompts", Bool),
]);

const OVERLORD: Kind = Open(&[
    Field("soul", Text),
    Field("llm", Open(&[Field("model", Text), Field("api_key", Text), Field("settings", MODEL_SETTINGS)])),
    Field("caching", Open(&[Field("enabled", Bool), Field("ttl", Whole(1))])),
    Field("response", Open(&[Field("format", Word(&["markdown", "json", "text"])), Field("streaming", Bool)])),
    Field(
        "workflow",
        Open(&[
            Field("auto_decomposition", Bool),
            Field("plan_approval_threshold", Number(1.0, 10.0)),
            Field("complexity_method", Word(&["heuristic", "llm", "custom", "hybrid"])),
            Field("complexity_threshold", Number(1.0, 10.0)),
            Field("routing_strategy", Text),
            Field("enable_agent_affinity", Bool),
            Field("error_recovery", Text),
            Field("max_parallel_tasks", Whole(1)),
            Field("parallel_execution", Bool),
            Field("partial_results", Bool),
        ]),
    ),
    Field(
        "clarification",
        Open(&[
            Field("max_questions", Whole(1)),
            Field("style", Word(&["conversational", "formal", "brief"])),
            Field("persist_learned_info", Bool),
        ]),
    ),
]);

const MEMORY: Kind = Open(&[
    Field("buffer", Open(&[Field("size", Whole(1)), Field("multiplier", Whole(1)), Field("vector_search", Bool)])),
    Field(
        "working",
        Open(&[
            Field("mode", Word(&["local", "remote"])),
            Field("max_memory_mb", Either(&[Whole(1), Word(&["auto"])])),
            Field("vector_dimension", Whole(1)),
            Field("fifo_interval_min", Whole(1)),
        ]),
    ),
    Field(
        "persistent",
        Either(&[
            Bool,
            Open(&[Field("enabled", Bool), Field("connection_string", Text), Field("embedding_model", Text)]),
        ]),
    ),
    Field(
        "lint",
        Open(&[
            Field("enabled", Bool),
            Field("schedule", Either(&[Word(&["daily", "weekly"]), Number(1.0, f64::MAX)])),
        ]),
    ),
    Field("index", Open(&[Field("enabled", Bool)])),
    Field("captains_log", Open(&[Field("session_idle_minutes", Number(0.0, f64::MAX))])),
    Field(
        "distillery",
        Open(&[Field("enabled", Bool), Field("default_trust_level", Word(&["provisional", "verified"]))]),
    ),
]);

const SERVER: Kind = Open(&[
    Field("host", Text),
    Field("port", Whole(1)),
    Field("api_keys", Map(&[Field("admin_key", Text), Field("client_key", Text)])),
]);

const SCHEDULER: Kind = Map(&[
    Field("enabled", Bool),
    Field("timezone", Text),
    Field("check_interval_minutes", Whole(1)),
    Field("max_concurrent_jobs", Whole(1)),
    Field("max_failures_before_pause", Whole(1)),
    Field("default_time", Text),
]);

const ASYNC: Kind = Map(&[
    Field("threshold_seconds", Whole(1)),
    Field("enable_estimation", Bool),
    Field("webhook_url", Url),
    Field("webhook_retries", Whole(0)),
    Field("webhook_timeout", SECONDS),
]);

const LOGGING: Kind = Open(&[
    Field("system", Open(&[Field("level", Word(&["debug", "info", "warning", "error"])), Field("destination", Text)])),
    Field(
        "conversation",
        Open(&[
            Field("enabled", Bool),
            Field("streams", LOG_STREAMS),
            // Another name of the same, which the server reads where there are no streams.
            Field("destinations", LOG_STREAMS),
        ]),
    ),
]);

const LOG_STREAMS: Kind = List(&Open(&[
    Field("id", Text),
    Field("transport", Word(&["stdout", "file", "stream", "trail"])),
    Field("destination", Text),
    Field("level", Word(&["debug", "info", "warn", "error"])),
    Field("format", Text),
    Field("enabled", Bool),
]));

/// The words that stand for a cron expression where knowledge is read again.
const RESYNC: &[&str] = &["hourly", "daily", "weekly", "monthly", "@hourly", "@daily", "@weekly", "@monthly"];

/// An agent.
pub(super) const AGENT: &[Field] = &[
    Field("schema", SCHEMA),
    Field("id", Text),
    Field("name", Text),
    Field("description", Text),
    Field("system_message", Text),
    Field("active", Bool),
    Field("role", Text),
    Field("specialties", TEXTS),
    Field("specialization", Any),
    Field("specialization_domain", Text),
    Field("specialization_keywords", TEXTS),
    Field("llm_models", List(&Open(&[Field("settings", MODEL_SETTINGS)]))),
    Field("mcp_servers", List(&Either(&[Text, Open(&[Field("id", Text)])]))),
    Field("skills", TEXTS),
    Field(
        "knowledge",
        Open(&[
            Field("enabled", Bool),
            Field(
                "sources",
                List(&Open(&[
                    Field("id", Text),
                    Field("path", Text),
                    Field("url", Text),
                    Field("description", Text),
                    Field("schedule", Cron(RESYNC)),
                ])),
            ),
        ]),
    ),
    Field("a2a", Open(&[Field("internal", Bool), Field("external", Bool)])),
    Field("author", Any),
    Field("version", Scalar),
    Field("source", Text),
];

/// An MCP server.
pub(super) const MCP_SERVER: &[Field] = &[
    Field("schema", SCHEMA),
    Field("id", Text),
    Field("name", Text),
    Field("description", Text),
    Field("active", Bool),
    Field("type", Word(&["command", "http"])),
    Field("command", Text),
    Field("args", List(&Scalar)),
    Field("env", Open(&[])),
    Field("cwd", Text),
    Field("endpoint", Url),
    Field("headers", Open(&[])),
    Field("timeout_seconds", SECONDS),
    Field("retry_attempts", Whole(0)),
    Field("auth", Open(&[Field("type", Text)])),
    Field("parameters", Open(&[])),
    Field(
        "tools",
        Map(&[
            Field("allow", Either(&[Text, TEXTS])),
            Field("deny", Either(&[Text, TEXTS])),
            Field("whitelist", Either(&[Text, TEXTS])),
            Field("blacklist", Either(&[Text, TEXTS])),
        ]),
    ),
    Field("author", Any),
    Field("version", Scalar),
    Field("documentation", Text),
    Field("source", Text),
];

/// The front matter of a trigger.
pub(super) const TRIGGER: &[Field] = &[
    Field("name", Text),
    Field("description", Text),
    Field("webhook", Url),
    Field("transformer", Text),
    Field("parse", Open(&[])),
    Field("model", Text),
    Field("agent", Text),
];

/// The front matter of a standard operating procedure.
pub(super) const SOP: &[Field] = &[
    Field("type", Text),
    Field("name", Text),
    Field("title", Text),
    Field("description", Text),
    Field("mode", Word(&["template", "guide"])),
    Field("tags", Either(&[Text, TEXTS])),
    Field("bypass_approval", Bool),
    Field("agents", TEXTS),
    Field("model", Text),
];

/// The front matter of a skill.
pub(super) const SKILL: &[Field] = &[
    Field("name", Text),
    Field("description", Text),
    Field("license", Text),
    Field("compatibility", Either(&[Text, TEXTS])),
    Field("allowed-tools", Either(&[Text, TEXTS])),
    Field("metadata", Open(&[])),
    Field("model", Text),
];
