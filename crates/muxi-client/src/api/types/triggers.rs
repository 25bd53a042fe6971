//! Triggers, standard operating procedures and skills.

use super::{Object, SkillScope, TriggerState};
use serde_json::Value;

replies! {
    /// The triggers of a formation.
    pub struct TriggerList {
        /// The formation.
        pub formation_id: String,
        /// Their names.
        pub triggers: Vec<String>,
        /// The number of triggers.
        pub count: u64,
    }

    /// One trigger.
    pub struct Trigger {
        /// Its name.
        pub name: String,
        /// Its template.
        pub content: String,
        /// The data fields that the template uses, with dots.
        pub data_fields: Option<Vec<String>>,
    }

    /// The result of firing a trigger.
    pub struct TriggerResult {
        /// `processing` or `completed`.
        pub status: TriggerState,
        /// The answer, when completed.
        pub content: Option<String>,
    }

    /// The standard operating procedures of a formation.
    pub struct SopList {
        /// The procedures.
        pub sops: Vec<SopSummary>,
        /// The number of procedures.
        pub count: u64,
    }

    /// One standard operating procedure in a list.
    pub struct SopSummary {
        /// Its name.
        pub name: String,
        /// Its title.
        pub title: String,
        /// Its kind, such as `template`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The number of its steps.
        pub steps: Option<u64>,
        /// The agents that it uses.
        pub agents_used: Option<Vec<String>>,
    }

    /// One standard operating procedure with its text.
    pub struct Sop {
        /// Its name.
        pub name: String,
        /// Its title.
        pub title: String,
        /// Its kind, such as `template`.
        #[serde(rename = "type")]
        pub kind: String,
        /// Its text, Markdown.
        pub content: String,
        /// The metadata in its head.
        pub metadata: Object,
        /// The items that it refers to.
        pub references: Option<Value>,
        /// The number of its steps.
        pub steps: Option<u64>,
        /// The agents that it uses.
        pub agents_used: Option<Vec<String>>,
    }

    /// Loaded skills, of the formation or of one agent.
    pub struct SkillList {
        /// The skills.
        pub skills: Vec<SkillSummary>,
        /// The agent that may use them.
        pub agent_id: Option<String>,
    }

    /// One skill in a list.
    pub struct SkillSummary {
        /// Its name.
        pub name: String,
        /// Its description.
        pub description: Option<String>,
        /// `builtin`, `public` or `private`.
        pub scope: Option<SkillScope>,
        /// True if it has scripts.
        pub has_scripts: Option<bool>,
        /// The number of its resources.
        pub resource_count: Option<u64>,
        /// True if it can run commands.
        pub has_execution_context: Option<bool>,
    }

    /// One skill.
    pub struct Skill {
        /// Its name.
        pub name: String,
        /// Its description.
        pub description: Option<String>,
        /// Its licence.
        pub license: Option<String>,
        /// The systems that it works with.
        pub compatibility: Option<Value>,
        /// The tools that it may use.
        pub allowed_tools: Option<Value>,
        /// Its resources.
        pub resources: Option<Value>,
    }
}
