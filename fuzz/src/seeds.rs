//! The sources of inputs: the recordings of the real runtime, the example formations, and those written here.

use crate::files::archive;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Returns the seeds of the target of that name.
///
/// # Errors
///
/// A file of the checkout that cannot be read.
pub fn seeds(target: &str) -> io::Result<Vec<Vec<u8>>> {
    let texts = |texts: &[&str]| -> Vec<Vec<u8>> { texts.iter().map(|text| text.as_bytes().to_vec()).collect() };
    Ok(match target {
        "sse" => {
            let cut = r#"data: {"token":{"type":"content","content":"a\ud83d"}}"#;
            let rest = r#"data: {"token":{"type":"content","content":"\ude00b"}}"#;
            let cut = format!("\x03{cut}\n\n{rest}\r\n\r\nevent: done\ndata: {{}}\n\n").into_bytes();
            let with_size = |stream: Vec<u8>| [b"\x07".to_vec(), stream].concat();
            samples("txt")?.into_iter().map(|(_, stream)| with_size(stream)).chain([cut]).collect()
        }
        "reply" => {
            let reply = |(name, body): (String, Vec<u8>)| {
                let status = name.split('_').find_map(|part| part.parse().ok()).unwrap_or(200_u16);
                [&(status - 100).to_le_bytes()[..], b"application/json\n2\n", &body].concat()
            };
            samples("json")?.into_iter().map(reply).collect()
        }
        "retry_after" => texts(&[
            "2",
            "1.5",
            "Tue, 24 Nov 2026 10:00:07 GMT\n\nTue, 24 Nov 2026 10:00:00 GMT",
            "\n250",
            "121\n-1",
            "99999999999999999999",
        ]),
        "url" => texts(&[
            "http://localhost:7890/api/demo/v1",
            "https://muxi.example.com",
            "http://[::1]:65535/",
            "HTTP://127.0.0.1:1/%20?a=b#c",
            " http://localhost:0 ",
            "ftp://localhost",
        ]),
        "proxy" => texts(&[
            "http://proxy:3128",
            "socks5h://proxy",
            "https://proxy:1/",
            "socks4://proxy",
            "proxy:3128",
            "http://proxy:70000/a@b",
        ]),
        "webhook" => {
            let delivery = |(_, sample): (String, Vec<u8>)| {
                let sample: serde_json::Value = serde_json::from_slice(&sample).ok()?;
                Some([sample["headers"]["X-Muxi-Signature"].as_str()?, sample["body_raw"].as_str()?].join("\n").into())
            };
            let written = texts(&[
                "t=1790000000,v1=00\n{\"id\": \"req_1\", \"status\": \"completed\", \"response\": [{\"type\": \"text\", \"text\": \"é\"}]}",
                "v1=00,t=1,v1=zz\n{\"request_id\": \"r\", \"state\": \"stuck\", \"report\": {\"detail\": \"d\"}, \"attempts\": 2}",
                "\n{\"status\": \"awaiting_clarification\", \"clarification_question\": \"?\", \"timestamp\": 1.5e9}",
                "\n{\"a\": {\"b\": [1e16, 1E-5, -0.0, 123456789012345678901234567890]}, \"timestamp\": \"2026-11-23T10:15:30+01:00\"}",
            ]);
            samples("json")?.into_iter().filter_map(delivery).chain(written).collect()
        }
        "bundle" => vec![
            archive(&[
                ("bot/formation.afs", "id: bot\n"),
                ("bot/agents/a.afs", "id: a\n"),
                ("bot/SOUL.md", "Be kind."),
            ])?,
            archive(&[("./formation.yaml", "id: bot\n"), ("./knowledge/deep/er/b.txt", "text")])?,
            archive(&[("bot/a", "1"), ("bot/../../b", "2"), ("bot//c", "3")])?,
            archive(&[("bot/a/../b", ""), ("../c", ""), ("/d", "")])?,
            archive(&[])?,
        ],
        "formation" => formations()?,
        "script" => texts(&[
            "- when: { text: \"order (?<order>\\\\d+)\", user: ada }\n  reply: \"{order}, {user}\"\n- reply: Hi!\n",
            "rules:\n- when: { channel: trigger, turn: 1 }\n  replies: [{ clarify: \"?\" }, { error: x }]\n  times: 2\notherwise: echo\n",
            "[{reply: {text: Hi, deltas: [H, i], pace_ms: 5, fast: true, artifacts: [{filename: a.txt, content: b}]}}]",
            "- reply: &a { text: *a }\n- {a: {a: {a: {a: }}}}\n",
        ]),
        _ => Vec::new(),
    })
}

/// The recordings with that ending, by name.
fn samples(ending: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let recording = |path: PathBuf| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok((name, fs::read(path)?))
    };
    files(&root().join("contract/samples"))?.into_iter().filter(|path| ends(path, ending)).map(recording).collect()
}

/// The files of the example formations that describe them.
fn formations() -> io::Result<Vec<Vec<u8>>> {
    let folders = files(&root().join("examples/formations"))?;
    let all: io::Result<Vec<_>> = folders.iter().map(|folder| files(folder)).collect();
    all?.concat().iter().filter(|path| ends(path, "afs") || ends(path, "yaml")).map(fs::read).collect()
}

fn ends(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|found| found == ending)
}

/// The files of a folder, in a fixed order.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
