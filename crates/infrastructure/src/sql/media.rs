//! Reading what is known of uploaded files.

use application::media::{MediaReader, MediaRef};
use application::page::{Page, PageRequest};
use application::store::StoreError;
use async_trait::async_trait;
use domain::MediaId;
use domain::media::MediaState;
use domain::value::Digest;

use super::dialect::IDS;
use super::{Database, Failure, Query, Row, SqlCatalog};
use crate::rows::{MediaFileDoc, RowError};

#[async_trait]
impl<D: Database> MediaReader for SqlCatalog<D> {
    async fn find(&self, media: MediaRef) -> Result<Option<MediaState>, StoreError> {
        let select = "select cast(t.data as text) from media t where t.";
        let query = match media {
            MediaRef::Id(id) => Query::new(format!("{select}id = $1")).with(id.uuid()),
            MediaRef::Digest(digest) => Query::new(format!("{select}sha256 = $1")).with(digest.to_string()),
        };
        Ok(self.one::<MediaFileDoc, _>(query).await?)
    }

    async fn list(&self, page: &PageRequest) -> Result<Page<MediaState>, StoreError> {
        let everything = Query::new("from media t where true");
        let place = |m: &MediaState| (m.id.uuid(), m.record.updated_at);
        Ok(self.page::<MediaFileDoc, _>(everything, page, place).await?)
    }
}

impl<D: Database> SqlCatalog<D> {
    pub(super) async fn digests(&self, ids: &[MediaId]) -> Result<Vec<(MediaId, Digest)>, Failure> {
        let ids: Vec<_> = ids
            .iter()
            .map(|id| serde_json::json!({"id": id.uuid()}))
            .collect();
        let text = format!(
            "with {} select cast(m.id as text), m.sha256 from media m where m.id in (select id from r)",
            D::DIALECT.batch(IDS)
        );
        let query = Query::new(text).with(serde_json::Value::Array(ids).to_string());
        let pair = |mut row: Row| Ok((MediaId::new(row.uuid()?), Digest::parse(&row.text()?)?));
        let rows = self.database.fetch(query).await?.into_iter();
        Ok(rows.map(pair).collect::<Result<_, RowError>>()?)
    }
}
