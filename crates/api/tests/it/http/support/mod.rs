//! Running services and a client that holds every answer against the OpenAPI document.
//!
//! The two shared instances serve all tests that do not disturb each other: keep keys, SKUs, brands and the like
//! apart with [`unique`].

mod bucket;
mod call;
mod contract;
mod database;
mod instance;
mod report;

use std::future::Future;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;

pub(crate) use call::{Answer, Call, too_large};
pub(crate) use contract::{DOCUMENT, Operation, operations, validator};
pub(crate) use instance::{Instance, vitrine};
pub(crate) use report::Trial;

/// One runtime for all tests: connections of the shared instances' clients outlive the test that opened them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// The combinations of stores that everything has to work on alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// `SQLite` and the in-process cache.
    Embedded,
    /// `PostgreSQL`, Redis and a bucket for files.
    Servers,
}

/// A client of a running service, which speaks as an administrator unless told otherwise.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) instance: &'static Instance,
    http: reqwest::Client,
    admin: String,
}

impl Api {
    pub(crate) async fn of(instance: Instance) -> Self {
        let instance: &'static Instance = Box::leak(Box::new(instance));
        let admin = instance.token("catalog:admin", "tests").await;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            instance,
            http,
            admin,
        }
    }

    async fn shared(backend: Backend) -> Self {
        static EMBEDDED: OnceCell<Api> = OnceCell::const_new();
        static SERVERS: OnceCell<Api> = OnceCell::const_new();
        let cell = match backend {
            Backend::Embedded => &EMBEDDED,
            Backend::Servers => &SERVERS,
        };
        cell.get_or_init(|| async { Self::of(Instance::start(backend, &[]).await).await })
            .await
            .clone()
    }

    /// Creates a product from a name that is unique, with the members of `more`.
    pub(crate) async fn product(&self, more: Value) -> Value {
        let mut body = json!({"name": unique("Product")});
        merge(&mut body, more);
        self.post("/v1/products").json(&body).send().await.is(201).value()
    }

    /// Creates a category from a name that is unique, with the members of `more`.
    pub(crate) async fn category(&self, more: Value) -> Value {
        let mut body = json!({"name": unique("Category")});
        merge(&mut body, more);
        self.post("/v1/categories")
            .json(&body)
            .send()
            .await
            .is(201)
            .value()
    }

    /// Creates a variant of a product without option axes.
    pub(crate) async fn variant(&self, product: &str, more: Value) -> Value {
        let mut body = json!({"sku": unique("SKU")});
        merge(&mut body, more);
        let path = format!("/v1/products/{product}/variants");
        self.post(&path).json(&body).send().await.is(201).value()
    }
}

impl Api {
    /// Waits until there is an index for each plane.
    pub(crate) async fn until_searchable(&self) {
        let started = Instant::now();
        loop {
            let status = self.get("/v1/search/status").send().await.is(200).value();
            if ["management", "store"]
                .iter()
                .all(|plane| status[plane]["state"] != "building")
            {
                return;
            }
            assert!(started.elapsed() < Duration::from_mins(1), "{status}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn merge(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}

/// Runs a test on the shared instance of a backend.
pub(crate) fn on<F: Future<Output = ()>>(backend: Backend, test: impl FnOnce(Api) -> F) {
    run(async move { test(Api::shared(backend).await).await });
}

/// Runs a test that starts what it needs itself.
pub(crate) fn run<F: Future>(test: F) -> F::Output {
    RUNTIME.block_on(test)
}

/// Makes two tests of every function named, one on each backend.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[test]
            fn $name() {
                crate::http::support::on(crate::http::support::Backend::Embedded, super::$name);
            })+
        }
        mod servers {
            $(#[test]
            fn $name() {
                crate::http::support::on(crate::http::support::Backend::Servers, super::$name);
            })+
        }
    };
}
pub(crate) use on_both;

static COUNTER: AtomicU64 = AtomicU64::new(1);

/// A text that no other call gives: the databases are new, so counting is enough.
pub(crate) fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

/// A GTIN-13 that no other call gives.
pub(crate) fn gtin() -> String {
    let body = format!("4{:011}", COUNTER.fetch_add(1, Ordering::Relaxed));
    let weighted = body
        .bytes()
        .zip([1, 3].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit - b'0') * weight);
    format!("{body}{}", (10 - weighted.sum::<u32>() % 10) % 10)
}

/// The text at a pointer.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no text at {pointer} of {value}"))
}
