//! What a commit costs in statements, and what these look at.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use application::store::Changes;
use application::testing::Harness;
use application::testing::fixtures::{
    edit_variant, full_product, full_variant, new_product, new_variant, product, renamed, variant,
    with_options,
};
use async_trait::async_trait;
use domain::product::{ProductContent, VariantContent, option_axes};
use domain::value::Text;
use infrastructure::sql::{Database, Dialect, Failure, PoolUse, Query, Row, SqlCatalog, Transaction};
use infrastructure::sqlite::{Sqlite, SqliteCatalog};

use super::sqlite::options_in;

/// The database with a count of the statements that its transactions ran, and the plans of those.
struct Counted {
    inner: Sqlite,
    statements: Arc<AtomicUsize>,
    plans: Arc<Mutex<Vec<String>>>,
}

struct Open {
    inner: Box<dyn Transaction>,
    statements: Arc<AtomicUsize>,
    plans: Arc<Mutex<Vec<String>>>,
}

impl Open {
    async fn note(&mut self, query: &Query) -> Result<(), Failure> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let plan = self.inner.fetch(query.explained()).await?;
        let plan = plan.iter().map(|row| format!("{row:?}"));
        self.plans.lock().unwrap().extend(plan);
        Ok(())
    }
}

#[async_trait]
impl Database for Counted {
    const DIALECT: Dialect = Sqlite::DIALECT;

    async fn fetch(&self, query: Query) -> Result<Vec<Row>, Failure> {
        self.inner.fetch(query).await
    }

    async fn begin(&self) -> Result<Box<dyn Transaction>, Failure> {
        Ok(Box::new(Open {
            inner: self.inner.begin().await?,
            statements: Arc::clone(&self.statements),
            plans: Arc::clone(&self.plans),
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
        self.note(&query).await?;
        self.inner.fetch(query).await
    }

    async fn execute(&mut self, query: Query) -> Result<u64, Failure> {
        self.note(&query).await?;
        self.inner.execute(query).await
    }

    async fn commit(self: Box<Self>) -> Result<(), Failure> {
        self.inner.commit().await
    }

    async fn rollback(self: Box<Self>) -> Result<(), Failure> {
        self.inner.rollback().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn does_not_grow_with_the_number_of_changes() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteCatalog::connect(&options_in(&folder)).await.unwrap();
    let statements = Arc::new(AtomicUsize::new(0));
    let catalog = Arc::new(SqlCatalog::new(Counted {
        inner: sqlite.database().clone(),
        statements: Arc::clone(&statements),
        plans: Arc::default(),
    }));
    catalog.migrate().await.unwrap();
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_variant_does_not_grow_with_its_siblings() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteCatalog::connect(&options_in(&folder)).await.unwrap();
    let (statements, plans) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::<Mutex<Vec<String>>>::default(),
    );
    let catalog = Arc::new(SqlCatalog::new(Counted {
        inner: sqlite.database().clone(),
        statements: Arc::clone(&statements),
        plans: Arc::clone(&plans),
    }));
    catalog.migrate().await.unwrap();
    let h = Harness::new(&catalog);

    let cost = async |siblings: usize| {
        let axes = option_axes(vec![Text::parse("n").unwrap()]).unwrap();
        let shirt = ProductContent {
            option_axes: axes,
            ..product(&h)
        };
        let shirt = h.product(shirt).await;
        let numbered = |n: usize| with_options(variant(&h), &[("n", &n.to_string())]);
        let all: Vec<_> = (0..siblings)
            .map(|n| new_variant(&h, shirt.id, numbered(n)))
            .collect();
        let one = all[0].after.clone();
        h.commit(all).await.unwrap();
        statements.store(0, Ordering::Relaxed);
        plans.lock().unwrap().clear();
        let content = VariantContent {
            mpn: Some(Text::parse("M").unwrap()),
            position: 7,
            ..with_options(one.content.clone(), &[("n", "another")])
        };
        h.commit(edit_variant(&one, |v| v.revise(content, h.now()).unwrap()))
            .await
            .unwrap();
        (statements.load(Ordering::Relaxed), plans.lock().unwrap().clone())
    };
    let (few, plan) = cost(2).await;
    assert_eq!((few, plan.clone()), cost(2000).await);
    assert_eq!(
        few, 3,
        "the lock on the product, the row and its log entry: {plan:#?}"
    );
    let of_variants: Vec<_> = plan.iter().filter(|step| step.contains("variants")).collect();
    assert!(!of_variants.is_empty());
    for step in of_variants {
        assert!(
            step.contains("SEARCH variants USING INDEX sqlite_autoindex_variants_1 (id=?)"),
            "siblings are looked at: {step}"
        );
    }
    catalog.close().await;
}
