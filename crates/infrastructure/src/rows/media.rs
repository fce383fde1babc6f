//! The row document of an uploaded file.

use domain::MediaId;
use domain::media::{FileName, ImageSize, MediaContent, MediaState, MediaType, Said};
use domain::value::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text::{Texts, localized, metadata, pairs, texts};
use super::{RecordDoc, RowError};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaFileDoc {
    id: Uuid,
    #[serde(flatten)]
    record: RecordDoc,
    pub(crate) sha256: String,
    content_type: String,
    size: u64,
    width: Option<u32>,
    height: Option<u32>,
    name: Option<String>,
    created_by: String,
    // Absent in rows and log entries from before they could be said.
    #[serde(default)]
    alt: Option<Texts>,
    #[serde(default)]
    metadata: Texts,
}

impl From<&MediaState> for MediaFileDoc {
    fn from(state: &MediaState) -> Self {
        let MediaState { id, record, content } = state;
        let MediaContent {
            digest,
            media_type,
            size,
            image,
            created_by,
            said: Said { name, alt, metadata },
        } = content;
        Self {
            id: id.uuid(),
            record: record.into(),
            sha256: digest.to_string(),
            content_type: media_type.as_str().to_owned(),
            size: *size,
            width: image.map(ImageSize::width),
            height: image.map(ImageSize::height),
            name: name.as_ref().map(|name| name.as_str().to_owned()),
            created_by: created_by.clone(),
            alt: alt.as_ref().map(texts),
            metadata: pairs(metadata),
        }
    }
}

impl TryFrom<MediaFileDoc> for MediaState {
    type Error = RowError;

    fn try_from(doc: MediaFileDoc) -> Result<Self, Self::Error> {
        let MediaFileDoc {
            id,
            record,
            sha256,
            content_type,
            size,
            width,
            height,
            name,
            created_by,
            alt,
            metadata: pairs,
        } = doc;
        let image = width.zip(height);
        let image = image.map(|(width, height)| ImageSize::new(width.into(), height.into()));
        Ok(Self {
            id: MediaId::new(id),
            record: record.into(),
            content: MediaContent {
                digest: Digest::parse(&sha256)?,
                media_type: MediaType::parse(&content_type)?,
                size,
                image: image.transpose()?,
                created_by,
                said: Said {
                    name: name.map(FileName::parse).transpose()?,
                    alt: alt.map(localized).transpose()?,
                    metadata: metadata(pairs)?,
                },
            },
        })
    }
}
