use super::{
    event::{iso_milliseconds, milliseconds},
    *,
};
use serde_json::{Value, json};

const COMPLETED: &str = include_str!("../../../../../contract/samples/webhook_completed.json");
const ESCALATION: &str = include_str!("../../../../../contract/samples/webhook_escalation.json");
const NOW: u64 = 1_790_000_000;

/// A captured delivery: body, signature header, secret, time of receipt.
fn sample(text: &str) -> (String, String, String, u64) {
    let sample: Value = serde_json::from_str(text).unwrap();
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        string(&sample["body_raw"]),
        string(&sample["headers"][SIGNATURE_HEADER]),
        string(&sample["secret"]),
        sample["received_at"].as_u64().unwrap(),
    )
}

fn hex_signature(body: &[u8], time: u64, secret: &str) -> String {
    let mac = keyed(secret.as_bytes()).chain_update(format!("{time}.")).chain_update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn header(body: &str) -> String {
    format!("t={NOW},v1={}", hex_signature(body.as_bytes(), NOW, "secret"))
}

fn verified(payload: &str, signed: &str) -> bool {
    verify(payload.as_bytes(), &header(signed), "secret", 0, NOW).is_ok()
}

fn canonical_text(payload: &str) -> String {
    String::from_utf8(canonical_with(payload.as_bytes(), Exponents::AsSent).unwrap()).unwrap()
}

#[test]
fn verifies_a_captured_delivery_and_no_altered_one() {
    let (body, header, secret, now) = sample(COMPLETED);
    verify(body.as_bytes(), &header, &secret, 300, now).unwrap();
    for index in 0..body.len() {
        let mut altered = body.clone().into_bytes();
        altered[index] ^= 1;
        // A space that becomes `!` breaks the JSON; nothing else in the body may change without a trace.
        assert!(verify(&altered, &header, &secret, 300, now).is_err(), "byte {index}");
    }
    for index in header.find("v1=").unwrap() + 3..header.len() {
        let mut altered = header.clone().into_bytes();
        altered[index] = if altered[index] == b'0' { b'1' } else { b'0' };
        let altered = String::from_utf8(altered).unwrap();
        assert_eq!(verify(body.as_bytes(), &altered, &secret, 300, now), Err(WebhookError::Mismatch));
    }
    assert_eq!(verify(body.as_bytes(), &header, "another", 300, now), Err(WebhookError::Mismatch));
}

#[test]
fn signs_as_a_formation_does() {
    let (body, header, secret, now) = sample(COMPLETED);
    assert_eq!(sign(body.as_bytes(), &secret, now).unwrap(), header);
    assert_eq!(sign(b"{}", "", NOW), Err(WebhookError::NoSecret));
    assert!(matches!(sign(b"{", "secret", NOW), Err(WebhookError::NotJson(_))));
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    assert_eq!(sign(deep.as_bytes(), "secret", NOW), Err(WebhookError::TooDeep));
    assert_eq!(canonical(br#"{"b": 1, "a": "\u00e9"}"#).unwrap(), "{\"a\":\"é\",\"b\":1}".as_bytes());
}

#[test]
fn unwraps_by_the_clock_of_this_machine() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let body = br#"{"id": "req_1", "status": "completed"}"#;
    let with =
        |signature: String| HeaderMap::from_iter([(SIGNATURE_HEADER.parse().unwrap(), signature.parse().unwrap())]);
    let old = with(sign(body, "secret", now - 1000).unwrap());
    assert_eq!(unwrap(body, &old, "secret", 2000).unwrap().request_id, "req_1");
    assert!(matches!(
        unwrap(body, &old, "secret", TOLERANCE_SECONDS),
        Err(WebhookError::OutsideTolerance { tolerance: 300, .. })
    ));
    assert_eq!(unwrap(body, &HeaderMap::new(), "secret", 300), Err(WebhookError::NoSignature));
    assert_eq!(unwrap(b"{}", &with(header("{}")), "another", u64::MAX), Err(WebhookError::Mismatch));
}

#[test]
fn accepts_raw_and_canonical_signatures() {
    let canonical = r#"{"a":{"b":[1,2.50,"é"],"c":null},"z":true}"#;
    let sent = r#" {"z": true, "a": {"c": null, "b": [1, 2.50, "\u00e9"]}} "#;
    assert!(verified(sent, canonical));
    assert!(verified(sent, sent));
    assert!(verified("no JSON at all \u{0}", "no JSON at all \u{0}"));
    assert!(!verified(sent, r#"{"a":{"b":[1,2.5,"é"],"c":null},"z":true}"#));
}

#[test]
fn writes_json_as_python_does() {
    for (sent, expected) in [
        // Sorted by code point, not by UTF-16.
        (r#"{"b":1, "a":6, "B":3, "\ud83d\ude00":4, "\uffff":5}"#, "{\"B\":3,\"a\":6,\"b\":1,\"\u{ffff}\":5,\"😀\":4}"),
        (r#"["\u00fc\u4e2d\ud83d\ude00", "\/", "\u007f"]"#, "[\"ü中😀\",\"/\",\"\u{7f}\"]"),
        (r#"["\"\\\b\f\n\r\t", "\u001F\u0000"]"#, r#"["\"\\\b\f\n\r\t","\u001f\u0000"]"#),
        ("[1, 1.0, -0.0, 0.1, 1e+16, 1e-05, 1.5e300]", "[1,1.0,-0.0,0.1,1e+16,1e-05,1.5e300]"),
        ("[123456789012345678901234567890, 0.5943889617919922]", "[123456789012345678901234567890,0.5943889617919922]"),
        ("{ }", "{}"),
        ("[ ]", "[]"),
        ("[ { \"a\" : [ [ ] ] } , true , false , null ]", "[{\"a\":[[]]},true,false,null]"),
    ] {
        assert_eq!(canonical_text(sent), expected, "{sent}");
    }
}

#[test]
fn exponents_may_be_signed_in_a_short_form() {
    let sent = r#"{"x": 1e+16, "y": 1.5e-05, "z": -1e-07}"#;
    assert!(verified(sent, r#"{"x":1e+16,"y":1.5e-05,"z":-1e-07}"#));
    assert!(verified(sent, r#"{"x":1e+16,"y":0.000015,"z":-1e-7}"#));
    assert!(verified(sent, r#"{"x":1e16,"y":0.000015,"z":-1e-7}"#));
    assert!(!verified(sent, r#"{"x":1e17,"y":0.000015,"z":-1e-7}"#));
}

#[test]
fn a_field_cannot_be_added_to_a_signed_payload() {
    let signed = r#"{"id":"req_1","more":{"a":1}}"#;
    assert!(verified(r#"{"id": "req_1", "more": {"a": 1}}"#, signed));
    for altered in [
        r#"{"id": "req_2", "id": "req_1", "more": {"a": 1}}"#,
        r#"{"id": "req_1", "more": {"a": 2, "a": 1}}"#,
        r#"{"id": "req_1", "\u0069d": "req_1", "more": {"a": 1}}"#,
        r#"{"id": "req_1", "more": {"a": 1}, "b": 1}"#,
    ] {
        assert!(!verified(altered, signed), "{altered}");
    }
    assert!(matches!(sign(br#"{"a": 1, "a": 1}"#, "secret", NOW), Err(WebhookError::NotJson(_))));
}

#[test]
fn odd_payloads_do_no_harm() {
    for payload in ["", "[", "nul", "\"\\ud800\"", "{\"a\":1}x"] {
        assert!(canonical_with(payload.as_bytes(), Exponents::AsSent).is_err(), "{payload}");
    }
    assert!(canonical_with(b"\"\xff\"", Exponents::AsSent).is_err());
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert_eq!(verify(deep.as_bytes(), &header("other"), "secret", 0, NOW), Err(WebhookError::Mismatch));
}

#[test]
fn several_signatures() {
    let right = hex_signature(b"{}", NOW, "secret");
    let (zero, upper) = ("0".repeat(64), right.to_uppercase());
    for header in [
        format!("t={NOW},v1={zero},v1={right}"),
        format!("v1={right},v1={zero},t={NOW}"),
        format!("t={NOW}, v0=x, v1={upper}, extra"),
        format!("t={NOW},v1=short,v1={right}"),
    ] {
        assert_eq!(verify(b"{}", &header, "secret", 0, NOW), Ok(()), "{header}");
    }
    for value in [zero.as_str(), "", "é", &right[1..], &format!("+{}", &right[1..])] {
        let header = format!("t={NOW},v1={value}");
        assert_eq!(verify(b"{}", &header, "secret", 0, NOW), Err(WebhookError::Mismatch), "{header}");
    }
}

#[test]
fn reasons_are_told_apart() {
    let outcome = |header: &str, now| verify(b"{}", header, "secret", 300, now);
    let signed = header("{}");
    assert_eq!(verify(b"{}", &signed, "", 300, NOW), Err(WebhookError::NoSecret));
    assert_eq!(outcome("", NOW), Err(WebhookError::MissingPart("t")));
    assert_eq!(outcome("t=,v1=00", NOW), Err(WebhookError::MissingPart("t")));
    assert_eq!(outcome("t=1", NOW), Err(WebhookError::MissingPart("v1")));
    assert_eq!(outcome("t=soon,v1=00", NOW), Err(WebhookError::BadTimestamp("soon".to_owned())));
    assert_eq!(outcome("t=-1,v1=00", NOW), Err(WebhookError::BadTimestamp("-1".to_owned())));
    assert_eq!(outcome(&signed, NOW + 300), Ok(()));
    assert_eq!(outcome(&signed, NOW - 300), Ok(()));
    let late = WebhookError::OutsideTolerance { difference: 301, tolerance: 300 };
    assert_eq!(outcome(&signed, NOW + 301), Err(late.clone()));
    assert_eq!(outcome(&signed, NOW - 301), Err(late.clone()));
    assert_eq!(late.to_string(), "the signature's time differs by 301 s from the clock, allowed are 300 s");
}

fn parsed(payload: Value) -> WebhookEvent {
    let event = parse(payload.to_string().as_bytes()).unwrap();
    assert_eq!(Value::Object(event.raw.clone()), payload);
    event
}

fn texts(event: &WebhookEvent) -> Vec<&str> {
    event.content.iter().filter_map(|item| item.text.as_deref()).collect()
}

#[test]
fn parses_a_captured_completion() {
    let event = parse(sample(COMPLETED).0.as_bytes()).unwrap();
    assert_eq!(event.kind, WebhookKind::Completed);
    assert_eq!(event.status, "completed");
    assert_eq!(event.request_id, "req_eMXEkwKvmdVPBszdmT44O");
    assert_eq!(event.timestamp_ms, Some(1_795_494_354_451));
    assert_eq!(event.formation_id.as_deref(), Some("lab-formation-pg"));
    assert_eq!(event.user_id.as_deref(), Some("hooky"));
    assert_eq!(event.processing_mode, "async");
    assert_eq!(event.webhook_url.as_deref(), Some("http://127.0.0.1:41790/trig"));
    assert!((event.processing_time.unwrap() - 0.594_388_961_791_992_2).abs() < 1e-12);
    assert_eq!(texts(&event), ["Stub answer to: Event 1 happened. Please explain it."]);
    assert_eq!((event.error, event.clarification, event.state), (None, None, None));
}

#[test]
fn parses_a_captured_escalation() {
    let event = parse(sample(ESCALATION).0.as_bytes()).unwrap();
    assert_eq!(event.kind, WebhookKind::Escalation);
    assert_eq!(event.status, "completed");
    assert_eq!(event.request_id, "req_XN8V9Uy9SCM27NMl5pSrY");
    assert_eq!(event.state.as_deref(), Some("achieved"));
    assert_eq!(event.attempts, Some(2));
    assert_eq!(event.timestamp_ms, Some(1_795_494_352_604));
    assert!(texts(&event)[0].starts_with("### Task 1"));
    assert_eq!(event.result.as_ref().and_then(Value::as_str), Some(texts(&event)[0]));
}

#[test]
fn every_end_of_a_retried_request_has_a_status() {
    for (state, status) in [
        ("achieved", "completed"),
        ("impossible", "failed"),
        ("stuck", "failed"),
        ("budget_exhausted", "failed"),
        ("abandoned", "cancelled"),
        ("else", "unknown"),
    ] {
        let event = parsed(json!({"request_id": "r", "state": state, "attempts": 1, "timestamp": 1.5}));
        assert_eq!((event.status.as_str(), event.error.is_some()), (status, status == "failed"), "{state}");
        assert_eq!(event.timestamp_ms, Some(1500));
    }
    let report = json!({"state": "stuck", "detail": "No progress.", "attempts": []});
    let event = parsed(json!({"request_id": "r", "state": "stuck", "report": report}));
    let error = ErrorDetails { code: "stuck".to_owned(), message: "No progress.".to_owned(), trace: None };
    assert_eq!((event.error, event.report), (Some(error), Some(report)));
}

#[test]
fn parses_a_failure() {
    let error = json!({"code": "processing_failed", "message": "It broke.", "trace": null});
    let event = parsed(json!({"id": "r", "status": "failed", "timestamp": 17, "response": [], "error": error}));
    let error = ErrorDetails { code: "processing_failed".to_owned(), message: "It broke.".to_owned(), trace: None };
    assert_eq!((event.kind, event.error, event.timestamp_ms), (WebhookKind::Failed, Some(error), Some(17)));

    let event = parsed(json!({"id": "r", "status": "failed", "error": {"trace": "here"}}));
    let error = event.error.unwrap();
    assert_eq!(
        (error.code.as_str(), error.message.as_str(), error.trace.as_deref()),
        ("unknown", "Unknown error", Some("here"))
    );
    assert_eq!(parsed(json!({"error": "It broke."})).error.unwrap().message, "It broke.");
    assert_eq!(parsed(json!({"status": "completed", "error": {}})).error, None);
}

#[test]
fn parses_a_clarification() {
    let event = parsed(json!({
        "request_id": "r", "status": "awaiting_clarification", "clarification_question": "Which one?",
        "clarification_request_id": "q", "original_message": null, "user_id": null, "timestamp": 1_795_494_352.604_f64,
    }));
    assert_eq!((event.kind, event.request_id.as_str()), (WebhookKind::Clarification, "r"));
    assert_eq!(event.timestamp_ms, Some(1_795_494_352_604));
    let clarification = event.clarification.unwrap();
    assert_eq!(clarification.question, "Which one?");
    assert_eq!(clarification.clarification_request_id.as_deref(), Some("q"));
    assert_eq!((clarification.original_message, event.user_id), (None, None));
}

#[test]
fn parses_a_notification_and_a_fallback() {
    let event = parsed(json!({
        "request_id": "r", "formation_id": "f", "user_id": 7, "type": "notification", "source": "scheduler",
        "response": [{"type": "text", "text": "Hello"}, {"type": "file", "file": {"type": "image", "url": "u"}}],
        "timestamp": "2026-11-23T10:15:30.250000+00:00",
    }));
    assert_eq!((event.kind, event.status.as_str()), (WebhookKind::Notification, "notification"));
    assert_eq!((event.user_id.as_deref(), event.timestamp_ms), (Some("7"), Some(1_795_428_930_250)));
    assert_eq!(event.content[1].kind, "file");
    assert_eq!(event.content[1].file.as_ref().unwrap()["url"], "u");

    let event = parsed(json!({
        "request_id": "r", "formation_id": "f", "user_id": "u", "status": "completed", "response": ["Plain", {}],
        "transformer_error": {"transformer": "t", "attempts": 3, "timestamp": "2026-11-23T10:15:30Z"},
    }));
    assert_eq!((event.kind, event.status.as_str()), (WebhookKind::TransformerFallback, "completed"));
    assert_eq!((texts(&event), event.content.len(), event.attempts), (vec!["Plain"], 2, None));
    assert_eq!(event.timestamp_ms, Some(1_795_428_930_000));
}

#[test]
fn parses_what_it_does_not_know() {
    let event = parsed(json!({"something": [1, {"else": 2}]}));
    assert_eq!((event.kind, event.status.as_str(), event.request_id.as_str()), (WebhookKind::Unknown, "unknown", ""));
    let event = parse(br#"{"status": "", "state": "stuck"}"#).unwrap();
    assert_eq!((event.kind, event.status.as_str()), (WebhookKind::Escalation, "failed"));
    assert_eq!((event.timestamp_ms, event.processing_mode.as_str()), (None, "async"));
    assert!(matches!(parse(b"{"), Err(WebhookError::NotJson(_))));
    assert_eq!(parse(b"[]"), Err(WebhookError::NotAnObject));
}

#[test]
fn reads_times() {
    for (text, expected) in [
        ("1970-01-01T00:00:00Z", Some(0)),
        ("2000-02-29T12:00:00", Some(951_825_600_000)),
        ("2024-03-01 00:00:00.5-05:30", Some(1_709_271_000_500)),
        ("2024-03-01T01:00+01:00", Some(1_709_251_200_000)),
        ("1969-12-31T23:59:59Z", Some(-1000)),
        ("2024-13-01T00:00:00Z", None),
        ("2024-01-01", Some(1_704_067_200_000)),
        ("2024-01-01T", None),
        ("2024-01-01T00:00:00+", None),
        ("2024-01-01T00:00:inf", None),
        ("99999-01-01T00:00:00", None),
    ] {
        assert_eq!(iso_milliseconds(text), expected, "{text}");
    }
    for (value, expected) in [
        (json!(1_795_494_352), 1_795_494_352_000),
        (json!(1_795_494_352_604_i64), 1_795_494_352_604),
        (json!(1e300), i64::MAX),
    ] {
        assert_eq!(milliseconds(&value, false), Some(expected));
    }
}

#[test]
fn serialises_for_other_languages() {
    let event = parsed(json!({"id": "r", "status": "completed", "response": [{"type": "text", "text": "Hi"}]}));
    let value = serde_json::to_value(&event).unwrap();
    assert_eq!(value["kind"], "completed");
    assert_eq!(value["content"], json!([{"type": "text", "text": "Hi", "file": null}]));
    assert_eq!(serde_json::to_value(WebhookKind::TransformerFallback).unwrap(), "transformer_fallback");
}
