//! The ways to name a resource: its id, or `key:`, `slug:` (in the default locale), `sku:` and `gtin:` with a value.

use application::category::CategoryRef;
use application::product::{ProductRef, VariantRef};
use application::resource::ResourceRef;
use domain::resource::Identity;
use domain::value::{Gtin, Key, Locale, Sku, Slug, ValueError};
use domain::{CategoryId, PriceId, ProductId, VariantId};
use uuid::Uuid;

/// An id by itself.
pub(crate) fn canonical_id(text: &str, expected: &'static str) -> Result<Uuid, ValueError> {
    // Only the canonical form: the parser alone would also take braces, URNs and ids without hyphens.
    Uuid::try_parse(text)
        .ok()
        .filter(|id| id.to_string() == text)
        .ok_or(ValueError::Pattern { expected })
}

pub(crate) fn product_ref(text: &str, default_locale: &Locale) -> Result<ProductRef, ValueError> {
    match text.split_once(':') {
        Some(("key", key)) => Key::parse(key).map(ProductRef::Key),
        Some(("slug", slug)) => Ok(ProductRef::Slug(default_locale.clone(), Slug::parse(slug)?)),
        _ => {
            canonical_id(text, "an id, key:<key> or slug:<slug>").map(|id| ProductRef::Id(ProductId::new(id)))
        }
    }
}

pub(crate) fn category_ref(text: &str, default_locale: &Locale) -> Result<CategoryRef, ValueError> {
    match text.split_once(':') {
        Some(("key", key)) => Key::parse(key).map(CategoryRef::Key),
        Some(("slug", slug)) => Ok(CategoryRef::Slug(default_locale.clone(), Slug::parse(slug)?)),
        _ => canonical_id(text, "an id, key:<key> or slug:<slug>")
            .map(|id| CategoryRef::Id(CategoryId::new(id))),
    }
}

pub(crate) fn variant_ref(text: &str) -> Result<VariantRef, ValueError> {
    match text.split_once(':') {
        Some(("key", key)) => Key::parse(key).map(VariantRef::Key),
        Some(("sku", sku)) => Sku::parse(sku).map(VariantRef::Sku),
        Some(("gtin", gtin)) => Gtin::parse(gtin).map(VariantRef::Gtin),
        _ => canonical_id(text, "an id, key:<key>, sku:<sku> or gtin:<gtin>")
            .map(|id| VariantRef::Id(VariantId::new(id))),
    }
}

/// For kinds that are named by id or key alone.
pub(crate) fn resource_ref<I: Identity>(text: &str) -> Result<ResourceRef<I>, ValueError> {
    match text.split_once(':') {
        Some(("key", key)) => Key::parse(key).map(ResourceRef::Key),
        _ => canonical_id(text, "an id or key:<key>").map(|id| ResourceRef::Id(I::from_uuid(id))),
    }
}

/// Prices have no names but their ids.
pub(crate) fn price_id(text: &str) -> Result<PriceId, ValueError> {
    canonical_id(text, "an id").map(PriceId::new)
}
