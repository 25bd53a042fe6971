//! The control plane's HMAC signature.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac, digest::KeyInit};
use sha2::{Digest, Sha256};
use std::fmt;

/// The scheme of the `Authorization` header.
pub const SCHEME: &str = "MUXI-HMAC";
/// Seconds by which a signature's time may differ from the server's clock.
pub const TOLERANCE_SECONDS: u64 = 300;

/// Signs requests with one key. The key pads are prepared once.
#[derive(Clone)]
pub struct Signer {
    key_id: String,
    mac: Hmac<Sha256>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

impl Signer {
    /// A signer for the key `key_id` with its secret.
    pub fn new(key_id: &str, secret: &str) -> Self {
        Self { key_id: key_id.to_owned(), mac: keyed(secret.as_bytes()) }
    }

    /// The value of the `Authorization` header. `timestamp` is Unix seconds; `path` is percent-decoded, without query.
    pub fn header(&self, timestamp: u64, method: &str, path: &str) -> String {
        format!(
            "{SCHEME} key={}, timestamp={timestamp}, signature={}",
            self.key_id,
            self.signature(timestamp, method, path)
        )
    }

    /// The signature alone, in base64.
    pub fn signature(&self, timestamp: u64, method: &str, path: &str) -> String {
        STANDARD.encode(self.mac(timestamp, method, path).finalize().into_bytes())
    }

    /// True if `signature` (base64) is right, compared in constant time.
    pub fn verify(&self, timestamp: u64, method: &str, path: &str, signature: &str) -> bool {
        STANDARD.decode(signature).is_ok_and(|bytes| self.mac(timestamp, method, path).verify_slice(&bytes).is_ok())
    }

    fn mac(&self, timestamp: u64, method: &str, path: &str) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        for part in [timestamp.to_string().as_str(), ";", method, ";", path] {
            mac.update(part.as_bytes());
        }
        mac
    }
}

/// An HMAC-SHA256 with its key. HMAC takes a key of any length (RFC 2104), which the type of the library's slice
/// constructor does not say: a key longer than a block is hashed here first, as the RFC has it, and a block is infallible.
pub(crate) fn keyed(secret: &[u8]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    if secret.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        block[..secret.len()].copy_from_slice(secret);
    }
    <Hmac<Sha256> as KeyInit>::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, cases 2 and 6: a short key and one longer than a block.
    #[test]
    fn follows_rfc_4231() {
        let hex =
            |mac: Hmac<Sha256>| mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert!(
            hex(keyed(b"Jefe").chain_update("what do ya want for nothing?"))
                .starts_with("5bdcc146bf60754e6a042426089575c7")
        );
        let long = keyed(&[0xaa; 131]).chain_update("Test Using Larger Than Block-Size Key - Hash Key First");
        assert!(hex(long).starts_with("60e431591ee0b67f0d8a26aacbf5b77f"));
    }

    #[test]
    fn verifies_its_own_signature_and_no_other() {
        let signer = Signer::new("k", "s");
        let signature = signer.signature(1_790_000_000, "GET", "/rpc/server/status");
        assert!(signer.verify(1_790_000_000, "GET", "/rpc/server/status", &signature));
        assert!(!signer.verify(1_790_000_001, "GET", "/rpc/server/status", &signature));
        assert!(!signer.verify(1_790_000_000, "GET", "/rpc/server/status", "not base64"));
    }
}
