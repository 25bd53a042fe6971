//! Files that a local server reads: bundles, formations and scripts.

use flate2::{Compression, write::GzEncoder};
use std::{
    fs, io,
    io::Write,
    ops::Range,
    path::{Path, PathBuf},
};

/// Bytes of a header, and of what each piece of an archive is a multiple of.
const BLOCK: usize = 512;

/// Takes bytes as a bundle: as they are, and as the archive in a proper gzip file, with the sums that it must have.
pub(crate) fn bundle(data: &[u8]) {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&summed(data)).expect("memory takes everything");
    for bytes in [data.to_vec(), gzip.finish().expect("memory takes everything")] {
        let around = tempfile::tempdir().expect("a folder");
        // Some folders deep, so that a way out of it leads to where it is seen.
        let (file, inside) = (around.path().join("bundle.tar.gz"), around.path().join("a/b/c/inside"));
        fs::write(&file, &bytes).and_then(|()| fs::create_dir_all(&inside)).expect("a disk");
        let outcome = muxi_local::fuzzing::unpack(&file, &inside);
        let unpacked = files(&inside);
        let all = files(around.path());
        assert_eq!(all.len(), unpacked.len() + 1, "a bundle writes outside of its folder: {outcome:?}");
        assert!(unpacked.iter().all(|path| !path.is_symlink()), "a bundle makes a link");
    }
}

/// An archive with the right sum in each of its headers: with a wrong one nothing is read of it.
fn summed(archive: &[u8]) -> Vec<u8> {
    const SIZE: Range<usize> = 124..136;
    const SUM: Range<usize> = 148..156;
    let mut archive = archive.to_vec();
    let mut at = 0;
    while let Some(header) = archive.get_mut(at..at + BLOCK).filter(|header| header.iter().any(|byte| *byte != 0)) {
        header[SUM].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[SUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = std::str::from_utf8(&header[SIZE]).ok().map(|size| size.trim_matches(['\0', ' ']));
        let size = size.and_then(|size| usize::from_str_radix(size, 8).ok()).unwrap_or_default();
        at = at.saturating_add(BLOCK).saturating_add(size.div_ceil(BLOCK).saturating_mul(BLOCK));
        if at > archive.len() {
            break;
        }
    }
    archive
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() && !path.is_symlink() { files(&path) } else { vec![path] }).collect()
}

/// Takes a text as a formation's file.
pub(crate) fn formation(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("formation.yaml"), data).expect("a disk");
    if let Err(errors) = muxi_local::fuzzing::read_formation(folder.path()) {
        assert!(errors.contains("formation.yaml"), "an error does not name the file: {errors}");
    }
}

/// Takes a text as a script.
pub(crate) fn script(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Err(error) = muxi_local::fuzzing::read_script(text) {
        assert!(!error.to_string().is_empty());
    }
}

/// The archive in a bundle of these files.
pub(crate) fn archive(files: &[(&str, &str)]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        // As it is, also where it leads out of the folder.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, text.as_bytes())?;
    }
    archive.into_inner()
}
