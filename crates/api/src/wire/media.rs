//! Uploaded files on the wire.

use domain::media::{ImageSize, MediaContent, MediaState};
use domain::value::Digest;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::values::instant;

/// Where all files are served.
pub(super) const FILES: &str = "/media/";

/// Where a file is served: its address is that of its bytes, so that it may be kept for ever.
pub(crate) fn file_address(digest: &Digest) -> String {
    format!("{FILES}{digest}")
}

/// An uploaded file. It never changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MediaFileBody {
    id: Uuid,
    /// Always 1: what changes is another file.
    #[schema(example = 1)]
    version: i64,
    /// Where the file is served, to anyone.
    #[schema(example = "/media/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    url: String,
    /// Told from the bytes: `image/jpeg`, `image/png`, `image/gif`, `image/webp`, `image/avif`, `application/pdf` or
    /// `video/mp4`.
    #[schema(example = "image/jpeg")]
    content_type: &'static str,
    /// In bytes.
    #[schema(example = 48213)]
    size: u64,
    /// SHA-256 of the bytes in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: String,
    /// Of pictures, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1600)]
    width: Option<u32>,
    /// Of pictures, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 1200)]
    height: Option<u32>,
    /// As the first who uploaded the bytes called them; for people, never a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kettle.jpg")]
    name: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// Who uploaded it first: the subject of their token.
    #[schema(example = "ann")]
    created_by: String,
}

impl From<&MediaState> for MediaFileBody {
    fn from(media: &MediaState) -> Self {
        let MediaState { id, record, content } = media;
        let MediaContent {
            digest,
            media_type,
            size,
            image,
            name,
            created_by,
        } = content;
        Self {
            id: id.uuid(),
            version: record.version,
            url: file_address(digest),
            content_type: media_type.as_str(),
            size: *size,
            sha256: digest.to_string(),
            width: image.map(ImageSize::width),
            height: image.map(ImageSize::height),
            name: name.as_ref().map(|name| name.as_str().to_owned()),
            created_at: instant(record.created_at),
            updated_at: instant(record.updated_at),
            created_by: created_by.clone(),
        }
    }
}
