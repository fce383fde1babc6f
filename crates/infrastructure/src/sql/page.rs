//! Pages of lists, by keyset.

use application::page::{Count, Page, PageRequest, Position, SortField, Total};
use domain::Timestamp;
use uuid::Uuid;

use super::{Database, Dialect, Failure, Query, SqlCatalog};
use crate::rows::RowError;

/// Where an item stands in either order.
pub(super) type Place = (Uuid, Timestamp);

/// The same for siblings, with their number.
pub(super) type RankedPlace = (Uuid, Timestamp, u32);

impl<D: Database> SqlCatalog<D> {
    /// A page of the resources `t` that `conditions` (`from … where …`) has.
    pub(super) async fn page<Doc, S>(
        &self,
        conditions: Query,
        page: &PageRequest,
        place: impl Fn(&S) -> Place,
    ) -> Result<Page<S>, Failure>
    where
        Doc: serde::de::DeserializeOwned,
        S: TryFrom<Doc, Error = RowError>,
    {
        self.page_of::<Doc, S>("t.data", conditions, page, place).await
    }

    /// A page of siblings, which may also be in the order of their positions.
    pub(super) async fn ranked_page<Doc, S>(
        &self,
        conditions: Query,
        page: &PageRequest,
        place: impl Fn(&S) -> RankedPlace,
    ) -> Result<Page<S>, Failure>
    where
        Doc: serde::de::DeserializeOwned,
        S: TryFrom<Doc, Error = RowError>,
    {
        let total = self.total(&conditions, page.count).await?;
        let select = "cast(t.data as text)";
        let rows = self.database.fetch(keyset(select, conditions, page)).await?;
        let items = super::query::states::<Doc, S>(rows)?;
        cut(items, total, page, place)
    }

    /// The same, made from another value of the resources than their document.
    pub(super) async fn page_of<Doc, S>(
        &self,
        value: &str,
        conditions: Query,
        page: &PageRequest,
        place: impl Fn(&S) -> Place,
    ) -> Result<Page<S>, Failure>
    where
        Doc: serde::de::DeserializeOwned,
        S: TryFrom<Doc, Error = RowError>,
    {
        let total = self.total(&conditions, page.count).await?;
        let select = format!("cast({value} as text)");
        let rows = self.database.fetch(keyset(&select, conditions, page)).await?;
        let items = super::query::states::<Doc, S>(rows)?;
        let place = |item: &S| {
            let (id, updated_at) = place(item);
            (id, updated_at, 0)
        };
        cut(items, total, page, place)
    }

    pub(super) async fn total(&self, conditions: &Query, count: Count) -> Result<Option<Total>, Failure> {
        let with = |select: &str| Query {
            text: format!("{select} {}", conditions.text),
            params: conditions.params.clone(),
        };
        match (count, D::DIALECT) {
            (Count::None, _) => Ok(None),
            (Count::Estimate, Dialect::Postgres) => {
                let rows = self
                    .database
                    .fetch(with("explain (format json) select t.id"))
                    .await?;
                let plan: serde_json::Value = rows
                    .into_iter()
                    .next()
                    .map(|mut r| r.json())
                    .transpose()?
                    .unwrap_or_default();
                let items = plan
                    .pointer("/0/Plan/Plan Rows")
                    .and_then(serde_json::Value::as_u64);
                Ok(items.map(|items| Total {
                    items,
                    is_estimate: true,
                }))
            }
            (Count::Estimate | Count::Exact, _) => {
                let rows = self.database.fetch(with("select cast(count(*) as text)")).await?;
                let items = rows.into_iter().next().map(|mut r| r.parse()).transpose()?;
                Ok(items.map(|items| Total {
                    items,
                    is_estimate: false,
                }))
            }
        }
    }
}

/// The page of items of which there is one more where another page follows.
pub(super) fn cut<S>(
    mut items: Vec<S>,
    total: Option<Total>,
    page: &PageRequest,
    place: impl Fn(&S) -> RankedPlace,
) -> Result<Page<S>, Failure> {
    let limit = usize::try_from(page.limit).map_err(RowError::from)?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|item| {
        let (id, updated_at, rank) = place(item);
        Position {
            updated_at: (page.sort.field == SortField::UpdatedAt).then_some(updated_at),
            rank: (page.sort.field == SortField::Position).then_some(rank),
            id,
        }
    });
    Ok(Page { items, next, total })
}

/// One row more than the page has, to tell whether there is a next one.
pub(super) fn keyset(select: &str, conditions: Query, page: &PageRequest) -> Query {
    let mut query = Query {
        text: format!("select {select} {}", conditions.text),
        params: conditions.params,
    };
    let (after, direction) = if page.sort.descending {
        (" < (", " desc")
    } else {
        (" > (", "")
    };
    match (page.sort.field, page.after) {
        (SortField::Id, Some(position)) => {
            query.push(" and (t.id)").push(after).bind(position.id).push(")");
        }
        // A position of the other order begins at the start of its instant, which never skips an item.
        (SortField::UpdatedAt, Some(position)) => {
            query.push(" and (t.updated_at, t.id)").push(after);
            query
                .bind(position.updated_at.unwrap_or_default())
                .push(", ")
                .bind(position.id)
                .push(")");
        }
        (SortField::Position, Some(position)) => {
            query.push(" and (t.position, t.id)").push(after);
            query
                .bind(i64::from(position.rank.unwrap_or_default()))
                .push(", ")
                .bind(position.id)
                .push(")");
        }
        (_, None) => {}
    }
    query.push(" order by ");
    match page.sort.field {
        SortField::Id => {}
        SortField::UpdatedAt => {
            query.push("t.updated_at").push(direction).push(", ");
        }
        SortField::Position => {
            query.push("t.position").push(direction).push(", ");
        }
    }
    query
        .push("t.id")
        .push(direction)
        .push(" limit ")
        .bind(i64::from(page.limit) + 1);
    query
}
