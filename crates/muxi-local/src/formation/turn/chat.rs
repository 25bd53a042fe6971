//! `/chat` and `/audiochat`.

use super::background::escalate;
use super::plan::error_frame;
use super::running::{Reply, Turn, agent_known};
use super::uploads;
use crate::formation::http::call::{Call, user_id};
use crate::formation::http::check::Check;
use crate::formation::http::envelope::{Answer, Data, Failure, Outcome, event_response};
use crate::formation::responder::{Ask, Channel};
use crate::quirks::Quirk;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use serde_json::{Value, json};
use std::convert::Infallible;
use std::time::Duration;

/// The answer to a voice note in which nothing is heard.
const NOTHING_HEARD: &str = "I couldn't make out anything in the audio. Please try again.";

/// The body of a chat call, checked.
struct Request {
    ask: Ask,
    mode: Option<String>,
}

fn read(call: &Call, check: &mut Check<'_>) -> Request {
    let user = check.opt_text("user_id");
    let request = Request {
        ask: Ask {
            user: call.any_user().map(str::to_owned).or(user.map(|id| user_id(&id))).unwrap_or_else(|| "0".to_owned()),
            session_id: check.opt_text("session_id").filter(|id| !id.is_empty()),
            request_id: check.opt_text("request_id").filter(|id| !id.is_empty()),
            agent_id: check.opt_text("agent_id").filter(|id| !id.is_empty()),
            stream: check.opt_bool("stream") != Some(false),
            webhook: check.opt_text("webhook_url").filter(|url| !url.is_empty()),
            ..Ask::default()
        },
        mode: check.opt_text("mode"),
    };
    for name in ["group_id", "source_channel"] {
        check.opt_text(name);
    }
    check.opt_number("threshold_seconds");
    if let Some(response) = check.get("ui_response") {
        let mut entry = Check::entry(response, "ui_response");
        entry.text("id");
        entry.value("value");
        check.join(entry);
    }
    request
}

pub(crate) async fn chat(call: Call) -> Outcome {
    let mut check = Check::body(&call);
    let message = check.text("message");
    let mut request = read(&call, &mut check);
    let files = check.opt_list("files").map_or(&[][..], Vec::as_slice);
    for (index, file) in files.iter().enumerate() {
        check.join(Check::entry(file, &format!("files.{index}")));
    }
    check.done()?;
    if request.mode.as_deref() == Some("async") {
        let text = "Async mode requires webhook configuration. Use stream=true for real-time responses or mode=sync \
                    for immediate responses.";
        return Err(Failure::new(501, "METHOD_NOT_FOUND", text));
    }
    request.ask.message = message;
    if let Some(refusal) = file_too_large(&call, &request.ask, files) {
        return Ok(refusal);
    }
    request.ask.files = files.to_vec();
    answer(&call, request.ask).await
}

/// A voice note is transcribed by the responder; where that cannot be done, a text that names it stands for it.
pub(crate) async fn audio(call: Call) -> Outcome {
    let mut check = Check::body(&call);
    let files = check.list("files");
    let mut request = read(&call, &mut check);
    check.done()?;
    let bad = |text: &str, data: Value| Err(Failure::new(400, "VALIDATION_ERROR", text).with(data));
    if files.is_empty() {
        return bad("At least one audio file is required", json!({ "field": "files" }));
    }
    for file in files {
        let kind = file.get("content_type").or_else(|| file.get("mime_type")).and_then(Value::as_str);
        if !kind.is_some_and(|kind| kind.starts_with("audio/")) {
            return bad(
                "Only audio files (audio/*) are accepted. For video or other files, use /chat with the files parameter.",
                json!({ "field": "files", "invalid_content_type": kind }),
            );
        }
    }
    if let Some(refusal) = file_too_large(&call, &request.ask, files) {
        return Ok(refusal);
    }
    request.ask.channel = Channel::Audio;
    let (mut heard, mut unheard) = (Vec::new(), Vec::new());
    for file in files {
        match call.formation.context.responders.transcribe(&call.formation, file).await {
            Some(text) => heard.push(text),
            None => unheard.push(file["filename"].as_str().unwrap_or("audio")),
        }
    }
    if unheard.is_empty() && heard.iter().all(|text| text.trim().is_empty()) {
        return Ok(early(&call, &request.ask, NOTHING_HEARD.to_owned(), json!({ "error": "empty_transcription" })));
    }
    if !unheard.is_empty() {
        heard.push(format!("[voice note {}]", unheard.join(", ")));
    }
    request.ask.message = heard.join("\n");
    if !call.quirk(Quirk::AudioRequestIdDropped) {
        return answer(&call, request.ask).await;
    }
    let asked = request.ask.request_id.take();
    let mut outcome = answer(&call, request.ask).await;
    if let (Ok(Answer::Data(reply)), Some(id)) = (&mut outcome, asked) {
        reply.data["request_id"] = json!(id);
        reply.request_id = Some(id);
    }
    outcome
}

async fn answer(call: &Call, ask: Ask) -> Outcome {
    let length = ask.message.chars().count();
    let most = uploads::longest(&call.formation.spec);
    if length > most {
        let content = format!(
            "Message too long: {} characters (max: {}).\n\nTry:\n- Breaking into multiple messages\n\
             - Uploading content as a file\n- Summarizing the key points",
            grouped(length),
            grouped(most)
        );
        return Ok(early(call, &ask, content, invalid_input()));
    }
    if ask.stream {
        return Ok(Answer::Whole(event_stream(Turn::start(&call.formation, &ask))));
    }
    if ask.agent_id.as_deref().is_some_and(|id| !agent_known(&call.formation, id)) {
        let (request_id, reply) = escalate(&call.formation, &ask);
        return Ok(completed(call, &ask, request_id, &reply, None));
    }
    let mut turn = Turn::start(&call.formation, &ask);
    turn.run().await;
    match &turn.reply {
        Ok(reply) if !reply.artifacts.is_empty() && call.quirk(Quirk::ArtifactJson500) => {
            Err(Failure::new(500, "INTERNAL_ERROR", "Object of type datetime is not JSON serializable"))
        }
        Ok(reply) => Ok(completed(call, &ask, turn.request_id.clone(), reply, Some(&turn.session_id))),
        Err(error) => Err(Failure::new(500, "INTERNAL_ERROR", error.clone())),
    }
}

/// The JSON form of an answer. The ids are the turn's own, also where the caller chose none; the shipped runtime names
/// its request only where the caller chose the id, and its session where the metadata of a text turn does.
fn completed(call: &Call, ask: &Ask, request_id: String, reply: &Reply, session_id: Option<&str>) -> Answer {
    let mut message = json!({
        "role": "assistant", "content": reply.content,
        "artifacts": (!reply.artifacts.is_empty()).then_some(&reply.artifacts), "metadata": reply.metadata,
    });
    if !reply.widgets.is_empty() {
        message["ui"] = json!(reply.widgets);
    }
    let told = reply.metadata.get("session_id").and_then(Value::as_str);
    let (session_id, request_id) = if call.quirk(Quirk::UnknownRequestId) {
        let told = told.filter(|_| call.endpoint.name == "chat");
        (told.or(ask.session_id.as_deref()), ask.request_id.clone())
    } else {
        (told.or(session_id).or(ask.session_id.as_deref()), Some(request_id))
    };
    let data = json!({ "message": message, "user_id": ask.user, "session_id": session_id, "request_id": request_id });
    let (object, kind) = ("message", "chat.completed");
    Answer::Data(Data { status: StatusCode::OK, object, kind, data, request_id })
}

/// The metadata of an answer to input that is refused.
fn invalid_input() -> Value {
    json!({ "error_code": "INPUT_VALIDATION_ERROR", "error_type": "validation" })
}

/// The answer to a call with a file that is too large.
fn file_too_large(call: &Call, ask: &Ask, files: &[Value]) -> Option<Answer> {
    let (name, size, most) = uploads::too_large(&call.formation.spec, files)?;
    let content = format!("File too large: {name} has {} bytes (max: {}).", grouped(size), grouped(most));
    Some(early(call, ask, content, invalid_input()))
}

/// The answer to a message that makes no turn.
fn early(call: &Call, ask: &Ask, content: String, metadata: Value) -> Answer {
    let request_id = ask.request_id.clone().unwrap_or_else(|| call.id.clone());
    if !ask.stream {
        let reply = Reply { content, artifacts: Vec::new(), metadata, widgets: Vec::new() };
        return completed(call, ask, request_id, &reply, None);
    }
    if call.quirk(Quirk::EarlyAnswerError) {
        let error = error_frame("'MuxiResponse' object has no attribute '__aiter__'", "AttributeError");
        return Answer::Whole(event_response(Body::from(format!(": keepalive\n\n{error}"))));
    }
    let token = json!({
        "request_id": request_id, "user_id": ask.user, "session_id": ask.session_id, "type": "completed",
        "content": content, "timestamp": call.formation.seconds(), "status": "error", "processing_time_ms": 0,
    });
    let body =
        format!(": keepalive\n\ndata: {}\n\nevent: done\ndata: {{\"finished\":true}}\n\n", json!({ "token": token }));
    Answer::Whole(event_response(Body::from(body)))
}

/// `1234567` as `1,234,567`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The time that a turn may go on when the server stops.
const SHUTDOWN_TIME: Duration = Duration::from_millis(250);

/// The turn's events. When the server stops first, an `error` event ends them: a stream that just ends looks cut.
fn event_stream(turn: Turn) -> Response {
    let host = turn.formation.host.clone();
    let stopped = Box::pin(async move {
        host.stopping.begun().await;
        tokio::time::sleep(SHUTDOWN_TIME).await;
    });
    event_response(Body::from_stream(stream::unfold(Some((turn, stopped)), |open| async move {
        let (mut turn, mut stopped) = open?;
        tokio::select! {
            biased;
            () = &mut stopped => {
                let error = json!({ "error": "The server is shutting down", "type": "ServerShutdown" });
                Some((Ok(Bytes::from(format!("event: error\ndata: {error}\n\n"))), None))
            }
            bytes = turn.next() => bytes.map(|bytes| (Ok::<_, Infallible>(bytes), Some((turn, stopped)))),
        }
    })))
}
