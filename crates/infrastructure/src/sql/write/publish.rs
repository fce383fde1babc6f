//! The published copies in a commit: taken from the working ones as this commit leaves them, by set-based statements.
//!
//! Invariant: whatever is in the published tables was once committed as published; edits never reach them. They are
//! written only under the lock on the product.

use std::collections::BTreeSet;

use application::store::{Affected, Changes, ConflictRule};
use domain::product::{ProductState, ProductStatus};
use domain::{Change, Event, ProductId, Recorded};

use super::batch::{Batch, Id, ids};
use super::{Writer, lives};
use crate::sql::Failure;
use crate::sql::dialect::{Dialect, IDS};

#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Products whose published copy is made anew.
    published: Batch<Id>,
    /// Products whose published copy is replaced or taken away.
    replaced: Batch<Id>,
    /// Published products that are deleted, and those that come back.
    hidden: Batch<Id>,
    shown: Batch<Id>,
    /// Variants that are deleted on their own.
    gone: Batch<Id>,
    /// Products that may have come to their published copy, or gone away from it, by more than their own row.
    moved: Batch<Id>,
}

impl Plan {
    pub(super) fn new(changes: &Changes) -> Self {
        let having = |which: fn(&Change<ProductState>) -> bool| {
            let those = changes.products.iter().filter(move |change| which(change));
            ids(those.map(|change| change.after.id.uuid()))
        };
        let deleted = changes
            .variants
            .iter()
            .filter(|change| lives(change) == (true, false));
        Self {
            published: having(is_published),
            replaced: having(|c| is_published(c) || (was_on_sale(c) && !on_sale(&c.after))),
            hidden: having(|c| was_on_sale(c) && on_sale(&c.after) && lives(c) == (true, false)),
            shown: having(|c| {
                was_on_sale(c) && on_sale(&c.after) && lives(c) == (false, true) && !is_published(c)
            }),
            gone: ids(deleted.map(|change| change.after.id.uuid())),
            moved: ids(moved(changes).into_iter().map(ProductId::uuid)),
        }
    }

    /// After all that the commit does to the working copies.
    pub(super) async fn write(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let gone = with(
            tx.dialect,
            "delete from published_variants where variant_id in (select id from r)",
        );
        tx.execute(&self.gone, gone).await?;
        // What goes gives its names free before others take them.
        set_live(&self.hidden, "false", tx).await?;
        let retire = format!(
            "update store_slugs set current = false, retired_at = {} \
             where product_id in (select id from r) and current",
            tx.dialect.now()
        );
        tx.execute(&self.replaced, with(tx.dialect, &retire)).await?;
        // Takes with it all that belongs to the copy.
        let clear = with(
            tx.dialect,
            "delete from published_products where id in (select id from r)",
        );
        tx.execute(&self.replaced, clear).await?;
        for statement in COPY {
            tx.execute(&self.published, with(tx.dialect, statement)).await?;
        }
        set_live(&self.shown, "true", tx).await?;
        tx.execute(&self.moved, with(tx.dialect, PENDING)).await
    }

    /// Categories and channels that shoppers still see something of are not deleted.
    pub(super) async fn check_unreferenced(
        tx: &mut Writer<'_>,
        categories: &Batch<Id>,
        channels: &Batch<Id>,
    ) -> Result<(), Failure> {
        let shown = format!(
            "select cast(count(*) over () as text), cast(d.id as text) from ( \
                select distinct p.id from r join published_product_categories c on c.category_id = r.id \
                join published_products p on p.id = c.product_id and p.live) d order by d.id limit {}",
            Affected::SAMPLE
        );
        tx.forbid_all(ConflictRule::StillShown, categories, with(tx.dialect, &shown))
            .await?;
        let listed = "select cast(r.id as text) from r where exists (select 1 from product_channels c \
                      join products p on p.id = c.product_id and p.deleted_at is null where c.channel_id = r.id) \
                      or exists (select 1 from listings l join published_products p on p.id = l.product_id and p.live \
                      where l.channel_id = r.id) limit 1";
        tx.forbid(ConflictRule::Referenced, channels, with(tx.dialect, listed))
            .await
    }
}

/// Notes whether products have unpublished changes; rows that say it already stay as they are.
const PENDING: &str = "update products set pending = not pending where id in (select id from r) \
    and pending <> (status <> 'published' or staged or exists (select 1 from variants v \
        where v.product_id = products.id and v.staged and v.deleted_at is null))";

/// What makes a published copy, in this order.
const COPY: [&str; 9] = [
    "insert into published_products (id, live, everywhere, key, version, brand, data, updated_at) \
     select p.id, true, not exists (select 1 from product_channels c where c.product_id = p.id), p.key, p.version, \
        p.brand, p.data, p.updated_at from products p where p.id in (select id from r)",
    "insert into published_variants (variant_id, product_id, live, position, sku, gtin, version, data) \
     select v.id, v.product_id, true, v.position, v.sku, v.gtin, v.version, v.data from variants v \
     where v.product_id in (select id from r) and v.deleted_at is null",
    "insert into published_product_tags (tag, product_id) \
     select t.tag, t.product_id from product_tags t where t.product_id in (select id from r)",
    "insert into published_product_categories (category_id, product_id) \
     select c.category_id, c.product_id from product_categories c where c.product_id in (select id from r)",
    "insert into published_media (media_id, product_id) \
     select u.media_id, u.owner from media_uses u where u.owner in (select id from r) \
     union select u.media_id, v.product_id from variants v join media_uses u on u.owner = v.id \
     where v.product_id in (select id from r) and v.deleted_at is null",
    "insert into listings (product_id, channel_id, publish_at, unpublish_at) \
     select c.product_id, c.channel_id, c.publish_at, c.unpublish_at from product_channels c \
     where c.product_id in (select id from r)",
    "insert into store_slugs (product_id, locale, slug, live, current) \
     select s.product_id, s.locale, s.slug, true, true from product_slugs s where s.product_id in (select id from r) \
     order by s.locale, s.slug \
     on conflict (product_id, locale, slug) do update set live = true, current = true, retired_at = null",
    "update products set staged = false where id in (select id from r)",
    "update variants set staged = false where product_id in (select id from r) and staged and deleted_at is null",
];

fn with(dialect: Dialect, statement: &str) -> String {
    format!("with {} {statement}", dialect.batch(IDS))
}

/// Hides the copies of products that are deleted, or shows them again.
async fn set_live(products: &Batch<Id>, live: &str, tx: &mut Writer<'_>) -> Result<(), Failure> {
    for (table, id) in [
        ("published_products", "id"),
        ("published_variants", "product_id"),
        ("store_slugs", "product_id"),
    ] {
        let text = format!("update {table} set live = {live} where {id} in (select id from r)");
        tx.execute(products, with(tx.dialect, &text)).await?;
    }
    Ok(())
}

/// Those that are known not to be on sale have unpublished changes whatever happens to them.
fn moved(changes: &Changes) -> BTreeSet<ProductId> {
    let off_sale: BTreeSet<_> = changes
        .products
        .iter()
        .map(|change| (change.after.id, change.after.status))
        .chain(
            changes
                .basis
                .products
                .iter()
                .map(|footing| (footing.product, footing.status)),
        )
        .filter(|(_, status)| *status != ProductStatus::Published)
        .map(|(id, _)| id)
        .collect();
    let by_themselves = changes.products.iter().filter(|change| {
        let (was_live, is_live) = lives(change);
        is_published(change) || was_live != is_live
    });
    by_themselves
        .map(|change| change.after.id)
        .chain(changes.variants.iter().map(|change| change.after.product))
        .filter(|id| !off_sale.contains(id))
        .collect()
}

fn on_sale(state: &ProductState) -> bool {
    state.status == ProductStatus::Published
}

fn was_on_sale(change: &Change<ProductState>) -> bool {
    change.before.as_ref().is_some_and(on_sale)
}

fn is_published(change: &Change<ProductState>) -> bool {
    on_sale(&change.after)
        && change.after.record().deleted_at.is_none()
        && change.events.contains(&Event::Published)
}
