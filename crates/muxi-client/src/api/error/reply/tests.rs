//! Every recorded error becomes the right error.

use super::*;
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::PathBuf};

fn samples() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../contract/samples"))
}

fn names(folder: PathBuf, ending: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    files.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).filter(|name| wanted(name)).collect()
}

/// Sample, kind, code.
const FORMATION: &[(&str, ErrorKind, &str)] = &[
    ("chat_nonstream_artifact_500", ErrorKind::Server, "INTERNAL_ERROR"),
    ("error_400_cancel_finished", ErrorKind::Validation, "OPERATION_FAILED"),
    ("error_400_user_header", ErrorKind::Validation, "INVALID_REQUEST"),
    ("error_401", ErrorKind::Authentication, "UNAUTHORIZED"),
    ("error_401_missing", ErrorKind::Authentication, "UNAUTHORIZED"),
    ("error_403", ErrorKind::Authorization, "FORBIDDEN"),
    ("error_404_agent", ErrorKind::NotFound, "AGENT_NOT_FOUND"),
    ("error_404_route", ErrorKind::NotFound, "RESOURCE_NOT_FOUND"),
    ("error_405", ErrorKind::Api, "METHOD_NOT_ALLOWED"),
    ("error_409_secret_in_use", ErrorKind::Conflict, "SECRET_IN_USE"),
    ("error_422", ErrorKind::Validation, "INVALID_PARAMS"),
    ("error_422_bad_json", ErrorKind::Validation, "INVALID_PARAMS"),
    ("error_422_query", ErrorKind::Validation, "INVALID_PARAMS"),
    ("error_422_schedule", ErrorKind::Validation, "VALIDATION_ERROR"),
    ("error_429", ErrorKind::RateLimit, "RATE_LIMITED"),
    ("error_500_skills", ErrorKind::Server, "INTERNAL_ERROR"),
    ("error_501_async", ErrorKind::Server, "METHOD_NOT_FOUND"),
    ("error_503", ErrorKind::Server, "SERVICE_UNAVAILABLE"),
    ("redirect_307", ErrorKind::Api, "REDIRECT"),
];

const SERVER: &[(&str, ErrorKind, &str)] = &[
    ("error_400", ErrorKind::Validation, "VALIDATION_ERROR"),
    ("error_400_bundle", ErrorKind::Validation, "VALIDATION_ERROR"),
    ("error_401", ErrorKind::Authentication, "UNAUTHORIZED"),
    ("error_404", ErrorKind::NotFound, "NOT_FOUND"),
    ("error_405", ErrorKind::Api, "METHOD_NOT_ALLOWED"),
    ("error_409", ErrorKind::Conflict, "CONFLICT"),
    ("proxy_error_404", ErrorKind::NotFound, "NOT_FOUND"),
    ("proxy_error_502", ErrorKind::Server, "SERVER_ERROR"),
    ("proxy_error_503", ErrorKind::Server, "SERVER_ERROR"),
];

#[test]
fn of_the_formation() {
    let all = names(samples(), ".json", |name| {
        name.starts_with("error_") || name.starts_with("redirect_") || name.ends_with("_500")
    });
    assert_eq!(all, FORMATION.iter().map(|(name, ..)| (*name).to_owned()).collect());
    for (name, kind, code) in FORMATION {
        let text = fs::read_to_string(samples().join(format!("{name}.json"))).unwrap();
        let response = &serde_json::from_str::<Value>(&text).unwrap()["response"];
        let body = &response["body"];
        let mut headers = HeaderMap::new();
        for (key, value) in response["headers"].as_object().unwrap() {
            headers.insert(key.parse::<http::HeaderName>().unwrap(), value.as_str().unwrap().parse().unwrap());
        }
        let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
        let bytes = if body.is_object() { serde_json::to_vec(body).unwrap() } else { Vec::new() };
        let error = Error::from_reply(status, &headers, &bytes, SystemTime::UNIX_EPOCH);
        assert_eq!((error.kind(), error.code(), error.status()), (*kind, *code, Some(status)), "{name}");
        match body["error"]["message"].as_str() {
            Some(message) => assert_eq!(error.message(), message, "{name}"),
            None => assert!(error.message().contains(response["headers"]["location"].as_str().unwrap()), "{name}"),
        }
        assert_eq!(error.request_id(), body["request"]["id"].as_str(), "{name}");
        let details = body["error"]["data"].as_object().cloned().unwrap_or_default();
        assert_eq!(error.details(), &details, "{name}");
    }
}

#[test]
fn of_the_server() {
    let all = names(samples().join("server"), ".txt", |name| name.contains("error_"));
    assert_eq!(all, SERVER.iter().map(|(name, ..)| (*name).to_owned()).collect());
    for (name, kind, code) in SERVER {
        let text = fs::read_to_string(samples().join(format!("server/{name}.txt"))).unwrap();
        let reply = text.split_once("<<< ").unwrap().1;
        let status: u16 = reply[..3].parse().unwrap();
        let body = reply.split_once("\n\n").unwrap().1.split("[end").next().unwrap().trim();
        let error = Error::from_reply(status, &HeaderMap::new(), body.as_bytes(), SystemTime::UNIX_EPOCH);
        assert_eq!((error.kind(), error.code(), error.status()), (*kind, *code, Some(status)), "{name}");
        match serde_json::from_str::<Value>(body) {
            Ok(body) => assert_eq!(error.message(), body["message"].as_str().unwrap(), "{name}"),
            Err(_) => assert_eq!(error.message(), format!("the answer was {}", status_line(status)), "{name}"),
        }
    }
}
