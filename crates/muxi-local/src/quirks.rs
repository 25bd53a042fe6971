//! Defects of the shipped runtime and server that can be turned on, singly or all at once.
//!
//! [`QUIRKS`] is the table of them. In a name of a part of `contract/`, `R` is `formation-api.md` and `S` is
//! `server-api.md`.

use crate::near::near;
use std::{
    error, fmt,
    str::FromStr,
    sync::atomic::{AtomicU64, Ordering},
};

/// One row of the table.
#[derive(Debug)]
pub struct QuirkInfo {
    /// The defect.
    pub(crate) quirk: Quirk,
    /// Its name, as `--quirks` takes it.
    pub name: &'static str,
    /// The behaviour of the shipped runtime or server.
    pub what: &'static str,
    /// The section of the contract about it.
    pub section: &'static str,
    /// The operations that it is about; none where it is about requests or webhooks of all kinds.
    pub operations: &'static [&'static str],
    /// True if it is on by default.
    pub on_by_default: bool,
}

/// Declares the enumeration and the table from one list of rows:
///
/// ```text
/// KIND "NAME" "SECTIONS" [Default] [OPERATION, ...]: "TEXT"
/// ```
macro_rules! quirks {
    (@) => { false };
    (@ Default) => { true };
    ($($quirk:ident $name:literal $section:literal $($default:ident)? [$($operation:ident),*] : $what:literal)*) => {
        /// A defect of the shipped runtime or server.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Quirk {
            $(#[doc = $what] $quirk,)*
        }

        /// Every defect that can be reproduced.
        pub static QUIRKS: &[QuirkInfo] = &[$(QuirkInfo {
            quirk: Quirk::$quirk,
            name: $name,
            what: $what,
            section: $section,
            operations: &[$(stringify!($operation)),*],
            on_by_default: quirks!(@ $($default)?),
        },)*];
    };
}

quirks! {
    SilentEvents "silent-events" "R 14.1, 8.2, 8.4" [stream_events, stream_session_events, stream_logs]:
        "/events, /events/{session} and /logs send headers and then not one byte"
    RequestEvents500 "request-events-500" "R 14.1, 8.3" [stream_request]:
        "/events/{session}/{request} answers 500"
    Skills500 "skills-500" "R 14.2, 7.17" [list_skills, get_skill, list_agent_skills]:
        "the three skill routes answer 500"
    Credentials500 "credentials-500" "R 14.2, 7.15" [create_credential]:
        "storing a credential answers 500"
    Identifiers500 "identifiers-500" "R 14.2, 7.16" [link_user_identifier]:
        "linking identifiers without a MUXI user id answers 500"
    ArtifactJson500 "artifact-json-500" "R 14.3, 7.7" [chat, audio_chat]:
        "a turn that made a file answers 500 on the JSON path, after its work"
    EarlyAnswerError "early-answer-error" "R 14.4, 8.1" [chat_stream]:
        "streaming an over-long message ends in an AttributeError"
    ClearBuffers500 "clear-buffers-500" "R 14.5, 7.6" [clear_all_buffers, clear_memory_buffers]:
        "clearing all buffers answers 500 after its work, and 503 when they are empty"
    ClearBufferNoop "clear-buffer-noop" "R 14.5, 7.12" [clear_user_buffer]:
        "clearing the buffer with the admin key and no user clears nothing"
    SingleUser "single-user" "R 14.6, 2" [get_memories, add_memory, delete_memory]:
        "as with SQLite: memories answer 500, and every user is \"0\""
    LateCancel "late-cancel" "R 14.7, 7.10" [cancel_request]:
        "cancelling a turn whose answer has begun is acknowledged and has no effect"
    UnmarkedFailures "unmarked-failures" "R 14.8, 4" [chat, audio_chat]:
        "an outage of the model leaves no mark in the JSON reply"
    UnknownRequestId "unknown-request-id" "R 14.9, 7.7" [chat, audio_chat]:
        "chat names a request that nobody knows unless the caller chose its id, and no session on the fast path and for audio"
    WebhookEncoding "webhook-encoding" "R 14.10, 10" Default []:
        "the body of a webhook is not the text that was signed"
    EscalationKey "escalation-key" "R 14.10, 10" Default []:
        "the webhook at the end of an escalation is signed with a key that nobody has"
    UnsignedNotifications "unsigned-notifications" "R 14.10, 10" Default [send_notification]:
        "webhooks of notifications are not signed"
    NonAsciiKey500 "non-ascii-key-500" "R 14.11, 2" []:
        "a key that is not ASCII answers 500"
    StatusUrlWithoutV1 "status-url-without-v1" "R 14.11, 7.6" [rebuild_memory, forget_memory_source]:
        "the status_url of a rebuild or forget job lacks /v1"
    JobIdChanges "job-id-changes" "R 14.13, 7.14" [update_scheduler_job]:
        "a new message or schedule gives a scheduled job a new id"
    PathsInErrors "paths-in-errors" "R 14.14, 7.5, 7.17"
        [fire_trigger, get_tuning, replace_tuning, get_tuning_pending, apply_tuning_pending]:
        "replies about triggers and tuning show file paths of the server"
    LiteralPasswords "literal-passwords" "R 14.14, 7" [get_formation_info, get_memory_config]:
        "administrative reads show passwords that stand in the formation"
    AuditOnlyClearing "audit-only-clearing" "R 14.15, 7.4" [get_audit_log]:
        "the audit log holds nothing but its own clearing"
    FixedMcpTools "fixed-mcp-tools" "R 14.15, 7.2" [get_mcp_tools]:
        "the list of MCP tools lacks those of the formation's servers"
    MessageEmbeddings "message-embeddings" "R 14.15, 7.9" [get_session_messages]:
        "every message drags along 768 numbers"
    BeforeIgnored "before-ignored" "R 14.15, 6" [get_session_messages]:
        "pages of messages begin at the oldest, whatever before says"
    LogAgentFilter "log-agent-filter" "R 14.15, 8.4" [stream_logs]:
        "/logs with an agent filter sends nothing"
    DocumentsNotDecoded "documents-not-decoded" "R 14.16, 7.8" [chat, chat_stream]:
        "the base64 of a document reaches the model as it is"
    AudioRequestIdDropped "audio-request-id-dropped" "R 14.16, 7.7" [audio_chat, audio_chat_stream]:
        "audio chat does not use the caller's request id"
    Notification502 "notification-502" "R 14.17, 3" [send_notification]:
        "a notification that nobody took answers 502 with success"
    NoTerminalEvent "no-terminal-event" "R 14.17, 8.1" [chat_stream]:
        "the stream of a turn that asks for approval is silent for 600 s and ends without completed"
    MemoryDeleteAnyUser "memory-delete-any-user" "R 14.18" [delete_memory]:
        "any user can delete the memory of another"
    NewUserRace "new-user-race" "R 14.19" [chat, chat_stream]:
        "the first turns of a new user, sent at once, fail with an IntegrityError"
    TextFilesDropped "text-files-dropped" "R 14.20" [chat, chat_stream]:
        "text files and voice notes of a chat do not reach the model"
    AuditFilter422 "audit-filter-422" "R 14.21" [get_audit_log]:
        "filtering the audit log by the only resource type that occurs answers 422"
    FreshRequest404 "fresh-request-404" "R 14.22" [get_request_status]:
        "a request that was just accepted is unknown for 100 ms"
    RestoredMessagesDropped "restored-messages-dropped" "R 14.22" [restore_session]:
        "restored messages that are older than what fills the buffer are dropped"
    LateFirstEvent "late-first-event" "R 8.1" [chat_stream, audio_chat_stream]:
        "the first event of a chat stream comes 1 s late"
    IdleClose5S "idle-close-5s" "R 1" []:
        "an idle connection is closed after 5 s"
    StartRestart500 "start-restart-500" "S 8.1"
        [start_formation, start_formation_stream, restart_formation, restart_formation_stream]:
        "start and restart answer 500; a restart stops the formation for good"
    StagingLeftovers "staging-leftovers" "S 8.2"
        [update_formation, update_formation_stream, stop_formation, rollback_formation, rollback_formation_stream]:
        "after an update stop and the next update answer 500, and a rollback crashes"
    CancelUpdate200 "cancel-update-200" "S 8.3" [cancel_update]:
        "cancelling answers 200 after an update that has failed"
    MillisecondTimestamps "millisecond-timestamps" "S 8.5, 4" []:
        "a signature with a timestamp in milliseconds is accepted"
    OldPort "old-port" "S 8.6, 5" [update_formation, update_formation_stream]:
        "an update tells the port of the old version"
}

/// The place of a defect in a set.
const fn bit(quirk: Quirk) -> u64 {
    1 << quirk as u64
}

/// The row of a name.
fn row(name: &str) -> Option<&'static QuirkInfo> {
    QUIRKS.iter().find(|row| row.name == name)
}

/// The defects that are on. Can be changed while a server runs.
#[derive(Debug)]
pub(crate) struct Quirks(AtomicU64);

impl Default for Quirks {
    fn default() -> Self {
        Self(AtomicU64::new(Selection::default().0))
    }
}

impl Quirks {
    /// True if a defect is on.
    pub(crate) fn on(&self, quirk: Quirk) -> bool {
        self.0.load(Ordering::Relaxed) & bit(quirk) != 0
    }

    /// Turns on what is selected, and off everything else.
    pub(crate) fn set(&self, selection: Selection) {
        self.0.store(selection.0, Ordering::Relaxed);
    }
}

/// A choice of the defects that are to be on.
///
/// Its text is a list with commas, read from the left: `real` turns all on, `fixed` all off, `default` goes back to the
/// default, a name turns that defect on and a name with a minus turns it off. A list that begins with a name begins with
/// the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Selection(u64);

impl Default for Selection {
    /// The intended behaviour, but for how webhooks are encoded and signed: an application that takes webhooks has to
    /// stand what the shipped runtime sends.
    fn default() -> Self {
        Self(QUIRKS.iter().filter(|row| row.on_by_default).map(|row| bit(row.quirk)).sum())
    }
}

impl FromStr for Selection {
    type Err = UnknownQuirk;

    fn from_str(text: &str) -> Result<Self, UnknownQuirk> {
        let mut chosen = Self::default().0;
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let (name, off) = word.strip_prefix('-').map_or((word, false), |name| (name, true));
            match (name, row(name)) {
                ("real", _) if !off => chosen = QUIRKS.iter().map(|row| bit(row.quirk)).sum(),
                ("fixed", _) if !off => chosen = 0,
                ("default", _) if !off => chosen = Self::default().0,
                (_, Some(row)) if off => chosen &= !bit(row.quirk),
                (_, Some(row)) => chosen |= bit(row.quirk),
                (_, None) => return Err(UnknownQuirk { name: name.to_owned() }),
            }
        }
        Ok(Self(chosen))
    }
}

/// The error for a quirk that does not exist. Its text names those that are spelled much the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownQuirk {
    name: String,
}

impl fmt::Display for UnknownQuirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = ["real", "fixed", "default"].into_iter().chain(QUIRKS.iter().map(|row| row.name));
        let near = near(&self.name, words);
        write!(f, "there is no quirk '{}'; ", self.name)?;
        match near.as_slice() {
            [] => write!(f, "`--quirks list` of the local server's program lists them"),
            near => write!(f, "near: {}", near.join(", ")),
        }
    }
}

impl error::Error for UnknownQuirk {}

#[cfg(test)]
mod tests {
    use super::{QUIRKS, Selection};
    use muxi_client::api::table::{Api, all};
    use std::{fmt::Write as _, fs, path::Path};

    /// The text of all source files below a folder, but for this one.
    fn sources(folder: &Path) -> String {
        let mut text = String::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                text.write_str(&sources(&path)).unwrap();
            } else if !path.ends_with("src/quirks.rs") {
                text.write_str(&fs::read_to_string(path).unwrap()).unwrap();
            }
        }
        text
    }

    #[test]
    fn every_quirk_is_used_and_tested() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (code, tests) = (sources(&root.join("src")), sources(&root.join("tests")));
        for row in QUIRKS {
            assert!(code.contains(&format!("Quirk::{:?}", row.quirk)), "{} is used", row.name);
            assert!(tests.contains(&format!("both(\"{}\"", row.name)), "{} is tested", row.name);
        }
    }

    #[test]
    fn every_quirk_is_about_operations_of_the_table() {
        let known: Vec<&str> = [Api::Server, Api::Formation].into_iter().flat_map(all).map(|row| row.name).collect();
        for row in QUIRKS {
            let unknown: Vec<_> = row.operations.iter().filter(|name| !known.contains(*name)).collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", row.name);
        }
    }

    #[test]
    fn names_are_words_and_differ() {
        for (index, row) in QUIRKS.iter().enumerate() {
            assert!(row.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            assert!(QUIRKS[..index].iter().all(|other| other.name != row.name), "{}", row.name);
            assert_eq!(row.name.parse::<Selection>().unwrap().0 & super::bit(row.quirk), super::bit(row.quirk));
        }
        assert!(QUIRKS.len() <= 64, "the set is one number");
    }
}
