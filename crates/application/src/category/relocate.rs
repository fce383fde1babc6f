//! Moving a category in the tree and among its siblings.

use domain::category::{Category, CategoryContent, CategoryState};
use domain::{Change, Timestamp};

use super::{Categories, CategoryRef, CategoryView};
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::store::{Changes, Precondition, Receipt, WriteContext};
use crate::write::{Decision, Render, check};

/// The room that is left between siblings that are numbered anew, for later moves to fit in.
const GAP: u32 = 16;

/// Under which category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Where it is.
    Stay,
    Root,
    Under(CategoryRef),
}

/// Where among the siblings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// By the position that it has.
    Keep,
    At(u32),
    Before(CategoryRef),
    After(CategoryRef),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocation {
    pub destination: Destination,
    pub place: Place,
}

impl Categories {
    /// Moves a category with all below it. That no cycle comes of it is checked when it is stored. To make room for it
    /// its new siblings may be numbered anew in the same commit.
    pub async fn relocate(
        &self,
        category: &CategoryRef,
        to: &Relocation,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, CategoryView>,
    ) -> Result<Receipt, CatalogError> {
        self.writer
            .write(context, || {
                Box::pin(self.decide_relocation(category, to, precondition, render))
            })
            .await
    }

    async fn decide_relocation(
        &self,
        category: &CategoryRef,
        to: &Relocation,
        precondition: &Precondition,
        render: Render<'_, CategoryView>,
    ) -> Result<Decision, CatalogError> {
        let CategoryView {
            category,
            path,
            product_count,
        } = self.find(category, false).await?;
        let path = match &to.destination {
            Destination::Stay => path,
            Destination::Root => Vec::new(),
            Destination::Under(parent) => self.path_to(parent, "/parent").await?,
        };
        let parent = path.last().copied();
        let (neighbour, pointer, after) = match &to.place {
            Place::Keep | Place::At(_) => (None, "", false),
            Place::Before(sibling) => (Some(sibling), "/before", false),
            Place::After(sibling) => (Some(sibling), "/after", true),
        };
        let (position, numbered) = match (neighbour, &to.place) {
            (None, Place::At(position)) => (*position, Vec::new()),
            (None, _) => (category.content.position, Vec::new()),
            (Some(sibling), _) => {
                let sibling = self.path_to(sibling, pointer).await?;
                let mut siblings = self.reader.children(parent).await?;
                siblings.retain(|s| s.id != category.id);
                let index = siblings.iter().position(|s| Some(&s.id) == sibling.last());
                let index = index.ok_or_else(|| {
                    let detail = "is no other child of the same parent";
                    Faults::from(Fault::new(pointer, "reference_not_found", detail))
                })?;
                squeeze_in(siblings, if after { index + 1 } else { index })
            }
        };
        check(precondition, Some(&category.record))?;

        let now = self.writer.now();
        let mut moved = Category::load(category);
        let content = CategoryContent {
            parent,
            position,
            ..moved.state().content.clone()
        };
        moved.revise(content, now)?;
        let view = CategoryView {
            category: moved.state().clone(),
            path,
            product_count,
        };
        let mut categories: Vec<_> = moved.into_change().into_iter().collect();
        for (sibling, position) in numbered {
            categories.extend(at_position(sibling, position, now)?);
        }
        Ok(Decision {
            changes: Changes {
                categories,
                ..Changes::default()
            },
            receipt: render(&view, false),
        })
    }
}

/// The position that puts a newcomer at `index` among its siblings, and the siblings that have to get another one.
fn squeeze_in(siblings: Vec<CategoryState>, index: usize) -> (u32, Vec<(CategoryState, u32)>) {
    let positions: Vec<u32> = siblings.iter().map(|s| s.content.position).collect();
    if let Some(position) = between(&positions, index) {
        return (position, Vec::new());
    }
    let number = |place: usize| u32::try_from(place).unwrap_or(u32::MAX).saturating_mul(GAP);
    let numbered = siblings
        .into_iter()
        .enumerate()
        .map(|(place, sibling)| (sibling, number(if place < index { place } else { place + 1 })))
        .collect();
    (number(index), numbered)
}

/// A position at `index` that no sibling has; none where there is no room.
fn between(positions: &[u32], index: usize) -> Option<u32> {
    let before = index.checked_sub(1).and_then(|i| positions.get(i)).copied();
    let after = positions.get(index).copied();
    match (before, after) {
        (None, None) => Some(0),
        (Some(before), None) => before.checked_add(GAP),
        (None, Some(after)) => (after > 0).then(|| after.saturating_sub(GAP)),
        (Some(before), Some(after)) => {
            (after.saturating_sub(before) > 1).then(|| before + (after - before) / 2)
        }
    }
}

fn at_position(
    sibling: CategoryState,
    position: u32,
    now: Timestamp,
) -> Result<Option<Change<CategoryState>>, CatalogError> {
    let mut sibling = Category::load(sibling);
    let content = CategoryContent {
        position,
        ..sibling.state().content.clone()
    };
    sibling.revise(content, now)?;
    Ok(sibling.into_change())
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn a_place_is_found_while_there_is_room() {
        let roomy = [10, 12, 40];
        assert_eq!(between(&roomy, 0), Some(0));
        assert_eq!(between(&roomy, 1), Some(11));
        assert_eq!(between(&roomy, 2), Some(26));
        assert_eq!(between(&roomy, 3), Some(56));
        assert_eq!(between(&[0, 1, u32::MAX], 0), None);
        assert_eq!(between(&[0, 1, u32::MAX], 1), None);
        assert_eq!(between(&[0, 1, u32::MAX], 3), None);
        assert_eq!(between(&[0, 0], 1), None);
        assert_eq!(between(&[], 0), Some(0));
    }
}
