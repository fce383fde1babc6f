//! Lists: pages, filters, totals.

use std::collections::BTreeSet;

use domain::product::{ProductContent, ProductState, ProductStatus};
use domain::value::Text;
use domain::{ProductId, ProductTypeId};

use super::Harness;
use super::fixtures::{product, variant, with_options};
use crate::category::CategoryFilter;
use crate::page::{Count, PageRequest, Sort, SortField};
use crate::product::{ProductFilter, VariantFilter};

const SORTS: [Sort; 4] = [
    Sort {
        field: SortField::Id,
        descending: false,
    },
    Sort {
        field: SortField::Id,
        descending: true,
    },
    Sort {
        field: SortField::UpdatedAt,
        descending: false,
    },
    Sort {
        field: SortField::UpdatedAt,
        descending: true,
    },
];

fn page(limit: u32) -> PageRequest {
    PageRequest {
        sort: SORTS[0],
        after: None,
        limit,
        count: Count::None,
    }
}

pub async fn visit_everything_once(h: &Harness) {
    let mut expected = Vec::new();
    for n in 0..23 {
        let mut state = h.product(product(h)).await;
        if n % 3 == 0 {
            state = h.edited(&state, |p| p.publish(h.now()).unwrap()).await;
        }
        expected.push(state);
    }
    let gone = h.product(product(h)).await;
    h.edited(&gone, |p| p.delete(h.now()).unwrap()).await;
    for sort in SORTS {
        match sort.field {
            SortField::Id | SortField::Position => expected.sort_by_key(|p| p.id),
            SortField::UpdatedAt => expected.sort_by_key(|p| (p.record.updated_at, p.id)),
        }
        if sort.descending {
            expected.reverse();
        }
        for limit in [1, 5, 23, 200] {
            let mut request = PageRequest { sort, ..page(limit) };
            let mut seen: Vec<ProductState> = Vec::new();
            loop {
                let page = h
                    .products
                    .list(&ProductFilter::default(), &request)
                    .await
                    .unwrap();
                assert!(page.items.len() <= limit as usize);
                seen.extend(page.items);
                request.after = page.next;
                if page.next.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "{sort:?} by {limit}");
        }
    }
    for sort in SORTS {
        let shirt = &expected[0];
        let mut request = PageRequest { sort, ..page(1) };
        let before = h
            .variants
            .list(&VariantFilter::of(shirt.id), &request)
            .await
            .unwrap();
        if before.items.is_empty() {
            h.variant(shirt.id, with_options(variant(h), &[])).await;
        }
        let first = h
            .variants
            .list(&VariantFilter::of(shirt.id), &request)
            .await
            .unwrap();
        assert_eq!((first.items.len(), first.next), (1, None));
        request.limit = 3;
        h.categories
            .list(&CategoryFilter::default(), &request)
            .await
            .unwrap();
    }
}

async fn ids(h: &Harness, filter: ProductFilter) -> BTreeSet<ProductId> {
    let found = h.products.list(&filter, &page(200)).await.unwrap();
    found.items.into_iter().map(|p| p.id).collect()
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub async fn filter(h: &Harness) {
    let root = h.category(None).await;
    let leaf = h.category(Some(root.id)).await;
    let base = product(h);
    let tagged = ProductContent {
        tags: vec![Text::parse("Sale %_").unwrap()],
        categories: vec![leaf.id],
        ..product(h)
    };
    let branded = ProductContent {
        brand: Some(Text::parse("O'Neill").unwrap()),
        categories: vec![root.id, leaf.id],
        ..product(h)
    };
    let plain = h.product(base).await;
    let tagged = h.product(tagged).await;
    let branded = h.product(branded).await;
    let branded = h.edited(&branded, |p| p.publish(h.now()).unwrap()).await;
    let deleted = h.product(product(h)).await;
    let deleted = h.edited(&deleted, |p| p.delete(h.now()).unwrap()).await;
    let all = ProductFilter::default;
    let set = |products: &[&ProductState]| products.iter().map(|p| p.id).collect::<BTreeSet<_>>();
    let cases = [
        (all(), set(&[&plain, &tagged, &branded])),
        (
            ProductFilter {
                status: Some(ProductStatus::Draft),
                ..all()
            },
            set(&[&plain, &tagged]),
        ),
        (
            ProductFilter {
                status: Some(ProductStatus::Published),
                ..all()
            },
            set(&[&branded]),
        ),
        (
            ProductFilter {
                category: Some(root.id),
                ..all()
            },
            set(&[&tagged, &branded]),
        ),
        (
            ProductFilter {
                category: Some(leaf.id),
                ..all()
            },
            set(&[&tagged, &branded]),
        ),
        (
            ProductFilter {
                brand: Some("O'Neill".to_owned()),
                ..all()
            },
            set(&[&branded]),
        ),
        (
            ProductFilter {
                brand: Some("o'neill".to_owned()),
                ..all()
            },
            set(&[]),
        ),
        (
            ProductFilter {
                tag: Some("Sale %_".to_owned()),
                ..all()
            },
            set(&[&tagged]),
        ),
        (
            ProductFilter {
                tag: Some("Sale".to_owned()),
                ..all()
            },
            set(&[]),
        ),
        (
            ProductFilter {
                category: Some(root.id),
                tag: Some("Sale %_".to_owned()),
                ..all()
            },
            set(&[&tagged]),
        ),
        (
            ProductFilter {
                updated_since: Some(tagged.record.updated_at),
                ..all()
            },
            set(&[&tagged, &branded]),
        ),
        (
            ProductFilter {
                updated_before: Some(tagged.record.updated_at),
                ..all()
            },
            set(&[&plain]),
        ),
        (
            ProductFilter {
                product_type: Some(plain.content.product_type),
                ..all()
            },
            set(&[&plain, &tagged, &branded]),
        ),
        (
            ProductFilter {
                product_type: Some(ProductTypeId::new(h.id())),
                ..all()
            },
            set(&[]),
        ),
        (
            ProductFilter {
                has_unpublished_changes: Some(true),
                ..all()
            },
            set(&[&plain, &tagged]),
        ),
        (
            ProductFilter {
                has_unpublished_changes: Some(false),
                ..all()
            },
            set(&[&branded]),
        ),
        (
            ProductFilter {
                deleted: true,
                ..all()
            },
            set(&[&deleted]),
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(h, filter.clone()).await, expected, "{filter:?}");
    }
    let children = CategoryFilter {
        parent: Some(root.id),
        deleted: false,
    };
    let found = h.categories.list(&children, &page(10)).await.unwrap();
    assert_eq!(found.items.len(), 1);
    assert_eq!(
        (found.items[0].category.id, &found.items[0].path),
        (leaf.id, &vec![root.id])
    );
}

pub async fn count(h: &Harness) {
    for _ in 0..7 {
        h.product(product(h)).await;
    }
    let list = async |count| {
        let request = PageRequest { count, ..page(2) };
        let found = h
            .products
            .list(&ProductFilter::default(), &request)
            .await
            .unwrap();
        found.total
    };
    assert_eq!(list(Count::None).await, None);
    let exact = list(Count::Exact).await.unwrap();
    assert_eq!((exact.items, exact.is_estimate), (7, false));
    assert!(list(Count::Estimate).await.is_some());
}

pub async fn show_the_first_variants_of_each(h: &Harness) {
    let axes = |n: &str| vec![Text::parse(n).unwrap()];
    let content = |h: &Harness| ProductContent {
        option_axes: axes("n"),
        ..product(h)
    };
    let (many, few, none) = (
        h.product(content(h)).await,
        h.product(content(h)).await,
        h.product(content(h)).await,
    );
    let mut made = Vec::new();
    for (owner, position) in [(&many, 3), (&few, 1), (&many, 2), (&many, 1), (&many, 1)] {
        let n = h.number().to_string();
        let content = domain::product::VariantContent {
            position,
            ..with_options(variant(h), &[("n", &n)])
        };
        made.push(h.variant(owner.id, content).await);
    }
    let first = async |limit: u32| {
        let found = h
            .products
            .first_variants_of(&[few.id, none.id, many.id], limit)
            .await
            .unwrap();
        found.into_iter().map(|v| v.id).collect::<Vec<_>>()
    };
    let places = |places: &[usize]| places.iter().map(|n| made[*n].id).collect::<Vec<_>>();
    assert_eq!(first(1).await, places(&[3, 1]));
    assert_eq!(first(3).await, places(&[3, 4, 2, 1]));
    assert_eq!(first(9).await, places(&[3, 4, 2, 0, 1]));
    assert!(h.products.first_variants_of(&[], 3).await.unwrap().is_empty());
}
