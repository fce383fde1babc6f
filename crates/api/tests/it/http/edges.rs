//! What every answer has in common, and requests that no operation takes.

use reqwest::Method;
use serde_json::json;

use super::support::{Api, Backend, Instance, on_both, operations, run, text, unique};

on_both!(
    unknown_addresses_and_methods_are_problems,
    every_get_has_its_head,
    requests_keep_their_id,
    long_addresses_are_refused,
    operations_of_operators_answer,
    codes_are_explained,
);

async fn unknown_addresses_and_methods_are_problems(api: Api) {
    for path in [
        "/",
        "/v1",
        "/v2/products",
        "/v1/products/",
        "/v1//products",
        "/V1/products",
        "/v1/products/a/b/c",
        "/.env",
    ] {
        api.get(path).send().await.problem(404, "resource_not_found");
        api.post(path)
            .json(&json!({}))
            .send()
            .await
            .problem(404, "resource_not_found");
    }
    for (method, path, allowed) in [
        ("DELETE", "/v1/products", "GET,HEAD,POST"),
        ("PUT", "/v1/categories", "GET,HEAD,POST"),
        ("POST", "/v1/products/key:x", "DELETE,GET,HEAD,PATCH,PUT"),
        ("GET", "/v1/products/key:x/publish", "POST"),
        ("POST", "/v1/store/default/products", "GET,HEAD"),
        ("BREW", "/version", "GET,HEAD"),
        ("TRACE", "/v1/me", "GET,HEAD"),
    ] {
        let answer = api
            .call(Method::from_bytes(method.as_bytes()).unwrap(), path)
            .send()
            .await;
        answer.problem(405, "method_not_allowed");
        let mut allow: Vec<_> = answer.header("allow").split(',').map(str::trim).collect();
        allow.sort_unstable();
        assert_eq!(allow.join(","), allowed, "{method} {path}");
    }
}

/// Something of every kind, to be read: the part of its address that stands for the path's parameter.
async fn something(api: &Api) -> Vec<(&'static str, String)> {
    let id = |value: &serde_json::Value| text(value, "/id").to_owned();
    let key = unique("head");
    let product = api.product(json!({"key": key})).await;
    api.post(&format!("/v1/products/key:{key}/publish"))
        .send()
        .await
        .is(200);
    let variant = api.variant(&id(&product), json!({})).await;
    let category = id(&api.category(json!({})).await);
    let body = json!({"priceList": "key:base", "variant": variant["id"], "currency": "EUR", "amount": "1"});
    let price = api.post("/v1/prices").json(&body).send().await.is(201).value();
    let file = api
        .post("/v1/media")
        .body("application/pdf", format!("%PDF-1.7\n{key}"));
    let file = file.send().await.is(201).value();
    let import = api
        .post("/v1/imports?format=ndjson")
        .body("application/x-ndjson", "");
    let job = import.send().await.is(202).value();
    vec![
        (
            "/media/",
            text(&file, "/url").trim_start_matches("/media/").to_owned(),
        ),
        ("/v1/categories/", category.clone()),
        ("/v1/channels/", "key:default".to_owned()),
        ("/v1/jobs/", id(&job)),
        ("/v1/media/", id(&file)),
        ("/v1/price-lists/", "key:base".to_owned()),
        ("/v1/prices/", id(&price)),
        ("/v1/product-types/", "key:generic".to_owned()),
        ("/v1/products/", id(&product)),
        ("/v1/store/{channel}/categories/", category),
        ("/v1/store/{channel}/products/", id(&product)),
        ("/v1/variants/", id(&variant)),
        ("/problems/", "internal".to_owned()),
    ]
}

async fn every_get_has_its_head(api: Api) {
    api.until_searchable().await;
    let kinds = something(&api).await;
    for operation in operations().iter().filter(|operation| operation.method == "GET") {
        let template = operation.path.as_str();
        // A path that ends in a parameter, or has one in the middle, is about one of a kind.
        let of_one = |kind: &str| {
            template
                .strip_prefix(kind)
                .is_some_and(|rest| rest.starts_with('{'))
        };
        let kind = kinds.iter().find(|(kind, _)| of_one(kind));
        let one = kind.map_or("", |(_, one)| one);
        let mut path = template.replace("{channel}", "default").replace("{version}", "1");
        for parameter in ["{ref}", "{id}", "{code}", "{sha256}"] {
            path = path.replace(parameter, one);
        }
        let query = match template.rsplit('/').next() {
            Some("diff") => "?from=1&to=1",
            Some("prices") if template.contains("{channel}") => "?skus=none",
            Some("suggest") => "?q=x",
            _ => "",
        };
        path.push_str(query);
        let get = api.get(&path).send().await.is(200);
        let head = api.call(Method::HEAD, &path).send().await.is(200);
        assert_eq!(head.body, b"", "{path}");
        for header in ["content-type", "cache-control"] {
            assert_eq!(head.find(header), get.find(header), "{path} {header}");
        }
        // Numbers, jobs, and lists of what other tests write move on between the two.
        if kind.is_some_and(|(kind, _)| *kind != "/v1/jobs/") {
            for header in ["etag", "content-length"] {
                assert_eq!(head.find(header), get.find(header), "{path} {header}");
            }
        }
    }
    let missing = api
        .call(Method::HEAD, "/v1/products/key:none")
        .send()
        .await
        .is(404);
    assert_eq!(missing.body, b"");
}

async fn requests_keep_their_id(api: Api) {
    for id in ["a", "0199b1f0-6c1e", &"r".repeat(128), "a/b:c;d=e{}"] {
        for path in ["/version", "/v1/products/key:none", "/nowhere"] {
            let answer = api.get(path).header("request-id", id).send().await;
            assert_eq!(answer.header("request-id"), id);
        }
    }
    for bad in ["", "with space", &"r".repeat(129), "é"] {
        let answer = api.get("/version").header("request-id", bad).send().await.is(200);
        assert_eq!(answer.header("request-id").len(), 36, "{bad:?}");
    }
    let (one, two) = (api.get("/version").send().await, api.get("/version").send().await);
    assert_ne!(one.header("request-id"), two.header("request-id"));
    for trace in [
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-0000000000000000-00",
        "garbage",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    ] {
        let answer = api
            .get("/version")
            .header("traceparent", trace)
            .header("tracestate", "a=b,,=");
        answer.send().await.is(200);
    }
}

async fn long_addresses_are_refused(api: Api) {
    const LIMIT: usize = 8 * 1024;
    for (start, operation) in [("/v1/products?brand=", true), ("/nowhere?x=", false)] {
        let of_length = |length: usize| format!("{start}{}", "x".repeat(length - start.len()));
        let at_limit = api.get(&of_length(LIMIT)).send().await;
        if operation {
            at_limit.problem(400, "invalid_parameter");
        } else {
            at_limit.problem(404, "resource_not_found");
        }
        for length in [LIMIT + 1, 3 * LIMIT] {
            api.get(&of_length(length))
                .send()
                .await
                .problem(414, "uri_too_long");
        }
    }
}

async fn operations_of_operators_answer(api: Api) {
    let live = api.get("/health/live").anonymous().send().await.is(200).value();
    assert_eq!(live, json!({"status": "ok"}));
    let ready = api.get("/health/ready").anonymous().send().await.is(200);
    assert_eq!(ready.header("cache-control"), "no-store");
    assert_eq!(
        ready.value(),
        json!({"status": "ok", "database": "up", "cache": "up"})
    );
    let version = api.get("/version").anonymous().send().await.is(200).value();
    assert_eq!(
        version,
        json!({"name": "vitrine", "version": env!("CARGO_PKG_VERSION")})
    );
    let metrics = api.get("/metrics").anonymous().send().await.is(200);
    assert!(
        metrics
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    let metrics = String::from_utf8(metrics.body).unwrap();
    for name in [
        "http_server_request_duration",
        "db_pool_in_use",
        "db_pool_max",
        "cache_up",
    ] {
        assert!(metrics.contains(name), "{name} is not among {metrics}");
    }
    assert!(metrics.contains("/health/ready"));
    for page in [
        "/docs/",
        "/docs/index.html",
        "/docs/swagger-ui.css",
        "/docs/swagger-ui-bundle.js",
    ] {
        let page = api.get(page).anonymous().send().await.is(200);
        assert!(!String::from_utf8_lossy(&page.body).contains("https://unpkg.com"));
    }
}

async fn codes_are_explained(api: Api) {
    let page = api
        .get("/problems/validation_failed")
        .anonymous()
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(
        (&page["title"], &page["status"]),
        (&json!("Validation failed"), &json!(422))
    );
    let item = api
        .get("/problems/gtin_check_digit")
        .anonymous()
        .send()
        .await
        .is(200)
        .value();
    assert!(item.get("status").is_none());
    for unknown in ["nothing", "Validation_Failed", "%00", "a%2Fb"] {
        api.get(&format!("/problems/{unknown}"))
            .anonymous()
            .send()
            .await
            .problem(404, "resource_not_found");
    }
    // Every code of the document has its page.
    let codes = operations().iter().flat_map(super::support::Operation::codes);
    for code in codes.collect::<std::collections::BTreeSet<_>>() {
        let page = api
            .get(&format!("/problems/{code}"))
            .anonymous()
            .send()
            .await
            .is(200)
            .value();
        assert_eq!(page["code"], code);
        assert!(!text(&page, "/meaning").is_empty());
    }
}

#[test]
fn browsers_of_configured_origins_are_let_in() {
    run(async {
        let settings = [(
            "VITRINE__HTTP__CORS_ORIGINS",
            "https://shop.example,https://admin.example",
        )];
        let api = Api::of(Instance::start(Backend::Embedded, &settings).await).await;
        let preflight = |origin: &str| {
            let call = api
                .call(Method::OPTIONS, "/v1/products/key:x")
                .anonymous()
                .header("origin", origin);
            call.header("access-control-request-method", "PATCH")
                .header(
                    "access-control-request-headers",
                    "authorization,content-type,if-match,idempotency-key",
                )
                .send()
        };
        for origin in ["https://shop.example", "https://admin.example"] {
            let answer = preflight(origin).await.is(200);
            assert_eq!(answer.header("access-control-allow-origin"), origin);
            assert!(answer.header("access-control-allow-methods").contains("PATCH"));
            for name in ["authorization", "if-match", "idempotency-key"] {
                assert!(
                    answer.header("access-control-allow-headers").contains(name),
                    "{name}"
                );
            }
            // Errors are readable too.
            for path in ["/version", "/v1/products/key:none"] {
                let answer = api.get(path).header("origin", origin).send().await;
                assert_eq!(answer.header("access-control-allow-origin"), origin);
                assert!(answer.header("access-control-expose-headers").contains("etag"));
            }
        }
        let stranger = preflight("https://evil.example").await;
        assert_eq!(stranger.find("access-control-allow-origin"), None);
        let plain = Api::of(Instance::start(Backend::Embedded, &[]).await).await;
        let answer = plain
            .get("/version")
            .header("origin", "https://shop.example")
            .send()
            .await
            .is(200);
        assert_eq!(answer.find("access-control-allow-origin"), None);
    });
}
