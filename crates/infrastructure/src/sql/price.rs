//! Reading prices.

use application::page::{Page, PageRequest};
use application::pricing::{PriceFilter, PriceReader, PriceSheet};
use application::product::VariantRef;
use application::store::StoreError;
use async_trait::async_trait;
use domain::pricing::{PriceListContent, PriceState, base_list};
use domain::resource::State;
use domain::value::{Currency, Price};
use domain::{PriceId, PriceListId, ProductId, Timestamp, VariantId};
use serde_json::json;

use super::dialect::{IDS, Kind};
use super::find::{Name, Tables, find};
use super::query::states;
use super::{Database, Failure, Query, Row, SqlCatalog};
use crate::rows::{MoneyDoc, PriceDoc, PriceListDoc, RowError, StateDoc};

const TABLES: Tables = Tables {
    own: "prices",
    slugs: None,
};

/// The names that a line may have for a variant; one of them is set.
const REFERENCES: &[(&str, Kind)] = &[
    ("n", Kind::Int),
    ("id", Kind::Uuid),
    ("key", Kind::Text),
    ("sku", Kind::Text),
    ("gtin", Kind::Text),
];

#[async_trait]
impl<D: Database> PriceReader for SqlCatalog<D> {
    async fn find(&self, id: PriceId) -> Result<Option<PriceState>, StoreError> {
        let query = find(&TABLES, "data", Name::Id(id.uuid()), false);
        Ok(self.one::<PriceDoc, _>(query).await?)
    }

    async fn list(&self, filter: &PriceFilter, page: &PageRequest) -> Result<Page<PriceState>, StoreError> {
        let PriceFilter {
            list,
            variant,
            currency,
        } = filter;
        let mut conditions = Query::new("from prices t where t.deleted_at is null");
        if let Some(list) = list {
            conditions.push(" and t.list_id = ").bind(list.uuid());
        }
        if let Some(variant) = variant {
            conditions.push(" and t.variant_id = ").bind(variant.uuid());
        }
        if let Some(currency) = currency {
            conditions.push(" and t.currency = ").bind(currency.code());
        }
        let place = |p: &PriceState| (p.id.uuid(), p.record.updated_at);
        Ok(self.page::<PriceDoc, _>(conditions, page, place).await?)
    }

    async fn in_list(
        &self,
        list: PriceListId,
        variants: &[VariantId],
    ) -> Result<Vec<PriceState>, StoreError> {
        let text = format!(
            "with {} select cast(t.data as text) from r join prices t on t.variant_id = r.id \
             where t.list_id = $2 and t.deleted_at is null",
            D::DIALECT.batch(IDS)
        );
        let query = Query::new(text).with(id_batch(variants)).with(list.uuid());
        Ok(states::<PriceDoc, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }

    async fn variants(
        &self,
        references: &[VariantRef],
    ) -> Result<Vec<Option<(VariantId, ProductId)>>, StoreError> {
        let row = |(n, reference): (usize, &VariantRef)| match reference {
            VariantRef::Id(id) => json!({"n": n, "id": id.uuid()}),
            VariantRef::Key(key) => json!({"n": n, "key": key.as_str()}),
            VariantRef::Sku(sku) => json!({"n": n, "sku": sku.as_str()}),
            VariantRef::Gtin(gtin) => json!({"n": n, "gtin": gtin.as_str()}),
        };
        let rows: Vec<_> = references.iter().enumerate().map(row).collect();
        // By name in turn, so that each is looked up in its own index.
        let by = |name: &str| {
            format!(
                "select cast(r.n as text), cast(v.id as text), cast(v.product_id as text) \
                 from r join variants v on v.{name} = r.{name} where v.deleted_at is null"
            )
        };
        let text = format!(
            "with {} {}",
            D::DIALECT.batch(REFERENCES),
            ["id", "key", "sku", "gtin"].map(by).join(" union all ")
        );
        let query = Query::new(text).with(serde_json::Value::Array(rows).to_string());
        let mut found = vec![None; references.len()];
        for row in self.database.fetch(query).await? {
            let (n, variant) = numbered(row).map_err(Failure::from)?;
            if let Some(place) = found.get_mut(n) {
                *place = Some(variant);
            }
        }
        Ok(found)
    }

    async fn sheet(
        &self,
        variants: &[VariantId],
        currency: Currency,
        since: Option<Timestamp>,
        staged: bool,
    ) -> Result<PriceSheet, StoreError> {
        let mut query = Query::new(format!(
            "with {}, priced as (select t.list_id, t.variant_id, t.data from r join prices t on t.variant_id = r.id \
             where t.deleted_at is null and t.currency = $2",
            D::DIALECT.batch(IDS)
        ))
        .with(id_batch(variants))
        .with(currency.code());
        if let Some(since) = since {
            query
                .push(" and (t.valid_until is null or t.valid_until > ")
                .bind(since)
                .push(")");
        }
        // One statement, so that all of it is of one instant.
        query
            .push(
                ") select 'list', cast(l.id as text), cast(l.data as text) from price_lists l \
                 where l.deleted_at is null and (l.id in (select list_id from priced) or l.id = ",
            )
            .bind(base_list().uuid())
            .push(
                ") union all select 'price', cast(variant_id as text), cast(data as text) from priced \
                 union all select 'carried', cast(v.id as text), cast(coalesce(c.data, v.data) -> 'prices' as text) \
                 from r join variants v on v.id = r.id ",
            )
            .push(if staged { "left " } else { "" })
            .push("join published_variants c on c.variant_id = v.id and c.live where v.deleted_at is null");
        let rows = self.database.fetch(query).await?;
        Ok(sheet(rows, currency).map_err(Failure::from)?)
    }
}

fn numbered(mut row: Row) -> Result<(usize, (VariantId, ProductId)), RowError> {
    let n = row.parse()?;
    Ok((n, (VariantId::new(row.uuid()?), ProductId::new(row.uuid()?))))
}

fn sheet(rows: Vec<Row>, currency: Currency) -> Result<PriceSheet, RowError> {
    let mut sheet = PriceSheet::default();
    for mut row in rows {
        let (kind, id) = (row.text()?, row.uuid()?);
        match kind.as_str() {
            "list" => {
                let list: StateDoc<PriceListDoc> = row.json()?;
                sheet.lists.push(State::<PriceListContent>::try_from(list)?);
            }
            "price" => sheet.prices.push(row.json::<PriceDoc>()?.try_into()?),
            _ => {
                for carried in row.json::<Vec<MoneyDoc>>()? {
                    let price = Price::try_from(carried)?;
                    if price.amount().currency() == currency {
                        sheet.carried.push((VariantId::new(id), price));
                    }
                }
            }
        }
    }
    Ok(sheet)
}

fn id_batch(ids: &[VariantId]) -> String {
    let ids: Vec<_> = ids.iter().map(|id| json!({"id": id.uuid()})).collect();
    serde_json::Value::Array(ids).to_string()
}
