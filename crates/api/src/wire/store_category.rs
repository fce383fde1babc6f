//! A category as shoppers see it, in one locale.

use application::category::TreeNode;
use domain::category::CategoryState;
use domain::value::{Locale, LocalizedSlug};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::category_tree::{Counts, StoreCategoryNode};
use super::store::{StoreMedia, resolved, store_media};
use super::values::instant;

/// A category as shoppers see it, with the way to it and what is below it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoreCategoryBody {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kettles")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kettles")]
    slug: Option<String>,
    #[schema(example = "Kettles")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    media: Vec<StoreMedia>,
    /// How many published products are in the category or below it.
    #[schema(example = 0)]
    product_count: u64,
    /// The breadcrumbs: from the root down to the parent.
    ancestors: Vec<StoreAncestor>,
    /// The categories right below, in their order, without those further down.
    children: Vec<StoreCategoryNode>,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A category on the way to another one.
#[derive(Debug, Serialize, ToSchema)]
struct StoreAncestor {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kitchen")]
    slug: Option<String>,
    #[schema(example = "Kitchen")]
    name: String,
}

/// What the body is made of.
pub(crate) struct StoreCategoryParts<'a> {
    pub(crate) category: &'a CategoryState,
    /// From the root down to the parent.
    pub(crate) ancestors: &'a [&'a CategoryState],
    pub(crate) children: &'a [TreeNode],
    pub(crate) counts: &'a Counts,
}

impl StoreCategoryBody {
    pub(crate) fn new(parts: &StoreCategoryParts<'_>, locales: &[Locale]) -> Self {
        let CategoryState { id, record, content } = parts.category;
        let ancestor = |category: &&CategoryState| StoreAncestor {
            id: category.id.uuid(),
            slug: slug_in(&category.content.slug, locales),
            name: resolved(Some(&category.content.name), locales).unwrap_or_default(),
        };
        let child = |node: &TreeNode| StoreCategoryNode::new(node, parts.counts, locales, Vec::new());
        Self {
            id: id.uuid(),
            key: content.key.as_ref().map(ToString::to_string),
            slug: slug_in(&content.slug, locales),
            name: resolved(Some(&content.name), locales).unwrap_or_default(),
            description: resolved(content.description.as_ref(), locales),
            media: store_media(&content.media, locales),
            product_count: parts.counts.get(id).copied().unwrap_or_default(),
            ancestors: parts.ancestors.iter().map(ancestor).collect(),
            children: parts.children.iter().map(child).collect(),
            updated_at: instant(record.updated_at),
        }
    }
}

/// The slug in the first of the locales that has one, else whatever there is.
pub(super) fn slug_in(slugs: &LocalizedSlug, locales: &[Locale]) -> Option<String> {
    slugs.resolve(locales).map(|slug| slug.as_str().to_owned())
}
