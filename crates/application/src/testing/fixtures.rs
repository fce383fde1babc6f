//! States to write, as short as a scenario needs them.

use std::collections::BTreeMap;

use domain::category::{Category, CategoryContent, CategoryState};
use domain::channel::{ChannelContent, ChannelCurrencies, ChannelLocales};
use domain::product::{Product, ProductContent, ProductState, Seo, Variant, VariantContent, VariantState};
use domain::product_type::{AttributeValue, Attributes, Measure};
use domain::value::{
    Country, Currency, Decimal, Dimensions, Gtin, Json, JsonNumber, Key, LengthUnit, Locale, Localized,
    LocalizedSlug, Media, MediaRole, Metadata, Money, Number, Price, Prices, Sku, Slug, Text, Weight,
    WeightUnit,
};
use domain::{CategoryId, Change, ProductId, ProductTypeId, VariantId};

use super::Harness;

pub fn locale(tag: &str) -> Locale {
    Locale::parse(tag).unwrap()
}

pub fn key(key: &str) -> Option<Key> {
    Some(Key::parse(key).unwrap())
}

pub fn slug(slug: &str) -> LocalizedSlug {
    LocalizedSlug::new(BTreeMap::from([(locale("en"), Slug::parse(slug).unwrap())])).unwrap()
}

pub fn text<const MAX: usize>(text: &str) -> Localized<MAX> {
    Localized::new(BTreeMap::from([(locale("en"), Text::parse(text).unwrap())])).unwrap()
}

/// The least a product can say; its slug is told apart by a number.
pub fn product(h: &Harness) -> ProductContent {
    ProductContent {
        key: None,
        name: text("Kettle"),
        slug: slug(&format!("kettle-{}", h.number())),
        description: None,
        brand: None,
        tags: vec![],
        categories: vec![],
        media: vec![],
        seo: None,
        option_axes: vec![],
        product_type: ProductTypeId::GENERIC,
        attributes: Attributes::default(),
        metadata: Metadata::default(),
        channels: vec![],
        relations: vec![],
    }
}

/// A product that says all that a product can.
pub fn full_product(h: &Harness, category: CategoryId) -> ProductContent {
    let mut metadata = Metadata::default();
    metadata
        .add("erp".to_owned(), "“4711” \\ \u{1f9f8}".to_owned())
        .unwrap();
    let names = [
        (locale("de-AT"), Text::parse("Häferl").unwrap()),
        (locale("en"), Text::parse("Mug").unwrap()),
    ];
    ProductContent {
        key: key(&format!("mug-{}", h.number())),
        name: Localized::new(BTreeMap::from(names)).unwrap(),
        description: Some(text("Holds\n\ttea.")),
        brand: Some(Text::parse("Käthe & Sons").unwrap()),
        tags: vec![Text::parse("kitchen").unwrap(), Text::parse("a gift").unwrap()],
        categories: vec![category],
        media: vec![media()],
        seo: Some(Seo {
            title: Some(text("Buy a mug")),
            description: None,
        }),
        option_axes: vec![Text::parse("size").unwrap(), Text::parse("colour").unwrap()],
        attributes: full_attributes(),
        metadata,
        ..product(h)
    }
}

pub fn variant(h: &Harness) -> VariantContent {
    VariantContent {
        key: None,
        sku: Sku::parse(format!("SKU {}", h.number())).unwrap(),
        gtin: None,
        mpn: None,
        options: BTreeMap::new(),
        prices: Prices::default(),
        media: vec![],
        weight: None,
        dimensions: None,
        position: 0,
        attributes: Attributes::default(),
        metadata: Metadata::default(),
    }
}

/// A value of every kind. Stores keep them whatever the type says.
pub fn full_attributes() -> Attributes {
    let time = |text: &str| text.parse::<domain::Timestamp>().unwrap();
    let json = Json::Object(BTreeMap::from([
        (
            "n".to_owned(),
            Json::Number(JsonNumber::from_float(1.5e300).unwrap()),
        ),
        ("l".to_owned(), Json::List(vec![Json::Null, Json::Boolean(true)])),
    ]));
    let localized = [("de-AT", "Häferl"), ("en", "Mug")]
        .map(|(tag, text)| (locale(tag), AttributeValue::Text(text.to_owned())));
    let values = [
        ("text", AttributeValue::Text("“4711” \\ \u{1f9f8}".to_owned())),
        ("integer", AttributeValue::Integer(-9_007_199_254_740_991)),
        (
            "decimal",
            AttributeValue::Decimal(Number::parse("-0.000001").unwrap()),
        ),
        ("boolean", AttributeValue::Boolean(false)),
        ("date", AttributeValue::Date("2024-02-29".parse().unwrap())),
        (
            "dateTime",
            AttributeValue::DateTime(time("2026-01-31T12:00:00.123456Z")),
        ),
        (
            "measure",
            AttributeValue::Measure(Measure::new(Number::parse("1.5").unwrap(), "fl_oz").unwrap()),
        ),
        ("json", AttributeValue::Json(json)),
        ("localized", AttributeValue::Localized(BTreeMap::from(localized))),
    ];
    values
        .into_iter()
        .map(|(name, value)| (Key::parse(name).unwrap(), value))
        .collect()
}

/// A variant that says all that a variant can, for the axes of [`full_product`].
pub fn full_variant(h: &Harness) -> VariantContent {
    let mut prices = Prices::default();
    for (code, amount, compare_at) in [("EUR", 1999, Some(2499)), ("JPY", 3000, None), ("KWD", 1, None)] {
        let currency = Currency::parse(code).unwrap();
        let compare_at = compare_at.map(|minor| Money::from_minor(minor, currency).unwrap());
        prices
            .add(Price::new(Money::from_minor(amount, currency).unwrap(), compare_at).unwrap())
            .unwrap();
    }
    let decimal = |text| Decimal::parse(text).unwrap();
    VariantContent {
        key: key(&format!("mug-{}-l", h.number())),
        gtin: Some(Gtin::parse("4006381333931").unwrap()),
        mpn: Some(Text::parse("M-1").unwrap()),
        prices,
        media: vec![media()],
        weight: Some(Weight {
            value: decimal("0.35"),
            unit: WeightUnit::Kilogram,
        }),
        dimensions: Some(Dimensions {
            length: decimal("10"),
            width: decimal("10.5"),
            height: decimal("12"),
            unit: LengthUnit::Centimetre,
        }),
        position: 3,
        attributes: full_attributes(),
        ..with_options(variant(h), &[("size", "L"), ("colour", "“blue”")])
    }
}

pub fn with_options(content: VariantContent, options: &[(&str, &str)]) -> VariantContent {
    let option = |(axis, value): &(&str, &str)| (Text::parse(*axis).unwrap(), Text::parse(*value).unwrap());
    VariantContent {
        options: options.iter().map(option).collect(),
        ..content
    }
}

fn media() -> Media {
    let url = "https://example.com/mug.jpg?w=1".to_owned();
    Media::new(url, Some(text("A mug")), MediaRole::Main).unwrap()
}

pub fn category(h: &Harness, parent: Option<CategoryId>) -> CategoryContent {
    CategoryContent {
        key: None,
        parent,
        name: text("Kitchen"),
        slug: slug(&format!("kitchen-{}", h.number())),
        description: None,
        position: 0,
        media: vec![],
        metadata: Metadata::default(),
    }
}

pub fn new_product(h: &Harness, content: ProductContent) -> Change<ProductState> {
    Product::create(ProductId::new(h.id()), content, h.now())
        .into_change()
        .unwrap()
}

pub fn new_variant(h: &Harness, product: ProductId, content: VariantContent) -> Change<VariantState> {
    Variant::create(VariantId::new(h.id()), product, content, h.now())
        .into_change()
        .unwrap()
}

pub fn new_category(h: &Harness, content: CategoryContent) -> Change<CategoryState> {
    Category::create(CategoryId::new(h.id()), content, h.now())
        .into_change()
        .unwrap()
}

/// What an edit of a stored product comes to.
pub fn edit_product(state: &ProductState, edit: impl FnOnce(&mut Product)) -> Change<ProductState> {
    let mut product = Product::load(state.clone());
    edit(&mut product);
    product.into_change().unwrap()
}

pub fn edit_variant(state: &VariantState, edit: impl FnOnce(&mut Variant)) -> Change<VariantState> {
    let mut variant = Variant::load(state.clone());
    edit(&mut variant);
    variant.into_change().unwrap()
}

pub fn edit_category(state: &CategoryState, edit: impl FnOnce(&mut Category)) -> Change<CategoryState> {
    let mut category = Category::load(state.clone());
    edit(&mut category);
    category.into_change().unwrap()
}

pub fn renamed(state: &ProductState, h: &Harness, name: &str) -> Change<ProductState> {
    let content = ProductContent {
        name: text(name),
        ..state.content.clone()
    };
    edit_product(state, |p| p.revise(content, h.now()).unwrap())
}

impl Harness {
    /// Stores a new product.
    pub async fn product(&self, content: ProductContent) -> ProductState {
        let change = new_product(self, content);
        let state = change.after.clone();
        self.commit(change).await.unwrap();
        state
    }

    /// Stores a new variant.
    pub async fn variant(&self, product: ProductId, content: VariantContent) -> VariantState {
        let change = new_variant(self, product, content);
        let state = change.after.clone();
        self.commit(change).await.unwrap();
        state
    }

    /// Stores a new category.
    pub async fn category(&self, parent: Option<CategoryId>) -> CategoryState {
        let change = new_category(self, category(self, parent));
        let state = change.after.clone();
        self.commit(change).await.unwrap();
        state
    }

    /// Stores an edit of a product.
    pub async fn edited(&self, state: &ProductState, edit: impl FnOnce(&mut Product)) -> ProductState {
        let change = edit_product(state, edit);
        let state = change.after.clone();
        self.commit(change).await.unwrap();
        state
    }
}

/// A channel that says all that a channel can.
pub fn channel(h: &Harness) -> ChannelContent {
    let mut metadata = Metadata::default();
    metadata.add("owner".to_owned(), "web".to_owned()).unwrap();
    let (en, de) = (locale("en"), locale("de"));
    let fallbacks = BTreeMap::from([(de.clone(), en.clone())]);
    let currencies = ["EUR", "JPY"].map(|code| Currency::parse(code).unwrap());
    ChannelContent {
        key: Key::parse(format!("channel-{}", h.number())).unwrap(),
        name: text("Web"),
        locales: ChannelLocales::new(vec![de, en.clone()], en, fallbacks).unwrap(),
        currencies: ChannelCurrencies::new(currencies.to_vec(), currencies[1]).unwrap(),
        countries: vec![Country::parse("DE").unwrap()],
        price_lists: vec![domain::pricing::base_list()],
        metadata,
    }
}
