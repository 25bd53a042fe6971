//! URLs of servers and of proxies.

use muxi_client::FormationClient;

/// A password that no error may show.
const PASSWORD: &str = "pa55-w0rd";

/// The text as it is, and with a password where it is a URL.
fn urls(data: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(data);
    if text.contains(PASSWORD) {
        // Fuzzers learn the words that they are compared with; there it may be a host.
        return Vec::new();
    }
    vec![text.replace("://", &format!("://user:{PASSWORD}@")), text.into_owned()]
}

/// Takes a text as base URL of a formation.
pub(crate) fn base_url(data: &[u8]) {
    for url in urls(data) {
        let client = FormationClient::builder().base_url(&*url).no_proxy().build();
        match client {
            Ok(client) => {
                let base = client.base_url().to_owned();
                assert!(base.starts_with("http://") || base.starts_with("https://"), "{base:?}");
                assert!(
                    !base.contains(['@', '?', '#']) && base.bytes().all(|byte| byte.is_ascii_graphic()),
                    "{base:?}"
                );
                assert!(!url.contains(PASSWORD), "a password is accepted");
            }
            Err(error) => shows_none(&error.to_string()),
        }
    }
}

/// Takes a text as URL of a proxy.
pub(crate) fn proxy(data: &[u8]) {
    for url in urls(data) {
        let builder = FormationClient::builder().base_url("http://localhost:1/v1").proxy(&*url);
        shows_none(&format!("{builder:?}"));
        if let Err(error) = builder.build() {
            shows_none(&error.to_string());
        }
    }
}

fn shows_none(text: &str) {
    assert!(!text.contains(PASSWORD), "{text}");
}
