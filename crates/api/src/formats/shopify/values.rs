//! From the words of a Shopify file to values of the catalog.

use domain::product::ProductStatus;
use domain::value::{Key, Sku, Slug, ValueError};
use sha2::{Digest, Sha256};

/// Whether the product's Status and Published columns say that it is for sale. `None` where they say nothing.
pub(super) fn status(status: &str, published: &str) -> Result<Option<ProductStatus>, &'static str> {
    let published = match published.to_ascii_lowercase().as_str() {
        "" => None,
        "true" => Some(true),
        "false" => Some(false),
        _ => return Err(super::column::PUBLISHED),
    };
    let shown = |is_shown| {
        if is_shown {
            ProductStatus::Published
        } else {
            ProductStatus::Draft
        }
    };
    match status.to_ascii_lowercase().as_str() {
        "" => Ok(published.map(shown)),
        "active" => Ok(Some(shown(published.unwrap_or(true)))),
        "draft" => Ok(Some(ProductStatus::Draft)),
        "archived" => Ok(Some(ProductStatus::Archived)),
        _ => Err(super::column::STATUS),
    }
}

/// The key for a Handle: the Handle itself, else, where it is too long or not in Latin letters, the part of it that
/// can stand in a key with a digest of the whole. `None` for what is no Handle.
pub(super) fn handle_key(handle: &str) -> Option<Key> {
    if let Ok(key) = Key::parse(handle) {
        return Some(key);
    }
    let is_handle = !handle.is_empty()
        && handle
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    is_handle.then(|| digested_key(handle, "product"))?
}

/// The key of the category that a Type becomes.
pub(super) fn type_key(name: &str) -> Option<Key> {
    let slug = Slug::from_name(name);
    match slug.as_ref().map(|slug| Key::parse(slug.as_str())) {
        Some(Ok(key)) => Some(key),
        _ => digested_key(name, "type"),
    }
}

/// A key that is the same whenever it is made of the same text.
fn digested_key(text: &str, fallback: &str) -> Option<Key> {
    let slug = Slug::from_name(text);
    let slug = slug.as_ref().map_or(fallback, Slug::as_str);
    Key::parse(digested(slug, text, Key::MAX)).ok()
}

/// `base`, cut to leave room, with a digest of `text`.
fn digested(base: &str, text: &str, max: usize) -> String {
    const DIGEST: usize = 8;
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(text).into();
    let digest = u32::from_be_bytes([a, b, c, d]);
    let kept: String = base.chars().take(max - DIGEST - 1).collect();
    format!("{}-{digest:08x}", kept.trim_end_matches('-'))
}

/// A SKU for a variant that has none, the same whenever it is made: the Handle, and the options after a slash, which
/// no Handle contains. A digest stands for what the slug of the options leaves out.
pub(super) fn made_sku(handle: &str, options: &[&str]) -> Result<Sku, ValueError> {
    let told = options.join("-");
    let slug = Slug::from_name(&told);
    let plain = told
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'));
    let whole = match &slug {
        None if told.is_empty() => handle.to_owned(),
        None => digested(&format!("{handle}/"), &told, usize::MAX),
        Some(slug) if plain => format!("{handle}/{}", slug.as_str()),
        Some(slug) => digested(&format!("{handle}/{}", slug.as_str()), &told, usize::MAX),
    };
    if whole.chars().count() <= Sku::MAX {
        return Sku::parse(whole);
    }
    Sku::parse(digested(&whole, &whole, Sku::MAX))
}
