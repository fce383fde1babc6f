//! What commits, and the answers to shoppers, cost in statements, and what these look at.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use application::page::{Count, PageRequest, Sort, SortField};
use application::store::Changes;
use application::storefront::{StoreFilter, StoreRef, Visit};
use application::testing::fixtures::{
    edit_product, edit_variant, full_product, full_variant, new_product, new_variant, product, renamed,
    variant, with_options,
};
use application::testing::{Harness, prices};
use async_trait::async_trait;
use domain::product::{ProductContent, ProductState, Relation, RelationKind, VariantContent, option_axes};
use domain::value::Text;
use domain::{Change, ChannelId};
use infrastructure::sql::{Database, Dialect, Failure, PoolUse, Query, Row, SqlCatalog, Transaction};
use infrastructure::sqlite::{Sqlite, SqliteCatalog};

use tempfile::TempDir;

use super::sqlite::options_in;

/// The database with a count of the statements that its transactions ran, with their plans, and of those outside of
/// them.
struct Counted {
    inner: Sqlite,
    statements: Arc<AtomicUsize>,
    reads: Arc<AtomicUsize>,
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
        self.reads.fetch_add(1, Ordering::Relaxed);
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

async fn counted(folder: &TempDir) -> Arc<SqlCatalog<Counted>> {
    let sqlite = SqliteCatalog::connect(&options_in(folder)).await.unwrap();
    let catalog = Arc::new(SqlCatalog::new(Counted {
        inner: sqlite.database().clone(),
        statements: Arc::default(),
        reads: Arc::default(),
        plans: Arc::default(),
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
        let publish =
            |edit: &Change<ProductState>| edit_product(&edit.after, |p| p.publish(h.now()).unwrap());
        let publications: Vec<_> = edits.iter().map(publish).collect();
        let leave =
            |live: &Change<ProductState>| edit_product(&live.after, |p| p.unpublish(h.now()).unwrap());
        let withdrawals: Vec<_> = publications.iter().map(leave).collect();
        statements.store(0, Ordering::Relaxed);
        let changes = Changes {
            variants: variants.collect(),
            products,
            ..Changes::default()
        };
        h.commit(changes).await.unwrap();
        h.commit(edits).await.unwrap();
        h.commit(publications).await.unwrap();
        h.commit(withdrawals).await.unwrap();
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
async fn answers_to_shoppers_take_a_statement_each() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteCatalog::connect(&options_in(&folder)).await.unwrap();
    let reads = Arc::new(AtomicUsize::new(0));
    let catalog = Arc::new(SqlCatalog::new(Counted {
        inner: sqlite.database().clone(),
        statements: Arc::default(),
        reads: Arc::clone(&reads),
        plans: Arc::default(),
    }));
    catalog.migrate().await.unwrap();
    let h = Harness::new(&catalog);
    let mut ids = Vec::new();
    for _ in 0..60 {
        let state = h.product(product(&h)).await;
        h.variant(state.id, variant(&h)).await;
        let relations = ids.iter().take(50).map(|product| Relation {
            kind: RelationKind::UpSell,
            product: *product,
        });
        let content = ProductContent {
            relations: relations.collect(),
            ..state.content.clone()
        };
        h.edited(&state, |p| {
            p.revise(content, h.now()).unwrap();
            p.publish(h.now()).unwrap();
        })
        .await;
        ids.push(state.id);
    }
    let visit = Visit {
        channel: ChannelId::new(h.id()),
        at: h.now(),
    };
    let page = PageRequest {
        sort: Sort {
            field: SortField::Id,
            descending: false,
        },
        after: None,
        limit: 50,
        count: Count::None,
    };
    let cost = || reads.swap(0, Ordering::Relaxed);
    cost();
    let copy = h.storefront.find(&StoreRef::Id(ids[59]), &visit).await.unwrap();
    assert_eq!((copy.unwrap().variants.len(), cost()), (1, 1));
    let list = h
        .storefront
        .list(&StoreFilter::default(), &visit, &page)
        .await
        .unwrap();
    assert_eq!((list.items.len(), cost()), (50, 1));
    let some = h.storefront.among(&ids[..50], &visit, None, 51).await.unwrap();
    assert_eq!((some.len(), cost()), (50, 1));
    h.storefront.next_change(&visit).await.unwrap();
    assert_eq!(cost(), 1);
    // What is staged comes with the product, too.
    h.products.view(ids[0]).await.unwrap();
    assert_eq!(cost(), 1);
    catalog.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_one_variant_does_not_grow_with_its_siblings() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = counted(&folder).await;
    let (statements, plans) = (
        Arc::clone(&catalog.database().statements),
        Arc::clone(&catalog.database().plans),
    );
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
        few, 4,
        "the lock on the product, the row, whether the product has unpublished changes, and the log entry: {plan:#?}"
    );
    let of_variants: Vec<_> = plan.iter().filter(|step| step.contains("variants")).collect();
    assert!(!of_variants.is_empty());
    for step in of_variants {
        assert!(
            // Of the staged ones the first is enough.
            step.contains("_1 (id=?)")
                || step.contains("_1 (variant_id=?)")
                || step.contains("variants_staged (product_id=?)"),
            "siblings are looked at: {step}"
        );
    }
    catalog.close().await;
}
