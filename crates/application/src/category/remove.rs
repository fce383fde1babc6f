//! Deleting a category, and what becomes of what is in it.
//!
//! Invariant: no product and no category is left behind that refers to a deleted one. The store checks that in the
//! same transaction, so that what others file meanwhile is not lost either.

use std::collections::HashSet;

use domain::category::{Category, CategoryContent, MAX_DEPTH};
use domain::product::{Product, ProductContent};
use domain::{CategoryId, Timestamp};

use super::{Categories, CategoryRef, CategoryView, TreeRequest};
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::store::{Changes, ConflictRule, Precondition, Receipt, WriteContext};
use crate::write::{Decision, Render, check};

/// The most products, and the most categories, that one deletion changes: all of it is one transaction.
const MOST: u32 = 5000;

/// How often a deletion is tried that finds new products or subcategories when it is to be stored.
const ATTEMPTS: usize = 4;

/// What becomes of the products in the categories that are deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnProducts {
    /// There must be none.
    #[default]
    Refuse,
    /// They lose the category.
    Unassign,
    /// They get this category instead.
    Move(CategoryId),
}

/// What becomes of the categories below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnChildren {
    /// There must be none.
    #[default]
    Refuse,
    /// They move up to the parent of the one that is deleted.
    Reparent,
    /// They are deleted too, down to the leaves.
    Delete,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removal {
    pub products: OnProducts,
    pub children: OnChildren,
}

impl Categories {
    /// Deletes a category, and does with its contents what `removal` says, in one commit.
    pub async fn remove(
        &self,
        category: &CategoryRef,
        removal: Removal,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, CategoryView>,
    ) -> Result<Receipt, CatalogError> {
        let mut attempt = 1;
        loop {
            let decide = || Box::pin(self.decide_removal(category, removal, precondition, render)) as _;
            match self.writer.write(context, decide).await {
                // Something was filed here after we had looked. Asked again, we see it.
                Err(CatalogError::Conflict {
                    rule: ConflictRule::Referenced,
                    ..
                }) if removal.takes_contents() && attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn decide_removal(
        &self,
        category: &CategoryRef,
        removal: Removal,
        precondition: &Precondition,
        render: Render<'_, CategoryView>,
    ) -> Result<Decision, CatalogError> {
        let view = self.find(category, false).await?;
        check(precondition, Some(&view.category.record))?;
        let now = self.writer.now();
        let (id, parent) = (view.category.id, view.category.content.parent);

        let mut doomed = vec![view.category.clone()];
        let mut categories = Vec::new();
        match removal.children {
            OnChildren::Refuse => {}
            OnChildren::Delete => {
                let below = TreeRequest {
                    root: Some(id),
                    depth: u32::try_from(MAX_DEPTH).ok(),
                    limit: MOST + 1,
                };
                let below = self.reader.subtree(&below).await?;
                within(below.len())?;
                doomed.extend(below.into_iter().map(|node| node.category).filter(|c| c.id != id));
            }
            OnChildren::Reparent => {
                let children = self.reader.children(Some(id)).await?;
                within(children.len())?;
                for child in children {
                    let mut child = Category::load(child);
                    let content = CategoryContent {
                        parent,
                        ..child.state().content.clone()
                    };
                    child.revise(content, now)?;
                    categories.extend(child.into_change());
                }
            }
        }
        let gone: HashSet<CategoryId> = doomed.iter().map(|c| c.id).collect();
        let products = match removal.products {
            OnProducts::Refuse => Vec::new(),
            OnProducts::Unassign => self.refile(&gone, None, now).await?,
            OnProducts::Move(to) if gone.contains(&to) => {
                let detail = "the products would move to a category that is deleted too";
                return Err(Faults::from(Fault::new("", "reference_not_found", detail)).into());
            }
            OnProducts::Move(to) => self.refile(&gone, Some(to), now).await?,
        };
        for category in doomed {
            let mut category = Category::load(category);
            category.delete(now)?;
            categories.extend(category.into_change());
        }
        Ok(Decision {
            receipt: render(&view, false),
            changes: Changes {
                categories,
                products: products.into_iter().filter_map(Product::into_change).collect(),
                ..Changes::default()
            },
        })
    }

    /// Takes the products out of categories that go; with `to`, into another one.
    async fn refile(
        &self,
        gone: &HashSet<CategoryId>,
        to: Option<CategoryId>,
        now: Timestamp,
    ) -> Result<Vec<Product>, CatalogError> {
        let ids: Vec<_> = gone.iter().copied().collect();
        let filed = self.products.filed_in(&ids, MOST + 1).await?;
        within(filed.len())?;
        let mut products = Vec::with_capacity(filed.len());
        for state in filed {
            let mut seen = HashSet::new();
            let categories = state.content.categories.iter();
            let categories = categories
                .filter_map(|id| if gone.contains(id) { to } else { Some(*id) })
                .filter(|id| seen.insert(*id))
                .collect();
            let content = ProductContent {
                categories,
                ..state.content.clone()
            };
            let mut product = Product::load(state);
            product.revise(content, now)?;
            products.push(product);
        }
        Ok(products)
    }
}

impl Removal {
    /// Whether what is found in the category need not stand in the way.
    fn takes_contents(self) -> bool {
        self.products != OnProducts::Refuse || self.children != OnChildren::Refuse
    }
}

fn within(count: usize) -> Result<(), CatalogError> {
    if u32::try_from(count).is_ok_and(|count| count <= MOST) {
        return Ok(());
    }
    Err(CatalogError::Conflict {
        rule: ConflictRule::TooManyReferences,
        pointer: String::new(),
        existing: None,
        affected: None,
    })
}
