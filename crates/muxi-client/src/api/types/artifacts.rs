//! Files that turns made.

use super::{ArtifactKind, IsoTime};

replies! {
    /// A user's artifacts.
    pub struct ArtifactList {
        /// The artifacts, latest versions.
        pub artifacts: Vec<Artifact>,
        /// The number of artifacts in this reply.
        pub count: u64,
        /// The number of all artifacts.
        pub total: u64,
    }

    /// One artifact without its content.
    pub struct Artifact {
        /// Its id.
        pub id: String,
        /// The file name.
        pub name: String,
        /// The number of the version, from 1.
        pub version: u64,
        /// True if it is the latest version.
        pub is_latest: bool,
        /// The media type.
        pub content_type: String,
        /// The kind of file, such as `text`.
        pub category: Option<String>,
        /// A summary of its content, for people.
        pub summary: Option<String>,
        /// Its tags.
        #[serde(default)]
        pub tags: Vec<String>,
        /// The agent that made it.
        pub agent_id: Option<String>,
        /// The session it was made in.
        pub conversation_id: Option<String>,
        /// Bytes.
        pub size_bytes: u64,
        /// When it was made, ISO 8601 in UTC without a zone.
        pub created_at: IsoTime,
        /// When it was changed last, ISO 8601 in UTC without a zone; reading moves it.
        pub updated_at: Option<IsoTime>,
        /// When it was read last, ISO 8601 in UTC without a zone.
        pub last_accessed_at: Option<IsoTime>,
    }

    /// All versions of an artifact.
    pub struct ArtifactVersions {
        /// The file name.
        pub name: String,
        /// The versions, newest first.
        pub versions: Vec<Artifact>,
        /// The number of versions.
        pub count: u64,
    }

    /// An artifact as a chat turn gives it, with its content.
    pub struct ChatArtifact {
        /// `text`, `document`, `image` or `data`.
        #[serde(rename = "type")]
        pub kind: ArtifactKind,
        /// The format, such as `txt`.
        pub format: String,
        /// The file name.
        pub filename: String,
        /// A small picture of it.
        pub preview: Option<ArtifactPreview>,
        /// Its measures.
        pub metadata: Option<ArtifactMetadata>,
        /// The content of a text.
        pub content: Option<String>,
        /// The content as a `data:` URL.
        pub data_url: Option<String>,
    }

    /// A small picture of an artifact.
    pub struct ArtifactPreview {
        /// The picture, base64.
        pub thumbnail: Option<String>,
    }

    /// The measures of an artifact.
    pub struct ArtifactMetadata {
        /// Bytes.
        pub size_bytes: Option<u64>,
        /// When it was made, ISO 8601 without a zone.
        pub created_at: Option<IsoTime>,
        /// Lines of text.
        pub lines: Option<u64>,
        /// Characters of text.
        pub characters: Option<u64>,
        /// The language of the text or code.
        pub language: Option<String>,
        /// Pages of a document.
        pub pages: Option<u64>,
        /// Width in pixels.
        pub width: Option<u64>,
        /// Height in pixels.
        pub height: Option<u64>,
    }
}
