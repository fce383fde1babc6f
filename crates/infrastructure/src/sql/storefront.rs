//! Reading what is published. Every answer is one statement, so that all of it is of one instant.

use std::collections::HashMap;

use application::page::{Page, PageRequest, SortField};
use application::store::StoreError;
use application::storefront::{StoreFilter, StoreProduct, StoreRef, StorefrontReader, Visit};
use async_trait::async_trait;
use domain::product::{ProductState, VariantState};
use domain::value::{Locale, Sku, Slug};
use domain::{ProductId, Timestamp, VariantId};

use super::dialect::{KEYS, Kind};
use super::page::{cut, keyset};
use super::product::in_category;
use super::{Database, Dialect, Failure, Query, Row, SqlCatalog};
use crate::rows::{ProductDoc, RowError, VariantDoc};

const PLACES: &[(&str, Kind)] = &[("n", Kind::Int), ("id", Kind::Uuid)];

/// After a common table `page` with products: their copies, then the variants of them in their order.
fn with_variants(dialect: Dialect) -> String {
    // As an array it is the index that is asked; as a join PostgreSQL, which cannot guess how few products there are,
    // reads all variants there are.
    let (open, close) = match dialect {
        Dialect::Postgres => ("= any(array(", "))"),
        Dialect::Sqlite => ("in (", ")"),
    };
    format!(
        "select kind, data, fact, until from ( \
         select '0' as kind, cast(p.data as text) as data, p.fact, p.until, 0 as position, p.id from page p \
         union all \
         select '1', cast(v.data as text), null, null, v.position, v.variant_id from published_variants v \
         where v.product_id {open}select id from page{close}) parts \
         order by kind, position, id"
    )
}

/// Narrows to products `t` that the visitor may see. Not by `exists`, which PostgreSQL would rather answer by a hash of
/// everything that the channel lists.
pub(super) fn visible(query: &mut Query, visit: &Visit) {
    query
        .push("t.live and (t.everywhere or 1 = (select 1 from listings l where l.product_id = t.id and l.channel_id = ")
        .bind(visit.channel.uuid())
        .push(" and (l.publish_at is null or l.publish_at <= ")
        .bind(visit.at)
        .push(") and (l.unpublish_at is null or l.unpublish_at > ")
        .bind(visit.at)
        .push(")))");
}

/// When the listing of a product `t` that is visible ends.
fn until(dialect: Dialect, query: &mut Query, visit: &Visit) {
    query
        .push("(select ")
        .push(&dialect.instant("l.unpublish_at"))
        .push(" from listings l where l.product_id = t.id and l.channel_id = ")
        .bind(visit.channel.uuid())
        .push(")");
}

/// The products `t` that a slug leads to, the one that is meant first.
fn by_slug(query: &mut Query, slug: &Slug, locales: &[Locale], visit: &Visit) {
    query.push(
        " from store_slugs s join published_products t on t.id = s.product_id where s.live and s.slug = ",
    );
    query.bind(slug.as_str()).push(" and ");
    visible(query, visit);
    query.push(" order by s.current desc, ");
    if !locales.is_empty() {
        query.push("case s.locale");
        for (rank, locale) in locales.iter().enumerate() {
            query.push(" when ").bind(locale.as_str());
            query.push(&format!(" then {rank}"));
        }
        query.push(&format!(" else {} end, ", locales.len()));
    }
    query.push("s.retired_at desc, s.locale, t.id");
}

/// A row of [`with_variants`]: a product with its fact and the end of its listing, or a variant.
enum Part {
    Product(ProductState, Option<String>, Option<Timestamp>),
    Variant(VariantState),
}

fn part(mut row: Row) -> Result<Part, RowError> {
    Ok(if row.text()? == "0" {
        let product = row.json::<ProductDoc>()?.try_into()?;
        let fact = row.optional()?;
        let until = row.optional()?.map(|until| until.parse()).transpose()?;
        Part::Product(product, fact, until)
    } else {
        Part::Variant(row.json::<VariantDoc>()?.try_into()?)
    })
}

impl<D: Database> SqlCatalog<D> {
    /// The products of a common table `page`, each with its fact.
    async fn copies(&self, mut query: Query) -> Result<Vec<(Option<String>, StoreProduct)>, Failure> {
        query.push(&with_variants(D::DIALECT));
        let mut products = Vec::new();
        let mut variants: HashMap<ProductId, Vec<VariantState>> = HashMap::new();
        for row in self.database.fetch(query).await? {
            match part(row)? {
                Part::Product(product, fact, until) => products.push((product, fact, until)),
                Part::Variant(variant) => variants.entry(variant.product).or_default().push(variant),
            }
        }
        let copy = |(product, fact, until): (ProductState, _, _)| {
            let copy = StoreProduct {
                // A product may be on the page twice.
                variants: variants.get(&product.id).cloned().unwrap_or_default(),
                product,
                until,
                moved: false,
            };
            (fact, copy)
        };
        Ok(products.into_iter().map(copy).collect())
    }
}

#[async_trait]
impl<D: Database> StorefrontReader for SqlCatalog<D> {
    async fn find(&self, product: &StoreRef, visit: &Visit) -> Result<Option<StoreProduct>, StoreError> {
        let mut query = Query::new("with page as (select t.id, t.data, ");
        until(D::DIALECT, &mut query, visit);
        query.push(" as until, ");
        match product {
            StoreRef::Id(id) => {
                query.push("null as fact from published_products t where t.id = ");
                query.bind(id.uuid()).push(" and ");
                visible(&mut query, visit);
            }
            StoreRef::Key(key) => {
                query.push("null as fact from published_products t where t.key = ");
                query.bind(key.as_str()).push(" and ");
                visible(&mut query, visit);
            }
            StoreRef::Slug(slug, locales) => {
                query.push("case when s.current then null else 'moved' end as fact");
                by_slug(&mut query, slug, locales, visit);
            }
        }
        query.push(" limit 1) ");
        let found = self.copies(query).await?.into_iter().next();
        Ok(found.map(|(fact, copy)| StoreProduct {
            moved: fact.is_some(),
            ..copy
        }))
    }

    async fn list(
        &self,
        filter: &StoreFilter,
        visit: &Visit,
        page: &PageRequest,
    ) -> Result<Page<StoreProduct>, StoreError> {
        let conditions = conditions(D::DIALECT, filter, visit);
        let total = self.total(&conditions, page.count).await?;
        let select = "t.id, t.data, null as fact, null as until";
        let mut query = keyset(select, conditions, page);
        query.text = format!("with page as ({}) ", query.text);
        let copies = self.copies(query).await?;
        let mut items: Vec<_> = copies.into_iter().map(|(_, copy)| copy).collect();
        let place = |copy: &StoreProduct| (copy.product.id.uuid(), copy.product.record.updated_at, 0);
        items.sort_by_key(|copy| {
            let (id, updated_at, _) = place(copy);
            (
                (page.sort.field == SortField::UpdatedAt).then_some(updated_at),
                id,
            )
        });
        if page.sort.descending {
            items.reverse();
        }
        Ok(cut(items, total, page, place)?)
    }

    async fn among(
        &self,
        products: &[ProductId],
        visit: &Visit,
        after: Option<usize>,
        limit: usize,
    ) -> Result<Vec<(usize, StoreProduct)>, StoreError> {
        let rows = products
            .iter()
            .enumerate()
            .skip(after.map_or(0, |place| place + 1));
        let rows: Vec<_> = rows
            .map(|(n, id)| serde_json::json!({"n": n, "id": id.uuid()}))
            .collect();
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let text = format!(
            "with {}, page as (select t.id, t.data, cast(r.n as text) as fact, null as until \
             from r join published_products t on t.id = r.id where ",
            D::DIALECT.batch(PLACES)
        );
        let mut query = Query::new(text).with(serde_json::Value::Array(rows).to_string());
        visible(&mut query, visit);
        query.push(" order by r.n limit ");
        query.bind(i64::try_from(limit).unwrap_or(i64::MAX)).push(") ");
        let mut placed = Vec::new();
        for (fact, copy) in self.copies(query).await? {
            let place = fact.unwrap_or_default().parse::<usize>();
            placed.push((place.map_err(|e| StoreError::Internal(Box::new(e)))?, copy));
        }
        placed.sort_by_key(|(place, _)| *place);
        Ok(placed)
    }

    async fn on_sale(&self, skus: &[Sku], visit: &Visit) -> Result<Vec<(Sku, VariantId)>, StoreError> {
        let rows: Vec<_> = skus
            .iter()
            .map(|sku| serde_json::json!({"a": sku.as_str()}))
            .collect();
        let text = format!(
            "with {} select v.sku, cast(v.variant_id as text) from r \
             join published_variants v on v.sku = r.a and v.live \
             join published_products t on t.id = v.product_id where ",
            D::DIALECT.batch(KEYS)
        );
        let mut query = Query::new(text).with(serde_json::Value::Array(rows).to_string());
        visible(&mut query, visit);
        let pair = |mut row: Row| Ok((Sku::parse(row.text()?)?, VariantId::new(row.uuid()?)));
        let pairs: Result<_, RowError> = self.database.fetch(query).await?.into_iter().map(pair).collect();
        Ok(pairs.map_err(Failure::from)?)
    }

    async fn next_change(&self, visit: &Visit) -> Result<Option<Timestamp>, StoreError> {
        let text = format!(
            "select {} from ( \
             select min(l.publish_at) as at from listings l where l.channel_id = $1 and l.publish_at > $2 \
             union all \
             select min(l.unpublish_at) from listings l where l.channel_id = $1 and l.unpublish_at > $2) next",
            D::DIALECT.instant("min(next.at)")
        );
        let query = Query::new(text).with(visit.channel.uuid()).with(visit.at);
        let next = self.database.fetch(query).await?.into_iter().next();
        let next = next
            .map(|mut row| row.optional())
            .transpose()
            .map_err(Failure::from)?
            .flatten();
        let next = next.map(|at| at.parse()).transpose().map_err(RowError::from);
        Ok(next.map_err(Failure::from)?)
    }
}

fn conditions(dialect: Dialect, StoreFilter { category, brand, tag }: &StoreFilter, visit: &Visit) -> Query {
    let mut query = Query::new("from published_products t where ");
    visible(&mut query, visit);
    if let Some(brand) = brand {
        query.push(" and t.brand = ").bind(brand.as_str());
    }
    if let Some(tag) = tag {
        query.push(" and t.id in (select g.product_id from published_product_tags g where g.tag = ");
        query.bind(tag.as_str()).push(")");
    }
    if let Some(category) = category {
        in_category(dialect, &mut query, "published_product_categories", *category);
    }
    query
}
