//! A model's answer, piece by piece.

use super::{Call, LARGEST, error_in};
use http::{Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use muxi_client::api::sse::SseParser;
use serde_json::Value;
use std::collections::VecDeque;

/// A reply that is being read. Dropping it closes the connection.
pub(super) struct Reply {
    call: Call,
    /// `None` once it has been read.
    body: Option<Incoming>,
    /// True if the endpoint streams, as it was asked to.
    streams: bool,
    parser: SseParser,
    ready: VecDeque<String>,
    /// True if a piece has come.
    begun: bool,
    /// True if the model has said that its answer is complete.
    complete: bool,
}

impl Reply {
    pub(super) fn new(call: Call, response: Response<Incoming>) -> Self {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        Self {
            streams: !kind.is_some_and(|kind| kind.starts_with("application/json")),
            call,
            body: Some(response.into_body()),
            parser: SseParser::new(LARGEST),
            ready: VecDeque::new(),
            begun: false,
            complete: false,
        }
    }

    /// The next piece; `None` at the end. After a failure before the first one the model is left alone.
    pub(super) async fn next(&mut self) -> Result<Option<String>, String> {
        let next = self.read().await;
        match &next {
            Ok(_) => self.begun = true,
            Err(_) if !self.begun => self.call.llm.leave_alone(self.call.host.clock.now()),
            Err(_) => {}
        }
        next
    }

    async fn read(&mut self) -> Result<Option<String>, String> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Ok(Some(delta));
            }
            let Some(body) = self.body.as_mut() else { return Ok(None) };
            if !self.streams {
                let whole = self.call.whole(body).await?;
                self.body = None;
                let value =
                    serde_json::from_slice(&whole).map_err(|error| format!("the model sent no JSON: {error}"))?;
                self.take(&value, "message")?;
                if !self.complete {
                    return Err("the model's answer has no `choices`".to_owned());
                }
                continue;
            }
            let failure = match self.call.timely(body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        self.push(&bytes)?;
                    }
                    continue;
                }
                Ok(Some(Err(error))) => format!("the model's answer broke off: {error}"),
                Ok(None) => "the model's answer ended before it was complete".to_owned(),
                Err(silence) => silence,
            };
            // Bytes after the last piece do not matter.
            if !self.complete {
                return Err(failure);
            }
            self.body = None;
        }
    }

    /// Takes what one read of the stream brought.
    fn push(&mut self, bytes: &[u8]) -> Result<(), String> {
        let mut events = Vec::new();
        let pushed = self.parser.push(bytes, |event| events.push(event.data));
        pushed.map_err(|_| format!("the model sent an event of more than {LARGEST} bytes"))?;
        for data in events {
            if data.trim() == "[DONE]" {
                self.complete = true;
                self.body = None;
                return Ok(());
            }
            let value = serde_json::from_str(&data).map_err(|error| format!("the model sent no JSON: {error}"))?;
            self.take(&value, "delta")?;
        }
        Ok(())
    }

    /// Takes the text of one object, which lies in `place` of its first choice.
    fn take(&mut self, value: &Value, place: &str) -> Result<(), String> {
        if let Some(error) = error_in(value) {
            return Err(format!("the model reports an error: {}", self.call.llm.quote(&error)));
        }
        let Some(choice) = value.pointer("/choices/0") else { return Ok(()) };
        if let Some(text) = choice[place]["content"].as_str().filter(|text| !text.is_empty()) {
            self.ready.push_back(text.to_owned());
        }
        // A whole message is complete by itself; a stream says so with its last piece.
        self.complete |= place == "message" || choice["finish_reason"].is_string();
        Ok(())
    }
}
