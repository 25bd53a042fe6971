//! From a case's call to a typed method of a client, and what came of it.

use crate::case::CallSpec;
use muxi_client::{
    Bundle, ChatStream, Error, Relay,
    api::{
        error::Result,
        event::Event,
        events::StreamEvent,
        params::{AudioRequest, ChatRequest, IdentifierOwner, NewIdentifier, RestoredMessage},
        table::Operation,
    },
    blocking::{self, Blocking, IntoBlocking},
    client::{ApiKind, Async, Builder, Call, Client, Formation, Mode, Outcome, Response, Server},
    stream,
};
use serde::Serialize;
use serde_json::{Map, Value};
use std::{fs, sync::LazyLock, thread, time::Duration};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));

/// The outcome of a call.
#[derive(Debug, Default)]
pub struct Ran {
    pub result: Option<Value>,
    pub metadata: Map<String, Value>,
    pub events: Vec<(String, String)>,
    pub relayed: String,
    pub error: Option<Error>,
    pub seconds: f64,
}

impl Ran {
    pub fn failed(error: Error) -> Self {
        Self { error: Some(error), ..Self::default() }
    }

    /// Notes an event. Returns whether another is wanted.
    fn take(&mut self, event: Result<Event>, spec: &CallSpec) -> bool {
        match event {
            Ok(event) => self.events.push((event.event.into(), event.data)),
            Err(error) => self.error = Some(error),
        }
        self.error.is_none() && spec.take != Some(self.events.len())
    }
}

/// A client that can make the calls of a case.
pub trait Face {
    type Api: ApiKind;
    type Mode: Mode;
    fn call(&self, spec: &CallSpec) -> Ran;
}

/// Makes a client.
pub trait Build<C> {
    fn make(self) -> Result<C>;
}

impl<A: ApiKind, M: Mode> Build<Client<A, M>> for Builder<A, M> {
    fn make(self) -> Result<Client<A, M>> {
        self.build()
    }
}

/// Reads arguments by the kinds that the rows below name.
impl CallSpec {
    fn value(&self, name: &str) -> &Value {
        self.args.get(name).unwrap_or_else(|| panic!("{} needs {name}", self.operation))
    }
    fn text(&self, name: &str) -> &str {
        self.value(name).as_str().unwrap_or_else(|| panic!("{name} must be text"))
    }
    fn number(&self, name: &str) -> u32 {
        self.value(name).as_u64().and_then(|n| n.try_into().ok()).unwrap_or_else(|| panic!("{name} must be a number"))
    }
    fn flag(&self, name: &str) -> bool {
        self.value(name).as_bool().unwrap_or_else(|| panic!("{name} must be a bool"))
    }
    fn object(&self, name: &str) -> &Map<String, Value> {
        self.value(name).as_object().unwrap_or_else(|| panic!("{name} must be an object"))
    }
    fn turn(&self, name: &str) -> ChatRequest {
        self.object(name).clone().into()
    }
    fn audio(&self, name: &str) -> AudioRequest {
        self.object(name).clone().into()
    }
    fn list(&self, name: &str) -> &[Value] {
        self.value(name).as_array().unwrap_or_else(|| panic!("{name} must be a list"))
    }
    fn messages(&self, name: &str) -> &'static [RestoredMessage] {
        let objects = self.list(name).iter().map(|item| item.as_object().expect("an object").clone());
        objects.map(RestoredMessage::from).collect::<Vec<_>>().leak()
    }
    fn identifiers(&self, name: &str) -> &'static [NewIdentifier] {
        let identifier = |item: &Value| match item {
            Value::Object(item) => item.clone().into(),
            Value::String(text) => text.as_str().into(),
            Value::Array(pair) => (pair[0].as_str().expect("text"), pair[1].as_str().expect("text")).into(),
            other => panic!("Rust has no such identifier: {other}"),
        };
        self.list(name).iter().map(identifier).collect::<Vec<_>>().leak()
    }
    fn owner(&self, name: &str) -> IdentifierOwner {
        self.args.get(name).and_then(Value::as_str).map_or(IdentifierOwner::NewUser, IdentifierOwner::from)
    }
    /// A bundle whose formation file is the argument's text.
    fn bundle(&self, name: &str) -> &'static Bundle {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("formation.afs"), self.text(name)).expect("a file");
        Box::leak(Box::new(Bundle::from_path(folder.path()).expect("a bundle")))
    }

    /// The relay of the case; its turns are never silent for so long that it writes a comment.
    fn relay(&self) -> Option<Relay> {
        let relay = match self.relay.as_deref()? {
            "text" => Relay::text(),
            "events" => Relay::events(),
            other => panic!("there is no relay {other}"),
        };
        Some(relay.keepalive(Duration::from_secs(3600)))
    }

    fn options<M, O: Operation>(&self, mut call: Call<M, O>) -> Call<M, O> {
        thread::sleep(Duration::from_millis(self.pause_ms));
        if let Some(limit) = self.timeout {
            call = call.timeout(duration(limit));
        }
        if let Some(limit) = self.deadline {
            call = call.deadline(duration(limit));
        }
        if let Some(times) = self.max_retries {
            call = call.max_retries(times);
        }
        if let Some(key) = &self.idempotency_key {
            call = call.idempotency_key(key);
        }
        self.headers.iter().fold(call, |call, (name, value)| call.header(name, value))
    }
}

/// A number of seconds that may be no duration: those that are too small can be given as zero, the others as the longest.
fn duration(seconds: f64) -> Duration {
    let other = if seconds > 1.0 { Duration::MAX } else { Duration::ZERO };
    Duration::try_from_secs_f64(seconds).unwrap_or(other)
}

/// Sends a call and reads what it gives.
trait Finish {
    fn finish(self, spec: &CallSpec) -> Ran;
}

impl<O: Operation> Finish for Call<Async, O>
where
    O::Reply: Outcome,
    <O::Reply as Outcome>::Output: Read,
{
    fn finish(self, spec: &CallSpec) -> Ran {
        match RUNTIME.block_on(self.into_future()) {
            Ok(output) => output.read(spec),
            Err(error) => Ran::failed(error),
        }
    }
}

impl<O: Operation> Finish for Call<Blocking, O>
where
    O::Reply: Outcome,
    <O::Reply as Outcome>::Output: IntoBlocking,
    <<O::Reply as Outcome>::Output as IntoBlocking>::Blocking: Read,
{
    fn finish(self, spec: &CallSpec) -> Ran {
        match self.send() {
            Ok(output) => output.read(spec),
            Err(error) => Ran::failed(error),
        }
    }
}

trait Read {
    fn read(self, spec: &CallSpec) -> Ran;
}

impl<T: Serialize> Read for Response<T> {
    fn read(self, _: &CallSpec) -> Ran {
        let mut metadata = Map::new();
        metadata.insert("request_id".to_owned(), self.request_id().into());
        metadata.insert("timestamp".to_owned(), self.timestamp().into());
        let result = serde_json::to_value(&*self).expect("a reply is JSON");
        Ran { result: Some(result), metadata, ..Ran::default() }
    }
}

impl<E: StreamEvent> Read for stream::Events<E> {
    fn read(self, spec: &CallSpec) -> Ran {
        let mut ran = Ran::default();
        RUNTIME.block_on(async {
            let mut raw = self.into_raw();
            if let Some(relay) = spec.relay() {
                let mut body = ChatStream::new(raw).into_sse(relay);
                while let Some(Ok(bytes)) = body.next().await {
                    ran.relayed.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
                }
                return;
            }
            while let Some(event) = raw.next().await {
                if !ran.take(event, spec) {
                    break;
                }
            }
        });
        ran
    }
}

impl<E: StreamEvent> Read for blocking::Events<E> {
    fn read(self, spec: &CallSpec) -> Ran {
        let mut ran = Ran::default();
        for event in self.into_raw() {
            if !ran.take(event, spec) {
                break;
            }
        }
        ran
    }
}

/// The operations that cases use: required arguments, then optional ones in brackets.
macro_rules! operations {
    ($api:ident; $($rows:tt)*) => {
        operations!(@face $api, Async; $($rows)*);
        operations!(@face $api, Blocking; $($rows)*);
    };
    (@face $api:ident, $mode:ident; $($name:ident($($arg:ident: $kind:ident),*) $([$($opt:ident: $okind:ident),*])?;)*) => {
        impl Face for Client<$api, $mode> {
            type Api = $api;
            type Mode = $mode;

            fn call(&self, spec: &CallSpec) -> Ran {
                if spec.closed {
                    self.close();
                }
                match &*spec.operation {
                    $(stringify!($name) => {
                        #[allow(unused_mut)]
                        let mut call = spec.options(self.$name($(spec.$kind(stringify!($arg))),*));
                        $($(if spec.args.contains_key(stringify!($opt)) {
                            call = call.$opt(spec.$okind(stringify!($opt)));
                        })*)?
                        call.finish(spec)
                    })*
                    other => panic!("the Rust runner does not know {other}: add a row"),
                }
            }
        }
    };
}

operations! { Formation;
    health();
    get_agents();
    get_agent(agent_id: text);
    get_async_config();
    get_secrets();
    get_secret(key: text);
    set_secret(key: text, value: text);
    chat(payload: turn) [user_id: text];
    chat_stream(payload: turn) [user_id: text];
    audio_chat(payload: audio) [user_id: text];
    audio_chat_stream(payload: audio) [user_id: text];
    get_sessions(user_id: text) [limit: number, active_only: flag];
    get_session(session_id: text, user_id: text);
    restore_session(session_id: text, user_id: text, messages: messages);
    get_requests(user_id: text);
    get_request_status(request_id: text, user_id: text);
    cancel_request(request_id: text, user_id: text);
    get_memories(user_id: text) [limit: number, scopes: text];
    add_memory(user_id: text, mem_type: text, detail: text) [metadata: object];
    delete_memory(user_id: text, memory_id: text);
    get_memory_provenance(user_id: text) [entity: text, event_id: text];
    clear_all_buffers();
    get_scheduler_jobs(user_id: text);
    create_scheduler_job(job_type: text, schedule: text, message: text, user_id: text);
    pause_scheduler_job(job_id: text) [user_id: text];
    link_user_identifier(muxi_user_id: owner, identifiers: identifiers);
    resolve_user(identifier: text) [create_user: flag, identifier_type: text];
    fire_trigger(name: text, data: value) [async_mode: flag, user_id: text, session_id: text];
    send_notification(user_id: text, message: text);
    clear_audit_log();
    stream_events(user_id: text);
    stream_request(user_id: text, session_id: text, request_id: text);
    stream_logs() [filters: object, level: text];
}

operations! { Server;
    ping();
    health();
    status();
    get_formation(formation_id: text);
    stop_formation(formation_id: text);
    cancel_update(formation_id: text);
    deploy_formation(payload: bundle) [formation_id: text, version: text];
    update_formation(payload: bundle) [formation_id: text, version: text];
    deploy_formation_stream(payload: bundle) [formation_id: text];
    start_formation_stream(formation_id: text);
    get_formation_logs(formation_id: text) [limit: number, stream: text];
    get_server_logs() [limit: number];
    stream_formation_logs(formation_id: text) [stream: text];
    draft_files(formation_id: text, action: text) [path: text];
    dev_run() [path: text, formation_id: text];
}
