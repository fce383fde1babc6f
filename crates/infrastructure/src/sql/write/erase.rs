//! Products of which nothing is kept: after all else that a commit does, their rows go, and what the change log has of
//! them.
//!
//! Invariant: nobody alive names a product that goes.

use application::store::{Affected, Changes, ConflictRule};
use domain::{Event, ProductId};

use super::Writer;
use super::batch::{Batch, Id, ids};
use crate::sql::Failure;
use crate::sql::dialect::IDS;

#[derive(Debug, Default)]
pub(super) struct Plan(Batch<Id>);

impl Plan {
    pub(super) fn new(changes: &Changes) -> Self {
        let erased = changes
            .products
            .iter()
            .filter(|change| change.events.contains(&Event::Erased));
        Self(ids(erased.map(|change| change.after.id).map(ProductId::uuid)))
    }

    /// Before the entry is written that tells of it.
    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        self.check_unreferenced(tx).await?;
        for statement in ERASE {
            let text = format!("with {} {statement}", tx.dialect.batch(IDS));
            tx.execute(&self.0, text).await?;
        }
        Ok(())
    }

    async fn check_unreferenced(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let text = format!(
            "with {} select cast(count(*) over () as text), cast(d.id as text) from ( \
                select distinct coalesce(p.id, v.product_id) as id from r \
                join product_uses u on u.target_id = r.id \
                left join products p on p.id = u.owner and p.deleted_at is null \
                left join variants v on v.id = u.owner and v.deleted_at is null) d \
             where d.id is not null and d.id not in (select id from r) order by d.id limit {}",
            tx.dialect.batch(IDS),
            Affected::SAMPLE
        );
        tx.forbid_all(ConflictRule::ProductReferenced, &self.0, text)
            .await
    }
}

/// What becomes of a product's rows, those first that refer to others.
const ERASE: [&str; 13] = [
    "delete from prices where variant_id in (select v.id from r join variants v on v.product_id = r.id)",
    "delete from media_uses where owner in (select id from r \
     union all select v.id from r join variants v on v.product_id = r.id)",
    "delete from product_uses where owner in (select id from r \
     union all select v.id from r join variants v on v.product_id = r.id)",
    "delete from unique_attributes where product_id in (select id from r)",
    // Takes with it all that belongs to the copy.
    "delete from published_products where id in (select id from r)",
    "delete from store_slugs where product_id in (select id from r)",
    "delete from product_slugs where product_id in (select id from r)",
    "delete from product_tags where product_id in (select id from r)",
    "delete from product_categories where product_id in (select id from r)",
    "delete from product_channels where product_id in (select id from r)",
    "delete from variants where product_id in (select id from r)",
    "delete from products where id in (select id from r)",
    "delete from changes where root in (select id from r)",
];
