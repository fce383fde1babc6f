//! Which price counts.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::pricing::{Conditions, PriceListContent, Quantity, Reason, Validity, base_list};
use domain::product::{VariantContent, VariantState};
use domain::value::{self, Country, Gtin, Sku};
use domain::{ChannelId, Timestamp, VariantId};

use super::super::fixtures::{edit_product, edit_variant, key, new_product, new_variant, product, variant};
use super::super::imports::support::writer;
use super::super::{Harness, context};
use super::bulk::{line, prices, told};
use super::{at, content, currency, during, euros, price_list};
use crate::pricing::{Pricing, PricingContext};
use crate::product::VariantRef;
use crate::resource::ResourceRef;
use crate::store::Changes;
use crate::storefront::Visit;

/// Writes as many prices of new variants as are asked for by one request, and resolves them; what it takes to make the
/// variants is not read through the ports of pricing but written as one commit.
pub async fn write_and_resolve(h: &Harness, count: usize) {
    let products: Vec<_> = (0..count).map(|_| new_product(h, product(h))).collect();
    let own = products.iter().map(|p| new_variant(h, p.after.id, variant(h)));
    let own: Vec<_> = own.collect();
    let variants: Vec<_> = own.iter().map(|c| c.after.clone()).collect();
    h.commit(Changes {
        products,
        variants: own,
        ..Changes::default()
    })
    .await
    .unwrap();
    let lines: Vec<_> = variants.iter().map(|v| line(v, 100, Validity::ALWAYS)).collect();
    let list = ResourceRef::Id(base_list());
    prices(h).upsert(&list, &lines, &context(), &told).await.unwrap();
    let pricing = Pricing::new(h.prices.clone(), writer(h).1);
    let ids: Vec<_> = variants.iter().map(|v| v.id).collect();
    let resolved = pricing
        .resolve_many(&ids, &in_currency("EUR", at(0)))
        .await
        .unwrap();
    let amounts = resolved
        .values()
        .filter_map(|r| r.price.as_ref())
        .map(|p| p.price.amount().minor());
    assert_eq!(amounts.filter(|minor| *minor == 100).count(), count);
}

fn in_currency(code: &str, at: Timestamp) -> PricingContext {
    PricingContext {
        channel: None,
        channel_lists: Vec::new(),
        currency: currency(code),
        country: Some(Country::parse("AT").unwrap()),
        customer_groups: BTreeSet::new(),
        at: Some(at),
        staged: true,
    }
}

pub async fn are_of_variants_by_every_name(h: &Harness) {
    let named = VariantContent {
        key: key("mug"),
        sku: Sku::parse("MUG 1").unwrap(),
        gtin: Some(Gtin::parse("4006381333931").unwrap()),
        ..variant(h)
    };
    let mug = h.sold(named.clone()).await;
    let pot = h.sold(variant(h)).await;
    let references = [
        VariantRef::Id(pot.id),
        VariantRef::Key(named.key.clone().unwrap()),
        VariantRef::Sku(Sku::parse("mug 1").unwrap()),
        VariantRef::Sku(named.sku.clone()),
        VariantRef::Gtin(named.gtin.clone().unwrap()),
        VariantRef::Id(mug.id),
        VariantRef::Id(VariantId::new(h.id())),
        VariantRef::Id(mug.id),
    ];
    let of = |v: &VariantState| Some((v.id, v.product));
    let found = h.prices.variants(&references).await.unwrap();
    let expected = [
        of(&pot),
        of(&mug),
        None,
        of(&mug),
        of(&mug),
        of(&mug),
        None,
        of(&mug),
    ];
    assert_eq!(found, expected);
    h.commit(edit_variant(&mug, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    let found = h.prices.variants(&references).await.unwrap();
    assert_eq!(found.into_iter().flatten().count(), 1);
}

pub async fn are_resolved(h: &Harness) {
    let (clock, start) = (writer(h).1, at(0));
    let pricing = Pricing::new(h.prices.clone(), clock);
    let carrying = {
        let mut prices = value::Prices::default();
        prices.add(euros(1000)).unwrap();
        VariantContent { prices, ..variant(h) }
    };
    let (mug, pot) = (h.sold(carrying).await, h.sold(variant(h)).await);
    let cost = async |v: &VariantState, context: &PricingContext| {
        let all = pricing.resolve_many(&[mug.id, pot.id], context).await.unwrap();
        let resolved = &all[&v.id];
        (
            resolved.price.as_ref().map(|p| p.price.amount().minor()),
            resolved.valid_until,
        )
    };
    let now = in_currency("EUR", start);
    assert_eq!(cost(&mug, &now).await, (Some(1000), None));
    assert_eq!(cost(&pot, &now).await, (None, None));
    assert_eq!(cost(&mug, &in_currency("JPY", start)).await, (None, None));

    h.price(base_list(), &mug, content(900, during(Some(10), Some(20))))
        .await;
    let sale = PriceListContent {
        conditions: Conditions {
            countries: vec![Country::parse("AT").unwrap()],
            ..Conditions::default()
        },
        validity: during(Some(15), None),
        ..price_list(h, 5)
    };
    let sale = h.price_list(sale).await;
    h.price(sale.id, &mug, content(800, during(None, Some(18)))).await;
    h.price(sale.id, &pot, content(500, Validity::ALWAYS)).await;
    let seen = async |v: &VariantState, micros: i64| cost(v, &in_currency("EUR", at(micros))).await;
    assert_eq!(seen(&mug, 0).await, (Some(1000), Some(at(10))));
    assert_eq!(seen(&mug, 10).await, (Some(900), Some(at(15))));
    assert_eq!(seen(&mug, 15).await, (Some(800), Some(at(18))));
    assert_eq!(seen(&mug, 18).await, (Some(900), Some(at(20))));
    assert_eq!(seen(&mug, 20).await, (Some(1000), None));
    assert_eq!(seen(&pot, 14).await, (None, Some(at(15))));

    // Shoppers are shown nothing that a working copy alone carries.
    let shoppers = PricingContext {
        staged: false,
        ..in_currency("EUR", at(-20))
    };
    let seen = pricing.resolve_many(&[mug.id], &shoppers).await.unwrap();
    assert_eq!(
        seen.get(&mug.id).and_then(|resolved| resolved.price.as_ref()),
        None
    );
    let limited = PricingContext {
        channel_lists: vec![sale.id],
        ..in_currency("EUR", at(20))
    };
    assert_eq!(cost(&mug, &limited).await, (None, None));
    let lines = [(mug.id, Quantity::ONE)];
    let explained = pricing.resolve_lines(&lines, &limited, true).await.unwrap();
    let mut reasons: Vec<_> = explained[0]
        .candidates
        .iter()
        .map(|c| (c.price.amount().minor(), c.reason))
        .collect();
    reasons.sort_by_key(|(minor, _)| *minor);
    assert_eq!(
        reasons,
        [
            (800, Some(Reason::NoLongerValid)),
            (900, Some(Reason::ListNotInChannel)),
            (1000, Some(Reason::ListNotInChannel)),
        ]
    );
    h.commit(edit_variant(&mug, |v| v.delete(h.now()).unwrap()))
        .await
        .unwrap();
    assert_eq!(
        cost(&mug, &in_currency("EUR", start + TimeDelta::days(1))).await,
        (None, None)
    );
}

pub async fn are_shown_of_what_is_on_sale(h: &Harness) {
    let draft = h.sold(variant(h)).await;
    let shown = h.product(product(h)).await;
    let on_sale = h.variant(shown.id, variant(h)).await;
    h.commit(edit_product(&shown, |p| p.publish(h.now()).unwrap()))
        .await
        .unwrap();
    let skus = [
        draft.content.sku.clone(),
        on_sale.content.sku.clone(),
        Sku::parse("nowhere").unwrap(),
    ];
    let visit = Visit {
        channel: ChannelId::new(h.id()),
        at: h.now(),
    };
    let found = h.storefront.on_sale(&skus, &visit).await.unwrap();
    assert_eq!(found, [(on_sale.content.sku.clone(), on_sale.id)]);
}
