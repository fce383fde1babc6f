//! What the cache keeps, each entity on the server that has it.

use std::sync::Arc;
use std::time::Duration;

use application::cache::{
    CacheError, CacheKey, CacheStore, Entity, Entry, Lease, Mark, Miss, Released, Token,
};
use application::changelog::LogPosition;
use async_trait::async_trait;
use futures::future::join_all;

use super::{RedisCache, RedisCacheError};

#[async_trait]
impl CacheStore for RedisCache {
    async fn get(&self, key: &CacheKey) -> Result<Option<Arc<Entry>>, CacheError> {
        Ok(self.ring().of(key.entity)?.get(key).await?)
    }

    async fn get_many(&self, keys: &[CacheKey]) -> Result<Vec<Option<Arc<Entry>>>, CacheError> {
        let ring = self.ring();
        let split = ring.split(keys.iter().enumerate(), |(_, key)| key.entity)?;
        let asked = split.into_iter().map(async |(node, indexed)| {
            let (indexes, keys): (Vec<_>, Vec<_>) = indexed.into_iter().unzip();
            Ok::<_, RedisCacheError>(indexes.into_iter().zip(node.get_many(&keys).await?))
        });
        let mut all = vec![None; keys.len()];
        for answers in join_all(asked).await {
            for (index, entry) in answers? {
                if let Some(place) = all.get_mut(index) {
                    *place = entry;
                }
            }
        }
        Ok(all)
    }

    async fn miss(
        &self,
        key: &CacheKey,
        token: Token,
        life: Duration,
        refresh: bool,
    ) -> Result<Miss, CacheError> {
        let ring = self.ring();
        Ok(ring.of(key.entity)?.miss(key, token, life, refresh).await?)
    }

    async fn fill(
        &self,
        key: &CacheKey,
        lease: &Lease,
        entry: &Entry,
        ttl: Duration,
    ) -> Result<bool, CacheError> {
        let ring = self.ring();
        Ok(ring.of(key.entity)?.fill(key, lease, entry, ttl).await?)
    }

    async fn abandon(&self, key: &CacheKey, lease: &Lease) -> Result<(), CacheError> {
        Ok(self.ring().of(key.entity)?.abandon(key, lease).await?)
    }

    async fn fence(
        &self,
        entities: &[Entity],
        token: Token,
        life: Duration,
    ) -> Result<Vec<Mark>, CacheError> {
        let ring = self.ring();
        let split = ring.split(entities.iter().copied(), |entity| *entity)?;
        let asked = split
            .iter()
            .map(|(node, entities)| node.fence(entities, token, life));
        let mut marks = Vec::new();
        // Each is done though another may fail.
        for answer in join_all(asked).await {
            marks.extend(answer?);
        }
        Ok(marks)
    }

    async fn release(
        &self,
        entities: &[Entity],
        token: Token,
        position: Option<LogPosition>,
    ) -> Result<Released, CacheError> {
        let all = entities.iter().map(|entity| (*entity, position));
        Ok(self.release_all(all, token, false).await?)
    }

    async fn release_missed(&self, changes: &[(Entity, LogPosition)]) -> Result<(), CacheError> {
        let all = changes.iter().map(|(entity, at)| (*entity, Some(*at)));
        // No token is nil.
        self.release_all(all, Token::nil(), true).await?;
        Ok(())
    }

    async fn purge(&self) -> Result<(), CacheError> {
        let ring = self.ring();
        for done in join_all(ring.all().iter().map(|node| node.purge())).await {
            done?;
        }
        Ok(())
    }

    async fn probe(&self) -> Result<(), CacheError> {
        self.find().await?;
        let ring = self.ring();
        for done in join_all(ring.all().iter().map(|node| node.probe())).await {
            done?;
        }
        Ok(())
    }
}

impl RedisCache {
    async fn release_all(
        &self,
        changes: impl Iterator<Item = (Entity, Option<LogPosition>)>,
        token: Token,
        only_missed: bool,
    ) -> Result<Released, RedisCacheError> {
        let ring = self.ring();
        let split = ring.split(changes, |(entity, _)| *entity)?;
        let asked = split
            .iter()
            .map(|(node, changes)| node.release(changes, token, only_missed));
        let mut all = Released {
            intact: true,
            marks: vec![],
        };
        // Each is done though another may fail.
        for answer in join_all(asked).await {
            let released = answer?;
            all.intact &= released.intact;
            all.marks.extend(released.marks);
        }
        Ok(all)
    }
}
