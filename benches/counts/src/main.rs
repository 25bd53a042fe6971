//! The hot paths of the Rust crate, to be run under an instruction counter: `muxi-counts URL CASE N`.

use muxi_client::{
    ChatRequest, FormationClient,
    api::{auth::Signer, sse::SseParser},
};
use std::{error::Error, hint::black_box};

/// One read of a connection.
const PIECE: usize = 16 << 10;

type Outcome = Result<(), Box<dyn Error>>;

async fn get(client: &FormationClient, n: u32) -> Outcome {
    for _ in 0..n {
        black_box(client.health().await?);
    }
    Ok(())
}

async fn row(client: &FormationClient, n: u32) -> Outcome {
    black_box(client.get_sessions("u").limit(n).await?);
    Ok(())
}

async fn sse(client: &FormationClient, n: u32) -> Outcome {
    let request = ChatRequest::new("hi").with("n", n).with("mode", "fast");
    let mut stream = client.chat_stream(request).user_id("u").await?.into_raw();
    while let Some(event) = stream.next().await {
        black_box(event?);
    }
    Ok(())
}

/// Parses `n` KiB, in pieces that do not end where an event does.
fn parse(n: u32) -> Outcome {
    let event = "data: {\"type\":\"text\",\"text\":\"token lorem ipsum dolor\"}\n\n";
    let text: String = event.chars().cycle().take(PIECE - 1).collect();
    let mut parser = SseParser::new(1 << 20);
    let mut left = n as usize * 1024;
    while left > 0 {
        let size = left.min(text.len());
        let piece = text.as_bytes().get(..size).ok_or("no piece")?;
        parser.push(piece, |event| drop(black_box(event))).map_err(|_| "an event is too long")?;
        left -= size;
    }
    Ok(())
}

fn hmac(n: u32) -> Outcome {
    let signer = Signer::new("key_bench", "sk_bench_0123456789abcdef");
    for at in 0..n {
        black_box(signer.header(1_700_000_000 + u64::from(at), "GET", "/rpc/server/status"));
    }
    Ok(())
}

fn main() -> Outcome {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(case), Some(n)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err("give a URL, a case and a number".into());
    };
    let n = n.parse()?;
    let client = FormationClient::builder().server_url(url).formation_id("f").client_key("ck_bench").build()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match case.as_str() {
        "get" => runtime.block_on(get(&client, n)),
        "row" => runtime.block_on(row(&client, n)),
        "sse" => runtime.block_on(sse(&client, n)),
        "parse" => parse(n),
        "hmac" => hmac(n),
        other => Err(format!("there is no case {other}").into()),
    }
}
