//! A CDN is told what to purge.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Time};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::support::{Api, Backend, Instance, run, text};

/// What a CDN was told, each with the answer that it gave.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<(StatusCode, Value)>>>);

impl Told {
    fn taken(&self) -> BTreeSet<String> {
        let told = self.0.lock().unwrap();
        let taken = told.iter().filter(|(status, _)| status.is_success());
        let keys = taken.flat_map(|(_, body)| body["surrogateKeys"].as_array().unwrap());
        keys.map(|key| key.as_str().unwrap().to_owned()).collect()
    }
}

/// Refuses the first two requests.
async fn purge(State(told): State<Told>, headers: HeaderMap, Json(body): Json<Value>) -> StatusCode {
    assert_eq!(headers[AUTHORIZATION], "Bearer a-purge-token");
    let mut told = told.0.lock().unwrap();
    let status = match told.len() {
        0 => StatusCode::SERVICE_UNAVAILABLE,
        1 => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::ACCEPTED,
    };
    told.push((status, body));
    status
}

async fn every_change_is_told(backend: Backend) {
    let told = Told::default();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}/purge", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/purge", post(purge))
        .with_state(told.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = [
        ("VITRINE__CDN__PURGE_URL", url.as_str()),
        ("VITRINE__CDN__PURGE_TOKEN", "a-purge-token"),
    ];
    let api = Api::of(Instance::start(backend, &settings).await).await;

    let staged = api.product(json!({"name": "Staged"})).await;
    let body = json!({"name": "Live", "variants": [{"sku": "LIVE"}]});
    let live = api
        .post("/v1/products?publish=true")
        .json(&body)
        .send()
        .await
        .is(201)
        .value();
    let category = api.category(json!({})).await;
    let seen = api
        .get(&format!("/v1/store/default/products/{}", text(&live, "/id")))
        .send()
        .await
        .is(200);
    let wanted: BTreeSet<String> = [
        format!("product-{}", text(&live, "/id")),
        format!("category-{}", text(&category, "/id")),
        "products".to_owned(),
        "categories".to_owned(),
        "prices".to_owned(),
    ]
    .into();
    assert!(
        seen.header("surrogate-key")
            .split(' ')
            .any(|key| wanted.contains(key))
    );
    until(&told, |taken| taken.is_superset(&wanted)).await;
    assert!(
        !told
            .taken()
            .contains(&format!("product-{}", text(&staged, "/id")))
    );
    assert!(!told.taken().contains("catalog"));
    // What concerns everything is on everything.
    assert!(
        seen.header("surrogate-key")
            .split(' ')
            .any(|key| key == "catalog")
    );
    let list = api
        .patch("/v1/price-lists/key:base")
        .merge(&json!({"name": "Base"}));
    list.send().await.is(200);
    until(&told, |taken| taken.contains("catalog")).await;
}

async fn until(told: &Told, done: impl Fn(&BTreeSet<String>) -> bool) {
    let started = Time::now();
    while !done(&told.taken()) {
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{:?}",
            told.0.lock().unwrap()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn embedded_tells_a_cdn() {
    run(every_change_is_told(Backend::Embedded));
}

#[test]
fn servers_tell_a_cdn() {
    run(every_change_is_told(Backend::Servers));
}
