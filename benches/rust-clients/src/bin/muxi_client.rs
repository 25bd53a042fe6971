//! This project's own crate, through its public API only.
use muxi_bench_rust_clients::*;
use muxi_client::{Bundle, FormationClient, ServerClient, api::auth::Signer};

struct C {
    f: FormationClient,
    s: ServerClient,
    signer: Signer,
}

impl Client for C {
    const NAME: &'static str = "rust:muxi-client";
    async fn health(&self) {
        std::hint::black_box(self.f.health().await.unwrap());
    }
    async fn rpc(&self) {
        std::hint::black_box(self.s.status().await.unwrap());
    }
    async fn sessions(&self, n: usize) {
        std::hint::black_box(self.f.get_sessions("u").limit(n as u32).await.unwrap());
    }
    async fn stream(&self, body: String, on: &mut dyn FnMut(&[u8])) {
        let request: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&body).unwrap();
        let mut s = self.f.chat_stream(request).user_id("u").await.unwrap().into_raw();
        while let Some(e) = s.next().await {
            on(e.unwrap().data.as_bytes());
        }
    }
    async fn upload(&self, file: &str) -> bool {
        let bundle = Bundle::from_path(file).unwrap();
        std::hint::black_box(self.s.deploy_formation(&bundle).await.unwrap());
        true
    }
    /// The clock is read as for a request.
    fn sign(&self) -> usize {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        std::hint::black_box(self.signer.header(now, "GET", "/rpc/server/status")).len()
    }
}

fn main() {
    run(|a| C {
        f: FormationClient::builder().http2(true)
            .server_url(&a.url)
            .formation_id("f")
            .client_key("ck_bench")
            .admin_key("ak_bench")
            .build()
            .unwrap(),
        s: ServerClient::builder().url(&a.url).key_id("key_bench").secret_key("sk_bench_0123456789abcdef").build().unwrap(),
        signer: Signer::new("key_bench", "sk_bench_0123456789abcdef"),
    });
}
