//! What a commit does inside its transaction: a fixed number of statements however many changes there are, and none
//! for what a commit does not touch.
//!
//! Invariant: rows are locked in one order (product types, channels, price lists, categories, then products, each by id; variants and
//! prices only ever under the lock on their product; then files, then settings), so that commits wait for one another
//! and seldom deadlock.

mod batch;
mod category;
mod erase;
mod log;
mod media;
mod price;
mod product;
mod publish;
mod resource;
mod types;
mod uses;
mod variant;

pub(crate) use price::rival;
pub(crate) use types::claimed;
pub(crate) use variant::options;

use application::changelog::LogPosition;
use application::search::SearchSettings;
use application::store::{Affected, Changes, Conflict, ConflictRule, StoreError, WriteContext};
use domain::channel::ChannelContent;
use domain::pricing::PriceListContent;
use domain::{Change, Recorded};
use uuid::Uuid;

use self::batch::{Batch, Identified};
use super::{Dialect, Failure, Query, Row, Transaction};
use crate::json_schema::JsonSchemas;
use crate::rows::RowError;

/// Everything that the transaction writes, worked out before it begins.
#[derive(Debug)]
pub(crate) struct Plan {
    categories: category::Plan,
    products: product::Plan,
    variants: variant::Plan,
    media: media::Plan,
    channels: resource::Plan<ChannelContent>,
    types: types::Plan,
    price_lists: resource::Plan<PriceListContent>,
    prices: price::Plan,
    search_settings: resource::Plan<SearchSettings>,
    published: publish::Plan,
    uses: uses::Plan,
    erased: erase::Plan,
    log: Batch<log::LogRow>,
}

impl Plan {
    pub(crate) fn new(changes: &Changes, context: &WriteContext) -> Result<Self, RowError> {
        Ok(Self {
            categories: category::Plan::new(&changes.categories),
            products: product::Plan::new(changes)?,
            variants: variant::Plan::new(changes)?,
            media: media::Plan::new(changes),
            channels: resource::Plan::new(&changes.channels),
            types: types::Plan::new(changes),
            price_lists: resource::Plan::new(&changes.price_lists),
            prices: price::Plan::new(changes),
            search_settings: resource::Plan::new(&changes.search_settings),
            published: publish::Plan::new(changes),
            uses: uses::Plan::new(changes),
            erased: erase::Plan::new(changes),
            log: log::rows(changes, context),
        })
    }

    /// Where the last of the changes stands in the log.
    pub(crate) async fn write(
        &self,
        tx: &mut Writer<'_>,
        schemas: &JsonSchemas,
    ) -> Result<Option<LogPosition>, Failure> {
        self.types.lock(tx).await?;
        self.channels.write(tx).await?;
        self.price_lists.write(tx).await?;
        self.categories.write(tx).await?;
        self.variants.lock_products(tx).await?;
        self.products.write(tx).await?;
        self.variants.write(tx).await?;
        self.types.check_basis(tx).await?;
        // After the variants' own changes: a product is deleted with those that are left, restored with those that
        // went with it.
        self.products.cascade(tx).await?;
        self.media.write(tx).await?;
        self.search_settings.write(tx).await?;
        self.uses.write(tx).await?;
        self.products.check_axes(tx).await?;
        self.prices.write(tx).await?;
        price::check_lists(&self.price_lists, tx).await?;
        price::check_channels(&self.channels, tx).await?;
        self.published.write(tx).await?;
        self.categories.check_unreferenced(tx).await?;
        publish::Plan::check_unreferenced(tx, &self.categories.deleted, &self.channels.deleted).await?;
        self.types.check_fit(tx, schemas).await?;
        self.erased.write(tx).await?;
        log::write(&self.log, tx).await
    }
}

/// A transaction with the dialect it speaks.
pub(crate) struct Writer<'t> {
    pub(crate) dialect: Dialect,
    pub(crate) tx: &'t mut dyn Transaction,
}

impl Writer<'_> {
    async fn execute<T: serde::Serialize + Sync>(
        &mut self,
        batch: &Batch<T>,
        text: String,
    ) -> Result<(), Failure> {
        if !batch.is_empty() {
            self.tx
                .execute(batch.query(text).map_err(RowError::from)?)
                .await?;
        }
        Ok(())
    }

    async fn fetch<T: serde::Serialize + Sync>(
        &mut self,
        batch: &Batch<T>,
        text: String,
    ) -> Result<Vec<Row>, Failure> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        self.tx.fetch(batch.query(text).map_err(RowError::from)?).await
    }

    /// Runs an update that returns the ids it wrote; one that is missing was changed by someone else.
    async fn update<T: serde::Serialize + Identified + Sync>(
        &mut self,
        kind: &'static str,
        batch: &Batch<T>,
        text: String,
    ) -> Result<(), Failure> {
        let mut written = std::collections::HashSet::new();
        for mut row in self.fetch(batch, text).await? {
            written.insert(row.uuid()?);
        }
        match batch.iter().map(Identified::id).find(|id| !written.contains(id)) {
            Some(id) => Err(StoreError::VersionConflict { kind, id }.into()),
            None => Ok(()),
        }
    }

    /// Fails with `rule` when the statement finds a row; the row's first column is the subject.
    async fn forbid<T: serde::Serialize + Sync>(
        &mut self,
        rule: ConflictRule,
        batch: &Batch<T>,
        text: String,
    ) -> Result<(), Failure> {
        match self.fetch(batch, text).await?.into_iter().next() {
            Some(mut row) => Err(broken(rule, Some(row.uuid()?))),
            None => Ok(()),
        }
    }

    /// Fails with `rule` and what is affected when the statement finds rows: of each how many there are, and an id.
    async fn forbid_all<T: serde::Serialize + Sync>(
        &mut self,
        rule: ConflictRule,
        batch: &Batch<T>,
        text: String,
    ) -> Result<(), Failure> {
        let mut affected = Affected {
            count: 0,
            sample: Vec::new(),
        };
        for mut row in self.fetch(batch, text).await? {
            affected.count = row.parse()?;
            affected.sample.push(row.uuid()?);
        }
        if affected.count == 0 {
            return Ok(());
        }
        let mut conflict = Conflict::of(rule);
        conflict.affected = Some(affected);
        Err(Failure::Store(conflict.into()))
    }

    /// Fails unless all of these rows of a table are there, and keeps them from being deleted until the commit.
    async fn require(&mut self, table: &'static str, ids: &Batch<batch::Id>) -> Result<(), Failure> {
        let text = format!(
            "with {} select cast(t.id as text) from {table} t where t.id in (select id from r) \
             and t.deleted_at is null order by t.id{}",
            self.dialect.batch(super::dialect::IDS),
            self.dialect.locking(" for key share of t"),
        );
        let found = self.fetch(ids, text).await?.len();
        if found == ids.iter().count() {
            Ok(())
        } else {
            Err(StoreError::ReferenceGone.into())
        }
    }
}

fn broken(rule: ConflictRule, subject: Option<Uuid>) -> Failure {
    Failure::Store(StoreError::Conflict(Conflict {
        subject,
        ..Conflict::of(rule)
    }))
}

/// Whether a resource is alive, before and after.
fn lives<S: Recorded>(change: &Change<S>) -> (bool, bool) {
    let alive = |state: &S| state.record().deleted_at.is_none();
    (change.before.as_ref().is_some_and(alive), alive(&change.after))
}

impl<T> batch::Batches<T> {
    fn push<S: Recorded>(&mut self, change: &Change<S>, row: T)
    where
        T: serde::Serialize,
    {
        match (change.before.is_some(), lives(change)) {
            (false, _) => self.inserts.push(row),
            (true, (true, false)) => self.deletes.push(row),
            (true, _) => self.updates.push(row),
        }
    }
}

/// `insert into table (columns) select columns from r`.
fn insert(dialect: Dialect, table: &str, columns: &[(&str, super::dialect::Kind)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    format!(
        "with {} insert into {table} ({names}) select {names} from r",
        dialect.batch(columns)
    )
}

/// A statement without parameters.
fn statement(text: &str) -> Query {
    Query::new(text)
}
