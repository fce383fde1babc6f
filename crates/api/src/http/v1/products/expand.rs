//! `expand`: products with what they refer to.

use std::collections::HashMap;

use application::product::ProductView;
use axum::response::Response;
use domain::category::CategoryState;
use domain::product::{ProductState, VariantState};
use domain::{CategoryId, ProductId};
use http::HeaderMap;

use crate::http::conditions::version_and_body_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, PRIVATE, to_bytes};
use crate::http::state::App;
use crate::problem::Problem;
use crate::wire::ProductBody;

/// The most variants of each product in a list.
const MOST_IN_LIST: u32 = 20;

/// Names the shape of the body with categories in its tags.
const SCHEMA: &str = "x1";

/// What a product is answered with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Expand {
    pub(super) variants: bool,
    pub(super) categories: bool,
}

impl Expand {
    pub(super) fn take(query: &mut Query) -> Result<Self, Problem> {
        let mut expand = Self::default();
        if let Some(names) = query.take("expand")? {
            for name in names.split(',') {
                match name {
                    "variants" => expand.variants = true,
                    "categories" => expand.categories = true,
                    _ => return Err(invalid("expand", "must be variants, categories or both")),
                }
            }
        }
        Ok(expand)
    }
}

/// What is needed for a page of products, in one statement of each kind.
#[derive(Default)]
pub(super) struct Expansion {
    variants: Option<HashMap<ProductId, Vec<VariantState>>>,
    categories: Option<HashMap<CategoryId, CategoryState>>,
}

impl Expansion {
    pub(super) async fn load(app: &App, expand: Expand, products: &[ProductState]) -> Result<Self, Problem> {
        let mut expansion = Self::default();
        if expand.variants {
            let ids: Vec<_> = products.iter().map(|product| product.id).collect();
            let mut variants: HashMap<_, Vec<_>> = HashMap::new();
            for variant in app
                .product_reader
                .first_variants_of(&ids, MOST_IN_LIST + 1)
                .await?
            {
                variants.entry(variant.product).or_default().push(variant);
            }
            expansion.variants = Some(variants);
        }
        if expand.categories {
            expansion.categories = Some(categories(app, products).await?);
        }
        Ok(expansion)
    }

    pub(super) fn body(&self, product: &ProductState) -> ProductBody {
        let mut body = ProductBody::from(product);
        if let Some(variants) = &self.variants {
            let own = variants.get(&product.id).map(Vec::as_slice).unwrap_or_default();
            let most = usize::try_from(MOST_IN_LIST).unwrap_or(usize::MAX);
            body = body.with_some_variants(own, most);
        }
        match &self.categories {
            Some(categories) => body.with_categories(product, categories),
            None => body,
        }
    }
}

async fn categories(
    app: &App,
    products: &[ProductState],
) -> Result<HashMap<CategoryId, CategoryState>, Problem> {
    let mut ids: Vec<_> = products
        .iter()
        .flat_map(|p| p.content.categories.iter().copied())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let categories = app.category_reader.by_ids(&ids).await?;
    Ok(categories
        .into_iter()
        .map(|category| (category.id, category))
        .collect())
}

/// Answers one product with its categories. Their names change without the product's version, so that this body is not
/// cached, and its tag goes by the bytes.
pub(super) async fn with_categories(
    app: &App,
    id: ProductId,
    expand: Expand,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let view: Option<ProductView> = app.product_reader.view(id).await?;
    let view = view.ok_or_else(|| Problem::not_found("product"))?;
    let categories = categories(app, std::slice::from_ref(&view.product)).await?;
    let body = if expand.variants {
        ProductBody::expanded(&view)
    } else {
        ProductBody::from(&view.product)
    };
    let body = to_bytes(&body.with_categories(&view.product, &categories));
    let tag = version_and_body_tag(view.product.record.version, SCHEMA, &body);
    reply::resource(headers, body, &tag, PRIVATE)
}
