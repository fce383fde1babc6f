//! The catalog as a file that imports back without any change.

use std::collections::HashMap;
use std::io::{self, Write};

use application::category::CategoryReader;
use application::page::{Count, PageRequest, Sort, SortField};
use application::product::{ProductFilter, ProductReader};
use application::product_type::ProductTypeReader;
use application::store::StoreError;
use domain::category::CategoryState;
use domain::product::{ProductState, VariantState};
use domain::{CategoryId, ProductId, ProductTypeId};
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
        status: &'static str,
        #[serde(flatten)]
        content: Box<ProductInput>,
    },
}

/// Writes all categories that are not deleted, parents first, and then all products with their variants, one JSON
/// object per line, and answers how many lines. A resource without key is named by its id.
///
/// Products are read page by page, each as it is when its page is read.
pub(crate) async fn export(
    categories: &dyn CategoryReader,
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
    let types = type_keys(types).await?;
    let names = Names {
        categories: keys,
        types,
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
    types: HashMap<ProductTypeId, String>,
}

async fn type_keys(types: &ProductTypeReader) -> Result<HashMap<ProductTypeId, String>, StoreError> {
    let mut keys = HashMap::new();
    let mut page = first_page();
    loop {
        let found = types.list(false, &page).await?;
        keys.extend(found.items.into_iter().map(|t| (t.id, t.content.key.to_string())));
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
    if let Some(key) = names.types.get(&product.content.product_type) {
        content.product_type = Some(format!("key:{key}"));
    }
    content.variants = Some(variants.iter().map(|variant| (&variant.content).into()).collect());
    Line::Product {
        status: product.status.as_str(),
        content: Box::new(content),
    }
}

/// By key, so that the file means the same in another catalog.
fn reference(id: CategoryId, keys: &HashMap<CategoryId, String>) -> String {
    match keys.get(&id) {
        Some(key) => format!("key:{key}"),
        None => id.to_string(),
    }
}

fn write_line(out: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
