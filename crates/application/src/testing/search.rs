//! What is read for search, and its settings.

use std::collections::BTreeMap;

use domain::pricing::{Quantity, Validity, base_list};
use domain::product::{Listing, Product, ProductContent, ProductState, Window};
use domain::product_type::AttributeValue;
use domain::resource::{Identity as _, Resource};
use domain::value::{Currency, Locale};
use domain::{ProductId, Timestamp};

use super::fixtures::{
    channel, edit_variant, full_product, full_variant, product, renamed, variant, with_options,
};
use super::prices::{content, price_list};
use super::{Harness, context, stale};
use crate::resource::ResourceRef;
use crate::search::{
    CopyAttributes, CopyValue, ListPrice, Listed, Plane, ProductCopy, SearchSettings, SearchSettingsId,
    SearchSettingsState, Texts, VariantCopy,
};
use crate::store::Precondition;
use crate::write::Writer;
use crate::{Clock, Ids};

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_timestamp_micros(1_750_000_000_000_000 + micros).unwrap()
}

async fn copies(h: &Harness, plane: Plane, products: &[ProductId]) -> Vec<ProductCopy> {
    h.copies.copies(plane, products, instant(0)).await.unwrap()
}

async fn copy(h: &Harness, plane: Plane, product: ProductId) -> Option<ProductCopy> {
    let mut found = copies(h, plane, &[product]).await;
    assert!(found.len() < 2);
    found.pop()
}

fn texts<'a, T: ToString + 'a>(texts: impl Iterator<Item = (&'a Locale, &'a T)>) -> Texts {
    texts
        .map(|(locale, text)| (locale.as_str().to_owned(), text.to_string()))
        .collect()
}

/// What the attributes of the fixtures are, as copies have them.
fn attributes(of: &domain::product_type::Attributes) -> CopyAttributes {
    let one = |value: &AttributeValue| match value {
        AttributeValue::Json(_) => None,
        AttributeValue::Localized(values) => {
            let each = |(locale, value): (&Locale, &AttributeValue)| {
                (locale.as_str().to_owned(), CopyValue::One(value.clone()))
            };
            Some(CopyValue::Localized(values.iter().map(each).collect()))
        }
        AttributeValue::Set(items) => Some(CopyValue::Set(items.clone())),
        plain => Some(CopyValue::One(plain.clone())),
    };
    of.iter()
        .filter_map(|(key, value)| Some((key.to_string(), one(value)?)))
        .collect()
}

fn expected(state: &ProductState, variants: Vec<VariantCopy>) -> ProductCopy {
    let content = &state.content;
    ProductCopy {
        id: state.id,
        product_type: content.product_type,
        status: state.status,
        has_unpublished_changes: state.has_unpublished_changes(),
        key: content.key.as_ref().map(ToString::to_string),
        created_at: state.record.created_at,
        updated_at: state.record.updated_at,
        published_at: state.published_at,
        name: texts(content.name.iter()),
        description: content
            .description
            .iter()
            .flat_map(|text| texts(text.iter()))
            .collect(),
        brand: content.brand.as_ref().map(ToString::to_string),
        tags: content.tags.iter().map(ToString::to_string).collect(),
        categories: content.categories.clone(),
        attributes: attributes(&content.attributes),
        listed: if content.channels.is_empty() {
            Listed::Everywhere
        } else {
            Listed::In(content.channels.iter().map(|l| (l.channel, l.window)).collect())
        },
        variants,
    }
}

pub async fn copies_say_what_states_say(h: &Harness) {
    let shelf = h.category(None).await;
    let web = h.channel(channel(h)).await;
    let window = Window::new(Some(instant(1)), Some(instant(2))).unwrap();
    let content = ProductContent {
        channels: vec![Listing {
            channel: web.id,
            window,
        }],
        ..full_product(h, shelf.id)
    };
    let mug = h.product(content).await;
    let second = h.variant(mug.id, full_variant(h)).await;
    let mut plain = with_options(variant(h), &[("size", "S"), ("colour", "red")]);
    plain.position = 1;
    let first = h.variant(mug.id, plain).await;
    let carried = |code: &str, minor: i64| ListPrice {
        list: base_list(),
        id: None,
        currency: Currency::parse(code).unwrap(),
        minor,
        validity: Validity::ALWAYS,
    };
    let of = |state: &domain::product::VariantState, prices: Vec<ListPrice>| {
        let content = &state.content;
        VariantCopy {
            id: state.id,
            key: content.key.as_ref().map(ToString::to_string),
            sku: content.sku.to_string(),
            gtin: content.gtin.as_ref().map(|gtin| gtin.as_str().to_owned()),
            mpn: content.mpn.as_ref().map(ToString::to_string),
            options: content
                .options
                .iter()
                .map(|(a, v)| (a.to_string(), v.to_string()))
                .collect(),
            weight: content.weight.clone(),
            attributes: attributes(&content.attributes),
            prices,
        }
    };
    let variants = vec![
        of(&first, vec![]),
        of(
            &second,
            vec![carried("EUR", 1999), carried("JPY", 3000), carried("KWD", 1)],
        ),
    ];
    let draft = expected(&mug, variants.clone());
    assert_eq!(copy(h, Plane::Management, mug.id).await, Some(draft));
    assert_eq!(copy(h, Plane::Store, mug.id).await, None, "a draft");

    let live = h.edited(&mug, |p| p.publish(h.now()).unwrap()).await;
    let published = expected(&live, variants);
    assert_eq!(copy(h, Plane::Store, mug.id).await, Some(published.clone()));
    assert_eq!(copy(h, Plane::Management, mug.id).await, Some(published));
}

pub async fn copies_are_of_their_plane(h: &Harness) {
    let state = h.product(product(h)).await;
    let sold = h.variant(state.id, variant(h)).await;
    let live = h.edited(&state, |p| p.publish(h.now()).unwrap()).await;
    let edited = renamed(&live, h, "Pot");
    h.commit(edited.clone()).await.unwrap();
    let other = variant(h);
    let mut moved = sold.content.clone();
    moved.sku = other.sku.clone();
    h.commit(edit_variant(&sold, |v| v.revise(moved, h.now()).unwrap()))
        .await
        .unwrap();

    let seen = copy(h, Plane::Store, state.id).await.unwrap();
    assert_eq!(seen.name, texts(live.content.name.iter()));
    let skus = |copy: &ProductCopy| copy.variants.iter().map(|v| v.sku.clone()).collect::<Vec<_>>();
    assert_eq!(skus(&seen), [sold.content.sku.to_string()], "what was published");
    let working = copy(h, Plane::Management, state.id).await.unwrap();
    assert_eq!(working.name, texts(edited.after.content.name.iter()));
    assert!(working.has_unpublished_changes);
    assert_eq!(
        (
            working.variants.len(),
            skus(&working).contains(&other.sku.to_string())
        ),
        (1, true)
    );

    // Deleted products have no copies, and come back with them.
    let find = crate::product::ProductRef::Id(state.id);
    let stored = h.products.find(&find, false).await.unwrap().unwrap();
    let gone = h.edited(&stored, |p| p.delete(h.now()).unwrap()).await;
    for plane in Plane::ALL {
        assert_eq!(copy(h, plane, state.id).await, None);
        assert_eq!(h.copies.page(plane, None, 10, instant(0)).await.unwrap(), []);
    }
    let back = h.edited(&gone, |p| p.restore(h.now()).unwrap()).await;
    assert!(copy(h, Plane::Store, state.id).await.is_some());
    h.edited(&back, |p: &mut Product| p.archive(h.now()).unwrap())
        .await;
    assert_eq!(copy(h, Plane::Store, state.id).await, None);
    let archived = copy(h, Plane::Management, state.id).await.unwrap();
    assert_eq!(archived.status.as_str(), "archived");
}

pub async fn copies_come_in_pages(h: &Harness) {
    let mut ids = Vec::new();
    for n in 0..7 {
        let state = h.product(product(h)).await;
        if n % 3 > 0 {
            h.variant(state.id, variant(h)).await;
        }
        h.edited(&state, |p| p.publish(h.now()).unwrap()).await;
        ids.push(state.id);
    }
    for plane in Plane::ALL {
        let mut seen = Vec::new();
        loop {
            let after = seen.last().map(|copy: &ProductCopy| copy.id);
            let page = h.copies.page(plane, after, 3, instant(0)).await.unwrap();
            let is_last = page.len() < 3;
            seen.extend(page);
            if is_last {
                break;
            }
        }
        assert_eq!(seen.iter().map(|copy| copy.id).collect::<Vec<_>>(), ids);
        let mut some = ids.clone();
        some.reverse();
        some.push(ProductId::new(h.id()));
        assert_eq!(copies(h, plane, &some).await, seen, "{plane:?}");
        assert_eq!(copies(h, plane, &[]).await, []);
    }
}

pub async fn prices_of_copies_are_those_that_may_count(h: &Harness) {
    let list = h.price_list(price_list(h, 10)).await;
    let sold = h.sold(variant(h)).await;
    let find = crate::product::ProductRef::Id(sold.product);
    let state = h.products.find(&find, false).await.unwrap().unwrap();
    h.edited(&state, |p| p.publish(h.now()).unwrap()).await;
    let during = |from, until: Option<i64>| Validity::new(Some(instant(from)), until.map(instant)).unwrap();
    let ended = h.price(list.id, &sold, content(100, during(-9, Some(0)))).await;
    let ending = h.price(list.id, &sold, content(200, during(0, Some(1)))).await;
    let open = h.price(list.id, &sold, content(300, during(1, None))).await;
    let many = domain::pricing::PriceContent {
        min_quantity: Quantity::new(10).unwrap(),
        ..content(50, Validity::ALWAYS)
    };
    h.price(list.id, &sold, many).await;
    for plane in Plane::ALL {
        let prices = copy(h, plane, sold.product)
            .await
            .unwrap()
            .variants
            .remove(0)
            .prices;
        let ids: Vec<_> = prices.iter().map(|price| price.id.unwrap()).collect();
        assert_eq!(ids, [ending.id, open.id], "not {}", ended.id);
        assert_eq!(
            prices[0],
            ListPrice {
                list: list.id,
                id: Some(ending.id),
                currency: Currency::parse("EUR").unwrap(),
                minor: 200,
                validity: during(0, Some(1)),
            }
        );
    }
}

struct Fixed(Timestamp);

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        self.0
    }
}

struct NoIds;

impl Ids for NoIds {
    fn next(&self) -> uuid::Uuid {
        unreachable!()
    }
}

pub async fn settings_are_there_and_change_version_by_version(h: &Harness) {
    let only = ResourceRef::Id(SearchSettingsId::ONLY);
    let stored = async || h.search_settings.find(&only, false).await.unwrap().unwrap();
    let first = stored().await;
    assert_eq!(
        (first.record.version, &first.content),
        (1, &SearchSettings::default())
    );

    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let german = Locale::parse("de").unwrap();
    let content = SearchSettings {
        typos_off: true,
        stop_words: BTreeMap::from([(german.clone(), words(&["der", "die"]))]),
        synonyms: BTreeMap::from([(german, vec![words(&["tasse", "becher", "großer pott"])])]),
    };
    let writer = Writer::new(
        h.store.clone(),
        std::sync::Arc::new(Fixed(h.now())),
        std::sync::Arc::new(NoIds),
    );
    let service = crate::search::search_settings(writer, h.search_settings.clone());
    let render = |_: &SearchSettingsState, created: bool| {
        assert!(!created);
        crate::store::Receipt::none()
    };
    let revise = async |content: SearchSettings, precondition: Precondition| {
        let revision = move |_: Option<&SearchSettingsState>| Ok(content.clone());
        service
            .revise(&only, &revision, &precondition, false, &context(), &render)
            .await
    };
    revise(content.clone(), Precondition::Version(vec![1]))
        .await
        .unwrap();
    let second = stored().await;
    assert_eq!((second.record.version, &second.content), (2, &content));
    let again = revise(content.clone(), Precondition::Version(vec![1])).await;
    assert_eq!(again.unwrap_err().code(), "version_conflict");
    let bad = SearchSettings {
        synonyms: BTreeMap::from([(Locale::parse("de").unwrap(), vec![words(&["a/b~"])])]),
        ..content
    };
    match revise(bad, Precondition::None).await.unwrap_err() {
        crate::CatalogError::Invalid(faults) => {
            let pointers: Vec<_> = faults.into_vec().into_iter().map(|fault| fault.pointer).collect();
            assert_eq!(pointers, ["/synonyms/de/0"]);
        }
        other => assert_eq!(other.to_string(), ""),
    }
    let log = super::log::entries(h, 1).await;
    let last = log.last().unwrap();
    assert_eq!((last.resource.as_str(), last.version), ("searchSettings", 2));

    // Two that start from one version: the store takes one.
    let mut overtaken = Resource::load(first);
    let late = SearchSettings {
        typos_off: true,
        ..SearchSettings::default()
    };
    overtaken.revise(late, h.now()).unwrap();
    let change = overtaken.into_change().unwrap();
    assert_eq!(stale(h.commit(change).await).1, SearchSettingsId::ONLY.to_uuid());
}
