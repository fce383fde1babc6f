//! Product types in a commit, and what products rest on them.
//!
//! Invariant: whoever writes products holds a share lock on their types at the versions they were checked against, and
//! whoever changes a type holds it alone while stored products are held against it: no product is left unfit.

mod claims;
mod fit;

use std::collections::HashMap;
use std::sync::Arc;

use application::store::{Basis, Changes, ConflictRule, Footing, StoreError};
use domain::Change;
use domain::product_type::{Attributes, ProductTypeContent, ProductTypeState, Target};
use uuid::Uuid;

use self::claims::Claims;
use super::batch::{Batch, Id, ids};
use super::{Writer, lives, resource};
use crate::json_schema::JsonSchemas;
use crate::sql::Failure;
use crate::sql::dialect::IDS;

pub(crate) use claims::claimed;

/// The types of a basis by their ids.
type Types = HashMap<Uuid, Arc<ProductTypeState>>;

#[derive(Debug)]
pub(super) struct Plan {
    rows: resource::Plan<ProductTypeContent>,
    /// Types that other products may fit than before: before and after.
    revised: Vec<(ProductTypeState, ProductTypeState)>,
    types: Types,
    held: Batch<Id>,
    footings: HashMap<Uuid, Footing>,
    stood_on: Batch<Id>,
    referred_products: Batch<Id>,
    referred_categories: Batch<Id>,
    claims: Claims,
    whole: Batch<Id>,
}

impl Plan {
    pub(super) fn new(changes: &Changes) -> Self {
        let Basis {
            types,
            products,
            whole,
        } = &changes.basis;
        let types: Types = types
            .iter()
            .map(|state| (state.id.uuid(), state.clone()))
            .collect();
        let footings: HashMap<_, _> = products.iter().map(|f| (f.product.uuid(), *f)).collect();
        let (referred_products, referred_categories) = referred(changes);
        Self {
            rows: resource::Plan::new(&changes.product_types),
            revised: changes.product_types.iter().filter_map(revised).collect(),
            held: ids(types.keys().copied()),
            stood_on: ids(footings.keys().copied()),
            claims: Claims::new(changes, &types, &footings),
            whole: ids(whole.iter().map(|id| id.uuid())),
            types,
            footings,
            referred_products,
            referred_categories,
        }
    }

    /// First of all: the types that are written, then those that are held.
    pub(super) async fn lock(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        self.rows.write(tx).await?;
        let text = format!(
            "with {} select cast(t.id as text), cast(t.version as text), \
             case when t.deleted_at is null then '1' else '0' end \
             from product_types t where t.id in (select id from r) order by t.id{}",
            tx.dialect.batch(IDS),
            tx.dialect.locking(" for share of t"),
        );
        let mut there: HashMap<Uuid, i64> = HashMap::new();
        for mut row in tx.fetch(&self.held, text).await? {
            let (id, version) = (row.uuid()?, row.parse()?);
            if row.text()? == "1" {
                there.insert(id, version);
            }
        }
        let outdated = |(id, state): &(&Uuid, &Arc<ProductTypeState>)| {
            there.get(*id).copied() != Some(state.record.version)
        };
        match self.types.iter().find(outdated) {
            None => Ok(()),
            Some((id, _)) => Err(gone("product type", *id)),
        }
    }

    /// Once products and variants are written, and so locked.
    pub(super) async fn check_basis(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let text = format!(
            "with {} select cast(p.id as text), cast(p.product_type_id as text), p.status \
             from r join products p on p.id = r.id where p.deleted_at is null",
            tx.dialect.batch(IDS)
        );
        let mut there: HashMap<Uuid, (Uuid, String)> = HashMap::new();
        for mut row in tx.fetch(&self.stood_on, text).await? {
            there.insert(row.uuid()?, (row.uuid()?, row.text()?));
        }
        let moved = |(id, footing): &(&Uuid, &Footing)| {
            let is = there.get(*id).map(|(kind, status)| (*kind, status.as_str()));
            is != Some((footing.product_type.uuid(), footing.status.as_str()))
        };
        if let Some((id, _)) = self.footings.iter().find(moved) {
            return Err(gone("product", *id));
        }
        self.require_products(tx).await?;
        tx.require("categories", &self.referred_categories).await?;
        self.claims.write(tx).await
    }

    /// Deletion updates a product's row, which only a share lock keeps off.
    async fn require_products(&self, tx: &mut Writer<'_>) -> Result<(), Failure> {
        let text = format!(
            "with {} select cast(t.id as text) from products t where t.id in (select id from r) \
             and t.deleted_at is null order by t.id{}",
            tx.dialect.batch(IDS),
            tx.dialect.locking(" for share of t"),
        );
        let found = tx.fetch(&self.referred_products, text).await?.len();
        if found == self.referred_products.iter().count() {
            Ok(())
        } else {
            Err(StoreError::ReferenceGone.into())
        }
    }

    /// Last of all, when everything is as it will be.
    pub(super) async fn check_fit(&self, tx: &mut Writer<'_>, schemas: &JsonSchemas) -> Result<(), Failure> {
        let text = format!(
            "with {} select cast(r.id as text) from r join products p on p.product_type_id = r.id \
             where p.deleted_at is null limit 1",
            tx.dialect.batch(IDS)
        );
        tx.forbid(ConflictRule::TypeInUse, &self.rows.deleted, text)
            .await?;
        fit::check_whole(tx, &self.whole, &self.types, schemas).await?;
        for (before, after) in &self.revised {
            fit::check_stored(tx, before, after, schemas).await?;
        }
        Ok(())
    }
}

fn gone(kind: &'static str, id: Uuid) -> Failure {
    StoreError::VersionConflict { kind, id }.into()
}

/// The change of a living type that stored products may not fit, or whose unique values are others.
fn revised(change: &Change<ProductTypeState>) -> Option<(ProductTypeState, ProductTypeState)> {
    let before = change.before.as_ref().filter(|_| lives(change) == (true, true))?;
    let (was, is) = (&before.content, &change.after.content);
    let matters = is.may_refuse_what_fits(was) || is.differs_in_uniqueness(was);
    matters.then(|| (before.clone(), change.after.clone()))
}

/// What attributes refer to that they did not refer to before: products, then categories.
fn referred(changes: &Changes) -> (Batch<Id>, Batch<Id>) {
    let new = |now: &Attributes, before: Option<&Attributes>| {
        let of = |attributes: &Attributes| {
            attributes
                .references()
                .map(|(_, target, id)| (target, id))
                .collect::<std::collections::HashSet<_>>()
        };
        let known = before.map(of).unwrap_or_default();
        of(now).difference(&known).copied().collect::<Vec<_>>()
    };
    let products = changes.products.iter().filter(|c| lives(c).1).flat_map(|c| {
        let before = c.before.as_ref().map(|b| &b.content.attributes);
        new(&c.after.content.attributes, before)
    });
    let variants = changes.variants.iter().filter(|c| lives(c).1).flat_map(|c| {
        let before = c.before.as_ref().map(|b| &b.content.attributes);
        new(&c.after.content.attributes, before)
    });
    let (to_products, to_categories): (Vec<_>, Vec<_>) = products
        .chain(variants)
        .partition(|(target, _)| *target == Target::Product);
    let made: std::collections::HashSet<_> = changes
        .products
        .iter()
        .filter(|c| c.before.is_none())
        .map(|c| c.after.id.uuid())
        .collect();
    let only_ids = |refs: Vec<(Target, Uuid)>| refs.into_iter().map(|(_, id)| id);
    (
        ids(only_ids(to_products).filter(|id| !made.contains(id))),
        ids(only_ids(to_categories)),
    )
}
