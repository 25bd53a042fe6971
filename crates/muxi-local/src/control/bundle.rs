//! Formation bundles: receiving and unpacking them, with what the real server refuses.

use axum::body::Body;
use flate2::read::GzDecoder;
use futures_util::StreamExt;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read, Seek, Write},
    path::{Component, Path},
};
use tar::EntryType;
use tokio::io::AsyncWriteExt;

/// Bytes that a bundle may have, and may unpack to.
const UNPACKED: u64 = 4 << 30;
/// The multiple of its own size that a bundle may unpack to, beyond [`SMALL`].
const RATIO: u64 = 200;
/// Bytes that a bundle may unpack to whatever its own size is.
const SMALL: u64 = 128 << 20;
/// Files, folders and links that a bundle may have, those folders included that only the names of others tell of.
const ENTRIES: usize = 100_000;

/// A received bundle.
pub(crate) struct Upload {
    file: File,
    /// SHA-256 of the bytes, in hexadecimal.
    pub(super) digest: String,
}

/// Streams a request's body into a temporary file.
pub(super) async fn receive(body: Body) -> io::Result<Upload> {
    receive_within(body, UNPACKED).await
}

async fn receive_within(body: Body, most: u64) -> io::Result<Upload> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile()?);
    let mut digest = Sha256::new();
    let mut chunks = body.into_data_stream();
    let mut left = most;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(io::Error::other)?;
        left = left.checked_sub(chunk.len() as u64).ok_or(io::ErrorKind::FileTooLarge)?;
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
    /// A bundle that lies on the disk; only its beginning is read.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, digest: String::new() })
    }

    /// Unpacks the archive into `folder`, without its root folder. The error is the real server's text.
    pub(crate) fn extract(self, folder: &Path) -> Result<(), String> {
        self.extract_within(folder, &Limits::default())
    }

    fn extract_within(mut self, folder: &Path, limits: &Limits) -> Result<(), String> {
        check_gzip(&mut self.file)?;
        let packed = self.file.metadata().map_err(|error| error.to_string())?.len();
        let most = limits.unpacked.min(packed.saturating_mul(limits.ratio).max(limits.small));
        let decoder = GzDecoder::new(io::BufReader::new(self.file));
        let mut archive = tar::Archive::new(Bounded { inner: decoder, left: most, most });
        let entries = archive.entries().map_err(|error| read_error(&error))?;
        // The first component of the first entry.
        let mut root: Option<String> = None;
        let mut left = limits.entries;
        for entry in entries {
            let too_many = || format!("archive has more than {} files and folders", limits.entries);
            left = left.checked_sub(1).ok_or_else(too_many)?;
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
            // Also not a drive of Windows.
            let inside = Path::new(rest).components().all(|part| matches!(part, Component::Normal(_)));
            if !inside || rest.split('/').any(|part| matches!(part, "" | "." | "..")) || rest.contains(['\\', '\0']) {
                return refused;
            }
            let target = folder.join(rest);
            if matches!(kind, EntryType::Directory | EntryType::Regular | EntryType::Continuous) {
                // A name is a few kilobytes at most, and yet tells of a thousand folders.
                let parents = target.ancestors().skip(1).take_while(|parent| !parent.exists()).count();
                left = left.checked_sub(parents).ok_or_else(too_many)?;
            }
            let written = match kind {
                EntryType::Directory => fs::create_dir_all(&target),
                EntryType::Regular | EntryType::Continuous => write(&mut entry, &target),
                // Its unpacked size is not in the archive, and so not counted. No usual tool makes one of a bundle.
                EntryType::GNUSparse => return Err(format!("sparse file in archive: {name}")),
                // Links and devices are skipped.
                _ => Ok(()),
            };
            written.map_err(|error| format!("failed to write {name}: {error}"))?;
        }
        Ok(())
    }
}

/// The limits on unpacking a bundle.
struct Limits {
    unpacked: u64,
    ratio: u64,
    small: u64,
    entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked: UNPACKED, ratio: RATIO, small: SMALL, entries: ENTRIES }
    }
}

/// A reader that fails where it has given too much, so that a small file cannot fill the disk.
struct Bounded<R> {
    inner: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| io::Error::other(format!("archive unpacks to more than {} bytes", self.most)))?;
        Ok(count)
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

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};

    /// A bundle with that many files of zeros.
    fn bundle(files: usize, size: usize) -> Upload {
        let mut tar = tar::Builder::new(GzEncoder::new(tempfile::tempfile().unwrap(), Compression::best()));
        for number in 0..files {
            let mut header = tar::Header::new_gnu();
            header.set_size(size as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, format!("root/{number}"), io::repeat(0).take(size as u64)).unwrap();
        }
        let mut file = tar.into_inner().unwrap().finish().unwrap();
        file.rewind().unwrap();
        Upload { file, digest: String::new() }
    }

    /// A bundle with an empty file.
    fn with_file(name: &str) -> Upload {
        let mut tar = tar::Builder::new(GzEncoder::new(tempfile::tempfile().unwrap(), Compression::best()));
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        tar.append_data(&mut header, format!("root/{name}"), io::empty()).unwrap();
        let mut file = tar.into_inner().unwrap().finish().unwrap();
        file.rewind().unwrap();
        Upload { file, digest: String::new() }
    }

    /// A bundle with an empty file that lies so many folders deep.
    fn nested(folders: usize) -> Upload {
        with_file(&format!("{}file", "a/".repeat(folders)))
    }

    /// The bytes that arrive are counted: a body in chunks has no length.
    #[tokio::test]
    async fn an_upload_has_a_limit() {
        let body = || Body::from_stream(futures_util::stream::iter([Ok::<_, io::Error>("12345"), Ok("67890")]));
        let upload = receive_within(body(), 10).await.unwrap();
        assert_eq!(upload.file.metadata().unwrap().len(), 10);
        let error = receive_within(body(), 9).await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    /// A bundle with a file that is a hole of that size.
    fn sparse(size: u64) -> Upload {
        let mut tar = tar::Builder::new(GzEncoder::new(tempfile::tempfile().unwrap(), Compression::best()));
        let mut header = tar::Header::new_gnu();
        header.set_path("root/sparse").unwrap();
        header.set_entry_type(EntryType::GNUSparse);
        header.set_size(0);
        let real = format!("{size:011o}\0");
        let gnu = header.as_gnu_mut().unwrap();
        gnu.realsize.copy_from_slice(real.as_bytes());
        // The only piece of it with content is an empty one at its end.
        gnu.sparse[0].offset.copy_from_slice(real.as_bytes());
        gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
        header.set_cksum();
        tar.append(&header, io::empty()).unwrap();
        let mut file = tar.into_inner().unwrap().finish().unwrap();
        file.rewind().unwrap();
        Upload { file, digest: String::new() }
    }

    fn extract(bundle: Upload, limits: Limits) -> Result<usize, String> {
        let folder = tempfile::tempdir().unwrap();
        bundle.extract_within(folder.path(), &limits)?;
        Ok(fs::read_dir(folder.path()).unwrap().count())
    }

    #[test]
    fn a_bundle_within_the_limits_unpacks() {
        assert_eq!(extract(bundle(3, 1 << 20), Limits::default()), Ok(3));
    }

    #[test]
    fn bombs_are_refused() {
        let refused = |bundle, limits| extract(bundle, limits).unwrap_err();
        let entries = refused(bundle(6, 0), Limits { entries: 5, ..Limits::default() });
        assert_eq!(entries, "archive has more than 5 files and folders");
        let few = || Limits { entries: 500, ..Limits::default() };
        assert_eq!(extract(nested(400), few()), Ok(1));
        let folders = refused(nested(600), few());
        assert_eq!(folders, "archive has more than 500 files and folders");
        let total = refused(bundle(2, 1 << 20), Limits { unpacked: 1 << 20, ..Limits::default() });
        assert!(total.contains("archive unpacks to more than 1048576 bytes"), "{total}");
        let sparse = refused(sparse(3 << 30), Limits::default());
        assert_eq!(sparse, "sparse file in archive: root/sparse");
        // A megabyte of zeros is about a kilobyte of gzip.
        let ratio = refused(bundle(1, 1 << 20), Limits { small: 1 << 10, ..Limits::default() });
        assert!(ratio.contains("archive unpacks to more than"), "{ratio}");
    }

    /// Elsewhere a drive is a folder like others.
    #[cfg(windows)]
    #[test]
    fn no_drive_leads_out_of_the_folder() {
        let elsewhere = tempfile::tempdir().unwrap();
        for name in [elsewhere.path().join("file").to_str().unwrap().replace('\\', "/").as_str(), "C:file"] {
            let error = extract(with_file(name), Limits::default()).unwrap_err();
            assert_eq!(error, format!("invalid file path in archive: root/{name}"));
        }
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }
}
