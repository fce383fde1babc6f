//! Storing what was planned: all records of a wave in one transaction, and where that fails in ever smaller groups,
//! so that a bad record keeps none but itself out.

use domain::ProductId;

use super::importer::Importer;
use super::record::Record;
use super::run::{Outcome, Planned, Run};
use crate::fault::{Fault, pointer_to};
use crate::store::{Basis, Changes, Conflict, ConflictRule, StoreError};

impl Importer {
    /// Stores the records, or notes why one was not. Fails only where no record is to blame.
    pub(super) async fn commit(&self, planned: Vec<Planned>, run: &mut Run<'_>) -> Result<(), StoreError> {
        let (wanted, idle): (Vec<_>, Vec<_>) = planned.into_iter().partition(|p| !p.changes.is_empty());
        for planned in idle {
            run.count(planned.outcome);
        }
        // Groups still to store, the next one last.
        let mut groups = vec![wanted];
        while let Some(mut group) = groups.pop() {
            if group.is_empty() {
                continue;
            }
            let error = match self.store(&group, run).await {
                Ok(()) => {
                    for planned in group {
                        run.stored(planned);
                    }
                    continue;
                }
                Err(error @ (StoreError::Unavailable(_) | StoreError::Internal(_))) => return Err(error),
                Err(error) => error,
            };
            if group.len() > 1 {
                if let Some(index) = culprit(&error, &group) {
                    let alone = group.remove(index);
                    groups.extend([vec![alone], group]);
                } else {
                    let later = group.split_off(group.len() / 2);
                    groups.extend([later, group]);
                }
            } else if let Some(single) = group.pop() {
                self.settle(single, error, run).await?;
            }
        }
        Ok(())
    }

    async fn store(&self, group: &[Planned], run: &Run<'_>) -> Result<(), StoreError> {
        let mut changes = Changes {
            categories: run.rehearsed.categories.clone(),
            ..Changes::default()
        };
        for planned in group {
            changes.categories.extend_from_slice(&planned.changes.categories);
            changes.products.extend_from_slice(&planned.changes.products);
            changes.variants.extend_from_slice(&planned.changes.variants);
            let Basis {
                types,
                products,
                whole,
            } = &planned.changes.basis;
            changes.basis.types.extend_from_slice(types);
            changes.basis.products.extend_from_slice(products);
            changes.basis.whole.extend_from_slice(whole);
        }
        self.writer
            .store()
            .commit(&changes, &run.options.context, None)
            .await
            .map(drop)
    }

    /// A record that failed on its own: decided anew where someone else was quicker, else refused.
    async fn settle(
        &self,
        mut single: Planned,
        mut error: StoreError,
        run: &mut Run<'_>,
    ) -> Result<(), StoreError> {
        let mut attempt = 1;
        while attempt < attempts(&error) {
            attempt += 1;
            let Some(again) = self.plan(vec![single.item], run).await?.pop() else {
                return Ok(());
            };
            if again.changes.is_empty() {
                run.count(again.outcome);
                return Ok(());
            }
            single = again;
            match self.store(std::slice::from_ref(&single), run).await {
                Ok(()) => {
                    run.stored(single);
                    return Ok(());
                }
                Err(fatal @ (StoreError::Unavailable(_) | StoreError::Internal(_))) => return Err(fatal),
                Err(other) => error = other,
            }
        }
        let fault = fault_of(&single, error)?;
        if single.outcome == Outcome::Uncounted {
            // The products that want this category will say so.
            return Ok(());
        }
        run.refuse(&single.item, [fault]);
        Ok(())
    }
}

/// The record of the group that the store blames, if it can tell.
fn culprit(error: &StoreError, group: &[Planned]) -> Option<usize> {
    let id = match error {
        StoreError::Conflict(conflict) => conflict.subject?,
        StoreError::VersionConflict { id, .. } => *id,
        _ => return None,
    };
    group.iter().position(|Planned { changes, .. }| {
        changes.variants.iter().any(|c| c.after.id.uuid() == id)
            || changes.products.iter().any(|c| c.after.id == ProductId::new(id))
            || changes.categories.iter().any(|c| c.after.id.uuid() == id)
    })
}

/// How often a record is tried that fails like this. After a conflict once more: another import of the same record
/// may have been quicker, which shows as a conflict in any of its names.
const fn attempts(error: &StoreError) -> usize {
    match error {
        StoreError::VersionConflict { .. } | StoreError::ReferenceGone => 4,
        StoreError::Conflict(_) => 2,
        StoreError::IdempotencyKeyTaken | StoreError::Unavailable(_) | StoreError::Internal(_) => 1,
    }
}

fn fault_of(planned: &Planned, error: StoreError) -> Result<Fault, StoreError> {
    match error {
        StoreError::Conflict(conflict) => Ok(Fault::new(
            pointer(&conflict, planned),
            conflict.rule.item_code(),
            conflict.rule.detail(),
        )),
        StoreError::VersionConflict { .. } => Ok(Fault::new(
            "",
            "version_conflict",
            "someone else is changing this at the same time",
        )),
        StoreError::ReferenceGone => {
            let at = match planned.item.record {
                Record::Category(_) | Record::Whole(_) | Record::Price(_) => "/parent",
                Record::Product(_) | Record::Variants(_) => "/categories",
            };
            Ok(Fault::new(at, "reference_not_found", "there is no such category"))
        }
        other => Err(other),
    }
}

fn pointer(conflict: &Conflict, planned: &Planned) -> String {
    let field = conflict.rule.field();
    let field = match &conflict.attribute {
        Some(attribute) => &pointer_to(field, attribute),
        None => field,
    };
    let of_variant = match conflict.rule {
        ConflictRule::Sku | ConflictRule::Gtin | ConflictRule::VariantKey | ConflictRule::Options => true,
        ConflictRule::UniqueAttribute => planned
            .changes
            .variants
            .iter()
            .any(|v| Some(v.after.id.uuid()) == conflict.subject),
        ConflictRule::ProductKey
        | ConflictRule::ProductSlug
        | ConflictRule::CategoryKey
        | ConflictRule::ChannelKey
        | ConflictRule::PriceListKey
        | ConflictRule::PriceOverlap
        | ConflictRule::PriceListInUse
        | ConflictRule::ChannelInUse
        | ConflictRule::CategorySlug
        | ConflictRule::ProductTypeKey
        | ConflictRule::TypeInUse
        | ConflictRule::TypeMisfit
        | ConflictRule::CategoryCycle
        | ConflictRule::CategoryDepth
        | ConflictRule::Referenced
        | ConflictRule::OptionAxes
        | ConflictRule::TooManyReferences
        | ConflictRule::VariantLimit
        | ConflictRule::MediaBytes
        | ConflictRule::MediaReferenced
        | ConflictRule::ProductReferenced
        | ConflictRule::StillShown => false,
    };
    let blamed = planned
        .changes
        .variants
        .iter()
        .position(|v| Some(v.after.id.uuid()) == conflict.subject);
    match (of_variant, blamed, planned.places.as_slice()) {
        (true, None, [only]) => format!("/variants/{only}/{field}"),
        (true, Some(index), places) => {
            let place = places.get(index).copied().unwrap_or_default();
            format!("/variants/{place}/{field}")
        }
        (true, None, _) => "/variants".to_owned(),
        (false, ..) if field.is_empty() => String::new(),
        (false, ..) => format!("/{field}"),
    }
}
