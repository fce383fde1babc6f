//! Uploaded files on the wire.

use std::collections::BTreeMap;

use application::Faults;
use deserr::Deserr;
use domain::media::{FileName, ImageSize, MediaContent, MediaState, Said};
use domain::value::{Digest, Locale};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parse::Parser;
use super::values::{LocalizedDto, Texts, instant, metadata};

/// Where all files are served.
pub(super) const FILES: &str = "/media/";

/// Where a file is served: its address is that of its bytes, so that it may be kept for ever.
pub(crate) fn file_address(digest: &Digest) -> String {
    format!("{FILES}{digest}")
}

/// What is said of an uploaded file.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct MediaInput {
    /// At first what the first who uploaded the bytes called them; for people, at most 255 characters, never a path.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kettle.jpg")]
    name: Option<String>,
    /// What is to be seen, for those who do not see it, at most 500 characters. A plain string is taken to be in the default
    /// locale.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({"en": "A blue kettle"}))]
    alt: Option<LocalizedDto>,
    /// At most 50 pairs of strings; names of at most 64 characters, values of at most 1,000.
    #[deserr(default, from(Texts) = BTreeMap::from)]
    #[schema(required = false, example = json!({}))]
    metadata: BTreeMap<String, String>,
}

impl MediaInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<Said, Faults> {
        let mut p = Parser::new(default_locale);
        let name = p.maybe(self.name, |p, name| p.take("/name", FileName::parse(name)));
        let alt = p.maybe(self.alt, |p, alt| p.localized("/alt", alt));
        let metadata = p.metadata("/metadata", self.metadata);
        let said = || {
            Some(Said {
                name: name?,
                alt: alt?,
                metadata: metadata?,
            })
        };
        let said = said();
        p.finish(said)
    }
}

impl From<&Said> for MediaInput {
    fn from(said: &Said) -> Self {
        let Said {
            name,
            alt,
            metadata: pairs,
        } = said;
        Self {
            name: name.as_ref().map(|name| name.as_str().to_owned()),
            alt: alt.as_ref().map(Into::into),
            metadata: metadata(pairs),
        }
    }
}

/// An uploaded file. Its bytes never change; what is said of it may.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MediaFileBody {
    id: Uuid,
    /// 1 when uploaded, one more whenever something else is said of it.
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
    #[serde(flatten)]
    said: MediaInput,
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
            created_by,
            said,
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
            said: said.into(),
            created_at: instant(record.created_at),
            updated_at: instant(record.updated_at),
            created_by: created_by.clone(),
        }
    }
}
