//! Files of a chat turn, from disk.

use crate::api::params::File;
use std::{fs, io, path::Path};

impl File {
    /// Reads a file; its media type follows from its name, `application/octet-stream` when that says nothing.
    ///
    /// ```no_run
    /// # async fn ask(formation: muxi_client::FormationClient) -> Result<(), Box<dyn std::error::Error>> {
    /// use muxi_client::{ChatRequest, File};
    ///
    /// formation.chat(ChatRequest::new("What is on the picture?").file(File::open("cat.png")?)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Ok(Self::named(name, fs::read(path)?))
    }

    /// Makes a file of its name and bytes; its media type follows from the name as that of [`open`](Self::open) does.
    pub fn named(name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        let name = name.into();
        let kind = mime_guess::from_path(&name).first_or_octet_stream();
        Self::from_bytes(name, kind.essence_str(), bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_kind_of_file_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("voice.wav");
        fs::write(&path, b"RIFF").unwrap();
        let file = serde_json::to_value(File::open(&path).unwrap()).unwrap();
        let want =
            serde_json::json!({"filename": "voice.wav", "content": "UklGRg==", "content_type": "audio/wav", "size": 4});
        assert_eq!(file, want);
        assert!(File::open(folder.path().join("none")).is_err());
    }
}
