//! A warm cache against the database alone: after every kind of write, every read of the cached instances answers what
//! an instance without a cache answers on the same database.

use std::collections::BTreeMap;

use futures::StreamExt as _;
use futures::stream;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Api, Backend, Instance, run, text};

#[test]
fn embedded_answers_what_the_database_says() {
    run(every_write_shows_in_every_read(Backend::Embedded));
}

#[test]
fn servers_answer_what_the_database_says() {
    run(every_write_shows_in_every_read(Backend::Servers));
}

/// Who writes, who else reads through a cache, and who reads without one.
struct Fleet {
    cached: Vec<Api>,
    plain: Api,
    _folder: tempfile::TempDir,
}

async fn fleet(backend: Backend) -> Fleet {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite://{}", folder.path().join("vitrine.db").display());
    let first = match backend {
        Backend::Embedded => Instance::start(backend, &[("VITRINE__DATABASE__URL", &file)]).await,
        Backend::Servers => Instance::start(backend, &[]).await,
    };
    let database = first.setting("VITRINE__DATABASE__URL").to_owned();
    let mut cached = vec![first];
    if backend == Backend::Servers {
        let prefix = cached[0].setting("VITRINE__CACHE__PREFIX").to_owned();
        let same = [
            ("VITRINE__DATABASE__URL", database.as_str()),
            ("VITRINE__CACHE__PREFIX", prefix.as_str()),
        ];
        cached.push(Instance::start(backend, &same).await);
    }
    let without = [
        ("VITRINE__DATABASE__URL", database.as_str()),
        ("VITRINE__CACHE__ENABLED", "false"),
    ];
    let plain = Api::of(Instance::start(backend, &without).await).await;
    let mut apis = Vec::new();
    for instance in cached {
        apis.push(Api::of(instance).await);
    }
    Fleet {
        cached: apis,
        plain,
        _folder: folder,
    }
}

/// What is compared of an answer.
#[derive(Debug, PartialEq)]
struct Seen {
    status: u16,
    headers: BTreeMap<&'static str, Option<String>>,
    body: String,
}

/// The answer, and how it came about.
async fn see(api: &Api, path: &str) -> (Seen, String) {
    let answer = api.get(path).send().await;
    let header = |name| answer.find(name).map(str::to_owned);
    let compared = ["etag", "link", "location", "surrogate-key", "content-type"];
    let mut body = String::from_utf8(answer.body.clone()).unwrap();
    if answer.status >= 400 {
        // What is told apart by the request.
        let problem = answer.value();
        body = format!("{} {}", problem["code"], problem["detail"]);
    }
    let seen = Seen {
        status: answer.status,
        headers: compared.map(|name| (name, header(name))).into(),
        body,
    };
    (seen, header("cache-status").unwrap_or_default())
}

/// Reads everything, so that it is warm before the next write, and holds it against the database.
async fn compare(fleet: &Fleet, paths: &[String], after: &str) {
    let failed: Vec<String> = stream::iter(paths)
        .map(|path| async move {
            let (expected, _) = see(&fleet.plain, path).await;
            let mut faults = Vec::new();
            for (n, api) in fleet.cached.iter().enumerate() {
                let (seen, how) = see(api, path).await;
                if seen != expected {
                    faults.push(format!("{path} ({n}, {how}): {seen:#?} and not {expected:#?}"));
                }
            }
            faults
        })
        .buffer_unordered(8)
        .concat()
        .await;
    assert!(failed.is_empty(), "after {after}: {}", failed.join("\n"));
}

/// A write that has to succeed; its answer.
async fn write(fleet: &Fleet, method: Method, path: &str, body: &Value) -> Value {
    let call = fleet.cached[0].call(method.clone(), path);
    let answer = match (method, body) {
        (_, Value::Null) => call,
        (Method::PATCH, body) => call.merge(body),
        (_, body) => call.json(body),
    };
    let answer = answer.send().await;
    assert!(answer.status < 300, "{answer:?}");
    if answer.body.is_empty() {
        return Value::Null;
    }
    answer.value()
}

/// What there is from the beginning; the reads that there are of it.
#[expect(clippy::too_many_lines, reason = "a list of what there is")]
async fn furnish(fleet: &Fleet) -> Vec<String> {
    let post = async |path: &str, body: Value| write(fleet, Method::POST, path, &body).await;
    for (key, parent) in [
        ("root", Value::Null),
        ("leaf", json!("key:root")),
        ("side", Value::Null),
    ] {
        let body = json!({"key": key, "name": {"en": key, "de": format!("{key} de")}, "slug": {"en": key}, "parent": parent});
        post("/v1/categories", body).await;
    }
    let attribute = json!({"key": "colour", "name": "Colour", "type": "text", "level": "product"});
    post(
        "/v1/product-types",
        json!({"key": "toy", "name": "Toy", "attributes": [attribute]}),
    )
    .await;
    let web = json!({
        "key": "web", "name": "Web", "locales": ["en", "de"], "currencies": ["EUR", "USD"], "countries": ["DE", "FR"],
    });
    post("/v1/channels", web).await;
    let sale =
        json!({"key": "sale", "name": "Sale", "priority": 5, "conditions": {"customerGroups": ["vip"]}});
    post("/v1/price-lists", sale).await;
    let file = fleet.cached[0]
        .post("/v1/media")
        .body("application/pdf", "%PDF-1.7\nwarm");
    let file = file.send().await.is(201).value();

    let product = |key: &str, more: Value| {
        let mut body = json!({
            "key": key, "name": {"en": key, "de": format!("{key} de")}, "slug": {"en": key}, "brand": "Warm",
            "categories": ["key:leaf"], "tags": ["t"], "media": [{"mediaId": file["id"]}],
            "variants": [
                {"key": format!("{key}-v"), "sku": format!("SKU-{key}"), "prices": [
                    {"amount": "9.00", "currency": "EUR"}, {"amount": "10.00", "currency": "USD"}]},
                {"sku": format!("SKU-{key}-2")},
            ],
        });
        let (Value::Object(body), Value::Object(more)) = (&mut body, more) else {
            unreachable!()
        };
        body.extend(more);
        Value::Object(body.clone())
    };
    let one = json!({"optionAxes": ["size"], "productType": "key:toy", "attributes": {"colour": "red"}});
    let mut one = product("one", one);
    one["variants"][0]["options"] = json!({"size": "S"});
    one["variants"][1]["options"] = json!({"size": "M"});
    let mut two = product("two", json!({"channels": [{"channel": "key:web"}]}));
    two["variants"] = json!([{"key": "two-v", "sku": "SKU-two"}]);
    let mut three = product("three", json!({}));
    three["variants"] = json!([{"key": "three-v", "sku": "SKU-three"}]);
    let two = post("/v1/products?publish=true", two).await;
    one["relations"] = json!([{"kind": "accessory", "product": two["id"]}]);
    let one = post("/v1/products?publish=true", one).await;
    let three = post("/v1/products", three).await;
    let price = json!({"priceList": "key:sale", "variant": "key:one-v", "currency": "EUR", "amount": "8.00"});
    let price = post("/v1/prices", price).await;

    let mut paths = Vec::new();
    for (product, key) in [(&one, "one"), (&two, "two"), (&three, "three")] {
        let id = text(product, "/id");
        let shapes = ["", "?expand=variants", "?fields=name"];
        paths.extend(shapes.map(|query| format!("/v1/products/{id}{query}")));
        paths.extend([
            format!("/v1/products/key:{key}"),
            format!("/v1/products/slug:{key}"),
        ]);
        let variant = text(product, "/variants/0/id");
        paths.extend([variant, &format!("sku:SKU-{key}")].map(|name| format!("/v1/variants/{name}")));
        for channel in ["default", "web"] {
            let products = format!("/v1/store/{channel}/products");
            paths.extend(["", "?group=vip", "/related"].map(|tail| format!("{products}/{id}{tail}")));
            paths.extend([key, &format!("key:{key}")].map(|name| format!("{products}/{name}")));
        }
    }
    let id = text(&one, "/id");
    for query in ["locale=de", "currency=USD", "locale=de&country=FR&group=vip,x"] {
        paths.push(format!("/v1/store/web/products/{id}?{query}"));
    }
    paths.push(format!("/v1/products/{id}?expand=variants,categories"));
    paths.push("/v1/store/default/products/one-renamed".to_owned());
    paths.push("/v1/store/web/products/one-renamed/related".to_owned());
    for key in ["root", "leaf", "side", "extra"] {
        paths.extend([
            format!("/v1/categories/key:{key}"),
            format!("/v1/store/web/categories/{key}"),
            format!("/v1/store/web/products?category=key:{key}"),
        ]);
    }
    paths.push("/v1/categories/slug:leaf?expand=ancestors".to_owned());
    paths.push("/v1/store/default/categories/key:leaf".to_owned());
    paths.push("/v1/store/default/categories?root=key:root&depth=2".to_owned());
    for channel in ["default", "web", "later"] {
        paths.push(format!("/v1/channels/key:{channel}"));
        let store = format!("/v1/store/{channel}");
        paths.extend([
            format!("{store}/categories"),
            format!("{store}/products?limit=1&count=exact"),
            format!("{store}/products?brand=Warm&group=vip"),
            format!("{store}/prices?skus=SKU-one,SKU-two,SKU-three,SKU-new"),
        ]);
    }
    paths.push("/v1/store/web/categories?locale=de".to_owned());
    paths.push("/v1/store/web/prices?skus=SKU-one&group=vip".to_owned());
    for key in ["generic", "toy", "later"] {
        let path = format!("/v1/product-types/key:{key}");
        paths.extend(["", "/schema", "/schema?publish=true"].map(|tail| format!("{path}{tail}")));
    }
    paths.extend(["base", "sale", "later"].map(|key| format!("/v1/price-lists/key:{key}")));
    paths.push(format!("/v1/prices/{}", text(&price, "/id")));
    paths.push(format!("/v1/media/{}", text(&file, "/id")));
    paths
}

/// Waits until a job has ended.
async fn import(fleet: &Fleet, lines: &[Value]) {
    let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
    let file = lines.join("\n");
    let api = &fleet.cached[0];
    let accepted = api
        .post("/v1/imports?format=ndjson")
        .body("application/x-ndjson", file);
    let accepted = accepted.send().await.is(202);
    loop {
        let job = api.get(accepted.header("location")).send().await.is(200).value();
        if job["status"] != "running" {
            assert_eq!(job["counts"]["failed"], 0, "{job}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_write_shows_in_every_read(backend: Backend) {
    let fleet = fleet(backend).await;
    let paths = furnish(&fleet).await;
    compare(&fleet, &paths, "the beginning").await;
    let none = Value::Null;
    let one = "/v1/products/key:one";
    let writes = [
        ("PATCH", one, json!({"brand": "Staged"})),
        ("POST", "/v1/products/key:one/publish", none.clone()),
        (
            "PATCH",
            "/v1/products/key:one?publish=true",
            json!({"name": {"en": "Live"}}),
        ),
        ("PATCH", one, json!({"tags": ["t", "u"]})),
        ("POST", "/v1/products/key:one/discard-draft", none.clone()),
        (
            "PATCH",
            "/v1/products/key:one?publish=true",
            json!({"slug": {"en": "one-renamed"}}),
        ),
        (
            "PATCH",
            "/v1/products/key:two?publish=true",
            json!({"slug": {"en": "one"}}),
        ),
        (
            "PATCH",
            "/v1/products/key:two?publish=true",
            json!({"slug": {"en": "two"}}),
        ),
        (
            "PATCH",
            "/v1/products/key:one?publish=true",
            json!({"slug": {"en": "one"}}),
        ),
        ("PATCH", "/v1/variants/key:one-v", json!({"mpn": "staged"})),
        (
            "PATCH",
            "/v1/variants/key:one-v?publish=true",
            json!({"mpn": "live"}),
        ),
        (
            "PATCH",
            "/v1/variants/key:one-v?publish=true",
            json!({"prices": [{"amount": "7.00", "currency": "EUR"}]}),
        ),
        (
            "POST",
            "/v1/products/key:one/variants",
            json!({"key": "new-v", "sku": "SKU-new", "options": {"size": "L"}}),
        ),
        ("POST", "/v1/products/key:one/publish", none.clone()),
        (
            "POST",
            "/v1/products/key:one/variants/reorder",
            json!({"variants": ["key:new-v", "key:one-v"]}),
        ),
        ("POST", "/v1/products/key:one/publish", none.clone()),
        (
            "POST",
            "/v1/products/key:one/variants/generate",
            json!({"axes": {"size": ["S", "XL"]}, "skuTemplate": "GEN-{size}"}),
        ),
        ("DELETE", "/v1/variants/key:new-v", none.clone()),
        ("POST", "/v1/variants/key:new-v/restore", none.clone()),
        ("POST", "/v1/products/key:one/publish", none.clone()),
        ("POST", "/v1/products/key:one/unpublish", none.clone()),
        ("POST", "/v1/products/key:one/publish", none.clone()),
        ("POST", "/v1/products/key:one/archive", none.clone()),
        ("POST", "/v1/products/key:one/restore", none.clone()),
        ("POST", "/v1/products/key:one/publish", none.clone()),
        ("DELETE", one, none.clone()),
        ("POST", "/v1/products/key:one/restore", none.clone()),
        ("DELETE", "/v1/products/key:two", none.clone()),
        ("POST", "/v1/products/key:two/restore", none.clone()),
        (
            "PATCH",
            "/v1/products/key:two?publish=true",
            json!({"channels": [{"channel": "key:default"}]}),
        ),
        (
            "PATCH",
            "/v1/products/key:two?publish=true",
            json!({"channels": []}),
        ),
        (
            "PATCH",
            "/v1/products/key:one?publish=true",
            json!({"relations": [{"kind": "upSell", "product": "key:three"}]}),
        ),
        ("POST", "/v1/products/key:three/publish", none.clone()),
        ("POST", "/v1/products/key:one/revert", json!({"version": 1})),
        ("POST", "/v1/products/key:one/publish", none.clone()),
        (
            "POST",
            "/v1/products/key:three/duplicate",
            json!({"skuSuffix": "-copy"}),
        ),
        (
            "PUT",
            "/v1/products/key:four?publish=true",
            json!({"name": "Four", "categories": ["key:leaf"]}),
        ),
        (
            "PATCH",
            "/v1/products/key:three",
            json!({"categories": ["key:side"]}),
        ),
        ("POST", "/v1/products/key:three/publish", none.clone()),
        (
            "PATCH",
            "/v1/categories/key:root",
            json!({"name": {"en": "Root"}}),
        ),
        (
            "PATCH",
            "/v1/categories/key:leaf",
            json!({"slug": {"en": "leaf-renamed"}}),
        ),
        (
            "PATCH",
            "/v1/categories/key:leaf",
            json!({"slug": {"en": "leaf"}}),
        ),
        (
            "POST",
            "/v1/categories/key:side/move",
            json!({"parent": "key:root", "position": 0}),
        ),
        (
            "POST",
            "/v1/categories",
            json!({"key": "extra", "name": "Extra", "slug": "extra", "parent": "key:leaf"}),
        ),
        (
            "PATCH",
            "/v1/products/key:three",
            json!({"categories": ["key:extra"]}),
        ),
        (
            "DELETE",
            "/v1/categories/key:extra?onProducts=move&to=key:leaf",
            none.clone(),
        ),
        ("POST", "/v1/categories/key:extra/restore", none.clone()),
        ("POST", "/v1/categories/key:side/revert", json!({"version": 1})),
        (
            "PATCH",
            "/v1/channels/key:web",
            json!({"locales": ["de", "en"], "defaultLocale": "de"}),
        ),
        (
            "PATCH",
            "/v1/channels/key:web",
            json!({"priceLists": ["key:sale"]}),
        ),
        (
            "PATCH",
            "/v1/channels/key:web",
            json!({"currencies": ["USD", "EUR"], "defaultCurrency": "USD"}),
        ),
        ("PATCH", "/v1/channels/key:web", json!({"countries": ["DE"]})),
        (
            "POST",
            "/v1/channels",
            json!({"key": "later", "name": "Later", "locales": ["en"], "currencies": ["EUR"]}),
        ),
        ("DELETE", "/v1/channels/key:later", none.clone()),
        ("POST", "/v1/channels/key:later/restore", none.clone()),
        (
            "PATCH",
            "/v1/product-types/key:toy",
            json!({"name": {"en": "Toys"}}),
        ),
        (
            "POST",
            "/v1/product-types",
            json!({"key": "later", "name": "Later", "attributes": []}),
        ),
        ("DELETE", "/v1/product-types/key:later", none.clone()),
        ("POST", "/v1/product-types/key:later/restore", none.clone()),
        ("PATCH", "/v1/price-lists/key:sale", json!({"conditions": null})),
        ("PATCH", "/v1/price-lists/key:sale", json!({"priority": 0})),
        (
            "PATCH",
            "/v1/price-lists/key:sale",
            json!({"validUntil": "2020-01-01T00:00:00Z"}),
        ),
        (
            "PATCH",
            "/v1/price-lists/key:sale",
            json!({"validUntil": null, "priority": 9}),
        ),
        (
            "POST",
            "/v1/price-lists",
            json!({"key": "later", "name": "Later", "priority": 20}),
        ),
        (
            "POST",
            "/v1/prices",
            json!({"priceList": "key:later", "variant": "key:two-v", "currency": "EUR", "amount": "1"}),
        ),
        (
            "PUT",
            "/v1/price-lists/key:later/prices",
            json!({"lines": [
            {"variant": "key:two-v", "currency": "EUR", "amount": "2"},
            {"variant": "key:one-v", "currency": "USD", "amount": "3"}]}),
        ),
        (
            "POST",
            "/v1/batch",
            json!({"operations": [
            {"method": "PATCH", "path": "/v1/products/key:two?publish=true", "body": {"brand": "Batched"}},
            {"method": "PATCH", "path": "/v1/categories/key:leaf", "body": {"position": 3}},
            {"method": "PATCH", "path": "/v1/price-lists/key:later", "body": {"priority": 1}}]}),
        ),
    ];
    let mut price = String::new();
    for (n, (method, path, body)) in writes.into_iter().enumerate() {
        let answer = write(&fleet, method.parse().unwrap(), path, &body).await;
        if (method, path) == ("POST", "/v1/prices") {
            price = format!("/v1/prices/{}", text(&answer, "/id"));
        }
        compare(&fleet, &paths, &format!("write {n}, {method} {path} {body}")).await;
    }
    for (method, body) in [("PATCH", json!({"amount": "5.00"})), ("DELETE", none)] {
        write(&fleet, method.parse().unwrap(), &price, &body).await;
        compare(&fleet, &paths, &format!("{method} of a price")).await;
    }
    let lines = [
        json!({"resource": "category", "key": "side", "name": "Imported"}),
        json!({"resource": "product", "key": "one", "name": "Imported", "status": "published", "productType": "key:toy",
            "optionAxes": ["size"], "variants": [{"key": "one-v", "sku": "SKU-one", "options": {"size": "S"}}]}),
    ];
    import(&fleet, &lines).await;
    compare(&fleet, &paths, "an import").await;
    let media = paths.iter().find(|path| path.starts_with("/v1/media/")).unwrap();
    write(&fleet, Method::PATCH, media, &json!({"alt": "Warm"})).await;
    compare(&fleet, &paths, "what is said of a file").await;
    write(&fleet, Method::DELETE, one, &Value::Null).await;
    write(
        &fleet,
        Method::DELETE,
        "/v1/products/key:one?permanent=true",
        &Value::Null,
    )
    .await;
    compare(&fleet, &paths, "an erasure").await;
    compare(&fleet, &paths, "nothing").await;

    // All of it is warm now, but for what is not cached at all.
    let mut missed = Vec::new();
    for path in paths
        .iter()
        .filter(|path| !path.contains("expand=variants,categories"))
    {
        let (seen, how) = see(&fleet.cached[0], path).await;
        if seen.status == 200 && !how.starts_with("Vitrine; hit") {
            missed.push(format!("{path}: {how}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}
