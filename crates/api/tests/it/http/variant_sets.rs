//! Many variants at once: made from option axes, put in order, looked up.

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{Api, gtin, on_both, text, unique};

on_both!(
    every_missing_combination_is_generated,
    generation_takes_the_values_that_are_there,
    generation_that_cannot_be_is_told_in_full,
    generation_is_all_or_nothing_and_limited,
    of_two_generations_one_wins,
    variants_are_put_in_order,
    an_order_names_each_variant_once,
    variants_are_looked_up_by_any_name,
    lookups_that_cannot_be_are_told_in_full,
    the_list_of_variants_is_filtered_and_sorted,
);

async fn product(api: &Api, axes: &[&str]) -> Value {
    api.product(json!({"optionAxes": axes})).await
}

fn under(product: &Value, action: &str) -> String {
    format!("/v1/products/{}/variants{action}", text(product, "/id"))
}

async fn generate(api: &Api, product: &Value, body: &Value) -> Value {
    let call = api.post(&under(product, "/generate")).json(body);
    call.send().await.is(200).value()
}

fn skus(variants: &Value) -> Vec<&str> {
    let variants = variants.as_array().unwrap();
    variants.iter().map(|variant| text(variant, "/sku")).collect()
}

async fn every_missing_combination_is_generated(api: Api) {
    let mug = product(&api, &["size", "colour"]).await;
    let prefix = unique("MUG");
    let taken = json!({"options": {"size": "S", "colour": "Red"}, "position": 4});
    let taken = api.variant(text(&mug, "/id"), taken).await;
    let body = json!({"skuTemplate": format!("{prefix}-{{colour}}-{{size}}"),
        "axes": {"colour": ["Red", "Sky Blue"], "size": ["S", "½ L"]}});

    let dry = api
        .post(&under(&mug, "/generate?dryRun=true"))
        .json(&body)
        .send()
        .await
        .is(200)
        .value();
    let made = generate(&api, &mug, &body).await;
    assert_eq!(made["existing"], 1);
    let expected = [
        format!("{prefix}-SKY-BLUE-S"),
        format!("{prefix}-RED-1-2-L"),
        format!("{prefix}-SKY-BLUE-1-2-L"),
    ];
    assert_eq!(skus(&made["created"]), expected);
    assert_eq!(skus(&dry["created"]), expected);
    for (index, variant) in made["created"].as_array().unwrap().iter().enumerate() {
        assert_eq!(variant["position"], 5 + index);
        assert_eq!(
            (&variant["version"], &variant["product"]),
            (&json!(1), &mug["id"])
        );
        let path = format!("/v1/variants/sku:{}", text(variant, "/sku"));
        assert_eq!(api.get(&path).send().await.is(200).value(), *variant);
    }
    assert_eq!(
        made["created"][1]["options"],
        json!({"size": "½ L", "colour": "Red"})
    );
    // All of them are there now.
    let again = generate(&api, &mug, &body).await;
    assert_eq!(again, json!({"created": [], "existing": 4}));
    let kept = api
        .get(&format!("/v1/variants/{}", text(&taken, "/id")))
        .send()
        .await
        .value();
    assert_eq!(kept, taken);
}

async fn generation_takes_the_values_that_are_there(api: Api) {
    let mug = product(&api, &["size", "colour"]).await;
    for (size, colour) in [("S", "Red"), ("L", "Blue")] {
        let options = json!({"options": {"size": size, "colour": colour}});
        api.variant(text(&mug, "/id"), options).await;
    }
    let prefix = unique("MUG");
    let template = format!("{prefix}{{size}}{{colour}}");
    let made = generate(&api, &mug, &json!({"skuTemplate": template})).await;
    assert_eq!(
        skus(&made["created"]),
        [format!("{prefix}SBLUE"), format!("{prefix}LRED")]
    );
    let more = json!({"skuTemplate": template, "axes": {"colour": ["Green"]}});
    let made = generate(&api, &mug, &more).await;
    assert_eq!(
        skus(&made["created"]),
        [format!("{prefix}SGREEN"), format!("{prefix}LGREEN")]
    );
}

async fn generation_that_cannot_be_is_told_in_full(api: Api) {
    let mug = product(&api, &["size", "colour"]).await;
    let other = api
        .variant(
            text(&api.product(json!({})).await, "/id"),
            json!({"sku": unique("TAKEN")}),
        )
        .await;
    let both = json!({"size": ["S", "L"], "colour": ["Red", "Blue"]});
    let taken = text(&other, "/sku");
    let cases = [
        (json!({}), vec![("/skuTemplate", "required")]),
        (
            json!({"skuTemplate": "{size}"}),
            vec![("/axes/colour", "required"), ("/axes/size", "required")],
        ),
        (
            json!({"skuTemplate": 1, "axes": {"size": "S"}, "x": 1}),
            vec![
                ("/skuTemplate", "wrong_type"),
                ("/axes/size", "wrong_type"),
                ("/x", "unknown_field"),
            ],
        ),
        (
            json!({"skuTemplate": "{shape}", "axes": both}),
            vec![("/skuTemplate", "pattern")],
        ),
        (
            json!({"skuTemplate": "{size", "axes": both}),
            vec![("/skuTemplate", "pattern")],
        ),
        (
            json!({"skuTemplate": "", "axes": both}),
            vec![("/skuTemplate", "required")],
        ),
        (
            json!({"skuTemplate": "{size}", "axes": {"size": ["S", " ", "S", "—"], "shape": ["V"], "colour": []}}),
            vec![("/axes/size/1", "required")],
        ),
        (
            json!({"skuTemplate": "{size}", "axes": {"size": ["S", "S", "—"], "sha/pe": ["V"], "colour": []}}),
            vec![
                ("/axes/size/1", "duplicate"),
                ("/axes/size/2", "pattern"),
                ("/axes/sha~1pe", "unknown_field"),
                ("/axes/colour", "required"),
            ],
        ),
        // Two of the four combinations get the SKUs of the other two.
        (
            json!({"skuTemplate": format!("{}{{size}}", unique("X")), "axes": both}),
            vec![
                ("/skuTemplate", "duplicate_sku"),
                ("/skuTemplate", "duplicate_sku"),
            ],
        ),
        (
            json!({"skuTemplate": taken, "axes": {"size": ["S"], "colour": ["Red"]}}),
            vec![("/skuTemplate", "duplicate_sku")],
        ),
        (
            json!({"skuTemplate": "{size}".repeat(3), "axes": {"size": ["x".repeat(50)], "colour": ["Red", "Blue"]}}),
            vec![("/skuTemplate", "too_long"), ("/skuTemplate", "too_long")],
        ),
    ];
    for (body, faults) in cases {
        let answer = api.post(&under(&mug, "/generate")).json(&body).send().await;
        answer.has_faults(&faults);
    }
    let plain = product(&api, &[]).await;
    let answer = api
        .post(&under(&plain, "/generate"))
        .json(&json!({"skuTemplate": "X"}))
        .send()
        .await;
    answer.has_faults(&[("/axes", "out_of_range")]);
    let nowhere = api.post("/v1/products/key:nowhere/variants/generate");
    nowhere
        .json(&json!({"skuTemplate": "X"}))
        .send()
        .await
        .problem(404, "resource_not_found");
    let listed = api.get(&under(&mug, "")).send().await.is(200).value();
    assert_eq!(listed["items"], json!([]));
}

async fn generation_is_all_or_nothing_and_limited(api: Api) {
    let mug = product(&api, &["a", "b"]).await;
    let numbers = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    let prefix = unique("N");
    let body = |a: usize, b: usize| json!({"skuTemplate": format!("{prefix}-{{a}}-{{b}}"), "axes": {"a": numbers(a), "b": numbers(b)}});
    let too_many = api
        .post(&under(&mug, "/generate"))
        .json(&body(3, 667))
        .send()
        .await;
    too_many.has_faults(&[("/axes", "too_long")]);
    let far_too_many = api
        .post(&under(&mug, "/generate"))
        .json(&body(2000, 2000))
        .send()
        .await;
    far_too_many.has_faults(&[("/axes", "too_long")]);
    let too_long = api
        .post(&under(&mug, "/generate"))
        .json(&body(2001, 1))
        .send()
        .await;
    too_long.has_faults(&[("/axes/a", "too_long")]);
    let made = generate(&api, &mug, &body(2, 1000)).await;
    assert_eq!(made["created"].as_array().unwrap().len(), 2000);
    // One more than a product has, in two steps.
    let more = json!({"skuTemplate": format!("{prefix}-{{a}}-{{b}}"), "axes": {"a": ["more"], "b": ["1"]}});
    let full = api.post(&under(&mug, "/generate")).json(&more).send().await;
    full.problem(409, "state_conflict");
    let total = api
        .get(&under(&mug, "?limit=1&count=exact"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(total["total"], 2000);
}

async fn of_two_generations_one_wins(api: Api) {
    for templates in [["{size}-A", "{size}-A"], ["{size}-B", "{size}-C"]] {
        for _ in 0..4 {
            let shirt = product(&api, &["size"]).await;
            let prefix = unique("RACE");
            let calls = templates.map(|template| {
                let body =
                    json!({"skuTemplate": format!("{prefix}-{template}"), "axes": {"size": ["S", "M", "L"]}});
                api.post(&under(&shirt, "/generate")).json(&body).send()
            });
            let answers = join_all(calls).await;
            let made: usize = answers
                .iter()
                .filter(|answer| answer.status == 200)
                .map(|answer| answer.value()["created"].as_array().unwrap().len())
                .sum();
            assert_eq!(made, 3, "{answers:?}");
            for lost in answers.iter().filter(|answer| answer.status != 200) {
                // Where the other one was done before this one looked, its SKUs are seen.
                let problem = lost.problem(409, "duplicate_options");
                assert_eq!(problem["errors"][0]["pointer"], "/axes");
                assert!(problem.get("conflictingId").is_some(), "{lost:?}");
            }
        }
    }
}

async fn variants_are_put_in_order(api: Api) {
    let shirt = product(&api, &["n"]).await;
    let mut made = Vec::new();
    for n in 0..4 {
        let more = json!({"options": {"n": n.to_string()}, "key": unique("v"), "gtin": gtin()});
        made.push(api.variant(text(&shirt, "/id"), more).await);
    }
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| &made[n]);
    let id = |variant: &Value| text(variant, "/id").to_owned();
    let all = [
        id(d),
        format!("sku:{}", text(b, "/sku")),
        format!("key:{}", text(a, "/key")),
        format!("gtin:{}", text(c, "/gtin")),
    ];
    let reorder = async |variants: &[String], query: &str| {
        let call = api.post(&under(&shirt, &format!("/reorder{query}")));
        let body = call
            .json(&json!({"variants": variants}))
            .send()
            .await
            .is(200)
            .value();
        let variants = body["variants"].as_array().unwrap();
        variants
            .iter()
            .map(|v| {
                (
                    text(v, "/id").to_owned(),
                    v["position"].as_u64().unwrap(),
                    v["version"].as_u64().unwrap(),
                )
            })
            .collect::<Vec<_>>()
    };
    let expected = [(id(d), 0, 1), (id(b), 1, 2), (id(a), 2, 2), (id(c), 3, 2)];
    assert_eq!(reorder(&all, "?dryRun=true").await, expected);
    assert_eq!(
        api.get(&format!("/v1/variants/{}", id(b))).send().await.value(),
        *b
    );
    assert_eq!(reorder(&all, "").await, expected);
    assert_eq!(
        reorder(&all, "").await,
        expected,
        "nothing changes the second time"
    );
    // The first one alone: the others follow as they stood.
    assert_eq!(
        reorder(&[id(c)], "").await,
        [(id(c), 0, 3), (id(d), 1, 2), (id(b), 2, 3), (id(a), 3, 3)]
    );
    assert_eq!(reorder(&[], "").await.len(), 4);
    let expanded = format!("/v1/products/{}?expand=variants", text(&shirt, "/id"));
    let expanded = api.get(&expanded).send().await.is(200).value();
    let shown: Vec<_> = expanded["variants"].as_array().unwrap().iter().map(&id).collect();
    assert_eq!(shown, [id(c), id(d), id(b), id(a)]);
}

async fn an_order_names_each_variant_once(api: Api) {
    let shirt = api.product(json!({})).await;
    let own = api.variant(text(&shirt, "/id"), json!({})).await;
    let foreign = api.product(json!({})).await;
    let foreign = api.variant(text(&foreign, "/id"), json!({})).await;
    let gone = api.product(json!({})).await;
    let sku = format!("sku:{}", text(&own, "/sku"));
    let address = under(&shirt, "/reorder");
    let cases = [
        (
            json!({"variants": [own["id"], sku]}),
            vec![("/variants/1", "duplicate")],
        ),
        (
            json!({"variants": [foreign["id"], "key:nobody"]}),
            vec![
                ("/variants/0", "reference_not_found"),
                ("/variants/1", "reference_not_found"),
            ],
        ),
        (
            json!({"variants": ["?", "gtin:1"]}),
            vec![("/variants/0", "pattern"), ("/variants/1", "pattern")],
        ),
        (
            json!({"variants": [1, sku, sku], "x": 1}),
            vec![("/variants/0", "wrong_type"), ("/x", "unknown_field")],
        ),
        (json!({}), vec![("/variants", "required")]),
        (json!({"variants": {}}), vec![("/variants", "wrong_type")]),
        (
            json!({"variants": vec![sku.clone(); 2001]}),
            vec![("/variants", "too_long")],
        ),
    ];
    for (body, faults) in cases {
        api.post(&address).json(&body).send().await.has_faults(&faults);
    }
    api.delete(&format!("/v1/products/{}", text(&gone, "/id")))
        .send()
        .await
        .is(204);
    let gone = api
        .post(&under(&gone, "/reorder"))
        .json(&json!({"variants": []}))
        .send()
        .await;
    gone.problem(404, "resource_not_found");
    assert_eq!(
        api.get(&format!("/v1/variants/{}", text(&own, "/id")))
            .send()
            .await
            .value(),
        own
    );
}

async fn variants_are_looked_up_by_any_name(api: Api) {
    let shirt = api.product(json!({})).await;
    let mug = api.product(json!({})).await;
    let first = api.variant(text(&shirt, "/id"), json!({"gtin": gtin()})).await;
    let second = api.variant(text(&mug, "/id"), json!({})).await;
    let gone = api.product(json!({})).await;
    let gone = api.variant(text(&gone, "/id"), json!({})).await;
    api.delete(&format!("/v1/variants/{}", text(&gone, "/id")))
        .send()
        .await
        .is(204);
    let never = "0199b1f0-6c1e-7c3a-9a3e-5d1f0c2b7a64";
    let free = gtin();
    let body = json!({
        "skus": [second["sku"], gone["sku"], "nobody", second["sku"], "nobody"],
        "gtins": [first["gtin"], free],
        "ids": [second["id"], gone["id"], never],
    });
    let found = api.post("/v1/variants/lookup").json(&body).send().await.is(200);
    assert_eq!(found.header("cache-control"), "private, no-cache");
    let missing = json!({"skus": [gone["sku"], "nobody"], "gtins": [free], "ids": [gone["id"], never]});
    assert_eq!(
        found.value(),
        json!({"items": [second, first], "missing": missing})
    );
    let many: Vec<_> = (0..199)
        .map(|n| json!(format!("absent-{n}")))
        .chain([first["sku"].clone()])
        .collect();
    let found = api
        .post("/v1/variants/lookup")
        .json(&json!({"skus": many}))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(found["items"], json!([first]));
    assert_eq!(found["missing"]["skus"].as_array().unwrap().len(), 199);
    // Reading is enough for it.
    let reader = api.instance.token("catalog:read", "reader").await;
    api.post("/v1/variants/lookup")
        .token(&reader)
        .json(&body)
        .send()
        .await
        .is(200);
}

async fn lookups_that_cannot_be_are_told_in_full(api: Api) {
    let many = |count: usize| vec!["x"; count];
    let cases = [
        (json!({}), vec![("", "required")]),
        (json!({"skus": [], "ids": []}), vec![("", "required")]),
        (json!({"skus": many(201)}), vec![("", "too_long")]),
        (
            json!({"skus": many(100), "gtins": many(101)}),
            vec![("", "too_long")],
        ),
        (
            json!({"skus": [" "], "gtins": ["4006381333932", "x"], "ids": ["sku:x", "?"]}),
            vec![
                ("/skus/0", "required"),
                ("/gtins/0", "gtin_check_digit"),
                ("/gtins/1", "pattern"),
                ("/ids/0", "pattern"),
                ("/ids/1", "pattern"),
            ],
        ),
        (
            json!({"skus": "x", "keys": ["x"]}),
            vec![
                ("/skus", "wrong_type"),
                ("/keys", "unknown_field"),
                ("", "required"),
            ],
        ),
    ];
    for (body, mut faults) in cases {
        // What was taken out is not missing besides.
        if faults.len() > 1 {
            faults.retain(|(pointer, _)| !pointer.is_empty());
        }
        api.post("/v1/variants/lookup")
            .json(&body)
            .send()
            .await
            .has_faults(&faults);
    }
    api.post("/v1/variants/lookup?x=1")
        .json(&json!({"skus": ["x"]}))
        .send()
        .await
        .problem(400, "invalid_parameter");
}

async fn the_list_of_variants_is_filtered_and_sorted(api: Api) {
    let shirt = product(&api, &["n"]).await;
    let prefix = unique("LIST");
    for (n, position) in [(1, 3), (2, 1), (3, 2)] {
        let more =
            json!({"sku": format!("{prefix}/{n}"), "position": position, "options": {"n": n.to_string()}});
        api.variant(text(&shirt, "/id"), more).await;
    }
    let list = async |query: &str| {
        let page = api
            .get(&under(&shirt, &format!("?{query}")))
            .send()
            .await
            .is(200)
            .value();
        let skus = skus(&page["items"]).into_iter();
        skus.map(|sku| sku.rsplit_once('/').unwrap().1.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(list("sort=position").await, ["2", "3", "1"]);
    assert_eq!(list("sort=-position").await, ["1", "3", "2"]);
    assert_eq!(list(&format!("skuPrefix={prefix}/3")).await, ["3"]);
    assert_eq!(list("skuPrefix=other").await, Vec::<String>::new());
    assert_eq!(
        list("updatedSince=2100-01-01T00:00:00Z").await,
        Vec::<String>::new()
    );
    assert_eq!(list("updatedBefore=2100-01-01T00:00:00Z").await.len(), 3);
    api.delete(&format!("/v1/variants/sku:{prefix}%2F2"))
        .send()
        .await
        .is(204);
    assert_eq!(list("deleted=true").await, ["2"]);
    assert_eq!(list("sort=position").await, ["3", "1"]);
    for bad in [
        "skuPrefix=",
        "skuPrefix=%00",
        "updatedSince=today",
        "deleted=maybe",
    ] {
        api.get(&under(&shirt, &format!("?{bad}")))
            .send()
            .await
            .problem(400, "invalid_parameter");
    }
    let page = api
        .get(&under(&shirt, "?sort=position&limit=1"))
        .send()
        .await
        .is(200)
        .value();
    let cursor = text(&page, "/nextCursor");
    let other_order = api
        .get(&under(&shirt, &format!("?limit=1&cursor={cursor}")))
        .send()
        .await;
    other_order.problem(400, "cursor_mismatch");
    let unsorted = api.get("/v1/products?sort=position").send().await;
    unsorted.problem(400, "sort_not_allowed");
}
