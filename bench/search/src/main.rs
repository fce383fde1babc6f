//! How search grows with a catalog, beside the best that PostgreSQL's own full-text search does on the same one.
//!
//! Products go straight into the engine, and requests too: what HTTP adds is measured elsewhere. Requests are asked one
//! after the other. `cargo xtask bench search` builds this, starts a private server and runs it.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people, and data that is made up"
)]

mod catalog;
mod engine;
mod memory;
mod picture;
mod requests;
mod sample;
mod sql;
mod words;

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Parser;

use catalog::Catalog;
use sample::Sample;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Without `BENCH_DATABASE_URL`, a superuser's, nothing is compared.
#[derive(Parser)]
struct Options {
    /// How many products, one catalog after the other
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 100_000, 1_000_000])]
    products: Vec<u64>,
    /// How many searches are timed in each
    #[arg(long, default_value_t = 500)]
    requests: usize,
    /// Where indexes are made, in a folder that is removed
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Where the picture is written to
    #[arg(long, default_value = "bench/search.svg")]
    picture: PathBuf,
}

/// What was measured of a catalog.
struct Measured {
    products: u64,
    built: engine::Built,
    search: Sample,
    suggest: Sample,
    sql: Option<Sample>,
    found: u64,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let options = Options::parse();
    let mut measured = Vec::new();
    let database = std::env::var("BENCH_DATABASE_URL").ok();
    for products in &options.products {
        measured.push(measure(*products, &options, database.as_deref()).await?);
    }
    say(&tables(&measured));
    std::fs::write(&options.picture, picture::draw(&curves(&measured)))?;
    say(&format!("drawn: {}", options.picture.display()));
    Ok(())
}

async fn measure(products: u64, options: &Options, database: Option<&str>) -> Result<Measured> {
    let catalog = Catalog::new(products);
    let requests = catalog.requests(options.requests);
    say(&format!("{products} products: building the index"));
    let (engine, built) = engine::Engine::build(&catalog, options.folder.as_deref()).await?;
    let (search, found) = engine.search(&requests).await?;
    let suggest = engine.suggest(&catalog.beginnings(options.requests)).await?;
    let memory = memory::resident()?;
    drop(engine);
    let sql = match database {
        Some(url) => {
            say(&format!("{products} products: filling PostgreSQL"));
            let mut sql = sql::Sql::fill(url, &catalog).await?;
            Some(sql.search(&requests).await?)
        }
        None => None,
    };
    Ok(Measured {
        products,
        built: engine::Built { memory, ..built },
        search,
        suggest,
        sql,
        found,
    })
}

fn curves(measured: &[Measured]) -> Vec<picture::Curve> {
    let curve = |name: &str, colour: &'static str, value: &dyn Fn(&Measured) -> Option<f64>| picture::Curve {
        name: name.to_owned(),
        colour,
        points: measured
            .iter()
            .filter_map(|m| Some((f64::from(u32::try_from(m.products).ok()?), value(m)?)))
            .collect(),
    };
    vec![
        curve("PostgreSQL p50", "#b5651d", &|m| {
            Some(m.sql.as_ref()?.percentile(50))
        }),
        curve("search p99", "#7a9cc6", &|m| Some(m.search.percentile(99))),
        curve("search p50", "#1f4e8c", &|m| Some(m.search.percentile(50))),
        curve("suggest p50", "#3c8c5a", &|m| Some(m.suggest.percentile(50))),
    ]
}

fn tables(measured: &[Measured]) -> String {
    let mut text = String::from(
        "\n| products | products/s | of it making them | disk | heap | mapped | after a change |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for m in measured {
        text += &m.built.row(m.products);
    }
    text += "\n| products | search p50 ms | p99 ms | mean hits | suggest p50 ms | p99 ms | PostgreSQL p50 ms | p99 ms | times |\n\
             | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    for m in measured {
        let (p50, p99) = (m.search.percentile(50), m.search.percentile(99));
        let sql = m.sql.as_ref().map_or_else(
            || "| | |".to_owned(),
            |sql| {
                let times = sql.percentile(50) / p50;
                format!(
                    "{:.1} | {:.1} | {times:.0} |",
                    sql.percentile(50),
                    sql.percentile(99)
                )
            },
        );
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {p50:.2} | {p99:.2} | {} | {:.2} | {:.2} | {sql}",
            m.products,
            m.found / m.search.len().max(1),
            m.suggest.percentile(50),
            m.suggest.percentile(99),
        );
    }
    text
}

#[expect(clippy::print_stdout, reason = "what the program is for")]
fn say(text: &str) {
    println!("{text}");
}
