//! The catalog as a file that imports back without any change, and into an empty catalog as the same.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use application::category::CategoryReader;
use application::channel::ChannelReader;
use application::page::{Count, PageRequest, Sort, SortField};
use application::pricing::{PriceFilter, PriceListReader, PriceReader};
use application::product::{ProductFilter, ProductReader, VariantNames, VariantReader};
use application::product_type::ProductTypeReader;
use application::resource::ResourceReader;
use application::store::StoreError;
use domain::category::CategoryState;
use domain::channel::ChannelContent;
use domain::pricing::PriceListContent;
use domain::product::{ProductState, ProductStatus, VariantState};
use domain::resource::{Content, Identity, State};
use domain::{CategoryId, ChannelId, PriceListId, ProductId, ProductTypeId};
use serde::Serialize;

use crate::wire::{CategoryInput, ChannelInput, PriceInput, PriceListInput, ProductInput, ProductTypeInput};

const PAGE: u32 = 200;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// The readers of a catalog that is written out.
#[derive(Clone, Copy)]
pub(crate) struct Exported<'a> {
    pub(crate) types: &'a ProductTypeReader,
    pub(crate) channels: &'a ChannelReader,
    pub(crate) price_lists: &'a PriceListReader,
    pub(crate) categories: &'a dyn CategoryReader,
    pub(crate) products: &'a dyn ProductReader,
    pub(crate) variants: &'a dyn VariantReader,
    pub(crate) prices: &'a dyn PriceReader,
}

#[derive(Serialize)]
#[serde(tag = "resource", rename_all = "camelCase")]
enum Line {
    ProductType(ProductTypeInput),
    Channel(ChannelInput),
    PriceList(PriceListInput),
    Category(CategoryInput),
    Product {
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
        #[serde(flatten)]
        content: Box<ProductInput>,
    },
    Price(PriceInput),
}

/// Writes what is not deleted, one JSON object per line, and answers how many lines: product types, channels, price lists,
/// categories, parents first, products with their variants, and the prices of each list. A resource without key is named
/// by its id. A published product with unpublished changes has no status, so that importing it does not publish them. A product
/// that is related to a later one has a second line, after all of them.
///
/// Products and prices are read page by page, each as it is when its page is read.
pub(crate) async fn export(from: Exported<'_>, out: &mut (impl Write + Send)) -> Result<u64, ExportError> {
    let mut lines = Lines { out, count: 0 };
    let types = all(from.types).await?;
    let channels = all(from.channels).await?;
    let lists = all(from.price_lists).await?;
    let (type_keys, channel_keys, list_keys) = (keys(&types), keys(&channels), keys(&lists));
    for State { content, .. } in &types {
        lines.write(&Line::ProductType(content.into()))?;
    }
    for State { content, .. } in &channels {
        lines.write(&Line::Channel(channel(content, &list_keys)))?;
    }
    for State { content, .. } in &lists {
        lines.write(&Line::PriceList(price_list(content, &channel_keys)))?;
    }
    let mut categories = HashMap::new();
    for CategoryState { id, content, .. } in from.categories.tree().await? {
        let mut input = CategoryInput::from(&content);
        let key = input.key.get_or_insert_with(|| id.to_string());
        categories.insert(id, key.clone());
        input.parent = content.parent.map(|parent| reference(parent, &categories));
        lines.write(&Line::Category(input))?;
    }
    let names = Names {
        categories,
        channels: channel_keys,
        types: type_keys,
    };
    products(from, &names, false, &mut lines).await?;
    products(from, &names, true, &mut lines).await?;
    for list in &lists {
        prices(from, list, &mut lines).await?;
    }
    lines.out.flush()?;
    Ok(lines.count)
}

struct Lines<'a, W> {
    out: &'a mut W,
    count: u64,
}

impl<W: Write> Lines<'_, W> {
    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut *self.out, line)?;
        self.count += 1;
        self.out.write_all(b"\n")
    }
}

/// All products, or, once these are written, those again that are related to later ones.
async fn products<W: Write>(
    from: Exported<'_>,
    names: &Names,
    again: bool,
    lines: &mut Lines<'_, W>,
) -> Result<(), ExportError> {
    let mut page = first_page();
    loop {
        let found = from.products.list(&ProductFilter::default(), &page).await?;
        let mut items = found.items;
        if again {
            items.retain(leads_on);
        }
        let mut variants: HashMap<ProductId, Vec<VariantState>> = HashMap::new();
        if !again {
            let ids: Vec<_> = items.iter().map(|product| product.id).collect();
            for variant in from.products.variants_of(&ids).await? {
                variants.entry(variant.product).or_default().push(variant);
            }
        }
        let related = related_keys(from.products, &items).await?;
        for product in &items {
            let variants = variants.remove(&product.id).unwrap_or_default();
            let line = product_line(product, &variants, names, &related);
            if !again && leads_on(product) {
                let mut line = serde_json::to_value(&line).map_err(io::Error::from)?;
                // What is not said is left as it is.
                line.as_object_mut().map(|members| members.remove("relations"));
                lines.write(&line)?;
            } else {
                lines.write(&line)?;
            }
        }
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Whether the product is related to one that stands further down.
fn leads_on(product: &ProductState) -> bool {
    let mut relations = product.content.relations.iter();
    relations.any(|relation| relation.product > product.id)
}

/// The prices of a list. One whose variant is deleted is left out: nobody is asked it.
async fn prices<W: Write>(
    from: Exported<'_>,
    list: &State<PriceListContent>,
    lines: &mut Lines<'_, W>,
) -> Result<(), ExportError> {
    let filter = PriceFilter {
        list: Some(list.id),
        ..PriceFilter::default()
    };
    let mut page = first_page();
    loop {
        let found = from.prices.list(&filter, &page).await?;
        let ids: HashSet<_> = found.items.iter().map(|price| price.variant).collect();
        let named = VariantNames {
            ids: ids.into_iter().collect(),
            ..VariantNames::default()
        };
        let sold = if named.is_empty() {
            Vec::new()
        } else {
            from.variants.lookup(&named).await?
        };
        let skus: HashMap<_, _> = sold.into_iter().map(|v| (v.id, v.content.sku)).collect();
        for price in &found.items {
            let Some(sku) = skus.get(&price.variant) else {
                continue;
            };
            let input = PriceInput {
                price_list: format!("key:{}", list.content.key),
                variant: format!("sku:{sku}"),
                ..PriceInput::from(price)
            };
            lines.write(&Line::Price(input))?;
        }
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(()),
        }
    }
}

const fn first_page() -> PageRequest {
    PageRequest {
        sort: Sort {
            field: SortField::Id,
            descending: false,
        },
        after: None,
        limit: PAGE,
        count: Count::None,
    }
}

/// What the file calls what products refer to.
struct Names {
    categories: HashMap<CategoryId, String>,
    channels: HashMap<ChannelId, String>,
    types: HashMap<ProductTypeId, String>,
}

/// All of a kind of which there are few.
async fn all<C: Content>(reader: &dyn ResourceReader<C>) -> Result<Vec<State<C>>, StoreError> {
    let mut states = Vec::new();
    let mut page = first_page();
    loop {
        let found = reader.list(false, &page).await?;
        states.extend(found.items);
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(states),
        }
    }
}

fn keys<C: Content>(states: &[State<C>]) -> HashMap<C::Id, String> {
    let named = |state: &State<C>| Some((state.id, state.content.key()?.to_string()));
    states.iter().filter_map(named).collect()
}

/// What the file calls the products that these are related to; one that is deleted keeps its id.
async fn related_keys(
    reader: &dyn ProductReader,
    products: &[ProductState],
) -> Result<HashMap<ProductId, String>, StoreError> {
    let relations = products.iter().flat_map(|product| &product.content.relations);
    let ids: HashSet<_> = relations.map(|relation| relation.product).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<_> = ids.into_iter().collect();
    let found = reader.by_ids(&ids).await?;
    let named = |product: ProductState| {
        let key = product.content.key.map(|key| key.to_string());
        (product.id, key.unwrap_or_else(|| product.id.to_string()))
    };
    Ok(found.into_iter().map(named).collect())
}

fn channel(content: &ChannelContent, lists: &HashMap<PriceListId, String>) -> ChannelInput {
    let named = content.price_lists.iter().map(|list| reference(*list, lists));
    ChannelInput {
        price_lists: named.collect(),
        ..ChannelInput::from(content)
    }
}

fn price_list(content: &PriceListContent, channels: &HashMap<ChannelId, String>) -> PriceListInput {
    let mut input = PriceListInput::from(content);
    let named = content.conditions.channels.iter();
    input.conditions.channels = named.map(|channel| reference(*channel, channels)).collect();
    input
}

fn product_line(
    product: &ProductState,
    variants: &[VariantState],
    names: &Names,
    related: &HashMap<ProductId, String>,
) -> Line {
    let mut content = ProductInput::from(&product.content);
    content.key.get_or_insert_with(|| product.id.to_string());
    content.categories = product
        .content
        .categories
        .iter()
        .map(|id| reference(*id, &names.categories))
        .collect();
    for (listing, stored) in content.channels.iter_mut().zip(&product.content.channels) {
        listing.channel = reference(stored.channel, &names.channels);
    }
    for (relation, stored) in content.relations.iter_mut().zip(&product.content.relations) {
        relation.product = reference(stored.product, related);
    }
    if let Some(key) = names.types.get(&product.content.product_type) {
        content.product_type = Some(format!("key:{key}"));
    }
    content.variants = Some(variants.iter().map(|variant| (&variant.content).into()).collect());
    Line::Product {
        status: (!held_back(product)).then_some(product.status.as_str()),
        content: Box::new(content),
    }
}

fn held_back(product: &ProductState) -> bool {
    product.status == ProductStatus::Published && product.has_unpublished_changes()
}

/// By key, so that the file means the same in another catalog.
fn reference<I: Identity>(id: I, keys: &HashMap<I, String>) -> String {
    match keys.get(&id) {
        Some(key) => format!("key:{key}"),
        None => id.to_string(),
    }
}
