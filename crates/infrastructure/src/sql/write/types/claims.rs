//! Values of unique attributes: each is claimed by its living owner, and a unique index lets one have it.

use std::collections::HashMap;

use application::store::{Changes, Footing};
use domain::product_type::{Attributes, Level, ProductTypeContent};
use domain::{ProductTypeId, Recorded as _};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Types;
use crate::sql::Failure;
use crate::sql::dialect::{IDS, Kind};
use crate::sql::write::batch::{Batch, Id, ids};
use crate::sql::write::{Writer, insert, lives};

const COLUMNS: &[(&str, Kind)] = &[
    ("product_type_id", Kind::Uuid),
    ("claim", Kind::Text),
    ("owner_id", Kind::Uuid),
    ("product_id", Kind::Uuid),
];

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct ClaimRow {
    product_type_id: Uuid,
    /// `<attribute>:<digest of the value>`.
    claim: String,
    owner_id: Uuid,
    product_id: Uuid,
}

/// Who owns the values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) id: Uuid,
    pub(super) product: Uuid,
    pub(super) level: Level,
}

/// The claims of one owner.
pub(super) fn rows(
    product_type: ProductTypeId,
    content: &ProductTypeContent,
    owner: Owner,
    attributes: &Attributes,
) -> Vec<ClaimRow> {
    let claims = content.unique_values(owner.level, attributes);
    claims
        .map(|(key, identity)| ClaimRow {
            product_type_id: product_type.uuid(),
            claim: format!("{key}:{}", hex(&Sha256::digest(identity.as_bytes()))),
            owner_id: owner.id,
            product_id: owner.product,
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[derive(Debug, Default)]
pub(super) struct Claims {
    owners_to_clear: Batch<Id>,
    products_to_clear: Batch<Id>,
    rows: Batch<ClaimRow>,
}

impl Claims {
    pub(super) fn new(changes: &Changes, types: &Types, footings: &HashMap<Uuid, Footing>) -> Self {
        let (mut owners, mut products, mut claims) = (vec![], vec![], vec![]);
        for change in &changes.products {
            let (id, after) = (change.after.id.uuid(), &change.after.content);
            let before = change.before.as_ref().map(|b| &b.content);
            match lives(change) {
                (true, false) => products.push(id),
                (_, true) => {
                    let same = before.is_some_and(|b| {
                        b.attributes == after.attributes && b.product_type == after.product_type
                    });
                    let kind = types.get(&after.product_type.uuid()).filter(|_| !same);
                    if let Some(kind) = kind {
                        owners.extend(before.map(|_| id));
                        let owner = Owner {
                            id,
                            product: id,
                            level: Level::Product,
                        };
                        claims.extend(rows(kind.id, &kind.content, owner, &after.attributes));
                    }
                }
                (false, false) => {}
            }
        }
        let written: HashMap<_, _> = changes
            .products
            .iter()
            .map(|c| (c.after.id.uuid(), c.after.content.product_type.uuid()))
            .collect();
        for change in &changes.variants {
            let (id, product) = (change.after.id.uuid(), change.after.product.uuid());
            let (was_live, is_live) = lives(change);
            let kind = written
                .get(&product)
                .copied()
                .or_else(|| footings.get(&product).map(|f| f.product_type.uuid()));
            let kind = kind.and_then(|kind| types.get(&kind));
            let attributes = &change.after.content.attributes;
            let before = change.before.as_ref().map(|b| &b.content.attributes);
            let same = was_live && before == Some(attributes);
            if change
                .before
                .as_ref()
                .is_some_and(|b| b.record().deleted_at.is_none())
                && !is_live
            {
                owners.push(id);
            } else if let (true, false, Some(kind)) = (is_live, same, kind) {
                owners.extend(before.map(|_| id));
                let owner = Owner {
                    id,
                    product,
                    level: Level::Variant,
                };
                claims.extend(rows(kind.id, &kind.content, owner, attributes));
            }
        }
        // Writers that want the same values meet in one order.
        claims.sort();
        Self {
            owners_to_clear: ids(owners),
            products_to_clear: ids(products),
            rows: claims.into_iter().collect(),
        }
    }

    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let clear = |column: &str, tx: &Writer<'_>| {
            format!(
                "with {} delete from unique_attributes where {column} in (select id from r)",
                tx.dialect.batch(IDS)
            )
        };
        let (owners, products) = (clear("owner_id", tx), clear("product_id", tx));
        tx.execute(&self.owners_to_clear, owners).await?;
        tx.execute(&self.products_to_clear, products).await?;
        store(tx, &self.rows).await
    }
}

/// Clears what the products and their variants claim.
pub(super) async fn clear(tx: &mut Writer<'_>, products: &Batch<Id>) -> Result<(), Failure> {
    let text = format!(
        "with {} delete from unique_attributes where product_id in (select id from r)",
        tx.dialect.batch(IDS)
    );
    tx.execute(products, text).await
}

pub(super) async fn store(tx: &mut Writer<'_>, rows: &Batch<ClaimRow>) -> Result<(), Failure> {
    tx.execute(rows, insert(tx.dialect, "unique_attributes", COLUMNS))
        .await
}

/// The values that the written resources claim: type, claim and owner.
pub(crate) fn claimed(changes: &Changes) -> Vec<(Uuid, String, Uuid)> {
    let types = changes
        .basis
        .types
        .iter()
        .map(|t| (t.id.uuid(), t.clone()))
        .collect();
    let footings = changes
        .basis
        .products
        .iter()
        .map(|f| (f.product.uuid(), *f))
        .collect();
    let Claims { rows, .. } = Claims::new(changes, &types, &footings);
    rows.iter()
        .map(|row| (row.product_type_id, row.claim.clone(), row.owner_id))
        .collect()
}
