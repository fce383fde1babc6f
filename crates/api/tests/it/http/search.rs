//! Search from outside: what shoppers and editors find, how it is narrowed and counted, and how soon.

use serde_json::{Value, json};

use super::support::{Answer, Api, Backend, Instance, Trial, run, text};

/// Tests on instances of their own: a product type that another test makes begins another index.
macro_rules! on_own {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[test]
            fn $name() {
                super::on_own(super::Backend::Embedded, super::$name);
            })+
        }
        mod servers {
            $(#[test]
            fn $name() {
                super::on_own(super::Backend::Servers, super::$name);
            })+
        }
    };
}

on_own!(
    shoppers_find_what_one_variant_is,
    counts_are_the_hits_of_a_click,
    writes_are_found_by_their_position,
    words_are_found_as_people_write_them,
    only_what_is_on_sale_is_found,
    prices_are_the_shoppers_own,
    pages_follow_one_another,
    editors_find_drafts,
    settings_count_at_once,
    bad_searches_are_told_where,
);

fn on_own<F: Future<Output = ()>>(backend: Backend, test: impl FnOnce(Api) -> F) {
    run(async move {
        let api = Api::of(Instance::start(backend, &[]).await).await;
        api.until_searchable().await;
        test(api).await;
    });
}

const SEARCH: &str = "/v1/store/default/search";

/// Publishes a product; what it answers says from where on it can be found.
async fn publish(api: &Api, body: Value) -> Answer {
    api.post("/v1/products?publish=true")
        .json(&body)
        .send()
        .await
        .is(201)
}

/// Searches what is there after `since`, which may take longer than a request waits on a busy machine.
async fn search(api: &Api, since: &Answer, body: Value) -> Value {
    for _ in 0..5 {
        let asked = api.post(SEARCH).anonymous().json(&body);
        let asked = asked.header("Catalog-Min-Position", since.header("catalog-position"));
        let answer = asked.early().send().await;
        if answer.status != 503 {
            return answer.is(200).value();
        }
    }
    panic!("the index does not catch up");
}

fn names(found: &Value) -> Vec<&str> {
    let items = found["items"].as_array().unwrap();
    items.iter().map(|hit| text(hit, "/product/name")).collect()
}

fn shirt(name: &str, variants: &[(&str, &str, &str)]) -> Value {
    let variants: Vec<_> = variants
        .iter()
        .map(|(colour, size, amount)| {
            json!({
                "sku": format!("{name}-{colour}-{size}"), "options": {"colour": colour, "size": size},
                "prices": [{"amount": amount, "currency": "EUR"}],
            })
        })
        .collect();
    json!({"name": name, "brand": "Loom", "optionAxes": ["colour", "size"], "variants": variants})
}

fn option(axis: &str, value: &str) -> Value {
    json!({"field": format!("options.{axis}"), "eq": value})
}

async fn shoppers_find_what_one_variant_is(api: Api) {
    publish(
        &api,
        shirt("Both", &[("Blue", "XL", "10.00"), ("Red", "M", "5.00")]),
    )
    .await;
    let last = publish(
        &api,
        shirt("Apart", &[("Blue", "M", "10.00"), ("Red", "XL", "5.00")]),
    )
    .await;
    let one = json!({"variant": {"and": [option("colour", "Blue"), option("size", "XL")]}});
    let found = search(&api, &last, json!({"filter": one})).await;
    assert_eq!((names(&found), &found["total"]), (vec!["Both"], &json!(1)));
    let variants = found["items"][0]["product"]["variants"].as_array().unwrap();
    let blue = variants
        .iter()
        .find(|variant| variant["options"]["colour"] == "Blue")
        .unwrap();
    assert_eq!(found["items"][0]["variant"], blue["id"]);
    // Apart from each other, any variant will do.
    let any = json!({"and": [option("colour", "Blue"), option("size", "XL")]});
    let found = search(&api, &last, json!({"filter": any, "sort": ["name"]})).await;
    assert_eq!(names(&found), ["Apart", "Both"]);
    let cheap = json!({"variant": {"and": [option("colour", "Blue"), {"field": "price", "lt": "10.00"}]}});
    assert_eq!(search(&api, &last, json!({"filter": cheap})).await["total"], 0);
}

async fn counts_are_the_hits_of_a_click(api: Api) {
    publish(
        &api,
        shirt("One", &[("Blue", "XL", "10.00"), ("Blue", "M", "12.00")]),
    )
    .await;
    publish(&api, shirt("Two", &[("Red", "XL", "20.00")])).await;
    let last = publish(
        &api,
        shirt("Three", &[("Blue", "M", "30.00"), ("Green", "XL", "1.00")]),
    )
    .await;
    let chosen = |colour: &str| {
        json!({"variant": {"and": [
            {"field": "options.colour", "in": [colour]}, option("size", "XL"),
        ]}})
    };
    let asked = json!({
        "filter": chosen("Blue"),
        "facets": [
            {"field": "options.colour", "order": "value"},
            {"field": "options.colour", "disjunctive": false},
            {"field": "price", "ranges": [{"lt": "10.00"}, {"gte": "10.00", "lte": "20.00"}]},
            {"field": "price", "kind": "stats"},
            {"field": "brand", "search": "oo"},
        ],
    });
    let found = search(&api, &last, asked).await;
    assert_eq!(found["total"], 1);
    let facets = &found["facets"];
    let counted: Vec<_> = facets[0]["values"].as_array().unwrap().iter().collect();
    assert_eq!(counted.len(), 3, "{facets}");
    for value in counted {
        let clicked = search(&api, &last, json!({"filter": chosen(text(value, "/value"))})).await;
        assert_eq!(value["count"], clicked["total"], "{value}");
    }
    assert_eq!(facets[1]["values"], json!([{"value": "Blue", "count": 1}]));
    let ranges = json!([{"lt": "10.00", "count": 0}, {"gte": "10.00", "lte": "20.00", "count": 1}]);
    assert_eq!(facets[2]["ranges"], ranges);
    assert_eq!(
        facets[3]["stats"],
        json!({"min": "10.00", "max": "10.00", "count": 1})
    );
    assert_eq!(facets[4]["values"], json!([{"value": "Loom", "count": 1}]));
}

async fn writes_are_found_by_their_position(api: Api) {
    for n in 0..8 {
        let name = format!("Fresh number{n}");
        let written = publish(
            &api,
            json!({"name": name, "variants": [{"sku": format!("FRESH-{n}")}]}),
        )
        .await;
        let found = search(&api, &written, json!({"q": format!("number{n}")})).await;
        assert_eq!(names(&found), [name.as_str()]);
        // The SKU itself comes first.
        let found = search(&api, &written, json!({"q": format!("fresh-{n}"), "limit": 1})).await;
        assert_eq!(names(&found), [name.as_str()]);
        let id = text(&written.value(), "/id").to_owned();
        let renamed = api
            .patch(&format!("/v1/products/{id}?publish=true"))
            .merge(&json!({"name": {"en": "Gone"}}));
        let renamed = renamed.send().await.is(200);
        let found = search(&api, &renamed, json!({"q": format!("number{n}")})).await;
        assert_eq!(found["total"], 0);
    }
    let far = api
        .get(&format!("{SEARCH}?q=x"))
        .header("Catalog-Min-Position", "7fffffffffffff-1");
    far.anonymous().early().send().await.problem(503, "not_caught_up");
}

async fn words_are_found_as_people_write_them(api: Api) {
    let mut last = None;
    for name in [
        "Wooden Train <Set>",
        "Müller Kaffeemühle",
        "Café crème bowl",
        "木製の電車",
    ] {
        last = Some(publish(&api, json!({"name": name})).await);
    }
    let last = last.unwrap();
    let mut trial = Trial::default();
    for (typed, wanted) in [
        ("trian", "Wooden Train <Set>"),
        ("rrain", "Wooden Train <Set>"),
        ("wooden tra", "Wooden Train <Set>"),
        ("\"wooden train\"", "Wooden Train <Set>"),
        ("muller", "Müller Kaffeemühle"),
        ("cafe creme", "Café crème bowl"),
        ("電車", "木製の電車"),
    ] {
        let found = search(&api, &last, json!({"q": typed})).await;
        trial.check(names(&found) == [wanted], || {
            format!("{typed}: {:?}", names(&found))
        });
    }
    for typed in ["\"train wooden\"", "tramway", "wooden bowl"] {
        let found = search(&api, &last, json!({"q": typed})).await;
        trial.check(found["total"] == 0, || format!("{typed}: {:?}", names(&found)));
    }
    let found = search(
        &api,
        &last,
        json!({"q": "train", "highlight": ["name"], "explain": true}),
    )
    .await;
    let shown = &found["items"][0]["highlights"]["name"];
    trial.check(*shown == json!(["Wooden <em>Train</em> &lt;Set&gt;"]), || {
        shown.to_string()
    });
    trial.check(found["items"][0]["explanation"].is_array(), || found.to_string());
    for typed in [
        "(((",
        "a AND OR NOT *:*",
        "\u{7}\u{0}",
        "\" \" \"",
        "-",
        "{\"match\"}",
        "x~9 y^2 [1 TO 2]",
    ] {
        api.post(SEARCH).json(&json!({"q": typed})).send().await.is(200);
    }
    trial.end();
    let suggested = api
        .get("/v1/store/default/suggest?q=woo")
        .anonymous()
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(suggested["products"][0]["name"], "Wooden Train <Set>");
}

async fn only_what_is_on_sale_is_found(api: Api) {
    let draft = api
        .post("/v1/products")
        .json(&json!({"name": "Hidden draft"}))
        .send()
        .await
        .is(201);
    assert_eq!(search(&api, &draft, json!({"q": "hidden"})).await["total"], 0);
    let later = json!([{"channel": "key:default", "publishAt": "2999-01-01T00:00:00Z"}]);
    let scheduled = publish(&api, json!({"name": "Hidden until later", "channels": later})).await;
    assert_eq!(search(&api, &scheduled, json!({"q": "hidden"})).await["total"], 0);
    let body = json!({"key": "other", "name": "Other", "locales": ["en"], "currencies": ["EUR"]});
    api.post("/v1/channels").json(&body).send().await.is(201);
    let elsewhere = json!([{"channel": "key:other"}]);
    let elsewhere = publish(&api, json!({"name": "Hidden elsewhere", "channels": elsewhere})).await;
    assert_eq!(search(&api, &elsewhere, json!({"q": "hidden"})).await["total"], 0);
    let path = "/v1/store/other/search?q=hidden";
    let there = api
        .get(path)
        .header("Catalog-Min-Position", elsewhere.header("catalog-position"));
    assert_eq!(
        names(&there.anonymous().send().await.is(200).value()),
        ["Hidden elsewhere"]
    );
    let shown = publish(&api, json!({"name": "Hidden no more"})).await;
    assert_eq!(
        names(&search(&api, &shown, json!({"q": "hidden"})).await),
        ["Hidden no more"]
    );
    let id = text(&shown.value(), "/id").to_owned();
    let gone = api
        .post(&format!("/v1/products/{id}/unpublish"))
        .send()
        .await
        .is(200);
    assert_eq!(search(&api, &gone, json!({"q": "hidden"})).await["total"], 0);
}

async fn prices_are_the_shoppers_own(api: Api) {
    let prices = json!([{"amount": "10.00", "currency": "EUR"}, {"amount": "9.00", "currency": "USD"}]);
    let body = json!({"key": "us", "name": "US", "locales": ["en"], "currencies": ["EUR", "USD"]});
    api.post("/v1/channels").json(&body).send().await.is(201);
    publish(
        &api,
        json!({"name": "Plain", "variants": [{"sku": "PLAIN", "prices": prices}]}),
    )
    .await;
    let list =
        json!({"key": "vip", "name": "VIP", "priority": 10, "conditions": {"customerGroups": ["vip"]}});
    api.post("/v1/price-lists").json(&list).send().await.is(201);
    let line = json!({"lines": [{"variant": "sku:PLAIN", "currency": "EUR", "amount": "7.00"}]});
    let priced = api
        .put("/v1/price-lists/key:vip/prices")
        .json(&line)
        .send()
        .await
        .is(200);
    let mut trial = Trial::default();
    for (context, below, total) in [
        ("currency=EUR", "8.00", 0),
        ("currency=EUR&group=vip", "8.00", 1),
        ("currency=EUR&group=vip", "7.00", 0),
        ("currency=USD&group=vip", "9.00", 0),
        ("currency=USD", "9.01", 1),
    ] {
        let asked = api.post(&format!("/v1/store/us/search?{context}")).anonymous();
        let asked = asked.json(&json!({
            "filter": {"field": "price", "lt": below}, "facets": [{"field": "price", "kind": "stats"}], "sort": ["price"],
        }));
        let asked = asked.header("Catalog-Min-Position", priced.header("catalog-position"));
        let found = asked.send().await.is(200).value();
        trial.check(found["total"] == total, || format!("{context} {below}: {found}"));
        trial.check(found["facets"][0]["stats"]["count"] == 1, || {
            format!("{context}: {found}")
        });
    }
    trial.end();
}

async fn pages_follow_one_another(api: Api) {
    let mut last = None;
    for n in 0..23 {
        let body =
            json!({"name": format!("Page {:02}", n % 7), "brand": "Pager", "key": format!("page-{n}")});
        last = Some(publish(&api, body).await);
    }
    let last = last.unwrap();
    let asked = |cursor: Value| json!({"q": "page", "sort": ["-name"], "limit": 5, "cursor": cursor});
    let (mut keys, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let found = search(&api, &last, asked(cursor)).await;
        assert_eq!(found["total"], 23 + u64::from(!keys.is_empty()));
        keys.extend(
            found["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|hit| text(hit, "/product/key").to_owned()),
        );
        cursor = found["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
        if keys.len() == 5 {
            // What comes in before a page moves nothing after it.
            let body = json!({"name": "Page 99", "key": "page-late"});
            let late = publish(&api, body).await;
            search(&api, &late, json!({})).await;
        }
    }
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!((keys.len(), distinct.len()), (23, 23));
    let found = search(&api, &last, asked(Value::Null)).await;
    let other = json!({"q": "pages", "limit": 5, "cursor": found["nextCursor"]});
    api.post(SEARCH)
        .json(&other)
        .send()
        .await
        .problem(400, "cursor_mismatch");
    api.post(SEARCH)
        .json(&json!({"cursor": "x"}))
        .send()
        .await
        .problem(400, "cursor_invalid");
    let first = api
        .get(&format!(
            "{SEARCH}?q=page&limit=1&facets=brand,category,price&sort=name"
        ))
        .anonymous();
    let first = first.send().await.is(200);
    let again = api.get(&format!(
        "{SEARCH}?q=page&limit=1&facets=brand,category,price&sort=name"
    ));
    again
        .header("If-None-Match", first.header("etag"))
        .send()
        .await
        .is(304);
}

async fn editors_find_drafts(api: Api) {
    let draft = api
        .post("/v1/products")
        .json(&json!({"name": {"en": "Sketch", "de": "Skizze"}}));
    let draft = draft.send().await.is(201);
    let find = async |path: &str, body: Value| {
        let asked = api.post(path).json(&body);
        let asked = asked.header("Catalog-Min-Position", draft.header("catalog-position"));
        asked.send().await.is(200).value()
    };
    let found = find(
        "/v1/search/products",
        json!({"q": "skizze", "filter": {"field": "status", "eq": "draft"}}),
    )
    .await;
    assert_eq!(found["items"][0]["product"]["id"], draft.value()["id"]);
    let published = json!({"q": "skizze", "filter": {"field": "status", "eq": "published"}});
    assert_eq!(find("/v1/search/products", published).await["total"], 0);
    let german = find("/v1/search/products?locale=en", json!({"q": "skizze"})).await;
    assert_eq!(german["total"], 0);
    let status = api.get("/v1/search/status").send().await.is(200).value();
    assert_eq!(status["management"]["lagChanges"], 0, "{status}");
    let status = json!({"filter": {"field": "status", "eq": "draft"}});
    api.post(SEARCH)
        .json(&status)
        .send()
        .await
        .problem(400, "filter_unknown_field");
}

async fn settings_count_at_once(api: Api) {
    let mug = publish(&api, json!({"name": "Mug of the day"})).await;
    assert_eq!(search(&api, &mug, json!({"q": "cup"})).await["total"], 0);
    let read = api.get("/v1/search/settings").send().await.is(200);
    let body = json!({"synonyms": {"en": [["cup", "mug"]]}});
    let put = api
        .put("/v1/search/synonyms")
        .json(&body)
        .header("If-Match", "\"9-sy1\"");
    put.send().await.problem(412, "version_conflict");
    let put = api.put("/v1/search/synonyms").json(&body).send().await.is(200);
    assert_eq!(
        names(&search(&api, &put, json!({"q": "cup"})).await),
        ["Mug of the day"]
    );
    assert_eq!(search(&api, &put, json!({"q": "mugg"})).await["total"], 1);
    let patched = api
        .patch("/v1/search/settings")
        .merge(&json!({"typos": false, "stopWords": {"en": ["a"]}}));
    let patched = patched.send().await.is(200);
    assert_eq!(patched.value()["synonyms"], body["synonyms"]);
    assert_ne!(patched.header("etag"), read.header("etag"));
    assert_eq!(search(&api, &patched, json!({"q": "mugg of"})).await["total"], 0);
    assert_eq!(search(&api, &patched, json!({"q": "a mug"})).await["total"], 1);
    let bad = json!({"typos": true, "stopWords": {"en": ["x", " ", "X"], "no locale": []}, "synonyms": {"en": [["alone"]]}});
    api.put("/v1/search/settings")
        .json(&bad)
        .send()
        .await
        .has_faults(&[
            ("/stopWords/en/1", "required"),
            ("/stopWords/en/2", "duplicate"),
            ("/stopWords/no locale", "pattern"),
            ("/synonyms/en/0", "too_short"),
        ]);
}

async fn bad_searches_are_told_where(api: Api) {
    let long = "x".repeat(10_000);
    api.post(SEARCH)
        .json(&json!({"q": long}))
        .send()
        .await
        .has_faults(&[("/q", "too_long")]);
    api.get(&format!("{SEARCH}?q={}", &long[..1001]))
        .send()
        .await
        .problem(400, "invalid_parameter");
    let nested = |levels: usize| {
        (0..levels).fold(
            json!({"field": "brand", "exists": true}),
            |f, _| json!({"not": f}),
        )
    };
    api.post(SEARCH)
        .json(&json!({"filter": nested(15)}))
        .send()
        .await
        .is(200);
    let deep = api.post(SEARCH).json(&json!({"filter": nested(29)})).send().await;
    assert_eq!(
        deep.problem(422, "validation_failed")["errors"][0]["code"],
        "too_deep"
    );
    api.post(SEARCH)
        .json(&json!({"filter": nested(40)}))
        .send()
        .await
        .problem(400, "malformed_json");
    let many = json!({"filter": {"field": "brand", "in": vec!["x"; 10_000]}});
    api.post(SEARCH)
        .json(&many)
        .send()
        .await
        .has_faults(&[("/filter/in", "too_long")]);
    let wrong = json!({
        "filter": {"and": [
            {"field": "price", "gt": "5.00", "lt": "4.00"}, {"field": "price", "eq": 5}, {"field": "createdAt", "gt": "yesterday"},
        ]},
        "limit": 201, "cursor": 5, "colour": "blue",
    });
    let faults = api.post(SEARCH).json(&wrong).send().await.faults();
    for at in ["/limit", "/cursor", "/colour"] {
        assert!(
            faults.iter().any(|(pointer, _)| pointer == at),
            "{at}: {faults:?}"
        );
    }
    let upside_down = json!({"filter": {"and": [{"field": "price", "gt": "5.00", "lt": "4.00"}, {"field": "price", "eq": 5}]}});
    let faults = api.post(SEARCH).json(&upside_down).send().await.faults();
    assert!(
        faults.iter().any(|(pointer, _)| pointer == "/filter/and/1/eq"),
        "{faults:?}"
    );
    let unknown = json!({"facets": [{"field": "colour"}], "filter": {"field": "size", "eq": 1}});
    let told = api
        .post(SEARCH)
        .json(&unknown)
        .send()
        .await
        .problem(400, "filter_unknown_field");
    assert_eq!(told["errors"].as_array().unwrap().len(), 2);
    api.post(SEARCH)
        .json(&json!({"sort": ["tags"]}))
        .send()
        .await
        .problem(400, "sort_not_allowed");
    api.get(&format!("{SEARCH}?sort=colour"))
        .send()
        .await
        .problem(400, "sort_not_allowed");
    api.get(&format!("{SEARCH}?filter=nonsense"))
        .send()
        .await
        .problem(400, "invalid_parameter");
    api.get(&format!("{SEARCH}?locale=xx"))
        .send()
        .await
        .problem(400, "invalid_parameter");
    api.get("/v1/store/nowhere/search")
        .send()
        .await
        .problem(404, "resource_not_found");
    api.get("/v1/store/default/suggest")
        .send()
        .await
        .problem(400, "invalid_parameter");
    api.get("/v1/store/default/suggest?q=x&limit=21")
        .send()
        .await
        .problem(400, "invalid_parameter");
}
