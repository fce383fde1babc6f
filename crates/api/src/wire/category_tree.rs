//! The category tree on the wire, as management reads it and as shoppers do.

use std::collections::HashMap;

use application::category::TreeNode;
use domain::CategoryId;
use domain::category::CategoryState;
use domain::value::Locale;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::resolved;
use super::store_category::slug_in;
use super::values::LocalizedDto;

/// How many products are in each category, or below it.
pub(crate) type Counts = HashMap<CategoryId, u64>;

/// The tree from its roots, or from one category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TreeBody<T> {
    /// Siblings stand in the order of their positions, then of their creation.
    pub(crate) items: Vec<T>,
    /// How many categories the answer has, on all levels.
    #[schema(example = 1)]
    pub(crate) count: usize,
    /// Whether there are more than the 10,000 categories of one answer; the lowest levels are those left out.
    pub(crate) truncated: bool,
}

/// A category in the tree, as management reads it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CategoryNode {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kettles")]
    key: Option<String>,
    #[schema(example = 1)]
    version: i64,
    #[schema(example = json!({"en": "Kettles"}))]
    name: LocalizedDto,
    #[schema(example = json!({"en": "kettles"}))]
    slug: LocalizedDto,
    #[schema(example = 0)]
    position: u32,
    /// How many products are in the category or below it.
    #[schema(example = 0)]
    product_count: u64,
    /// Also `true` where the answer leaves the children out.
    has_children: bool,
    #[schema(no_recursion, example = json!([]))]
    children: Vec<Self>,
}

/// A category in the tree, as shoppers see it, in one locale.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoreCategoryNode {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kettles")]
    key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kettles")]
    slug: Option<String>,
    #[schema(example = "Kettles")]
    name: String,
    /// How many published products are in the category or below it.
    #[schema(example = 0)]
    product_count: u64,
    /// Also `true` where the answer leaves the children out.
    has_children: bool,
    #[schema(no_recursion, example = json!([]))]
    children: Vec<Self>,
}

impl CategoryNode {
    pub(crate) fn new(node: &TreeNode, counts: &Counts, children: Vec<Self>) -> Self {
        let CategoryState { id, record, content } = &node.category;
        Self {
            id: id.uuid(),
            key: content.key.as_ref().map(ToString::to_string),
            version: record.version,
            name: (&content.name).into(),
            slug: (&content.slug).into(),
            position: content.position,
            product_count: counts.get(id).copied().unwrap_or_default(),
            has_children: node.has_children,
            children,
        }
    }
}

impl StoreCategoryNode {
    pub(crate) fn new(node: &TreeNode, counts: &Counts, locales: &[Locale], children: Vec<Self>) -> Self {
        let CategoryState { id, content, .. } = &node.category;
        Self {
            id: id.uuid(),
            key: content.key.as_ref().map(ToString::to_string),
            slug: slug_in(&content.slug, locales),
            name: resolved(Some(&content.name), locales).unwrap_or_default(),
            product_count: counts.get(id).copied().unwrap_or_default(),
            has_children: node.has_children,
            children,
        }
    }
}

/// Puts nodes, parents before children, into one another.
pub(crate) fn nest<B>(nodes: &[TreeNode], body: impl Fn(&TreeNode, Vec<B>) -> B) -> Vec<B> {
    let mut waiting: HashMap<CategoryId, Vec<B>> = HashMap::new();
    let mut top = Vec::new();
    // From the last to the first, so that a node's children are whole before it is made.
    for node in nodes.iter().rev() {
        let mut children = waiting.remove(&node.category.id).unwrap_or_default();
        children.reverse();
        let made = body(node, children);
        match node.category.content.parent {
            Some(parent) if node.level > 1 => waiting.entry(parent).or_default().push(made),
            _ => top.push(made),
        }
    }
    top.reverse();
    top
}
