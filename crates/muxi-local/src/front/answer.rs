//! Answers that a fault makes up.

use crate::{
    fault::{Envelope, Fault, Garbage},
    formation::{Failure, code, refuse as refuse_formation},
    reply,
};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use muxi_client::api::table::Api;
use serde_json::{Value, json};

const JSON: &str = "application/json";

/// The answer that stands for the call's own; none where the fault lets the call be carried out.
pub(crate) fn made(fault: &Fault, api: Api, operation: Option<&str>) -> Option<Response> {
    let with = |default: u16| {
        StatusCode::from_u16(fault.status.unwrap_or(default)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    };
    if let Some(body) = &fault.body {
        return Some(match body {
            Value::String(text) => (with(200), text.clone()).into_response(),
            body => reply::bare(with(200), body),
        });
    }
    if let Some(status) = fault.html {
        let status = with(status);
        return Some((status, [(header::CONTENT_TYPE, "text/html")], page(status)).into_response());
    }
    if fault.redirect.is_some() {
        return Some(with(302).into_response());
    }
    if let Some(envelope) = fault.envelope {
        return Some(match envelope {
            Envelope::List => reply::bare(with(200), &json!([])),
            Envelope::Empty => (with(200), [(header::CONTENT_TYPE, JSON)]).into_response(),
            Envelope::Fields => reply::bare(with(200), &json!({})),
            Envelope::Failed => {
                let mut response = match api {
                    Api::Formation => refuse(api, operation, StatusCode::INTERNAL_SERVER_ERROR, "Fault on request"),
                    Api::Server => {
                        reply::bare(StatusCode::OK, &json!({ "success": false, "error": "Fault on request" }))
                    }
                };
                *response.status_mut() = with(200);
                response
            }
        });
    }
    match fault.garbage {
        Some(Garbage::Json) => {
            let text = "{\"success\": tru\u{0}e, \"data\": ";
            return Some((with(200), [(header::CONTENT_TYPE, JSON)], text).into_response());
        }
        // The wire brings its own bytes; the call is not carried out for them.
        Some(Garbage::Http) => return Some(Response::default()),
        None => {}
    }
    fault.status.map(|_| match with(500) {
        status @ (StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED) => {
            status.into_response()
        }
        status if status.as_u16() < 400 => reply::created(status, json!({})),
        status => refuse(api, operation, status, "Fault on request"),
    })
}

/// An error as an API words it for an operation.
pub(crate) fn refuse(api: Api, operation: Option<&str>, status: StatusCode, message: &str) -> Response {
    if api == Api::Server {
        return reply::error(status, message);
    }
    let code = code(operation, status.as_u16());
    refuse_formation(Failure::new(status.as_u16(), code, message), jiff::Timestamp::now())
}

/// A proxy's page for a server that it cannot reach.
fn page(status: StatusCode) -> String {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>proxy</center>\r\n</body>\r\n</html>\r\n"
    )
}
