//! `GET /v1/products` and `GET /v1/products/{ref}`.

use application::cache::{CacheKey, Consistency, Loaded, Schema};
use application::category::CategoryRef;
use application::product::{ProductFilter, ProductRef};
use application::resource::ResourceRef;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::product::{ProductState, ProductStatus};
use domain::value::{Key, Text};
use domain::{CategoryId, ProductId, ProductTypeId};
use http::{HeaderMap, Uri};
use utoipa::IntoParams;

use super::expand::{Expand, Expansion, with_categories};
use super::{SCHEMA, reference, tag};
use crate::http::auth::{Authorized, CatalogRead};
use crate::http::cached::{self, Reading};
use crate::http::conditions::version_tag;
use crate::http::query::{Query, invalid};
use crate::http::reply::{self, ListBody, PRIVATE, to_bytes};
use crate::http::state::{App, AppState};
use crate::http::v1::categories::named;
use crate::http::v1::history::{ProductPast, as_of};
use crate::http::v1::parameters::{AsOf, Demanded, Fields, PageParameters, Revalidate};
use crate::problem::Problem;
use crate::wire::{ProductBody, category_ref, resource_ref};

/// What the list is called inside its cursors.
const LIST: &str = "products";

/// Names the shape of the body with variants in its tags, as [`SCHEMA`] the one without.
const EXPANDED: &str = "e3";

#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never built")]
pub(super) struct FilterParameters {
    /// `draft`, `published` or `archived`.
    status: Option<String>,
    /// Products in this category or one below it: id, `key:<key>` or `slug:<slug>`.
    category: Option<String>,
    /// Products of exactly this brand.
    brand: Option<String>,
    /// Products with exactly this tag.
    tag: Option<String>,
    /// Products of this product type: id or `key:<key>`.
    #[param(rename = "productType")]
    product_type: Option<String>,
    /// `true`: products with changes that shoppers do not see, be it that they see nothing of them; `false`: the others.
    #[param(rename = "hasUnpublishedChanges")]
    has_unpublished_changes: Option<bool>,
    /// Products changed at or after this instant (RFC 3339).
    #[param(rename = "updatedSince")]
    updated_since: Option<String>,
    /// Products changed before this instant (RFC 3339).
    #[param(rename = "updatedBefore")]
    updated_before: Option<String>,
    /// Products created at or after this instant (RFC 3339).
    #[param(rename = "createdSince")]
    created_since: Option<String>,
    /// Products created before this instant (RFC 3339).
    #[param(rename = "createdBefore")]
    created_before: Option<String>,
    /// The product with exactly this key.
    key: Option<String>,
    /// `variants`: with the first 20 variants of each, and `variantsTruncated` where there are more. `categories`: with
    /// the names of their categories, as `categoriesExpanded`. Or both, with a comma in between.
    #[param(example = "variants")]
    expand: Option<String>,
    /// Only deleted products, where otherwise only those that are not.
    deleted: Option<bool>,
}

/// List products
///
/// Pages by keyset: page 10,000 costs what page 1 costs. Filters are joined by *and*.
#[utoipa::path(
    get, path = "/v1/products", tag = "Products",
    params(FilterParameters, Fields, PageParameters),
    responses((status = 200, description = "A page of products, without their variants", body = ListBody<ProductBody>)),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@list"]))),
)]
pub(super) async fn list(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    uri: Uri,
    mut query: Query,
) -> Result<Response, Problem> {
    let status = query.parse("status", |s| ProductStatus::parse(&s))?;
    let category = query.parse("category", |c| category_ref(&c, &app.default_locale))?;
    let product_type = query.parse("productType", |t| resource_ref(&t))?;
    let filter = ProductFilter {
        status,
        category: None,
        product_type: None,
        has_unpublished_changes: query.choice("hasUnpublishedChanges")?,
        brand: query
            .parse("brand", Text::<120>::parse)?
            .map(|brand| brand.to_string()),
        tag: query.parse("tag", Text::<255>::parse)?.map(|tag| tag.to_string()),
        updated_since: query.instant("updatedSince")?,
        updated_before: query.instant("updatedBefore")?,
        created_since: query.instant("createdSince")?,
        created_before: query.instant("createdBefore")?,
        key: query.parse("key", Key::parse)?,
        deleted: query.flag("deleted")?,
    };
    let expand = Expand::take(&mut query)?;
    let filter = ProductFilter {
        category: known_category(&app, category).await?,
        product_type: known_type(&app, product_type).await?,
        ..filter
    };
    let page = query.page(&app.cursors, LIST, &filter)?;
    query.finish_list()?;
    let products = app.product_reader.list(&filter, &page).await?;
    let expanded = Expansion::load(&app, expand, &products.items).await?;
    let body = |product: &ProductState| expanded.body(product);
    Ok(reply::list(
        &products,
        body,
        &page,
        &app.cursors,
        (LIST, &filter),
        &uri,
        PRIVATE,
    ))
}

/// The id of a category by which a list is filtered; there must be one.
async fn known_category(app: &App, category: Option<CategoryRef>) -> Result<Option<CategoryId>, Problem> {
    let Some(category) = category else {
        return Ok(None);
    };
    Ok(Some(named(app, "category", &category).await?))
}

/// The id of a product type by which the list is filtered; there must be one.
async fn known_type(
    app: &App,
    product_type: Option<ResourceRef<ProductTypeId>>,
) -> Result<Option<ProductTypeId>, Problem> {
    let Some(product_type) = product_type else {
        return Ok(None);
    };
    let found = app.product_types.reader().find(&product_type, false).await?;
    let found = found.ok_or_else(|| invalid("productType", "names no product type"))?;
    Ok(Some(found.id))
}

/// Read a product
///
/// By id, `key:<key>` or `slug:<slug>` (in the default locale).
#[utoipa::path(
    get, path = "/v1/products/{ref}", tag = "Products",
    params(
        ("ref" = String, Path, description = "Id, `key:<key>` or `slug:<slug>`", example = "key:enamel-kettle"),
        ("expand" = Option<String>, Query, description = "`variants`: with the first 200 variants. `categories`: with the names of the categories, as `categoriesExpanded`. Or both, with a comma in between. Not with `asOf`", example = "variants"),
        AsOf, Fields, Revalidate, Demanded,
    ),
    responses(
        (status = 200, description = "The product", body = ProductBody, headers(("ETag" = String, description = "Tag of the version"))),
        (status = 304, description = "The caller has it already"),
    ),
    security(("token" = ["catalog:read"])),
    extensions(("x-problem-codes" = json!(["@one", "history_expired"]))),
)]
pub(super) async fn get(
    _: Authorized<CatalogRead>,
    State(app): State<AppState>,
    Path(text): Path<String>,
    mut query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let product = reference(&text, &app.default_locale)?;
    let expand = Expand::take(&mut query)?;
    let instant = query.instant("asOf")?;
    query.finish()?;
    if let Some(instant) = instant {
        if expand != Expand::default() {
            return Err(invalid("expand", "does not go with asOf"));
        }
        return as_of::<ProductPast>(&app, &text, instant, &headers).await;
    }
    let reading = Reading::of(&headers, Consistency::Strong)?;
    let id = locate(&app, &product).await?;
    if expand.categories {
        return with_categories(&app, id, expand, &headers).await;
    }
    let schema = Schema::new(if expand.variants { EXPANDED } else { SCHEMA });
    let load = move |app: AppState| async move {
        let Some(view) = app.product_reader.view(id).await? else {
            return Ok(Loaded::nothing(None));
        };
        let product = &view.product;
        let version = product.record.version;
        Ok(if expand.variants {
            // The product's version, by which writes are conditional, and the revision, which moves with the variants.
            let tag = version_tag(version, &format!("{EXPANDED}-{}", view.revision));
            cached::versioned(to_bytes(&ProductBody::expanded(&view)), tag, version)
        } else {
            cached::versioned(to_bytes(&ProductBody::from(product)), tag(product), version)
        })
    };
    let answer = cached::read(&app, Some(CacheKey::of(id, schema)), &reading, load).await?;
    cached::respond(&headers, &answer, "product", PRIVATE)
}

/// The id that a reference leads to.
async fn locate(app: &App, product: &ProductRef) -> Result<ProductId, Problem> {
    match product {
        ProductRef::Id(id) => Ok(*id),
        ProductRef::Key(_) | ProductRef::Slug(..) => app
            .product_reader
            .locate(product)
            .await?
            .ok_or_else(|| Problem::not_found("product")),
    }
}
