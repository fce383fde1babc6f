//! Published products on the wire.

use std::collections::{BTreeMap, HashMap};

use application::pricing::Resolved;
use application::storefront::StoreProduct;
use domain::product::{RelationKind, VariantState};
use domain::value::{Locale, Localized, Media, MediaSource};
use domain::{Timestamp, VariantId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::media::file_address;
use super::values::{AttributesDto, DimensionsDto, PriceDto, WeightDto, instant};

/// A published product as shoppers see it, in one locale.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoreProductBody {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    #[schema(example = "enamel-kettle")]
    #[serde(skip_serializing_if = "Option::is_none")]
    slug: Option<String>,
    #[schema(example = "Enamel kettle")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    #[schema(example = json!(["stovetop"]))]
    tags: Vec<String>,
    /// Ids of the categories.
    categories: Vec<Uuid>,
    media: Vec<StoreMedia>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seo: Option<StoreSeo>,
    #[schema(example = json!(["colour"]))]
    option_axes: Vec<String>,
    /// Localizable values are in the language of the request.
    attributes: AttributesDto,
    variants: Vec<StoreVariantBody>,
    #[schema(format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<String>,
    #[schema(format = DateTime)]
    updated_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoreMedia {
    /// Of an uploaded file the path under which this service has it.
    #[schema(example = "https://images.example.com/kettle.jpg")]
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    alt: Option<String>,
    #[schema(example = "gallery")]
    role: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
struct StoreSeo {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// A variant as shoppers see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoreVariantBody {
    id: Uuid,
    #[schema(example = "KETTLE-BLUE")]
    sku: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    gtin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mpn: Option<String>,
    #[schema(example = json!({"colour": "Blue"}))]
    options: BTreeMap<String, String>,
    /// Localizable values are in the language of the request.
    attributes: AttributesDto,
    /// What one piece costs in the channel, currency and country and for the groups asked for; `null` where nothing
    /// has a price.
    price: Option<PriceDto>,
    /// The next instant at which the price may be another one; absent when it stays by time alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    price_valid_until: Option<String>,
    media: Vec<StoreMedia>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<WeightDto>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<DimensionsDto>,
}

/// What variants cost.
pub(crate) struct VariantPrices(pub(crate) HashMap<VariantId, Resolved>);

impl VariantPrices {
    /// The next instant at which one of them may be another one.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.0.values().filter_map(|resolved| resolved.valid_until).min()
    }
}

pub(super) fn resolved<const MAX: usize>(
    text: Option<&Localized<MAX>>,
    locales: &[Locale],
) -> Option<String> {
    text.and_then(|text| text.resolve(locales))
        .map(ToString::to_string)
}

pub(super) fn store_media(media: &[Media], locales: &[Locale]) -> Vec<StoreMedia> {
    let resolve = |m: &Media| {
        let url = match m.source() {
            MediaSource::Web(url) => url.clone(),
            MediaSource::File(_, digest) => file_address(digest),
            // Not to be found in what is stored.
            MediaSource::Named(_) => return None,
        };
        Some(StoreMedia {
            url,
            alt: resolved(m.alt.as_ref(), locales),
            role: m.role.as_str(),
        })
    };
    media.iter().filter_map(resolve).collect()
}

impl StoreProductBody {
    /// Texts are in the first of `locales` that there is one in.
    pub(crate) fn new(copy: &StoreProduct, prices: &VariantPrices, locales: &[Locale]) -> Self {
        let StoreProduct {
            product,
            variants,
            until: _,
            moved: _,
        } = copy;
        let content = &product.content;
        let seo = content.seo.as_ref().map(|seo| StoreSeo {
            title: resolved(seo.title.as_ref(), locales),
            description: resolved(seo.description.as_ref(), locales),
        });
        Self {
            id: product.id.uuid(),
            key: content.key.as_ref().map(ToString::to_string),
            slug: content.slug.resolve(locales).map(|slug| slug.as_str().to_owned()),
            name: resolved(Some(&content.name), locales).unwrap_or_default(),
            description: resolved(content.description.as_ref(), locales),
            brand: content.brand.as_ref().map(ToString::to_string),
            tags: content.tags.iter().map(ToString::to_string).collect(),
            categories: content.categories.iter().map(|id| id.uuid()).collect(),
            media: store_media(&content.media, locales),
            seo,
            option_axes: content.option_axes.iter().map(ToString::to_string).collect(),
            attributes: AttributesDto::resolved(&content.attributes, locales),
            variants: variants
                .iter()
                .map(|v| StoreVariantBody::new(v, prices.0.get(&v.id), locales))
                .collect(),
            published_at: product.published_at.map(instant),
            updated_at: instant(product.record.updated_at),
        }
    }
}

impl StoreVariantBody {
    fn new(variant: &VariantState, price: Option<&Resolved>, locales: &[Locale]) -> Self {
        let content = &variant.content;
        Self {
            id: variant.id.uuid(),
            sku: content.sku.to_string(),
            gtin: content.gtin.as_ref().map(|gtin| gtin.as_str().to_owned()),
            mpn: content.mpn.as_ref().map(ToString::to_string),
            options: content
                .options
                .iter()
                .map(|(a, v)| (a.to_string(), v.to_string()))
                .collect(),
            attributes: AttributesDto::resolved(&content.attributes, locales),
            price: price
                .and_then(|p| p.price.as_ref())
                .map(|candidate| candidate.price.into()),
            price_valid_until: price.and_then(|p| p.valid_until).map(instant),
            media: store_media(&content.media, locales),
            weight: content.weight.as_ref().map(Into::into),
            dimensions: content.dimensions.as_ref().map(Into::into),
        }
    }
}

/// A product in its relation to another one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RelatedBody {
    #[schema(example = "accessory")]
    kind: &'static str,
    product: StoreProductBody,
}

impl RelatedBody {
    pub(crate) fn new(
        kind: RelationKind,
        copy: &StoreProduct,
        prices: &VariantPrices,
        locales: &[Locale],
    ) -> Self {
        Self {
            kind: kind.as_str(),
            product: StoreProductBody::new(copy, prices, locales),
        }
    }
}
