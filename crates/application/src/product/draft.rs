//! What clients say about a product before references and slugs are settled.

use std::collections::HashSet;

use domain::product::{Axis, OptionFault, ProductContent, RelationKind, Seo, VariantContent, Window};
use domain::product_type::Attributes;
use domain::value::{Key, Localized, LocalizedSlug, Media, Metadata, Slug, Text};
use domain::{ChannelId, ProductId, ProductTypeId};

use super::ProductRef;
use super::references::References;
use crate::category::CategoryRef;
use crate::error::CatalogError;
use crate::fault::{Fault, Faults, pointer_to};
use crate::resource::ResourceRef;
use crate::store::{CatalogStore, ConflictRule};

/// A product as a client wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductDraft {
    pub key: Option<Key>,
    pub name: Localized<250>,
    /// Made from the name when absent.
    pub slug: Option<LocalizedSlug>,
    pub description: Option<Localized<65_535>>,
    pub brand: Option<Text<120>>,
    pub tags: Vec<Text<255>>,
    pub categories: Vec<CategoryRef>,
    pub media: Vec<Media>,
    pub seo: Option<Seo>,
    pub option_axes: Vec<Axis>,
    /// The stored one when absent, else the default.
    pub product_type: Option<ResourceRef<ProductTypeId>>,
    /// The stored ones when absent.
    pub attributes: Option<Attributes>,
    pub metadata: Metadata,
    /// What is stored is kept when absent.
    pub channels: Option<Vec<ListingDraft>>,
    /// What is stored is kept when absent.
    pub relations: Option<Vec<RelationDraft>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingDraft {
    pub channel: ResourceRef<ChannelId>,
    pub window: Window,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationDraft {
    pub kind: RelationKind,
    pub product: ProductRef,
}

impl ProductDraft {
    pub(crate) fn into_content(
        self,
        references: References,
        slug: LocalizedSlug,
        product_type: ProductTypeId,
    ) -> ProductContent {
        let Self {
            key,
            name,
            slug: _,
            description,
            brand,
            tags,
            categories: _,
            media,
            seo,
            option_axes,
            product_type: _,
            attributes,
            metadata,
            channels: _,
            relations: _,
        } = self;
        let References {
            categories,
            channels,
            relations,
        } = references;
        ProductContent {
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
            attributes: attributes.unwrap_or_default(),
            metadata,
            channels,
            relations,
        }
    }

    /// The slug to store: the client's, else the stored one, else one made from the name that is free.
    pub(crate) async fn settle_slug(
        &self,
        stored: Option<&LocalizedSlug>,
        id: ProductId,
        store: &dyn CatalogStore,
    ) -> Result<LocalizedSlug, CatalogError> {
        if let Some(slug) = self.slug.as_ref().or(stored) {
            return Ok(slug.clone());
        }
        let made = self.slug_from_name(id)?;
        let wanted: Vec<_> = made.iter().map(|(l, s)| (l.clone(), s.clone())).collect();
        let taken = store.taken_product_slugs(&wanted).await?;
        Ok(avoid(made, &taken, id))
    }

    /// The slug that the name alone gives.
    pub(crate) fn slug_from_name(&self, id: ProductId) -> Result<LocalizedSlug, Faults> {
        slug_of(&self.name, id)
    }
}

pub(crate) fn slug_of(name: &Localized<250>, id: ProductId) -> Result<LocalizedSlug, Faults> {
    let fallback = Slug::parse(format!("product-{}", short(id.uuid())))
        .map_err(|e| Faults::from(Fault::new("/slug", e.code(), e.to_string())))?;
    Ok(LocalizedSlug::from_names(name, &fallback))
}

/// Tells a made slug apart from those that are taken.
pub(crate) fn avoid(
    slug: LocalizedSlug,
    taken: &[(domain::value::Locale, Slug)],
    id: ProductId,
) -> LocalizedSlug {
    slug.avoiding(
        |locale, slug| taken.iter().any(|(l, s)| l == locale && s == slug),
        &short(id.uuid()),
    )
}

/// The random end of an id: short, and different for ids of one millisecond.
pub(crate) fn short(id: uuid::Uuid) -> String {
    let id = id.simple().to_string();
    id.get(24..).unwrap_or_default().to_owned()
}

/// Everything that is wrong among variants that come in one request.
pub(crate) fn variant_faults(axes: &[Axis], variants: &[VariantContent]) -> Faults {
    let mut faults = Faults::default();
    let (mut skus, mut gtins, mut keys, mut options) =
        (HashSet::new(), HashSet::new(), HashSet::new(), HashSet::new());
    for (index, variant) in variants.iter().enumerate() {
        let at = |field: &str| format!("/variants/{index}/{field}");
        faults.extend(option_faults(&format!("/variants/{index}"), axes, variant));
        let twice = [
            (!skus.insert(&variant.sku), ConflictRule::Sku),
            (
                variant.gtin.as_ref().is_some_and(|g| !gtins.insert(g)),
                ConflictRule::Gtin,
            ),
            (
                variant.key.as_ref().is_some_and(|k| !keys.insert(k)),
                ConflictRule::VariantKey,
            ),
            (!options.insert(&variant.options), ConflictRule::Options),
        ];
        for (_, rule) in twice.into_iter().filter(|(is_twice, _)| *is_twice) {
            faults.push(Fault::new(at(rule.field()), rule.code(), rule.detail()));
        }
    }
    faults
}

/// How a variant's options disagree with the axes; `at` points to the variant.
pub(crate) fn option_faults(at: &str, axes: &[Axis], variant: &VariantContent) -> Vec<Fault> {
    let describe = |disagreement| match disagreement {
        OptionFault::Missing(axis) => Fault::new(
            pointer_to(&format!("{at}/options"), axis.as_str()),
            "option_missing",
            "a variant has a value for every option axis of its product",
        ),
        OptionFault::Unknown(axis) => Fault::new(
            pointer_to(&format!("{at}/options"), axis.as_str()),
            "unknown_field",
            "the product has no such option axis",
        ),
    };
    variant.option_faults(axes).into_iter().map(describe).collect()
}
