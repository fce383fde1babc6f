//! The row document of a category.

use domain::CategoryId;
use domain::category::{CategoryContent, CategoryState};
use domain::value::Key;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text::{MediaDoc, Texts, all, localized, localized_slug, metadata, pairs, slugs, texts};
use super::{RecordDoc, RowError};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CategoryDoc {
    id: Uuid,
    #[serde(flatten)]
    record: RecordDoc,
    key: Option<String>,
    parent: Option<Uuid>,
    name: Texts,
    slug: Texts,
    description: Option<Texts>,
    position: u32,
    media: Vec<MediaDoc>,
    metadata: Texts,
}

impl From<&CategoryState> for CategoryDoc {
    fn from(state: &CategoryState) -> Self {
        let CategoryState { id, record, content } = state;
        let CategoryContent {
            key,
            parent,
            name,
            slug,
            description,
            position,
            media,
            metadata,
        } = content;
        Self {
            id: id.uuid(),
            record: record.into(),
            key: key.as_ref().map(ToString::to_string),
            parent: parent.map(CategoryId::uuid),
            name: texts(name),
            slug: slugs(slug),
            description: description.as_ref().map(texts),
            position: *position,
            media: media.iter().map(Into::into).collect(),
            metadata: pairs(metadata),
        }
    }
}

impl TryFrom<CategoryDoc> for CategoryState {
    type Error = RowError;

    fn try_from(doc: CategoryDoc) -> Result<Self, Self::Error> {
        let CategoryDoc {
            id,
            record,
            key,
            parent,
            name,
            slug,
            description,
            position,
            media,
            metadata: pairs,
        } = doc;
        Ok(Self {
            id: CategoryId::new(id),
            record: record.into(),
            content: CategoryContent {
                key: key.map(Key::parse).transpose()?,
                parent: parent.map(CategoryId::new),
                name: localized(name)?,
                slug: localized_slug(slug)?,
                description: description.map(localized).transpose()?,
                position,
                media: all(media)?,
                metadata: metadata(pairs)?,
            },
        })
    }
}
