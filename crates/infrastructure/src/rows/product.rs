//! The row document of a product.

use domain::product::{
    Listing, ProductContent, ProductState, ProductStatus, Relation, RelationKind, Seo, Staged, Window,
    option_axes,
};
use domain::value::{Key, Text, ValueError};
use domain::{CategoryId, ChannelId, ProductId, ProductTypeId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::attributes::{AttributesDoc, attributes, attributes_doc};
use super::text::{MediaDoc, Texts, all, localized, localized_slug, metadata, pairs, slugs, texts};
use super::{Instant, RecordDoc, RowError};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductDoc {
    id: Uuid,
    #[serde(flatten)]
    record: RecordDoc,
    status: String,
    published_at: Option<Instant>,
    key: Option<String>,
    name: Texts,
    slug: Texts,
    description: Option<Texts>,
    brand: Option<String>,
    tags: Vec<String>,
    categories: Vec<Uuid>,
    media: Vec<MediaDoc>,
    seo: Option<SeoDoc>,
    option_axes: Vec<String>,
    #[serde(default = "generic")]
    product_type: Uuid,
    #[serde(default)]
    attributes: AttributesDoc,
    metadata: Texts,
    // Absent in what the log keeps of times before there were any.
    #[serde(default)]
    channels: Vec<ListingDoc>,
    #[serde(default)]
    relations: Vec<RelationDoc>,
}

/// A product's working copy, with what is live where that is something else.
#[derive(Debug, Clone, Deserialize)]
pub struct CopiesDoc {
    working: ProductDoc,
    live: Option<ProductDoc>,
    variants: bool,
}

impl TryFrom<CopiesDoc> for ProductState {
    type Error = RowError;

    fn try_from(doc: CopiesDoc) -> Result<Self, Self::Error> {
        let CopiesDoc {
            working,
            live,
            variants,
        } = doc;
        let working = Self::try_from(working)?;
        if working.status != ProductStatus::Published {
            return Ok(working);
        }
        let live = live.map(Self::try_from).transpose()?.map(|live| live.content);
        let staged = Staged {
            live: live.filter(|live| *live != working.content).map(Box::new),
            variants,
        };
        Ok(Self { staged, ..working })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ListingDoc {
    channel: Uuid,
    publish_at: Option<Instant>,
    unpublish_at: Option<Instant>,
}

impl From<&Listing> for ListingDoc {
    fn from(Listing { channel, window }: &Listing) -> Self {
        Self {
            channel: channel.uuid(),
            publish_at: window.publish_at().map(Instant),
            unpublish_at: window.unpublish_at().map(Instant),
        }
    }
}

impl TryFrom<ListingDoc> for Listing {
    type Error = ValueError;

    fn try_from(doc: ListingDoc) -> Result<Self, Self::Error> {
        let ListingDoc {
            channel,
            publish_at,
            unpublish_at,
        } = doc;
        Ok(Self {
            channel: ChannelId::new(channel),
            window: Window::new(publish_at.map(|i| i.0), unpublish_at.map(|i| i.0))?,
        })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct RelationDoc {
    kind: String,
    product: Uuid,
}

impl From<&Relation> for RelationDoc {
    fn from(Relation { kind, product }: &Relation) -> Self {
        Self {
            kind: kind.as_str().to_owned(),
            product: product.uuid(),
        }
    }
}

impl TryFrom<RelationDoc> for Relation {
    type Error = ValueError;

    fn try_from(RelationDoc { kind, product }: RelationDoc) -> Result<Self, Self::Error> {
        Ok(Self {
            kind: RelationKind::parse(&kind)?,
            product: ProductId::new(product),
        })
    }
}

/// Documents from before there were types.
const fn generic() -> Uuid {
    ProductTypeId::GENERIC.uuid()
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SeoDoc {
    title: Option<Texts>,
    description: Option<Texts>,
}

impl From<&Seo> for SeoDoc {
    fn from(seo: &Seo) -> Self {
        let Seo { title, description } = seo;
        Self {
            title: title.as_ref().map(texts),
            description: description.as_ref().map(texts),
        }
    }
}

impl TryFrom<SeoDoc> for Seo {
    type Error = ValueError;

    fn try_from(doc: SeoDoc) -> Result<Self, Self::Error> {
        let SeoDoc { title, description } = doc;
        Ok(Self {
            title: title.map(localized).transpose()?,
            description: description.map(localized).transpose()?,
        })
    }
}

impl From<&ProductState> for ProductDoc {
    fn from(state: &ProductState) -> Self {
        let ProductState {
            id,
            record,
            status,
            published_at,
            content,
            // Kept beside the document, since it is about other rows too.
            staged: _,
        } = state;
        let ProductContent {
            key,
            name,
            slug,
            description,
            brand,
            tags,
            categories,
            media,
            seo,
            option_axes,
            product_type,
            attributes,
            metadata,
            channels,
            relations,
        } = content;
        Self {
            id: id.uuid(),
            record: record.into(),
            status: status.as_str().to_owned(),
            published_at: published_at.map(Instant),
            key: key.as_ref().map(ToString::to_string),
            name: texts(name),
            slug: slugs(slug),
            description: description.as_ref().map(texts),
            brand: brand.as_ref().map(ToString::to_string),
            tags: tags.iter().map(ToString::to_string).collect(),
            categories: categories.iter().map(|c| c.uuid()).collect(),
            media: media.iter().map(Into::into).collect(),
            seo: seo.as_ref().map(Into::into),
            option_axes: option_axes.iter().map(ToString::to_string).collect(),
            product_type: product_type.uuid(),
            attributes: attributes_doc(attributes),
            metadata: pairs(metadata),
            channels: channels.iter().map(Into::into).collect(),
            relations: relations.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<ProductDoc> for ProductState {
    type Error = RowError;

    fn try_from(doc: ProductDoc) -> Result<Self, Self::Error> {
        let ProductDoc {
            id,
            record,
            status,
            published_at,
            key,
            name,
            slug,
            description,
            brand,
            tags,
            categories,
            media,
            seo,
            option_axes: axes,
            product_type,
            attributes: values,
            metadata: pairs,
            channels,
            relations,
        } = doc;
        Ok(Self {
            id: ProductId::new(id),
            record: record.into(),
            status: ProductStatus::parse(&status)?,
            published_at: published_at.map(|i| i.0),
            content: ProductContent {
                key: key.map(Key::parse).transpose()?,
                name: localized(name)?,
                slug: localized_slug(slug)?,
                description: description.map(localized).transpose()?,
                brand: brand.map(Text::parse).transpose()?,
                tags: tags.into_iter().map(Text::parse).collect::<Result<_, _>>()?,
                categories: categories.into_iter().map(CategoryId::new).collect(),
                media: all(media)?,
                seo: seo.map(Seo::try_from).transpose()?,
                option_axes: option_axes(axes.into_iter().map(Text::parse).collect::<Result<_, _>>()?)?,
                product_type: ProductTypeId::new(product_type),
                attributes: attributes(values)?,
                metadata: metadata(pairs)?,
                channels: all(channels)?,
                relations: all(relations)?,
            },
            staged: Staged::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use serde_json::json;

    use super::*;

    #[test]
    fn documents_from_before_there_were_types_are_read() {
        let document = json!({
            "id": Uuid::nil(), "version": 1, "createdAt": "2026-01-31T12:00:00.000000Z",
            "updatedAt": "2026-01-31T12:00:00.000000Z", "deletedAt": null, "status": "draft", "publishedAt": null, "key": null,
            "name": {"en": "Mug"}, "slug": {"en": "mug"}, "description": null, "brand": null, "tags": [], "categories": [],
            "media": [], "seo": null, "optionAxes": [], "metadata": {},
        });
        let document: ProductDoc = serde_json::from_value(document).unwrap();
        let state = ProductState::try_from(document).unwrap();
        assert_eq!(state.content.product_type, ProductTypeId::GENERIC);
        assert!(state.content.attributes.is_empty());
    }
}
