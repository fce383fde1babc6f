//! Cutting a batch into waves: within one commit no two records are about the same thing, so that a later record
//! meets what an earlier one left.

use std::collections::HashSet;

use domain::value::{Gtin, Key, Locale, LocalizedSlug, Sku, Slug};

use super::price::PriceItem;
use super::record::{ImportVariant, ImportWhole, Record};

/// A record with its line.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) line: u64,
    pub(super) record: Record,
}

/// Records that are taken in together.
pub(super) enum Group {
    Waves(Vec<Item>),
    Whole(u64, Box<ImportWhole>),
    Prices(Vec<PriceItem>),
}

/// The items in their order, those side by side together that are taken in together.
pub(super) fn groups(items: Vec<Item>) -> Vec<Group> {
    let mut groups = Vec::new();
    for Item { line, record } in items {
        match (record, groups.last_mut()) {
            (Record::Whole(whole), _) => groups.push(Group::Whole(line, whole)),
            (Record::Price(price), Some(Group::Prices(prices))) => prices.push((line, *price)),
            (Record::Price(price), _) => groups.push(Group::Prices(vec![(line, *price)])),
            (record, Some(Group::Waves(items))) => items.push(Item { line, record }),
            (record, _) => groups.push(Group::Waves(vec![Item { line, record }])),
        }
    }
    groups
}

#[derive(PartialEq, Eq, Hash)]
enum Claim<'a> {
    Category(&'a Key),
    CategorySlug(&'a Locale, &'a Slug),
    Product(&'a Key),
    ProductSlug(&'a Locale, &'a Slug),
    Variant(&'a Key),
    Sku(&'a Sku),
    Gtin(&'a Gtin),
}

/// The items in their order, cut wherever one claims what another of its wave has claimed.
pub(super) fn waves(items: Vec<Item>) -> Vec<Vec<Item>> {
    let mut cuts = Vec::new();
    let mut claimed = HashSet::new();
    for (index, item) in items.iter().enumerate() {
        let claims = claims(&item.record);
        if claims.iter().any(|claim| claimed.contains(claim)) {
            cuts.push(index);
            claimed.clear();
        }
        claimed.extend(claims);
    }
    drop(claimed);
    let mut rest = items;
    let mut waves: Vec<_> = cuts.into_iter().rev().map(|cut| rest.split_off(cut)).collect();
    waves.push(rest);
    waves.reverse();
    waves
}

fn claims(record: &Record) -> Vec<Claim<'_>> {
    let mut claims = Vec::new();
    match record {
        Record::Category(category) => {
            claims.extend(category.draft.key.as_ref().map(Claim::Category));
            claims.extend(slugs(category.draft.slug.as_ref()).map(|(l, s)| Claim::CategorySlug(l, s)));
        }
        Record::Product(product) => {
            claims.extend(product.draft.key.as_ref().map(Claim::Product));
            claims.extend(slugs(product.draft.slug.as_ref()).map(|(l, s)| Claim::ProductSlug(l, s)));
            claims.extend(product.variants.iter().flat_map(variant_claims));
        }
        Record::Whole(_) | Record::Price(_) => {}
        Record::Variants(more) => {
            claims.push(Claim::Product(&more.product));
            claims.extend(more.variants.iter().flat_map(variant_claims));
        }
    }
    claims
}

fn slugs(slug: Option<&LocalizedSlug>) -> impl Iterator<Item = (&Locale, &Slug)> {
    slug.into_iter().flat_map(LocalizedSlug::iter)
}

fn variant_claims(variant: &ImportVariant) -> impl Iterator<Item = Claim<'_>> {
    let content = &variant.content;
    let key = content.key.as_ref().map(Claim::Variant);
    let gtin = content.gtin.as_ref().map(Claim::Gtin);
    [Some(Claim::Sku(&content.sku)), key, gtin].into_iter().flatten()
}
