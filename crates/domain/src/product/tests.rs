use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::VariantId;
use crate::value::{Locale, Prices, Sku, Slug};

fn valid<T>(value: Result<T, ValueError>) -> T {
    value.unwrap_or_else(|e| unreachable!("{e}"))
}

fn content(name: &str) -> ProductContent {
    let en = valid(Locale::parse("en"));
    ProductContent {
        key: None,
        name: valid(Localized::new(BTreeMap::from([(
            en.clone(),
            valid(Text::parse(name)),
        )]))),
        slug: valid(LocalizedSlug::new(BTreeMap::from([(
            en,
            valid(Slug::parse("cup")),
        )]))),
        description: None,
        brand: None,
        tags: vec![],
        categories: vec![],
        media: vec![],
        seo: None,
        option_axes: vec![],
        product_type: crate::ProductTypeId::GENERIC,
        attributes: crate::product_type::Attributes::default(),
        metadata: Metadata::default(),
        channels: vec![],
        relations: vec![],
    }
}

const T0: Timestamp = DateTime::UNIX_EPOCH;

fn stored() -> Product {
    let product = Product::create(ProductId::new(Uuid::nil()), content("Cup"), T0);
    Product::load(product.state().clone())
}

#[test]
fn equal_content_is_no_change() -> Result<(), RuleError> {
    let mut product = stored();
    product.revise(content("Cup"), T0)?;
    assert_eq!(product.into_change(), None);
    Ok(())
}

#[test]
fn one_unit_of_work_is_one_version_and_time_moves_on() -> Result<(), RuleError> {
    let mut product = stored();
    product.revise(content("Mug"), T0)?;
    product.publish(T0)?;
    let change = product.into_change();
    let change = change.unwrap_or_else(|| unreachable!());
    assert_eq!(
        (change.after.record.version, change.events.as_slice()),
        (2, &[Event::Updated, Event::Published][..])
    );
    assert_eq!(change.after.record.updated_at, T0 + TimeDelta::microseconds(1));
    assert_eq!(change.before.map(|b| b.record.version), Some(1));
    Ok(())
}

#[test]
fn an_archived_product_is_restored_before_it_is_published() -> Result<(), RuleError> {
    let mut product = stored();
    product.archive(T0)?;
    assert_eq!(
        product.publish(T0),
        Err(RuleError::Status {
            status: "archived",
            verb: "published"
        })
    );
    product.restore(T0)?;
    product.publish(T0)?;
    assert_eq!(product.restore(T0), Err(RuleError::NothingToRestore("product")));
    Ok(())
}

fn live(name: &str) -> Result<Product, RuleError> {
    let mut product = Product::create(ProductId::new(Uuid::nil()), content(name), T0);
    product.publish(T0)?;
    Ok(Product::load(product.state().clone()))
}

#[test]
fn edits_of_a_published_product_are_staged_until_they_are_published() -> Result<(), RuleError> {
    let mut product = live("Cup")?;
    product.revise(content("Mug"), T0)?;
    product.revise(content("Jug"), T0)?;
    assert_eq!(product.state().staged.live.as_deref(), Some(&content("Cup")));
    let mut back = product.clone();
    back.revise(content("Cup"), T0)?;
    assert!(!back.state().has_unpublished_changes(), "the same again");
    let mut reset = Product::load(product.state().clone());
    reset.discard_draft(T0)?;
    assert_eq!(reset.state().content, content("Cup"));
    assert!(!reset.state().has_unpublished_changes());
    product.publish(T0)?;
    assert!(!product.state().has_unpublished_changes());
    assert_eq!(
        product.state().published_at,
        Some(product.state().record.updated_at)
    );
    Ok(())
}

#[test]
fn publishing_or_discarding_nothing_is_no_change() -> Result<(), RuleError> {
    let mut product = live("Cup")?;
    product.publish(T0)?;
    product.discard_draft(T0)?;
    assert_eq!(product.clone().into_change(), None);
    product.stage_variants();
    assert_eq!(product.clone().into_change(), None, "the variants are others");
    product.publish(T0)?;
    assert!(product.into_change().is_some());
    assert_eq!(stored().discard_draft(T0), Err(RuleError::NothingPublished));
    Ok(())
}

#[test]
fn a_sale_begins_before_it_ends() {
    let at = |seconds| Some(T0 + TimeDelta::seconds(seconds));
    assert!(Window::new(at(1), at(2)).is_ok());
    assert!(Window::new(None, at(2)).is_ok() && Window::new(at(2), None).is_ok());
    for until in [1, 0] {
        assert!(matches!(
            Window::new(at(1), at(until)),
            Err(ValueError::OutOfRange { .. })
        ));
    }
}

#[test]
fn options_must_cover_the_axes_exactly() {
    let axis = |name: &str| valid(Axis::parse(name));
    let variant = VariantContent {
        key: None,
        sku: valid(Sku::parse("A")),
        gtin: None,
        mpn: None,
        options: BTreeMap::from([(axis("size"), valid(Text::parse("M")))]),
        prices: Prices::default(),
        media: vec![],
        weight: None,
        dimensions: None,
        position: 0,
        attributes: crate::product_type::Attributes::default(),
        metadata: Metadata::default(),
    };
    assert_eq!(variant.option_faults(&[axis("size")]), vec![]);
    assert_eq!(
        variant.option_faults(&[axis("colour")]),
        vec![
            OptionFault::Missing(axis("colour")),
            OptionFault::Unknown(axis("size"))
        ]
    );
    let _ = Variant::create(
        VariantId::new(Uuid::nil()),
        ProductId::new(Uuid::nil()),
        variant,
        T0,
    );
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Revise(u8),
    Publish,
    StageVariants,
    Discard,
    Unpublish,
    Archive,
    Delete,
    Restore,
}

proptest! {
    /// Whatever is asked in whatever order: versions grow by exactly one per stored change, time moves forward, and
    /// a deleted product changes only by restoration.
    #[test]
    fn every_history_keeps_the_invariants(steps in prop::collection::vec(
        prop_oneof![
            (0..3u8).prop_map(Step::Revise), Just(Step::Publish), Just(Step::Unpublish),
            Just(Step::StageVariants), Just(Step::Discard),
            Just(Step::Archive), Just(Step::Delete), Just(Step::Restore),
        ], 0..40)
    ) {
        let mut state = stored().state().clone();
        for step in steps {
            let mut product = Product::load(state.clone());
            let result = match step {
                Step::Revise(n) => product.revise(content(&n.to_string()), T0),
                Step::Publish => product.publish(T0),
                Step::Discard => product.discard_draft(T0),
                // What is known of variants is no step of the product's own.
                Step::StageVariants => {
                    product.stage_variants();
                    state = product.state().clone();
                    continue;
                }
                Step::Unpublish => product.unpublish(T0),
                Step::Archive => product.archive(T0),
                Step::Delete => product.delete(T0),
                Step::Restore => product.restore(T0),
            };
            if state.record.deleted_at.is_some() && !matches!(step, Step::Restore) {
                prop_assert!(result.is_err());
            }
            if let Some(change) = product.into_change() {
                prop_assert!(result.is_ok());
                prop_assert_eq!(change.after.record.version, state.record.version + 1);
                prop_assert!(change.after.record.updated_at > state.record.updated_at);
                state = change.after;
                let held = &state.staged;
                prop_assert!(state.status == ProductStatus::Published || *held == Staged::default());
                prop_assert!(held.live.as_deref() != Some(&state.content));
            }
        }
    }
}
