//! `Idempotency-Key`: however often a request is sent, it takes effect once.

use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{Answer, Api, on_both, text, unique};

on_both!(
    a_replay_gets_the_first_answer_again,
    every_kind_of_write_takes_a_key,
    a_key_belongs_to_one_request,
    a_key_belongs_to_one_caller,
    racing_requests_have_one_effect,
    a_request_that_fails_uses_no_key,
    a_dry_run_uses_no_key,
    keys_have_a_form,
);

async fn create(api: &Api, key: &str, body: &Value) -> Answer {
    api.post("/v1/products")
        .header("idempotency-key", key)
        .json(body)
        .send()
        .await
}

/// How many products have the brand.
async fn count(api: &Api, brand: &str) -> u64 {
    let list = format!("/v1/products?brand={brand}&count=exact&limit=1");
    api.get(&list).send().await.is(200).value()["total"]
        .as_u64()
        .unwrap()
}

async fn a_replay_gets_the_first_answer_again(api: Api) {
    let (key, brand) = (unique("key"), unique("Brand"));
    let body = json!({"name": "Once", "brand": brand});
    let first = create(&api, &key, &body).await.is(201);
    assert_eq!(first.find("idempotency-replayed"), None);
    let path = first.header("location").to_owned();
    // What happens to the product afterwards does not change the answer.
    api.patch(&path)
        .merge(&json!({"tags": ["later"]}))
        .send()
        .await
        .is(200);
    for _ in 0..3 {
        let replay = create(&api, &key, &body).await.is(201);
        assert_eq!(replay.header("idempotency-replayed"), "true");
        assert_eq!(replay.body, first.body);
        for header in ["location", "etag", "content-type", "cache-control"] {
            assert_eq!(replay.header(header), first.header(header));
        }
    }
    assert_eq!(count(&api, &brand).await, 1);
    assert_eq!(api.get(&path).send().await.value()["version"], 2);
}

async fn every_kind_of_write_takes_a_key(api: Api) {
    let product = api.product(json!({})).await;
    let path = format!("/v1/products/{}", text(&product, "/id"));
    let name = format!("/v1/categories/key:{}", unique("c"));
    let writes: [(&str, &dyn Fn() -> super::support::Call); 6] = [
        ("put", &|| api.put(&name).json(&json!({"name": "C"}))),
        ("patch", &|| api.patch(&path).merge(&json!({"brand": "B"}))),
        ("publish", &|| api.post(&format!("{path}/publish"))),
        ("variant", &|| {
            api.post(&format!("{path}/variants"))
                .json(&json!({"sku": "ONLY-ONE"}))
        }),
        ("archive", &|| api.post(&format!("{path}/archive"))),
        ("delete", &|| api.delete(&path)),
    ];
    for (name, write) in writes {
        let key = unique(name);
        let first = write().header("idempotency-key", &key).send().await;
        assert!(first.status < 300, "{first:?}");
        let replay = write()
            .header("idempotency-key", &key)
            .send()
            .await
            .is(first.status);
        assert_eq!(replay.header("idempotency-replayed"), "true", "{name}");
        assert_eq!(replay.body, first.body, "{name}");
        assert_eq!(replay.find("etag"), first.find("etag"), "{name}");
    }
    // A write that changes nothing is remembered too.
    let (key, name) = (unique("none"), format!("{name}?dryRun=false"));
    let nothing = || {
        api.patch(&name)
            .merge(&json!({}))
            .header("idempotency-key", &key)
            .send()
    };
    nothing().await.is(200);
    assert_eq!(nothing().await.is(200).header("idempotency-replayed"), "true");
}

async fn a_key_belongs_to_one_request(api: Api) {
    let key = unique("key");
    let body = json!({"name": "Once"});
    let first = create(&api, &key, &body).await.is(201);
    let path = first.header("location");
    let with_key = |call: super::support::Call| call.header("idempotency-key", &key).send();
    for other in [
        api.post("/v1/products").json(&json!({"name": "Twice"})),
        api.post("/v1/products")
            .json(&json!({"name": "Once", "brand": "B"})),
        api.post("/v1/products?publish=true").json(&body),
        api.post("/v1/products?dryRun=true").json(&body),
        api.post("/v1/categories").json(&body),
        api.put(path).json(&body),
        api.patch(path).merge(&body),
        api.delete(path),
    ] {
        with_key(other).await.problem(422, "idempotency_key_reused");
    }
    let stored = api.get(path).send().await.is(200).value();
    assert_eq!(stored["version"], 1);
}

async fn a_key_belongs_to_one_caller(api: Api) {
    let (key, brand) = (unique("key"), unique("Brand"));
    let body = json!({"name": "Each", "brand": brand});
    for subject in ["ann", "bob"] {
        let token = api.instance.token("catalog:write", subject).await;
        let mut answers = Vec::new();
        for _ in 0..2 {
            let call = api
                .post("/v1/products")
                .header("idempotency-key", &key)
                .json(&body);
            answers.push(call.token(&token).send().await.is(201));
        }
        assert_eq!(answers[0].find("idempotency-replayed"), None, "{subject}");
        assert_eq!(answers[1].header("idempotency-replayed"), "true", "{subject}");
    }
    assert_eq!(count(&api, &brand).await, 2);
}

async fn racing_requests_have_one_effect(api: Api) {
    for racers in [2, 2, 2, 20, 20] {
        let (key, brand) = (unique("key"), unique("Brand"));
        let body = json!({"name": "Race", "brand": brand});
        let answers = join_all((0..racers).map(|_| create(&api, &key, &body))).await;
        let (made, rest): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .partition(|answer| answer.status == 201 && answer.find("idempotency-replayed").is_none());
        assert_eq!(made.len(), 1);
        for answer in rest {
            if answer.status == 201 {
                assert_eq!(answer.body, made[0].body);
            } else {
                answer.problem(409, "idempotency_in_progress");
                assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
            }
        }
        assert_eq!(count(&api, &brand).await, 1);
        let replay = create(&api, &key, &body).await.is(201);
        assert_eq!(replay.body, made[0].body);
    }
    // Races of requests that differ: one of them has the key.
    let (key, brand) = (unique("key"), unique("Brand"));
    let bodies: Vec<_> = (0..8)
        .map(|n| json!({"name": format!("Race {n}"), "brand": brand}))
        .collect();
    let answers = join_all(bodies.iter().map(|body| create(&api, &key, body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        // While the first one runs nobody can tell that it is another request.
        let code = if answer.status == 409 {
            "idempotency_in_progress"
        } else {
            "idempotency_key_reused"
        };
        answer.problem(answer.status, code);
    }
    assert_eq!(count(&api, &brand).await, 1);
}

async fn a_request_that_fails_uses_no_key(api: Api) {
    let (key, product_key) = (unique("key"), unique("p"));
    let path = format!("/v1/products/key:{product_key}");
    let keyed = |call: super::support::Call| call.header("idempotency-key", &key).send();
    let body = json!({"name": "x", "key": product_key});
    keyed(api.post("/v1/products").json(&json!({"name": 1})))
        .await
        .is(422);
    keyed(api.post("/v1/products").body("application/json", "{"))
        .await
        .is(400);
    keyed(api.post("/v1/products").body("text/plain", "{}"))
        .await
        .is(415);
    keyed(api.post("/v1/products").json(&body).anonymous())
        .await
        .is(401);
    keyed(api.patch(&path).merge(&json!({}))).await.is(404);
    let other = api.product(json!({"key": product_key})).await;
    keyed(api.post("/v1/products").json(&body))
        .await
        .problem(409, "duplicate_key");
    keyed(api.patch(&path).header("if-match", "\"9-m1\"").merge(&json!({})))
        .await
        .is(412);
    api.delete(&format!("/v1/products/{}", text(&other, "/id")))
        .send()
        .await
        .is(204);

    let made = keyed(api.post("/v1/products").json(&body)).await.is(201);
    assert_eq!(made.find("idempotency-replayed"), None);
}

async fn a_dry_run_uses_no_key(api: Api) {
    let (key, brand) = (unique("key"), unique("Brand"));
    let body = json!({"name": "x", "brand": brand});
    let dry = || {
        let call = api
            .post("/v1/products?dryRun=true")
            .header("idempotency-key", &key);
        call.json(&body).send()
    };
    for _ in 0..2 {
        assert_eq!(dry().await.is(200).find("idempotency-replayed"), None);
    }
    let made = create(&api, &key, &body).await.is(201);
    assert_eq!(made.find("idempotency-replayed"), None);
    assert_eq!(count(&api, &brand).await, 1);
}

async fn keys_have_a_form(api: Api) {
    let body = json!({"name": "x"});
    for good in [
        "x".to_owned(),
        format!("{} {{~}}", unique("k")),
        format!("{:-<255}", unique("k")),
    ] {
        create(&api, &good, &body).await.is(201);
    }
    for bad in [
        String::new(),
        "k".repeat(256),
        "ключ".to_owned(),
        "tab\tinside".to_owned(),
    ] {
        let problem = create(&api, &bad, &body).await.problem(400, "invalid_parameter");
        assert_eq!(problem["parameter"], "Idempotency-Key");
    }
}
