//! Batches: all or nothing, each operation on what those before it left.

use serde_json::{Value, json};

use super::support::{Api, on_both, text, unique};

on_both!(
    later_operations_refer_to_earlier_ones,
    every_fault_is_listed_and_nothing_stays,
    references_must_lead_back,
    operations_need_their_own_scopes,
    what_a_batch_wrote_is_seen_at_once,
    a_repeated_batch_takes_effect_once,
    of_batches_sent_at_once_with_one_key_one_takes_effect,
    dry_runs_keep_nothing,
    the_form_of_operations_is_checked,
    a_thousand_operations_are_one_batch,
    two_batches_for_one_name_make_one_resource,
);

fn batch(operations: impl Into<Value>) -> Value {
    json!({"operations": operations.into()})
}

async fn later_operations_refer_to_earlier_ones(api: Api) {
    let (key, sku) = (unique("batch"), unique("SKU"));
    let operations = json!([
        {"name": "shelf", "method": "POST", "path": "/v1/categories", "body": {"name": unique("Shelf")}},
        {"name": "mug", "method": "POST", "path": "/v1/products", "body": {
            "key": key, "name": "$$5 mug", "categories": ["$shelf.id"], "optionAxes": ["colour"],
            "variants": [{"sku": sku, "options": {"colour": "Blue"}}]}},
        {"name": "red", "method": "POST", "path": "/v1/products/$mug.id/variants", "body": {
            "sku": unique("SKU"), "options": {"colour": "Red"}}},
        {"method": "PATCH", "path": "/v1/products/$mug.id", "ifMatch": "\"1-m1\"", "body": {"brand": "Hearthmoor"}},
        {"method": "PATCH", "path": "/v1/variants/$red.id", "body": [{"op": "add", "path": "/mpn", "value": "R"}]},
        {"method": "POST", "path": "/v1/products/$mug.id/publish"},
        {"method": "DELETE", "path": format!("/v1/variants/sku:{sku}")},
    ]);
    let answer = api
        .post("/v1/batch")
        .json(&batch(operations))
        .send()
        .await
        .is(200)
        .value();
    let results = answer["results"].as_array().unwrap();
    let statuses: Vec<_> = results
        .iter()
        .map(|result| result["status"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [201, 201, 201, 200, 200, 200, 204]);
    assert!(results[6].get("body").is_none());
    let product = api
        .get(&format!("/v1/products/key:{key}?expand=variants"))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(product["name"]["en"], "$5 mug");
    assert_eq!(product["categories"], json!([results[0]["body"]["id"]]));
    assert_eq!(
        (&product["brand"], &product["status"]),
        (&json!("Hearthmoor"), &json!("published"))
    );
    let skus: Vec<_> = product["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| text(v, "/mpn"))
        .collect();
    assert_eq!(skus, ["R"]);
}

async fn every_fault_is_listed_and_nothing_stays(api: Api) {
    let (key, taken) = (unique("batch"), unique("taken"));
    api.product(json!({"key": taken})).await;
    let operations = json!([
        {"name": "fine", "method": "POST", "path": "/v1/products", "body": {"key": key, "name": "Fine"}},
        {"name": "bad", "method": "POST", "path": "/v1/products", "body": {"name": "", "tags": [1]}},
        {"method": "POST", "path": "/v1/products", "body": {"key": taken, "name": "Taken"}},
        {"method": "POST", "path": "/v1/products/$bad.id/publish"},
        {"method": "POST", "path": "/v1/products/$fine.nothing/publish"},
        {"method": "POST", "path": "/v1/nowhere"},
        {"method": "DELETE", "path": "/v1/products/key:nobody"},
    ]);
    let answer = api.post("/v1/batch").json(&batch(operations)).send().await;
    let problem = answer.problem(422, "batch_failed");
    let faults: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| (text(fault, "/pointer"), text(fault, "/code")))
        .collect();
    assert_eq!(
        faults,
        [
            ("/operations/1/body/tags/0", "wrong_type"),
            ("/operations/1/body/name", "required"),
            ("/operations/2/body/key", "duplicate_key"),
            ("/operations/4/path", "reference_not_found"),
            ("/operations/5", "resource_not_found"),
            ("/operations/6", "resource_not_found"),
        ]
    );
    assert_eq!(problem["failures"][1]["operation"], 2);
    assert!(problem["failures"][1]["problem"]["conflictingId"].is_string());
    api.get(&format!("/v1/products/key:{key}"))
        .send()
        .await
        .problem(404, "resource_not_found");
}

async fn references_must_lead_back(api: Api) {
    let operations = json!([
        {"name": "a", "method": "POST", "path": "/v1/products/$b.id/publish"},
        {"name": "b", "method": "POST", "path": "/v1/products", "body": {"name": "$b.id", "brand": "$nobody.id"}},
        {"name": "b", "method": "POST", "path": "/v1/products", "body": {"name": "x"}},
        {"name": "-", "method": "POST", "path": "/v1/products", "body": {"name": "x"}},
    ]);
    let answer = api.post("/v1/batch").json(&batch(operations)).send().await;
    answer.has_faults(&[
        ("/operations/0/path", "forward_reference"),
        ("/operations/1/body/name", "forward_reference"),
        ("/operations/1/body/brand", "reference_not_found"),
        ("/operations/2/name", "duplicate"),
        ("/operations/3/name", "pattern"),
    ]);
}

async fn operations_need_their_own_scopes(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}/publish", text(&product, "/id"));
    let token = api.instance.token("catalog:write", "writer").await;
    let body = batch(json!([{"method": "POST", "path": path}]));
    let answer = api.post("/v1/batch").token(&token).json(&body).send().await;
    let problem = answer.problem(422, "batch_failed");
    assert_eq!(problem["errors"][0]["code"], "scope_missing");
    assert_eq!(
        problem["failures"][0]["problem"]["requiredScope"],
        "catalog:publish"
    );
}

/// The cache holds what was read before, and must let go of it.
async fn what_a_batch_wrote_is_seen_at_once(api: Api) {
    let product = api.product(json!({"brand": "0"})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    for round in 1..=20 {
        api.get(&path).send().await.is(200);
        let operations = json!([
            {"method": "PATCH", "path": path, "body": {"brand": "between"}},
            {"method": "PATCH", "path": path, "body": {"brand": round.to_string()}},
        ]);
        api.post("/v1/batch")
            .json(&batch(operations))
            .send()
            .await
            .is(200);
        let read = api.get(&path).send().await.is(200).value();
        assert_eq!(
            (&read["brand"], &read["version"]),
            (&json!(round.to_string()), &json!(1 + 2 * round))
        );
    }
}

async fn a_repeated_batch_takes_effect_once(api: Api) {
    let (key, once) = (unique("batch"), unique("once"));
    let body =
        batch(json!([{"method": "POST", "path": "/v1/products", "body": {"key": key, "name": "Once"}}]));
    let send = |body: Value| {
        api.post("/v1/batch")
            .header("idempotency-key", &once)
            .json(&body)
            .send()
    };
    let first = send(body.clone()).await.is(200);
    let again = send(body).await.is(200);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.body, again.body);
    let other = batch(json!([{"method": "DELETE", "path": format!("/v1/products/key:{key}")}]));
    send(other).await.problem(422, "idempotency_key_reused");
}

async fn of_batches_sent_at_once_with_one_key_one_takes_effect(api: Api) {
    for _ in 0..5 {
        let (key, once) = (unique("batch"), unique("once"));
        let body = batch(json!([
            {"method": "POST", "path": "/v1/products", "body": {"key": key, "name": "Once"}},
            {"method": "PATCH", "path": format!("/v1/products/key:{key}"), "body": {"brand": "B"}},
        ]));
        let send = || {
            let call = api.post("/v1/batch").header("idempotency-key", &once);
            call.json(&body).send()
        };
        let answers = futures::join!(send(), send(), send());
        for answer in [answers.0, answers.1, answers.2] {
            if answer.status != 200 {
                answer.problem(409, "idempotency_in_progress");
            }
        }
        let stored = api.get(&format!("/v1/products/key:{key}")).send().await.is(200);
        assert_eq!(stored.value()["version"], 2);
    }
}

async fn dry_runs_keep_nothing(api: Api) {
    let key = unique("batch");
    let body = batch(json!([
        {"name": "p", "method": "POST", "path": "/v1/products", "body": {"key": key, "name": "Dry"}},
        {"method": "POST", "path": "/v1/products/$p.id/publish"},
    ]));
    let answer = api
        .post("/v1/batch?dryRun=true")
        .json(&body)
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(answer["results"][1]["body"]["status"], "published");
    api.get(&format!("/v1/products/key:{key}"))
        .send()
        .await
        .problem(404, "resource_not_found");
}

async fn the_form_of_operations_is_checked(api: Api) {
    let send = |operations: Value| api.post("/v1/batch").json(&batch(operations)).send();
    send(json!([])).await.has_faults(&[("/operations", "required")]);
    let one = json!({"method": "DELETE", "path": "/v1/products/key:x"});
    send(vec![one; 1001].into())
        .await
        .has_faults(&[("/operations", "too_long")]);
    let operations = json!([
        {"method": "GET", "path": "/v1/products"},
        {"method": "POST", "path": "/v1/batch", "body": {}},
        {"method": "POST", "path": "/v1/imports?format=ndjson"},
        {"method": "POST", "path": "v1/products"},
        {"method": "POST", "path": "http://example.com/v1/products"},
        {"method": "POST", "path": "/metrics"},
        {"method": "PUT", "path": "/v1/products/key:x", "ifMatch": "\n"},
        {"method": "PUT", "path": "/v1/products/key:x", "extra": 1},
    ]);
    send(operations).await.has_faults(&[
        ("/operations/0/method", "not_in_enum"),
        ("/operations/1/path", "pattern"),
        ("/operations/2/path", "pattern"),
        ("/operations/3/path", "pattern"),
        ("/operations/4/path", "pattern"),
        ("/operations/5/path", "pattern"),
        ("/operations/6/ifMatch", "pattern"),
        ("/operations/7/extra", "unknown_field"),
    ]);
}

async fn a_thousand_operations_are_one_batch(api: Api) {
    let prefix = unique("thousand");
    let operation = |n: usize| {
        let key = format!("{prefix}-{n}");
        json!({"method": "PUT", "path": format!("/v1/categories/key:{key}"), "body": {"name": key}})
    };
    let operations: Vec<_> = (0..1000).map(operation).collect();
    let answer = api
        .post("/v1/batch")
        .json(&batch(operations))
        .send()
        .await
        .is(200)
        .value();
    assert_eq!(answer["results"].as_array().unwrap().len(), 1000);
    api.get(&format!("/v1/categories/key:{prefix}-999"))
        .send()
        .await
        .is(200);
}

async fn two_batches_for_one_name_make_one_resource(api: Api) {
    let key = unique("raced");
    let body = batch(json!([
        {"method": "POST", "path": "/v1/products", "body": {"name": unique("Before")}},
        {"method": "POST", "path": "/v1/products", "body": {"key": key, "name": "Raced"}},
    ]));
    let send = || api.post("/v1/batch").json(&body).send();
    let (a, b) = futures::join!(send(), send());
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422], "{a:?} {b:?}");
}
