//! The typed surface, used as a program uses it: operations, streams and their collected forms.
#![allow(clippy::unwrap_used)]

use muxi_client::{
    Bundle, ChatEvent, ChatRequest, Events, File, FormationClient, LifecycleEvent, Result, ScheduledJob, ServerClient,
    api::{
        events::{OutputEvent, StreamEvent},
        params::{MemoryItem, NewIdentifier, RestoredMessage},
        types::{
            DraftAction, FormationState, HealthState, JobStatus, MemoryScope, OutputStream, Role, TokenKind,
            TriggerState, TurnStatus,
        },
    },
    blocking,
};
use muxi_local::Server;
use serde::Serialize;
use std::{
    fs,
    time::{Duration, SystemTime},
};

fn server() -> Server {
    Server::spawn(Server::builder()).unwrap()
}

fn formation(server: &Server) -> FormationClient {
    let builder = FormationClient::builder().server_url(server.url()).formation_id(server.formation_id());
    builder.client_key(server.client_key()).admin_key(server.admin_key()).build().unwrap()
}

fn control(server: &Server) -> ServerClient {
    let builder = ServerClient::builder().url(server.url());
    builder.key_id(server.key_id()).secret_key(server.secret_key()).build().unwrap()
}

#[test]
fn clients_go_where_they_are_needed() {
    fn goes_anywhere<T: Clone + Send + Sync + 'static>() {}
    fn moves<T: Send + 'static>() {}
    goes_anywhere::<FormationClient>();
    goes_anywhere::<ServerClient>();
    goes_anywhere::<blocking::FormationClient>();
    goes_anywhere::<blocking::ServerClient>();
    goes_anywhere::<Bundle>();
    goes_anywhere::<ChatRequest>();
    moves::<muxi_client::ChatStream>();
    moves::<blocking::ChatStream>();
    moves::<muxi_client::Error>();
}

#[derive(Serialize)]
struct OrderCreated {
    order: Order,
    customer: &'static str,
}

#[derive(Serialize)]
struct Order {
    id: u32,
}

/// More than ten operations, and no JSON value anywhere.
#[tokio::test]
async fn a_program_needs_typed_fields_only() -> Result<()> {
    let server = server();
    let formation = formation(&server);

    let health = formation.health().await?;
    assert_eq!(health.status, HealthState::Healthy);

    let first = formation.chat(ChatRequest::new("Remember tea").session_id("sess_tea")).user_id("ada").await?;
    assert_eq!((first.text().as_str(), first.session_id.as_deref()), ("Echo: Remember tea", Some("sess_tea")));
    assert_eq!(first.message.role, Some(Role::Assistant));
    let answer = formation.chat(ChatRequest::new("And now?").in_session_of(&first)).user_id("ada").await?;
    assert_eq!(answer.session_id, first.session_id);

    let messages = formation.get_session_messages("sess_tea", "ada").limit(10).await?;
    assert_eq!(messages.messages[0].metadata.role, Role::User);
    assert!(messages.messages[0].timestamp.system_time().unwrap() <= SystemTime::now());

    let past = [
        RestoredMessage::user("Hi", "2026-01-01T00:00:00Z"),
        RestoredMessage::assistant("Hello", SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_601)),
    ];
    assert_eq!(formation.restore_session("sess_past", "ada", &past).await?.messages_loaded, 2);

    let memory = formation.add_memory("ada", "taste", "likes tea").scope(MemoryScope::User).await?;
    assert_eq!((memory.content.detail.as_str(), &memory.scope), ("likes tea", &MemoryScope::User));
    let found = formation.get_memories("ada").limit(5).scopes([MemoryScope::User]).await?;
    assert!(found.memories[0].created_at.system_time().is_some());

    let items = [MemoryItem::new("Ada moved to Oslo", "crm").source_id("7"), MemoryItem::new(["a", "list"], "crm")];
    assert_eq!(formation.ingest_memories_batch("ada", &items).await?.counts.accepted, 2);

    let job = formation.schedule(ScheduledJob::recurring("0 9 * * *", "Water the plants").owner("ada")).await?;
    assert!(job.is_recurring && job.user_id == "ada");
    assert_eq!(formation.pause_scheduler_job(&job.id).await?.status, JobStatus::Paused);
    let soon = SystemTime::now() + Duration::from_secs(86_400);
    assert!(!formation.schedule(ScheduledJob::one_time(soon, "Call Ann")).await?.is_recurring);

    let user = formation.resolve_user("ada@example.com").create_user(true).await?;
    let linked = [NewIdentifier::of_kind("+4912", "phone")];
    let identifiers = formation.link_user_identifier(&user.muxi_user_id, &linked).await?;
    assert_eq!(identifiers.identifiers[0].kind, "phone");

    let created = OrderCreated { order: Order { id: 7 }, customer: "Ann" };
    let fired = formation.fire_trigger("order-created", created).async_mode(true).await?;
    assert_eq!(fired.status, TriggerState::Processing);

    let requests = formation.get_requests("ada").await?;
    let request = &requests.requests[0];
    assert!(request.status.is_finished() && request.created_at.system_time().is_some());
    Ok(())
}

#[tokio::test]
async fn a_server_is_typed_as_well() -> Result<()> {
    let server = server();
    let control = control(&server);
    let listed = control.list_formations().await?;
    assert_eq!(listed.formations[0].status, FormationState::Running);
    let id = server.formation_id();
    let logs = control.get_formation_logs(id).limit(3).stream(OutputStream::Stdout).await?;
    assert_eq!(logs.formation_id, id);
    assert!(control.draft_files(id, DraftAction::Init).await?.success);

    let folder = tempfile::tempdir().unwrap();
    let config = "id: typed\ndescription: A test\nagents:\n  - id: helper\n    name: Helper\n";
    fs::write(folder.path().join("formation.afs"), config).unwrap();
    let bundle = Bundle::from_folder(folder.path()).unwrap();
    let mut progress = control.deploy_formation_stream(&bundle).await?;
    let (mut steps, mut end) = (0, None);
    while let Some(event) = progress.next().await {
        match event? {
            LifecycleEvent::Progress(_) => steps += 1,
            LifecycleEvent::Complete(done) => end = Some(done),
            other => assert!(matches!(other, LifecycleEvent::Other(_)), "{other:?}"),
        }
    }
    let end = end.unwrap();
    assert!(steps > 1 && end.formation_id == "typed" && end.status == FormationState::Running);

    let mut output = control.stream_formation_logs(id).await?;
    assert!(matches!(output.next().await.unwrap()?, OutputEvent::Connected(_)));
    let refused = control.start_formation_stream("nobody").await?.next().await.unwrap();
    assert_eq!(refused.unwrap_err().code(), "NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn a_turn_is_read_whole_or_as_it_comes() -> Result<()> {
    let server = server();
    let formation = formation(&server);
    let mut stream = formation.chat_stream("One two three").user_id("ada").await?;
    let ids = stream.ids().unwrap().clone();
    let turn = stream.collect_turn().await?;
    assert_eq!((turn.text.as_str(), turn.status), ("Echo: One two three", Some(TurnStatus::Success)));
    assert_eq!((turn.session_id, turn.request_id), (ids.session_id, ids.request_id));

    let mut stream = formation.chat_stream("One two three").await?;
    let mut deltas = stream.text_deltas();
    let mut slices = Vec::new();
    while let Some(text) = deltas.next().await {
        slices.push(text?);
    }
    assert!(slices.len() > 1 && slices.concat() == "Echo: One two three", "{slices:?}");

    let mut stream = formation.chat_stream("One two three").await?;
    let mut kinds = Vec::new();
    while let Some(event) = stream.next().await {
        match event? {
            ChatEvent::Token(token) => kinds.push(token.kind),
            ChatEvent::Other(event) => kinds.push(TokenKind::Other(event.data)),
            _ => {}
        }
    }
    assert!(kinds.contains(&TokenKind::Content) && kinds.last() == Some(&TokenKind::Completed), "{kinds:?}");
    Ok(())
}

#[test]
fn blocking_streams_are_read_the_same_way() -> Result<()> {
    let server = server();
    let builder = blocking::FormationClient::builder().server_url(server.url()).formation_id(server.formation_id());
    let formation = builder.client_key(server.client_key()).build()?;
    let mut stream = formation.chat_stream("One two three").send()?;
    let session = stream.ids().unwrap().session_id.clone();
    let turn = stream.collect_turn()?;
    assert_eq!((turn.text.as_str(), turn.session_id), ("Echo: One two three", session));
    let slices = formation.chat_stream("One two").send()?.text_deltas().collect::<Result<Vec<_>>>()?;
    assert!(slices.len() > 1 && slices.concat() == "Echo: One two", "{slices:?}");
    assert_eq!(formation.chat_stream("One").send()?.final_text()?, "Echo: One");
    let voice = File::from_bytes("a.wav", "audio/wav", b"RIFF");
    assert!(formation.audio_chat_stream(voice).send()?.collect_turn()?.status.is_some());
    Ok(())
}

/// The result of a stream of these events, over a service in memory.
async fn read<E: StreamEvent>(
    body: &'static str,
    open: impl AsyncFnOnce(&FormationClient) -> Result<Events<E>>,
) -> Vec<E> {
    let formation = FormationClient::builder().url("http://in-memory").client_key("c").admin_key("a");
    let formation = formation.http_service(move |_: http::Request<_>| async move {
        let mut response = http::Response::new(muxi_client::http_service::Body::from(body));
        response.headers_mut().insert("content-type", "text/event-stream".parse()?);
        Ok(response)
    });
    let mut stream = open(&formation.build().unwrap()).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        events.push(event.unwrap());
    }
    events
}

#[tokio::test]
async fn a_turn_without_slices_has_its_text_and_one_with_a_break_too() {
    let formation = |body: &'static str| {
        let builder = FormationClient::builder().url("http://in-memory").client_key("c");
        let service = move |_: http::Request<_>| async move {
            let mut response = http::Response::new(muxi_client::http_service::Body::from(body));
            response.headers_mut().insert("content-type", "text/event-stream".parse()?);
            Ok(response)
        };
        builder.http_service(service).build().unwrap()
    };
    let asks = "data: {\"token\":{\"type\":\"completed\",\"content\":\"Which?\",\"status\":\"awaiting_clarification\"}}\n\n\
                event: done\ndata: {}\n\n";
    let formation_that_asks = formation(asks);
    let turn = formation_that_asks.chat_stream("x").await.unwrap().collect_turn().await.unwrap();
    assert!(turn.asks_back() && turn.text == "Which?");
    let mut stream = formation_that_asks.chat_stream("x").await.unwrap();
    assert_eq!(stream.text_deltas().next().await.unwrap().unwrap(), "Which?");
    let broken = "data: {\"token\":{\"type\":\"content\",\"content\":\"void\"}}\n\n\
                  data: {\"token\":{\"type\":\"completed\",\"content\":\"All\",\"stream_discontinuity\":true}}\n\n\
                  event: ui\ndata: {\"ui\":[{\"type\":\"options\",\"id\":\"ui_1\"}]}\n\nevent: done\ndata: {}\n\n";
    let formation_that_breaks = formation(broken);
    assert_eq!(formation_that_breaks.chat_stream("x").await.unwrap().final_text().await.unwrap(), "All");
    let turn = formation_that_breaks.chat_stream("x").await.unwrap().collect_turn().await.unwrap();
    assert_eq!((turn.text.as_str(), turn.widgets[0].id.as_str()), ("All", "ui_1"));
}

#[tokio::test]
async fn unknown_events_are_kept_as_they_came() {
    let body = "event: mood\ndata: good\n\ndata: {\"token\":{\"type\":\"brooding\",\"content\":\"\"}}\n\nevent: done\ndata: {}\n\n";
    let events = read(body, async |formation| formation.chat_stream("x").await).await;
    assert!(matches!(&events[0], ChatEvent::Other(event) if &*event.event == "mood" && event.data == "good"));
    assert_eq!(events[1].token().unwrap().kind.as_str(), "brooding");
    assert!(matches!(events[2], ChatEvent::Done));
}
