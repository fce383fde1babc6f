//! What a write may alter of what is cached.
//!
//! Invariant: whatever [`of_changes`] names for a commit, [`of_entry`] names for its entries in the change log, or more.

use std::collections::BTreeSet;

use domain::{Change, Event};

use super::{Entity, ResourceKind, Scope};
use crate::changelog::LogChange;
use crate::store::Changes;

/// In the order in which all fence.
pub(crate) fn of_changes(changes: &Changes) -> BTreeSet<Entity> {
    let mut touched = BTreeSet::new();
    for change in &changes.products {
        touched.insert(change.after.id.into());
        if moves(&change.events) {
            touched.extend([Scope::Shelf, Scope::Deletions].map(Entity::Scope));
        }
        let filed = |state: &domain::product::ProductState| state.content.categories.clone();
        if moves(&change.events) || change.before.as_ref().map(filed) != Some(filed(&change.after)) {
            touched.insert(Scope::Filing.into());
        }
    }
    for change in &changes.variants {
        touched.insert(change.after.id.into());
        touched.insert(change.after.product.into());
        touched.extend(change.before.as_ref().map(|before| Entity::from(before.product)));
        if moves(&change.events) {
            touched.insert(Scope::Shelf.into());
        }
    }
    for change in &changes.prices {
        touched.insert(change.after.id.into());
        touched.insert(change.after.product.into());
        touched.insert(Scope::Prices.into());
    }
    touched.extend(with_scope(
        &changes.categories,
        |s| s.id.into(),
        Scope::Categories,
    ));
    touched.extend(with_scope(&changes.channels, |s| s.id.into(), Scope::Channels));
    touched.extend(with_scope(
        &changes.price_lists,
        |s| s.id.into(),
        Scope::PriceLists,
    ));
    touched.extend(changes.media.iter().map(|change| Entity::from(change.after.id)));
    touched.extend(
        changes
            .product_types
            .iter()
            .map(|change| Entity::from(change.after.id)),
    );
    touched
}

fn with_scope<S>(
    changes: &[Change<S>],
    entity: impl Fn(&S) -> Entity,
    scope: Scope,
) -> impl Iterator<Item = Entity> {
    let scope = (!changes.is_empty()).then_some(Entity::Scope(scope));
    let entities: Vec<_> = changes.iter().map(|change| entity(&change.after)).collect();
    entities.into_iter().chain(scope)
}

/// Whether it may show or hide something; edits are staged.
fn moves(events: &[Event]) -> bool {
    !events
        .iter()
        .all(|event| matches!(event, Event::Created | Event::Updated))
}

/// What a change in the log may have altered.
pub(crate) fn of_entry(entry: &LogChange) -> Vec<Entity> {
    let one = |kind| Entity::Resource(kind, entry.id);
    let root = Entity::Resource(ResourceKind::Product, entry.root);
    let moves = !entry.events.split(',').all(|event| {
        [Event::Created, Event::Updated]
            .map(Event::as_str)
            .contains(&event)
    });
    let scopes = |scopes: &[Scope]| scopes.iter().copied().map(Entity::Scope).collect::<Vec<_>>();
    match entry.resource.as_str() {
        "product" if moves => [
            vec![root],
            scopes(&[Scope::Shelf, Scope::Deletions, Scope::Filing]),
        ]
        .concat(),
        "product" if entry.is_refiled => [vec![root], scopes(&[Scope::Filing])].concat(),
        "product" => vec![root],
        "variant" if moves => [vec![one(ResourceKind::Variant), root], scopes(&[Scope::Shelf])].concat(),
        "variant" => vec![one(ResourceKind::Variant), root],
        "price" => [vec![one(ResourceKind::Price), root], scopes(&[Scope::Prices])].concat(),
        "category" => [vec![one(ResourceKind::Category)], scopes(&[Scope::Categories])].concat(),
        "channel" => [vec![one(ResourceKind::Channel)], scopes(&[Scope::Channels])].concat(),
        "priceList" => [vec![one(ResourceKind::PriceList)], scopes(&[Scope::PriceLists])].concat(),
        "productType" => vec![one(ResourceKind::ProductType)],
        "media" => vec![one(ResourceKind::Media)],
        // Searches are never kept.
        "searchSettings" => Vec::new(),
        // Written by a later release: no telling what it alters.
        _ => ResourceKind::ALL
            .into_iter()
            .map(one)
            .chain(scopes(&Scope::ALL))
            .chain([root])
            .collect(),
    }
}
