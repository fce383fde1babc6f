//! Where bodies are kept.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use http::HeaderValue;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use sqlx::Row as _;
use sqlx::postgres::{PgPool, PgPoolOptions};

/// As many as the service has.
const CONNECTIONS: u32 = 20;
/// Parts the tag from the body; a tag cannot hold it.
const END_OF_TAG: u8 = b'\n';

#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) etag: HeaderValue,
    pub(crate) body: Bytes,
}

#[derive(Clone)]
pub(crate) enum Store {
    Memory(Arc<RwLock<HashMap<String, Kept>>>),
    Redis(MultiplexedConnection),
    Postgres(PgPool),
}

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

impl Store {
    pub(crate) async fn open(url: &str) -> Outcome<Self> {
        if url.starts_with("redis") {
            let client = redis::Client::open(url)?;
            return Ok(Self::Redis(client.get_multiplexed_async_connection().await?));
        }
        if url.starts_with("postgres") {
            let options = PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .test_before_acquire(false);
            let pool = options.connect(url).await?;
            sqlx::query(
                "create table if not exists limit_bodies (path text primary key, etag text not null, body text not null)",
            )
            .execute(&pool)
            .await?;
            return Ok(Self::Postgres(pool));
        }
        Ok(Self::Memory(Arc::default()))
    }

    pub(crate) async fn get(&self, path: &str) -> Outcome<Option<Kept>> {
        match self {
            Self::Memory(bodies) => Ok(bodies
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .get(path)
                .cloned()),
            Self::Redis(connection) => {
                let value: Option<Bytes> = connection.clone().get(path).await?;
                Ok(value.as_ref().and_then(parted))
            }
            Self::Postgres(pool) => {
                let row = sqlx::query("select etag, body from limit_bodies where path = $1")
                    .bind(path)
                    .fetch_optional(pool)
                    .await?;
                row.map(|row| {
                    Ok(Kept {
                        etag: HeaderValue::from_str(row.try_get("etag")?)?,
                        body: row.try_get::<String, _>("body")?.into(),
                    })
                })
                .transpose()
            }
        }
    }

    pub(crate) async fn put(&self, path: &str, kept: Kept) -> Outcome<()> {
        match self {
            Self::Memory(bodies) => {
                let mut bodies = bodies.write().unwrap_or_else(PoisonError::into_inner);
                bodies.insert(path.to_owned(), kept);
            }
            Self::Redis(connection) => {
                let value = [kept.etag.as_bytes(), &[END_OF_TAG], &kept.body].concat();
                connection.clone().set::<_, _, ()>(path, value).await?;
            }
            Self::Postgres(pool) => {
                sqlx::query(
                    "insert into limit_bodies (path, etag, body) values ($1, $2, $3)
                     on conflict (path) do update set etag = excluded.etag, body = excluded.body",
                )
                .bind(path)
                .bind(kept.etag.to_str()?)
                .bind(std::str::from_utf8(&kept.body)?)
                .execute(pool)
                .await?;
            }
        }
        Ok(())
    }
}

fn parted(value: &Bytes) -> Option<Kept> {
    let at = value.iter().position(|byte| *byte == END_OF_TAG)?;
    Some(Kept {
        etag: HeaderValue::from_bytes(value.get(..at)?).ok()?,
        body: value.slice(at + 1..),
    })
}
