//! Product types and what rests on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::product::{ProductContent, ProductState, VariantContent};
use domain::product_type::{
    Attribute, AttributeValue, Attributes, Kind, Level, ProductType, ProductTypeContent, ProductTypeState,
    Required, Target,
};
use domain::resource::Resource;
use domain::value::{Key, Localized, Metadata};
use domain::{Change, ProductTypeId};
use futures::future::join_all;

use super::fixtures::{edit_product, new_product, new_variant, product, renamed, text, variant};
use super::{Harness, conflict, rule, stale};
use crate::product::ProductRef;
use crate::resource::ResourceRef;
use crate::store::{Basis, Changes, ConflictRule, Footing, StoreError};

fn attribute(key: &str, level: Level) -> Attribute {
    Attribute {
        key: Key::parse(key).unwrap(),
        name: text(key),
        kind: Kind::Text {
            min: None,
            max: None,
            pattern: None,
        },
        set: false,
        level,
        required: Required::Never,
        unique: false,
        localizable: false,
        searchable: false,
        filterable: false,
        sortable: false,
    }
}

fn unique(key: &str, level: Level) -> Attribute {
    Attribute {
        unique: true,
        ..attribute(key, level)
    }
}

fn required(key: &str, level: Level, required: Required) -> Attribute {
    Attribute {
        required,
        ..attribute(key, level)
    }
}

fn values(pairs: &[(&str, &str)]) -> Attributes {
    pairs
        .iter()
        .map(|(key, value)| {
            (
                Key::parse(*key).unwrap(),
                AttributeValue::Text((*value).to_owned()),
            )
        })
        .collect()
}

async fn stored_type(h: &Harness, attributes: Vec<Attribute>) -> ProductTypeState {
    let content = ProductTypeContent {
        key: Key::parse(format!("type-{}", h.number())).unwrap(),
        name: Localized::clone(&text("Type")),
        attributes,
        option_attributes: vec![],
        metadata: Metadata::default(),
    };
    let created = ProductType::create(ProductTypeId::new(h.id()), content, h.now());
    let change = created.into_change().unwrap();
    let state = change.after.clone();
    h.commit(change).await.unwrap();
    state
}

fn with_attributes(
    h: &Harness,
    state: &ProductTypeState,
    attributes: Vec<Attribute>,
) -> Change<ProductTypeState> {
    let content = ProductTypeContent {
        attributes,
        ..state.content.clone()
    };
    let mut resource = Resource::load(state.clone());
    resource.revise(content, h.now()).unwrap();
    resource.into_change().unwrap()
}

fn on(state: &ProductTypeState) -> Basis {
    Basis {
        types: vec![Arc::new(state.clone())],
        ..Basis::default()
    }
}

fn of_type(h: &Harness, kind: &ProductTypeState, attributes: Attributes) -> Changes {
    let content = ProductContent {
        product_type: kind.id,
        attributes,
        ..product(h)
    };
    Changes {
        basis: on(kind),
        ..new_product(h, content).into()
    }
}

async fn stored(h: &Harness, changes: Changes) -> ProductState {
    let state = changes.products[0].after.clone();
    h.commit(changes).await.unwrap();
    state
}

fn deletion(h: &Harness, state: &ProductState) -> Change<domain::product::ProductState> {
    edit_product(state, |p| p.delete(h.now()).unwrap())
}

pub async fn a_catalog_begins_with_the_default(h: &Harness) {
    let default = ResourceRef::Id(ProductTypeId::GENERIC);
    let found = h.types.find(&default, false).await.unwrap().unwrap();
    assert_eq!(found.content.key.as_str(), "generic");
    assert!(found.content.attributes.is_empty());
    assert!(Resource::load(found).delete(h.now()).is_err());
}

pub async fn unique_values_have_one_owner(h: &Harness) {
    let kind = stored_type(h, vec![unique("code", Level::Product)]).await;
    for round in 0..5 {
        let code = format!("code {round}");
        let writes: Vec<_> = (0..4)
            .map(|_| of_type(h, &kind, values(&[("code", &code)])))
            .collect();
        let results = join_all(writes.iter().map(|changes| h.commit(changes.clone()))).await;
        let won: Vec<_> = (0..4).filter(|n| results[*n].is_ok()).collect();
        assert_eq!(won.len(), 1, "{results:?}");
        let owner = &writes[won[0]].products[0].after;
        for (changes, result) in writes.iter().zip(results).filter(|(_, result)| result.is_err()) {
            let conflict = conflict(result);
            assert_eq!(conflict.rule, ConflictRule::UniqueAttribute);
            assert_eq!(conflict.subject, Some(changes.products[0].after.id.uuid()));
            assert_eq!(conflict.existing, Some(owner.id.uuid()));
            assert_eq!(conflict.attribute.as_deref(), Some("code"));
        }
    }
    // Of another type, or once its owner is gone, the value is free; the owner cannot take it back then.
    let other = stored_type(h, vec![unique("code", Level::Product)]).await;
    stored(h, of_type(h, &other, values(&[("code", "code 0")]))).await;
    let first = stored(h, of_type(h, &kind, values(&[("code", "x")]))).await;
    let gone = deletion(h, &first);
    h.commit(gone.clone()).await.unwrap();
    stored(h, of_type(h, &kind, values(&[("code", "x")]))).await;
    let back = edit_product(&gone.after, |p| p.restore(h.now()).unwrap());
    let mut changes = Changes::from(back);
    changes.basis = on(&kind);
    changes.basis.whole = vec![first.id];
    assert_eq!(rule(h.commit(changes).await), ConflictRule::UniqueAttribute);
}

pub async fn unique_values_of_variants_go_and_come_with_their_product(h: &Harness) {
    let kind = stored_type(h, vec![unique("serial", Level::Variant)]).await;
    let home = stored(h, of_type(h, &kind, Attributes::default())).await;
    let other = stored(h, of_type(h, &kind, Attributes::default())).await;
    let serial = |product: &ProductState| {
        let content = VariantContent {
            attributes: values(&[("serial", "1")]),
            ..variant(h)
        };
        let mut changes = Changes::from(new_variant(h, product.id, content));
        changes.basis = on(&kind);
        changes.basis.products = vec![Footing::from(product)];
        changes
    };
    h.commit(serial(&home)).await.unwrap();
    let taken = serial(&other);
    assert_eq!(rule(h.commit(taken).await), ConflictRule::UniqueAttribute);
    let gone = deletion(h, &home);
    h.commit(gone.clone()).await.unwrap();
    let mut back = Changes::from(edit_product(&gone.after, |p| p.restore(h.now()).unwrap()));
    back.basis = on(&kind);
    back.basis.whole = vec![home.id];
    h.commit(back).await.unwrap();
    assert_eq!(
        rule(h.commit(serial(&other)).await),
        ConflictRule::UniqueAttribute
    );
}

pub async fn becoming_unique_takes_different_values(h: &Harness) {
    let kind = stored_type(h, vec![attribute("code", Level::Product)]).await;
    let one = stored(h, of_type(h, &kind, values(&[("code", "1")]))).await;
    stored(h, of_type(h, &kind, values(&[("code", "1")]))).await;
    let claim = with_attributes(h, &kind, vec![unique("code", Level::Product)]);
    assert_eq!(rule(h.commit(claim.clone()).await), ConflictRule::UniqueAttribute);
    let content = ProductContent {
        attributes: values(&[("code", "2")]),
        ..one.content.clone()
    };
    let mut changes = Changes::from(edit_product(&one, |p| p.revise(content, h.now()).unwrap()));
    changes.basis = on(&kind);
    h.commit(changes).await.unwrap();
    h.commit(claim.clone()).await.unwrap();
    let taken = of_type(h, &claim.after, values(&[("code", "2")]));
    assert_eq!(rule(h.commit(taken).await), ConflictRule::UniqueAttribute);
}

pub async fn what_rests_on_an_old_type_is_refused(h: &Harness) {
    let kind = stored_type(h, vec![]).await;
    let early = of_type(h, &kind, Attributes::default());
    let change = with_attributes(h, &kind, vec![attribute("new", Level::Product)]);
    h.commit(change.clone()).await.unwrap();
    assert_eq!(stale(h.commit(early).await), ("product type", kind.id.uuid()));
    stored(h, of_type(h, &change.after, values(&[("new", "x")]))).await;

    let home = stored(h, of_type(h, &change.after, Attributes::default())).await;
    let footing = Footing::from(&home);
    h.edited(&home, |p| p.publish(h.now()).unwrap()).await;
    let mut changes = Changes::from(new_variant(h, home.id, variant(h)));
    changes.basis = on(&change.after);
    changes.basis.products = vec![footing];
    assert_eq!(stale(h.commit(changes).await), ("product", home.id.uuid()));
}

pub async fn stored_products_keep_their_type_from_narrowing(h: &Harness) {
    let kind = stored_type(
        h,
        vec![attribute("a", Level::Product), attribute("b", Level::Variant)],
    )
    .await;
    // More than are looked at together.
    let many = (0..450).map(|n| {
        let attributes = if n % 3 == 0 {
            values(&[("a", "x")])
        } else {
            Attributes::default()
        };
        let content = ProductContent {
            product_type: kind.id,
            attributes,
            ..product(h)
        };
        new_product(h, content)
    });
    let mut changes = Changes::from(many.collect::<Vec<_>>());
    changes.basis = on(&kind);
    let lacking = changes.products[1].after.clone();
    h.commit(changes).await.unwrap();

    let both = |a: Attribute, b: Attribute| with_attributes(h, &kind, vec![a, b]);
    let demanding = both(
        required("a", Level::Product, Required::Always),
        attribute("b", Level::Variant),
    );
    let met = conflict(h.commit(demanding).await);
    assert_eq!(met.rule, ConflictRule::TypeMisfit);
    let affected = met.affected.unwrap();
    assert_eq!(affected.count, 300);
    assert_eq!(affected.sample.len(), 10);
    assert!(affected.sample.contains(&lacking.id.uuid()));
    let gone = conflict(
        h.commit(with_attributes(h, &kind, vec![attribute("b", Level::Variant)]))
            .await,
    );
    assert_eq!(gone.affected.map(|a| a.count), Some(150));

    // What is required to publish is lacking only where something is published.
    let for_publishing = |state: &ProductTypeState| {
        with_attributes(
            h,
            state,
            vec![
                attribute("a", Level::Product),
                required("b", Level::Variant, Required::OnPublish),
            ],
        )
    };
    h.variant(lacking.id, variant(h)).await;
    let published = h.edited(&lacking, |p| p.publish(h.now()).unwrap()).await;
    let met = conflict(h.commit(for_publishing(&kind)).await);
    assert_eq!(met.affected.unwrap().sample, [lacking.id.uuid()]);
    h.edited(&published, |p| p.unpublish(h.now()).unwrap()).await;
    let change = for_publishing(&kind);
    h.commit(change.clone()).await.unwrap();

    // Held as a whole, a product with what is lacking does not become published.
    let found = h
        .products
        .find(&ProductRef::Id(lacking.id), false)
        .await
        .unwrap()
        .unwrap();
    let mut publishing = Changes::from(edit_product(&found, |p| p.publish(h.now()).unwrap()));
    publishing.basis = on(&change.after);
    publishing.basis.whole = vec![lacking.id];
    assert_eq!(rule(h.commit(publishing).await), ConflictRule::TypeMisfit);
}

pub async fn no_product_slips_past_a_change_of_its_type(h: &Harness) {
    for _ in 0..8 {
        let kind = stored_type(h, vec![attribute("a", Level::Product)]).await;
        let write = of_type(h, &kind, values(&[("a", "x")]));
        let without = with_attributes(h, &kind, vec![]);
        let (written, narrowed) = futures::join!(h.commit(write), h.commit(without));
        match (&written, &narrowed) {
            (Ok(()), Err(StoreError::Conflict(_))) | (Err(StoreError::VersionConflict { .. }), Ok(())) => {}
            other => assert!(other.0.is_err() && other.1.is_err(), "{other:?}"),
        }
    }
}

pub async fn a_type_in_use_stays(h: &Harness) {
    let deleted = |state: &ProductTypeState| {
        let mut resource = Resource::load(state.clone());
        resource.delete(h.now()).unwrap();
        resource.into_change().unwrap()
    };
    for _ in 0..8 {
        let kind = stored_type(h, vec![]).await;
        let write = of_type(h, &kind, Attributes::default());
        let (written, removed) = futures::join!(h.commit(write), h.commit(deleted(&kind)));
        match (&written, &removed) {
            (Ok(()), Err(StoreError::Conflict(conflict))) => {
                assert_eq!(conflict.rule, ConflictRule::TypeInUse);
            }
            (Err(StoreError::VersionConflict { .. }), Ok(())) => {}
            other => assert!(other.0.is_err() && other.1.is_err(), "{other:?}"),
        }
    }
    let kind = stored_type(h, vec![]).await;
    let used = stored(h, of_type(h, &kind, Attributes::default())).await;
    assert_eq!(rule(h.commit(deleted(&kind)).await), ConflictRule::TypeInUse);
    h.commit(deletion(h, &used)).await.unwrap();
    h.commit(deleted(&kind)).await.unwrap();
}

pub async fn references_lead_to_what_is_there(h: &Harness) {
    let kind = stored_type(h, vec![]).await;
    let target = h.product(product(h)).await;
    let referring = || {
        let reference = AttributeValue::Reference(Target::Product, target.id.uuid());
        let attributes = BTreeMap::from([(Key::parse("to").unwrap(), reference)]);
        of_type(h, &kind, attributes.into_iter().collect())
    };
    let first = stored(h, referring()).await;
    h.commit(deletion(h, &target)).await.unwrap();
    assert!(matches!(
        h.commit(referring()).await,
        Err(StoreError::ReferenceGone)
    ));
    // One that was there before is let be.
    h.commit(renamed(&first, h, "Renamed")).await.unwrap();
}
