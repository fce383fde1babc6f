//! What a commit costs in statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use application::store::Changes;
use application::testing::fixtures::{
    full_product, full_variant, new_product, new_variant, product, renamed,
};
use application::testing::{Harness, prices};
use async_trait::async_trait;
use infrastructure::sql::{Database, Dialect, Failure, PoolUse, Query, Row, SqlCatalog, Transaction};
use infrastructure::sqlite::{Sqlite, SqliteCatalog};

use tempfile::TempDir;

use super::sqlite::options_in;

/// The database with a count of the statements that its transactions ran, and of those outside of them.
struct Counted {
    inner: Sqlite,
    statements: Arc<AtomicUsize>,
    reads: Arc<AtomicUsize>,
}

struct Open {
    inner: Box<dyn Transaction>,
    statements: Arc<AtomicUsize>,
}

#[async_trait]
impl Database for Counted {
    const DIALECT: Dialect = Sqlite::DIALECT;

    async fn fetch(&self, query: Query) -> Result<Vec<Row>, Failure> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.fetch(query).await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, Failure> {
        Ok(Box::new(Open {
            inner: self.inner.begin().await?,
            statements: Arc::clone(&self.statements),
        }))
    }

    async fn migrate(&self) -> Result<(), Failure> {
        self.inner.migrate().await
    }

    fn newest_migration() -> i64 {
        Sqlite::newest_migration()
    }

    fn pool_use(&self) -> PoolUse {
        self.inner.pool_use()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl Transaction for Open {
    async fn fetch(&mut self, query: Query) -> Result<Vec<Row>, Failure> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.inner.fetch(query).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, Failure> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.inner.execute(query).await
    }

    async fn commit(self: Box<Self>) -> Result<(), Failure> {
        self.inner.commit().await
    }

    async fn rollback(self: Box<Self>) -> Result<(), Failure> {
        self.inner.rollback().await
    }
}

async fn counted(folder: &TempDir) -> Arc<SqlCatalog<Counted>> {
    let sqlite = SqliteCatalog::connect(&options_in(folder)).await.unwrap();
    let catalog = Arc::new(SqlCatalog::new(Counted {
        inner: sqlite.database().clone(),
        statements: Arc::default(),
        reads: Arc::default(),
    }));
    catalog.migrate().await.unwrap();
    catalog
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_prices_does_not_grow_with_their_number() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = counted(&folder).await;
    let (h, database) = (Harness::new(&catalog), catalog.database());
    let cost = async |lines: usize| {
        database.statements.store(0, Ordering::Relaxed);
        database.reads.store(0, Ordering::Relaxed);
        prices::write_and_resolve(&h, lines).await;
        let [statements, reads] = [&database.statements, &database.reads].map(|c| c.load(Ordering::Relaxed));
        (statements, reads)
    };
    let few = cost(3).await;
    assert_eq!(few, cost(5000).await);
    assert_eq!(
        few.1, 4,
        "the list, the variants, their prices; and one read that resolves"
    );
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn does_not_grow_with_the_number_of_changes() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = counted(&folder).await;
    let statements = Arc::clone(&catalog.database().statements);
    let h = Harness::new(&catalog);
    let category = h.category(None).await;

    let cost = async |count: usize| {
        let products: Vec<_> = (0..count)
            .map(|_| new_product(&h, full_product(&h, category.id)))
            .collect();
        let variants = products.iter().map(|p| {
            let mut content = full_variant(&h);
            content.gtin = None;
            new_variant(&h, p.after.id, content)
        });
        let edits: Vec<_> = products
            .iter()
            .map(|p| renamed(&p.after, &h, "Renamed"))
            .collect();
        statements.store(0, Ordering::Relaxed);
        let changes = Changes {
            variants: variants.collect(),
            products,
            ..Changes::default()
        };
        h.commit(changes).await.unwrap();
        h.commit(edits).await.unwrap();
        statements.load(Ordering::Relaxed)
    };
    assert_eq!(cost(2).await, cost(200).await);

    let stored = h.product(product(&h)).await;
    statements.store(0, Ordering::Relaxed);
    h.commit(renamed(&stored, &h, "Alone")).await.unwrap();
    assert_eq!(statements.load(Ordering::Relaxed), 2, "the row and its log entry");
    catalog.close().await;
}
