//! Taking files in.

pub(super) mod support;

use support::{
    Told, a_category, a_product, category_record, counts, draft, find, importer, log_length, more, of_sku,
    options, record, skus, standing, take_in, take_in_with,
};

use domain::product::{ProductState, ProductStatus, VariantContent};
use domain::value::{Gtin, Key, Sku};
use futures::stream;
use uuid::Uuid;

use super::Harness;
use super::fixtures::{category, key, product, slug, text, with_options};
use crate::category::CategoryRef;
use crate::import::{ImportMode, ImportRecord, Record, SourceError};
use crate::product::ProductDraft;

pub async fn change_nothing_the_second_time(h: &Harness) {
    let categories = vec![CategoryRef::Key(Key::parse("pots").unwrap())];
    let kettle = ProductDraft {
        categories,
        option_axes: vec![domain::value::Text::parse("size").unwrap()],
        ..draft("kettle")
    };
    let small = with_options(of_sku(h, "K-S"), &[("size", "S")]);
    let large = with_options(of_sku(h, "K-L"), &[("size", "L")]);
    let records = [
        a_category("kitchen", None),
        a_category("pots", Some("kitchen")),
        record(kettle, vec![small, large]),
        a_product(h, "pan", "PAN"),
        standing("lid", ProductStatus::Published),
    ];
    assert_eq!(take_in(h, &records).await, (counts(5, 0, 0, 0), vec![]));
    let kettle = find(h, "kettle").await.unwrap();
    let pots = h
        .categories
        .by_keys(&[Key::parse("pots").unwrap()])
        .await
        .unwrap();
    assert_eq!(kettle.content.categories, [pots[0].id]);
    assert!(pots[0].content.parent.is_some());
    assert_eq!(skus(h, kettle.id).await, ["K-L", "K-S"]);
    assert_eq!(find(h, "lid").await.unwrap().status, ProductStatus::Published);

    let length = log_length(h).await;
    assert_eq!(take_in(h, &records).await, (counts(0, 0, 5, 0), vec![]));
    assert_eq!(find(h, "kettle").await.unwrap(), kettle);
    // One more is what counting added.
    assert_eq!(log_length(h).await, length + 1);
}

fn sized(h: &Harness, sku: &str, size: &str) -> VariantContent {
    with_options(of_sku(h, sku), &[("size", size)])
}

fn sized_draft(name: &str) -> ProductDraft {
    ProductDraft {
        option_axes: vec![domain::value::Text::parse("size").unwrap()],
        ..draft(name)
    }
}

pub async fn keep_out_only_what_is_bad(h: &Harness) {
    let first = h.product(product(h)).await;
    h.variant(first.id, of_sku(h, "TAKEN")).await;
    let second = h.product(product(h)).await;
    let with_gtin = |sku: &str| VariantContent {
        gtin: Some(Gtin::parse("4006381333931").unwrap()),
        ..of_sku(h, sku)
    };
    h.variant(second.id, with_gtin("GTIN-1")).await;
    let nowhere = ProductDraft {
        categories: vec![CategoryRef::Key(Key::parse("nowhere").unwrap())],
        ..draft("nowhere")
    };
    let same_slug = ProductDraft {
        slug: Some(first.content.slug.clone()),
        ..draft("same-slug")
    };
    let keyless = ProductDraft {
        key: None,
        ..draft("keyless")
    };
    let bad = [
        record(
            sized_draft("sku"),
            vec![sized(h, "SKU-S", "S"), sized(h, "TAKEN", "L")],
        ),
        record(draft("gtin"), vec![with_gtin("GTIN-2")]),
        record(nowhere, vec![]),
        record(same_slug, vec![]),
        record(draft("sized"), vec![sized(h, "SIZED", "S")]),
        a_category("orphan", Some("nobody")),
        record(keyless, vec![]),
    ];
    let expected = [
        "102 /variants/1/sku duplicate_sku",
        "101 /variants/0/gtin duplicate_gtin",
        "7 /categories/0 reference_not_found",
        "10 /slug duplicate_slug",
        "101 /variants/0/options/size unknown_field",
        "16 /parent reference_not_found",
        "19 /key required",
    ];
    let mut records = Vec::new();
    for (n, bad) in bad.into_iter().enumerate() {
        records.push(bad);
        for side in ["a", "b"] {
            records.push(a_product(
                h,
                &format!("good-{n}{side}"),
                &format!("GOOD-{n}{side}"),
            ));
        }
    }
    let (done, mut faults) = take_in(h, &records).await;
    assert_eq!(done, counts(14, 0, 0, 7), "{faults:?}");
    faults.sort();
    let mut expected = expected.map(str::to_owned);
    expected.sort();
    assert_eq!(faults, expected);
    for bad in ["sku", "gtin", "nowhere", "same-slug", "sized"] {
        assert_eq!(find(h, bad).await, None, "{bad}");
    }
    assert!(find(h, "good-6b").await.is_some());
}

pub async fn later_records_meet_earlier_ones(h: &Harness) {
    let renamed = ProductDraft {
        name: text("Kettle of old"),
        ..draft("kettle")
    };
    let records = [
        a_product(h, "kettle", "K"),
        record(renamed, vec![]),
        a_product(h, "thief", "K"),
        a_product(h, "pan", "PAN"),
        record(sized_draft("pot"), vec![sized(h, "POT-S", "S")]),
        more("pot", vec![sized(h, "POT-L", "L")]),
        more("pot", vec![sized(h, "POT-M", "L")]),
        more("nothing", vec![of_sku(h, "N")]),
    ];
    let (done, faults) = take_in(h, &records).await;
    let expected = [
        "8 /key resource_not_found",
        "101 /variants/0/options duplicate_options",
        "101 /variants/0/sku duplicate_sku",
    ];
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(
        expected.iter().all(|fault| faults.iter().any(|f| f == fault)),
        "{faults:?}"
    );
    assert_eq!(done, counts(3, 2, 0, 3));
    let kettle = find(h, "kettle").await.unwrap();
    assert_eq!(kettle.content.name, text("Kettle of old"));
    assert_eq!(skus(h, kettle.id).await, ["K"]);
    let pot = find(h, "pot").await.unwrap();
    assert_eq!(skus(h, pot.id).await, ["POT-L", "POT-S"]);
}

pub async fn made_slugs_are_told_apart(h: &Harness) {
    let stored = ProductDraft {
        slug: Some(slug("kettle")),
        ..draft("stored")
    };
    take_in(h, &[record(stored, vec![])]).await;
    let named = |name: &str| ProductDraft {
        name: text("Kettle"),
        ..draft(name)
    };
    let alike = |name: &str| {
        let mut category = category_record(name, None);
        category.draft.name = text("Pots");
        Record::Category(Box::new(category))
    };
    let records = [
        record(named("a"), vec![]),
        record(named("b"), vec![]),
        alike("c"),
        alike("d"),
    ];
    assert_eq!(take_in(h, &records).await, (counts(4, 0, 0, 0), vec![]));
    assert_eq!(take_in(h, &records).await, (counts(0, 0, 4, 0), vec![]));
}

pub async fn products_go_where_the_file_says(h: &Harness) {
    use ProductStatus::{Archived, Draft, Published};
    for from in [Draft, Published, Archived] {
        for to in [Draft, Published, Archived] {
            let name = format!("{}-{}", from.as_str(), to.as_str());
            take_in(h, &[standing(&name, from)]).await;
            let (done, faults) = take_in(h, &[standing(&name, to)]).await;
            assert_eq!(faults, Vec::<String>::new());
            let updated = u64::from(from != to);
            assert_eq!(done, counts(0, updated, 1 - updated, 0), "{name}");
            assert_eq!(find(h, &name).await.unwrap().status, to);
            assert_eq!(
                take_in(h, &[record(draft(&name), vec![])]).await.0,
                counts(0, 0, 1, 0)
            );
        }
    }
}

pub async fn modes_limit_what_is_done(h: &Harness) {
    take_in(h, &[a_product(h, "old", "OLD"), a_category("old", None)]).await;
    let changed = ProductDraft {
        tags: vec![domain::value::Text::parse("new").unwrap()],
        ..draft("old")
    };
    let records = [
        record(changed, vec![]),
        a_category("old", None),
        a_product(h, "new", "NEW"),
        a_category("new", None),
    ];
    let (done, faults) = take_in_with(h, &records, &options(ImportMode::Update, false)).await;
    assert_eq!(done, counts(0, 1, 1, 2));
    assert_eq!(faults, ["3 /key resource_not_found", "4 /key resource_not_found"]);
    let (done, faults) = take_in_with(h, &records, &options(ImportMode::Create, false)).await;
    assert_eq!(done, counts(2, 0, 0, 2));
    assert_eq!(faults, ["1 /key duplicate_key", "2 /key duplicate_key"]);
}

pub async fn dry_runs_keep_nothing(h: &Harness) {
    let mut implied = category_record("pots", None);
    implied.only_if_missing = true;
    let in_pots = ProductDraft {
        categories: vec![CategoryRef::Key(Key::parse("pots").unwrap())],
        ..sized_draft("pot")
    };
    let records = [
        Record::Category(Box::new(implied)),
        record(in_pots, vec![sized(h, "S", "S")]),
        more("pot", vec![sized(h, "L", "L")]),
        a_category("lids", Some("pots")),
        a_category("glass", Some("lids")),
        a_product(h, "pan", "PAN"),
    ];
    let dry = options(ImportMode::Upsert, true);
    let expected = (counts(4, 1, 0, 0), vec![]);
    assert_eq!(take_in_with(h, &records, &dry).await, expected);
    // One record per batch, so that each needs what another would have stored.
    let batches: Vec<Result<Vec<_>, SourceError>> = records
        .iter()
        .cloned()
        .map(|record| {
            Ok(vec![ImportRecord {
                line: 1,
                content: Ok(record),
            }])
        })
        .collect();
    let mut told = Told::default();
    let done = importer(h)
        .run(stream::iter(batches), &dry, &mut told)
        .await
        .unwrap();
    assert_eq!((done.counts, told.faults), expected);
    assert_eq!(log_length(h).await, 0);
    assert_eq!(take_in(h, &records).await, expected);
}

pub async fn variants_are_matched_within_their_product(h: &Harness) {
    let keyed = VariantContent {
        key: key("v-1"),
        ..sized(h, "OLD-SKU", "S")
    };
    let first = [sized(h, "A", "M"), sized(h, "B", "L"), keyed.clone()];
    take_in(h, &[record(sized_draft("pot"), first.to_vec())]).await;
    let pot = find(h, "pot").await.unwrap();
    let before = h.products.variants_of(&[pot.id]).await.unwrap();

    // B is not named, v-1 gets another SKU, D is new.
    let again = VariantContent {
        sku: Sku::parse("NEW-SKU").unwrap(),
        ..keyed
    };
    let second = [first[0].clone(), again, sized(h, "D", "XL")];
    let (done, _) = take_in(h, &[record(sized_draft("pot"), second.to_vec())]).await;
    assert_eq!(done, counts(0, 1, 0, 0));
    assert_eq!(skus(h, pot.id).await, ["A", "B", "D", "NEW-SKU"]);
    let after = h.products.variants_of(&[pot.id]).await.unwrap();
    for variant in &before {
        let now = after.iter().find(|v| v.id == variant.id).unwrap();
        let grown = i64::from(variant.content.key.is_some());
        assert_eq!(now.record.version, variant.record.version + grown);
    }
}

pub async fn ids_stand_for_keys_that_are_not_there(h: &Harness) {
    let stored = h.product(product(h)).await;
    let parent = h.category(None).await;
    let content = category(h, Some(parent.id));
    let named = |id: Uuid| key(&id.to_string());
    let draft_of = |state: &ProductState| ProductDraft {
        key: named(state.id.uuid()),
        name: state.content.name.clone(),
        slug: Some(state.content.slug.clone()),
        ..draft("kettle")
    };
    let mut parent_record = category_record("parent", None);
    parent_record.draft.key = named(parent.id.uuid());
    parent_record.draft.name = parent.content.name.clone();
    let mut child = category_record("child", Some(&parent.id.to_string()));
    child.draft.name = content.name;
    let records = [
        Record::Category(Box::new(parent_record)),
        Record::Category(Box::new(child)),
        record(draft_of(&stored), vec![]),
    ];
    assert_eq!(take_in(h, &records).await, (counts(1, 0, 2, 0), vec![]));
    // Where there is nothing with the id it is a key like any other.
    let gone = ProductDraft {
        key: named(h.id()),
        ..draft("gone")
    };
    let records = [record(gone, vec![])];
    assert_eq!(take_in(h, &records).await, (counts(1, 0, 0, 0), vec![]));
    assert_eq!(take_in(h, &records).await, (counts(0, 0, 1, 0), vec![]));
}

pub async fn the_same_file_from_two_sides(h: &Harness) {
    let records: Vec<_> = (0..40)
        .map(|n| a_product(h, &format!("p-{n}"), &format!("P-{n}")))
        .collect();
    let (one, two) = futures::join!(take_in(h, &records), take_in(h, &records));
    assert_eq!((one.1, two.1), (vec![], vec![]));
    assert_eq!(one.0.created + two.0.created, 40);
    assert_eq!(one.0.unchanged + two.0.unchanged, 40);
}

pub async fn stop_when_told_to(h: &Harness) {
    let batch = |n: u32| {
        let record = a_product(h, &format!("p-{n}"), &format!("P-{n}"));
        Ok(vec![ImportRecord {
            line: u64::from(n),
            content: Ok(record),
        }])
    };
    let batches: Vec<Result<Vec<_>, SourceError>> = (1..=5).map(batch).collect();
    let mut told = Told {
        patience: Some(2),
        ..Told::default()
    };
    let options = options(ImportMode::Upsert, false);
    let done = importer(h)
        .run(stream::iter(batches), &options, &mut told)
        .await
        .unwrap();
    assert!(done.cancelled);
    assert_eq!(done.counts, counts(2, 0, 0, 0));
    // A file that breaks off keeps what came before.
    let broken = vec![batch(7), Err(SourceError("gone".to_owned()))];
    let error = importer(h)
        .run(stream::iter(broken), &options, &mut Told::default())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "unreadable");
    assert!(find(h, "p-7").await.is_some());
    assert_eq!(find(h, "p-3").await, None);
}
