//! The sources of a message's answer: an [`echo`], the rules of a [`script`] file, or a language model ([`llm`]).
//!
//! A script goes first. A message that none of its rules fits goes to the model where there is one, else to the echo
//! where the script says so. Without a script and a model the echo answers.

mod ask;
pub mod echo;
mod files;
pub mod llm;
pub mod script;

pub(crate) use ask::{Ask, Channel, Fired};

use crate::formation::Formation;
use futures_util::stream::BoxStream;
use llm::Llm;
use script::{Script, ScriptError};
use serde_json::{Map, Value};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// A message and what is known of its turn.
pub(crate) struct Question<'a> {
    pub(crate) formation: &'a Arc<Formation>,
    pub(crate) ask: &'a Ask,
    pub(crate) session_id: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) agent: &'a str,
}

impl Question<'_> {
    /// The messages of the session before this one, oldest first.
    fn history(&self) -> Vec<Said> {
        let mut history = self.formation.state().sessions.history(&self.ask.user, self.session_id);
        let own = |said: &Said| said.by_user && said.request_id.as_deref() == Some(self.request_id);
        if let Some(at) = history.iter().rposition(own) {
            history.truncate(at);
        }
        history
    }

    /// The number of this turn in its session, from 1, as far as the buffer reaches back.
    fn turn(&self) -> u64 {
        self.history().iter().filter(|said| said.by_user).count() as u64 + 1
    }
}

/// A message of a session.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) by_user: bool,
    pub(crate) text: String,
    pub(crate) request_id: Option<String>,
}

/// Messages that the runtime knows for small talk by their words.
const SMALL_TALK: [&str; 8] = ["hi", "hello", "hey", "thanks", "thank you", "ok", "okay", "got it"];

/// The course of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Course {
    /// An agent answers.
    #[default]
    Plain,
    /// Small talk, answered without an agent; `early` if its words alone show that.
    Fast { early: bool },
    /// The model is down. The text is what was wrong.
    ModelDown(String),
    /// The model has been down so often that it is not asked.
    Breaker,
    /// The engine breaks, with an exception of that class.
    Broken(String),
    /// The turn ends with a question.
    Clarify,
    /// The turn ends with a plan to approve.
    Approve,
    /// The turn runs as a workflow.
    Workflow,
}

impl Course {
    /// The course of a message that is answered as small talk.
    fn small_talk(message: &str) -> Self {
        Self::Fast { early: SMALL_TALK.contains(&message.trim().to_lowercase().as_str()) }
    }
}

/// A chat event that an answer adds.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) content: String,
    pub(crate) extra: Map<String, Value>,
}

/// A tool that the turn seems to call.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) server: String,
    pub(crate) name: String,
}

/// A file that the turn makes.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) content: bytes::Bytes,
}

/// The text of an answer that comes while the turn runs, in pieces. Dropping it ends the call behind it.
pub(crate) struct Deltas(pub(crate) BoxStream<'static, Result<String, String>>);

impl fmt::Debug for Deltas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Deltas")
    }
}

/// The answer to a message and how it is brought about.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) course: Course,
    /// The agent that answers, where it is not the one that was asked.
    pub(crate) agent: Option<String>,
    pub(crate) text: String,
    /// The text that the stream sends piece by piece; adds up to the answer's text unless it is meant to differ.
    pub(crate) slices: Vec<String>,
    /// The source of text and slices, when they are not known yet.
    pub(crate) deltas: Option<Deltas>,
    /// Pause between slices.
    pub(crate) pace: Duration,
    /// Silence before the answer.
    pub(crate) wait: Duration,
    pub(crate) events: Vec<Event>,
    pub(crate) tools: Vec<Tool>,
    pub(crate) files: Vec<File>,
    pub(crate) widgets: Vec<Value>,
    /// The status of `completed`, where it is not the usual one.
    pub(crate) status: Option<String>,
    /// The stream stops half way.
    pub(crate) cut: bool,
    /// The stream has no `completed`.
    pub(crate) mute: bool,
    /// The slices are of another answer.
    pub(crate) discontinuity: bool,
    /// Facts to store for the user.
    pub(crate) memories: Vec<String>,
    /// More metadata of the JSON reply.
    pub(crate) metadata: Map<String, Value>,
}

impl Answer {
    /// An exception of that class instead of an answer.
    pub(crate) fn broken(message: &str, class: &str) -> Self {
        Self { course: Course::Broken(class.to_owned()), text: message.to_owned(), ..Self::default() }
    }

    /// A plain answer in slices of a word each.
    pub(crate) fn plain(text: String) -> Self {
        Self { slices: slices(&text), text, ..Self::default() }
    }
}

/// The responders that answer now. Can be replaced while turns run.
#[derive(Debug, Default)]
pub(crate) struct Responders {
    script: RwLock<Option<Arc<Script>>>,
    /// The script that the server was started with, as its file is now.
    first: RwLock<Option<Arc<Script>>>,
    llm: RwLock<Option<Arc<Llm>>>,
}

impl Responders {
    pub(crate) fn set_script(&self, script: Script) {
        *self.script.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(script));
    }

    /// The script of a server that starts, or whose script file has changed.
    pub(crate) fn start_with(&self, script: Script) {
        let script = Some(Arc::new(script));
        self.first.write().unwrap_or_else(PoisonError::into_inner).clone_from(&script);
        *self.script.write().unwrap_or_else(PoisonError::into_inner) = script;
    }

    /// The script that the server was started with, as its file is now.
    fn first(&self) -> Option<Arc<Script>> {
        self.first.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the file of the server's script again. Tells whether it is another one now; where it is wrong, the old
    /// one stays.
    pub(crate) fn reload_script(&self, path: &Path) -> Result<bool, ScriptError> {
        let script = Script::open(path)?;
        let changed = self.first().is_none_or(|first| first.yaml() != script.yaml());
        if changed {
            self.start_with(script);
        }
        Ok(changed)
    }

    /// Back to the script that the server was started with, where there was one, and to the start of that.
    pub(crate) fn reset_script(&self) {
        let first = self.first().and_then(|script| script.afresh()).map(Arc::new);
        *self.script.write().unwrap_or_else(PoisonError::into_inner) = first;
    }

    pub(crate) fn set_llm(&self, llm: Llm) {
        *self.llm.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(llm));
    }

    /// The script by whose rules messages are answered now.
    pub(crate) fn script(&self) -> Option<Arc<Script>> {
        self.script.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn llm(&self) -> Option<Arc<Llm>> {
        self.llm.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Answers a message.
    pub(crate) fn answer(&self, question: &Question<'_>) -> Answer {
        let (script, llm) = (self.script(), self.llm());
        if let Some(answer) = script.as_ref().and_then(|script| script.answer(question)) {
            return answer;
        }
        match (script, llm) {
            (_, Some(llm)) => llm.answer(question),
            (Some(script), None) => script.otherwise(question),
            (None, None) => {
                echo::answer(&question.ask.message, &files::as_text(question.formation, &question.ask.files))
            }
        }
    }

    /// The text of a voice note. `None` where nothing here transcribes; an empty text where it was tried in vain.
    pub(crate) async fn transcribe(&self, formation: &Formation, file: &Value) -> Option<String> {
        if let Some(text) = self.script().and_then(|script| script.transcribe(file)) {
            return Some(text);
        }
        self.llm()?.transcribe(formation, file).await
    }
}

/// Cuts a text into words, each with the white space after it, so that the slices add up to the text.
fn slices(text: &str) -> Vec<String> {
    let mut slices = Vec::new();
    let mut start = 0;
    let mut in_space = false;
    for (index, c) in text.char_indices() {
        if in_space && !c.is_whitespace() {
            slices.push(text[start..index].to_owned());
            start = index;
        }
        in_space = c.is_whitespace();
    }
    if start < text.len() {
        slices.push(text[start..].to_owned());
    }
    slices
}
