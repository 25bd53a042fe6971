//! Files that a local server reads: bundles, formations and scripts.

use flate2::{Compression, write::GzEncoder};
use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

/// Takes bytes as a bundle: as they are, and as the archive in a proper gzip file.
pub(crate) fn bundle(data: &[u8]) {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(data).expect("memory takes everything");
    for bytes in [data.to_vec(), gzip.finish().expect("memory takes everything")] {
        let around = tempfile::tempdir().expect("a folder");
        let (file, inside) = (around.path().join("bundle.tar.gz"), around.path().join("inside"));
        fs::write(&file, &bytes).and_then(|()| fs::create_dir(&inside)).expect("a disk");
        let outcome = muxi_local::fuzzing::unpack(&file, &inside);
        let outside = fs::read_dir(around.path()).expect("the folder").count();
        assert_eq!(outside, 2, "a bundle writes outside of its folder: {outcome:?}");
        let unpacked = files(&inside);
        assert!(unpacked.iter().all(|path| !path.is_symlink()), "a bundle makes a link");
    }
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
        archive.append_data(&mut header, name, text.as_bytes())?;
    }
    archive.into_inner()
}
