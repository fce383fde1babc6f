#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::collections::BTreeMap;

use domain::channel::{ChannelContent, ChannelCurrencies, ChannelLocales};
use domain::product::ProductStatus;
use domain::product_type::{Attribute, Measure};
use domain::resource::State;
use domain::value::{Currency, Decimal, Key, Metadata, Number, Weight, WeightUnit};
use domain::{CategoryId, ChannelId, ProductId, ProductTypeId, Record, Timestamp, VariantId};
use uuid::Uuid;

use super::super::copy::Texts;
use super::super::document::Listed;
use super::super::fields::tests::{
    INTEGER, TEXT, attribute, choices, locale, localized, of_variants, product_type,
};
use super::*;

fn channel(n: u128, locales: &[&str], fallbacks: &[(&str, &str)]) -> ChannelState {
    let euro = Currency::parse("EUR").unwrap();
    let tags: Vec<_> = locales.iter().map(|tag| locale(tag)).collect();
    let fallbacks = fallbacks.iter().map(|(from, to)| (locale(from), locale(to)));
    State {
        id: ChannelId::new(Uuid::from_u128(n)),
        record: Record::new(Timestamp::default()),
        content: ChannelContent {
            key: Key::parse(format!("channel-{n}")).unwrap(),
            name: localized(&[("en", "Web")]),
            locales: ChannelLocales::new(tags.clone(), tags[0].clone(), fallbacks.collect()).unwrap(),
            currencies: ChannelCurrencies::new(vec![euro], euro).unwrap(),
            countries: vec![],
            price_lists: vec![],
            metadata: Metadata::default(),
        },
    }
}

fn texts(texts: &[(&str, &str)]) -> Texts {
    texts
        .iter()
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

fn one(text: &str) -> CopyValue {
    CopyValue::One(AttributeValue::Text(text.to_owned()))
}

/// Of the type 1.
fn mug() -> ProductCopy {
    ProductCopy {
        id: ProductId::new(Uuid::from_u128(7)),
        product_type: ProductTypeId::new(Uuid::from_u128(1)),
        status: ProductStatus::Published,
        has_unpublished_changes: true,
        key: Some("mug".to_owned()),
        created_at: Timestamp::from_timestamp_micros(1).unwrap(),
        updated_at: Timestamp::from_timestamp_micros(2).unwrap(),
        published_at: None,
        name: texts(&[("de", "Tasse"), ("en", "Mug")]),
        description: texts(&[("en", "Holds tea")]),
        brand: Some("Hearth".to_owned()),
        tags: vec!["b".to_owned(), "a".to_owned(), "b".to_owned()],
        categories: vec![CategoryId::new(Uuid::from_u128(9))],
        attributes: vec![],
        listed: Listed::Everywhere,
        variants: vec![],
    }
}

fn small() -> VariantCopy {
    VariantCopy {
        id: VariantId::new(Uuid::from_u128(8)),
        key: Some("mug-s".to_owned()),
        sku: "M-S".to_owned(),
        gtin: Some("4006381333931".to_owned()),
        mpn: None,
        options: texts(&[("size", "s")]),
        weight: Some(Weight {
            value: Decimal::parse("0.35").unwrap(),
            unit: WeightUnit::Kilogram,
        }),
        attributes: vec![],
        prices: vec![],
    }
}

fn composer(plane: Plane, attributes: Vec<Attribute>, axes: &[&str], channels: &[ChannelState]) -> Composer {
    Composer::new(
        plane,
        &[product_type(1, attributes, axes)],
        channels,
        &locale("en"),
    )
}

fn names(composer: &Composer) -> Vec<(&str, &str)> {
    let views = composer.layout().views.iter();
    views
        .map(|view| (view.name.as_str(), view.language.as_str()))
        .collect()
}

fn column(columns: &Columns, name: &str) -> Vec<Value> {
    let found: Vec<_> = columns.iter().filter(|(column, _)| column == name).collect();
    assert!(found.len() < 2, "{name} twice");
    found
        .first()
        .map(|(_, values)| values.clone())
        .unwrap_or_default()
}

fn words(text: &[&str]) -> Vec<Value> {
    text.iter().map(|text| Value::Text((*text).to_owned())).collect()
}

fn passages(document: &Document, view: usize, class: TextClass) -> Vec<&str> {
    let those = document
        .passages
        .iter()
        .filter(|p| p.view == view && p.class == class);
    those.map(|passage| passage.text.as_str()).collect()
}

#[test]
fn views_are_the_chains_that_shoppers_read_by() {
    let channels = [
        channel(1, &["en", "de", "de-AT"], &[("de-AT", "de")]),
        channel(2, &["de", "en"], &[]),
        channel(3, &["en"], &[]),
    ];
    let store = composer(Plane::Store, vec![], &[], &channels);
    assert_eq!(
        names(&store),
        [
            ("de", "de"),
            ("de,en", "de"),
            ("de-AT,de,en", "de"),
            ("en", "en"),
            ("en,de", "en")
        ]
    );
    assert_eq!(
        store.view(&[locale("de-AT"), locale("de"), locale("en")]),
        Some(2)
    );
    assert_eq!(store.view(&[locale("fr")]), None);
    let management = composer(Plane::Management, vec![], &[], &channels);
    assert_eq!(
        names(&management),
        [("*", "und"), ("de", "de"), ("de-AT", "de"), ("en", "en")]
    );
    assert_eq!(management.view(&[]), Some(0));
}

#[test]
fn a_document_says_what_its_copy_says() {
    let composer = composer(Plane::Management, vec![], &[], &[channel(1, &["en", "de"], &[])]);
    let document = composer.compose(ProductCopy {
        variants: vec![small()],
        ..mug()
    });
    for (name, values) in [
        ("brand", words(&["Hearth"])),
        ("tags", words(&["a", "b"])),
        ("category", words(&["00000000-0000-0000-0000-000000000009"])),
        ("productType", words(&["type-1"])),
        ("status", words(&["published"])),
        ("hasUnpublishedChanges", words(&["true"])),
        ("key", words(&["mug"])),
        ("createdAt", vec![Value::Number(1)]),
        ("updatedAt", vec![Value::Number(2)]),
        ("publishedAt", vec![]),
    ] {
        assert_eq!(column(&document.columns, name), values, "{name}");
    }
    let variant = &document.variants[0];
    for (name, values) in [
        ("sku", words(&["M-S"])),
        ("gtin", words(&["4006381333931"])),
        ("mpn", vec![]),
        ("options.size", words(&["s"])),
        ("weight", vec![Value::Number(350_000)]),
    ] {
        assert_eq!(column(&variant.columns, name), values, "{name}");
    }
    assert_eq!(document.identifiers, ["4006381333931", "M-S", "mug", "mug-s"]);
    let sorted: BTreeMap<_, _> = document.sort_texts.iter().cloned().collect();
    assert_eq!(
        sorted,
        texts(&[
            ("brand", "Hearth"),
            ("key", "mug"),
            ("name@*", "Mug"),
            ("name@de", "Tasse"),
            ("name@en", "Mug")
        ])
    );
    assert_eq!(
        passages(&document, 0, TextClass::Name),
        ["Tasse", "Mug"],
        "all texts"
    );
    assert_eq!(passages(&document, 1, TextClass::Name), ["Tasse"]);
    assert_eq!(
        passages(&document, 1, TextClass::Body),
        [""; 0],
        "there is none in German"
    );
    assert_eq!(passages(&document, 2, TextClass::Body), ["Holds tea"]);
    assert_eq!(
        passages(&document, 2, TextClass::Keyword),
        ["Hearth", "b", "a", "M-S"]
    );
    assert_eq!(passages(&document, 2, TextClass::Attribute), ["s"]);
}

#[test]
fn shoppers_find_what_stands_in_for_a_missing_text() {
    let channels = [channel(1, &["fr", "de"], &[])];
    let composer = composer(Plane::Store, vec![], &[], &channels);
    let document = composer.compose(mug());
    assert_eq!(names(&composer), [("de,fr", "de"), ("fr", "fr")]);
    for view in [0, 1] {
        assert_eq!(passages(&document, view, TextClass::Name), ["Tasse"]);
        assert_eq!(passages(&document, view, TextClass::Body), ["Holds tea"]);
    }
    assert_eq!(column(&document.columns, "status"), []);
}

#[test]
fn attributes_go_where_their_type_says() {
    let searchable = |attribute| Attribute {
        searchable: true,
        ..attribute
    };
    let hidden = |attribute| Attribute {
        filterable: false,
        ..attribute
    };
    let localizable = |attribute| Attribute {
        localizable: true,
        sortable: true,
        ..attribute
    };
    let attributes = vec![
        attribute("plain", TEXT),
        searchable(hidden(attribute("spoken", TEXT))),
        hidden(attribute("secret", TEXT)),
        localizable(attribute("title", TEXT)),
        searchable(Attribute {
            set: true,
            ..attribute("finish", choices(&[("m", "Matt"), ("g", "Gloss")]))
        }),
        searchable(of_variants(attribute("pages", INTEGER))),
        of_variants(attribute("size", choices(&[("s", "Small")]))),
    ];
    let channels = [channel(1, &["en", "de"], &[])];
    let composer = composer(Plane::Store, attributes, &["size"], &channels);
    let title = [("en", "Title"), ("de", "Titel")].map(|(tag, text)| (tag.to_owned(), one(text)));
    let finish = ["m", "g", "m"].map(|v| AttributeValue::Text(v.to_owned()));
    let mut variant = small();
    let pages = CopyValue::One(AttributeValue::Integer(42));
    variant.attributes = vec![("pages".to_owned(), pages)];
    let document = composer.compose(ProductCopy {
        attributes: vec![
            ("plain".to_owned(), one("silent")),
            ("spoken".to_owned(), one("heard")),
            ("secret".to_owned(), one("secret")),
            ("title".to_owned(), CopyValue::Localized(title.into())),
            ("finish".to_owned(), CopyValue::Set(finish.into())),
            ("unknown".to_owned(), one("unknown")),
        ],
        variants: vec![variant],
        ..mug()
    });
    let of_attributes: BTreeMap<_, _> = document
        .columns
        .iter()
        .filter(|(name, _)| name.starts_with("attributes."))
        .cloned()
        .collect();
    assert_eq!(
        of_attributes.into_iter().collect::<Vec<_>>(),
        [
            ("attributes.finish".to_owned(), words(&["g", "m"])),
            ("attributes.plain".to_owned(), words(&["silent"])),
            ("attributes.title@de,en".to_owned(), words(&["Titel"])),
            ("attributes.title@en".to_owned(), words(&["Title"])),
        ]
    );
    assert_eq!(
        column(&document.variants[0].columns, "attributes.pages"),
        [Value::Number(42)]
    );
    assert_eq!(
        passages(&document, 0, TextClass::Attribute),
        [
            "heard",
            "m",
            "Matt (de)",
            "g",
            "Gloss (de)",
            "42",
            "s",
            "Small (de)"
        ]
    );
    assert_eq!(
        passages(&document, 1, TextClass::Attribute),
        ["heard", "m", "Matt", "g", "Gloss", "42", "s", "Small"]
    );
    assert!(
        document
            .sort_texts
            .contains(&("attributes.title@en".to_owned(), "Title".to_owned()))
    );
}

#[test]
fn products_of_types_that_disagree_have_no_column() {
    let types = [
        product_type(1, vec![attribute("a", TEXT)], &[]),
        product_type(2, vec![attribute("a", INTEGER)], &[]),
    ];
    let composer = Composer::new(Plane::Store, &types, &[channel(1, &["en"], &[])], &locale("en"));
    let document = composer.compose(ProductCopy {
        attributes: vec![("a".to_owned(), one("x"))],
        ..mug()
    });
    assert_eq!(column(&document.columns, "attributes.a"), []);
    let measure = Measure::new(Number::parse("1").unwrap(), "kg").unwrap();
    assert!(encode(&AttributeValue::Measure(measure)).is_some());
}

#[test]
fn the_layout_is_another_one_exactly_when_documents_are() {
    let channels = [channel(1, &["en"], &[])];
    let of = |attributes: Vec<Attribute>, axes: &[&str]| {
        composer(Plane::Store, attributes, axes, &channels)
            .layout()
            .clone()
    };
    let plain = || attribute("a", choices(&[("s", "Small")]));
    let first = of(vec![plain()], &[]);
    assert_eq!(first, of(vec![plain()], &[]));
    let renamed = Attribute {
        name: localized(&[("en", "Renamed")]),
        ..plain()
    };
    assert_eq!(first, of(vec![renamed], &[]), "what it is called is not indexed");
    let more = choices(&[("s", "Small"), ("l", "Large")]);
    assert_eq!(
        first,
        of(vec![attribute("a", more)], &[]),
        "nor what its choices are, unless they are searched"
    );
    let searchable = |kind| Attribute {
        searchable: true,
        ..attribute("a", kind)
    };
    let searched = of(vec![searchable(choices(&[("s", "Small")]))], &[]);
    let layouts = [
        first,
        searched,
        of(vec![searchable(choices(&[("s", "Tiny")]))], &[]),
        of(vec![], &[]),
        of(vec![of_variants(plain())], &[]),
        of(vec![of_variants(plain())], &["a"]),
        of(vec![attribute("a", INTEGER)], &[]),
        composer(Plane::Management, vec![plain()], &[], &channels)
            .layout()
            .clone(),
        composer(Plane::Store, vec![plain()], &[], &[channel(1, &["de"], &[])])
            .layout()
            .clone(),
    ];
    for (index, one) in layouts.iter().enumerate() {
        for other in layouts.iter().skip(index + 1) {
            assert_ne!(one, other);
        }
    }
}
