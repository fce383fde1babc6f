//! The catalog that both databases are to have, and what is made of generated documents to be written into it.

use std::collections::{BTreeMap, BTreeSet};

use application::search::{
    CategoryTree, Document, Listed, Plane, SearchSettings, SearchSettingsState, TextClass, Value,
    VariantDocument,
};
use application::store::Changes;
use application::testing::fixtures::{locale, slug, text};
use domain::category::{Category, CategoryContent, CategoryState};
use domain::channel::{Channel, ChannelContent, ChannelCurrencies, ChannelLocales, ChannelState};
use domain::pricing::{Price, PriceContent, PriceList, PriceListState, PriceState, Quantity};
use domain::product::{
    Listing, Product, ProductContent, ProductState, Variant, VariantContent, VariantState,
};
use domain::product_type::{
    Attribute, AttributeValue, Attributes, Kind, Level, ProductType, ProductTypeContent, ProductTypeState,
    Required,
};
use domain::resource::{Resource, State};
use domain::value::{
    Decimal, Key, Locale, Localized, MAX_SAFE_INTEGER, Metadata, Money, Prices, Sku, Text, Weight, WeightUnit,
};
use domain::{Change, Event, ProductId, ProductTypeId, Timestamp, VariantId};

use super::super::generate::{Dice, World, id, instant};

/// In which texts are.
const LOCALES: [&str; 5] = ["de-AT", "de", "en", "tr", "ja"];

const LABEL: &str = "attributes.label";
pub(super) const AXIS: &str = "colour";

#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) product: ProductState,
    pub(super) variants: Vec<VariantState>,
    /// The published copy, hidden while the product is deleted.
    pub(super) live: Option<(ProductState, Vec<VariantState>)>,
}

impl Item {
    /// Whether publishing would change what shoppers see.
    pub(super) fn is_pending(&self) -> bool {
        self.live.as_ref().is_none_or(|(product, variants)| {
            let differs = |variant: &VariantState| {
                let live = variants.iter().find(|live| live.id == variant.id);
                live.is_none_or(|live| live.content != variant.content)
            };
            product.content != self.product.content || self.variants.iter().any(differs)
        })
    }

    const fn is_deleted(&self) -> bool {
        self.product.record.deleted_at.is_some()
    }
}

pub(super) struct Shop {
    pub(super) world: World,
    pub(super) dice: Dice,
    pub(super) items: BTreeMap<ProductId, Item>,
    pub(super) prices: Vec<PriceState>,
    pub(super) categories: Vec<CategoryState>,
    pub(super) lists: Vec<PriceListState>,
    pub(super) types: Vec<ProductTypeState>,
    pub(super) channels: Vec<ChannelState>,
    pub(super) settings: SearchSettingsState,
    /// The present of everyone who asks.
    pub(super) now: Timestamp,
    made: usize,
}

impl Shop {
    /// With what is in a catalog from the beginning.
    pub(super) fn new(
        mut dice: Dice,
        world: World,
        base: PriceListState,
        settings: SearchSettingsState,
    ) -> Self {
        Self {
            now: instant(&mut dice).min(instant(&mut dice)),
            world,
            dice,
            items: BTreeMap::new(),
            prices: Vec::new(),
            categories: Vec::new(),
            lists: vec![base],
            types: Vec::new(),
            channels: Vec::new(),
            settings,
            made: 0,
        }
    }

    fn number(&mut self) -> usize {
        self.made += 1;
        self.made
    }

    fn time(&mut self) -> Timestamp {
        let micros = 1_800_000_000_000_000 + i64::try_from(self.number()).unwrap();
        Timestamp::from_timestamp_micros(micros).unwrap()
    }

    /// What all the others refer to.
    pub(super) fn grounds(&mut self) -> Changes {
        let at = self.time();
        let new = |index: usize, content| Channel::create(id(index), content, at).into_change().unwrap();
        let channels = vec![
            new(0, channel(&["de-AT", "de", "en"], &[("de-AT", "de")])),
            new(1, channel(&["tr", "ja", "en"], &[])),
        ];
        let new = |index, content| ProductType::create(id(index), content, at).into_change().unwrap();
        let product_types = vec![
            new(0, product_type("plain", true)),
            new(1, product_type("other", false)),
        ];
        let tree = self.world.tree.clone();
        let new = |id| {
            let content = CategoryContent {
                key: None,
                parent: tree
                    .get(id)
                    .and_then(|category| category.parent)
                    .filter(|parent| tree.contains_key(parent)),
                name: text("Shelf"),
                slug: slug(&format!("shelf-{id}")),
                description: None,
                position: 0,
                media: vec![],
                metadata: Metadata::default(),
            };
            Category::create(*id, content, at).into_change().unwrap()
        };
        let categories = self.world.categories.iter().map(new).collect();
        let all = self.world.lists.iter().flat_map(|lists| lists.iter());
        let base = self.lists[0].id;
        let lists: BTreeMap<_, _> = all.filter(|list| list.id != base).map(|l| (l.id, l)).collect();
        let new = |list: &PriceListState| PriceList::create(list.id, list.content.clone(), at).into_change();
        Changes {
            channels,
            product_types,
            categories,
            price_lists: lists.into_values().map(|list| new(list).unwrap()).collect(),
            ..Changes::default()
        }
    }

    /// Schedules begin and end.
    pub(super) fn pass(&mut self) {
        self.now = self.now.max(instant(&mut self.dice));
    }

    /// Something that happens to the catalog; it may be refused.
    pub(super) fn change(&mut self) -> Changes {
        match self.dice.below(100) {
            0..36 => self.edit(),
            36..60 => self.advance(),
            60..73 => self.price(),
            73..80 => self.relist(),
            80..87 => self.refile(),
            87..92 => self.retype(),
            92..96 => self.resettle(),
            _ => {
                let mut changes = Changes::default();
                for _ in 0..4 {
                    let Changes {
                        products,
                        variants,
                        prices,
                        ..
                    } = self.edit();
                    let is_there = |id| changes.products.iter().any(|change| change.after.id == id);
                    let is_other = products.first().is_some_and(|change| !is_there(change.after.id));
                    if is_other {
                        changes.products.extend(products);
                        changes.variants.extend(variants);
                        changes.prices.extend(prices);
                    }
                }
                changes
            }
        }
    }

    /// One of the products, deleted ones too.
    fn any(&mut self) -> Option<Item> {
        let all: Vec<&Item> = self.items.values().collect();
        (!all.is_empty()).then(|| (*self.dice.pick(&all)).clone())
    }

    /// A product that is new, or says something else.
    pub(super) fn edit(&mut self) -> Changes {
        let is_new = self.items.len() < 16 || self.items.len() < 40 && self.dice.percent(15);
        let known = if is_new { None } else { self.any() };
        if known.as_ref().is_some_and(Item::is_deleted) {
            return Changes::default();
        }
        let number = self.number();
        let document = self.world.document(&mut self.dice, number);
        let at = self.time();
        let mut of = self.dice.pick(&self.types).id;
        let mut product = match &known {
            None => Product::create(document.id, self.content(&document, number, of), at),
            Some(known) => {
                let mut product = Product::load(known.product.clone());
                if self.dice.percent(75) {
                    product.revise(self.content(&document, number, of), at).unwrap();
                } else {
                    // Only its variants change.
                    of = known.product.content.product_type;
                }
                product
            }
        };
        let id = product.state().id;
        let mut left = known.map(|known| known.variants).unwrap_or_default().into_iter();
        let mut changes = Changes::default();
        let mut colours = BTreeSet::new();
        for (index, generated) in document.variants.iter().enumerate() {
            let kept = left.next();
            let content = self.variant(&document, index, kept.as_ref(), of, &mut colours);
            let variant = match kept {
                None => Variant::create(generated.id, id, content, at),
                Some(kept) => {
                    let mut variant = Variant::load(kept);
                    variant.revise(content, at).unwrap();
                    variant
                }
            };
            let owner = (variant.state().id, id);
            changes.prices.extend(self.prices_of(owner, generated, at));
            changes.variants.extend(variant.into_change());
        }
        for gone in left {
            let mut variant = Variant::load(gone);
            variant.delete(at).unwrap();
            changes.variants.extend(variant.into_change());
        }
        if self.dice.percent(50) {
            product.stage_variants();
            let _: Result<_, _> = product.publish(at);
        }
        changes.products.extend(product.into_change());
        changes
    }

    fn content(&mut self, document: &Document, number: usize, of: ProductTypeId) -> ProductContent {
        let values = |name: &str| values(&document.columns, name);
        let motto: BTreeMap<Locale, AttributeValue> = texts::<255>(document, TextClass::Attribute)
            .map(|(locale, text)| (locale, AttributeValue::Text(text.to_string())))
            .collect();
        let attributes = vec![
            ("rank", values("attributes.rank").first().map(integer)),
            (
                "years",
                set(
                    values("attributes.years").iter().map(number_of),
                    AttributeValue::Integer,
                ),
            ),
            (
                "motto",
                (!motto.is_empty()).then_some(AttributeValue::Localized(motto)),
            ),
        ];
        let categories = values("category").iter().filter_map(|value| {
            let is_it = |state: &&CategoryState| *value == Value::Text(state.id.to_string());
            self.categories.iter().find(is_it).map(|state| state.id)
        });
        let keywords = texts(document, TextClass::Keyword).map(|(_, text)| text);
        let tags = words(values("tags")).chain(keywords);
        let mut channels: Vec<Listing> = Vec::new();
        if let Listed::In(listings) = &document.listed {
            for (channel, window) in listings {
                if channels.iter().all(|listing| listing.channel != *channel) {
                    channels.push(Listing {
                        channel: *channel,
                        window: *window,
                    });
                }
            }
        }
        ProductContent {
            key: self
                .dice
                .maybe(50, |_| Key::parse(format!("key-{number}")).unwrap()),
            name: Localized::new(texts(document, TextClass::Name).collect())
                .unwrap_or_else(|_| text("kettle")),
            slug: slug(&format!("product-{number}")),
            description: Localized::new(texts(document, TextClass::Body).collect()).ok(),
            brand: words(values("brand")).next(),
            tags: tags.collect::<BTreeSet<_>>().into_iter().collect(),
            categories: categories.collect(),
            media: vec![],
            seo: None,
            option_axes: vec![Text::parse(AXIS).unwrap()],
            product_type: of,
            attributes: self.attributes(of, attributes),
            metadata: Metadata::default(),
            channels,
            relations: vec![],
        }
    }

    /// Those that the type has.
    fn attributes(&self, of: ProductTypeId, values: Vec<(&str, Option<AttributeValue>)>) -> Attributes {
        let of = self.types.iter().find(|state| state.id == of).unwrap();
        let known = values.into_iter().filter_map(|(key, value)| {
            let key = Key::parse(key).unwrap();
            of.content.attribute(&key)?;
            Some((key, value?))
        });
        known.collect()
    }

    fn variant(
        &mut self,
        document: &Document,
        index: usize,
        kept: Option<&VariantState>,
        of: ProductTypeId,
        colours: &mut BTreeSet<Text<255>>,
    ) -> VariantContent {
        let generated = &document.variants[index];
        let values = |name: &str| values(&generated.columns, name);
        let number = self.number();
        let identifier = document.identifiers.get(index).filter(|sku| self.is_free(sku));
        let sku = match (kept, identifier) {
            (_, Some(identifier)) => identifier.clone(),
            (Some(kept), None) => kept.content.sku.to_string(),
            (None, None) => format!("SKU-{number}"),
        };
        let mut colour = words(values("options.colour"))
            .next()
            .unwrap_or_else(|| Text::parse("plain").unwrap());
        if !colours.insert(colour.clone()) {
            colour = Text::parse(format!("{colour} {index}")).unwrap();
            colours.insert(colour.clone());
        }
        let mut prices = Prices::default();
        for price in generated.prices.iter().filter(|price| price.id.is_none()) {
            let amount = Money::from_minor(price.minor, price.currency).unwrap();
            prices
                .add(domain::value::Price::new(amount, None).unwrap())
                .unwrap();
        }
        let label = words::<255>(values(LABEL)).map(|text| text.to_string());
        let label = set(label, AttributeValue::Text);
        let label = label.map(|label| {
            let tag = *self.dice.pick(&LOCALES);
            AttributeValue::Localized(BTreeMap::from([(locale(tag), label)]))
        });
        let sizes = set(
            values("attributes.sizes").iter().map(number_of),
            AttributeValue::Integer,
        );
        VariantContent {
            key: self
                .dice
                .maybe(30, |_| Key::parse(format!("variant-{number}")).unwrap()),
            prices,
            weight: values("weight").first().map(|value| Weight {
                value: Decimal::parse(&(number_of(value).rem_euclid(1000)).to_string()).unwrap(),
                unit: WeightUnit::Gram,
            }),
            attributes: self.attributes(of, vec![("sizes", sizes), ("label", label)]),
            ..VariantContent::new(
                Sku::parse(sku).unwrap(),
                BTreeMap::from([(Text::parse(AXIS).unwrap(), colour)]),
                u32::try_from(self.dice.below(3)).unwrap(),
            )
        }
    }

    fn is_free(&self, sku: &str) -> bool {
        let live = |item: &Item| {
            item.live
                .clone()
                .map(|(_, variants)| variants)
                .unwrap_or_default()
        };
        let mut variants = self
            .items
            .values()
            .flat_map(|item| [item.variants.clone(), live(item)].concat());
        variants.all(|variant| variant.content.sku.as_str() != sku)
    }

    /// Other prices in lists for a variant, in place of those that it has.
    fn prices_of(
        &mut self,
        (variant, product): (VariantId, ProductId),
        generated: &VariantDocument,
        at: Timestamp,
    ) -> Vec<Change<PriceState>> {
        let own = self.prices.iter().filter(|price| price.variant == variant);
        let mut changes: Vec<Change<PriceState>> = own
            .map(|price| {
                let mut price = Price::load(price.clone());
                price.delete(at).unwrap();
                price.into_change().unwrap()
            })
            .collect();
        for price in &generated.prices {
            let is_there = self.lists.iter().any(|list| list.id == price.list);
            let Some(id) = price.id.filter(|_| is_there) else {
                continue;
            };
            let amount = Money::from_minor(price.minor, price.currency).unwrap();
            let quantity = if self.dice.percent(10) { 10 } else { 1 };
            let content = PriceContent {
                price: domain::value::Price::new(amount, None).unwrap(),
                min_quantity: Quantity::new(quantity).unwrap(),
                validity: price.validity,
            };
            let change = Price::create(id, price.list, (variant, product), content, at)
                .into_change()
                .unwrap();
            if changes.iter().all(|other| !other.after.excludes(&change.after)) {
                changes.push(change);
            }
        }
        changes
    }

    /// Between draft, shelf and archive, or away and back.
    fn advance(&mut self) -> Changes {
        let Some(item) = self.any() else {
            return Changes::default();
        };
        let at = self.time();
        let mut product = Product::load(item.product.clone());
        if item.is_pending() {
            product.stage_variants();
        }
        let _: Result<_, _> = match self.dice.below(20) {
            _ if item.is_deleted() && self.dice.percent(80) => product.restore(at),
            0..12 => product.publish(at),
            12 | 13 => product.unpublish(at),
            14 => product.archive(at),
            15 => product.restore(at),
            16..19 => product.delete(at),
            _ => {
                product.erase(at);
                Ok(())
            }
        };
        product.into_change().map(Changes::from).unwrap_or_default()
    }

    /// A price of a variant, or all of them, are others.
    fn price(&mut self) -> Changes {
        let at = self.time();
        let prices = self.prices.clone();
        if prices.is_empty() || self.dice.percent(40) {
            let number = self.number();
            let generated = self.world.document(&mut self.dice, number).variants;
            let variants = self
                .any()
                .filter(|item| !item.is_deleted())
                .map(|item| item.variants);
            let both = generated.iter().zip(variants.unwrap_or_default());
            let changes = both.flat_map(|(generated, v)| self.prices_of((v.id, v.product), generated, at));
            return changes.collect::<Vec<_>>().into();
        }
        let mut price = Price::load(self.dice.pick(&prices).clone());
        if self.dice.percent(30) {
            price.delete(at).unwrap();
        } else {
            let content = price.state().content;
            let minor = *self.dice.pick(&[0, 1, 100, 101, 999, 1000, 5000]);
            let amount = Money::from_minor(minor, content.price.amount().currency()).unwrap();
            let price_of = domain::value::Price::new(amount, None).unwrap();
            let content = PriceContent {
                price: price_of,
                ..content
            };
            price.revise(content, at).unwrap();
        }
        price.into_change().map(Changes::from).unwrap_or_default()
    }

    fn relist(&mut self) -> Changes {
        let at = self.time();
        let known = self.dice.pick(&self.lists).clone();
        let other = self
            .dice
            .pick(&self.world.lists)
            .iter()
            .find(|list| list.id == known.id)
            .cloned();
        let mut content = other.map_or_else(|| known.content.clone(), |list| list.content);
        content.key = known.content.key.clone();
        if self.dice.percent(40) {
            content.priority = self.dice.pick(&self.lists).content.priority;
        }
        revised(known, content, at).map(Changes::from).unwrap_or_default()
    }

    fn refile(&mut self) -> Changes {
        let at = self.time();
        if self.categories.is_empty() {
            return Changes::default();
        }
        let mut category = Category::load(self.dice.pick(&self.categories).clone());
        if self.dice.percent(15) {
            category.delete(at).unwrap();
        } else {
            let mut content = category.state().content.clone();
            content.parent = self.dice.maybe(80, |dice| dice.pick(&self.categories).id);
            category.revise(content, at).unwrap();
        }
        category.into_change().map(Changes::from).unwrap_or_default()
    }

    fn retype(&mut self) -> Changes {
        let at = self.time();
        let known = self.dice.pick(&self.types).clone();
        let mut content = known.content.clone();
        let index = self.dice.below(content.attributes.len());
        let attribute = &mut content.attributes[index];
        attribute.searchable = !attribute.searchable;
        if content.key.as_str() == "other" {
            // The other type has the same, so that there always is one.
            attribute.filterable = !attribute.filterable;
        }
        revised(known, content, at).map(Changes::from).unwrap_or_default()
    }

    fn resettle(&mut self) -> Changes {
        let at = self.time();
        let settings: SearchSettings = (**self.dice.pick(&self.world.settings)).clone();
        revised(self.settings.clone(), settings, at)
            .map(Changes::from)
            .unwrap_or_default()
    }

    /// What was stored.
    pub(super) fn absorb(&mut self, changes: &Changes) {
        let Changes {
            categories,
            products,
            variants,
            channels,
            price_lists,
            prices,
            product_types,
            search_settings,
            media: _,
            basis: _,
        } = changes.clone();
        for Change { after, .. } in categories {
            self.categories.retain(|state| state.id != after.id);
            if after.record.deleted_at.is_none() {
                self.categories.push(after);
            }
        }
        for Change { after, .. } in prices {
            self.prices.retain(|state| state.id != after.id);
            if after.record.deleted_at.is_none() {
                self.prices.push(after);
            }
        }
        take(&mut self.channels, channels);
        take(&mut self.lists, price_lists);
        take(&mut self.types, product_types);
        if let Some(change) = search_settings.into_iter().next() {
            self.settings = change.after;
        }
        for Change { after, .. } in &products {
            let new = || Item {
                product: after.clone(),
                variants: vec![],
                live: None,
            };
            self.items.entry(after.id).or_insert_with(new).product = after.clone();
        }
        for Change { after, .. } in variants {
            let item = self.items.get_mut(&after.product).unwrap();
            item.variants.retain(|state| state.id != after.id);
            if after.record.deleted_at.is_none() {
                item.variants.push(after);
            } else if let Some((_, live)) = &mut item.live {
                live.retain(|state| state.id != after.id);
            }
        }
        for Change { after, events, .. } in &products {
            let item = self.items.get_mut(&after.id).unwrap();
            if after.status != domain::product::ProductStatus::Published {
                item.live = None;
            } else if events.contains(&Event::Published) {
                item.live = Some((after.clone(), item.variants.clone()));
            }
            if events.contains(&Event::Erased) {
                let gone = self.items.remove(&after.id).unwrap();
                self.prices.retain(|price| price.product != gone.product.id);
            }
        }
    }

    pub(super) fn tree(&self) -> CategoryTree {
        let category = |state: &CategoryState| {
            let parent = state.content.parent;
            (state.id, application::search::Category { parent })
        };
        self.categories.iter().map(category).collect()
    }

    pub(super) fn documents(&self, plane: Plane) -> Vec<Document> {
        let there = self.items.values().filter(|item| !item.is_deleted());
        there.filter_map(|item| self.document(plane, item)).collect()
    }
}

fn take<C: domain::resource::Content>(all: &mut Vec<State<C>>, changes: Vec<Change<State<C>>>) {
    for Change { after, .. } in changes {
        match all.iter_mut().find(|state| state.id == after.id) {
            Some(state) => *state = after,
            None => all.push(after),
        }
    }
}

fn revised<C: domain::resource::Content>(
    state: State<C>,
    content: C,
    at: Timestamp,
) -> Option<Change<State<C>>> {
    let mut resource = Resource::load(state);
    resource.revise(content, at).unwrap();
    resource.into_change()
}

fn channel(locales: &[&str], fallbacks: &[(&str, &str)]) -> ChannelContent {
    let all: Vec<Locale> = locales.iter().map(|tag| locale(tag)).collect();
    let fallbacks = fallbacks.iter().map(|(from, to)| (locale(from), locale(to)));
    let currencies = ["EUR", "JPY"].map(|code| domain::value::Currency::parse(code).unwrap());
    ChannelContent {
        key: Key::parse(locales[0]).unwrap(),
        name: text("Channel"),
        locales: ChannelLocales::new(all, locale("en"), fallbacks.collect()).unwrap(),
        currencies: ChannelCurrencies::new(currencies.to_vec(), currencies[0]).unwrap(),
        countries: vec![],
        price_lists: vec![],
        metadata: Metadata::default(),
    }
}

/// Two types that have attributes in common.
fn product_type(key: &str, is_plain: bool) -> ProductTypeContent {
    let attribute = |key: &str, level: Level, kind: Kind, set: bool, localizable: bool| Attribute {
        key: Key::parse(key).unwrap(),
        name: text(key),
        kind,
        set,
        level,
        required: Required::Never,
        unique: false,
        localizable,
        searchable: is_plain || localizable,
        filterable: is_plain || localizable,
        sortable: is_plain && !set,
    };
    let number = || Kind::Integer { min: None, max: None };
    let words = || Kind::Text {
        min: None,
        max: None,
        pattern: None,
    };
    let mut attributes = vec![
        attribute("rank", Level::Product, number(), false, false),
        attribute("motto", Level::Product, words(), false, true),
        attribute("sizes", Level::Variant, number(), true, false),
    ];
    if is_plain {
        attributes.push(attribute("years", Level::Product, number(), true, false));
        attributes.push(attribute("label", Level::Variant, words(), true, true));
    }
    ProductTypeContent {
        key: Key::parse(key).unwrap(),
        name: text(key),
        attributes,
        option_attributes: vec![],
        metadata: Metadata::default(),
    }
}

fn values<'a>(columns: &'a [(String, Vec<Value>)], name: &str) -> &'a [Value] {
    let found = columns.iter().find(|(column, _)| column == name);
    found.map(|(_, values)| values.as_slice()).unwrap_or_default()
}

/// Those that may stand in a catalog.
fn words<const MAX: usize>(values: &[Value]) -> impl Iterator<Item = Text<MAX>> {
    values.iter().filter_map(|value| match value {
        Value::Text(text) => Text::parse(text.clone()).ok(),
        Value::Number(_) => None,
    })
}

fn number_of(value: &Value) -> i64 {
    match value {
        Value::Number(number) => (*number).clamp(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER),
        Value::Text(text) => panic!("{text} is no number"),
    }
}

fn integer(value: &Value) -> AttributeValue {
    AttributeValue::Integer(number_of(value))
}

/// With each value once.
fn set<T: Ord>(values: impl Iterator<Item = T>, make: fn(T) -> AttributeValue) -> Option<AttributeValue> {
    let values: BTreeSet<T> = values.collect();
    (!values.is_empty()).then(|| AttributeValue::Set(values.into_iter().map(make).collect()))
}

fn texts<const MAX: usize>(
    document: &Document,
    class: TextClass,
) -> impl Iterator<Item = (Locale, Text<MAX>)> {
    let those = document
        .passages
        .iter()
        .filter(move |passage| passage.class == class);
    those.filter_map(|passage| {
        let tag = LOCALES[passage.view % LOCALES.len()];
        Some((locale(tag), Text::parse(passage.text.clone()).ok()?))
    })
}
