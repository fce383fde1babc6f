//! Many prices at once.

use std::collections::BTreeSet;

use domain::pricing::{PriceListState, Validity};
use domain::product::VariantState;
use domain::value::Sku;

use super::super::fixtures::{new_product, new_variant, product, variant};
use super::super::imports::support::writer;
use super::super::{Harness, context, panicked};
use super::{content, during, listed, price_list};
use crate::error::CatalogError;
use crate::pricing::{PriceFilter, PriceLine, Prices, UpsertCounts};
use crate::product::VariantRef;
use crate::resource::ResourceRef;
use crate::store::{Changes, ConflictRule, Receipt};

pub(super) fn prices(h: &Harness) -> Prices {
    Prices::new(writer(h).0, h.price_lists.clone(), h.prices.clone())
}

pub(super) fn told(counts: &UpsertCounts, _: bool) -> Receipt {
    let UpsertCounts {
        created,
        updated,
        unchanged,
    } = counts;
    Receipt {
        status: 200,
        etag: None,
        location: None,
        body: format!("{created} {updated} {unchanged}").into(),
        replayed: false,
        position: None,
    }
}

async fn upsert(h: &Harness, list: &PriceListState, lines: &[PriceLine]) -> Result<String, CatalogError> {
    let list = ResourceRef::Id(list.id);
    let receipt = prices(h).upsert(&list, lines, &context(), &told).await?;
    Ok(String::from_utf8(receipt.body.to_vec()).unwrap())
}

pub(super) fn line(of: &VariantState, minor: i64, validity: Validity) -> PriceLine {
    PriceLine {
        variant: VariantRef::Sku(of.content.sku.clone()),
        content: content(minor, validity),
    }
}

pub async fn are_upserted(h: &Harness) {
    let (mug, pot) = (h.sold(variant(h)).await, h.sold(variant(h)).await);
    let list = h.price_list(price_list(h, 1)).await;
    let lines = vec![
        line(&mug, 1, during(None, Some(10))),
        line(&mug, 2, during(Some(10), None)),
        line(&pot, 3, Validity::ALWAYS),
    ];
    assert_eq!(upsert(h, &list, &lines).await.unwrap(), "3 0 0");
    assert_eq!(upsert(h, &list, &lines).await.unwrap(), "0 0 3");
    let lines = vec![
        line(&mug, 1, during(None, Some(9))),
        line(&mug, 2, during(Some(10), None)),
        line(&mug, 4, during(Some(9), Some(10))),
        line(&pot, 5, Validity::ALWAYS),
    ];
    assert_eq!(upsert(h, &list, &lines).await.unwrap(), "1 2 1");
    let of_list = PriceFilter {
        list: Some(list.id),
        ..PriceFilter::default()
    };
    let versions: Vec<_> = listed(h, of_list)
        .await
        .into_iter()
        .map(|price| (price.content.price.amount().minor(), price.record.version))
        .collect();
    assert_eq!(
        versions.iter().copied().collect::<BTreeSet<_>>(),
        BTreeSet::from([(1, 2), (2, 1), (4, 1), (5, 2)])
    );
}

pub async fn are_upserted_all_or_nothing(h: &Harness) {
    let (mug, pot) = (h.sold(variant(h)).await, h.sold(variant(h)).await);
    let list = h.price_list(price_list(h, 1)).await;
    let lost = PriceLine {
        variant: VariantRef::Sku(Sku::parse("nowhere").unwrap()),
        content: content(1, Validity::ALWAYS),
    };
    let by_id = PriceLine {
        variant: VariantRef::Id(pot.id),
        content: content(9, during(None, Some(5))),
    };
    let lines = [
        line(&mug, 1, Validity::ALWAYS),
        lost,
        line(&pot, 1, Validity::ALWAYS),
        // The same variant under another name, and the same start: open.
        by_id,
    ];
    match upsert(h, &list, &lines).await {
        Err(CatalogError::Invalid(faults)) => {
            let faults: Vec<_> = faults
                .into_vec()
                .into_iter()
                .map(|f| (f.pointer, f.code))
                .collect();
            let expected = [
                ("/lines/1/variant", "reference_not_found"),
                ("/lines/3", "duplicate"),
            ];
            assert_eq!(faults, expected.map(|(p, c)| (p.to_owned(), c)));
        }
        other => panicked(&format!("{other:?}")),
    }
    let overlapping = |result: Result<String, CatalogError>| match result {
        Err(CatalogError::Conflict {
            rule: ConflictRule::PriceOverlap,
            pointer,
            existing,
            affected: _,
        }) => (pointer, existing),
        other => panicked(&format!("{other:?}")),
    };
    let lines = [
        line(&pot, 1, Validity::ALWAYS),
        line(&mug, 1, during(Some(0), Some(11))),
        line(&mug, 2, during(Some(10), None)),
    ];
    assert_eq!(
        overlapping(upsert(h, &list, &lines).await),
        ("/lines/2/validFrom".to_owned(), None)
    );
    let stored = h.price(list.id, &mug, content(3, during(Some(5), Some(6)))).await;
    assert_eq!(
        overlapping(upsert(h, &list, &lines[..2]).await),
        ("/lines/1/validFrom".to_owned(), Some(stored.id.uuid()))
    );
    assert_eq!(listed(h, PriceFilter::default()).await, [stored]);
}

pub async fn are_upserted_by_the_thousands(h: &Harness) {
    let products: Vec<_> = (0..500).map(|_| new_product(h, product(h))).collect();
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
    let list = h.price_list(price_list(h, 1)).await;
    let lines = |minor: i64| {
        let days = 0..10;
        let of = |v: &VariantState| {
            days.clone()
                .map(|day| line(v, minor + day, during(Some(day), Some(day + 1))))
                .collect::<Vec<_>>()
        };
        variants.iter().flat_map(of).collect::<Vec<_>>()
    };
    assert_eq!(lines(0).len(), Prices::MAX_LINES);
    assert_eq!(upsert(h, &list, &lines(0)).await.unwrap(), "5000 0 0");
    assert_eq!(upsert(h, &list, &lines(1)).await.unwrap(), "0 5000 0");
}
