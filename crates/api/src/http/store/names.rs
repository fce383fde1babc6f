//! Where the names lead by which shoppers ask for things: kept under the generation of what gives names.

use std::sync::Arc;

use application::cache::{CacheKey, Loaded, Schema, Scope};
use application::category::CategoryRef;
use application::cdn::{EVERYTHING, PRODUCTS, product_key};
use application::product::ProductRef;
use application::storefront::StoreRef;
use axum::response::{IntoResponse as _, Response};
use domain::value::Slug;
use domain::{CategoryId, ProductId, Timestamp};
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, StatusCode, Uri};
use url::form_urlencoded;
use uuid::Uuid;

use super::{Context, SURROGATE_KEY, cache_control};
use crate::http::cached;
use crate::http::query::invalid;
use crate::http::state::{App, AppState};
use crate::problem::Problem;
use crate::wire::product_ref;

const PRODUCT: Schema = Schema::new("sr");
const CATEGORY: Schema = Schema::new("sg");

/// Where a name leads.
pub(super) struct Located {
    pub(super) id: ProductId,
    /// The present slug, where the name is a former one.
    moved_to: Option<String>,
    until: Option<Timestamp>,
}

impl Located {
    /// `id`, or `id slug`.
    fn from_facts(facts: &[u8], until: Option<Timestamp>) -> Option<Self> {
        let text = std::str::from_utf8(facts).ok()?;
        let (id, slug) = text
            .split_once(' ')
            .map_or((text, None), |(id, slug)| (id, Some(slug)));
        Some(Self {
            id: ProductId::new(Uuid::try_parse(id).ok()?),
            moved_to: slug.map(str::to_owned),
            until,
        })
    }
}

/// The product that the visitor means. Of an id nothing more is known than that it is one; any other name is that of a
/// product that the visitor may see.
pub(super) async fn product(app: &AppState, text: &str, context: &Arc<Context>) -> Result<Located, Problem> {
    let by_slug = |slug| StoreRef::Slug(slug, context.locales.clone());
    // A slug has neither a colon nor, by its length and hyphens, quite the form of an id.
    let (named, reference) = match product_ref(text, &app.default_locale) {
        Ok(ProductRef::Id(id)) => {
            return Ok(Located {
                id,
                moved_to: None,
                until: None,
            });
        }
        Ok(ProductRef::Key(key)) => (format!("key:{key}"), StoreRef::Key(key)),
        Ok(ProductRef::Slug(_, slug)) => (slug.as_str().to_owned(), by_slug(slug)),
        Err(_) => {
            let slug = Slug::parse(text).map_err(|error| invalid("ref", &error.to_string()))?;
            (slug.as_str().to_owned(), by_slug(slug))
        }
    };
    let key = cached::scopes(app, &[Scope::Shelf], &context.reading).await?;
    let key = key.map(|names| CacheKey::query(PRODUCT, format!("{named}|{}|{names}", context.place())));
    let own = Arc::clone(context);
    let load = move |app: AppState| {
        let (reference, context) = (reference.clone(), Arc::clone(&own));
        async move {
            let visit = context.visit(app.clock.now());
            let found = app.storefront.find(&reference, &visit).await?;
            // Then another product may come that has the name, or has it with more right.
            let next_change = app.storefront.next_change(&visit).await?;
            let Some(copy) = found else {
                return Ok(Loaded::nothing(next_change));
            };
            let id = copy.product.id;
            let slug = copy
                .product
                .content
                .slug
                .resolve(&context.locales)
                .map(Slug::as_str);
            let facts = if copy.moved {
                format!("{id} {}", slug.unwrap_or_default())
            } else {
                id.to_string()
            };
            Ok(cached::facts(
                facts,
                next_change.into_iter().chain(copy.until).min(),
            ))
        }
    };
    let answer = cached::read(app, key, &context.reading, load).await?;
    let missing = || Problem::not_found("product");
    if !answer.is_found() {
        return Err(missing());
    }
    Located::from_facts(&answer.entry().facts, answer.true_until()).ok_or_else(missing)
}

impl Located {
    /// Where the name is a former one: to the same address with the present slug; `tail` is what follows it.
    pub(super) fn moved(
        &self,
        app: &App,
        (channel, text, tail): (&str, &str, &str),
        uri: &Uri,
    ) -> Option<Response> {
        let slug = self.moved_to.as_deref()?;
        // Letters of any script are allowed in slugs, but not in headers.
        let slug: String = form_urlencoded::byte_serialize(slug.as_bytes()).collect();
        let prefix = if text.starts_with("slug:") { "slug:" } else { "" };
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let location = format!("/v1/store/{channel}/products/{prefix}{slug}{tail}{query}");
        // Another product may take the name.
        let keys = format!("{} {PRODUCTS} {EVERYTHING}", product_key(self.id.uuid()));
        let mut response = StatusCode::PERMANENT_REDIRECT.into_response();
        let further = [
            (LOCATION, HeaderValue::try_from(location)),
            (SURROGATE_KEY, HeaderValue::try_from(keys)),
            (CACHE_CONTROL, Ok(cache_control(app, self.until))),
        ];
        let further = further
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.ok()?)));
        response.headers_mut().extend(further);
        Some(response)
    }
}

/// The category that the query parameter names, which must exist.
pub(super) async fn category(
    app: &AppState,
    parameter: &str,
    reference: CategoryRef,
    context: &Context,
) -> Result<CategoryId, Problem> {
    let named = match &reference {
        CategoryRef::Id(id) => id.to_string(),
        CategoryRef::Key(key) => format!("key:{key}"),
        CategoryRef::Slug(locale, slug) => format!("{}:{}", locale.as_str(), slug.as_str()),
    };
    let key = cached::scopes(app, &[Scope::Categories], &context.reading).await?;
    let key = key.map(|names| CacheKey::query(CATEGORY, format!("{named}|{names}")));
    let load = move |app: AppState| {
        let reference = reference.clone();
        async move {
            let path = app.category_reader.locate(&reference).await?;
            let id = path.and_then(|path| path.last().copied());
            Ok(id.map_or(Loaded::nothing(None), |id| cached::facts(id.to_string(), None)))
        }
    };
    let answer = cached::read(app, key, &context.reading, load).await?;
    let id = std::str::from_utf8(&answer.entry().facts).ok();
    let id = id.and_then(|id| Uuid::try_parse(id).ok()).map(CategoryId::new);
    id.ok_or_else(|| invalid(parameter, "names no category"))
}
