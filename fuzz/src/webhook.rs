//! Webhooks.

use muxi_client::api::webhook::{WebhookError, canonical, parse, sign, verify};

const SECRET: &str = "fma_secret";
const NOW: u64 = 1_790_000_000;

/// Takes a line as the signature's header, and the rest as payload.
pub(crate) fn run(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let header = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let payload = parts.next().unwrap_or_default();

    assert!(verify(payload, &header, SECRET, 300, NOW).is_err(), "a signature is made up");
    assert_eq!(verify(payload, &header, "", 300, NOW), Err(WebhookError::NoSecret));
    if let Ok(event) = parse(payload) {
        assert!(!event.status.is_empty());
    }
    let Ok(form) = canonical(payload) else { return };
    assert_eq!(canonical(&form).as_ref(), Ok(&form), "the canonical form of a canonical form");
    let signature = sign(payload, SECRET, NOW).expect("what has a canonical form can be signed");
    for body in [payload, &form] {
        assert_eq!(verify(body, &signature, SECRET, 300, NOW), Ok(()));
        assert_eq!(verify(body, &signature, "another", 300, NOW), Err(WebhookError::Mismatch));
    }
    let altered = [payload, b" 1"].concat();
    assert!(verify(&altered, &signature, SECRET, 300, NOW).is_err(), "an altered payload is accepted");
}
