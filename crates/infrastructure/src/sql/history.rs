//! The past of resources, from the change log.

use application::history::{HistoryEntry, HistoryReader};
use application::store::StoreError;
use async_trait::async_trait;
use domain::category::CategoryState;
use domain::media::MediaState;
use domain::pricing::PriceState;
use domain::product::{ProductState, VariantState};
use domain::resource::State;
use domain::{Timestamp, Version};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Database, Failure, Query, Row, SqlCatalog};
use crate::rows::{
    CategoryDoc, Instant, MediaFileDoc, PriceDoc, ProductDoc, RowError, StateDoc, Stored, VariantDoc,
};

/// A state that the change log keeps.
pub trait Logged: Sized + Send + 'static {
    /// What the log calls the kind.
    const RESOURCE: &'static str;

    type Doc: DeserializeOwned + TryInto<Self, Error = RowError>;
}

macro_rules! logged {
    ($($state:ty, $resource:literal, $doc:ty;)+) => {$(
        impl Logged for $state {
            const RESOURCE: &'static str = $resource;
            type Doc = $doc;
        }
    )+};
}

logged! {
    CategoryState, "category", CategoryDoc;
    ProductState, "product", ProductDoc;
    MediaState, "media", MediaFileDoc;
    PriceState, "price", PriceDoc;
    VariantState, "variant", VariantDoc;
}

impl<C: Stored> Logged for State<C> {
    const RESOURCE: &'static str = C::RESOURCE;
    type Doc = StateDoc<C::Doc>;
}

/// `updated_at` grows with the version, so that what is after an instant stands before what is not. As text it sorts as
/// it should wherever bytes are compared.
const SINCE: &str = "c.after ->> 'updatedAt'";

impl<D: Database> SqlCatalog<D> {
    /// The first state after the conditions, of the newest version.
    async fn past<S: Logged>(&self, mut query: Query) -> Result<Option<S>, StoreError> {
        query.push(" order by c.version desc, c.position desc limit 1");
        let rows = self.database.fetch(query).await?;
        let state = |mut row: Row| row.json::<S::Doc>()?.try_into();
        Ok(rows
            .into_iter()
            .next()
            .map(state)
            .transpose()
            .map_err(Failure::from)?)
    }
}

fn of<S: Logged>(columns: &str, id: Uuid) -> Query {
    let text = format!("select {columns} from changes c where c.id = $1 and c.resource = $2");
    Query::new(text).with(id).with(S::RESOURCE)
}

#[async_trait]
impl<D: Database, S: Logged> HistoryReader<S> for SqlCatalog<D> {
    async fn entries(
        &self,
        id: Uuid,
        before: Option<Version>,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let columns = format!("cast(c.version as text), {SINCE}, c.actor, c.request_id, c.events");
        let mut query = of::<S>(&columns, id);
        if let Some(before) = before {
            query.push(" and c.version < ").bind(before);
        }
        query
            .push(" order by c.version desc, c.position desc limit ")
            .bind(i64::from(limit));
        let rows = self.database.fetch(query).await?.into_iter();
        Ok(rows.map(entry).collect::<Result<_, _>>().map_err(Failure::from)?)
    }

    async fn version(&self, id: Uuid, version: Version) -> Result<Option<S>, StoreError> {
        let mut query = of::<S>("cast(c.after as text)", id);
        query.push(" and c.version = ").bind(version);
        self.past(query).await
    }

    async fn as_of(&self, id: Uuid, instant: Timestamp) -> Result<Option<S>, StoreError> {
        let mut query = of::<S>("cast(c.after as text)", id);
        query.push(" and ").push(SINCE);
        if D::DIALECT == super::Dialect::Postgres {
            query.push(" collate \"C\"");
        }
        query.push(" <= ").bind(String::from(Instant(instant)));
        self.past(query).await
    }
}

fn entry(mut row: Row) -> Result<HistoryEntry, RowError> {
    Ok(HistoryEntry {
        version: row.parse()?,
        at: row.parse()?,
        actor: row.text()?,
        request_id: row.text()?,
        events: row.text()?,
    })
}
