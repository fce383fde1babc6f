//! Generated catalogs of two sizes and the requests that are compared on them.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::client::Client;
use super::sample::{Row, Sample};
use crate::servers::Servers;
use crate::vitrine::Vitrine;
use crate::{Result, say};

/// How often each request is timed.
const ROUNDS: u64 = 400;

/// How deep into a list the last page is.
const DEEP: usize = 10_000;

/// A server over a generated catalog.
pub(super) struct Catalog {
    pub(super) products: u64,
    /// In seconds.
    pub(super) filled_in: f64,
    client: Client,
    _vitrine: Vitrine,
    _folder: TempDir,
}

impl Catalog {
    pub(super) async fn fill(binary: &Path, products: u64, servers: Option<&Servers>) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("vitrine-bench-").tempdir()?;
        // What is compared is the work behind the cache.
        let mut settings = vec![
            ("VITRINE__CATALOG__EXAMPLE", "false".to_owned()),
            ("VITRINE__CACHE__ENABLED", "false".to_owned()),
        ];
        if let Some(servers) = servers {
            let url = create_database(servers, &format!("bench_{products}")).await?;
            settings.push(("VITRINE__DATABASE__URL", url));
        }
        let vitrine = Vitrine::start(binary, folder.path(), settings).await?;
        say(format_args!("filling a catalog with {products} products"));
        let started = Instant::now();
        vitrine
            .run(&["demo", "--products", &products.to_string(), "--seed", "1"])
            .await?;
        let filled_in = started.elapsed().as_secs_f64();
        let token = vitrine.token("catalog:admin").await?;
        Ok(Self {
            products,
            filled_in,
            client: Client::new(vitrine.origin(), &token),
            _vitrine: vitrine,
            _folder: folder,
        })
    }
}

/// Creates an empty database on the private server; gives its URL.
pub(super) async fn create_database(servers: &Servers, name: &str) -> Result<String> {
    let variable = |wanted: &str| servers.environment().find(|(name, _)| *name == wanted);
    let text = |value: OsString| value.into_string().map_err(|_| "the URL is no text");
    let (_, url) = variable("TEST_DATABASE_URL").ok_or("no database was started")?;
    let (_, bin) = variable("TEST_POSTGRES_BIN").ok_or("no PostgreSQL was found")?;
    let url = text(url)?;
    let mut psql = Command::new(Path::new(&bin).join("psql"));
    psql.args(["--quiet", "--command", &format!("create database {name}"), &url]);
    if !psql.stdin(Stdio::null()).status().await?.success() {
        return Err(format!("cannot create the database {name}").into());
    }
    let (server, _) = url.rsplit_once('/').ok_or("the URL names no database")?;
    Ok(format!("{server}/{name}"))
}

/// Requests whose cost must not grow with the catalog.
pub(super) async fn by_size(small: &mut Catalog, large: &mut Catalog) -> Result<Vec<Row>> {
    // `KEY` stands for the key of some published product.
    let requests = [
        ("single product", 1.3, "/v1/products/key:KEY"),
        (
            "single product with its variants",
            1.3,
            "/v1/products/key:KEY?expand=variants",
        ),
        (
            "single product in the store",
            1.3,
            "/v1/store/default/products/key:KEY",
        ),
        ("list of 50", 1.5, "/v1/products"),
        ("list of 50, newest first", 1.5, "/v1/products?sort=-updatedAt"),
        ("list of 50 with a status", 1.5, "/v1/products?status=archived"),
        (
            "list of 50 in a category",
            1.5,
            "/v1/products?category=key:demo-kitchen",
        ),
        ("list of 50 in the store", 1.5, "/v1/store/default/products"),
    ];
    let mut rows = Vec::new();
    for (what, limit, path) in requests {
        let (mut base, mut other) = (Sample::default(), Sample::default());
        for round in 0..ROUNDS {
            for (catalog, sample) in [(&*small, &mut base), (&*large, &mut other)] {
                let path = path.replace("KEY", &published(catalog, round).await?);
                let (_, time) = catalog.client.get(&path).await?;
                sample.add(time);
            }
        }
        rows.push(Row {
            what: format!("{what}: {} products, then {}", small.products, large.products),
            base,
            other,
            limit,
        });
    }
    Ok(rows)
}

/// The key of some published product; the same in every catalog that is large enough.
async fn published(catalog: &Catalog, round: u64) -> Result<String> {
    // Steps of a prime, so that neighbours in time are none on disk.
    let mut index = round.wrapping_mul(7_919) % catalog.products;
    loop {
        let key = format!("demo-{index:07}");
        let (product, _) = catalog.client.get(&format!("/v1/products/key:{key}")).await?;
        if product.get("status").and_then(Value::as_str) == Some("published") {
            return Ok(key);
        }
        index = (index + 1) % catalog.products;
    }
}

/// The first page of a list and one deep inside.
pub(super) async fn by_depth(catalog: &mut Catalog) -> Result<Row> {
    let limit = (usize::try_from(catalog.products)? / (DEEP + 1)).clamp(1, 50);
    let first = format!("/v1/products?limit={limit}");
    let mut page = first.clone();
    let mut depth = 1;
    while depth < DEEP {
        let (body, _) = catalog.client.get(&page).await?;
        let Some(cursor) = body.get("nextCursor").and_then(Value::as_str) else {
            break;
        };
        page = format!("{first}&cursor={cursor}");
        depth += 1;
    }
    let (mut base, mut other) = (Sample::default(), Sample::default());
    for _ in 0..ROUNDS {
        base.add(catalog.client.get(&first).await?.1);
        other.add(catalog.client.get(&page).await?.1);
    }
    Ok(Row {
        what: format!(
            "list of {limit} among {}: page 1, then page {depth}",
            catalog.products
        ),
        base,
        other,
        limit: 1.5,
    })
}

/// A variant with one sibling, and one with 1,999.
pub(super) async fn by_siblings(catalog: &mut Catalog) -> Result<Row> {
    let client = &catalog.client;
    for (key, count) in [("few", 2), ("many", 2000)] {
        let body = json!({"key": format!("bench-{key}"), "name": key, "optionAxes": ["n"]});
        client.send(Method::POST, "/v1/products", Some(&body)).await?;
        let variant = |n: usize| {
            let sku = format!("BENCH-{key}-{n}");
            json!({"method": "POST", "path": format!("/v1/products/key:bench-{key}/variants"),
                "body": {"sku": sku, "options": {"n": n.to_string()}}})
        };
        let all: Vec<_> = (0..count).map(variant).collect();
        for part in all.chunks(1000) {
            let body = json!({"operations": part});
            client.send(Method::POST, "/v1/batch", Some(&body)).await?;
        }
    }
    let (mut base, mut other) = (Sample::default(), Sample::default());
    for round in 0..ROUNDS {
        let patch = json!({"mpn": round.to_string()});
        for (key, sample) in [("few", &mut base), ("many", &mut other)] {
            let path = format!("/v1/variants/sku:BENCH-{key}-1");
            let (_, time) = client.send(Method::PATCH, &path, Some(&patch)).await?;
            sample.add(time);
        }
    }
    Ok(Row {
        what: "write of one variant: of 2, then of 2,000".to_owned(),
        base,
        other,
        limit: 1.3,
    })
}
