//! How categories are found and read.

use async_trait::async_trait;
use domain::CategoryId;
use domain::category::CategoryState;
use domain::value::{Key, Locale, Slug};

use crate::page::{Page, PageRequest};
use crate::store::StoreError;

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

    async fn list(
        &self,
        filter: &CategoryFilter,
        page: &PageRequest,
    ) -> Result<Page<CategoryView>, StoreError>;

    /// The whole tree, parents before children, siblings by position and then id. Deleted ones are left out.
    async fn tree(&self) -> Result<Vec<CategoryState>, StoreError>;

    /// The ids of those of `ids` that exist and are not deleted, in any order.
    async fn existing(&self, ids: &[CategoryId]) -> Result<Vec<CategoryId>, StoreError>;

    /// Categories by key that are not deleted, in any order.
    async fn by_keys(&self, keys: &[Key]) -> Result<Vec<CategoryState>, StoreError>;
}
