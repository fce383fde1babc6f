//! The other side: what PostgreSQL's full-text search makes of the same catalog, as well as we know how.
//!
//! One slim row to a product, with its words as a `tsvector` and its categories with all above them, and one to a variant;
//! an index for everything that is asked for. A request is one statement that reads what has the words once, and notes for
//! each product and variant which of the refinements hold, so that hits and all disjunctive counts come out of one pass.

use std::fmt::Write as _;
use std::time::Instant;

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection as _, Executor as _, Row as _};

use crate::Result;
use crate::catalog::{Catalog, Product};
use crate::requests::{Order, PAGE, Request};
use crate::sample::Sample;

const SCHEMA: &str = include_str!("sql/schema.sql");
const INDEXES: &str = include_str!("sql/indexes.sql");
const SEARCH: &str = include_str!("sql/search.sql");

const PIECE: u64 = 20_000;

/// What fits a machine that has this to do; `shared_buffers` is the server's.
const SETTINGS: [&str; 7] = [
    "work_mem = '256MB'",
    "maintenance_work_mem = '1GB'",
    "jit = off",
    "random_page_cost = 1.1",
    "effective_cache_size = '8GB'",
    // The words and filters decide how it is best done.
    "plan_cache_mode = force_custom_plan",
    "synchronous_commit = off",
];

pub(crate) struct Sql {
    connection: PgConnection,
}

impl Sql {
    pub(crate) async fn fill(url: &str, catalog: &Catalog) -> Result<Self> {
        let mut connection = PgConnection::connect(url).await?;
        for setting in SETTINGS {
            connection
                .execute(sqlx::AssertSqlSafe(format!("set {setting}")))
                .await?;
        }
        connection.execute(SCHEMA).await?;
        for products in catalog.pieces(PIECE) {
            let (mut rows, mut variants) = (String::new(), String::new());
            for product in &products {
                write_product(&mut rows, product, catalog)?;
                write_variants(&mut variants, product)?;
            }
            copy(&mut connection, "copy incoming from stdin", rows).await?;
            copy(&mut connection, "copy variant from stdin", variants).await?;
            connection.execute("select take_in()").await?;
        }
        connection.execute(INDEXES).await?;
        connection.execute("vacuum (analyze, freeze) product").await?;
        connection.execute("vacuum (analyze, freeze) variant").await?;
        Ok(Self { connection })
    }

    /// One after the other.
    pub(crate) async fn search(&mut self, requests: &[Request]) -> Result<Sample> {
        let mut sample = Sample::default();
        for (place, request) in requests.iter().take(20).chain(requests).enumerate() {
            let started = Instant::now();
            self.ask(request).await?;
            if place >= requests.len().min(20) {
                sample.add(started.elapsed());
            }
        }
        Ok(sample)
    }

    async fn ask(&mut self, request: &Request) -> Result<Vec<PgRow>> {
        let mut words = request.words.join(" & ");
        if request.is_open {
            words += ":*";
        }
        // Ranks are worth their time only where they are asked for.
        let (rank, order) = match request.order {
            Order::Relevance => ("ts_rank(p.words, q.words)", "m.rank desc, m.number desc"),
            Order::Price => ("0", "w.price, m.number desc"),
            Order::Newest => ("0", "m.created desc, m.number desc"),
        };
        let statement = SEARCH
            .replace("{rank}", rank)
            .replace("{order}", order)
            .replace("{page}", &PAGE.to_string());
        let (from, to) = request.price.unzip();
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(words)
            .bind(request.category.map(i32::try_from).transpose()?)
            .bind(&request.seasons)
            .bind(&request.colours)
            .bind(from)
            .bind(to)
            .fetch_all(&mut self.connection)
            .await?;
        if let Some(last) = rows.last() {
            // Rows are read, as an answer is made of them.
            let _: i64 = last.try_get("products")?;
        }
        Ok(rows)
    }
}

async fn copy(connection: &mut PgConnection, statement: &str, rows: String) -> Result<()> {
    let mut copy = connection.copy_in_raw(statement).await?;
    copy.send(rows.into_bytes()).await?;
    copy.finish().await?;
    Ok(())
}

fn write_product(rows: &mut String, product: &Product, catalog: &Catalog) -> Result<()> {
    let mut categories: Vec<usize> = product
        .categories
        .iter()
        .flat_map(|leaf| {
            std::iter::successors(Some(*leaf), |place| {
                catalog.parents.get(*place).copied().flatten()
            })
        })
        .collect();
    categories.sort_unstable();
    categories.dedup();
    let categories: Vec<String> = categories.iter().map(usize::to_string).collect();
    let features: Vec<&str> = product
        .terms
        .iter()
        .take(2)
        .map(|(_, value)| value.as_str())
        .collect();
    writeln!(
        rows,
        "{}\t{}\t{}\t{{{}}}\t{{{}}}\t{}\t{}\t{}\t{}\t{}",
        product.number,
        product.name,
        product.brand,
        categories.join(","),
        product.tags.join(","),
        product.created,
        product.attributes()?,
        [&[product.brand.clone()][..], &product.tags].concat().join(" "),
        features.join(" "),
        product.body,
    )?;
    Ok(())
}

fn write_variants(rows: &mut String, product: &Product) -> Result<()> {
    for (place, variant) in product.variants.iter().enumerate() {
        write!(
            rows,
            "{}\t{place}\t{}\t{}\t{}\t{}",
            product.number, variant.sku, variant.price, variant.weight, variant.stretch
        )?;
        for (_, value) in &variant.options {
            write!(rows, "\t{value}")?;
        }
        rows.push('\n');
    }
    Ok(())
}
