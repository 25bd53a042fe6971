//! One call as a handler sees it: who calls, what for, with which arguments.

use super::check::error;
use super::envelope::Failure;
use crate::formation::Formation;
use crate::formation::ids;
use crate::quirks::Quirk;
use axum::extract::Query;
use bytes::Bytes;
use http::{HeaderMap, Uri, header::CONTENT_TYPE};
use muxi_client::api::table::{Auth, Endpoint};
use serde_json::Value;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The body of a call.
#[derive(Debug)]
pub(crate) enum Payload {
    /// None, or an empty one.
    None,
    /// JSON.
    Json(Value),
    /// Something that does not say it is JSON.
    Other,
}

impl Payload {
    /// Reads a body. One that is not JSON although it says so is an error, before anything else is looked at.
    pub(crate) fn read(headers: &HeaderMap, bytes: &Bytes) -> Result<Self, Failure> {
        if bytes.is_empty() {
            return Ok(Self::None);
        }
        let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if !(kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")) {
            return Ok(Self::Other);
        }
        serde_json::from_slice(bytes).map(Self::Json).map_err(|problem| {
            let lines = bytes.split_inclusive(|b| *b == b'\n').take(problem.line().saturating_sub(1));
            let offset = lines.map(<[u8]>::len).sum::<usize>() + problem.column().saturating_sub(1);
            Failure::invalid(vec![error(&offset.to_string(), "JSON decode error", "string", "invalid_json")])
        })
    }
}

/// One call.
pub(crate) struct Call {
    /// The formation that is called.
    pub(crate) formation: Arc<Formation>,
    /// The operation.
    pub(crate) endpoint: &'static Endpoint,
    /// The id of this HTTP call.
    pub(crate) id: String,
    /// True if the admin key was given.
    pub(crate) admin: bool,
    path: Vec<(String, String)>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    payload: Payload,
    bytes: Bytes,
    user: Option<String>,
}

impl Call {
    /// Puts a call together and checks its key.
    pub(crate) fn new(
        formation: Arc<Formation>,
        endpoint: &'static Endpoint,
        path: Vec<(String, String)>,
        uri: &Uri,
        headers: HeaderMap,
        payload: Payload,
    ) -> Result<Self, Failure> {
        let admin = authenticate(&formation, endpoint.auth, &headers)?;
        let user = text(&headers, "x-muxi-user-id").filter(|id| !id.is_empty()).map(|id| user_id(&id));
        let user = user.map(|user| if is_pooled(endpoint) { formation.tenant(&user).to_owned() } else { user });
        let query = Query::<Vec<(String, String)>>::try_from_uri(uri).map(|q| q.0).unwrap_or_default();
        Ok(Self {
            formation,
            endpoint,
            id: ids::request(),
            admin,
            path,
            query,
            headers,
            payload,
            bytes: Bytes::new(),
            user,
        })
    }

    /// The same call with its body as it came.
    pub(crate) fn with_bytes(self, bytes: Bytes) -> Self {
        Self { bytes, ..self }
    }

    /// The body as it came.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// True if that defect of the shipped runtime is reproduced.
    pub(crate) fn quirk(&self, quirk: Quirk) -> bool {
        self.formation.quirk(quirk)
    }

    /// A value of the path.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// A value of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        text(&self.headers, name)
    }

    /// The body.
    pub(crate) fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The user; most routes insist on one.
    pub(crate) fn user(&self) -> Result<&str, Failure> {
        self.user.as_deref().ok_or_else(|| Failure::bad("X-Muxi-User-ID header is required"))
    }

    /// The user, where the admin key may see all: `None` is everybody.
    pub(crate) fn user_filter(&self) -> Result<Option<&str>, Failure> {
        if self.admin { Ok(self.user.as_deref()) } else { self.user().map(Some) }
    }

    /// The user where naming one is optional.
    pub(crate) fn any_user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The user, `"0"` where none is named.
    pub(crate) fn user_or_default(&self) -> &str {
        self.user.as_deref().unwrap_or("0")
    }
}

/// True if an operation reads data that a runtime without tenancy keeps of all users together.
fn is_pooled(endpoint: &Endpoint) -> bool {
    ["/sessions", "/requests", "/events"].iter().any(|start| endpoint.path.starts_with(start))
}

/// A user id as the runtime keeps it: e-mail shaped ones in lower case.
pub(crate) fn user_id(id: &str) -> String {
    let mail = id.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if mail { id.to_lowercase() } else { id.to_owned() }
}

/// A header's text. Bytes beyond ASCII are read as Latin-1, as HTTP servers of the runtime's kind do.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| value.as_bytes().iter().map(|b| char::from(*b)).collect())
}

/// Checks the key for an operation; says whether it was the admin's.
fn authenticate(formation: &Formation, auth: Auth, headers: &HeaderMap) -> Result<bool, Failure> {
    let strange = |key: &Key<'_>| headers.get(key.header).is_some_and(|value| !value.as_bytes().is_ascii());
    let admin = Key { label: "admin", header: "X-Muxi-Admin-Key", expected: &formation.spec.admin_key };
    let client = Key { label: "client", header: "X-Muxi-Client-Key", expected: &formation.spec.client_key };
    let read: &[&Key<'_>] = match auth {
        Auth::None | Auth::Hmac => &[],
        Auth::Admin => &[&admin],
        Auth::Client => &[&client],
        Auth::ClientOrAdmin => &[&admin, &client],
    };
    if formation.quirk(Quirk::NonAsciiKey500) && read.iter().any(|key| strange(key)) {
        let message = "comparing strings with non-ASCII characters is not supported";
        return Err(Failure::new(500, "INTERNAL_ERROR", message));
    }
    match auth {
        Auth::None | Auth::Hmac => Ok(false),
        Auth::Admin => admin.demand(headers).map(|()| true),
        Auth::Client => client.demand(headers).map(|()| false),
        Auth::ClientOrAdmin => {
            if admin.fits(headers) == Some(true) {
                return Ok(true);
            }
            if client.fits(headers) == Some(true) {
                return Ok(false);
            }
            let names = "'X-Muxi-Admin-Key' or 'X-Muxi-Client-Key'";
            let given = admin.fits(headers).or_else(|| client.fits(headers)).is_some();
            Err(unauthorized(if given {
                format!("Invalid API key. Please check your {names} header value.")
            } else {
                format!("A valid admin or client API key is required. Please provide the {names} header.")
            }))
        }
    }
}

struct Key<'a> {
    label: &'static str,
    header: &'static str,
    expected: &'a str,
}

impl Key<'_> {
    /// True if the key fits; `None` where there is none.
    fn fits(&self, headers: &HeaderMap) -> Option<bool> {
        let given = headers.get(self.header).filter(|value| !value.is_empty())?;
        Some(!self.expected.is_empty() && bool::from(given.as_bytes().ct_eq(self.expected.as_bytes())))
    }

    fn demand(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let Self { label, header, expected } = self;
        if expected.is_empty() {
            return Err(Failure::new(500, "INTERNAL_ERROR", format!("{label} key not configured")));
        }
        match self.fits(headers) {
            Some(true) => Ok(()),
            Some(false) => {
                Err(unauthorized(format!("Invalid {label} API key. Please check your '{header}' header value.")))
            }
            None => {
                Err(unauthorized(format!("A valid {label} API key is required. Please provide the '{header}' header.")))
            }
        }
    }
}

fn unauthorized(message: String) -> Failure {
    Failure::new(401, "UNAUTHORIZED", message)
}
