//! Price lists and prices: many at once, never two for one instant, and the one that counts.

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{Answer, Api, on_both, text, too_large, unique};

on_both!(
    price_lists_are_kept_and_guarded,
    prices_are_created_read_changed_and_deleted,
    bad_prices_are_refused_with_all_their_faults,
    prices_do_not_overlap_by_a_microsecond,
    of_concurrent_prices_that_overlap_one_wins,
    a_price_stays_in_its_list_and_with_its_variant,
    many_prices_are_written_at_once,
    one_bad_line_among_thousands_leaves_nothing_behind,
    lines_overlap_neither_each_other_nor_what_is_stored,
    the_writing_of_prices_needs_its_own_scope,
    the_price_that_counts_is_told_with_what_it_beat,
    a_sale_is_seen_on_both_sides_of_its_start,
    amounts_keep_the_digits_of_their_currency,
    questions_with_faults_are_refused,
    shoppers_see_the_price_of_their_channel_and_country,
    shoppers_see_no_price_of_what_is_not_on_sale,
    a_channel_limits_and_orders_its_lists,
);

/// The members of both.
fn with(mut body: Value, more: Value) -> Value {
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

async fn list(api: &Api, more: Value) -> Value {
    let body = with(json!({"key": unique("list"), "name": "List"}), more);
    api.post("/v1/price-lists")
        .json(&body)
        .send()
        .await
        .is(201)
        .value()
}

/// A published variant; its SKU.
async fn sold(api: &Api, more: Value) -> String {
    let product = api.product(json!({})).await;
    let variant = api.variant(text(&product, "/id"), more).await;
    let publish = format!("/v1/products/{}/publish", text(&product, "/id"));
    api.post(&publish).send().await.is(200);
    text(&variant, "/sku").to_owned()
}

fn price(list: &Value, sku: &str, more: Value) -> Value {
    with(
        json!({"priceList": list["id"], "variant": format!("sku:{sku}"), "currency": "EUR", "amount": "10.00"}),
        more,
    )
}

async fn create(api: &Api, body: &Value) -> Answer {
    api.post("/v1/prices").json(body).send().await
}

async fn resolve(api: &Api, body: &Value) -> Value {
    let answer = api.post("/v1/prices/resolve").json(body).send().await.is(200);
    answer.value()["lines"].clone()
}

async fn price_lists_are_kept_and_guarded(api: Api) {
    let base = api.get("/v1/price-lists/key:base").send().await.is(200).value();
    assert_eq!(
        (&base["priority"], &base["status"]),
        (&json!(0), &json!("active"))
    );
    assert_eq!(
        base["conditions"],
        json!({"channels": [], "countries": [], "customerGroups": []})
    );
    let made = list(
        &api,
        json!({
            "priority": 3, "validFrom": "2026-07-01T02:00:00+02:00", "validUntil": "2026-08-01T00:00:00Z",
            "conditions": {"channels": ["key:default"], "countries": ["DE", "AT", "DE"], "customerGroups": ["vip"]},
            "status": "inactive",
        }),
    )
    .await;
    assert_eq!(made["validFrom"], "2026-07-01T00:00:00.000000Z");
    assert_eq!(made["conditions"]["countries"], json!(["DE", "AT"]));
    let channel = api.get("/v1/channels/key:default").send().await.is(200).value();
    assert_eq!(made["conditions"]["channels"], json!([channel["id"]]));
    let path = format!("/v1/price-lists/{}", text(&made, "/id"));
    assert_eq!(api.get(&path).send().await.value(), made);
    let patched = api
        .patch(&path)
        .merge(&json!({"status": "active", "validUntil": null, "conditions": {"channels": []}}))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(
        patched["conditions"],
        json!({"channels": [], "countries": ["DE", "AT"], "customerGroups": ["vip"]})
    );
    assert!(patched.get("validUntil").is_none());

    let answer = api
        .post("/v1/price-lists")
        .json(&json!({
            "key": "-", "name": "", "priority": 1_000_001, "status": "on",
            "validFrom": "2026-07-01T00:00:00Z", "validUntil": "2026-07-01T00:00:00Z",
            "conditions": {"channels": ["x"], "countries": ["de"], "customerGroups": ["", "a b"]},
        }))
        .send()
        .await;
    answer.has_faults(&[
        ("/conditions/channels/0", "pattern"),
        ("/conditions/countries/0", "not_in_enum"),
        ("/conditions/customerGroups/0", "required"),
        ("/conditions/customerGroups/1", "pattern"),
        ("/key", "pattern"),
        ("/name", "required"),
        ("/priority", "out_of_range"),
        ("/status", "not_in_enum"),
        ("/validUntil", "out_of_range"),
    ]);
    let body = json!({"key": unique("list"), "name": "x", "conditions": {"channels": ["key:default", "key:nowhere"]}});
    let answer = api.post("/v1/price-lists").json(&body).send().await;
    answer.has_faults(&[("/conditions/channels/1", "reference_not_found")]);
    let twice = json!({"key": made["key"], "name": "x"});
    let problem = api
        .post("/v1/price-lists")
        .json(&twice)
        .send()
        .await
        .problem(409, "duplicate_key");
    assert_eq!(problem["conflictingId"], made["id"]);

    let sku = sold(&api, json!({})).await;
    let line = create(&api, &price(&made, &sku, json!({}))).await.is(201).value();
    api.delete(&path).send().await.problem(409, "referenced");
    let line = format!("/v1/prices/{}", text(&line, "/id"));
    api.delete(&line).send().await.is(204);
    api.delete(&path).send().await.is(204);
    api.post(&format!("{path}/restore")).send().await.is(200);
    api.delete("/v1/price-lists/key:base")
        .send()
        .await
        .problem(409, "referenced");
}

async fn prices_are_created_read_changed_and_deleted(api: Api) {
    let made = list(&api, json!({})).await;
    let sku = sold(&api, json!({})).await;
    let body = price(
        &made,
        &sku,
        json!({"compareAt": "12", "minQuantity": 5, "validFrom": "2026-07-01T00:00:00.1234567Z"}),
    );
    let created = create(&api, &body).await.is(201);
    let path = created.header("location").to_owned();
    let stored = created.value();
    assert_eq!(
        [&stored["amount"], &stored["compareAt"], &stored["validFrom"]],
        [
            &json!("10.00"),
            &json!("12.00"),
            &json!("2026-07-01T00:00:00.123456Z")
        ]
    );
    let found = api.get(&path).send().await.is(200);
    assert_eq!(found.value(), stored);
    let tag = found.header("etag").to_owned();
    let patch = json!({"amount": "9.5", "validUntil": "2026-08-01T00:00:00Z"});
    let patched = api
        .patch(&path)
        .header("if-match", &tag)
        .merge(&patch)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(
        (&patched["amount"], &patched["version"]),
        (&json!("9.50"), &json!(2))
    );
    let late = api
        .patch(&path)
        .header("if-match", &tag)
        .merge(&patch)
        .send()
        .await;
    late.problem(412, "version_conflict");
    let replaced = api
        .put(&path)
        .json(&price(&made, &sku, json!({})))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(replaced["minQuantity"], 1);
    assert!(replaced.get("compareAt").is_none() && replaced.get("validFrom").is_none());

    for filter in [
        format!("priceList={}", text(&made, "/id")),
        format!("priceList=key:{}&currency=EUR", text(&made, "/key")),
        format!("variant=sku:{sku}"),
    ] {
        let listed = api
            .get(&format!("/v1/prices?{filter}"))
            .send()
            .await
            .is(200)
            .value();
        assert_eq!(listed["items"], json!([replaced]), "{filter}");
    }
    let none = format!("/v1/prices?variant=sku:{sku}&currency=USD");
    assert_eq!(api.get(&none).send().await.value()["items"], json!([]));
    for lost in [
        "priceList=key:nowhere",
        "variant=sku:nowhere",
        "currency=eur",
        "variant=x",
    ] {
        let answer = api.get(&format!("/v1/prices?{lost}")).send().await;
        answer.problem(400, "invalid_parameter");
    }
    api.delete(&path).send().await.is(204);
    api.get(&path).send().await.problem(404, "resource_not_found");
    api.delete(&path).send().await.problem(404, "resource_not_found");
    api.get("/v1/prices/key:x")
        .send()
        .await
        .problem(400, "invalid_parameter");
    // The product's copies are not kept past a change of its prices, nor is a dry run kept at all.
    let dry = api
        .post("/v1/prices?dryRun=true")
        .json(&body)
        .send()
        .await
        .is(200);
    assert_eq!(dry.value()["amount"], "10.00");
    assert_eq!(
        api.get(&none.replace("USD", "EUR")).send().await.value()["items"],
        json!([])
    );
}

async fn bad_prices_are_refused_with_all_their_faults(api: Api) {
    let made = list(&api, json!({})).await;
    let sku = sold(&api, json!({})).await;
    let fault = async |more: Value, faults: &[(&str, &str)]| {
        create(&api, &price(&made, &sku, more)).await.has_faults(faults);
    };
    let range = |from: &str, until: &str| json!({"validFrom": from, "validUntil": until});
    let empty = [("/validUntil", "out_of_range")];
    fault(range("2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z"), &empty).await;
    fault(
        range("2026-07-01T00:00:00.0000019Z", "2026-07-01T00:00:00.000001Z"),
        &empty,
    )
    .await;
    fault(range("2026-07-01T00:00:00Z", "2026-07-01T01:00:00+02:00"), &empty).await;
    let no_instant = [("/validFrom", "pattern"), ("/validUntil", "pattern")];
    fault(range("2026-07-01", "9999-12-31T23:59:59-23:00"), &no_instant).await;
    fault(
        json!({"currency": "JPY", "amount": "10.5"}),
        &[("/amount", "currency_digits")],
    )
    .await;
    fault(json!({"amount": "10.005"}), &[("/amount", "currency_digits")]).await;
    fault(
        json!({"currency": "KWD", "amount": "1.0005"}),
        &[("/amount", "currency_digits")],
    )
    .await;
    fault(json!({"currency": "XXX"}), &[("/currency", "not_in_enum")]).await;
    fault(json!({"amount": 10}), &[("/amount", "wrong_type")]).await;
    fault(json!({"compareAt": "10.00"}), &[("/compareAt", "out_of_range")]).await;
    fault(json!({"compareAt": "9.99"}), &[("/compareAt", "out_of_range")]).await;
    fault(json!({"minQuantity": 0}), &[("/minQuantity", "out_of_range")]).await;
    fault(json!({"minQuantity": -1}), &[("/minQuantity", "wrong_type")]).await;
    fault(
        json!({"minQuantity": 1_000_000_001}),
        &[("/minQuantity", "out_of_range")],
    )
    .await;
    fault(
        json!({"priceList": "key:nowhere", "variant": "sku:nowhere"}),
        &[
            ("/priceList", "reference_not_found"),
            ("/variant", "reference_not_found"),
        ],
    )
    .await;
    fault(
        json!({"priceList": "x", "variant": "y", "amount": "-1", "minQuantity": 0, "extra": 1}),
        &[
            ("/amount", "out_of_range"),
            ("/extra", "unknown_field"),
            ("/minQuantity", "out_of_range"),
            ("/priceList", "pattern"),
            ("/variant", "pattern"),
        ],
    )
    .await;
}

async fn prices_do_not_overlap_by_a_microsecond(api: Api) {
    let made = list(&api, json!({})).await;
    let sku = sold(&api, json!({})).await;
    let until = |until: &str| price(&made, &sku, json!({"validUntil": until}));
    let from = |from: &str| price(&made, &sku, json!({"validFrom": from}));
    let first = create(&api, &until("2026-07-01T00:00:00Z")).await.is(201).value();
    let problem = create(&api, &from("2026-06-30T23:59:59.999999Z"))
        .await
        .problem(409, "price_overlap");
    assert_eq!(problem["conflictingId"], first["id"]);
    assert_eq!(problem["errors"][0]["pointer"], "/validFrom");
    let next = create(&api, &from("2026-07-01T00:00:00Z")).await.is(201).value();
    let path = format!("/v1/prices/{}", text(&next, "/id"));
    let earlier = json!({"validFrom": "2026-06-30T23:59:59.999999Z"});
    let problem = api
        .patch(&path)
        .merge(&earlier)
        .send()
        .await
        .problem(409, "price_overlap");
    assert_eq!(problem["conflictingId"], first["id"]);
    create(&api, &price(&made, &sku, json!({"minQuantity": 2})))
        .await
        .is(201);
    create(&api, &price(&made, &sku, json!({"currency": "USD"})))
        .await
        .is(201);
}

async fn of_concurrent_prices_that_overlap_one_wins(api: Api) {
    let made = list(&api, json!({})).await;
    for _ in 0..4 {
        let sku = sold(&api, json!({})).await;
        let body = price(&made, &sku, json!({}));
        let answers = join_all((0..4).map(|_| create(&api, &body))).await;
        let won = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(won, 1, "{answers:?}");
        for lost in answers.iter().filter(|answer| answer.status != 201) {
            lost.problem(409, "price_overlap");
        }
    }
}

async fn a_price_stays_in_its_list_and_with_its_variant(api: Api) {
    let (made, other) = (list(&api, json!({})).await, list(&api, json!({})).await);
    let (sku, another) = (sold(&api, json!({})).await, sold(&api, json!({})).await);
    let stored = create(&api, &price(&made, &sku, json!({}))).await.is(201).value();
    let path = format!("/v1/prices/{}", text(&stored, "/id"));
    let moved = price(&other, &another, json!({}));
    api.put(&path)
        .json(&moved)
        .send()
        .await
        .has_faults(&[("/priceList", "pattern"), ("/variant", "pattern")]);
    let variant = format!("/v1/variants/sku:{sku}");
    api.delete(&variant).send().await.is(204);
    let patched = api.patch(&path).merge(&json!({"amount": "1"})).send().await;
    patched.has_faults(&[("/variant", "reference_not_found")]);
    api.delete(&path).send().await.is(204);
}

fn line(sku: &str, more: Value) -> Value {
    with(
        json!({"variant": format!("sku:{sku}"), "currency": "EUR", "amount": "10.00"}),
        more,
    )
}

fn lines_of(list: &Value) -> String {
    format!("/v1/price-lists/{}/prices", text(list, "/id"))
}

async fn many_prices_are_written_at_once(api: Api) {
    let made = list(&api, json!({})).await;
    // As long as a SKU gets, so that the body is as large as it gets.
    let mut skus = Vec::new();
    for _ in 0..5 {
        let sku = format!("{:x<128}", unique("SKU"));
        skus.push(sold(&api, json!({"sku": sku})).await);
    }
    let lines = |amount: &str| {
        let lines = (0..5000).map(|n| {
            let more = json!({
                "amount": amount, "compareAt": "9999999.99", "minQuantity": n / 5 + 1,
                "validFrom": "2026-07-01T00:00:00.000000+00:00", "validUntil": "2026-08-01T00:00:00.000000+00:00",
            });
            line(&skus[n % 5], more)
        });
        json!({"lines": lines.collect::<Value>()})
    };
    let put = async |body: &Value| {
        let answer = api.put(&lines_of(&made)).json(body).send().await;
        answer.is(200).value()
    };
    let body = lines("10.00");
    assert!(body.to_string().len() > 1 << 20);
    assert_eq!(
        put(&body).await,
        json!({"created": 5000, "updated": 0, "unchanged": 0})
    );
    assert_eq!(
        put(&body).await,
        json!({"created": 0, "updated": 0, "unchanged": 5000})
    );
    let mut half = lines("10.00");
    for line in half["lines"].as_array_mut().unwrap().iter_mut().step_by(2) {
        line["amount"] = json!("11.00");
    }
    assert_eq!(
        put(&half).await,
        json!({"created": 0, "updated": 2500, "unchanged": 2500})
    );
    let path = format!("/v1/prices?priceList={}&count=exact&limit=1", text(&made, "/id"));
    let listed = api.get(&path).send().await.is(200).value();
    assert_eq!(listed["total"], 5000);
    assert_eq!(
        put(&json!({"lines": []})).await,
        json!({"created": 0, "updated": 0, "unchanged": 0})
    );

    let mut more = body["lines"].as_array().unwrap().clone();
    more.push(line(&skus[0], json!({})));
    let answer = api
        .put(&lines_of(&made))
        .json(&json!({"lines": more}))
        .send()
        .await;
    answer.has_faults(&[("/lines", "too_long")]);
    let larger = || {
        let call = api.put(&lines_of(&made));
        call.body("application/json", vec![b' '; (4 << 20) + 1])
    };
    too_large(larger).await;
    // The idempotency key covers it like any other write.
    let key = unique("key");
    let once = async || {
        let call = api.put(&lines_of(&made)).header("idempotency-key", &key);
        let body = json!({"lines": [line(&skus[0], json!({"currency": "USD"}))]});
        call.json(&body).send().await.is(200)
    };
    assert_eq!(once().await.value()["created"], 1);
    let again = once().await;
    assert_eq!(
        (&again.value()["created"], again.header("idempotency-replayed")),
        (&json!(1), "true")
    );
}

async fn one_bad_line_among_thousands_leaves_nothing_behind(api: Api) {
    let made = list(&api, json!({})).await;
    let sku = sold(&api, json!({})).await;
    let good: Vec<_> = (1..=5000)
        .map(|n| line(&sku, json!({"minQuantity": n})))
        .collect();
    let with = |changes: &[(usize, Value)]| {
        let mut lines = good.clone();
        for (index, line) in changes {
            lines[*index] = line.clone();
        }
        json!({"lines": lines})
    };
    let refused = async |body: Value, faults: &[(&str, &str)]| {
        let answer = api.put(&lines_of(&made)).json(&body).send().await;
        answer.has_faults(faults);
    };
    let unknown = with(&[(4321, line("nowhere", json!({})))]);
    refused(unknown, &[("/lines/4321/variant", "reference_not_found")]).await;
    let twice = with(&[(4999, line(&sku, json!({"minQuantity": 18, "amount": "1"})))]);
    refused(twice, &[("/lines/4999", "duplicate")]).await;
    let faulty = with(&[
        (17, line(&sku, json!({"amount": "1.234"}))),
        (18, line(&sku, json!({"compareAt": "10.00", "minQuantity": 0}))),
        (
            19,
            line(
                &sku,
                json!({"validFrom": "2026-07-01T00:00:00Z", "validUntil": "2026-06-01T00:00:00Z"}),
            ),
        ),
        (20, json!({"variant": format!("sku:{sku}"), "currency": "EUR"})),
        (4000, json!("x")),
    ]);
    refused(
        faulty,
        &[
            ("/lines/17/amount", "currency_digits"),
            ("/lines/18/compareAt", "out_of_range"),
            ("/lines/18/minQuantity", "out_of_range"),
            ("/lines/19/validUntil", "out_of_range"),
            ("/lines/20/amount", "required"),
            ("/lines/4000", "wrong_type"),
        ],
    )
    .await;
    let lost = api
        .put("/v1/price-lists/key:nowhere/prices")
        .json(&with(&[]))
        .send()
        .await;
    lost.problem(404, "resource_not_found");
    let path = format!("/v1/prices?priceList={}", text(&made, "/id"));
    assert_eq!(api.get(&path).send().await.value()["items"], json!([]));
}

async fn lines_overlap_neither_each_other_nor_what_is_stored(api: Api) {
    let made = list(&api, json!({})).await;
    let (sku, other) = (sold(&api, json!({})).await, sold(&api, json!({})).await);
    let put = async |lines: Value| {
        api.put(&lines_of(&made))
            .json(&json!({"lines": lines}))
            .send()
            .await
    };
    let from = "2026-07-01T00:00:00.000001Z";
    let until = json!({"validUntil": from});
    let overlapping = json!([
        line(&other, json!({})),
        line(&sku, until.clone()),
        line(&sku, json!({"validFrom": "2026-07-01T00:00:00Z"})),
    ]);
    let problem = put(overlapping).await.problem(409, "price_overlap");
    assert_eq!(problem["errors"][0]["pointer"], "/lines/2/validFrom");
    assert!(problem.get("conflictingId").is_none());
    let touching = json!([line(&sku, until), line(&sku, json!({"validFrom": from}))]);
    assert_eq!(put(touching).await.is(200).value()["created"], 2);
    let into = json!([
        line(&other, json!({})),
        line(
            &sku,
            json!({"validFrom": "2026-06-30T00:00:00Z", "validUntil": "2026-07-01T00:00:00Z"})
        ),
    ]);
    let problem = put(into).await.problem(409, "price_overlap");
    assert_eq!(problem["errors"][0]["pointer"], "/lines/1/validFrom");
    assert!(problem["conflictingId"].is_string());
    // A stored price that ends earlier in the same request makes room.
    let handing_over = json!([
        line(&sku, json!({"validUntil": "2026-06-30T00:00:00Z"})),
        line(
            &sku,
            json!({"validFrom": "2026-06-30T00:00:00Z", "validUntil": from})
        ),
    ]);
    let counts = put(handing_over).await.is(200).value();
    assert_eq!(counts, json!({"created": 1, "updated": 1, "unchanged": 0}));
}

async fn the_writing_of_prices_needs_its_own_scope(api: Api) {
    let writer = api.instance.token("catalog:read,catalog:write", "writer").await;
    let pricer = api.instance.token("prices:write", "pricer").await;
    let body = json!({"key": unique("list"), "name": "x"});
    let refused = api
        .post("/v1/price-lists")
        .token(&writer)
        .json(&body)
        .send()
        .await;
    assert_eq!(
        refused.problem(403, "scope_missing")["requiredScope"],
        "prices:write"
    );
    let made = api
        .post("/v1/price-lists")
        .token(&pricer)
        .json(&body)
        .send()
        .await
        .is(201)
        .value();
    let sku = sold(&api, json!({})).await;
    let body = price(&made, &sku, json!({}));
    let refused = api.post("/v1/prices").token(&writer).json(&body).send().await;
    refused.problem(403, "scope_missing");
    api.post("/v1/prices")
        .token(&pricer)
        .json(&body)
        .send()
        .await
        .is(201);
}

async fn the_price_that_counts_is_told_with_what_it_beat(api: Api) {
    let carried = json!({"prices": [{"amount": "20.00", "currency": "EUR", "compareAt": "25.00"}]});
    let sku = sold(&api, carried).await;
    let group = unique("group");
    let ask = |more: Value| {
        with(
            json!({"lines": [{"variant": format!("sku:{sku}")}], "currency": "EUR"}),
            more,
        )
    };
    let simple = resolve(&api, &ask(json!({}))).await;
    assert_eq!(simple[0]["price"]["amount"], "20.00");
    assert_eq!(simple[0]["price"]["compareAt"], "25.00");
    assert_eq!(simple[0]["price"]["priceListKey"], "base");
    assert!(simple[0]["price"].get("priceId").is_none() && simple[0].get("validUntil").is_none());
    let yen = resolve(&api, &ask(json!({"currency": "JPY"}))).await;
    assert_eq!(yen[0]["price"], Value::Null);

    let base = json!({"id": "key:base"});
    let explicit = create(&api, &price(&base, &sku, json!({"amount": "19.00"})))
        .await
        .is(201)
        .value();
    let special = list(
        &api,
        json!({"priority": 7, "conditions": {"customerGroups": [group]}}),
    )
    .await;
    create(&api, &price(&special, &sku, json!({"amount": "15.00"})))
        .await
        .is(201);
    let bulk = price(&special, &sku, json!({"amount": "12.00", "minQuantity": 10}));
    let bulk = create(&api, &bulk).await.is(201).value();
    let for_all = resolve(&api, &ask(json!({}))).await;
    assert_eq!(for_all[0]["price"]["priceId"], explicit["id"]);
    let body = json!({
        "lines": [{"variant": format!("sku:{sku}"), "quantity": 9}, {"variant": format!("sku:{sku}"), "quantity": 10}],
        "currency": "EUR", "customerGroups": [group, "other"], "explain": true,
    });
    let lines = resolve(&api, &body).await;
    assert_eq!(lines[0]["price"]["amount"], "15.00");
    assert_eq!(
        (
            &lines[1]["price"]["amount"],
            &lines[1]["price"]["priceId"],
            &lines[1]["price"]["minQuantity"]
        ),
        (&json!("12.00"), &bulk["id"], &json!(10))
    );
    let mut outcomes: Vec<_> = lines[1]["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|candidate| (text(candidate, "/amount"), text(candidate, "/outcome")))
        .collect();
    outcomes.sort_unstable();
    assert_eq!(
        outcomes,
        [
            ("12.00", "counts"),
            ("15.00", "smallerQuantity"),
            ("19.00", "lowerPriority"),
            ("20.00", "lowerPriority"),
        ]
    );
    let outcome_of_bulk = lines[0]["candidates"].as_array().unwrap().iter();
    let mut outcome_of_bulk = outcome_of_bulk.filter(|candidate| candidate["amount"] == "12.00");
    assert_eq!(outcome_of_bulk.next().unwrap()["outcome"], "quantityNotReached");
}

async fn a_sale_is_seen_on_both_sides_of_its_start(api: Api) {
    let sku = sold(&api, json!({"prices": [{"amount": "20.00", "currency": "EUR"}]})).await;
    let sale = list(&api, json!({"priority": 9, "validFrom": "2031-05-01T00:00:00Z"})).await;
    let body = price(
        &sale,
        &sku,
        json!({"amount": "14.00", "validUntil": "2031-06-01T00:00:00Z"}),
    );
    create(&api, &body).await.is(201);
    let seen = async |at: Option<&str>| {
        let body = json!({"lines": [{"variant": format!("sku:{sku}")}], "currency": "EUR", "at": at});
        let mut body = body;
        if at.is_none() {
            body.as_object_mut().unwrap().remove("at");
        }
        let lines = resolve(&api, &body).await;
        (
            text(&lines[0], "/price/amount").to_owned(),
            lines[0]["validUntil"].as_str().map(str::to_owned),
        )
    };
    let (start, end) = (
        Some("2031-05-01T00:00:00.000000Z".to_owned()),
        Some("2031-06-01T00:00:00.000000Z".to_owned()),
    );
    assert_eq!(seen(None).await, ("20.00".to_owned(), start.clone()));
    assert_eq!(
        seen(Some("2031-04-30T23:59:59.999999Z")).await,
        ("20.00".to_owned(), start)
    );
    assert_eq!(
        seen(Some("2031-05-01T00:00:00Z")).await,
        ("14.00".to_owned(), end.clone())
    );
    assert_eq!(
        seen(Some("2031-06-01T01:59:59.999999+02:00")).await,
        ("14.00".to_owned(), end)
    );
    assert_eq!(
        seen(Some("2031-06-01T00:00:00Z")).await,
        ("20.00".to_owned(), None)
    );
}

async fn amounts_keep_the_digits_of_their_currency(api: Api) {
    let sku = sold(&api, json!({})).await;
    let made = list(&api, json!({})).await;
    for (currency, amount, shown) in [
        ("JPY", "1200", "1200"),
        ("EUR", "0.1", "0.10"),
        ("KWD", "1.005", "1.005"),
        ("CLF", "0.0001", "0.0001"),
        ("USD", "9999999999999.99", "9999999999999.99"),
    ] {
        let body = price(&made, &sku, json!({"currency": currency, "amount": amount}));
        create(&api, &body).await.is(201);
        let body = json!({"lines": [{"variant": format!("sku:{sku}")}], "currency": currency});
        let lines = resolve(&api, &body).await;
        assert_eq!(lines[0]["price"]["amount"], shown, "{currency}");
    }
}

async fn questions_with_faults_are_refused(api: Api) {
    let sku = sold(&api, json!({})).await;
    let ask = async |body: &Value, faults: &[(&str, &str)]| {
        let answer = api.post("/v1/prices/resolve").json(body).send().await;
        answer.has_faults(faults);
    };
    let line = json!({"variant": format!("sku:{sku}")});
    ask(&json!({}), &[("/currency", "required"), ("/lines", "required")]).await;
    let many: Vec<_> = vec![line.clone(); 201];
    ask(
        &json!({"lines": many, "currency": "EUR"}),
        &[("/lines", "too_long")],
    )
    .await;
    ask(
        &json!({"lines": [line, {"variant": "sku:nowhere"}], "currency": "EUR", "channel": "key:nowhere"}),
        &[
            ("/channel", "reference_not_found"),
            ("/lines/1/variant", "reference_not_found"),
        ],
    )
    .await;
    ask(
        &json!({
            "lines": [{"variant": "x", "quantity": 0}], "currency": "euro", "channel": "y", "country": "Germany",
            "customerGroups": ["a b"], "at": "tomorrow", "explain": "yes",
        }),
        &[
            ("/at", "pattern"),
            ("/channel", "pattern"),
            ("/country", "not_in_enum"),
            ("/currency", "not_in_enum"),
            ("/customerGroups/0", "pattern"),
            ("/explain", "wrong_type"),
            ("/lines/0/quantity", "out_of_range"),
            ("/lines/0/variant", "pattern"),
        ],
    )
    .await;
    let none = json!({"lines": [], "currency": "EUR"});
    assert_eq!(resolve(&api, &none).await, json!([]));
}

async fn shop(api: &Api, more: Value) -> String {
    let key = unique("shop");
    let body = with(
        json!({"key": key, "name": "Shop", "locales": ["en"], "currencies": ["EUR", "CHF"]}),
        more,
    );
    api.post("/v1/channels").json(&body).send().await.is(201);
    key
}

async fn shoppers_see_the_price_of_their_channel_and_country(api: Api) {
    let both =
        json!({"prices": [{"amount": "20.00", "currency": "EUR"}, {"amount": "22.00", "currency": "CHF"}]});
    let (sku, other) = (sold(&api, both).await, sold(&api, json!({})).await);
    let channel = shop(&api, json!({"countries": ["AT", "CH"]})).await;
    let here = list(
        &api,
        json!({"priority": 4, "conditions": {"channels": [format!("key:{channel}")], "countries": ["AT"]}}),
    )
    .await;
    let sale = json!({"amount": "18.00", "compareAt": "20.00", "validUntil": "2031-01-01T00:00:00Z"});
    create(&api, &price(&here, &sku, sale)).await.is(201);
    let see = async |query: &str| {
        let path = format!("/v1/store/{channel}/prices?skus={sku},{other},nowhere,{sku}{query}");
        api.get(&path).anonymous().send().await
    };
    let plain = see("").await.is(200);
    let items = plain.value()["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 2, "{items}");
    assert_eq!((&items[0]["sku"], &items[1]["sku"]), (&json!(sku), &json!(other)));
    assert_eq!(items[0]["price"], json!({"amount": "20.00", "currency": "EUR"}));
    assert_eq!(items[1]["price"], Value::Null);
    assert!(
        plain
            .header("cache-control")
            .starts_with("public, max-age=0, s-maxage=")
    );
    assert_eq!(plain.header("surrogate-key"), "prices catalog");
    let tag = plain.header("etag").to_owned();
    let path = format!("/v1/store/{channel}/prices?skus={sku},{other},nowhere,{sku}");
    let same = api
        .get(&path)
        .anonymous()
        .header("if-none-match", &tag)
        .send()
        .await;
    same.is(304);

    let in_austria = see("&country=AT").await.is(200).value();
    assert_eq!(
        in_austria["items"][0]["price"],
        json!({"amount": "18.00", "currency": "EUR", "compareAt": "20.00"})
    );
    assert_eq!(
        in_austria["items"][0]["validUntil"],
        "2031-01-01T00:00:00.000000Z"
    );
    let in_francs = see("&country=CH&currency=CHF").await.is(200).value();
    assert_eq!(in_francs["items"][0]["price"]["amount"], "22.00");
    for bad in [
        "&currency=USD",
        "&currency=x",
        "&country=DE",
        "&country=x",
        "&group=a%20b",
        "&at=2026-01-01",
        "&skus=x",
    ] {
        see(bad).await.problem(400, "invalid_parameter");
    }
    let many = vec!["x"; 201].join(",");
    for path in [
        format!("/v1/store/{channel}/prices"),
        format!("/v1/store/{channel}/prices?skus="),
        format!("/v1/store/{channel}/prices?skus={many}"),
    ] {
        let answer = api.get(&path).anonymous().send().await;
        answer.problem(400, "invalid_parameter");
    }
    let nowhere = api
        .get(&format!("/v1/store/nowhere/prices?skus={sku}"))
        .anonymous();
    nowhere.send().await.problem(404, "resource_not_found");

    // A change that is near is not slept through by a shared cache.
    let soon = chrono::TimeDelta::seconds(20);
    let until = (now() + soon).to_rfc3339();
    let flash = list(&api, json!({"priority": 5, "validUntil": until})).await;
    create(&api, &price(&flash, &sku, json!({"amount": "5.00"})))
        .await
        .is(201);
    let flash = see("").await.is(200);
    assert_eq!(flash.value()["items"][0]["price"]["amount"], "5.00");
    let control = flash.header("cache-control");
    let of = |name: &str| -> u64 {
        let (_, from) = control.split_once(name).unwrap();
        from.split(',').next().unwrap().parse().unwrap()
    };
    for stale in ["stale-while-revalidate=", "stale-if-error="] {
        assert!(of("s-maxage=") + of(stale) <= 20, "{control}");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the service goes by the machine's clock"
)]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from(std::time::SystemTime::now())
}

async fn shoppers_see_no_price_of_what_is_not_on_sale(api: Api) {
    let draft = api.product(json!({})).await;
    let carried = json!({"prices": [{"amount": "20.00", "currency": "EUR"}]});
    let variant = api.variant(text(&draft, "/id"), carried).await;
    let path = format!("/v1/store/default/prices?skus={}", text(&variant, "/sku"));
    let seen = async || api.get(&path).anonymous().send().await.is(200).value()["items"].clone();
    assert_eq!(seen().await, json!([]));
    let product = format!("/v1/products/{}", text(&draft, "/id"));
    api.post(&format!("{product}/publish")).send().await.is(200);
    assert_eq!(seen().await[0]["price"]["amount"], "20.00");
    api.post(&format!("{product}/archive")).send().await.is(200);
    assert_eq!(seen().await, json!([]));
}

async fn a_channel_limits_and_orders_its_lists(api: Api) {
    let sku = sold(&api, json!({"prices": [{"amount": "20.00", "currency": "EUR"}]})).await;
    let (one, two) = (
        list(&api, json!({"priority": 2})).await,
        list(&api, json!({"priority": 2})).await,
    );
    create(&api, &price(&one, &sku, json!({"amount": "1.00"})))
        .await
        .is(201);
    create(&api, &price(&two, &sku, json!({"amount": "2.00"})))
        .await
        .is(201);
    let by_key = |list: &Value| format!("key:{}", text(list, "/key"));
    let order = [by_key(&two), by_key(&one), by_key(&two)];
    let channel = shop(&api, json!({"priceLists": order})).await;
    let path = format!("/v1/channels/key:{channel}");
    let stored = api.get(&path).send().await.is(200).value();
    assert_eq!(stored["priceLists"], json!([two["id"], one["id"]]));
    let seen = async || {
        let path = format!("/v1/store/{channel}/prices?skus={sku}");
        let answer = api.get(&path).anonymous().send().await.is(200).value();
        answer["items"][0]["price"]["amount"].clone()
    };
    assert_eq!(seen().await, "2.00");
    let patch = async |lists: Value| {
        let patch = json!({"priceLists": lists});
        api.patch(&path).merge(&patch).send().await
    };
    patch(json!([by_key(&one), by_key(&two)])).await.is(200);
    assert_eq!(seen().await, "1.00");
    patch(json!(["key:base"])).await.is(200);
    assert_eq!(seen().await, "20.00");
    patch(json!(["key:nowhere", "x"]))
        .await
        .has_faults(&[("/priceLists/1", "pattern")]);
    let lost = patch(json!(["key:base", "key:nowhere"])).await;
    lost.has_faults(&[("/priceLists/1", "reference_not_found")]);

    // Neither goes while the other names it.
    let lonely = list(&api, json!({})).await;
    patch(json!([lonely["id"]])).await.is(200);
    let lonely = format!("/v1/price-lists/{}", text(&lonely, "/id"));
    api.delete(&lonely).send().await.problem(409, "referenced");
    let made_for = json!({"conditions": {"channels": [format!("key:{channel}")]}});
    api.patch(&lonely).merge(&made_for).send().await.is(200);
    patch(json!([])).await.is(200);
    api.delete(&path).send().await.problem(409, "referenced");
    api.delete(&lonely).send().await.is(204);
    api.delete(&path).send().await.is(204);
}
