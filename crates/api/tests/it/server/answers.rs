//! What every answer carries: tags per coding, request ids, problems, CORS headers, measurements.

use std::sync::Arc;

use api::server::{HttpSettings, Origin};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider},
    propagation::TraceContextPropagator,
    trace::{InMemorySpanExporter, SdkTracerProvider, SpanData},
};
use reqwest::{Method, Response};
use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt as _};

use super::toy::{Server, client, settings};

async fn request(server: &Server, method: Method, path: &str, headers: &[(&'static str, &str)]) -> Response {
    let mut request = client().request(method, server.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

async fn get(server: &Server, path: &str, headers: &[(&'static str, &str)]) -> Response {
    request(server, Method::GET, path, headers).await
}

#[tokio::test]
async fn a_strong_tag_differs_per_coding_and_every_one_is_understood() {
    let server = Server::start(settings()).await;
    for (coding, tag) in [
        ("identity", "\"7\""),
        ("gzip", "\"7-gzip\""),
        ("br", "\"7-br\""),
        ("zstd", "\"7-zstd\""),
    ] {
        let response = get(&server, "/document", &[("accept-encoding", coding)]).await;
        assert_eq!(response.headers()["etag"], tag);
        assert_eq!(response.headers()["vary"], "accept-encoding");

        for sent in [
            tag.to_owned(),
            format!("\"a, b-gzip\", {tag}"),
            format!("W/{tag}"),
        ] {
            let headers = [("accept-encoding", coding), ("if-none-match", sent.as_str())];
            let response = get(&server, "/document", &headers).await;
            assert_eq!(response.status(), 304, "{sent}");
            assert_eq!(response.headers()["etag"], tag, "{sent}");
            assert_eq!(response.headers()["vary"], "accept-encoding");
        }
        let response = request(&server, Method::PUT, "/document", &[("if-match", tag)]).await;
        assert_eq!(response.status(), 204);
    }
    let response = request(&server, Method::PUT, "/document", &[("if-match", "\"7-lz4\"")]).await;
    assert_eq!(response.status(), 412);
}

#[tokio::test]
async fn small_answers_are_not_compressed() {
    let server = Server::start(settings()).await;
    let response = get(&server, "/ok", &[("accept-encoding", "gzip, br, zstd")]).await;
    assert!(response.headers().get("content-encoding").is_none());
}

#[tokio::test]
async fn a_request_id_is_echoed_if_it_is_valid_and_made_if_not() {
    let server = Server::start(settings()).await;
    let longest = "x".repeat(128);
    for sent in ["abc-123", &longest] {
        assert_eq!(
            get(&server, "/ok", &[("request-id", sent)]).await.headers()["request-id"],
            sent
        );
    }
    for sent in ["", "with space", &"x".repeat(129)] {
        assert_eq!(
            get(&server, "/ok", &[("request-id", sent)]).await.headers()["request-id"],
            "made-here"
        );
    }
    assert_eq!(
        get(&server, "/unknown", &[]).await.headers()["request-id"],
        "made-here"
    );
}

#[tokio::test]
async fn the_span_of_a_request_continues_the_callers_trace() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter.clone())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    // Not for this thread only: a span that another test's thread meets first would stay disabled for all.
    // Where requests are logged, which is at `debug`, no answer is given again, and others test that here.
    let subscriber = tracing_subscriber::registry().with(LevelFilter::INFO).with(layer);
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = Server::start(settings()).await;

    let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    get(
        &server,
        "/zeros/3",
        &[("traceparent", caller), ("request-id", "traced")],
    )
    .await;

    let spans = exporter.get_finished_spans().unwrap();
    let named = |span: &&SpanData| span.attributes.iter().any(|a| a.value.as_str() == "traced");
    let span = spans.iter().find(named).unwrap();
    assert_eq!(span.name, "GET /zeros/{length}");
    assert_eq!(
        span.span_context.trace_id().to_string(),
        "0af7651916cd43dd8448eb211c80319c"
    );
    assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
}

#[tokio::test]
async fn plain_errors_become_problems_that_keep_their_headers() {
    let server = Server::start(settings()).await;
    let unknown = get(&server, "/unknown", &[]).await;
    assert_eq!(unknown.status(), 404);
    assert_eq!(unknown.headers()["content-type"], "application/problem+json");
    assert_eq!(
        unknown.json::<serde_json::Value>().await.unwrap()["code"],
        "resource_not_found"
    );

    let wrong_method = request(&server, Method::DELETE, "/document", &[]).await;
    assert_eq!(wrong_method.status(), 405);
    assert_eq!(wrong_method.headers()["allow"], "GET,HEAD,PUT");
    assert_eq!(
        wrong_method.json::<serde_json::Value>().await.unwrap()["code"],
        "method_not_allowed"
    );
}

#[tokio::test]
async fn only_configured_origins_may_read_answers() {
    let shop = Origin::try_from("https://shop.example".to_owned()).unwrap();
    let server = Server::start(HttpSettings {
        cors_origins: vec![shop],
        ..settings()
    })
    .await;
    let allowed = get(&server, "/ok", &[("origin", "https://shop.example")]).await;
    assert_eq!(
        allowed.headers()["access-control-allow-origin"],
        "https://shop.example"
    );
    let other = get(&server, "/ok", &[("origin", "https://other.example")]).await;
    assert!(other.headers().get("access-control-allow-origin").is_none());

    let preflight = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "PATCH"),
    ];
    let response = request(&server, Method::OPTIONS, "/document", &preflight).await;
    assert_eq!(response.status(), 200);
    assert!(
        response.headers()["access-control-allow-methods"]
            .to_str()
            .unwrap()
            .contains("PATCH")
    );
}

#[test]
fn an_origin_that_no_browser_sends_is_refused() {
    for text in [
        "shop.example",
        "https://shop.example/",
        "https://Shop.example",
        "ftp://shop.example",
        "",
    ] {
        assert!(Origin::try_from(text.to_owned()).is_err(), "{text}");
    }
}

#[test]
fn settings_are_read_as_people_write_them() {
    let text = "idle_timeout = \"1m 30s\"\nbody_limit = 10\ncors_origins = [\"*\"]";
    let read: HttpSettings = toml::from_str(text).unwrap();
    assert_eq!(read.idle_timeout.as_secs(), 90);
    assert_eq!(read.max_connections, 4096);
    assert!(
        toml::to_string(&read)
            .unwrap()
            .contains("idle_timeout = \"1m 30s\"")
    );
    for bad in [
        "idle_timeout = \"soon\"",
        "idle_timeuot = \"1s\"",
        "cors_origins = [\"shop\"]",
        "address = \"x\"",
    ] {
        assert!(toml::from_str::<HttpSettings>(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn requests_are_measured_by_method_route_and_status() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = Arc::new(SdkMeterProvider::builder().with_reader(reader).build());
    let meter = opentelemetry::metrics::MeterProvider::meter(&*provider, "test");
    let server = Server::start_measured(settings(), &meter).await;
    get(&server, "/zeros/3", &[]).await;
    get(&server, "/panic", &[]).await;
    get(&server, "/unknown/path", &[]).await;

    let flushed = Arc::clone(&provider);
    tokio::task::spawn_blocking(move || flushed.force_flush())
        .await
        .unwrap()
        .unwrap();

    let text = format!("{:?}", exporter.get_finished_metrics().unwrap());
    for expected in [
        "http.server.requests",
        "http.server.errors",
        "http.server.request.duration",
        "http.server.active_requests",
        "/zeros/{length}",
        "unmatched",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert!(
        !text.contains("/zeros/3") && !text.contains("/unknown/path"),
        "a path became a label: {text}"
    );
}
