//! Which product or variant names which products, by a relation or an attribute.
//!
//! Invariant: `product_uses` has a row for every product that a stored one names. A deleted one keeps its rows: it may
//! come back.

use std::collections::BTreeSet;

use application::store::Changes;
use domain::product::{ProductState, VariantState};
use domain::product_type::{Attributes, Target};
use domain::{Change, ProductId};
use serde::Serialize;
use uuid::Uuid;

use super::batch::{Batch, Id, ids};
use super::{Writer, insert};
use crate::sql::Failure;
use crate::sql::dialect::{IDS, Kind};

const COLUMNS: &[(&str, Kind)] = &[("target_id", Kind::Uuid), ("owner", Kind::Uuid)];

#[derive(Debug, Serialize)]
struct UseRow {
    target_id: Uuid,
    owner: Uuid,
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Those that named other products before.
    to_clear: Batch<Id>,
    rows: Batch<UseRow>,
}

impl Plan {
    pub(super) fn new(changes: &Changes) -> Self {
        let mut rows = Vec::new();
        let mut changed = Vec::new();
        for change in &changes.products {
            note(
                change,
                change.after.id.uuid(),
                of_product,
                &mut changed,
                &mut rows,
            );
        }
        for change in &changes.variants {
            note(
                change,
                change.after.id.uuid(),
                of_variant,
                &mut changed,
                &mut rows,
            );
        }
        Self {
            to_clear: ids(changed),
            rows: rows.into_iter().collect(),
        }
    }

    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let clear = format!(
            "with {} delete from product_uses where owner in (select id from r)",
            tx.dialect.batch(IDS)
        );
        tx.execute(&self.to_clear, clear).await?;
        tx.execute(&self.rows, insert(tx.dialect, "product_uses", COLUMNS))
            .await
    }
}

fn note<S>(
    change: &Change<S>,
    owner: Uuid,
    named: fn(&S) -> BTreeSet<Uuid>,
    changed: &mut Vec<Uuid>,
    rows: &mut Vec<UseRow>,
) {
    let before = change.before.as_ref().map(named).unwrap_or_default();
    let after = named(&change.after);
    if before != after {
        changed.extend((!before.is_empty()).then_some(owner));
        rows.extend(after.into_iter().map(|target_id| UseRow { target_id, owner }));
    }
}

fn of_product(product: &ProductState) -> BTreeSet<Uuid> {
    let relations = product.content.relations.iter().map(|relation| relation.product);
    relations
        .map(ProductId::uuid)
        .chain(referred(&product.content.attributes))
        .collect()
}

fn of_variant(variant: &VariantState) -> BTreeSet<Uuid> {
    referred(&variant.content.attributes).collect()
}

fn referred(attributes: &Attributes) -> impl Iterator<Item = Uuid> {
    let to_products = attributes
        .references()
        .filter(|(_, target, _)| *target == Target::Product);
    to_products.map(|(_, _, id)| id)
}
