//! How categories are found and read.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::CategoryId;
use domain::category::CategoryState;
use domain::value::{Key, Locale, Slug};

use crate::page::{Page, PageRequest};
use crate::store::StoreError;
use crate::storefront::Visit;

/// The ways to name a category.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CategoryRef {
    Id(CategoryId),
    Key(Key),
    Slug(Locale, Slug),
}

/// A category with the ids from its root down to its parent.
#[derive(Debug, Clone, PartialEq)]
pub struct CategoryView {
    pub category: CategoryState,
    pub path: Vec<CategoryId>,
    /// How many products [`Audience::Management`] sees in it or below it.
    pub product_count: u64,
}

/// For whom products are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// All products that are not deleted.
    Management,
    /// Those that a shopper sees.
    Store(Visit),
}

/// Which part of the tree is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeRequest {
    /// The one category on the first level; all roots when absent.
    pub root: Option<CategoryId>,
    /// How many levels, at least one.
    pub depth: Option<u32>,
    /// The most categories; levels are filled from the top.
    pub limit: u32,
}

/// A category in the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct TreeNode {
    pub category: CategoryState,
    /// 1 on the first level that was asked for.
    pub level: u32,
    /// Also where its children were not asked for.
    pub has_children: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CategoryFilter {
    /// Only direct children of this one.
    pub parent: Option<CategoryId>,
    /// Only deleted ones, where otherwise only those that are not.
    pub deleted: bool,
}

/// Reads categories. Absence is `Ok(None)` or a missing element. Answers MUST reflect every commit that was
/// acknowledged before the call.
#[async_trait]
pub trait CategoryReader: Send + Sync + 'static {
    /// By any name; deleted ones only when `with_deleted`, a live one preferred, then the one deleted last.
    async fn find(
        &self,
        category: &CategoryRef,
        with_deleted: bool,
    ) -> Result<Option<CategoryView>, StoreError>;

    /// The ids from the root down to the category itself, of one that is not deleted.
    async fn locate(&self, category: &CategoryRef) -> Result<Option<Vec<CategoryId>>, StoreError>;

    async fn list(
        &self,
        filter: &CategoryFilter,
        page: &PageRequest,
    ) -> Result<Page<CategoryView>, StoreError>;

    /// The whole tree, parents before children, siblings by position and then id. Deleted ones are left out.
    async fn tree(&self) -> Result<Vec<CategoryState>, StoreError>;

    /// A part of the tree, in the order of [`tree`](Self::tree), so that what a limit leaves is whole from the top.
    async fn subtree(&self, request: &TreeRequest) -> Result<Vec<TreeNode>, StoreError>;

    /// The children of a category, or the roots, by position and then id. Deleted ones are left out.
    async fn children(&self, parent: Option<CategoryId>) -> Result<Vec<CategoryState>, StoreError>;

    /// How many distinct products are in each of these categories or below it; one that is missing has none.
    async fn product_counts(
        &self,
        categories: &[CategoryId],
        audience: Audience,
    ) -> Result<HashMap<CategoryId, u64>, StoreError>;

    /// Categories by id that are not deleted, in any order.
    async fn by_ids(&self, ids: &[CategoryId]) -> Result<Vec<CategoryState>, StoreError>;

    /// The ids of those of `ids` that exist and are not deleted, in any order.
    async fn existing(&self, ids: &[CategoryId]) -> Result<Vec<CategoryId>, StoreError>;

    /// Categories by key that are not deleted, in any order.
    async fn by_keys(&self, keys: &[Key]) -> Result<Vec<CategoryState>, StoreError>;
}
