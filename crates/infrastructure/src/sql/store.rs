//! The port that all writes go through.

use std::time::Duration;

use application::changelog::LogPosition;
use application::store::{
    CatalogStore, Changes, Committed, IdempotencyClaim, Receipt, StoreError, WriteContext,
};
use async_trait::async_trait;
use domain::MediaId;
use domain::value::{Digest, Locale, Slug};

use super::dialect::PAIRS;
use super::write::{Plan, Writer};
use super::{Database, Dialect, Failure, Query, SqlCatalog, Transaction};
use crate::json_schema::JsonSchemas;
use crate::rows::RowError;

/// Deadlocks are rare and pass; a commit that met three in a row meets something else.
const RETRIES: u32 = 3;

impl<D: Database> SqlCatalog<D> {
    async fn attempt(
        &self,
        plan: &Plan,
        context: &WriteContext,
        receipt: Option<&Receipt>,
    ) -> Result<Committed, Failure> {
        let mut tx = self.database.begin().await?;
        let mut writer = Writer {
            dialect: D::DIALECT,
            tx: tx.as_mut(),
        };
        let written = write(&mut writer, plan, &self.schemas, context, receipt).await;
        match written {
            Ok(position) if !context.dry_run => {
                tx.commit().await?;
                Ok(Committed { position })
            }
            Ok(_) => {
                tx.rollback().await?;
                Ok(Committed::default())
            }
            Err(failure) => {
                // Where this fails too the connection is gone, and the transaction with it.
                if let Err(error) = tx.rollback().await {
                    tracing::debug!(?error, "a failed transaction could not be rolled back");
                }
                Err(failure)
            }
        }
    }

    /// Which slugs are in the table, or are found by `more`.
    async fn taken(
        &self,
        table: &str,
        more: &str,
        slugs: &[(Locale, Slug)],
    ) -> Result<Vec<(Locale, Slug)>, StoreError> {
        let pairs: Vec<_> = slugs
            .iter()
            .map(|(locale, slug)| serde_json::json!({"a": locale.as_str(), "b": slug.as_str()}))
            .collect();
        let text = format!(
            "with {} select s.locale, s.slug from r join {table} s on s.locale = r.a and s.slug = r.b where s.live{more}",
            D::DIALECT.batch(PAIRS)
        );
        let rows = self
            .database
            .fetch(Query::new(text).with(serde_json::Value::Array(pairs).to_string()))
            .await?;
        let pair = |mut row: super::Row| {
            let (locale, slug) = (row.text()?, row.text()?);
            Ok((Locale::parse(&locale)?, Slug::parse(slug)?))
        };
        Ok(rows
            .into_iter()
            .map(pair)
            .collect::<Result<_, RowError>>()
            .map_err(Failure::from)?)
    }
}

async fn write(
    writer: &mut Writer<'_>,
    plan: &Plan,
    schemas: &JsonSchemas,
    context: &WriteContext,
    receipt: Option<&Receipt>,
) -> Result<Option<LogPosition>, Failure> {
    if let (Some(claim), Some(receipt)) = (&context.idempotency, receipt) {
        take_key(writer.dialect, writer.tx, &context.actor, claim, receipt).await?;
    }
    plan.write(writer, schemas).await
}

/// First of all, so that the slower of two requests with one key does nothing else.
async fn take_key(
    dialect: Dialect,
    tx: &mut dyn Transaction,
    actor: &str,
    claim: &IdempotencyClaim,
    receipt: &Receipt,
) -> Result<(), Failure> {
    // The insert alone would wait for a running transaction with the same key; the lock tells at once.
    let free = match dialect {
        Dialect::Postgres => "pg_try_advisory_xact_lock(hashtextextended($1 || chr(1) || $2, 0))",
        Dialect::Sqlite => "true",
    };
    let text = format!(
        "insert into idempotency_keys (actor, key, fingerprint, status, etag, location, body, created_at) \
         select $1, $2, $3, $4, $5, $6, $7, {now} where {free} \
         on conflict (actor, key) do update set fingerprint = excluded.fingerprint, status = excluded.status, \
         etag = excluded.etag, location = excluded.location, body = excluded.body, created_at = excluded.created_at \
         where idempotency_keys.created_at < {day_ago}",
        now = dialect.now(),
        day_ago = dialect.day_ago(),
    );
    let query = Query::new(text)
        .with(actor)
        .with(claim.key.as_str())
        .with(claim.fingerprint.clone())
        .with(i64::from(receipt.status))
        .with(receipt.etag.clone())
        .with(receipt.location.clone())
        .with(receipt.body.to_vec());
    if tx.execute(query).await? == 1 {
        Ok(())
    } else {
        Err(StoreError::IdempotencyKeyTaken.into())
    }
}

#[async_trait]
impl<D: Database> CatalogStore for SqlCatalog<D> {
    async fn commit(
        &self,
        changes: &Changes,
        context: &WriteContext,
        receipt: Option<&Receipt>,
    ) -> Result<Committed, StoreError> {
        let plan = Plan::new(changes, context).map_err(Failure::from)?;
        let mut attempt = 1;
        loop {
            match self.attempt(&plan, context, receipt).await {
                Err(Failure::Retry(error)) if attempt <= RETRIES => {
                    tracing::debug!(%error, attempt, "commit gives way to another");
                    let jitter = rand::random_range(5..25) * u64::from(attempt);
                    tokio::time::sleep(Duration::from_millis(jitter)).await;
                    attempt += 1;
                }
                Err(Failure::Rule(rule)) => return Err(self.conflict(rule, changes).await.into()),
                result => return Ok(result?),
            }
        }
    }

    async fn receipt(&self, actor: &str, key: &str) -> Result<Option<(Vec<u8>, Receipt)>, StoreError> {
        let text = format!(
            "select fingerprint, cast(status as text), etag, location, body from idempotency_keys \
             where actor = $1 and key = $2 and created_at >= {}",
            D::DIALECT.day_ago()
        );
        let rows = self
            .database
            .fetch(Query::new(text).with(actor).with(key))
            .await?;
        let parse = |mut row: super::Row| {
            let fingerprint = row.bytes()?;
            let receipt = Receipt {
                status: row.parse()?,
                etag: row.optional()?,
                location: row.optional()?,
                body: row.bytes()?.into(),
                replayed: true,
                position: None,
            };
            Ok((fingerprint, receipt))
        };
        Ok(rows
            .into_iter()
            .next()
            .map(parse)
            .transpose()
            .map_err(|e: RowError| Failure::from(e))?)
    }

    async fn taken_product_slugs(&self, slugs: &[(Locale, Slug)]) -> Result<Vec<(Locale, Slug)>, StoreError> {
        // Those that shoppers use may be no working copy's any more.
        let in_the_store = " union select s.locale, s.slug from r join store_slugs s on s.locale = r.a \
                            and s.slug = r.b where s.live and s.current";
        self.taken("product_slugs", in_the_store, slugs).await
    }

    async fn taken_category_slugs(
        &self,
        slugs: &[(Locale, Slug)],
    ) -> Result<Vec<(Locale, Slug)>, StoreError> {
        self.taken("category_slugs", "", slugs).await
    }

    async fn media_digests(&self, ids: &[MediaId]) -> Result<Vec<(MediaId, Digest)>, StoreError> {
        Ok(self.digests(ids).await?)
    }
}
