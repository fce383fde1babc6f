//! The catalog as a file that imports back without any change.

use std::collections::HashMap;
use std::io::{self, Write};

use application::category::CategoryReader;
use application::channel::ChannelReader;
use application::page::{Count, PageRequest, Sort, SortField};
use application::product::{ProductFilter, ProductReader};
use application::product_type::ProductTypeReader;
use application::resource::ResourceReader;
use application::store::StoreError;
use domain::category::CategoryState;
use domain::product::{ProductState, ProductStatus, VariantState};
use domain::resource::{Content, Identity, State};
use domain::{CategoryId, ChannelId, ProductId, ProductTypeId};
use serde::Serialize;

use crate::wire::{CategoryInput, ProductInput};

const PAGE: u32 = 200;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the export cannot be written: {0}")]
    Write(#[from] io::Error),
}

#[derive(Serialize)]
#[serde(tag = "resource", rename_all = "camelCase")]
enum Line {
    Category(CategoryInput),
    Product {
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
        #[serde(flatten)]
        content: Box<ProductInput>,
    },
}

/// Writes all categories that are not deleted, parents first, and then all products with their variants, one JSON
/// object per line, and answers how many lines. A resource without key is named by its id. A published product with
/// unpublished changes has no status, so that importing it does not publish them.
///
/// Products are read page by page, each as it is when its page is read.
pub(crate) async fn export(
    categories: &dyn CategoryReader,
    channels: &ChannelReader,
    products: &dyn ProductReader,
    types: &ProductTypeReader,
    out: &mut (impl Write + Send),
) -> Result<u64, ExportError> {
    let mut lines = 0;
    let mut keys = HashMap::new();
    for CategoryState { id, content, .. } in categories.tree().await? {
        let mut input = CategoryInput::from(&content);
        let key = input.key.get_or_insert_with(|| id.to_string());
        keys.insert(id, key.clone());
        input.parent = content.parent.map(|parent| reference(parent, &keys));
        write_line(out, &Line::Category(input))?;
        lines += 1;
    }
    let names = Names {
        categories: keys,
        channels: whole_keys(channels).await?,
        types: whole_keys(types).await?,
    };
    let mut page = first_page();
    loop {
        let found = products.list(&ProductFilter::default(), &page).await?;
        let ids: Vec<_> = found.items.iter().map(|product| product.id).collect();
        let mut variants: HashMap<ProductId, Vec<VariantState>> = HashMap::new();
        for variant in products.variants_of(&ids).await? {
            variants.entry(variant.product).or_default().push(variant);
        }
        for product in &found.items {
            let variants = variants.remove(&product.id).unwrap_or_default();
            write_line(out, &product_line(product, &variants, &names))?;
            lines += 1;
        }
        match found.next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    out.flush()?;
    Ok(lines)
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

/// Channels and types are few.
async fn whole_keys<C: Content>(
    reader: &dyn ResourceReader<C>,
) -> Result<HashMap<C::Id, String>, StoreError> {
    let mut keys = HashMap::new();
    let mut page = first_page();
    loop {
        let found = reader.list(false, &page).await?;
        let named = |state: State<C>| Some((state.id, state.content.key()?.to_string()));
        keys.extend(found.items.into_iter().filter_map(named));
        match found.next {
            Some(next) => page.after = Some(next),
            None => return Ok(keys),
        }
    }
}

fn product_line(product: &ProductState, variants: &[VariantState], names: &Names) -> Line {
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

fn write_line(out: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
