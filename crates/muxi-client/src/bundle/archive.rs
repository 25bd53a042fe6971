//! Looks through an archive for what a server would refuse, without keeping it in memory.

use super::{
    config::{self, Config},
    error::BundleError,
    watch::Watch,
};
use crate::api::bundle::BundleSource;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, Read};
use tar::EntryType;

/// Checks a whole archive and returns what its configuration says.
pub(super) fn inspect(source: &dyn BundleSource, watch: &Watch<'_>) -> Result<Config, BundleError> {
    let opened = source.open().map_err(BundleError::io("the bundle"))?;
    let mut raw = BufReader::with_capacity(64 << 10, opened);
    let head = raw.fill_buf().map_err(BundleError::io("the bundle"))?;
    if head.is_empty() {
        return Err(BundleError::Empty);
    }
    if !head.starts_with(&[0x1f, 0x8b]) {
        return Err(BundleError::NotGzip { looks_like: looks_like(head) });
    }
    let mut gunzip = Gunzip { inner: MultiGzDecoder::new(raw), fault: None };
    let mut content = watch.reading(&mut gunzip);
    let scan = scan(&mut content).and_then(|scan| {
        // Only the end of the compressed data tells whether all of it came through.
        io::copy(&mut content, &mut io::sink()).map_err(damaged)?;
        Ok(scan)
    });
    // A fault of the compressed data shows as some fault of the archive inside: report the cause.
    match gunzip.fault {
        Some(fault) => Err(fault),
        None => scan?.finish(),
    }
}

fn looks_like(head: &[u8]) -> &'static str {
    match head {
        [b'P', b'K', ..] => "a zip archive",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zstd data",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz data",
        [b'B', b'Z', b'h', ..] => "bzip2 data",
        _ if head.get(257..262) == Some(b"ustar") => "an uncompressed tar archive",
        _ if head.iter().all(u8::is_ascii) => "text",
        _ => "something else",
    }
}

/// Decompresses, and remembers its own fault.
struct Gunzip<R> {
    inner: MultiGzDecoder<R>,
    fault: Option<BundleError>,
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).inspect_err(|error| {
            self.fault = match error.kind() {
                io::ErrorKind::Interrupted => None,
                io::ErrorKind::UnexpectedEof => Some(BundleError::Truncated),
                io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                    Some(BundleError::Damaged { reason: error.to_string() })
                }
                kind => Some(BundleError::Io { what: "the bundle".to_owned(), source: kind.into() }),
            };
        })
    }
}

fn damaged(error: io::Error) -> BundleError {
    BundleError::Damaged { reason: error.to_string() }
}

/// The findings so far.
#[derive(Default)]
struct Scan {
    /// The first path component of the first entry: what the server takes for the formation's folder.
    root: Option<String>,
    /// Configurations in the root, in the server's order.
    configs: [Option<Vec<u8>>; config::NAMES.len()],
    /// A configuration elsewhere, for the hint.
    nested: Option<String>,
    has_secrets: bool,
    has_key: bool,
}

fn scan(input: &mut dyn Read) -> Result<Scan, BundleError> {
    let mut scan = Scan::default();
    let mut archive = tar::Archive::new(input);
    for entry in archive.entries().map_err(damaged)? {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(_) if scan.root.is_none() => return Err(BundleError::NotTar),
            Err(error) => return Err(damaged(error)),
        };
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            if scan.root.is_none() {
                return Err(BundleError::GlobalHeader);
            }
            continue;
        }
        let name = String::from_utf8(entry.path_bytes().into_owned()).map_err(|error| BundleError::NameNotUtf8 {
            path: String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })?;
        let inner = scan.inner_path(&name, kind)?;
        if kind == EntryType::GNUSparse {
            return Err(BundleError::Sparse { path: name });
        }
        if kind == EntryType::Regular {
            scan.file(&name, &inner, &mut entry)?;
        }
    }
    if scan.root.is_none() { Err(BundleError::Empty) } else { Ok(scan) }
}

impl Scan {
    /// The entry's path in the formation's folder.
    fn inner_path(&mut self, name: &str, kind: EntryType) -> Result<String, BundleError> {
        let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if name.is_empty() || name.starts_with('/') || parts.contains(&"..") {
            return Err(BundleError::UnsafePath { path: name.to_owned() });
        }
        let [top, inner @ ..] = parts.as_slice() else { return Err(BundleError::DotEntry) };
        let first = name.split('/').next().unwrap_or_default();
        let root = self.root.get_or_insert_with(|| first.to_owned()).as_str();
        match root {
            "." => Ok(parts.join("/")),
            _ if kind == EntryType::Regular && inner.is_empty() => Err(BundleError::Flat { path: name.to_owned() }),
            _ if root == *top => Ok(inner.join("/")),
            _ => Err(BundleError::SecondRoot { root: root.to_owned(), path: name.to_owned() }),
        }
    }

    fn file(&mut self, name: &str, inner: &str, content: impl Read) -> Result<(), BundleError> {
        let base = inner.rsplit('/').next().unwrap_or_default();
        match config::NAMES.iter().position(|config| *config == base) {
            Some(index) if base == inner => self.configs[index] = Some(config::read(name, content)?),
            Some(_) => self.nested = self.nested.take().or_else(|| Some(name.to_owned())),
            None => {}
        }
        self.has_secrets |= inner == config::SECRETS;
        self.has_key |= inner == config::KEY;
        Ok(())
    }

    fn finish(self) -> Result<Config, BundleError> {
        for (name, bytes) in config::NAMES.iter().zip(&self.configs) {
            if let Some(bytes) = bytes {
                return config::check(name, bytes, |file| match file {
                    config::SECRETS => self.has_secrets,
                    _ => self.has_key,
                });
            }
        }
        Err(BundleError::NoConfig { root: self.root.unwrap_or_default(), nested: self.nested })
    }
}
