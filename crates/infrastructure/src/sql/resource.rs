//! Reading resources that are stored as a whole.

use application::page::{Page, PageRequest};
use application::resource::{ResourceReader, ResourceRef};
use application::store::StoreError;
use async_trait::async_trait;
use domain::resource::{Identity, State};

use super::dialect::Kind;
use super::find::{Name, Tables, find};
use super::query::states;
use super::{Database, Failure, Query, SqlCatalog};
use crate::rows::{StateDoc, Stored};

const REFERENCES: &[(&str, Kind)] = &[("id", Kind::Uuid), ("key", Kind::Text)];

#[async_trait]
impl<D: Database, C: Stored> ResourceReader<C> for SqlCatalog<D> {
    async fn find(
        &self,
        reference: &ResourceRef<C::Id>,
        with_deleted: bool,
    ) -> Result<Option<State<C>>, StoreError> {
        let name = match reference {
            ResourceRef::Id(id) => Name::Id(id.to_uuid()),
            ResourceRef::Key(key) => Name::Column("key", key.as_str()),
        };
        let tables = Tables {
            own: C::TABLE,
            slugs: None,
        };
        Ok(self
            .one::<StateDoc<C::Doc>, _>(find(&tables, "data", name, with_deleted))
            .await?)
    }

    async fn list(&self, deleted: bool, page: &PageRequest) -> Result<Page<State<C>>, StoreError> {
        let conditions = format!(
            "from {} t where t.deleted_at is {}",
            C::TABLE,
            if deleted { "not null" } else { "null" }
        );
        let place = |state: &State<C>| (state.id.to_uuid(), state.record.updated_at);
        Ok(self
            .page::<StateDoc<C::Doc>, _>(Query::new(conditions), page, place)
            .await?)
    }

    async fn among(&self, references: &[ResourceRef<C::Id>]) -> Result<Vec<State<C>>, StoreError> {
        let row = |reference: &ResourceRef<C::Id>| match reference {
            ResourceRef::Id(id) => serde_json::json!({"id": id.to_uuid()}),
            ResourceRef::Key(key) => serde_json::json!({"key": key.as_str()}),
        };
        let rows: Vec<_> = references.iter().map(row).collect();
        let text = format!(
            "with {} select cast(t.data as text) from {} t where t.deleted_at is null \
             and (t.id in (select id from r) or t.key in (select key from r))",
            D::DIALECT.batch(REFERENCES),
            C::TABLE
        );
        let query = Query::new(text).with(serde_json::Value::Array(rows).to_string());
        Ok(states::<StateDoc<C::Doc>, _>(self.database.fetch(query).await?).map_err(Failure::from)?)
    }
}
