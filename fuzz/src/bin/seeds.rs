//! Writes the seeds of every target to folders of a corpus: `seeds FOLDER`.

use muxi_fuzz_targets::{TARGETS, seeds};
use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    let corpus = PathBuf::from(env::args().nth(1).ok_or_else(|| io::Error::other("usage: seeds FOLDER"))?);
    for target in TARGETS {
        let folder = corpus.join(target.name);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds(target.name)?.into_iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed)?;
        }
    }
    Ok(())
}
