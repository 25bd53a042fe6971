//! Formation bundles: receiving and unpacking them, with what the real server refuses.

use axum::body::Body;
use flate2::read::GzDecoder;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read, Seek, Write},
    path::Path,
    time::Duration,
};
use tar::EntryType;
use tokio::io::AsyncWriteExt;

/// The real server's limit for a whole request, its body included.
const READ_TIMEOUT: Duration = Duration::from_secs(15);

/// A received bundle.
pub(super) struct Upload {
    file: File,
    /// SHA-256 of the bytes, in hexadecimal.
    pub(super) digest: String,
}

/// Streams a request's body into a temporary file.
pub(super) async fn receive(body: Body) -> io::Result<Upload> {
    let limit = tokio::time::timeout(READ_TIMEOUT, save(body));
    limit.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

async fn save(body: Body) -> io::Result<Upload> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile()?);
    let mut digest = Sha256::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(io::Error::other)?;
        digest.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    let mut file = file.into_std().await;
    file.rewind()?;
    Ok(Upload { file, digest: hex(&digest.finalize()) })
}

/// SHA-256 in hexadecimal.
pub(super) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes in hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Upload {
    /// Unpacks the archive into `folder`, without its root folder. The error is the real server's text.
    pub(super) fn extract(mut self, folder: &Path) -> Result<(), String> {
        check_gzip(&mut self.file)?;
        let mut archive = tar::Archive::new(GzDecoder::new(io::BufReader::new(self.file)));
        let entries = archive.entries().map_err(|error| read_error(&error))?;
        // The first component of the first entry.
        let mut root: Option<String> = None;
        for entry in entries {
            let mut entry = entry.map_err(|error| read_error(&error))?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let kind = entry.header().entry_type();
            let (first, rest) = name.split_once('/').unwrap_or((&name, ""));
            let root = root.get_or_insert_with(|| first.to_owned());
            let refused = Err(format!("invalid file path in archive: {name}"));
            // `git archive` begins with a global header of that name, which then counts as the root.
            if kind == EntryType::XGlobalHeader || first != root || matches!(first, "" | "..") {
                return refused;
            }
            let rest = rest.trim_end_matches('/');
            if rest.is_empty() && first == "." {
                return refused;
            }
            if rest.is_empty() {
                // The root folder itself; or a file beside it, which is left out, and so is no configuration.
                continue;
            }
            if rest.split('/').any(|part| matches!(part, "" | "." | "..")) || rest.contains(['\\', '\0']) {
                return refused;
            }
            let target = folder.join(rest);
            let written = match kind {
                EntryType::Directory => fs::create_dir_all(&target),
                EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => write(&mut entry, &target),
                // Links and devices are skipped.
                _ => Ok(()),
            };
            written.map_err(|error| format!("failed to write {name}: {error}"))?;
        }
        Ok(())
    }
}

fn write(entry: &mut impl Read, target: &Path) -> io::Result<()> {
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut file = File::create(target)?;
    io::copy(entry, &mut file)?;
    file.flush()
}

/// A gzip header, with the texts of Go's reader for what is none.
fn check_gzip(file: &mut File) -> Result<(), String> {
    let mut header = Vec::new();
    file.take(10).read_to_end(&mut header).map_err(|error| error.to_string())?;
    file.rewind().map_err(|error| error.to_string())?;
    let fault = match header.as_slice() {
        [] => "EOF",
        bytes if bytes.len() < 10 => "unexpected EOF",
        [0x1f, 0x8b, 8, ..] => return Ok(()),
        _ => "gzip: invalid header",
    };
    Err(format!("failed to create gzip reader: {fault}"))
}

fn read_error(error: &io::Error) -> String {
    let text = if error.kind() == io::ErrorKind::UnexpectedEof { "unexpected EOF".into() } else { error.to_string() };
    format!("failed to read tar header: {text}")
}
